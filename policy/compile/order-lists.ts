/** Interned order lists: equal lists are one number; 0 is the empty list (declared order). Pure; see PolicyColumns.orderFirst. */

/** Order lists under construction. */
export class OrderLists {
  /** One more entry than lists. */
  readonly first: number[] = [0, 0]
  readonly members: number[] = []
  readonly #byText = new Map<string, number>([['', 0]])

  /** Position that a list has first; that of the declared order for the empty one. */
  headOf(list: number): number {
    return list === 0 ? 0 : this.members[this.first[list]!]!
  }

  /** The lists by number, without that of the declared order. */
  lists(): readonly (readonly number[])[] {
    return this.first.slice(1, -1).map((first, at) => this.members.slice(first, this.first[at + 2]))
  }

  /** Number of a list of member positions. */
  intern(positions: readonly number[]): number {
    const text = positions.join()
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const number = this.first.length - 1
    this.members.push(...positions)
    this.first.push(this.members.length)
    this.#byText.set(text, number)
    return number
  }
}
