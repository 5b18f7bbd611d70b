/** Roles of accounts and tokens, and the bounds of a password. Without schemas, so that the console can import it without zod. Pure. */

/** Roles, weakest first; each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'editor', 'publisher', 'admin'] as const
/** A role by its word. */
export type Role = (typeof ROLES)[number]

/** True when `role` may do what needs `needed`. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** What an API token is for: `api` = all that its role may do; the others only open the routes of their name. */
export const TOKEN_SCOPES = ['api', 'push', 'samples'] as const
/** A scope by its word. */
export type TokenScope = (typeof TOKEN_SCOPES)[number]

/** Fewest characters of a password. */
export const PASSWORD_MIN_LENGTH = 12
/** Most characters of a password. */
export const PASSWORD_MAX_LENGTH = 256
