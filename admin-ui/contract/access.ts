/** Users, API tokens, sessions and the audit: admin pages, `nearcast user` and `nearcast token`. Pure. */
import { z } from 'zod'
import { type Role, TOKEN_SCOPES, type TokenScope } from './role.ts'
import { roleSchema } from './session.ts'

/** One account. */
export type User = {
  readonly name: string
  readonly role: Role
  readonly mustChangePassword: boolean
  /** RFC 3339. */
  readonly createdAt: string
  /** Last sign-in, RFC 3339; null = never. */
  readonly lastSeenAt: string | null
  /** Locked until then after wrong passwords, RFC 3339; null = not locked. */
  readonly lockedUntil: string | null
}
/** Body that adds a user; the password is generated and shown once. */
export type UserAdd = { readonly name: string; readonly role: Role }
/** Body that changes a role. */
export type UserRole = { readonly role: Role }
/** A generated password; must be changed at the next sign-in. */
export type UserPassword = { readonly name: string; readonly role: Role; readonly password: string }

/** One API token, without its secret. */
export type Token = {
  readonly id: string
  readonly label: string
  /** Of scopes other than `api` always `operator`: it says from which role of its maker on it works. */
  readonly role: Role
  readonly scope: TokenScope
  /** The only endpoints that it may report on; empty = all. Of scope `api` always empty. */
  readonly endpoints: readonly string[]
  /** The vantage that its samples are of; empty = they name it themselves. */
  readonly vantage: string
  readonly user: string
  readonly createdAt: string
  /** RFC 3339; null = no expiry. */
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
}
/** Body that makes a token. */
export type TokenAdd = {
  readonly label: string
  /** Of scope `api` only; default viewer. */
  readonly role?: Role
  readonly expiresInDays: number | null
  /** Default `api`. */
  readonly scope?: TokenScope
  /** Of scopes `push` and `samples` only. */
  readonly endpoints?: readonly string[]
  /** Of scope `samples` only. */
  readonly vantage?: string
}
/** A new token with its secret, shown once. */
export type TokenSecret = Token & { readonly secret: string }

/** One session. */
export type Session = {
  readonly id: string
  readonly user: string
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly expiresAt: string
  readonly address: string
  readonly current: boolean
}

/** One entry of the audit. */
export type AuditEntry = {
  readonly id: number
  /** RFC 3339. */
  readonly at: string
  readonly account: string
  /** Verb, e.g. "publish", "user.add", "sign-in.failed". */
  readonly action: string
  readonly object: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** Schema of a user name. */
export const userNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, ".", "_" and "-", at most 64')
/** Schema of User. */
export const userSchema: z.ZodType<User> = z
  .object({
    name: z.string(),
    role: roleSchema,
    mustChangePassword: z.boolean(),
    createdAt: z.string(),
    lastSeenAt: z.string().nullable(),
    lockedUntil: z.string().nullable(),
  })
  .meta({ id: 'User' })
/** Schema of UserAdd. */
export const userAddSchema: z.ZodType<UserAdd> = z.strictObject({ name: userNameSchema, role: roleSchema }).meta({ id: 'UserAdd' })
/** Schema of UserRole. */
export const userRoleSchema: z.ZodType<UserRole> = z.strictObject({ role: roleSchema }).meta({ id: 'UserRole' })
/** Schema of UserPassword. */
export const userPasswordSchema: z.ZodType<UserPassword> = z
  .object({ name: z.string(), role: roleSchema, password: z.string() })
  .meta({ id: 'UserPassword' })

/** Schema of TokenScope. */
export const tokenScopeSchema: z.ZodType<TokenScope> = z.enum(TOKEN_SCOPES).meta({ id: 'TokenScope' })
/** Schema of the name of a vantage: that of a node, or one that reports by the API. */
export const vantageNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, ".", "_" and "-", at most 63')

const tokenFields = {
  id: z.string(),
  label: z.string(),
  role: roleSchema,
  scope: tokenScopeSchema,
  endpoints: z.array(z.string()),
  vantage: z.string(),
  user: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
}
/** Schema of Token. */
export const tokenSchema: z.ZodType<Token> = z.object(tokenFields).meta({ id: 'Token' })
/** Schema of TokenAdd. */
export const tokenAddSchema: z.ZodType<TokenAdd> = z
  .strictObject({
    label: z.string().min(1).max(100),
    role: roleSchema.exactOptional(),
    expiresInDays: z.number().int().min(1).max(3650).nullable(),
    scope: tokenScopeSchema.exactOptional(),
    endpoints: z.array(z.string().min(1).max(100)).max(1000).exactOptional(),
    vantage: vantageNameSchema.exactOptional(),
  })
  .refine(({ scope = 'api', role }) => scope === 'api' || role === undefined, {
    path: ['role'],
    message: 'only tokens of scope api have a role',
  })
  .refine(({ scope = 'api', endpoints = [] }) => scope !== 'api' || endpoints.length === 0, {
    path: ['endpoints'],
    message: 'only tokens of the scopes push and samples are limited to endpoints',
  })
  .refine(({ scope = 'api', vantage }) => scope === 'samples' || vantage === undefined, {
    path: ['vantage'],
    message: 'only tokens of scope samples have a vantage',
  })
  .meta({ id: 'TokenAdd' })
/** Schema of TokenSecret. */
export const tokenSecretSchema: z.ZodType<TokenSecret> = z.object({ ...tokenFields, secret: z.string() }).meta({ id: 'TokenSecret' })
/** Schema of Session. */
export const sessionSchema: z.ZodType<Session> = z
  .object({
    id: z.string(),
    user: z.string(),
    createdAt: z.string(),
    lastSeenAt: z.string(),
    expiresAt: z.string(),
    address: z.string(),
    current: z.boolean(),
  })
  .meta({ id: 'Session' })
/** Schema of AuditEntry. */
export const auditEntrySchema: z.ZodType<AuditEntry> = z
  .object({
    id: z.number().int(),
    at: z.string(),
    account: z.string(),
    action: z.string(),
    object: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })
