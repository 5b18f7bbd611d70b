import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sharedRankingSizeBytes, viewSharedRanking } from '../../../../health/model/ranking.ts'
import {
  acknowledgedAt,
  createControlBlock,
  createLiveState,
  heartbeatAt,
  readyAt,
  replaceRanking,
  replaceSnapshot,
  swapAt,
} from '../../../../resolver/snapshot/live-state.ts'

const SHAPE = { endpointCount: 2, memberUseCount: 3, poolUseCount: 1 }
const tablesOf = (generation: number) => ({ generation }) as never

/** A shared ranking whose two slots belong to these generations. */
function sharedOf(slot0: number, slot1: number) {
  const shared = viewSharedRanking(new SharedArrayBuffer(sharedRankingSizeBytes(SHAPE)), SHAPE)
  shared.slots[0].header[0] = slot0
  shared.slots[1].header[0] = slot1
  return shared
}

describe('live state', () => {
  test('snapshot and ranking are replaced as one', () => {
    const live = createLiveState()
    const shared = sharedOf(5, 0)
    replaceSnapshot(live, tablesOf(5), shared)
    assert.equal(live.tables!.generation, 5)
    assert.equal(live.ranking, shared.slots[0])
  })

  test('a snapshot without a ranking of its generation is refused, the old pair stays', () => {
    const live = createLiveState()
    const old = sharedOf(5, 0)
    replaceSnapshot(live, tablesOf(5), old)
    assert.throws(() => replaceSnapshot(live, tablesOf(6), sharedOf(5, 6)), RangeError)
    assert.equal(live.tables!.generation, 5)
    assert.equal(live.shared, old)
  })

  test('replaceRanking follows the live slot', () => {
    const live = createLiveState()
    const shared = sharedOf(5, 5)
    replaceSnapshot(live, tablesOf(5), shared)
    Atomics.store(shared.live, 0, 1)
    assert.equal(replaceRanking(live), true)
    assert.equal(live.ranking, shared.slots[1])
  })

  test('replaceRanking refuses a ranking of another generation and keeps the one before', () => {
    const live = createLiveState()
    const shared = sharedOf(5, 4)
    replaceSnapshot(live, tablesOf(5), shared)
    Atomics.store(shared.live, 0, 1)
    assert.equal(replaceRanking(live), false)
    assert.equal(live.ranking, shared.slots[0])
    assert.equal(live.refusedRankings, 1)
  })

  test('before the first snapshot there is no ranking to take', () => {
    assert.equal(replaceRanking(createLiveState()), false)
  })

  test('the places of the control block do not overlap', () => {
    const control = createControlBlock(3)
    const places = [0, 1, ...[0, 1, 2].flatMap((worker) => [heartbeatAt(worker), swapAt(worker), acknowledgedAt(worker), readyAt(worker)])]
    assert.equal(new Set(places).size, places.length)
    for (const place of places) assert.ok(place < control.length)
  })
})
