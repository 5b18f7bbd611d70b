/** Ids for parts of a document that people did not name: readable, allowed, unique. Pure. */

/** Longest id. */
const MAX_LENGTH = 63

/** Gives each text an id of its own. */
export class IdMaker {
  readonly #given = new Set<string>()
  /** Next number to try, by base: ten thousand lines may all be called "line". */
  readonly #next = new Map<string, number>()

  /** An id that looks like the text: "www.example.com" → "www-example-com", then "www-example-com-2". */
  make(text: string): string {
    const plain = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
    const base = plain === '' ? 'x' : plain
    for (let number = this.#next.get(base) ?? 1; ; number++) {
      const ending = number === 1 ? '' : `-${number}`
      const id = `${base.slice(0, MAX_LENGTH - ending.length).replace(/-+$/, '')}${ending}`
      if (this.#given.has(id)) continue
      this.#given.add(id)
      this.#next.set(base, number + 1)
      return id
    }
  }
}
