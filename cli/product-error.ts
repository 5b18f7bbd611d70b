/** The one error class for failures an operator can act on: a stable code, what happened, and the remedy (docs/errors.md lists every code). */

/** A failure with a code and a remedy. */
export class ProductError extends Error {
  /** AREA_WHAT; the key in docs/errors.md. */
  readonly code: string
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: string, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.suggestion = suggestion
  }
}
