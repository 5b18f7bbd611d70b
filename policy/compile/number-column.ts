/** Numbers that become a column, and tables from pairs of numbers to a number: without an object or a text an entry. Pure, builder side. */

/** A growing list of numbers of 32 bits. */
export class NumberColumn {
  length = 0
  #values = new Uint32Array(64)

  push(value: number): void {
    if (this.length === this.#values.length) {
      const values = new Uint32Array(2 * this.length)
      values.set(this.#values)
      this.#values = values
    }
    this.#values[this.length++] = value
  }

  at(position: number): number {
    return this.#values[position]!
  }

  /** The numbers; only until the next push. */
  view(): Uint32Array {
    return this.#values.subarray(0, this.length)
  }
}

/** (number, number) → number. Open addressing; a pair takes 12 bytes in a table at most two thirds full. */
export class PairTable {
  #count = 0
  #mask = 255
  #first = new Uint32Array(256)
  #second = new Uint32Array(256)
  /** Value + 1; 0 = empty. */
  #values = new Uint32Array(256)

  /** The value of a pair, -1 = none. */
  get(first: number, second: number): number {
    return this.#values[this.#find(first, second)]! - 1
  }

  /** Sets the value of a pair that has none. */
  set(first: number, second: number, value: number): void {
    if (3 * ++this.#count > 2 * this.#mask) this.#grow()
    const at = this.#find(first, second)
    this.#first[at] = first
    this.#second[at] = second
    this.#values[at] = value + 1
  }

  #find(first: number, second: number): number {
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    let at = (hash ^ (hash >>> 13)) & this.#mask
    while (this.#values[at] !== 0 && (this.#first[at] !== first || this.#second[at] !== second)) at = (at + 1) & this.#mask
    return at
  }

  #grow(): void {
    const [first, second, values] = [this.#first, this.#second, this.#values]
    const size = 2 * values.length
    this.#mask = size - 1
    this.#first = new Uint32Array(size)
    this.#second = new Uint32Array(size)
    this.#values = new Uint32Array(size)
    for (let from = 0; from < values.length; from++) {
      if (values[from] === 0) continue
      const at = this.#find(first[from]!, second[from]!)
      this.#first[at] = first[from]!
      this.#second[at] = second[from]!
      this.#values[at] = values[from]!
    }
  }
}
