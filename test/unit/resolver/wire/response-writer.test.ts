/** Compression, limits and counts of the writer; replies as a whole are tested with resolver/answer. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseName, readMessageName } from '../../../../resolver/wire/name.ts'
import { parseRdata, splitRdata } from '../../../../resolver/wire/rdata/rdata-text.ts'
import { findType } from '../../../../resolver/wire/registry.ts'
import {
  ADDITIONALS,
  ANSWERS,
  addCount,
  beginResponse,
  makeResponseWriter,
  type ResponseWriter,
  writeIpv4,
  writeIpv6,
  writeName,
  writePointer,
  writeRecord,
} from '../../../../resolver/wire/response-writer.ts'

const ROOT = parseName('.')
const OFF = 7

/** A writer behind the question "Www.Example.test. A IN". */
function begun(limit: number = 2000, questionName: string = 'Www.Example.test.'): ResponseWriter {
  const name = parseName(questionName)
  const mem = new Uint8Array(0x10000)
  mem.set(name, OFF + 12)
  const writer = makeResponseWriter()
  beginResponse(writer, mem, OFF, 12 + name.length + 4, limit)
  return writer
}
const written = (writer: ResponseWriter, from: number): string =>
  Buffer.from(writer.mem.subarray(OFF + from, OFF + writer.position)).toString('hex')
const rdataOf = (type: string, text: string): Uint8Array => parseRdata(findType(type)!, splitRdata(text), ROOT)

describe('writeName', () => {
  const rows: readonly [title: string, names: readonly string[], hex: string][] = [
    ['the whole question, in any case', ['wWW.example.TEST.'], 'c00c'],
    ['a suffix of the question', ['mail.example.test.'], '046d61696cc010'],
    ['the last label alone', ['x.test.'], '0178c018'],
    ['nothing in common', ['a.b.'], '0161016200'],
    ['the root', ['.'], '00'],
    ['a name written before', ['a.b.', 'c.a.b.', 'b.'], '0161016200' + '0163c022' + 'c024'],
    ['a name written before that ends in a pointer', ['mail.example.test.', 'x.mail.example.test.'], '046d61696cc010' + '0178c022'],
    ['a name that repeats its label: never a pointer into itself', ['B.b.', 'a.a.a.'], '0142016200' + '016101610161' + '00'],
    ['labels that only begin alike', ['www1.example.test.', 'ww.example.test.'], `0477777731c010${'027777c010'}`],
  ]
  for (const [title, names, hex] of rows) {
    test(title, () => {
      const writer = begun()
      const from = writer.position
      for (const name of names) assert.equal(writeName(writer, parseName(name), 0, true), true)
      assert.equal(written(writer, from), hex)
    })
  }

  test('without compression nothing is pointed to, but it may be pointed at', () => {
    const writer = begun()
    const from = writer.position
    writeName(writer, parseName('a.example.test.'), 0, false)
    writeName(writer, parseName('a.example.test.'), 0, true)
    assert.equal(written(writer, from), '0161076578616d706c65047465737400' + 'c022')
  })

  test('a name from the middle of others', () => {
    const writer = begun()
    const from = writer.position
    writeName(writer, Uint8Array.of(9, 9, ...parseName('q.')), 2, true)
    assert.equal(written(writer, from), '017100')
  })

  test('names beyond what a pointer can name are written and never pointed at', () => {
    const writer = begun(0xffff)
    writer.position = 0x3fff
    writeName(writer, parseName('a.b.'), 0, true)
    const from = writer.position
    writeName(writer, parseName('b.'), 0, true)
    writeName(writer, parseName('a.b.'), 0, true)
    // Label "a" lies at 0x3fff and can be named, "b" lies behind it and cannot.
    assert.equal(written(writer, from), '016200' + 'ffff')
  })

  test('when the table of known names is full, names are still right', () => {
    const writer = begun(0xffff)
    const places: [number, Uint8Array][] = []
    for (let i = 0; i < 80; i++) {
      const name = parseName(`n${i}.m${i}.`)
      places.push([writer.position, name])
      assert.equal(writeName(writer, name, 0, true), true)
    }
    for (const [at, name] of places) assert.deepEqual(readMessageName(writer.mem.subarray(OFF), at, writer.position)!.name, name)
  })

  for (const [name, size] of [
    ['a.b.', 5],
    ['x.example.test.', 4],
    ['www.example.test.', 2],
    ['.', 1],
  ] as const) {
    test(`"${name}" fits exactly ${size} octets`, () => {
      const exact = begun()
      exact.limit = exact.position + size
      assert.equal(writeName(exact, parseName(name), 0, true), true)
      assert.equal(exact.position, exact.limit)
      for (let less = 1; less <= size; less++) {
        const tight = begun()
        tight.limit = tight.position + size - less
        assert.equal(writeName(tight, parseName(name), 0, true), false)
        assert.ok(tight.position <= tight.limit)
      }
    })
  }
})

describe('writeRecord', () => {
  const rows: readonly [type: string, text: string, hex: string][] = [
    ['A', '192.0.2.1', 'c0000201'],
    ['NS', 'ns.example.test.', '026e73c010'],
    ['CNAME', 'www.example.test.', 'c00c'],
    ['PTR', 'x.', '017800'],
    ['MX', '10 mail.example.test.', '000a046d61696cc010'],
    ['SOA', 'ns.example.test. h.ns.example.test. 1 2 3 4 5', '026e73c010' + '0168c02e' + '0000000100000002000000030000000400000005'],
    ['SRV', '1 2 3 www.example.test.', '000100020003' + '03777777076578616d706c65047465737400'],
    ['TXT', '"a" "bc"', '0161026263'],
  ]
  for (const [type, text, hex] of rows) {
    test(`${type}: rdata, its length, and names of RFC 1035 compressed only`, () => {
      const writer = begun()
      const from = writer.position
      const rdata = rdataOf(type, text)
      const padded = Uint8Array.of(7, 7, ...rdata)
      assert.equal(writePointer(writer, 12), true)
      assert.equal(writeRecord(writer, findType(type)!, 0x01020304, padded, 2, rdata.length), true)
      const fixed = Buffer.alloc(10)
      fixed.writeUInt16BE(findType(type)!, 0)
      fixed.writeUInt16BE(1, 2)
      fixed.writeUInt32BE(0x01020304, 4)
      fixed.writeUInt16BE(hex.length / 2, 8)
      assert.equal(written(writer, from), `c00c${fixed.toString('hex')}${hex}`)
      assert.equal(writer.rdataAt, from + 12)
    })

    test(`${type}: never behind the limit`, () => {
      const rdata = rdataOf(type, text)
      const size = 10 + hex.length / 2
      for (let room = 0; room <= size; room++) {
        const writer = begun()
        writer.limit = writer.position + room
        assert.equal(writeRecord(writer, findType(type)!, 1, rdata, 0, rdata.length), room === size)
        assert.ok(writer.position <= writer.limit)
      }
    })
  }
})

test('addresses made of numbers are whole or not written', () => {
  const words = Uint32Array.of(9, 0x20010db8, 1, 2, 0xffffffff)
  for (const [size, write, hex] of [
    [14, (w: ResponseWriter) => writeIpv4(w, 30, 0xc0000201), '00010001' + '0000001e' + '0004' + 'c0000201'],
    [26, (w: ResponseWriter) => writeIpv6(w, 30, words, 1), '001c0001' + '0000001e' + '0010' + '20010db80000000100000002ffffffff'],
  ] as const) {
    for (let room = 0; room <= size; room++) {
      const writer = begun()
      const from = writer.position
      writer.limit = writer.position + room
      assert.equal(write(writer), room === size)
      assert.equal(written(writer, from), room === size ? hex : '')
    }
  }
})

test('a pointer needs two octets', () => {
  const writer = begun()
  writer.limit = writer.position + 1
  assert.equal(writePointer(writer, 12), false)
  writer.limit++
  assert.equal(writePointer(writer, 0x3fff), true)
  assert.equal(written(writer, writer.position - 2), 'ffff')
})

test('counts carry over into the upper octet', () => {
  const writer = begun()
  addCount(writer, ANSWERS, 255)
  addCount(writer, ANSWERS, 2)
  addCount(writer, ADDITIONALS, 1)
  assert.deepEqual([...writer.mem.subarray(OFF + 6, OFF + 12)], [1, 1, 0, 0, 0, 1])
})

test('a question that was not read is not walked, whatever stands there', () => {
  const writer = makeResponseWriter()
  beginResponse(writer, new Uint8Array(64).fill(1), 0, 12, 64)
  assert.equal(writer.knownCount, 0)
})
