/** A day of virtual time of two endpoints with trembling latencies: who is picked moves only when one of them is really better. Seeded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateBand } from '../support/simulated-band.ts'

const DAY_MS = 86_400_000
const SEEDS = [1, 2, 3, 4, 5]

for (const [aMs, bMs] of [
  [20, 20],
  [20, 21],
  [40, 43],
  [120, 150],
] as const) {
  test(`${aMs} and ${bMs} ms ± 20 %: no switch in a day (seeds ${SEEDS.join(' ')})`, () => {
    for (const seed of SEEDS) assert.deepEqual(simulateBand(seed, aMs, bMs).switches, [], `seed ${seed}`)
  })
}

test('an endpoint that becomes really better is picked after window and dwell, once', () => {
  for (const seed of SEEDS) {
    const { switches, pick } = simulateBand(seed, 20, 30, { atMs: DAY_MS / 2, bMs: 12 })
    const late = switches.filter(({ atMs }) => atMs >= DAY_MS / 2)
    assert.equal(late.length, 1, `seed ${seed}`)
    assert.equal(pick, 1)
    // Half of the window until the median moves, then the dwell.
    const delayMs = late[0]!.atMs - DAY_MS / 2
    assert.ok(delayMs >= 60_000 && delayMs <= 300_000, `${delayMs} ms`)
  }
})
