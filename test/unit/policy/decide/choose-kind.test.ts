/** Every choose kind through decide(): what it picks in a pool, and what it leaves alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEMBER_ELIGIBLE } from '../../../../health/model/ranking.ts'
import type { ChooseKind } from '../../../../policy/config/config-schema.ts'
import { chooseAll } from '../../../../policy/decide/choose-all.ts'
import { chooseBest } from '../../../../policy/decide/choose-best.ts'
import { chooseInOrder } from '../../../../policy/decide/choose-in-order.ts'
import { type ChoosePool, choosePool } from '../../../../policy/decide/choose-kind.ts'
import { chooseWeighted } from '../../../../policy/decide/choose-weighted.ts'
import { makeDecision } from '../../../../policy/model/decision.ts'
import { makeSyntheticConfig, type PoolDraft } from '../../../support/synthetic-config.ts'
import { makeSubject } from '../../../support/synthetic-decision.ts'
import { makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'
import { fillRanking } from '../../../support/synthetic-ranking.ts'

const geodata = makeSyntheticGeodata([
  ['202.96.104.0', 'cn/33/3302/telecom'],
  ['202.96.105.0', 'cn/33/3301/unicom'],
  ['202.96.106.0', 'cn///telecom'],
  ['202.96.107.0', ''],
])
const ENDPOINTS = [
  { id: 'beijing', ipv4: '192.0.2.1', place: 'cn-11', carrier: 'unicom' },
  { id: 'hangzhou-u', ipv4: '192.0.2.2', place: 'cn-3301', carrier: 'unicom' },
  { id: 'ningbo-t', ipv4: '192.0.2.3', place: 'cn-3302', carrier: 'telecom' },
  { id: 'shanghai-t', ipv4: '192.0.2.4', place: 'cn-31', carrier: 'telecom' },
]

function subjectOf(pool: Partial<PoolDraft>) {
  const members = pool.members ?? ENDPOINTS.map(({ id }) => id)
  return makeSubject(
    makeSyntheticConfig({
      endpoints: ENDPOINTS,
      pools: [{ id: 'pool', ...pool, members }],
      policies: [{ id: 'p', rules: [{ line: '*', pools: ['pool'] }], fallback: ['pool'] }],
    }),
    geodata,
  )
}

test('auto, nearest and latency pick by the client’s place; the next best when that one is not eligible', () => {
  const cases: [choose: ChooseKind, client: string, down: string[], expected: string, scope: number][] = [
    ['auto', '202.96.104.1', [], 'ningbo-t', 24],
    ['auto', '202.96.104.1', ['ningbo-t'], 'shanghai-t', 24],
    ['auto', '202.96.104.1', ['ningbo-t', 'shanghai-t'], 'hangzhou-u', 24],
    ['auto', '202.96.105.1', [], 'hangzhou-u', 24],
    ['auto', '202.96.105.1', ['hangzhou-u'], 'beijing', 24],
    ['auto', '202.96.106.1', [], 'ningbo-t', 24],
    ['auto', '202.96.107.1', [], 'beijing', 24],
    ['nearest', '202.96.104.1', ['ningbo-t'], 'hangzhou-u', 24],
    ['nearest', '202.96.104.1', ['ningbo-t', 'hangzhou-u'], 'shanghai-t', 24],
    ['nearest', '202.96.106.1', [], 'beijing', 23],
    ['nearest', '202.96.106.1', ['beijing'], 'hangzhou-u', 23],
    ['latency', '202.96.105.1', [], 'hangzhou-u', 24],
  ]
  for (const [choose, client, down, expected, scope] of cases) {
    const decision = subjectOf({ choose }).ask(client, { standings: Object.fromEntries(down.map((id) => [id, 'down' as const])) })
    assert.deepEqual([decision.endpoints, decision.scope], [[expected], scope], `${choose} for ${client} without ${down}`)
  }
})

test('behind the end of a capped order list members follow in declared order', () => {
  const ids = Array.from({ length: 40 }, (_, n) => `e${String(n).padStart(2, '0')}`)
  // The first eight declared are farthest, so the list of 32 leaves exactly them out.
  const endpoints = ids.map((id, n) => ({ id, ipv4: `192.0.2.${n + 1}`, coordinates: [n < 8 ? -20 - n : 29, 121] as const }))
  const config = makeSyntheticConfig({
    endpoints,
    pools: [{ id: 'pool', choose: 'nearest', members: ids }],
    policies: [{ id: 'p', rules: [{ line: '*', pools: ['pool'] }], fallback: ['pool'] }],
  })
  const subject = makeSubject(config, geodata)
  const down = (list: readonly string[]) => ({ standings: Object.fromEntries(list.map((id) => [id, 'down' as const])) })
  assert.deepEqual(subject.ask('202.96.104.1').endpoints, ['e08'])
  assert.deepEqual(subject.ask('202.96.104.1', down(ids.slice(8, 39))).endpoints, ['e39'])
  assert.deepEqual(subject.ask('202.96.104.1', down(ids.slice(8))).endpoints, ['e00'])
  assert.deepEqual(subject.ask('202.96.104.1', down([...ids.slice(8), 'e00'])).endpoints, ['e01'])
})

test('all gives up to maxAnswers members, best first', () => {
  const order = ['shanghai-t', 'ningbo-t', 'beijing', 'hangzhou-u']
  const cases: [maxAnswers: number, down: string[], expected: string[]][] = [
    [8, [], order],
    [2, [], ['shanghai-t', 'ningbo-t']],
    [2, ['shanghai-t'], ['ningbo-t', 'beijing']],
    [1, ['shanghai-t', 'ningbo-t', 'beijing'], ['hangzhou-u']],
    [1, ['shanghai-t', 'ningbo-t'], ['beijing']],
  ]
  for (const [maxAnswers, down, expected] of cases) {
    const health = { order, standings: Object.fromEntries(down.map((id) => [id, 'down' as const])) }
    assert.deepEqual(subjectOf({ choose: 'all', maxAnswers }).ask('8.8.8.8', health).endpoints, expected)
  }
})

test('weighted shares follow the weights within 0.5 % over 100,000 blocks', () => {
  const members = [
    { endpoint: 'beijing', weight: 70 },
    { endpoint: 'hangzhou-u', weight: 20 },
    { endpoint: 'ningbo-t', weight: 10 },
  ]
  const subject = subjectOf({ choose: 'weighted', members })
  const plain = subject.plainOf({})
  const counts = new Map<string, number>()
  for (let block = 0n; block < 100_000n; block++) {
    const [id] = subject.askNumber(4, 0x0b000000n + (block << 8n), plain).endpoints
    counts.set(id!, (counts.get(id!) ?? 0) + 1)
  }
  for (const { endpoint, weight } of members) {
    const share = counts.get(endpoint)! / 100_000
    assert.ok(Math.abs(share - weight / 100) < 0.005, `${endpoint} has ${share}`)
  }
  const counts6 = new Map<string, number>()
  for (let block = 0n; block < 20_000n; block++) {
    const [id] = subject.askNumber(6, (0x20010db8n << 96n) + (block << 72n), plain).endpoints
    counts6.set(id!, (counts6.get(id!) ?? 0) + 1)
  }
  for (const { endpoint, weight } of members) assert.ok(Math.abs(counts6.get(endpoint)! / 20_000 - weight / 100) < 0.01)
})

test('weighted: a member that leaves moves only its own clients; another weight only towards or away from its member', () => {
  const members = ENDPOINTS.map(({ id }) => ({ endpoint: id, weight: 10 }))
  const subject = subjectOf({ choose: 'weighted', members })
  const all = subject.plainOf({})
  const without = subject.plainOf({ standings: { beijing: 'down' } })
  const heavier = subject.plainOf({ weights: { beijing: 30 } })
  let moved = 0
  for (let block = 0n; block < 2000n; block++) {
    const address = block << 8n
    const before = subject.askNumber(4, address, all).endpoints[0]!
    const after = subject.askNumber(4, address, without).endpoints[0]!
    if (before === 'beijing') moved++
    else assert.equal(after, before)
    assert.notEqual(after, 'beijing')
    const more = subject.askNumber(4, address, heavier).endpoints[0]!
    if (more !== before) assert.equal(more, 'beijing')
  }
  assert.ok(moved > 400 && moved < 600)
})

test('weighted without any weight picks all the same, constant in the block', () => {
  const subject = subjectOf({ choose: 'weighted', members: ENDPOINTS.map(({ id }) => ({ endpoint: id, weight: 0 })) })
  const seen = new Set<string>()
  for (let block = 0n; block < 200n; block++) seen.add(subject.askNumber(4, block << 8n, subject.plainOf({})).endpoints[0]!)
  assert.equal(seen.size, 4)
})

test('weighted that is not sticky goes by the random number, not by the block', () => {
  const subject = subjectOf({ choose: 'weighted', sticky: false })
  const plain = subject.plainOf({})
  const picks = new Set<string>()
  for (let draw = 0; draw < 50; draw++) {
    const one = subject.askNumber(4, 0x08080808n, plain, { draw }).endpoints
    assert.deepEqual(subject.askNumber(4, 0x01010101n, plain, { draw }).endpoints, one)
    picks.add(one[0]!)
  }
  assert.equal(picks.size, 4)
})

test('every choose function returns 0 and touches nothing when no member has the bit', () => {
  for (const choose of ['best', 'weighted', 'all', 'nearest'] as const) {
    const config = makeSyntheticConfig({
      endpoints: ENDPOINTS,
      pools: [{ id: 'pool', choose, members: ENDPOINTS.map(({ id }) => id) }],
      policies: [{ id: 'p', rules: [{ line: '*', pools: ['pool'] }], fallback: ['pool'] }],
    })
    const subject = makeSubject(config, geodata)
    const standings = Object.fromEntries(ENDPOINTS.map(({ id }) => [id, 'down' as const]))
    const ranking = fillRanking(config, subject.plainOf({ standings }))
    const out = makeDecision()
    assert.equal(choosePool(subject.compiled.columns, ranking, 0, 0, MEMBER_ELIGIBLE, 1, 1, out), 0, choose)
    assert.ok(out.members.every((member) => member === 0))
  }
})

test('every choose function has the shape of the contract', () => {
  const kinds: readonly ChoosePool[] = [chooseBest, chooseWeighted, chooseAll, chooseInOrder]
  assert.deepEqual(
    kinds.map((kind) => kind.length),
    [8, 8, 8, 8],
  )
})
