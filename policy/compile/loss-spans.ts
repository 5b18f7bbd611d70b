/**
 * Who moves first when a member of a pool ordered by place sheds clients: those who lose least by their second choice. Pure; runs on
 * publish, linear in ranges.
 *
 *   auto slot k, member m:   classes that have m first, by falling loss, as wide as their share of the addresses
 *
 *      0 ┌──── loses 2 path steps ────┬── 900 km ──┬─ 40 km ─┐ 65535        kept while the position is below memberKeep
 *
 * Classes of equal loss share one span. A class counts where its most specific rule leads to the pool: others come only when pools
 * before it fail, and would take up span without moving anybody. Addresses of which nothing is known are next to nobody (private,
 * multicast, unallocated; most of the IPv6 space), so they weigh next to nothing. IPv4 and IPv6 are laid out each by itself.
 */
import type { LineSignature } from './line-signature.ts'
import type { GroupRanges } from './location-groups.ts'
import { STEP_KM } from './order-members.ts'
import type { SweptRanges } from './sweep-ranges.ts'

/** What the layout needs to know of classes and of groups of locations. */
export type LossFacts = {
  /** Classes of the table. */
  readonly classCount: number
  /** The rule slot in front of a class; -1 = none. */
  readonly headSlotOf: (classNumber: number) => number
  /** Position in the pool of the member that a class has first. */
  readonly firstMemberOf: (classNumber: number, autoSlot: number) => number
  /** What the clients of a group lose by their second choice. */
  readonly lossOf: (autoSlot: number, group: number) => number
  /** Whether anything is known of a group. */
  readonly isKnown: (group: number) => boolean
}

const END4 = 0x1_0000_0000
/** Weight of an address of which nothing is known. */
const UNKNOWN_WEIGHT = 2 ** -60
/** A span that is the whole: such a class lies anywhere. Equal to WHOLE_SPAN of policy/decide/keep-position.ts. */
const WHOLE = 0xffff

/** Spans of a table's classes, class by class and in each by auto slot. */
export function layOutSpans(
  width: 1 | 4,
  ranges: SweptRanges,
  groups: GroupRanges,
  signature: LineSignature,
  facts: LossFacts,
): Int32Array {
  const slots = signature.placedPools.length
  const { classCount } = facts
  const spans = new Int32Array(classCount * slots).fill(WHOLE)
  if (slots === 0) return spans
  const leads = new Uint8Array(classCount * slots)
  for (let n = 0; n < classCount; n++) {
    const head = facts.headSlotOf(n)
    for (const [autoSlot, placed] of signature.placedPools.entries()) if (placed.slots.includes(head)) leads[n * slots + autoSlot] = 1
  }
  const { weights, losses } = weighClasses(width, ranges, groups, slots, leads, facts)
  for (let autoSlot = 0; autoSlot < slots; autoSlot++) {
    // By first member, then by loss: weights of classes that are laid out together.
    const members = new Map<number, Map<number, { weight: number; classes: number[] }>>()
    for (let n = 0; n < classCount; n++) {
      if (weights[n] === 0 || leads[n * slots + autoSlot] === 0) continue
      const member = facts.firstMemberOf(n, autoSlot)
      const byLoss = members.get(member) ?? new Map<number, { weight: number; classes: number[] }>()
      members.set(member, byLoss)
      const loss = roundLoss(losses[n * slots + autoSlot]! / weights[n]!)
      const group = byLoss.get(loss) ?? { weight: 0, classes: [] }
      byLoss.set(loss, group)
      group.weight += weights[n]!
      group.classes.push(n)
    }
    for (const byLoss of members.values()) layOutMember(byLoss, (n, span) => (spans[n * slots + autoSlot] = span))
  }
  return spans
}

function layOutMember(
  byLoss: ReadonlyMap<number, { readonly weight: number; readonly classes: readonly number[] }>,
  set: (classOfTable: number, span: number) => void,
): void {
  const sorted = [...byLoss].sort(([a], [b]) => b - a)
  const total = sorted.reduce((sum, [, { weight }]) => sum + weight, 0)
  let before = 0
  for (const [, { weight, classes }] of sorted) {
    const begin = cutOf(before / total)
    before += weight
    const span = (begin << 16) | (cutOf(before / total) - begin)
    for (const n of classes) set(n, span)
  }
}

/**
 * Loss in whole kilometres. Halves are common, since networks are powers of two, and sums of 128-bit sizes are not exact: the border
 * between two numbers stands a little beside the half, so that no order of adding matters.
 */
export function roundLoss(loss: number): number {
  return Math.floor(loss + 0.501)
}

/** First kilometres of the bands behind the first one. */
const BANDS_KM = [50, 100, 200, 400, 800, 1600, 3200] as const

/**
 * Band of a loss: path steps, and kilometres in doublings. In pools that share their clients out, clients of different bands are different
 * classes: a pool of two members would else have but one class for each, and everybody the same loss.
 */
export function bandOfLoss(loss: number): number {
  const steps = Math.round(loss / STEP_KM)
  const km = loss - STEP_KM * steps
  let band = 0
  while (band < BANDS_KM.length && km >= BANDS_KM[band]!) band++
  return steps * (BANDS_KM.length + 1) + band
}

/** Share of the whole in 1/65535, rounded in the same manner. */
export function cutOf(share: number): number {
  return Math.min(WHOLE, Math.floor(share * WHOLE + 0.500_001))
}

/** Weight of each class of the table, and for each auto slot that leads to it its sum of weight × loss. */
function weighClasses(
  width: 1 | 4,
  ranges: SweptRanges,
  groups: GroupRanges,
  slots: number,
  leads: Uint8Array,
  facts: LossFacts,
): { readonly weights: Float64Array; readonly losses: Float64Array } {
  const { classCount } = facts
  const weights = new Float64Array(classCount)
  const losses = new Float64Array(classCount * slots)
  const add = (range: number, group: number, size: number): void => {
    const value = groups.values[group]!
    const weight = facts.isKnown(value) ? size : size * UNKNOWN_WEIGHT
    const n = ranges.values[range]!
    weights[n]! += weight
    for (let at = n * slots, slot = 0; slot < slots; at++, slot++) if (leads[at] === 1) losses[at]! += weight * facts.lossOf(slot, value)
  }
  if (width === 1) eachPiece4(ranges, groups, add)
  else eachPiece6(ranges, groups, add)
  return { weights, losses }
}

type PieceVisitor = (range: number, group: number, size: number) => void

/** Walks two lists of ranges side by side; each piece ends where the next range of either begins. */
function eachPiece4(ranges: SweptRanges, groups: GroupRanges, visit: PieceVisitor): void {
  let range = 0
  let group = 0
  for (let at = 0; at < END4; ) {
    const rangeEnd = range + 1 < ranges.starts.length ? ranges.starts[range + 1]! : END4
    const groupEnd = group + 1 < groups.starts.length ? groups.starts[group + 1]! : END4
    const end = Math.min(rangeEnd, groupEnd)
    visit(range, group, end - at)
    if (rangeEnd === end) range++
    if (groupEnd === end) group++
    at = end
  }
}

/** The same for addresses of four words. */
function eachPiece6(ranges: SweptRanges, groups: GroupRanges, visit: PieceVisitor): void {
  let range = 0
  let group = 0
  let start = groups.starts
  let startAt = 0
  while (range < ranges.values.length && group < groups.values.length) {
    const order = compareStarts6(ranges, range + 1, groups, group + 1)
    const next = order < 0 ? ranges : groups
    const nextAt = order < 0 ? range + 1 : group + 1
    visit(range, group, sizeBetween6(start, startAt, next, nextAt))
    start = next.starts
    startAt = nextAt
    if (order <= 0) range++
    if (order >= 0) group++
  }
}

/** Orders two starts; one behind the last is the end of the address space. */
function compareStarts6(a: SweptRanges, atA: number, b: SweptRanges, atB: number): number {
  const endA = atA >= a.values.length ? 1 : 0
  const endB = atB >= b.values.length ? 1 : 0
  if (endA + endB > 0) return endA - endB
  for (let word = 0; word < 4; word++) {
    const difference = a.starts[4 * atA + word]! - b.starts[4 * atB + word]!
    if (difference !== 0) return difference
  }
  return 0
}

/** Addresses from a start to another: word by word, since small ranges lie far up. */
function sizeBetween6(from: Uint32Array, at: number, to: SweptRanges, toAt: number): number {
  const isEnd = toAt >= to.values.length
  let size = isEnd ? 1 : 0
  for (let word = 0; word < 4; word++) size = size * END4 + (isEnd ? 0 : to.starts[4 * toAt + word]!) - from[4 * at + word]!
  return size
}
