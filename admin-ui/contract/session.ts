/**
 * Sign-in, the first password change, sign-out, and who I am. The session is a cookie (HttpOnly, SameSite=Strict); scripts use
 * `Authorization: Bearer TOKEN` instead. State changes need `Content-Type: application/json` and, with a cookie, a matching Origin. Pure.
 */
import { z } from 'zod'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH, ROLES, type Role } from './role.ts'

/** Body of the sign-in. */
export type SignIn = { readonly user: string; readonly password: string }
/** Body of a password change; ends all other sessions of the account. */
export type PasswordChange = { readonly currentPassword: string; readonly newPassword: string }
/** Who is asking. */
export type Me = {
  readonly user: string
  readonly role: Role
  /** How the request was allowed: cookie, bearer token, or the local unix socket. */
  readonly via: 'session' | 'token' | 'socket'
  /** True: only `PUT /session/password`, `GET /session` and `DELETE /session` are allowed until the password is changed. */
  readonly mustChangePassword: boolean
  /** RFC 3339; null for tokens without expiry and the socket. */
  readonly expiresAt: string | null
}

/** Schema of Role. */
export const roleSchema: z.ZodType<Role> = z.enum(ROLES).meta({ id: 'Role' })
/** Schema of SignIn. */
export const signInSchema: z.ZodType<SignIn> = z
  .strictObject({ user: z.string().min(1).max(64), password: z.string().min(1).max(PASSWORD_MAX_LENGTH) })
  .meta({ id: 'SignIn' })
/** Schema of PasswordChange. */
export const passwordChangeSchema: z.ZodType<PasswordChange> = z
  .strictObject({
    currentPassword: z.string().min(1).max(PASSWORD_MAX_LENGTH),
    newPassword: z.string().min(PASSWORD_MIN_LENGTH).max(PASSWORD_MAX_LENGTH),
  })
  .meta({ id: 'PasswordChange' })
/** Schema of Me. */
export const meSchema: z.ZodType<Me> = z
  .object({
    user: z.string(),
    role: roleSchema,
    via: z.enum(['session', 'token', 'socket']),
    mustChangePassword: z.boolean(),
    expiresAt: z.string().nullable(),
  })
  .meta({ id: 'Me' })
