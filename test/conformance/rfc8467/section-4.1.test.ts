/** RFC 8467 §4.1, RFC 7830 §4: replies to padded queries fill whole blocks of 468 octets, over encrypted transports only. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TRANSPORT_HTTPS, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_UDP } from '../../../resolver/answer/answer-query.ts'
import { buildQuery } from '../../support/dns-packets.ts'
import { inlineZone, makePacketSubject } from '../../support/packet-subject.ts'
import { makeSyntheticConfig } from '../../support/synthetic-config.ts'

const PADDING = 12
const SUBNET = { family: 1, source: 24, octets: [192, 0, 2] }
const texts = (owner: string, count: number) => ({
  name: `${owner}.z.`,
  type: 'TXT',
  ttlSeconds: 60,
  data: Array.from({ length: count }, (_, n) => `"${n}${'x'.repeat(150)}"`),
})
const records = [1, 2, 3, 20].map((count) => texts(`t${count}`, count))
const config = { ...makeSyntheticConfig({ pools: [], policies: [] }), zones: [inlineZone('z.', records)] }
const subject = makePacketSubject({ config })

function reply(name: string, transport: number, padding: readonly number[] | undefined, room: number, withSubnet: boolean): Buffer {
  const options = padding === undefined ? [] : [[PADDING, padding] as const]
  const query = buildQuery({ name, type: 16, opts: [{ options, ...(withSubnet ? { subnet: SUBNET } : {}) }] })
  return Buffer.from(subject.ask(query, { transport, room })!)
}

describe('padding', () => {
  for (const transport of [TRANSPORT_TLS, TRANSPORT_HTTPS])
    for (const name of ['t1.z.', 't2.z.', 't3.z.', 't20.z.', 'nowhere.z.'])
      for (const withSubnet of [false, true])
        test(`transport ${transport}, ${name}${withSubnet ? ' with a client subnet' : ''}: whole blocks, the octets are 0, the answer is whole`, () => {
          const plain = reply(name, transport, undefined, 4096, withSubnet)
          const padded = reply(name, transport, [0, 0], 4096, withSubnet)
          assert.equal(padded.length % 468, 0)
          assert.ok(padded.length - plain.length >= 4 && padded.length - plain.length < 4 + 468)
          const at = plain.length
          assert.deepEqual([padded.readUInt16BE(at), padded.readUInt16BE(at + 2)], [PADDING, padded.length - at - 4])
          assert.ok(padded.subarray(at + 4).every((octet) => octet === 0))
          assert.equal(padded.readUInt16BE(6), plain.readUInt16BE(6))
        })

  test('never beyond the room, however little is left', () => {
    const { length } = reply('t3.z.', TRANSPORT_TLS, undefined, 4096, true)
    for (let room = length; room < length + 468; room++) {
      const padded = reply('t3.z.', TRANSPORT_TLS, [], room, true)
      assert.equal(padded.length, room < length + 4 ? length : Math.min(room, Math.ceil((length + 4) / 468) * 468))
      assert.equal(padded[2]! & 2, 0)
    }
  })

  for (const [name, transport, padding] of [
    ['a query without the option', TRANSPORT_TLS, undefined],
    ['TCP', TRANSPORT_TCP, [0]],
    ['UDP', TRANSPORT_UDP, [0]],
  ] as const)
    test(`${name}: none`, () =>
      assert.equal(reply('t1.z.', transport, padding, 4096, false).length, reply('t1.z.', transport, undefined, 4096, false).length))
})
