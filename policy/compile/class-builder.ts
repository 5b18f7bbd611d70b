/**
 * Answer classes: (custom lines around the address, group of locations) → a small number for "the same rules in the same order and the same
 * member orders". Pure; one builder a table, classes are numbered in the order in which the sweep first meets them.
 */
import type { LineSignature } from './line-signature.ts'
import type { LineStacks } from './line-stacks.ts'
import { NumberColumn, PairTable } from './number-column.ts'

/** What the signature says of groups of locations (location-groups.ts), looked up lazily. */
export type LocationChains = {
  /** Number of groups. */
  readonly groupCount: number
  /** Rule slots that a group matches, most specific first, custom lines left out. */
  readonly slotsOf: (group: number) => readonly number[]
  /** Number of the order list of a placed pool (by auto slot) at a group. */
  readonly orderOf: (autoSlot: number, group: number) => number
  /** Row of a latency pool (by its auto slot) at a group. */
  readonly rowOf: (autoSlot: number, group: number) => number
  /** What clients of a group lose by their second choice in that pool (loss-spans.ts). */
  readonly lossOf: (autoSlot: number, group: number) => number
  /** The same in bands that make classes of their own; always 0 for pools that never share their clients out. */
  readonly bandOf: (autoSlot: number, group: number) => number
}

/** Classes of one table; `slotFirst` has one more entry than classes. */
export type ClassColumns = Readonly<Record<'slotFirst' | 'slots' | 'flags' | 'orderFirst' | 'orders' | 'rowFirst' | 'rows', Uint32Array>>

/** Class columns of one table under construction. */
export class ClassBuilder {
  /** One more entry than classes. */
  readonly slotFirst: NumberColumn = new NumberColumn()
  readonly slots: NumberColumn = new NumberColumn()
  readonly flags: NumberColumn = new NumberColumn()
  readonly orderFirst: NumberColumn = new NumberColumn()
  readonly orders: NumberColumn = new NumberColumn()
  readonly rowFirst: NumberColumn = new NumberColumn()
  /** Rows of the latency pools of a class. */
  readonly rows: NumberColumn = new NumberColumn()

  constructor() {
    this.slotFirst.push(0)
  }

  /** Rule slot in front of a class; -1 = none. */
  headSlotOf(number: number): number {
    const first = this.slotFirst.at(number)
    return first < this.slotFirst.at(number + 1) ? this.slots.at(first) : -1
  }

  /** The finished columns. */
  finish(): ClassColumns {
    const { slotFirst, slots, flags, orderFirst, orders, rowFirst, rows } = this
    const taken = (column: NumberColumn): Uint32Array => column.view().slice()
    return {
      slotFirst: taken(slotFirst),
      slots: taken(slots),
      flags: taken(flags),
      orderFirst: taken(orderFirst),
      orders: taken(orders),
      rowFirst: taken(rowFirst),
      rows: taken(rows),
    }
  }

  /** The class function of the table. */
  makeClassOf(signature: LineSignature, chains: LocationChains, stacks: LineStacks): (stack: number, group: number) => number {
    const known = new PairTable()
    const ordered = new OrderedGroups(signature, chains)
    const heads = new PairTable()
    const byParts = new PairTable()
    const isShared = new Uint8Array(signature.lines.length)
    for (const slot of signature.sharedSlots) isShared[slot] = 1
    return (stack, group) => {
      const found = known.get(stack, group)
      if (found >= 0) return found
      // Only the head can answer when nothing is inherited; longer lists would only split classes and lengthen scopes.
      const custom = stack === 0 || signature.inherit ? stack : stacks.push(0, stacks.headOf(stack))
      const chain = stack === 0 || signature.inherit ? ordered.chainOf(group) : 0
      const orders = ordered.ordersOf(custom, chain, group, stacks)
      // Custom slots and those of locations are never the same, so the lists of two pairs differ when the pairs do.
      let head = heads.get(custom, chain)
      if (head < 0) {
        head = ordered.nextHead()
        heads.set(custom, chain, head)
      }
      let number = byParts.get(head, orders)
      if (number < 0) {
        const list = ordered.listOf(orders)
        const placed = signature.placedPools.length
        const rows = list.slice(placed, placed + signature.latencySlots.length)
        const slots = [...stacks.slotsOf(custom), ...ordered.slotsOfChain(chain)]
        this.flags.push(slots.some((slot) => isShared[slot] === 1) ? 0 : signature.unsharedFlags)
        number = this.#add(slots, list.slice(0, placed), rows)
        byParts.set(head, orders, number)
      }
      known.set(stack, group, number)
      return number
    }
  }

  #add(slots: readonly number[], orders: readonly number[], rows: readonly number[]): number {
    const number = this.orderFirst.length
    for (const slot of slots) this.slots.push(slot)
    this.slotFirst.push(this.slots.length)
    this.orderFirst.push(this.orders.length)
    for (const order of orders) this.orders.push(order)
    this.rowFirst.push(this.rows.length)
    for (const row of rows) this.rows.push(row)
    return number
  }
}

/** Lines lead to a placed pool in the end; their most specific rule does. */
const REACHES = 1
const LEADS = 2

/** What groups of locations add to a class, in small numbers: chains of slots, and lists of orders. */
class OrderedGroups {
  readonly #signature: LineSignature
  readonly #chains: LocationChains
  /** Chain of each group, -1 = not asked yet. Chain 0 is the empty one. */
  readonly #chainOfGroup: Int32Array
  readonly #chainByText = new Map<string, number>([['', 0]])
  readonly #slotsOfChain: (readonly number[])[] = [[]]
  /** Placed pools that a stack, or a chain, leads to, as a number of a list of bits. */
  readonly #reachByText = new Map<string, number>()
  readonly #reaches: (readonly number[])[] = []
  readonly #reachOf = new PairTable()
  readonly #orders = new PairTable()
  readonly #ordersByText = new Map<string, number>()
  readonly #lists: (readonly number[])[] = []
  #heads = 0

  constructor(signature: LineSignature, chains: LocationChains) {
    this.#signature = signature
    this.#chains = chains
    this.#chainOfGroup = new Int32Array(chains.groupCount).fill(-1)
  }

  nextHead(): number {
    return this.#heads++
  }

  /** Chain of a group; its head alone when nothing is inherited. */
  chainOf(group: number): number {
    const known = this.#chainOfGroup[group]!
    if (known >= 0) return known
    const all = this.#chains.slotsOf(group)
    const slots = this.#signature.inherit ? all : all.slice(0, 1)
    const chain = internText(this.#chainByText, slots.join(), () => this.#slotsOfChain.push(slots) - 1)
    this.#chainOfGroup[group] = chain
    return chain
  }

  slotsOfChain(chain: number): readonly number[] {
    return this.#slotsOfChain[chain]!
  }

  listOf(orders: number): readonly number[] {
    return this.#lists[orders]!
  }

  /**
   * Orders of the placed pools at a group, then rows of the latency pools, then bands of loss, as a list's number; 0 for a pool that these
   * lines do not lead to.
   */
  ordersOf(stack: number, chain: number, group: number, stacks: LineStacks): number {
    const { placedPools, latencySlots } = this.#signature
    if (placedPools.length === 0) return this.#intern([])
    const reach = this.#findReach(stack, chain, stacks)
    const known = this.#orders.get(reach, group)
    if (known >= 0) return known
    const bits = this.#reaches[reach]!
    const orders = this.#intern([
      ...placedPools.map((_, autoSlot) => (bits[autoSlot] ? this.#chains.orderOf(autoSlot, group) : 0)),
      ...latencySlots.map((autoSlot) => (bits[autoSlot] ? this.#chains.rowOf(autoSlot, group) : 0)),
      // Only who comes here first is laid out by loss.
      ...placedPools.map((_, autoSlot) => (bits[autoSlot] === LEADS ? this.#chains.bandOf(autoSlot, group) : 0)),
    ])
    this.#orders.set(reach, group, orders)
    return orders
  }

  #intern(list: readonly number[]): number {
    return internText(this.#ordersByText, list.join(), () => this.#lists.push(list) - 1)
  }

  #findReach(stack: number, chain: number, stacks: LineStacks): number {
    const known = this.#reachOf.get(stack, chain)
    if (known >= 0) return known
    const slots = [...stacks.slotsOf(stack), ...this.slotsOfChain(chain)]
    const bits = this.#signature.placedPools.map((placed) => {
      if (placed.slots.includes(slots[0] ?? -1)) return LEADS
      return placed.inFallback || placed.slots.some((slot) => slots.includes(slot)) ? REACHES : 0
    })
    const reach = internText(this.#reachByText, bits.join(), () => this.#reaches.push(bits) - 1)
    this.#reachOf.set(stack, chain, reach)
    return reach
  }
}

function internText(known: Map<string, number>, text: string, add: () => number): number {
  let number = known.get(text)
  if (number === undefined) {
    number = add()
    known.set(text, number)
  }
  return number
}
