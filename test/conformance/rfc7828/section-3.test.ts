/** RFC 7828 §3: the idle time-out of a connection, told to who asks, by TCP and TLS only. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TRANSPORT_HTTPS, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_UDP } from '../../../resolver/answer/answer-query.ts'
import { buildQuery } from '../../support/dns-packets.ts'
import { inlineZone, makePacketSubject } from '../../support/packet-subject.ts'
import { makeSyntheticConfig } from '../../support/synthetic-config.ts'

const KEEPALIVE = 11
const config = { ...makeSyntheticConfig({ pools: [], policies: [] }), zones: [inlineZone('z.', [])] }
const subject = makePacketSubject({ config })

/** Data of the option in the reply; undefined = it has none. */
function timeoutOf(transport: number, idleMs: number, options: readonly (readonly [number, readonly number[]])[]): string | undefined {
  subject.context.idleMs = idleMs
  const query = buildQuery({ name: 'z.', type: 6, opts: [{ options }] })
  const reply = Buffer.from(subject.ask(query, { transport, room: 4096 })!)
  const at = reply.lastIndexOf(Buffer.of(0, KEEPALIVE, 0, 2))
  return at < 0 ? undefined : reply.toString('hex', at + 4, at + 6)
}

describe('edns-tcp-keepalive', () => {
  const asks = [[KEEPALIVE, []]] as const
  const cases: readonly [string, number, number, readonly (readonly [number, readonly number[]])[], string | undefined][] = [
    ['TCP: units of 100 ms', TRANSPORT_TCP, 10_000, asks, '0064'],
    ['TLS', TRANSPORT_TLS, 15_050, asks, '0096'],
    ['0 asks the client to leave (§3.4)', TRANSPORT_TCP, 0, asks, '0000'],
    ['as much as the option can say', TRANSPORT_TCP, 3_600_000 * 5, asks, 'ffff'],
    ['a client that names a time-out of its own (§3.2.1) hears ours', TRANSPORT_TCP, 10_000, [[KEEPALIVE, [0, 1]]], '0064'],
    ['who does not ask is not told', TRANSPORT_TCP, 10_000, [], undefined],
    ['UDP: ignored (§3.2.2)', TRANSPORT_UDP, -1, asks, undefined],
    ['HTTPS has its own', TRANSPORT_HTTPS, -1, asks, undefined],
  ]
  for (const [name, transport, idleMs, options, expected] of cases)
    test(name, () => assert.equal(timeoutOf(transport, idleMs, options), expected))
})
