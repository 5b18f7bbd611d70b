/**
 * Pieces of compiles by the key that says all they were made of, kept for the next compile. Pure. What the last few compiles did not use
 * is dropped, so that a cache holds about as much as they made. A piece must never be written to.
 */

/** Compiles for which a piece that is not used is kept: a draft, its review and updates of zones go to and fro between few documents. */
const KEPT_COMPILES = 4

/** Pieces of one sort. */
export class PieceCache<Piece> {
  readonly #pieces = new Map<string, { readonly piece: Piece; usedIn: number }>()
  #compile = 0

  /** Notes that a compile begins. */
  begin(): void {
    this.#compile++
    for (const [key, { usedIn }] of this.#pieces) if (usedIn < this.#compile - KEPT_COMPILES) this.#pieces.delete(key)
  }

  /** The piece of a key; made when it is not there. */
  get(key: string, make: () => Piece): Piece {
    const known = this.#pieces.get(key)
    if (known !== undefined) {
      known.usedIn = this.#compile
      return known.piece
    }
    const piece = make()
    this.#pieces.set(key, { piece, usedIn: this.#compile })
    return piece
  }
}
