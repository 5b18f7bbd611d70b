/** Rdata that cannot be read. Pure. */

/** The reason, as a lower-case fragment. */
export class RdataError extends Error {
  /** Number of the word that is at fault, 0 = the first of the rdata; undefined = something is missing. */
  word: number | undefined
}
