import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decodeControlFrame,
  encodeControlFrame,
  FRAME_ACCEPT,
  FRAME_FINISH,
  FRAME_READY,
  FRAME_START,
  FRAME_STOP,
} from '../../../../resolver/observe/dnstap-frames.ts'
import { AUTH_QUERY, AUTH_RESPONSE, writeDnstapFrame } from '../../../../resolver/observe/dnstap-message.ts'
import { LogBytes } from '../../../../resolver/observe/log-bytes.ts'
import { wireName } from '../../../support/dns-packets.ts'
import { queryRecord, type RecordDraft } from '../../../support/query-records.ts'

/** Fields of a protobuf message by number: numbers, or octets as hex. */
function fields(bytes: Uint8Array): Record<number, number | string> {
  const found: Record<number, number | string> = {}
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const octet = bytes[at++]!
      value += (octet & 127) * factor
      if (octet < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) found[tag >> 3] = varint()
    else if ((tag & 7) === 5) {
      found[tag >> 3] = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
      at += 4
    } else {
      const length = varint()
      found[tag >> 3] = Buffer.from(bytes.subarray(at, at + length)).toString('hex')
      at += length
    }
  }
  assert.equal(at, bytes.length)
  return found
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

function encode(type: typeof AUTH_QUERY | typeof AUTH_RESPONSE, draft: RecordDraft, zone?: Uint8Array) {
  const out = new LogBytes()
  writeDnstapFrame(out, type, queryRecord(draft), Buffer.from('n1'), Buffer.from('nearcast 1'), zone)
  const frame = out.take()
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  const outer = fields(frame.subarray(4))
  return { outer, message: fields(Buffer.from(outer[14] as string, 'hex')) }
}

describe('dnstap messages', () => {
  const query = Uint8Array.of(1, 2, 3)
  const response = Uint8Array.of(4, 5, 6, 7)

  test('AUTH_QUERY', () => {
    const { outer, message } = encode(AUTH_QUERY, { query, response }, wireName('a.test'))
    assert.deepEqual([outer[1], outer[2], outer[15]], [hex('n1'), hex('nearcast 1'), 1])
    assert.deepEqual(message, {
      ...{ 1: 1, 2: 1, 3: 1, 4: 'cb007100', 5: 'c0000235', 6: 4321, 7: 5300, 8: 1_700_000_000, 9: 123_500_000 },
      ...{ 10: '010203', 11: Buffer.from(wireName('a.test')).toString('hex') },
    })
  })

  test('AUTH_RESPONSE has both times and the response alone', () => {
    const { message } = encode(AUTH_RESPONSE, { query, response, responseTime: 1_700_000_001_000 })
    assert.deepEqual(
      [message[1], message[10], message[14], message[8], message[12], message[13]],
      [2, undefined, '04050607', 1_700_000_000, 1_700_000_001, 0],
    )
  })

  for (const [transport, protocol] of [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
  ] as const)
    test(`transport ${transport} is protocol ${protocol}`, () =>
      assert.equal(encode(AUTH_QUERY, { query, transport }).message[3], protocol))

  test('IPv6; an unknown port is left out; the time after 2038; large messages', () => {
    const large = new Uint8Array(65_535).fill(9)
    const { message } = encode(AUTH_QUERY, {
      query: large,
      source: '2001:db8::',
      local: '::1',
      sourcePort: 0,
      queryTime: 5_000_000_000_000.999,
    })
    assert.deepEqual([message[2], message[4], message[6]], [2, '20010db8000000000000000000000000', undefined])
    assert.deepEqual([message[8], (message[9]! as number) < 1_000_000, (message[10] as string).length], [5_000_000_000, true, 2 * 65_535])
  })
})

describe('frame streams', () => {
  test('START is what libfstrm writes', () => {
    const content = Buffer.from('protobuf:dnstap.Dnstap').toString('hex')
    assert.equal(Buffer.from(encodeControlFrame(FRAME_START)).toString('hex'), `0000000000000022000000020000000100000016${content}`)
    assert.equal(Buffer.from(encodeControlFrame(FRAME_STOP)).toString('hex'), '000000000000000400000003')
  })

  test('control frames come back, in pieces too', () => {
    for (const type of [FRAME_ACCEPT, FRAME_START, FRAME_STOP, FRAME_READY, FRAME_FINISH]) {
      const frame = encodeControlFrame(type)
      for (let length = 0; length < frame.length; length++) assert.equal(decodeControlFrame(frame.subarray(0, length)), undefined)
      const contentTypes = type === FRAME_STOP || type === FRAME_FINISH ? [] : ['protobuf:dnstap.Dnstap']
      assert.deepEqual(decodeControlFrame(Buffer.concat([frame, frame])), { type, contentTypes, size: frame.length })
    }
  })

  for (const [what, bytes] of [
    ['a data frame', '00000005000000040000000100'],
    ['a frame that is too long', '000000000001000000000001'],
    ['a frame without a type', '000000000000000200000001'],
    ['a field that is cut off', '00000000000000080000000100000001'],
    ['a field longer than its frame', '000000000000000c0000000100000001000000ff'],
  ] as const)
    test(`refuses ${what}`, () => assert.throws(() => decodeControlFrame(Buffer.from(bytes, 'hex'))))
})
