/** Names, rdata and whole queries: decode ∘ encode is the identity, and dns-packet reads and writes the same octets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import fc from 'fast-check'
import { canonicalName, formatName, NameError, nameLengthAt, parseName, readMessageName } from '../../resolver/wire/name.ts'
import { formatRdata, isWellFormed, parseRdata, RdataError, splitRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { makeQuery, readQuery } from '../../resolver/wire/read-query.ts'
import { findType, typeWord } from '../../resolver/wire/registry.ts'
import { beginResponse, makeResponseWriter, writeName, writeRecord } from '../../resolver/wire/response-writer.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'

const RUNS = { seed: PROPERTY_SEED, numRuns: 1000 }
const octet = fc.nat(255)
/** Names in wire form of any octets, at most 255 of them. */
const wireName = fc
  .array(
    fc.oneof(fc.array(octet, { minLength: 1, maxLength: 63 }), fc.array(fc.constantFrom(97, 65, 46, 92), { minLength: 1, maxLength: 3 })),
    {
      maxLength: 12,
    },
  )
  .map((labels) => {
    const kept: number[] = []
    for (const label of labels) if (kept.length + label.length + 2 <= 255) kept.push(label.length, ...label)
    return Uint8Array.from([...kept, 0])
  })
/** Names that share labels, so that compression has something to do. */
const relatedName = fc
  .array(fc.constantFrom('a', 'B', 'b', 'example', 'EXAMPLE', 'test', 'www', 'xn--fiqs8s'), { maxLength: 5 })
  .map((labels) => parseName(labels.length === 0 ? '.' : `${labels.join('.')}.`))

test('names: presentation form and back', () => {
  fc.assert(
    fc.property(wireName, (name) => {
      assert.deepEqual(parseName(formatName(name)), name)
      assert.equal(nameLengthAt(name, 0, name.length), name.length)
      assert.deepEqual(canonicalName(canonicalName(name)), canonicalName(name))
      assert.deepEqual(readMessageName(name, 0, name.length), { name, next: name.length })
    }),
    RUNS,
  )
})

test('names: any text is a name or refused with a reason', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '.', '\\', '0', '9', '@', '"', 'é', '中'), maxLength: 300 }), (text) => {
      try {
        const name = parseName(text, parseName('o.'))
        assert.equal(nameLengthAt(name, 0, name.length), name.length)
      } catch (error) {
        assert.ok(error instanceof NameError && error.message !== '', String(error))
      }
    }),
    RUNS,
  )
})

test('names: reading any octets ends, and what is read is a name', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(0, 1, 0xc0, 2, 63, 64), octet), { maxLength: 80 }), fc.nat(80), (octets, at) => {
      const message = Uint8Array.from(octets)
      const read = readMessageName(message, at, message.length)
      if (read === undefined) return
      assert.ok(read.next > at && read.next <= message.length)
      assert.equal(nameLengthAt(read.name, 0, read.name.length), read.name.length)
    }),
    RUNS,
  )
})

test('names: whatever was written with compression reads back', () => {
  fc.assert(
    fc.property(relatedName, fc.array(fc.oneof(relatedName, wireName), { minLength: 1, maxLength: 30 }), (question, names) => {
      const mem = new Uint8Array(0x4000)
      mem.set(question, 5 + 12)
      const writer = makeResponseWriter()
      beginResponse(writer, mem, 5, 12 + question.length + 4, 0x3000)
      const places: number[] = []
      for (const name of names) {
        places.push(writer.position)
        assert.ok(writeName(writer, name, 0, true))
      }
      const message = mem.subarray(5, 5 + writer.position)
      for (const [i, name] of names.entries()) {
        const read = readMessageName(message, places[i]!, message.length)!
        assert.deepEqual(canonicalName(read.name), canonicalName(name))
        assert.equal(read.next, places[i + 1] ?? writer.position)
      }
    }),
    RUNS,
  )
})

const seconds = fc.nat(0x7fffffff)
const u16 = fc.nat(0xffff)
const host = fc.domain().map((name) => `${name}.`)
const text = fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength: 80 }).map((codes) => String.fromCharCode(...codes))
const quote = (value: string): string => `"${value.replace(/["\\]/g, (c) => `\\${c}`)}"`
const bare = (name: string): string => name.slice(0, -1)
/** Type, presentation form, and the data as dns-packet takes them. */
const record: fc.Arbitrary<readonly [type: string, text: string, data: unknown]> = fc.oneof(
  fc.ipV4().map((address) => ['A', address, address] as const),
  // Written out: dns-packet misreads a "::" that stands for one group.
  fc
    .array(u16, { minLength: 8, maxLength: 8 })
    .map((groups) => groups.map((group) => group.toString(16)).join(':'))
    .map((address) => ['AAAA', address, address] as const),
  host.map((name) => ['NS', name, bare(name)] as const),
  host.map((name) => ['CNAME', name, bare(name)] as const),
  host.map((name) => ['PTR', name, bare(name)] as const),
  fc.tuple(u16, host).map(([preference, name]) => ['MX', `${preference} ${name}`, { preference, exchange: bare(name) }] as const),
  fc
    .tuple(u16, u16, u16, host)
    .map(
      ([priority, weight, port, name]) =>
        ['SRV', `${priority} ${weight} ${port} ${name}`, { priority, weight, port, target: bare(name) }] as const,
    ),
  fc.array(text, { minLength: 1, maxLength: 4 }).map((texts) => ['TXT', texts.map(quote).join(' '), texts] as const),
  fc
    .tuple(fc.constantFrom(0, 128), fc.constantFrom('issue', 'issuewild', 'iodef'), text)
    .map(([flags, tag, value]) => ['CAA', `${flags} ${tag} ${quote(value)}`, { flags, tag, value }] as const),
  fc
    .tuple(host, host, fc.nat(0xffffffff), seconds, seconds, seconds, seconds)
    .map(
      ([mname, rname, serial, refresh, retry, expire, minimum]) =>
        [
          'SOA',
          [mname, rname, serial, refresh, retry, expire, minimum].join(' '),
          { mname: bare(mname), rname: bare(rname), serial, refresh, retry, expire, minimum },
        ] as const,
    ),
)
const ROOT = parseName('.')

test('rdata: our octets are those of dns-packet, and presentation form goes there and back', () => {
  fc.assert(
    fc.property(record, ([type, presentation, data]) => {
      const number = findType(type)!
      const rdata = parseRdata(number, splitRdata(presentation), ROOT)
      assert.deepEqual(parseRdata(number, splitRdata(formatRdata(number, rdata)), ROOT), rdata)
      assert.deepEqual(parseRdata(number, splitRdata(`\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`), ROOT), rdata)
      // A record alone in a message has nothing to be compressed with, but for its own names (SOA).
      const encoded = dnsPacket.encode({ type: 'response', answers: [{ name: '.', type, ttl: 7, data } as never] })
      if (type !== 'SOA') assert.deepEqual(Uint8Array.from(encoded.subarray(12 + 1 + 10)), rdata)
      const writer = makeResponseWriter()
      const mem = new Uint8Array(2048)
      beginResponse(writer, mem, 0, 12, 2048)
      mem[7] = 1
      mem[2] = 0x80
      writeName(writer, ROOT, 0, true)
      assert.ok(writeRecord(writer, number, 7, rdata, 0, rdata.length))
      assert.deepEqual(dnsPacket.decode(Buffer.from(mem.subarray(0, writer.position))).answers, dnsPacket.decode(encoded).answers)
    }),
    RUNS,
  )
})

test('rdata: any octets are formatted and read back', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 5, 6, 12, 15, 16, 28, 33, 257, 731), fc.uint8Array({ maxLength: 64 }), (type, rdata) => {
      const presentation = formatRdata(type, rdata)
      if (isWellFormed(type, rdata) || !['A', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'SRV', 'CAA'].includes(typeWord(type))) {
        // A CAA tag of other octets than letters and digits can be served, not written.
        if (type === 257 && !/^[0-9]+ [0-9a-zA-Z]+ "/.test(presentation)) return
        assert.deepEqual(parseRdata(type, splitRdata(presentation), ROOT), Uint8Array.from(rdata))
      } else {
        assert.throws(() => parseRdata(type, splitRdata(presentation), ROOT), RdataError)
      }
    }),
    RUNS,
  )
})

test('queries: what dns-packet writes is read as it was meant', () => {
  const subnet = fc.oneof(
    fc.record({ family: fc.constant(1 as const), bits: fc.nat(32), octets: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
    fc.record({ family: fc.constant(2 as const), bits: fc.nat(128), octets: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
  )
  fc.assert(
    fc.property(
      fc.domain(),
      fc.constantFrom('A', 'AAAA', 'TXT', 'CAA', 'SRV', 'ANY'),
      // dns-packet takes 0 for its own default.
      fc.option(
        fc.record({ size: fc.integer({ min: 1, max: 0xffff }), dnssecOk: fc.boolean(), subnet: fc.option(subnet, { nil: undefined }) }),
        { nil: undefined },
      ),
      (name, type, edns) => {
        const masked = edns?.subnet && maskOctets(edns.subnet.octets, edns.subnet.bits)
        const options =
          edns?.subnet === undefined
            ? []
            : [
                {
                  code: 8,
                  data: Buffer.of(0, edns.subnet.family, edns.subnet.bits, 0, ...masked!.subarray(0, (edns.subnet.bits + 7) >> 3)),
                },
              ]
        const packet = dnsPacket.encode({
          type: 'query',
          id: 7,
          questions: [{ type: type as 'A', name }],
          additionals:
            edns === undefined
              ? []
              : [{ type: 'OPT', name: '.', udpPayloadSize: edns.size, flags: edns.dnssecOk ? 0x8000 : 0, options } as never],
        })
        const query = makeQuery()
        assert.equal(readQuery(packet, 0, packet.length, query), 0)
        assert.equal(formatName(query.name.subarray(0, query.nameLength)), `${name.toLowerCase()}.`)
        assert.equal(query.type, findType(type))
        assert.equal(query.hasOpt, edns !== undefined)
        assert.equal(query.dnssecOk, edns?.dnssecOk ?? false)
        assert.equal(query.udpSize, Math.max(512, edns?.size ?? 512))
        assert.equal(query.hasClientSubnet, edns?.subnet !== undefined)
        if (edns?.subnet === undefined) return
        const { family, sourcePrefixLength, w0, w1, w2, w3 } = query.clientSubnet
        assert.deepEqual([family, sourcePrefixLength], [edns.subnet.family, edns.subnet.bits])
        const words = Buffer.alloc(16)
        for (const [i, word] of [w0, w1, w2, w3].entries()) words.writeUInt32BE(word, 4 * i)
        assert.deepEqual(Uint8Array.from(words.subarray(0, masked!.length)), masked)
      },
    ),
    RUNS,
  )
})

function maskOctets(octets: Uint8Array, bits: number): Uint8Array {
  return octets.map((value, i) => (8 * i >= bits ? 0 : 8 * i + 8 <= bits ? value : value & (0xff << (8 * i + 8 - bits))))
}
