/** What the store refuses or fails at: a stable code, what happened, and the remedy. docs/errors.md lists the codes. */

/** Codes of the store. */
export type StoreErrorCode =
  | 'STORE_OPEN_FAILED'
  | 'STORE_NOT_OURS'
  | 'STORE_FORMAT_NEWER'
  | 'STORE_DAMAGED'
  | 'STORE_WRITE_FAILED'
  | 'STORE_BUSY'
  | 'STORE_GENERATION_CONFLICT'
  | 'STORE_DRAFT_CONFLICT'
  | 'STORE_USER_EXISTS'
  | 'STORE_BACKUP_FAILED'

/** A failure of the store that somebody can act on. */
export class StoreError extends Error {
  readonly code: StoreErrorCode
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: StoreErrorCode, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.suggestion = suggestion
  }
}
