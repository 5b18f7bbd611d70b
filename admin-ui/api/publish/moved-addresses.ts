/**
 * Who gets another answer by a publish: both snapshots decide every IPv4 range of the internet with the health of now. Pure.
 *
 *   names: (policy before, policy after) ─► ranges of both line tables swept side by side ─► (class before, class after)
 *          ─► shares of endpoints before and after ─► where they differ: moved share × addresses of the range
 *
 * Percent are of the addresses of the whole internet or of mainland China, whichever share is larger: a change that moves half of
 * China is a large one although that is 5 % of the world.
 */
import type { RangeTable4 } from '../../../geodata/address/range-table.ts'
import type { Location } from '../../../geodata/line/location.ts'
import { findRange4, findRange6 } from '../../../geodata/lookup/find-range.ts'
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
/** The address behind the last. */
const END4 = 0x1_0000_0000

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
  const clients = countClients(geography)
  const moved = { world: 0, china: 0 }
  const flows = new Map<string, { from: string; to: string; world: number; china: number }>()
  const differences = new Map<number, ReadonlyMap<string, readonly [string, string, number]>>()
  sweep(left.table, right.table, (first, end, classBefore, classAfter) => {
    const key = classBefore * 0x10_0000 + classAfter
    let difference = differences.get(key)
    if (difference === undefined) {
      difference = flowBetween(left.sharesOf(classBefore), right.sharesOf(classAfter))
      differences.set(key, difference)
    }
    // Most publishes move few: only those are counted.
    if (difference.size === 0) return
    const world = worldBelow(end) - worldBelow(first)
    if (world === 0) return
    const china = chinaBelow(clients, end) - chinaBelow(clients, first)
    for (const [id, [from, to, share]] of difference) {
      const flow = flows.get(id) ?? { from, to, world: 0, china: 0 }
      flow.world += world * share
      flow.china += china * share
      moved.world += world * share
      moved.china += china * share
      flows.set(id, flow)
    }
  })
  const { worldTotal, chinaTotal } = clients
  const percent = (part: { world: number; china: number }): number =>
    100 * Math.max(part.world / worldTotal, chinaTotal === 0 ? 0 : part.china / chinaTotal)
  const moves = [...flows.values()]
    .map((flow): Move => ({ policy: is, from: flow.from, to: flow.to, addressPercent: percent(flow) }))
    .sort((a, b) => b.addressPercent - a.addressPercent)
  return { policy: is, movedPercent: Math.min(100, percent(moved)), moves }
}

/** A network of clients, by its first address, and how many queries came from it. */
export type ClientBlock = { readonly family: 4 | 6; readonly words: readonly [number, number, number, number]; readonly queries: number }

/** Share of the queries of given clients that get another answer, by policy, in percent. */
export function findClientMovement(
  before: Side,
  after: Side,
  clients: readonly ClientBlock[],
): readonly { readonly policy: string; readonly movedPercent: number }[] {
  const total = clients.reduce((sum, client) => sum + client.queries, 0)
  if (total === 0) return []
  return [...new Set(after.steered.map(({ policy }) => policy))].flatMap((policy) => {
    const left = makeAnswers(before, policy)
    const right = makeAnswers(after, policy)
    if (left === undefined || right === undefined) return []
    let moved = 0
    for (const client of clients) {
      const flows = flowBetween(left.sharesOf(left.classOf(client)), right.sharesOf(right.classOf(client)))
      for (const [, , share] of flows.values()) moved += share * client.queries
    }
    return [{ policy, movedPercent: (100 * moved) / total }]
  })
}

/** Walks two range tables side by side, calling back for each piece in which neither changes. */
function sweep(left: RangeTable4, right: RangeTable4, piece: (first: number, end: number, left: number, right: number) => void): void {
  let atLeft = 0
  let atRight = 0
  let first = 0
  while (first < END4) {
    const endLeft = left.starts[atLeft + 1] ?? END4
    const endRight = right.starts[atRight + 1] ?? END4
    const end = Math.min(endLeft, endRight)
    piece(first, end, left.values[atLeft]!, right.values[atRight]!)
    if (endLeft === end) atLeft++
    if (endRight === end) atRight++
    first = end
  }
}

/** Where the clients of mainland China are: `mainlandBelow[range]` of them lie below the first address of a range of the geodata. */
type Clients = {
  readonly places: RangeTable4
  readonly isMainland: Uint8Array
  readonly mainlandBelow: Float64Array
  readonly worldTotal: number
  readonly chinaTotal: number
}

/** Counts of the geodata in use: half a million ranges, counted once. */
const counted = new WeakMap<Geography['v4'], Clients>()

function countClients({ v4, locations }: Geography): Clients {
  const known = counted.get(v4)
  if (known !== undefined) return known
  const flags = Uint8Array.from(locations, ({ country, province }) => Number(country === 'CN' && !ABROAD_PROVINCES.has(province ?? '')))
  const { starts, values } = v4
  const isMainland = new Uint8Array(values.length)
  const mainlandBelow = new Float64Array(values.length)
  let sum = 0
  for (let range = 0; range < values.length; range++) {
    mainlandBelow[range] = sum
    if (flags[values[range]!] === 0) continue
    isMainland[range] = 1
    sum += worldBelow(starts[range + 1] ?? END4) - worldBelow(starts[range]!)
  }
  const clients = { places: v4, isMainland, mainlandBelow, worldTotal: worldBelow(END4), chinaTotal: sum }
  counted.set(v4, clients)
  return clients
}

/** Client addresses below one. */
function worldBelow(end: number): number {
  let count = end
  for (const [from, to] of NO_CLIENTS) if (end > from) count -= Math.min(end, to) - from
  return count
}

/** Client addresses of mainland China below one. */
function chinaBelow({ places, isMainland, mainlandBelow, chinaTotal }: Clients, end: number): number {
  if (end >= END4) return chinaTotal
  const range = findRange4(places, end | 0)
  return mainlandBelow[range]! + (isMainland[range] === 1 ? worldBelow(end) - worldBelow(places.starts[range]!) : 0)
}

/** The answers of one policy by class, worked out once each. */
function makeAnswers(
  side: Side,
  policyId: string,
):
  | {
      readonly table: RangeTable4
      readonly sharesOf: (clientClass: number) => Shares
      readonly classOf: (client: ClientBlock) => number
    }
  | undefined {
  const policy = side.names.policies.indexOf(policyId)
  if (policy < 0) return undefined
  const { columns, tables4, tables6 } = side.policies
  const table = tables4[columns.policyTable[policy]!]!
  const table6 = tables6[columns.policyTable[policy]!]!
  const classOf = ({ family, words }: ClientBlock): number =>
    family === 4 ? table.values[findRange4(table, words[3])]! : table6.values[findRange6(table6, ...words)]!
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
  return { table, sharesOf, classOf }
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
