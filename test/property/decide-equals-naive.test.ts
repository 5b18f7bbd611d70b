/** The fast path (compile + decide) equals its slow twin on random documents, geodata, rankings and addresses; and it really ran. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { naiveDecide } from '../../policy/reference/naive-decide.ts'
import { client, edgesOf, health, PROPERTY_SEED, world } from '../support/synthetic-arbitraries.ts'
import { makeSubject } from '../support/synthetic-decision.ts'
import { makePlainRanking } from '../support/synthetic-ranking.ts'

test('decide gives what naiveDecide gives, whatever the document, the ranking and the address', (t) => {
  t.diagnostic(`seed ${PROPERTY_SEED}`)
  const seen = new Map<string, number>()
  const count = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1)
  fc.assert(
    fc.property(
      world,
      health,
      fc.array(client, { minLength: 4, maxLength: 4 }),
      fc.nat(0xffffffff),
      fc.nat(),
      (given, draft, clients, draw, pick) => {
        const { config, geodata } = given
        const subject = makeSubject(config, geodata)
        const plain = makePlainRanking(config, draft)
        const edges = edgesOf(given)
        const asked = [...clients, edges[pick % edges.length]!, edges[(pick * 7 + 3) % edges.length]!]
        for (const policy of config.policies) {
          for (const { family, address } of asked) {
            for (const view of [0, 1] as const) {
              const fast = subject.askNumber(family, address, plain, { policy: policy.id, view, draw })
              const slow = naiveDecide({ config, geodata, ranking: plain, policyId: policy.id, view, family, address, draw })
              assert.deepEqual(fast, slow)
              count(`step ${fast.step}`)
              count(`outcome ${fast.outcome}`)
              if (fast.poolId !== '') count(`choose ${config.pools.find(({ id }) => id === fast.poolId)!.choose}`)
              if (fast.line.startsWith('custom:')) count('custom line')
              if (fast.scope > 0) count(`scope ${family}`)
            }
          }
        }
      },
    ),
    { seed: PROPERTY_SEED, numRuns: Number(process.env.PROPERTY_RUNS ?? 400) },
  )
  t.diagnostic(JSON.stringify(Object.fromEntries([...seen].sort())))
  for (const step of ['step 1', 'step 2', 'step 3', 'step 4']) assert.ok(seen.get(step)! > 50, `${step} was hardly tried`)
  for (const kind of ['best', 'weighted', 'all', 'nearest', 'latency', 'auto'])
    assert.ok(seen.get(`choose ${kind}`)! > 50, `${kind} was hardly tried`)
  for (const rest of ['outcome answer', 'outcome servfail', 'outcome nodata', 'custom line', 'scope 4', 'scope 6']) {
    assert.ok(seen.get(rest)! > 20, `${rest} was hardly tried`)
  }
})
