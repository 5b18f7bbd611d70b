/**
 * Which custom lines hold an address, as small numbers: stack 0 is none; pushing a line on a stack puts it before the others
 * (a longer prefix is more specific). Interned, so that equal lists are equal numbers. Pure.
 *
 *   0 ─ a ─ 1 ─ b ─ 2         a stack is the way to it from 0: 2 is [b, a]; no line stands twice on a way, so a list has one way
 *     └ b ─ 3
 */
import { NumberColumn, PairTable } from './number-column.ts'

/** Interned lists of rule slots. */
export class LineStacks {
  readonly #below = new NumberColumn()
  readonly #slots = new NumberColumn()
  readonly #known = new PairTable()

  constructor() {
    this.#below.push(0)
    this.#slots.push(0)
  }

  /** The stack that is `stack` with `slot` in front; a line that is in it already moves to the front. */
  push(stack: number, slot: number): number {
    const known = this.#known.get(stack, slot)
    if (known >= 0) return known
    let child: number
    if (this.#has(stack, slot)) {
      let rest = 0
      for (const other of this.slotsOf(stack).toReversed()) if (other !== slot) rest = this.push(rest, other)
      child = this.push(rest, slot)
    } else {
      child = this.#below.length
      this.#below.push(stack)
      this.#slots.push(slot)
    }
    this.#known.set(stack, slot, child)
    return child
  }

  /** Slot in front; the stack must not be 0. */
  headOf(stack: number): number {
    return this.#slots.at(stack)
  }

  /** Rule slots of a stack, most specific first. */
  slotsOf(stack: number): readonly number[] {
    const list: number[] = []
    for (let at = stack; at !== 0; at = this.#below.at(at)) list.push(this.#slots.at(at))
    return list
  }

  #has(stack: number, slot: number): boolean {
    for (let at = stack; at !== 0; at = this.#below.at(at)) if (this.#slots.at(at) === slot) return true
    return false
  }
}
