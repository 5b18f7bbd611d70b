/** Verdicts of an explanation: `picked` is the answer, whoever scores higher. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankNow } from '../../../../admin-ui/api/publish/ranking-of-now.ts'
import type { ExplainAnswer } from '../../../../admin-ui/contract/explain.ts'
import { LATENCY_EXPLORE_CAP, latencyEntryCount, NO_LATENCY_MEMBER } from '../../../../health/model/latency-matrix.ts'
import { ADDRESS_DRAINING, ADDRESS_PRESENT, ADDRESS_RELEASED, type RankingColumns, WEIGHT_SCALE } from '../../../../health/model/ranking.ts'
import { latencyPlanOf } from '../../../../policy/compile/latency-rows.ts'
import { explainAnswer } from '../../../../resolver/answer/explain-answer.ts'
import type { Snapshot } from '../../../../resolver/snapshot/snapshot.ts'
import { CENTRAL_KEY, compileText, measured, PAIR_DOCUMENT } from '../../../support/central-pair.ts'
import { FIXTURE_GEODATA } from '../../../support/control-fixture.ts'

/** Explains the answer of a client abroad, who falls to the rule `*` with the pool `central`. */
function explain(
  holder: string,
  latencyMs: readonly [number, number],
  document: string = PAIR_DOCUMENT,
  client: string = '4.8.8.8',
  change: (ranking: RankingColumns, snapshot: Snapshot) => void = () => {},
): ExplainAnswer {
  const snapshot = compileText(document)
  const scores = [measured('central-1', '192.0.2.1', latencyMs[0]), measured('central-2', '192.0.2.2', latencyMs[1])]
  const ranking = rankNow(snapshot.meta.rankPlan, scores, new Map([[CENTRAL_KEY, holder]]))
  change(ranking, snapshot)
  return explainAnswer({
    request: { name: 'edge-api.yourcompany.com.', type: 'A', client },
    snapshot,
    ranking,
    geodata: FIXTURE_GEODATA,
    nodeId: 'node-1',
    nowMs: 0,
  })
}
const verdictsOf = (answer: ExplainAnswer): readonly string[] =>
  answer.rules
    .flatMap((rule) => rule.pools)
    .flatMap((pool) => pool.candidates)
    .map(({ endpoint, verdict }) => `${endpoint} ${verdict}`)

const cases = [
  {
    name: 'the incumbent scores lower: the other is behind it',
    holder: 'central-2',
    latencyMs: [10, 11],
    verdicts: ['central-1 behind-incumbent', 'central-2 picked'],
    address: '192.0.2.2',
  },
  {
    name: 'the incumbent scores higher',
    holder: 'central-1',
    latencyMs: [10, 11],
    verdicts: ['central-1 picked', 'central-2 not-best'],
    address: '192.0.2.1',
  },
  {
    name: 'equal scores',
    holder: 'central-2',
    latencyMs: [10, 10],
    verdicts: ['central-1 not-best', 'central-2 picked'],
    address: '192.0.2.2',
  },
] as const

for (const { name, holder, latencyMs, verdicts, address } of cases) {
  test(`explainPolicy, ${name}`, () => {
    const answer = explain(holder, latencyMs)
    assert.deepEqual(verdictsOf(answer), verdicts)
    assert.deepEqual(answer.picked, [holder])
    assert.deepEqual(answer.records, [`edge-api.yourcompany.com. 30 IN A ${address}`])
  })
}

test('explainPolicy, choose all: both are picked', () => {
  const all = PAIR_DOCUMENT.replace('- {id: central, members', '- {id: central, choose: all, members')
  const answer = explain('central-2', [10, 11], all)
  assert.deepEqual(verdictsOf(answer), ['central-1 picked', 'central-2 picked'])
  assert.deepEqual([...answer.picked].sort(), ['central-1', 'central-2'])
})

const LATENCY_DOCUMENT = PAIR_DOCUMENT.replace('- {id: central, members', '- {id: central, choose: latency, members')

/** The latency pool of an explanation whose ranking has these entries in the client's row. */
function explainLatency(snapshot: Snapshot, order: readonly number[], explore: readonly number[], epoch = 0) {
  const { rankPlan, names } = snapshot.meta
  const latency = latencyPlanOf(snapshot.policies.columns, names, rankPlan)!
  const plain = rankNow(rankPlan, [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', 11)], new Map())
  const latencyOrder = new Uint16Array(latencyEntryCount(latency)).fill(NO_LATENCY_MEMBER)
  const pool = latency.pools[0]!
  for (const [row, line] of pool.rowLine.entries()) {
    if (latency.lines[line] !== 'us-ca') continue
    const at = pool.firstEntry + row * (pool.width + LATENCY_EXPLORE_CAP)
    latencyOrder.set(order, at)
    latencyOrder.set(explore, at + pool.width)
  }
  const answer = explainAnswer({
    request: { name: 'edge-api.yourcompany.com.', type: 'A', client: '4.8.8.8' },
    snapshot,
    ranking: { ...plain, latencyOrder, header: Float64Array.of(1, 1, 0, epoch) },
    geodata: FIXTURE_GEODATA,
    nodeId: 'node-1',
    nowMs: 0,
  })
  return { ...answer.rules.flatMap((rule) => rule.pools)[0]!.latency!, picked: answer.picked }
}

test('explainPolicy, choose latency: nothing is measured for the line', () => {
  assert.deepEqual(explainLatency(compileText(LATENCY_DOCUMENT), [], []), {
    line: 'us-ca',
    by: 'distance',
    order: [],
    picked: ['central-1'],
  })
})

test('explainPolicy, choose latency: as measured; a share of the epochs explores, and says so', () => {
  const snapshot = compileText(LATENCY_DOCUMENT)
  const seen = new Map<string, number>()
  for (let epoch = 0; epoch < 300; epoch++) {
    const { by, order, picked } = explainLatency(snapshot, [0, 1], [1, 1, 1, 1], epoch)
    assert.deepEqual(order, ['central-1', 'central-2'])
    const outcome = `${by} ${picked.join()}`
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
  }
  assert.deepEqual([...seen.keys()].sort(), ['explored central-2', 'measured central-1'])
  // 2 % by default: 6 of 300, give or take; the hash is the same in every run.
  assert.ok(seen.get('explored central-2')! < 20, JSON.stringify([...seen]))
})

/** Endpoint central-1 keeps 40 % of its clients. */
function keepFortyPercent(ranking: RankingColumns, { policies: { columns }, meta }: Snapshot, flags = 0): void {
  for (const [member, endpoint] of columns.memberEndpoint.entries()) {
    if (meta.names.endpoints[endpoint] !== 'central-1') continue
    ranking.memberKeep[2 * member] = 26_214
    ranking.addressFlags[2 * endpoint]! |= ADDRESS_PRESENT | flags
  }
}

test('explainPolicy, a kept share: who it is not kept for, the position, the block, and why', () => {
  const slow = PAIR_DOCUMENT.replace('- {id: central, members', '- {id: central, slowStartSeconds: 600, members')
  const able = PAIR_DOCUMENT.replace('{id: central-1, ', '{id: central-1, capacity: {requestsPerSecond: 10}, ')
  const both = able.replace('- {id: central, members', '- {id: central, slowStartSeconds: 1, members')
  const whys = [
    { document: slow, verdict: 'slow-start', flags: 0, why: 'slow start' },
    { document: able, verdict: 'shed', flags: 0, why: 'shedding load' },
    { document: both, verdict: 'shed', flags: 0, why: 'shedding load, back for long' },
    { document: both, verdict: 'slow-start', flags: ADDRESS_RELEASED, why: 'slow start after an override' },
    { document: able, verdict: 'draining', flags: ADDRESS_DRAINING, why: 'draining' },
  ]
  for (const { document, verdict, flags, why } of whys) {
    const seen = new Map<string, number>()
    for (let subnet = 0; subnet < 30; subnet++) {
      const client = `4.8.${subnet}.0/24`
      const answer = explain('central-1', [10, 11], document, client, (ranking, snapshot) => {
        keepFortyPercent(ranking, snapshot, flags)
        ranking.addressSinceAt.fill(-1000)
      })
      const [first, second] = answer.rules.at(-1)!.pools[0]!.candidates
      assert.equal(answer.hashBlock, client)
      assert.ok(Math.abs(first!.keepPercent! - 40) < 0.01)
      assert.equal(second!.keepPercent, undefined)
      const isKept = first!.keepPosition! < 0.4
      assert.deepEqual(answer.picked, [isKept ? 'central-1' : 'central-2'], client)
      assert.deepEqual([first!.verdict, second!.verdict], isKept ? ['picked', 'not-best'] : [verdict, 'picked'])
      seen.set(first!.verdict, (seen.get(first!.verdict) ?? 0) + 1)
    }
    assert.ok(seen.get('picked')! > 5 && seen.get(verdict)! > 9, `${why}: ${[...seen]}`)
  }
})

test('explainPolicy, a pool of one that keeps a share is passed over, and the sentence says why', () => {
  const one = PAIR_DOCUMENT.replace(
    'members: [{endpoint: central-1}, {endpoint: central-2}]}',
    'slowStartSeconds: 600, members: [{endpoint: central-1}]}\n  - {id: reserve, members: [{endpoint: central-2}]}',
  ).replace('fallback: [central]', 'fallback: [reserve]')
  const answers = Array.from({ length: 20 }, (_, subnet) => explain('central-1', [10, 11], one, `4.8.${subnet}.1`, keepFortyPercent))
  const refused = answers.find(({ picked }) => picked[0] === 'central-2')!
  assert.equal(refused.step, 2)
  const rule = refused.rules.at(-1)!
  assert.deepEqual([rule.verdict, rule.pools[0]!.verdict, rule.pools[0]!.candidates[0]!.verdict], ['passed-on', 'passed-on', 'slow-start'])
  assert.match(
    refused.sentence,
    /gets central-2 by the fallback, pool reserve because central-1 is left by this client \(slow start: it keeps 40 % of its clients, this one stands at \d+ %\)/,
  )
  assert.ok(answers.some(({ picked, step }) => picked[0] === 'central-1' && step === 1))
})

test('explainPolicy, a weighted pool shows the share of the weight that is drawn by', () => {
  const weighted = PAIR_DOCUMENT.replace(
    'members: [{endpoint: central-1}, {endpoint: central-2}]}',
    'choose: weighted, members: [{endpoint: central-1, weight: 100}, {endpoint: central-2, weight: 100}]}',
  )
  const answer = explain('central-1', [10, 11], weighted, '4.8.8.8', (ranking, { policies: { columns }, meta }) => {
    for (const [member, endpoint] of columns.memberEndpoint.entries()) {
      ranking.memberWeight[2 * member] = meta.names.endpoints[endpoint] === 'central-1' ? 30 * WEIGHT_SCALE : 100 * WEIGHT_SCALE
    }
  })
  const [first, second] = answer.rules.at(-1)!.pools[0]!.candidates
  assert.deepEqual([first!.keepPercent, first!.keepPosition, second!.keepPercent], [30, undefined, undefined])
})
