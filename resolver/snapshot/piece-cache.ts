/**
 * Pieces of compiles by the key that says all they were made of, kept for the next compile. Pure. What the last few that looked for pieces
 * of this sort did not use is dropped, so that a cache holds about as much as they made. A piece must never be written to.
 */

/** Turns for which a piece is kept that nobody uses: drafts, reviews and updates of zones go to and fro between few documents. */
const KEPT_TURNS = 4

/** Pieces of one sort. */
export class PieceCache<Piece> {
  readonly #pieces = new Map<string, { readonly piece: Piece; usedIn: number }>()
  #turn = 0

  /** Pieces that are kept. */
  get size(): number {
    return this.#pieces.size
  }

  /** Notes that a compile begins to look for pieces. */
  begin(): void {
    this.#turn++
    for (const [key, { usedIn }] of this.#pieces) if (usedIn < this.#turn - KEPT_TURNS) this.#pieces.delete(key)
  }

  /** The piece of a key; made when it is not there. */
  get(key: string, make: () => Piece): Piece {
    const known = this.#pieces.get(key)
    if (known !== undefined) {
      known.usedIn = this.#turn
      return known.piece
    }
    const piece = make()
    this.#pieces.set(key, { piece, usedIn: this.#turn })
    return piece
  }
}
