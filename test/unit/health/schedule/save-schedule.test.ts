import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSaveSchedule, type SaveSchedule } from '../../../../health/schedule/save-schedule.ts'

/** A schedule on a clock of its own; `writes` says when each write began. A write ends when `end` is called. */
function makeBench(): {
  readonly schedule: SaveSchedule
  readonly writes: number[]
  readonly advance: (ms: number) => Promise<void>
  readonly end: (isSaved?: boolean) => Promise<void>
} {
  let nowMs = 1000
  let timers: { at: number; callback: () => void }[] = []
  let finish: (isSaved: boolean) => void = () => assert.fail('no write is under way')
  const writes: number[] = []
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
  const schedule = createSaveSchedule({
    save: () => {
      writes.push(nowMs)
      return new Promise((resolve) => {
        finish = resolve
      })
    },
    nowMs: () => nowMs,
    setTimer: (callback, delayMs) => timers.push({ at: nowMs + delayMs, callback }),
  })
  return {
    schedule,
    writes,
    advance: async (ms) => {
      nowMs += ms
      const due = timers.filter(({ at }) => at <= nowMs)
      timers = timers.filter(({ at }) => at > nowMs)
      for (const { callback } of due) callback()
      await settle()
    },
    end: async (isSaved = true) => {
      finish(isSaved)
      await settle()
    },
  }
}

test('a change of standing is written at once, changes of one turn and during a write together', async () => {
  const { schedule, writes, advance, end } = makeBench()
  schedule.changed()
  schedule.changed()
  await advance(0)
  assert.deepEqual(writes, [1000])
  schedule.changed()
  await advance(3)
  schedule.changed()
  await end()
  await advance(99)
  assert.deepEqual(writes, [1000], 'a pause of 100 ms lies between two writes')
  await advance(1)
  assert.deepEqual(writes, [1000, 1103])
  await end()
  await advance(5000)
  assert.deepEqual(writes, [1000, 1103], 'nothing changed')
  schedule.changed()
  await advance(0)
  assert.deepEqual(writes, [1000, 1103, 6103])
})

test('a slow disk is given nine times the pause', async () => {
  const { schedule, writes, advance, end } = makeBench()
  schedule.changed()
  await advance(0)
  await advance(200)
  schedule.changed()
  await end()
  await advance(1799)
  assert.equal(writes.length, 1)
  await advance(1)
  assert.deepEqual(writes, [1000, 3000])
})

test('a write that failed is tried again after a second', async () => {
  const { schedule, writes, advance, end } = makeBench()
  schedule.changed()
  await advance(0)
  await end(false)
  await advance(999)
  assert.equal(writes.length, 1)
  await advance(1)
  assert.equal(writes.length, 2)
})

test('without changes it is written once a minute', async () => {
  const { schedule, writes, advance, end } = makeBench()
  for (let second = 0; second < 125; second++) {
    await advance(1000)
    schedule.refresh()
    if (writes.length > 0) await end()
  }
  assert.deepEqual(writes, [61_000, 121_000])
})

test('flush writes what is so now, after a write that is under way', async () => {
  const { schedule, writes, advance, end } = makeBench()
  schedule.changed()
  await advance(0)
  let isDone = false
  const flushed = schedule.flush().then(() => {
    isDone = true
  })
  await end()
  assert.deepEqual([writes.length, isDone], [2, false])
  await end()
  await flushed
})
