import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findAddress, formatIpv4, formatIpv6 } from '../../../../geodata/address/address.ts'
import { cutAddress, cutMessage, DEFAULT_CLIENT_BITS } from '../../../../resolver/observe/query-log-privacy.ts'

/** [address, IPv4 bits, IPv6 bits, what is left, its length] */
const ADDRESSES = [
  ['203.0.113.77', 24, 56, '203.0.113.0', 24],
  ['203.0.113.77', 32, 128, '203.0.113.77', 32],
  ['203.0.113.77', 0, 0, '0.0.0.0', 0],
  ['203.0.113.77', 27, 56, '203.0.113.64', 27],
  ['2001:db8:1:2ff:3::4', 24, 56, '2001:db8:1:200::', 56],
  ['2001:db8:1:2ff:3::4', 24, 64, '2001:db8:1:2ff::', 64],
  ['2001:db8:1:2ff:3::4', 24, 128, '2001:db8:1:2ff:3::4', 128],
  ['2001:db8:1:2ff:3::4', 24, 0, '::', 0],
] as const

const HEADER = (additionals: number, questions = 1): string => `12340100000${questions}00000000000${additionals}`
const QUESTION = '03777777076578616d706c6500' + '00010001'
const option = (code: string, data: string): string => `${code}${(data.length / 2).toString(16).padStart(4, '0')}${data}`
const opt = (options: string): string => `00002904d000000000${(options.length / 2).toString(16).padStart(4, '0')}${options}`
const COOKIE = option('000a', '0102030405060708')
const TSIG = '036b657900' + '00fa00ff00000000' + '0004' + 'deadbeef'

/** [what, message before, message after]; hex. */
const MESSAGES: readonly (readonly [string, string, string])[] = [
  ['no OPT', HEADER(0) + QUESTION, HEADER(0) + QUESTION],
  ['other options stay', HEADER(1) + QUESTION + opt(COOKIE), HEADER(1) + QUESTION + opt(COOKIE)],
  ['/32', HEADER(1) + QUESTION + opt(option('0008', '00012000cb00714d')), HEADER(1) + QUESTION + opt(option('0008', '00011800cb0071'))],
  ['/24 stays', HEADER(1) + QUESTION + opt(option('0008', '00011800cb0071')), HEADER(1) + QUESTION + opt(option('0008', '00011800cb0071'))],
  ['/0 stays', HEADER(1) + QUESTION + opt(option('0008', '00010000')), HEADER(1) + QUESTION + opt(option('0008', '00010000'))],
  [
    'IPv6 /128, the scope of a reply is kept',
    HEADER(1) + QUESTION + opt(option('0008', '0002803020010db8000102ff0003000000000004')),
    HEADER(1) + QUESTION + opt(option('0008', '0002383020010db8000102')),
  ],
  [
    'between other options, a TSIG behind',
    HEADER(2) + QUESTION + opt(COOKIE + option('0008', '00012000cb00714d') + COOKIE) + TSIG,
    HEADER(2) + QUESTION + opt(COOKIE + option('0008', '00011800cb0071') + COOKIE) + TSIG,
  ],
  [
    'twice',
    HEADER(1) + QUESTION + opt(option('0008', '00012000cb00714d') + option('0008', '00012000cb00714e')),
    HEADER(1) + QUESTION + opt(option('0008', '00011800cb0071') + option('0008', '00011800cb0071')),
  ],
  [
    'in two OPTs',
    HEADER(2) + QUESTION + opt(option('0008', '00012000cb00714d')) + opt(option('0008', '00012000cb00714e')),
    HEADER(2) + QUESTION + opt(option('0008', '00011800cb0071')) + opt(option('0008', '00011800cb0071')),
  ],
  [
    'longer than its prefix',
    HEADER(1) + QUESTION + opt(option('0008', '00011000cb00714d')),
    HEADER(1) + QUESTION + opt(option('0008', '00011000cb00')),
  ],
  [
    'bits beyond the prefix',
    HEADER(1) + QUESTION + opt(option('0008', '00011400cb007f')),
    HEADER(1) + QUESTION + opt(option('0008', '00011400cb0070')),
  ],
  [
    'an unknown family',
    HEADER(1) + QUESTION + opt(option('0008', '00092000cb00714d')),
    HEADER(1) + QUESTION + opt(option('0008', '00091800cb0071')),
  ],
  [
    'a prefix beyond the family',
    HEADER(1) + QUESTION + opt(option('0008', '0001ff00cb00714d')),
    HEADER(1) + QUESTION + opt(option('0008', '00011800cb0071')),
  ],
  ['too short for an option', HEADER(1) + QUESTION + opt(option('0008', '0001')), HEADER(1) + QUESTION + opt(option('0008', '0001'))],
  [
    'shorter than its prefix',
    HEADER(1) + QUESTION + opt(option('0008', '00012000cb')),
    HEADER(1) + QUESTION + opt(option('0008', '00011800cb')),
  ],
  ['an option longer than the record: the record goes', HEADER(1) + QUESTION + opt('0008ffff00012000cb00714d'), HEADER(1) + QUESTION],
  ['a record longer than the message', `${HEADER(1) + QUESTION}00002904d000000000ffff0008000800012000cb00714d`, HEADER(1) + QUESTION],
  ['trailing octets go', `${HEADER(0) + QUESTION}cb00714d`, HEADER(0) + QUESTION],
  ['a question that does not end', `${HEADER(0)}03777777`, HEADER(0)],
  ['counts that lie', HEADER(9) + QUESTION, HEADER(9) + QUESTION],
  ['less than a header', '12345678', '12345678'],
]

describe('addresses in the query log', () => {
  for (const [text, ipv4, ipv6, left, length] of ADDRESSES)
    test(`${text} with ${ipv4},${ipv6} is ${left}/${length}`, () => {
      const words = Uint32Array.from(findAddress(text)!.words)
      assert.equal(cutAddress(words, { ipv4, ipv6 }), length)
      const isIpv4 = text.includes('.') && !text.includes(':')
      if (ipv4 === 0 && isIpv4) assert.deepEqual([...words], [0, 0, 0xffff, 0])
      assert.equal(isIpv4 ? formatIpv4(words[3]!) : formatIpv6([words[0]!, words[1]!, words[2]!, words[3]!]), left)
    })
})

describe('client subnets inside messages', () => {
  for (const [what, before, after] of MESSAGES)
    test(what, () => {
      // Among other messages, as in the ring: nothing around it may change.
      const bytes = new Uint8Array(new SharedArrayBuffer(400)).fill(0x55)
      const message = Buffer.from(before, 'hex')
      bytes.set(message, 8)
      const length = cutMessage(bytes, 8, message.length, DEFAULT_CLIENT_BITS)
      assert.equal(Buffer.from(bytes.slice(8, 8 + length)).toString('hex'), after)
      assert.ok(
        bytes.subarray(0, 8).every((octet) => octet === 0x55) && bytes.subarray(8 + message.length).every((octet) => octet === 0x55),
      )
      bytes.set(message, 8)
      assert.equal(cutMessage(bytes, 8, message.length, { ipv4: 32, ipv6: 128 }), message.length)
    })

  test('whatever octets come: it ends, stays inside, and what is cut once stays as it is', () => {
    let state = 7
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    const rows = MESSAGES.map(([, before]) => Buffer.from(before, 'hex'))
    for (let n = 0; n < 20_000; n++) {
      const message = Uint8Array.from(rows[random(rows.length)]!)
      for (let changes = random(4); changes > 0; changes--) message[random(message.length)] = random(256)
      const bytes = new Uint8Array(message.length + 8).fill(0x55)
      bytes.set(message)
      const length = cutMessage(bytes, 0, message.length, DEFAULT_CLIENT_BITS)
      assert.ok(length >= 0 && length <= message.length)
      assert.ok(bytes.subarray(message.length).every((octet) => octet === 0x55))
      const once = bytes.slice(0, length)
      assert.equal(cutMessage(bytes, 0, length, DEFAULT_CLIENT_BITS), length)
      assert.deepEqual(bytes.slice(0, length), once)
    }
  })
})
