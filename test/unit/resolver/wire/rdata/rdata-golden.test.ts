/**
 * One row a type, from the examples of the RFCs: what a master file says, the octets, and the canonical text. The suite asks for a row
 * of every type of the registry.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { parseName } from '../../../../../resolver/wire/name.ts'
import { RDATA_TYPES } from '../../../../../resolver/wire/rdata/rdata-registry.ts'
import { formatGenericRdata, formatRdata, parseRdata, RdataError, splitRdata } from '../../../../../resolver/wire/rdata/rdata-text.ts'
import { canonicalRdata, readMessageRdata } from '../../../../../resolver/wire/rdata/rdata-wire.ts'
import { findType } from '../../../../../resolver/wire/registry.ts'
import { RDATA_ROWS } from '../../../../support/rdata-rows.ts'

const ORIGIN = parseName('example.com.')
const parse = (type: string, text: string): Uint8Array => parseRdata(findType(type)!, splitRdata(text), ORIGIN)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('each type by the examples of its RFC', () => {
  for (const [rfc, type, words, wire, canonical] of RDATA_ROWS) {
    test(`${type} (${rfc})`, () => {
      const rdata = parse(type, words)
      assert.equal(hex(rdata), wire)
      const number = findType(type)!
      assert.equal(formatRdata(number, rdata), canonical ?? words)
      assert.deepEqual(parse(type, canonical ?? words), rdata)
      assert.deepEqual(parse(`TYPE${number}`, formatGenericRdata(rdata)), rdata)
    })
  }

  test('there is a row for every type of the registry', () => {
    const seen = new Set(RDATA_ROWS.map(([, type]) => type))
    assert.deepEqual(
      RDATA_TYPES.map(({ word }) => word).filter((word) => !seen.has(word)),
      [],
    )
  })

  test('every type has its number in the registry of words', () => {
    for (const { word, number } of RDATA_TYPES) assert.equal(findType(word), number, word)
  })
})

/** Types that dns-packet reads and writes octet by octet. */
const KNOWN_TO_DNS_PACKET = [
  'A',
  'AAAA',
  'NS',
  'CNAME',
  'PTR',
  'MX',
  'SOA',
  'TXT',
  'SRV',
  'CAA',
  'HINFO',
  'RP',
  'DNAME',
  'DS',
  'RRSIG',
  'NSEC',
  'DNSKEY',
  'NSEC3',
  'SSHFP',
  'TLSA',
  'NAPTR',
]

describe('dns-packet reads our octets, and writes them again', () => {
  for (const [rfc, type, , wire] of RDATA_ROWS) {
    if (!KNOWN_TO_DNS_PACKET.includes(type)) continue
    test(`${type} (${rfc})`, () => {
      const number = findType(type)!
      const rdata = Buffer.from(wire, 'hex')
      const fixed = Buffer.from([
        0,
        7,
        0x84,
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        number >> 8,
        number & 255,
        0,
        1,
        0,
        0,
        0,
        60,
        rdata.length >> 8,
        rdata.length & 255,
      ])
      const packet = dnsPacket.decode(Buffer.concat([fixed, rdata]))
      assert.equal(packet.answers?.[0]?.type, type)
      const message = dnsPacket.encode(packet)
      assert.equal(hex(readMessageRdata(message, number, fixed.length, message.length)!), wire)
    })
  }
})

const BAD: readonly [type: string, text: string, reason: RegExp][] = [
  ['SVCB', '1 foo. key123=a key123=b', /key123 is given twice/],
  ['SVCB', '1 foo. mandatory', /is no key/],
  ['SVCB', '1 foo. alpn', /1–255 octets/],
  ['SVCB', '1 foo. port', /not a port/],
  ['SVCB', '1 foo. ipv4hint', /not an IPv4/],
  ['SVCB', '1 foo. ipv6hint', /not an IPv6/],
  ['SVCB', '1 foo. no-default-alpn=abc', /takes no value/],
  ['SVCB', '1 foo. no-default-alpn', /needs alpn/],
  ['SVCB', '1 foo. mandatory=key123', /names key123, which is not given/],
  ['SVCB', '1 foo. mandatory=mandatory', /may not name itself/],
  ['SVCB', '1 foo. mandatory=key123,key123 key123=abc', /names key123 twice/],
  ['SVCB', '1 foo. key65535=a', /no service parameter/],
  ['SVCB', '1 foo. key0001=a', /no service parameter/],
  ['SVCB', '1 foo. key3=80 key3=81', /key3|port is given twice/],
  ['SVCB', '1 foo. key3=443', /port has not 2 octets/],
  ['SVCB', '1 foo. key4=192.0.2.1', /not a list of addresses/],
  ['SVCB', '1 foo. dohpath=/x', /variable dns/],
  ['SVCB', '1 foo. ohttp=1', /takes no value/],
  ['SVCB', '1 foo. "alpn"=h2', /no service parameter/],
  ['SVCB', '\\# 16 0001 00 0003 0002 0035 0001 0003 026832', /no SVCB rdata/],
  ['DS', '1 8 2 abcd', /a digest of type 2 has 32 octets, 2 are given/],
  ['DS', '1 8 2', /ends before its last field/],
  ['DS', '1 NOTHING 2 ab', /neither a number/],
  ['DNSKEY', '256 3 8 A===', /not base64/],
  ['DNSKEY', '256 3 8 AB==', /not base64/],
  ['SSHFP', '1 1 ab', /has 20 octets/],
  ['NSEC', 'a.', /at least one type/],
  ['NSEC', 'a. FOO', /not a record type/],
  ['NSEC3', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22boj', /not a hash/],
  ['NSEC3', '1 0 0 x 2t7b4g4vsa5smi47k61mv5bv1a22bojr', /hexadecimal/],
  ['LOC', '91 N 0 E 0m', /degrees/],
  ['LOC', '42 60 N 71 W 0m', /minutes/],
  ['LOC', '42 N 71 W', /needs/],
  ['LOC', '42 N 71 W 0m 1e9m', /not a length/],
  ['APL', '1:192.0.2.0/33', /not a prefix/],
  ['APL', '3:192.0.2.0/8', /not a prefix/],
  ['RRSIG', 'A 5 3 86400 20030322173199 20030220173103 2642 example.com. AAAA', /not a time/],
  ['RRSIG', 'A 5 3 86400 20030631000000 20030220173103 2642 example.com. AAAA', /not a time/],
  ['EUI48', '00-00-5e-00-53', /6 pairs/],
  ['NID', '1 1:2:3', /four groups/],
  ['IPN', '18446744073709551616', /not a number/],
  ['IPSECKEY', '10 0 0 x', /must be "."/],
  ['IPSECKEY', '10 0 2 .', /needs a key/],
  ['AMTRELAY', '10 2 0 .', /from 0 to 1/],
  ['HIP', '2 zz AAAA', /hexadecimal/],
  ['WKS', '10.0.0.1 TCP nothing', /not a service/],
  ['ZONEMD', '1 1 1 abcd', /has 48 octets/],
  ['URI', '1 1 ""', /empty/],
  ['CERT', 'X 1 1 AAAA', /neither a number/],
  ['NSAP', '47', /0x/],
]

describe('rdata of these types that is refused', () => {
  for (const [type, words, reason] of BAD) {
    test(`${type} ${words}`, () => {
      assert.throws(
        () => parse(type, words),
        (error: Error) => error instanceof RdataError && reason.test(error.message),
      )
    })
  }
})

describe('canonical form (RFC 4034 §6.2, RFC 6840 §5.1)', () => {
  const rows: readonly [type: string, text: string, canonical: string][] = [
    ['NS', 'A.B.', 'a.b.'],
    ['MX', '10 A.B.', '10 a.b.'],
    ['SRV', '1 2 3 A.B.', '1 2 3 a.b.'],
    ['NAPTR', '1 2 "U" "X" "Y" A.', '1 2 "U" "X" "Y" a.'],
    ['RRSIG', 'A 5 3 60 20030322173103 20030220173103 2642 Example. AAAA', 'A 5 3 60 20030322173103 20030220173103 2642 example. AAAA'],
    ['NSEC', 'A. MX', 'A. MX'],
    ['SVCB', '1 A.', '1 A.'],
    ['LP', '1 A.', '1 A.'],
    ['TXT', '"A"', '"A"'],
  ]
  for (const [type, words, canonical] of rows)
    test(`${type} ${words}`, () =>
      assert.equal(formatRdata(findType(type)!, canonicalRdata(findType(type)!, parse(type, words))), canonical))
})
