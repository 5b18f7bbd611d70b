/** Failures between control and nodes, with code and remedy (docs/errors.md). */

/** A node that cannot be asked, or a link that cannot be opened. */
export class FleetError extends Error {
  /** FLEET_WHAT. */
  readonly code: string
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: string, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.suggestion = suggestion
  }
}
