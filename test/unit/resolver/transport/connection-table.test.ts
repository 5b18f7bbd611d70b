import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  COUNT_CONNECTIONS,
  COUNT_CONNECTIONS_SHED,
  COUNT_CONNECTIONS_TOTAL,
  createCounters,
} from '../../../../resolver/observe/counters.ts'
import { clientBlock, createConnectionTable, TCP_LIMITS, type TcpLimits } from '../../../../resolver/transport/connection-table.ts'

function tableOf(limits: Partial<TcpLimits>) {
  let now = 0
  const closed: string[] = []
  const stripe = createCounters(1)
  const table = createConnectionTable({ limits: { ...TCP_LIMITS, ...limits }, nowMs: () => now })
  const admit = (client: string, name = client) => table.admit(client, stripe, () => closed.push(name))
  const counts = () => [COUNT_CONNECTIONS, COUNT_CONNECTIONS_TOTAL, COUNT_CONNECTIONS_SHED].map((cell) => stripe[cell]!)
  return { table, admit, closed, counts, advance: (ms: number) => (now += ms) }
}

describe('connection table', () => {
  test('full: the one idle longest makes room; a refused client makes nobody go', () => {
    const { table, admit, closed, counts, advance } = tableOf({ connections: 3, connectionsPerClient: 2, idleMs: 1000 })
    const [a] = [admit('a'), admit('b'), admit('b', 'b2')]
    advance(200)
    table.touch(a!)
    assert.equal(admit('b', 'b3'), undefined)
    assert.notEqual(admit('c'), undefined)
    assert.deepEqual(closed, ['b'])
    assert.deepEqual(counts(), [3, 5, 2])
    assert.equal(table.isCrowded(), true)
  })

  test('sweep closes what is idle for longer than the limit, in order', () => {
    const { table, admit, closed, advance } = tableOf({ idleMs: 1000 })
    const [a] = [admit('a'), admit('b')]
    advance(600)
    table.touch(a!)
    advance(401)
    admit('c')
    table.sweep()
    assert.deepEqual(closed, ['b'])
    assert.equal(table.size(), 2)
  })

  test('held bytes: those that hold go until the sum fits; forgetting gives back, once', () => {
    const { table, admit, closed } = tableOf({ heldBytes: 100 })
    const [a, b, c] = [admit('a'), admit('b'), admit('c')]
    table.hold(b!, 60)
    table.hold(c!, 40)
    table.hold(c!, 41)
    assert.deepEqual(closed, ['b'])
    assert.equal(table.heldBytes(), 41)
    table.forget(c!)
    table.forget(c!)
    table.hold(c!, 7)
    assert.equal(table.heldBytes(), 0)
    table.hold(a!, 101)
    assert.deepEqual(closed, ['b', 'a'])
  })

  test('clients: an IPv4 address, an IPv6 /56', () => {
    const words = [0x20010db8, 0x00010203, 4, 5]
    assert.equal(clientBlock(words), clientBlock([0x20010db8, 0x000102ff, 9, 9]))
    assert.notEqual(clientBlock(words), clientBlock([0x20010db8, 0x00010303, 4, 5]))
    assert.notEqual(clientBlock([0, 0, 0xffff, 1]), clientBlock([0, 0, 0xffff, 2]))
  })
})
