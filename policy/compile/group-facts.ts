/**
 * What line tables ask of groups of locations again and again: the chain of lines of each group, in numbers, and its spot. Worked out
 * once a grouping, for all tables of all documents. Pure.
 */
import { lineChain, type Precedence } from '../../geodata/line/line-precedence.ts'
import type { LocationGroups } from './location-groups.ts'
import { type Spot, spotKey, spotOfLocation } from './spot.ts'

/** A spot, and a number that equal spots share. */
export type NumberedSpot = { readonly spot: Spot; readonly number: number }

const known = new WeakMap<LocationGroups, GroupFacts>()

/** The facts of a grouping. */
export function factsOfGroups(groups: LocationGroups): GroupFacts {
  let facts = known.get(groups)
  if (facts === undefined) {
    facts = new GroupFacts(groups)
    known.set(groups, facts)
  }
  return facts
}

/** Facts of one grouping, each worked out when it is asked for first. */
export class GroupFacts {
  readonly #groups: LocationGroups
  readonly #numberOfLine = new Map<string, number>()
  readonly #chains: Readonly<Record<Precedence, (Uint32Array | undefined)[]>> = { 'place-first': [], 'carrier-first': [] }
  readonly #spots: (NumberedSpot | undefined)[] = []
  readonly #spotNumbers = new Map<string, number>()
  /** By group: 1 = something is known of it. */
  readonly isKnown: Uint8Array

  constructor(groups: LocationGroups) {
    this.#groups = groups
    this.isKnown = Uint8Array.from(groups.representatives, ({ country, carrier }) => Number(country !== undefined || carrier !== undefined))
  }

  /** A function from groups to the slots (positions in `lines`) of the lines that they match, most specific first. */
  slotsOf(lines: readonly string[], precedence: Precedence): (group: number) => readonly number[] {
    const slotOf: number[] = []
    for (const [slot, line] of lines.entries()) slotOf[this.#lineNumber(line)] = slot
    return (group) => {
      const slots: number[] = []
      for (const line of this.#chainOf(group, precedence)) {
        const slot = slotOf[line]
        if (slot !== undefined) slots.push(slot)
      }
      return slots
    }
  }

  /** Where the clients of a group are. */
  spotOf(group: number): NumberedSpot {
    let found = this.#spots[group]
    if (found === undefined) {
      const spot = spotOfLocation(this.#groups.representatives[group]!)
      const key = spotKey(spot)
      const number = this.#spotNumbers.get(key) ?? this.#spotNumbers.size
      this.#spotNumbers.set(key, number)
      found = { spot, number }
      this.#spots[group] = found
    }
    return found
  }

  #chainOf(group: number, precedence: Precedence): Uint32Array {
    const chains = this.#chains[precedence]
    let chain = chains[group]
    if (chain === undefined) {
      chain = Uint32Array.from(lineChain(this.#groups.representatives[group]!, precedence), (line) => this.#lineNumber(line))
      chains[group] = chain
    }
    return chain
  }

  #lineNumber(line: string): number {
    let number = this.#numberOfLine.get(line)
    if (number === undefined) {
      number = this.#numberOfLine.size
      this.#numberOfLine.set(line, number)
    }
    return number
  }
}
