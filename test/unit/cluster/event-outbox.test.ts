/** What a node keeps for control: order, acknowledgement, repetition, bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventOutbox } from '../../../cluster/event-outbox.ts'

const line = (number: number): Uint8Array => Buffer.from(String(number).padStart(10))
const numbers = (lines: readonly Uint8Array[]): number[] => lines.map((one) => Number(Buffer.from(one).toString()))
const filled = (count: number, limits = { events: 100, bytes: 10_000, inFlight: 3 }): EventOutbox => {
  const outbox = new EventOutbox(limits)
  for (let i = 0; i < count; i++) outbox.add(line)
  return outbox
}

test('events go in order, so many at a time, the next when some are acknowledged', () => {
  const outbox = filled(5)
  assert.deepEqual(numbers(outbox.next()), [1, 2, 3])
  assert.deepEqual(numbers(outbox.next()), [])
  outbox.acknowledge(2)
  assert.deepEqual(numbers(outbox.next()), [4, 5])
  outbox.acknowledge(5)
  assert.deepEqual(outbox.figures(), { waiting: 0, dropped: 0 })
})

test('what was in flight when the connection broke is sent again', () => {
  const outbox = filled(4)
  outbox.next()
  outbox.acknowledge(1)
  outbox.rewind()
  assert.deepEqual(numbers(outbox.next()), [2, 3, 4])
  outbox.acknowledge(1)
  assert.deepEqual(numbers(outbox.next()), [])
  assert.equal(outbox.figures().waiting, 3)
})

test('above a bound the oldest that is not in flight gives way, and is counted', () => {
  const byNumber = filled(7, { events: 5, bytes: 10_000, inFlight: 3 })
  assert.deepEqual(byNumber.figures(), { waiting: 5, dropped: 2 })
  assert.deepEqual(numbers(byNumber.next()), [3, 4, 5])
  byNumber.add(line)
  assert.deepEqual(byNumber.figures(), { waiting: 5, dropped: 3 })
  byNumber.acknowledge(5)
  assert.deepEqual(numbers(byNumber.next()), [7, 8])
  assert.deepEqual(filled(7, { events: 100, bytes: 40, inFlight: 3 }).figures(), { waiting: 4, dropped: 3 })
})

test('an event too long for a line, or for all there is, is dropped and counted', () => {
  const outbox = filled(0, { events: 5, bytes: 15, inFlight: 3 })
  outbox.add(() => {
    throw new RangeError('too long')
  })
  outbox.add(() => Buffer.alloc(16))
  outbox.add(line)
  assert.deepEqual(outbox.figures(), { waiting: 1, dropped: 2 })
  assert.deepEqual(numbers(outbox.next()), [3])
})
