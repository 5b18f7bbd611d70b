/**
 * Answer classes: (custom lines around the address, group of locations) → a small number for "the same rules in the same order and the same
 * member orders". Pure; one builder a compile, classes are numbered in the order in which the sweep first meets them, table after table.
 */
import type { LineSignature } from './line-signature.ts'
import type { LineStacks } from './line-stacks.ts'

/** What the signature says of groups of locations (location-groups.ts), looked up lazily. */
export type LocationChains = {
  /** Number of groups. */
  readonly groupCount: number
  /** Rule slots that a group matches, most specific first, custom lines left out. */
  readonly slotsOf: (group: number) => readonly number[]
  /** Number of the order list of a placed pool (by auto slot) at a group. */
  readonly orderOf: (autoSlot: number, group: number) => number
}

/** Class columns under construction. */
export class ClassBuilder {
  /** One more entry than classes. */
  readonly slotFirst: number[] = [0]
  readonly slots: number[] = []
  readonly orderFirst: number[] = []
  readonly orders: number[] = []

  /** The class function of one table; classes of different tables are never shared (their slots number different lines). */
  makeClassOf(signature: LineSignature, chains: LocationChains, stacks: LineStacks): (stack: number, group: number) => number {
    const byKey = new Map<string, number>()
    const withoutCustom = new Int32Array(chains.groupCount).fill(-1)
    const withCustom = new Map<number, number>()
    const intern = (stack: number, group: number): number => {
      const all = [...stacks.slotsOf(stack), ...chains.slotsOf(group)]
      // Only the head can answer when nothing is inherited; longer lists would only split classes and lengthen scopes.
      const slots = signature.inherit ? all : all.slice(0, 1)
      const orders = signature.placedPools.map((placed, autoSlot) =>
        placed.inFallback || placed.slots.some((slot) => slots.includes(slot)) ? chains.orderOf(autoSlot, group) : 0,
      )
      const key = `${slots.join()}|${orders.join()}`
      const known = byKey.get(key)
      if (known !== undefined) return known
      const number = this.#add(slots, orders)
      byKey.set(key, number)
      return number
    }
    return (stack, group) => {
      if (stack === 0) {
        const known = withoutCustom[group]!
        if (known >= 0) return known
        const number = intern(stack, group)
        withoutCustom[group] = number
        return number
      }
      const at = stack * chains.groupCount + group
      let number = withCustom.get(at)
      if (number === undefined) {
        number = intern(stack, group)
        withCustom.set(at, number)
      }
      return number
    }
  }

  #add(slots: readonly number[], orders: readonly number[]): number {
    const number = this.orderFirst.length
    this.slots.push(...slots)
    this.slotFirst.push(this.slots.length)
    this.orderFirst.push(this.orders.length)
    this.orders.push(...orders)
    return number
  }
}
