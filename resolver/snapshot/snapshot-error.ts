/** Failures of snapshot files, with code and remedy (docs/errors.md). */

/** A snapshot file that cannot be used. */
export class SnapshotError extends Error {
  /** SNAPSHOT_WHAT. */
  readonly code: string
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: string, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.suggestion = suggestion
  }
}
