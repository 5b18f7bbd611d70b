/** The error of everything under geodata/: a stable code, what is wrong, and the remedy. main.ts prints any error of this shape. */

/** Codes of geodata errors; docs/errors.md explains each. */
export type GeodataErrorCode =
  | 'GEODATA_ADDRESS_INVALID'
  | 'GEODATA_PREFIX_INVALID'
  | 'GEODATA_PREFIX_HOST_BITS'
  | 'GEODATA_LINE_UNKNOWN'
  | 'GEODATA_LINE_AMBIGUOUS'
  | 'GEODATA_SOURCE_INVALID'
  | 'GEODATA_FILE_MISSING'
  | 'GEODATA_FILE_DAMAGED'
  | 'GEODATA_FILE_FORMAT'
  | 'GEODATA_FILE_UNWRITABLE'
  | 'GEODATA_TABLE_INVALID'
  | 'GEODATA_DOWNLOAD_FAILED'
  | 'GEODATA_DOWNLOAD_REFUSED'
  | 'GEODATA_LICENCE_MISSING'
  | 'GEODATA_SHRUNKEN'
  | 'GEODATA_COVERAGE'
  | 'GEODATA_KNOWN_ADDRESS'

/** A failure with a code and a remedy. */
export class GeodataError extends Error {
  /** AREA_WHAT; the key in docs/errors.md. */
  readonly code: GeodataErrorCode
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: GeodataErrorCode, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GeodataError'
    this.code = code
    this.suggestion = suggestion
  }
}
