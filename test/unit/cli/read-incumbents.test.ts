/** Who holds each pool, read off the newest ranking. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankNow } from '../../../admin-ui/api/publish/ranking-of-now.ts'
import { readIncumbents } from '../../../cli/data-plane/read-scores.ts'
import { CENTRAL_KEY, compileText, measured, PAIR_DOCUMENT } from '../../support/central-pair.ts'

const down = (endpoint: string, address: string) => measured(endpoint, address, 10, 'down')

const cases = [
  {
    name: 'two that are measured',
    scores: [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', 11)],
    holder: 'central-2',
  },
  { name: 'everything down: nobody', scores: [down('central-1', '192.0.2.1'), down('central-2', '192.0.2.2')], holder: undefined },
] as const

for (const { name, scores, holder } of cases) {
  test(`readIncumbents, ${name}`, () => {
    const snapshot = compileText(PAIR_DOCUMENT)
    const plan = { ...snapshot.meta.rankPlan, generation: 1 }
    const ranking = rankNow(plan, scores, new Map([[CENTRAL_KEY, 'central-2']]))
    const incumbents = new Map(readIncumbents({ snapshot, plan, shared: { live: new Int32Array(16), slots: [ranking, ranking] } }))
    assert.equal(incumbents.get(CENTRAL_KEY), holder)
  })
}

test('readIncumbents, pools that are not of best have none, nor has a node without a generation', () => {
  assert.deepEqual(readIncumbents(undefined), [])
  const snapshot = compileText(PAIR_DOCUMENT.replace('- {id: central, members', '- {id: central, choose: all, members'))
  const plan = { ...snapshot.meta.rankPlan, generation: 1 }
  const ranking = rankNow(plan, [], new Map())
  const keys = readIncumbents({ snapshot, plan, shared: { live: new Int32Array(16), slots: [ranking, ranking] } }).map(([key]) => key)
  assert.deepEqual(keys.includes(CENTRAL_KEY), false)
  assert.ok(keys.includes('edge-api/zhejiang-telecom/0'))
})
