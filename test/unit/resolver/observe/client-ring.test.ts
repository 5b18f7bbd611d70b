/** The ring of recent clients and its tally. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientTally, noteClient } from '../../../../resolver/observe/client-ring.ts'
import { CLIENT_RING_ENTRIES, createCounters, stripeOf } from '../../../../resolver/observe/counters.ts'

test('clients are counted by /24 and /56, over all workers, most first', () => {
  const counters = createCounters(2)
  const [one, two] = [stripeOf(counters, 0), stripeOf(counters, 1)]
  noteClient(one, 4, 0xc0000201, 0)
  noteClient(one, 4, 0xc00002fe | 0, 0)
  noteClient(two, 4, 0xc0000301, 0)
  noteClient(two, 6, 0x20010db8, 0x12345678)
  noteClient(two, 4, 0xc0000202, 0)
  const tally = new ClientTally()
  tally.take(0, one)
  tally.take(1, two)
  tally.take(1, two)
  assert.deepEqual(tally.list(10), [
    { prefix: '192.0.2.0/24', queries: 3 },
    { prefix: '192.0.3.0/24', queries: 1 },
    { prefix: '2001:db8:1234:5600::/56', queries: 1 },
  ])
  assert.equal(tally.list(1).length, 1)
  tally.fade()
  assert.deepEqual(tally.list(10), [{ prefix: '192.0.2.0/24', queries: 2 }])
})

test('a ring that ran over since the last reading counts what is left of it', () => {
  const stripe = createCounters(1)
  for (let query = 0; query < 3 * CLIENT_RING_ENTRIES; query++)
    noteClient(stripe, 4, query < 2 * CLIENT_RING_ENTRIES ? 0x01000001 : 0x02000001, 0)
  const tally = new ClientTally()
  tally.take(0, stripe)
  assert.deepEqual(tally.list(10), [{ prefix: '2.0.0.0/24', queries: CLIENT_RING_ENTRIES }])
})
