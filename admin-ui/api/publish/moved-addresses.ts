/**
 * Who gets another answer by a publish: both snapshots decide every IPv4 range of the internet with the health of now. Pure.
 *
 *   names: (policy before, policy after) ─► ranges of both line tables swept side by side ─► (class before, class after)
 *          ─► shares of endpoints before and after ─► moved share × addresses of the range
 *
 * Percent are of the addresses of the whole internet or of mainland China, whichever share is larger: a change that moves half of
 * China is a large one although that is 5 % of the world.
 */
import type { RangeTable4 } from '../../../geodata/address/range-table.ts'
import type { Location } from '../../../geodata/line/location.ts'
import type { RankingColumns } from '../../../health/model/ranking.ts'
import type { CompiledPolicies } from '../../../policy/decide/compiled-policies.ts'
import { walkSteps } from '../../../policy/decide/decide.ts'
import { makeDecision } from '../../../policy/model/decision.ts'
import type { PolicyNames } from '../../../policy/model/policy-columns.ts'
import { CHOOSE_KINDS } from '../../../policy/model/policy-columns.ts'
import type { Move } from '../../contract/draft.ts'

/** One side of the comparison. */
export type Side = {
  readonly policies: CompiledPolicies
  readonly names: PolicyNames
  readonly ranking: RankingColumns
  /** Steered names with the policy of each, for types A and AAAA. */
  readonly steered: readonly { readonly name: string; readonly policy: string }[]
}
/** Where addresses are: of the geodata in use. */
export type Geography = { readonly v4: RangeTable4; readonly locations: readonly Location[] }
/** Share of clients by endpoint id, summing up to 1; empty = no answer. */
type Shares = ReadonlyMap<string, number>
/** What moved for the names of one pair of policies. */
export type PolicyMovement = { readonly policy: string; readonly movedPercent: number; readonly moves: readonly Move[] }

const WEIGHTED = CHOOSE_KINDS.indexOf('weighted')
const ALL = CHOOSE_KINDS.indexOf('all')
const ABROAD_PROVINCES: ReadonlySet<string> = new Set(['71', '81', '82'])
/** Networks without clients on the internet: this host, private, loopback, multicast and reserved. */
const NO_CLIENTS: readonly (readonly [first: number, end: number])[] = [
  [0, 0x0100_0000],
  [0x0a00_0000, 0x0b00_0000],
  [0x7f00_0000, 0x8000_0000],
  [0xe000_0000, 0x1_0000_0000],
]
const NO_ANSWER = '(no answer)'

/** Movement of each policy that names had before and have after; new and removed names move nobody. */
export function findMovement(before: Side, after: Side, geography: Geography): readonly PolicyMovement[] {
  const pairs = new Map<string, readonly [string, string]>()
  const old = new Map(before.steered.map((steered) => [steered.name, steered.policy]))
  for (const { name, policy } of after.steered) {
    const was = old.get(name)
    if (was !== undefined) pairs.set(`${was} ${policy}`, [was, policy])
  }
  const worst = new Map<string, PolicyMovement>()
  for (const [was, is] of pairs.values()) {
    const movement = comparePolicies(before, was, after, is, geography)
    if (movement.movedPercent >= (worst.get(is)?.movedPercent ?? 0)) worst.set(is, movement)
  }
  return [...worst.values()]
}

function comparePolicies(before: Side, was: string, after: Side, is: string, geography: Geography): PolicyMovement {
  const left = makeAnswers(before, was)
  const right = makeAnswers(after, is)
  if (left === undefined || right === undefined) return { policy: is, movedPercent: 0, moves: [] }
  const mainland = geography.locations.map((location) => location.country === 'CN' && !ABROAD_PROVINCES.has(location.province ?? ''))
  const totals = { world: 0, china: 0 }
  const moved = { world: 0, china: 0 }
  const flows = new Map<string, { from: string; to: string; world: number; china: number }>()
  const differences = new Map<number, ReadonlyMap<string, readonly [string, string, number]>>()
  sweep(left.table, right.table, geography.v4, (first, end, classBefore, classAfter, location) => {
    const count = clientsIn(first, end)
    if (count === 0) return
    const chinese = mainland[location] === true
    totals.world += count
    if (chinese) totals.china += count
    const key = classBefore * 0x10_0000 + classAfter
    let difference = differences.get(key)
    if (difference === undefined) {
      difference = flowBetween(left.sharesOf(classBefore), right.sharesOf(classAfter))
      differences.set(key, difference)
    }
    for (const [id, [from, to, share]] of difference) {
      const flow = flows.get(id) ?? { from, to, world: 0, china: 0 }
      flow.world += count * share
      moved.world += count * share
      if (chinese) {
        flow.china += count * share
        moved.china += count * share
      }
      flows.set(id, flow)
    }
  })
  const percent = (part: { world: number; china: number }): number =>
    100 * Math.max(totals.world === 0 ? 0 : part.world / totals.world, totals.china === 0 ? 0 : part.china / totals.china)
  const moves = [...flows.values()]
    .map((flow): Move => ({ policy: is, from: flow.from, to: flow.to, addressPercent: percent(flow) }))
    .sort((a, b) => b.addressPercent - a.addressPercent)
  return { policy: is, movedPercent: Math.min(100, percent(moved)), moves }
}

/** Walks three range tables side by side, calling back for each piece in which none of them changes. */
function sweep(
  left: RangeTable4,
  right: RangeTable4,
  places: RangeTable4,
  piece: (first: number, end: number, left: number, right: number, place: number) => void,
): void {
  const tables = [left, right, places] as const
  const at = [0, 0, 0]
  let first = 0
  while (first < 0x1_0000_0000) {
    let end = 0x1_0000_0000
    for (const [i, table] of tables.entries()) {
      const next = table.starts[at[i]! + 1]
      if (next !== undefined && next < end) end = next
    }
    piece(first, end, left.values[at[0]!]!, right.values[at[1]!]!, places.values[at[2]!]!)
    for (const [i, table] of tables.entries()) if (table.starts[at[i]! + 1] === end) at[i]!++
    first = end
  }
}

function clientsIn(first: number, end: number): number {
  let count = end - first
  for (const [from, to] of NO_CLIENTS) count -= Math.max(0, Math.min(end, to) - Math.max(first, from))
  return count
}

/** The answers of one policy by class, worked out once each. */
function makeAnswers(
  side: Side,
  policyId: string,
): { readonly table: RangeTable4; readonly sharesOf: (clientClass: number) => Shares } | undefined {
  const policy = side.names.policies.indexOf(policyId)
  if (policy < 0) return undefined
  const { columns, tables4 } = side.policies
  const decision = makeDecision()
  const known = new Map<number, Shares>()
  const sharesOf = (clientClass: number): Shares => {
    const found = known.get(clientClass)
    if (found !== undefined) return found
    decision.class = clientClass
    decision.members.fill(-1)
    walkSteps(columns, side.ranking, policy, 0, 0, 0, decision)
    const shares =
      decision.outcome === 0
        ? sharesIn(side, decision.poolUse, decision.members.subarray(0, decision.memberCount), decision.step)
        : new Map()
    known.set(clientClass, shares)
    return shares
  }
  return { table: tables4[columns.policyTable[policy]!]!, sharesOf }
}

function sharesIn(side: Side, poolUse: number, members: Int32Array, step: number): Shares {
  const { columns } = side.policies
  const nameOf = (member: number): string => side.names.endpoints[columns.memberEndpoint[member]!]!
  const shares = new Map<string, number>()
  const add = (member: number, share: number): void => {
    shares.set(nameOf(member), (shares.get(nameOf(member)) ?? 0) + share)
  }
  const kind = columns.poolUseChoose[poolUse]
  if (kind === ALL || kind !== WEIGHTED) {
    for (const member of members) add(member, 1 / members.length)
    return shares
  }
  // MEMBER_* bits rise with the step: eligible, in place, not down, present.
  const bit = 1 << (step - 1)
  const candidates: number[] = []
  for (let member = columns.poolUseMemberFirst[poolUse]!; member < columns.poolUseMemberFirst[poolUse + 1]!; member++) {
    if ((side.ranking.memberBits[2 * member]! & bit) !== 0) candidates.push(member)
  }
  const total = candidates.reduce((sum, member) => sum + side.ranking.memberWeight[2 * member]!, 0)
  for (const member of candidates) add(member, total === 0 ? 1 / candidates.length : side.ranking.memberWeight[2 * member]! / total)
  return shares
}

/** From whom to whom clients go, by share: what one side has too much goes to what it has too little of. */
function flowBetween(before: Shares, after: Shares): ReadonlyMap<string, readonly [from: string, to: string, share: number]> {
  const flows = new Map<string, readonly [string, string, number]>()
  const old = before.size === 0 ? new Map([[NO_ANSWER, 1]]) : before
  const next = after.size === 0 ? new Map([[NO_ANSWER, 1]]) : after
  const lost = [...old].map(([id, share]) => ({ id, left: share - (next.get(id) ?? 0) })).filter((entry) => entry.left > 1e-9)
  const gained = [...next].map(([id, share]) => ({ id, left: share - (old.get(id) ?? 0) })).filter((entry) => entry.left > 1e-9)
  for (const from of lost) {
    for (const to of gained) {
      const share = Math.min(from.left, to.left)
      if (share <= 1e-9) continue
      flows.set(`${from.id} ${to.id}`, [from.id, to.id, share])
      from.left -= share
      to.left -= share
    }
  }
  return flows
}
