/**
 * Which custom lines hold an address, as small numbers: stack 0 is none; pushing a line on a stack puts it before the others
 * (a longer prefix is more specific). Interned, so that equal lists are equal numbers. Pure.
 */

/** Interned lists of rule slots. */
export class LineStacks {
  readonly #lists: (readonly number[])[] = [[]]
  readonly #children = new Map<number, number>()
  readonly #byText = new Map<string, number>([['', 0]])

  /** The stack that is `stack` with `slot` in front; a line that is in it already moves to the front. */
  push(stack: number, slot: number): number {
    const edge = stack * 0x10000 + slot
    const known = this.#children.get(edge)
    if (known !== undefined) return known
    const list = [slot, ...this.#lists[stack]!.filter((other) => other !== slot)]
    const text = list.join(',')
    let child = this.#byText.get(text)
    if (child === undefined) {
      child = this.#lists.length
      this.#lists.push(list)
      this.#byText.set(text, child)
    }
    this.#children.set(edge, child)
    return child
  }

  /** Rule slots of a stack, most specific first. */
  slotsOf(stack: number): readonly number[] {
    return this.#lists[stack]!
  }
}
