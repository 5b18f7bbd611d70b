/** Verdicts of an explanation: `picked` is the answer, whoever scores higher. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankNow } from '../../../../admin-ui/api/publish/ranking-of-now.ts'
import type { ExplainAnswer } from '../../../../admin-ui/contract/explain.ts'
import { LATENCY_EXPLORE_CAP, latencyEntryCount, NO_LATENCY_MEMBER } from '../../../../health/model/latency-matrix.ts'
import { latencyPlanOf } from '../../../../policy/compile/latency-rows.ts'
import { explainAnswer } from '../../../../resolver/answer/explain-answer.ts'
import type { Snapshot } from '../../../../resolver/snapshot/snapshot.ts'
import { CENTRAL_KEY, compileText, measured, PAIR_DOCUMENT } from '../../../support/central-pair.ts'
import { FIXTURE_GEODATA } from '../../../support/control-fixture.ts'

/** Explains the answer of a client abroad, who falls to the rule `*` with the pool `central`. */
function explain(holder: string, latencyMs: readonly [number, number], document = PAIR_DOCUMENT): ExplainAnswer {
  const snapshot = compileText(document)
  const scores = [measured('central-1', '192.0.2.1', latencyMs[0]), measured('central-2', '192.0.2.2', latencyMs[1])]
  return explainAnswer({
    request: { name: 'edge-api.yourcompany.com.', type: 'A', client: '4.8.8.8' },
    snapshot,
    ranking: rankNow(snapshot.meta.rankPlan, scores, new Map([[CENTRAL_KEY, holder]])),
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
