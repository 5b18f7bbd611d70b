/** Every verdict on a query, by the smallest message that earns it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatName } from '../../../../resolver/wire/name.ts'
import { makeQuery, readQuery } from '../../../../resolver/wire/read-query.ts'

const DROP = -1
const OK = 0
const FORMERR = 1
const NOTIMP = 4
const REQUEST = -2
const BADVERS = 16

type Counts = { readonly qd?: number; readonly an?: number; readonly ns?: number; readonly ar?: number }
const header = (flags: number, { qd = 1, an = 0, ns = 0, ar = 0 }: Counts = {}): number[] =>
  [0x1234, flags, qd, an, ns, ar].flatMap((word) => [word >> 8, word & 255])
const QUESTION = [3, 0x57, 0x77, 0x57, 4, 0x74, 0x65, 0x73, 0x54, 0, 0, 1, 0, 1]
const opt = (options: readonly number[] = [], { size = 1232, version = 0, flags = 0 } = {}): number[] => [
  ...[0, 0, 41, size >> 8, size & 255, 0, version, flags >> 8, flags & 255],
  ...[options.length >> 8, options.length & 255, ...options],
]
const option = (code: number, ...data: readonly number[]): number[] => [code >> 8, code & 255, data.length >> 8, data.length & 255, ...data]
const RECORD = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]
const SUBNET = option(8, 0, 1, 24, 0, 202, 96, 104)
const query = (...additionals: readonly (readonly number[])[]): number[] => [
  ...header(0x0100, { ar: additionals.length }),
  ...QUESTION,
  ...additionals.flat(),
]

type Seen = { readonly opt?: boolean; readonly size?: number; readonly subnet?: boolean; readonly dnssec?: boolean; readonly end?: number }
const ROWS: readonly [title: string, message: readonly number[], verdict: number, seen?: Seen][] = [
  ['a plain question', query(), OK, { end: 26, size: 512 }],
  ['nothing', [], DROP],
  ['11 octets', header(0).slice(0, 11), DROP],
  ['a response', [...header(0x8180), ...QUESTION], DROP],
  ['a response of another opcode', header(0xa000), DROP],
  ['opcode NOTIFY', [...header(0x2400), ...QUESTION], REQUEST, { end: 0 }],
  ['opcode UPDATE, header alone', header(0x2800), REQUEST, { end: 0 }],
  ['opcode STATUS', header(0x1000), NOTIMP, { end: 0 }],
  ['no question', header(0, { qd: 0 }), FORMERR, { end: 0 }],
  ['two questions (RFC 9619)', [...header(0, { qd: 2 }), ...QUESTION, ...QUESTION], FORMERR, { end: 0 }],
  ['257 questions', header(0, { qd: 257 }), FORMERR],
  ['no room for the question', header(0), FORMERR],
  ['a name without end', [...header(0), 3, 0x61, 0x61, 0x61], FORMERR],
  ['a label that runs out', [...header(0), 9, 0x61, 0], FORMERR],
  ['a compressed question', [...header(0), 0xc0, 12, 0, 1, 0, 1], FORMERR],
  ['a name of 256 octets', [...header(0), ...Array.from({ length: 127 }, () => [1, 97]).flat(), 1, 97, 0, 0, 1, 0, 1], FORMERR],
  ['a name of 255 octets', [...header(0), ...Array.from({ length: 127 }, () => [1, 97]).flat(), 0, 0, 1, 0, 1], OK, { end: 12 + 255 + 4 }],
  ['the root', [...header(0), 0, 0, 2, 0, 1], OK, { end: 17 }],
  ['a question without class', [...header(0), 0, 0, 2, 0], FORMERR],
  ['octets behind the end', [...query(), 0], FORMERR, { end: 26 }],
  ['a count without record', [...header(0, { ar: 1 }), ...QUESTION], FORMERR],
  ['counts that lie', [...header(0, { an: 0xffff, ns: 0xffff, ar: 0xffff }), ...QUESTION, ...RECORD], FORMERR],
  ['records in every section', [...header(0, { an: 1, ns: 1, ar: 1 }), ...QUESTION, ...RECORD, ...RECORD, ...RECORD], OK],
  ['a record owned by the root', query([0, ...RECORD.slice(2)]), OK],
  ['a record with a plain owner', query([1, 0x61, 0, ...RECORD.slice(2)]), OK],
  ['a record with half a pointer', query([0xc0]), FORMERR],
  ['a record with a reserved label type', query([0x40, ...RECORD.slice(2)]), FORMERR],
  ['a record whose owner runs out', query([5, 0x61]), FORMERR],
  ['a record cut in its fixed part', query(RECORD.slice(0, 10)), FORMERR],
  ['a record cut in its data', query(RECORD.slice(0, 15)), FORMERR],
  ['EDNS', query(opt()), OK, { opt: true, size: 1232 }],
  ['EDNS with DO', query(opt([], { flags: 0x8000 })), OK, { opt: true, dnssec: true }],
  ['EDNS with a flag that is none', query(opt([], { flags: 0x4000 })), OK, { opt: true, dnssec: false }],
  ['a UDP size under 512', query(opt([], { size: 100 })), OK, { opt: true, size: 512 }],
  ['EDNS version 1', query(opt([], { version: 1 })), BADVERS, { opt: true, subnet: false }],
  ['EDNS version 1 with a client subnet', query(opt(SUBNET, { version: 1 })), BADVERS, { opt: true, subnet: false }],
  ['two OPT', query(opt(), opt()), FORMERR, { opt: true }],
  ['an OPT that is not owned by the root', query([1, 0x61, ...opt()]), FORMERR, { opt: false }],
  ['an OPT among the answers', [...header(0, { an: 1 }), ...QUESTION, ...opt()], FORMERR, { opt: false }],
  ['an OPT between other records', query(RECORD, opt(), RECORD), OK, { opt: true }],
  ['an unknown option', query(opt(option(65_001, 1, 2, 3))), OK, { opt: true }],
  ['an empty option', query(opt(option(3))), OK, { opt: true }],
  ['half an option header', query(opt([0, 8, 0])), FORMERR, { opt: true }],
  ['an option that runs out', query(opt([0, 8, 0, 9, 0])), FORMERR, { opt: true }],
  ['a client subnet', query(opt(SUBNET)), OK, { opt: true, subnet: true }],
  ['a client subnet behind a cookie', query(opt([...option(10, 1, 2, 3, 4, 5, 6, 7, 8), ...SUBNET])), OK, { opt: true, subnet: true }],
  ['two client subnets', query(opt([...SUBNET, ...SUBNET])), FORMERR, { opt: true, subnet: false }],
  ['a malformed client subnet', query(opt(option(8, 0, 1, 24, 0, 202, 96))), FORMERR, { opt: true, subnet: false }],
  ['a good client subnet and octets behind the end', [...query(opt(SUBNET)), 0], FORMERR, { opt: true, subnet: false }],
]

describe('readQuery', () => {
  for (const [title, message, verdict, seen = {}] of ROWS) {
    test(title, () => {
      // Whatever stood in the memory before must not matter: it looks like more of the message.
      for (const filler of [0x00, 0x01, 0xc0, 0xff]) {
        const mem = new Uint8Array(64 + message.length + 64).fill(filler)
        mem.set(message, 64)
        const out = makeQuery()
        // What the query before left behind must not matter either.
        Object.assign(out, { questionEnd: 99, hasOpt: true, dnssecOk: true, udpSize: 9999, hasClientSubnet: true })
        assert.equal(readQuery(mem, 64, message.length, out), verdict)
        if (seen.end !== undefined) assert.equal(out.questionEnd, seen.end)
        assert.equal(out.hasOpt, seen.opt ?? false)
        assert.equal(out.hasClientSubnet, seen.subnet ?? false)
        if (seen.size !== undefined) assert.equal(out.udpSize, seen.size)
        if (seen.dnssec !== undefined) assert.equal(out.dnssecOk, seen.dnssec)
      }
    })
  }

  test('the name is given in lower case, type and class as they are; the message is left alone', () => {
    const mem = Uint8Array.from(query(opt(SUBNET)))
    const before = Uint8Array.from(mem)
    const out = makeQuery()
    readQuery(mem, 0, mem.length, out)
    assert.equal(formatName(out.name.subarray(0, out.nameLength)), 'www.test.')
    assert.deepEqual([out.type, out.class], [1, 1])
    assert.deepEqual([out.clientSubnet.family, out.clientSubnet.sourcePrefixLength, out.clientSubnet.w0], [1, 24, 0xca606800])
    assert.deepEqual(mem, before)
  })
})
