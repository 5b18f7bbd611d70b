/** TLS handshakes of one client and in all, on a clock of the test's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { createHandshakeLimit } from '../../../../resolver/transport/handshake-limit.ts'

const words = (address: string): Uint32Array => Uint32Array.from(parseAddress(address).words)

function limitOf(handshakesPerSecond: number, handshakesPerClientPerSecond: number) {
  let nowMs = 1000
  const limit = createHandshakeLimit({
    limits: { handshakesPerSecond, handshakesPerClientPerSecond },
    nowMs: () => nowMs,
    hashKeys: Uint32Array.of(1, 2, 3, 4),
  })
  const admitted = (address: string, count: number): number => {
    let sum = 0
    for (let i = 0; i < count; i++) if (limit.admits(words(address))) sum++
    return sum
  }
  return { admitted, advance: (ms: number) => (nowMs += ms) }
}

test('a client has its second at once, then its rate; another address another; an IPv6 /56 is one', () => {
  const { admitted, advance } = limitOf(0, 10)
  for (const [address, count] of [
    ['192.0.2.1', 10],
    ['192.0.2.1', 0],
    ['192.0.2.2', 10],
    ['2001:db8::1', 10],
    ['2001:db8:0:ff::1', 0],
    ['2001:db8:0:100::1', 10],
  ] as const)
    assert.equal(admitted(address, 30), count, address)
  advance(300)
  assert.equal(admitted('192.0.2.1', 30), 3)
})

test('the limit in all holds over clients; what one client has too much takes nothing from the others', () => {
  const { admitted, advance } = limitOf(50, 20)
  assert.equal(admitted('192.0.2.1', 1000), 20)
  assert.equal(admitted('192.0.2.2', 1000), 20)
  assert.equal(admitted('192.0.2.3', 1000), 10)
  advance(1000)
  assert.equal(admitted('192.0.2.4', 1000), 20)
})

test('0 limits nothing', () => {
  assert.equal(limitOf(0, 0).admitted('192.0.2.1', 5000), 5000)
})
