/** Each RR type: presentation form ↔ wire form, what is refused and why; the generic form for all. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseName } from '../../../../../resolver/wire/name.ts'
import { formatRdata, isWellFormed, parseRdata, RdataError, splitRdata } from '../../../../../resolver/wire/rdata/rdata-text.ts'
import { findType } from '../../../../../resolver/wire/registry.ts'

const ORIGIN = parseName('example.test.')
const parse = (type: string, text: string): Uint8Array => parseRdata(findType(type)!, splitRdata(text), ORIGIN)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const NAME = '0177076578616d706c65047465737400'
const LONG = 'x'.repeat(255)

const GOOD: readonly [type: string, text: string, wire: string, formatted?: string][] = [
  ['A', '192.0.2.1', 'c0000201'],
  ['AAAA', '2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
  ['AAAA', '::', '00'.repeat(16)],
  ['NS', 'w', NAME, 'w.example.test.'],
  ['CNAME', '@', '076578616d706c65047465737400', 'example.test.'],
  ['PTR', 'Host.Test.', '04486f7374045465737400'],
  ['PTR', '.', '00'],
  ['MX', '10 w', `000a${NAME}`, '10 w.example.test.'],
  ['MX', '0 .', '000000'],
  ['SRV', '1 65535 443 w', `0001ffff01bb${NAME}`, '1 65535 443 w.example.test.'],
  [
    'SOA',
    'a. b. 4294967295 1h 10m 1w 60',
    '016100016200ffffffff00000e1000000258' + '00093a800000003c',
    'a. b. 4294967295 3600 600 604800 60',
  ],
  ['TXT', 'plain "two words" ""', '05706c61696e0974776f20776f72647300', '"plain" "two words" ""'],
  ['TXT', '"a\\"b\\\\c\\010\\233"', '0761' + '22' + '62' + '5c' + '63' + '0a' + 'e9', '"a\\"b\\\\c\\010\\233"'],
  // RFC 9460 §2.1: behind the number of a key are octets.
  [
    'SVCB',
    '1 . KEY4="\\192\\000\\002\\001" key1="\\002h2" key3=80',
    '0001000001000302683200030002383000040004c0000201',
    '1 . alpn=h2 port=14384 ipv4hint=192.0.2.1',
  ],
  ['TXT', '"é中😀"', `09${hex(Buffer.from('é中😀'))}`, '"\\195\\169\\228\\184\\173\\240\\159\\152\\128"'],
  ['TXT', `"${LONG}"`, `ff${'78'.repeat(255)}`],
  ['CAA', '0 issue "ca.test; account=1"', `0005${hex(Buffer.from('issueca.test; account=1'))}`],
  ['CAA', '128 iodef ""', `8005${hex(Buffer.from('iodef'))}`],
  ['TYPE731', '\\# 3 abcdef', 'abcdef'],
  ['TYPE731', '\\# 3 ab cd EF', 'abcdef', '\\# 3 abcdef'],
  ['TYPE731', '\\# 0', ''],
  ['LOC', '42 21 54. N 71 06 18. W -24.m 30.m', '0033161389172dd070be15f000988d20', '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m'],
  ['HTTPS', '\\# 3 000100', '000100', '1 .'],
  ['A', '\\# 4 c0000201', 'c0000201', '192.0.2.1'],
]

describe('rdata that is good', () => {
  for (const [type, text, wire, formatted] of GOOD) {
    test(`${type} ${text.slice(0, 40)}`, () => {
      const rdata = parse(type, text)
      assert.equal(hex(rdata), wire)
      assert.equal(isWellFormed(findType(type)!, rdata), true)
      assert.equal(formatRdata(findType(type)!, rdata), formatted ?? text)
      assert.deepEqual(parse(type, formatRdata(findType(type)!, rdata)), rdata)
    })
  }
})

const BAD: readonly [type: string, text: string, reason: RegExp][] = [
  ['A', '', /needs 1 fields, 0 are given/],
  ['A', '192.0.2', /not an IPv4 address/],
  ['A', '192.0.2.256', /not an IPv4 address/],
  ['A', '192.0.2.1 192.0.2.2', /more than its 1 fields: "192.0.2.2"/],
  ['AAAA', '192.0.2.1', /not an IPv6 address/],
  ['AAAA', '2001:db8::g', /not an IPv6 address/],
  ['NS', 'a..b', /empty label/],
  ['MX', 'ten w', /not a number from 0 to 65535/],
  ['MX', '65536 w', /not a number from 0 to 65535/],
  ['MX', '10', /needs 2 fields, 1 are given/],
  ['SRV', '1 2 -3 w', /not a number/],
  ['CAA', '256 issue "x"', /from 0 to 255/],
  ['CAA', '0 is-sue "x"', /not a CAA tag/],
  ['CAA', '0 issue "\\300"', /over 255/],
  ['SOA', 'a. b. 4294967296 1 1 1 1', /from 0 to 4294967295/],
  ['SOA', 'a. b. 1 1x 1 1 1', /not a time in seconds/],
  ['TXT', '', /at least one text/],
  ['TXT', `"${LONG}x"`, /256 octets, at most 255/],
  ['TXT', `"\\999"`, /over 255/],
  ['TYPE731', 'abc', /no presentation form here; write it as \\# LENGTH HEX/],
  ['NULL', 'abc', /no presentation form/],
  ['TYPE731', '\\#', /length behind/],
  ['TYPE731', '\\# -1 ab', /length behind/],
  ['TYPE731', '\\# 65536 ab', /length behind/],
  ['TYPE731', '\\# 2 abc', /not pairs/],
  ['TYPE731', '\\# 1 zz', /not pairs/],
  ['TYPE731', '\\# 2 ab', /says 2 octets, 1 are given/],
  ['A', '\\# 3 c00002', /are no A rdata/],
  ['NS', '\\# 2 c00c', /are no NS rdata/],
]

describe('rdata that is refused', () => {
  for (const [type, text, reason] of BAD) {
    test(`${type} ${text.slice(0, 40)}`, () => {
      assert.throws(
        () => parse(type, text),
        (error: Error) => error instanceof RdataError && reason.test(error.message),
      )
    })
  }

  test('rdata over 65535 octets, in one word and in many, without a stack that overflows', () => {
    const many = Array.from({ length: 300 }, () => ({ text: LONG, quoted: true }))
    assert.throws(() => parseRdata(16, many, ORIGIN), /76800 octets, at most 65535/)
    const one = [
      { text: '0', quoted: false },
      { text: 'issue', quoted: false },
      { text: 'x'.repeat(2_000_000), quoted: true },
    ]
    assert.throws(() => parseRdata(257, one, ORIGIN), /2000007 octets, at most 65535/)
  })
})

describe('isWellFormed', () => {
  const rows: readonly [title: string, type: string, wire: string][] = [
    ['an address too short', 'A', 'c00002'],
    ['an address too long', 'A', 'c000020100'],
    ['IPv6 with four octets', 'AAAA', 'c0000201'],
    ['a name that runs out', 'NS', '0361'],
    ['a compressed name', 'NS', 'c00c'],
    ['octets behind a name', 'CNAME', '0000'],
    ['MX without name', 'MX', '000a'],
    ['SOA without its last field', 'SOA', `${'0000'}${'00000001'.repeat(4)}`],
    ['TXT without text', 'TXT', ''],
    ['TXT whose text runs out', 'TXT', '0261'],
    ['CAA without tag', 'CAA', '00'],
    ['CAA whose tag runs out', 'CAA', '0005'],
  ]
  for (const [title, type, wire] of rows) {
    test(`${title} is not, and is written generically`, () => {
      const rdata = Uint8Array.from(Buffer.from(wire, 'hex'))
      assert.equal(isWellFormed(findType(type)!, rdata), false)
      assert.equal(formatRdata(findType(type)!, rdata), wire === '' ? '\\# 0' : `\\# ${wire.length / 2} ${wire}`)
    })
  }

  test('types without fields may hold anything', () => assert.equal(isWellFormed(731, Uint8Array.of(1, 2)), true))
})

describe('splitRdata', () => {
  const rows: readonly [text: string, words: readonly (readonly [string, boolean])[]][] = [
    ['', []],
    ['  ', []],
    [
      ' a  b ',
      [
        ['a', false],
        ['b', false],
      ],
    ],
    [
      '"a b"c',
      [
        ['a b', true],
        ['c', false],
      ],
    ],
    ['"a\\"b"', [['a\\"b', true]]],
    ['a\\ b', [['a\\ b', false]]],
    ['"\\\\"', [['\\\\', true]]],
  ]
  for (const [text, words] of rows) {
    test(JSON.stringify(text), () =>
      assert.deepEqual(
        splitRdata(text).map((word) => [word.text, word.quoted]),
        words,
      ),
    )
  }
  for (const text of ['"abc', 'a "', 'a\\'])
    test(`refused: ${text}`, () => assert.throws(() => splitRdata(text), /a quote or an escape is not closed/))
})
