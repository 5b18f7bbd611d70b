/**
 * Who gets another answer: two compiled documents compared over the whole address space, policy by policy. Pure; the publish guards
 * and the review of a draft rest on it. It asks decide's own walk once an answer class, never once an address.
 *
 *   ranges before  |--- c1 ---|------- c2 -------|
 *   ranges after   |----- d1 -----|----- d2 -----|     each piece: answer(c) against answer(d), weighted by its addresses
 *
 * An answer is a distribution over endpoints (weights; equal parts for `all`), compared by address: renaming an endpoint moves nobody.
 */
import { MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN, MEMBER_PRESENT, type RankingColumns } from '../../health/model/ranking.ts'
import { walkSteps } from '../decide/decide.ts'
import { type Decision, makeDecision, OUTCOME_ANSWER, OUTCOME_SERVFAIL, STEP_ALL_DOWN } from '../model/decision.ts'
import { CHOOSE_KINDS, type PolicyColumns, type PolicyNames } from '../model/policy-columns.ts'

/** One side of a comparison. */
export type DecisionSide = {
  readonly columns: PolicyColumns
  readonly names: PolicyNames
  readonly ranking: RankingColumns
}

/** Clients of one policy who move from one endpoint to another. */
export type PolicyMove = {
  readonly policy: string
  /** Endpoint id, or "(servfail)", "(no data)". */
  readonly from: string
  readonly to: string
  /** Percent of all IPv4 addresses. */
  readonly addressPercent: number
}

/** How much of the address space one policy answers differently. */
export type PolicyDiff = {
  readonly policy: string
  /** Percent of all IPv4 addresses. */
  readonly movedPercent4: number
  /** Percent of the global unicast IPv6 addresses (2000::/3). */
  readonly movedPercent6: number
}

/** The whole comparison; only policies that both sides have. */
export type DecisionDiff = {
  /** The greatest of the policies' shares, both families. */
  readonly movedPercent: number
  readonly policies: readonly PolicyDiff[]
  /** IPv4, largest first. */
  readonly moves: readonly PolicyMove[]
}

/** Compares two sides. */
export function diffDecisions(before: DecisionSide, after: DecisionSide): DecisionDiff {
  const policies: PolicyDiff[] = []
  const moves: PolicyMove[] = []
  for (const [number, policy] of after.names.policies.entries()) {
    const numberBefore = before.names.policies.indexOf(policy)
    if (numberBefore < 0) continue
    const one = makeAnswerReader(before, numberBefore)
    const other = makeAnswerReader(after, number)
    const moved4 = new Map<string, number>()
    const percent = (addresses: number, all: number): number => (100 * addresses) / all
    const movedPercent4 = percent(comparePieces(pieces4(before, numberBefore, after, number), one, other, moved4), 2 ** 32)
    const movedPercent6 = percent(comparePieces(pieces6(before, numberBefore, after, number), one, other, new Map()), 2 ** 61)
    policies.push({ policy, movedPercent4, movedPercent6 })
    for (const [key, addresses] of moved4) {
      const [from, to] = JSON.parse(key) as [string, string]
      moves.push({ policy, from, to, addressPercent: percent(addresses, 2 ** 32) })
    }
  }
  moves.sort((a, b) => b.addressPercent - a.addressPercent)
  return {
    movedPercent: Math.max(0, ...policies.flatMap(({ movedPercent4, movedPercent6 }) => [movedPercent4, movedPercent6])),
    policies,
    moves,
  }
}

/** Share of addresses (0–1) whose answer differs: the number that the publish guard compares with `guards.maxMovedPercent`. */
export function movedShare(before: DecisionSide, after: DecisionSide): number {
  return diffDecisions(before, after).movedPercent / 100
}

/** Policies none of whose fallback pools has a member in place now. */
export function findDownFallbacks(side: DecisionSide): string[] {
  const { columns, names, ranking } = side
  return names.policies.filter((_, policy) => {
    for (let at = columns.policyFallbackFirst[policy]!; at < columns.policyFallbackFirst[policy + 1]!; at++) {
      const use = columns.fallbackPoolUses[at]!
      for (let m = columns.poolUseMemberFirst[use]!; m < columns.poolUseMemberFirst[use + 1]!; m++) {
        if (((ranking.memberBits[2 * m]! | ranking.memberBits[2 * m + 1]!) & MEMBER_IN_PLACE) !== 0) return false
      }
    }
    return true
  })
}

/** Share of each answer, by what the client gets. */
type Answer = ReadonlyMap<string, { readonly share: number; readonly label: string }>
/** A piece of the address space with one class on either side. */
type Piece = { readonly addresses: number; readonly classBefore: number; readonly classAfter: number }

const MEMBER_BIT_OF_STEP = [0, MEMBER_ELIGIBLE, MEMBER_IN_PLACE, MEMBER_NOT_DOWN, MEMBER_PRESENT]
/** Two class numbers as one exact number. */
const PAIR_FACTOR = 2 ** 26
const WEIGHTED = CHOOSE_KINDS.indexOf('weighted')

/** Reads what the clients of a class get, once a class. */
function makeAnswerReader(side: DecisionSide, policy: number): (classNumber: number) => Answer {
  const out = makeDecision()
  const known = new Map<number, Answer>()
  return (classNumber) => {
    let answer = known.get(classNumber)
    if (answer === undefined) {
      out.class = classNumber
      walkSteps(side.columns, side.ranking, policy, 0, 0, 0, out)
      answer = answerOf(side, out)
      known.set(classNumber, answer)
    }
    return answer
  }
}

function answerOf(side: DecisionSide, out: Decision): Answer {
  if (out.outcome !== OUTCOME_ANSWER) {
    const label = out.outcome === OUTCOME_SERVFAIL ? '(servfail)' : '(no data)'
    return new Map([[label, { share: 1, label }]])
  }
  const { columns, ranking, names } = side
  const use = out.poolUse
  let members = Array.from(out.members.subarray(0, out.memberCount), (member) => ({ member, weight: 1 }))
  if (columns.poolUseChoose[use] === WEIGHTED && out.step !== STEP_ALL_DOWN) {
    const weighted: { member: number; weight: number }[] = []
    for (let m = columns.poolUseMemberFirst[use]!; m < columns.poolUseMemberFirst[use + 1]!; m++) {
      if ((ranking.memberBits[2 * m]! & MEMBER_BIT_OF_STEP[out.step]!) === 0) continue
      if (ranking.memberWeight[2 * m]! > 0) weighted.push({ member: m, weight: ranking.memberWeight[2 * m]! })
    }
    if (weighted.length > 0) members = weighted
  }
  const sum = members.reduce((total, { weight }) => total + weight, 0)
  const answer = new Map<string, { share: number; label: string }>()
  for (const { member, weight } of members) {
    const endpoint = columns.memberEndpoint[member]!
    const key = addressKey(columns, endpoint)
    answer.set(key, { share: (answer.get(key)?.share ?? 0) + weight / sum, label: names.endpoints[endpoint]! })
  }
  return answer
}

/** What a client sees of an endpoint. */
function addressKey(columns: PolicyColumns, endpoint: number): string {
  const target = columns.endpointTargets.subarray(columns.endpointTargetFirst[endpoint], columns.endpointTargetFirst[endpoint + 1])
  const ipv6 = columns.endpointIpv6.subarray(4 * endpoint, 4 * endpoint + 4)
  return `${columns.endpointIpv4[endpoint]}|${ipv6.join()}|${target.join()}`
}

/** Sums up the addresses that move; `moved` collects them by [from, to]. */
function comparePieces(
  pieces: Iterable<Piece>,
  before: (classNumber: number) => Answer,
  after: (classNumber: number) => Answer,
  moved: Map<string, number>,
): number {
  const addressesByPair = new Map<number, number>()
  for (const { addresses, classBefore, classAfter } of pieces) {
    const pair = classBefore * PAIR_FACTOR + classAfter
    addressesByPair.set(pair, (addressesByPair.get(pair) ?? 0) + addresses)
  }
  let total = 0
  for (const [pair, addresses] of addressesByPair) {
    const classBefore = Math.floor(pair / PAIR_FACTOR)
    total += addresses * moveBetween(before(classBefore), after(pair % PAIR_FACTOR), addresses, moved)
  }
  return total
}

/** Share of clients that must move from one distribution to the other; who leaves is spread over who gains. */
function moveBetween(before: Answer, after: Answer, addresses: number, moved: Map<string, number>): number {
  const surplus = (one: Answer, other: Answer): { label: string; share: number }[] =>
    [...one].map(([key, { share, label }]) => ({ label, share: share - (other.get(key)?.share ?? 0) })).filter(({ share }) => share > 1e-9)
  const leaving = surplus(before, after)
  const gaining = surplus(after, before)
  const share = leaving.reduce((sum, part) => sum + part.share, 0)
  for (const from of leaving) {
    for (const to of gaining) {
      const key = JSON.stringify([from.label, to.label])
      moved.set(key, (moved.get(key) ?? 0) + (addresses * from.share * to.share) / share)
    }
  }
  return share
}

/** The address space cut at the range starts of both sides. */
function* pieces4(before: DecisionSide, policyBefore: number, after: DecisionSide, policyAfter: number): Generator<Piece> {
  const one = tableOf(before.columns, policyBefore, 4)
  const other = tableOf(after.columns, policyAfter, 4)
  yield* mergePieces(one, other, (side, range) => (range < side.classes.length ? side.starts[range]! : 2 ** 32))
}

/** 2000::/3, in units of /64: the rest holds no clients, and smaller networks count in fractions. */
function* pieces6(before: DecisionSide, policyBefore: number, after: DecisionSide, policyAfter: number): Generator<Piece> {
  const one = tableOf(before.columns, policyBefore, 6)
  const other = tableOf(after.columns, policyAfter, 6)
  yield* mergePieces(one, other, (side, range) => {
    if (range >= side.classes.length) return 2 ** 61
    const [w0, w1, w2, w3] = side.starts.subarray(4 * range, 4 * range + 4) as unknown as [number, number, number, number]
    const start = w0 * 2 ** 32 + w1 + w2 / 2 ** 32 + w3 / 2 ** 64
    return Math.min(2 ** 61, Math.max(0, start - 2 ** 61))
  })
}

type TableSlice = { readonly starts: Uint32Array; readonly classes: Uint32Array }

function tableOf(columns: PolicyColumns, policy: number, family: 4 | 6): TableSlice {
  const table = columns.policyTable[policy]!
  if (family === 4) {
    const first = columns.tableFirst4[table]!
    const end = first + columns.tableCount4[table]!
    return { starts: columns.tableStarts4.subarray(first, end), classes: columns.tableClass4.subarray(first, end) }
  }
  const first = columns.tableFirst6[table]!
  const end = first + columns.tableCount6[table]!
  return { starts: columns.tableStarts6.subarray(4 * first, 4 * end), classes: columns.tableClass6.subarray(first, end) }
}

function* mergePieces(one: TableSlice, other: TableSlice, startOf: (side: TableSlice, range: number) => number): Generator<Piece> {
  let at = 0
  for (let i = 0, j = 0; i < one.classes.length && j < other.classes.length; ) {
    const endOne = startOf(one, i + 1)
    const endOther = startOf(other, j + 1)
    const end = Math.min(endOne, endOther)
    if (end > at) yield { addresses: end - at, classBefore: one.classes[i]!, classAfter: other.classes[j]! }
    at = end
    if (endOne === end) i++
    if (endOther === end) j++
  }
}
