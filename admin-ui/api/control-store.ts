/**
 * Port: what control keeps. Every method is synchronous and durable when it returns (one writer, `synchronous=FULL`), so that an
 * acknowledged edit survives `kill -9`. Implemented by policy/store through store-adapter.ts; tests use memory-store.ts. Pure types.
 */
import type { Role } from '../contract/role.ts'

/** A published generation. */
export type StoredGeneration = {
  readonly generation: number
  /** Ms since epoch. */
  readonly at: number
  readonly account: string
  readonly comment: string
  /** Canonical digest of the document. */
  readonly digest: string
  /** Document as published, YAML or JSON. */
  readonly text: string
  /** Attachments by the name used in the document. */
  readonly files: Readonly<Record<string, string>>
  /** Codes of the warnings acknowledged. */
  readonly accepted: readonly string[]
  readonly movedPercent: number | null
  /** Serial and digest of the transferable content of each zone. */
  readonly zones: Readonly<Record<string, StoredZone>>
  /** SHA-256 of the snapshot's block, hex. */
  readonly snapshotDigest: string
}
/** Serial of one zone in a generation. */
export type StoredZone = { readonly serial: number; readonly contentDigest: string }
/** A generation without its document. */
export type StoredGenerationHead = Omit<StoredGeneration, 'text' | 'files' | 'zones'>

/** A draft. */
export type StoredDraft = {
  readonly account: string
  readonly baseGeneration: number
  readonly savedAt: number
  readonly text: string
  readonly files: Readonly<Record<string, string>>
}

/** An account. */
export type StoredUser = {
  readonly name: string
  readonly role: Role
  readonly passwordHash: string
  readonly mustChangePassword: boolean
  readonly createdAt: number
  /** 0 = never. */
  readonly lastSeenAt: number
  /** Wrong passwords in a row. */
  readonly failedCount: number
  /** 0 = not locked. */
  readonly lockedUntil: number
}

/** A session; only the SHA-256 of its token is kept. */
export type StoredSession = {
  readonly id: string
  readonly tokenHash: string
  readonly user: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly address: string
}

/** An API token; only the SHA-256 of its secret is kept. */
export type StoredToken = {
  readonly id: string
  readonly secretHash: string
  readonly label: string
  readonly role: Role
  readonly user: string
  readonly createdAt: number
  /** 0 = no expiry. */
  readonly expiresAt: number
  /** 0 = never. */
  readonly lastUsedAt: number
}

/** An entry of the audit before it has a number. */
export type AuditNote = {
  readonly at: number
  readonly account: string
  readonly action: string
  readonly object: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** What control keeps. */
export type ControlStore = {
  /** The newest generation, which is live; undefined = nothing published yet. */
  liveGeneration(): StoredGeneration | undefined
  getGeneration(generation: number): StoredGeneration | undefined
  /** Newest first. */
  listGenerations(before: number, limit: number): readonly StoredGenerationHead[]
  /** Stores a generation with its audit entry in one transaction; its number must be the live one's + 1. */
  addGeneration(generation: StoredGeneration, note: AuditNote): void

  getDraft(account: string): StoredDraft | undefined
  putDraft(draft: StoredDraft): void
  deleteDraft(account: string): boolean

  listUsers(): readonly StoredUser[]
  getUser(name: string): StoredUser | undefined
  putUser(user: StoredUser): void
  /** Removes the account with its sessions, tokens and draft. */
  deleteUser(name: string): boolean

  listSessions(): readonly StoredSession[]
  findSession(tokenHash: string): StoredSession | undefined
  putSession(session: StoredSession): void
  deleteSession(id: string): boolean

  listTokens(): readonly StoredToken[]
  findToken(id: string): StoredToken | undefined
  putToken(token: StoredToken): void
  deleteToken(id: string): boolean

  addAudit(note: AuditNote): void
  /** Newest first. */
  listAudit(before: number, limit: number): readonly (AuditNote & { readonly id: number })[]

  close(): void
}
