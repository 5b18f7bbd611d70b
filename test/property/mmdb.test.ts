/** Our walk over MMDB files against the `maxmind` package, address by address, on random trees of every record size. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Reader, type Response } from 'maxmind'
import { type AddressWords, formatIpv4, formatIpv6 } from '../../geodata/address/address.ts'
import { formatPrefix, prefixAround } from '../../geodata/address/prefix.ts'
import { buildRangeTable4, buildRangeTable6 } from '../../geodata/compile/build-range-table.ts'
import { findRange4, findRange6 } from '../../geodata/lookup/find-range.ts'
import { openMmdb, walkMmdb } from '../../geodata/source/mmdb.ts'
import type { MmdbValue } from '../../geodata/source/mmdb-data.ts'
import { typed, type Writable, writeMmdb } from '../support/mmdb-writer.ts'

const number32 = fc.nat(0xffffffff)
/** Addresses close together, so that networks nest, and some anywhere. */
const ipv4 = fc.oneof(
  fc.nat(0xffff).map((low) => 0x0a000000 + low),
  number32,
)
const ipv6 = fc
  .oneof(fc.constant([0x20010db8, 0] as const), fc.tuple(number32, number32))
  .chain(([a, b]) => fc.tuple(fc.constant(a), fc.constant(b), fc.constantFrom(0, 0x80000000, 0xffff0000), fc.nat(0xff)))

const networks4 = fc
  .tuple(ipv4, fc.integer({ min: 1, max: 32 }))
  .map(([ip, length]) => prefixAround({ family: 4, words: [0, 0, 0xffff, ip] }, length))
const networks6 = fc
  .tuple(ipv6, fc.integer({ min: 1, max: 128 }))
  .map(([words, length]) => prefixAround({ family: 6, words: words as AddressWords }, length))

const value: fc.Arbitrary<Writable> = fc.letrec<{ value: Writable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ maxLength: 40 }),
    fc.constant('x'.repeat(300)),
    fc.boolean(),
    fc.double({ noNaN: true }),
    number32,
    fc.nat(65535).map((number) => typed('uint16', number)),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((number) => typed('int32', number)),
    fc.bigInt(0n, 2n ** 64n - 1n).map((number) => typed('uint64', number)),
    fc.bigInt(0n, 2n ** 128n - 1n).map((number) => typed('uint128', number)),
    fc.float({ noNaN: true }).map((number) => typed('float', number)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), tie('value'), { maxKeys: 4 }),
  ),
})).value

/** One form for what both readers give: they differ in the classes of numbers and bytes only. */
function plain(given: unknown): unknown {
  if (given === null || given === undefined) return null
  if (typeof given === 'bigint' || typeof given === 'number') return `${given}`
  if (given instanceof Uint8Array) return Buffer.from(given).toString('hex')
  if (Array.isArray(given)) return given.map(plain)
  if (typeof given === 'object') return Object.fromEntries(Object.entries(given).map(([key, part]) => [key, plain(part)]))
  return given
}

test('walkMmdb: every address has the record that maxmind gives it, in IPv4 and IPv6 trees of 24, 28 and 32 bits, with aliases', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(24 as const, 28 as const, 32 as const),
      fc.constantFrom(4 as const, 6 as const),
      fc.boolean(),
      fc.array(fc.tuple(networks4, fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { maxKeys: 3 })), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.array(fc.tuple(networks6, fc.record({ country_code: fc.constantFrom('CN', 'US') })), { maxLength: 12 }),
      fc.array(ipv4, { maxLength: 20 }),
      (recordSize, ipVersion, aliases, list4, list6, more) => {
        // Wider before narrower; two records of one network: the later stands in both readings.
        const all = [...(ipVersion === 6 ? list6 : []), ...list4].sort(
          ([a], [b]) => a.length + (a.family === 4 ? 96 : 0) - (b.length + (b.family === 4 ? 96 : 0)),
        )
        const networks = all.map(([prefix, record]) => [formatPrefix(prefix), record as Writable] as const)
        const bytes = writeMmdb({ recordSize, ipVersion, aliases: aliases && ipVersion === 6, networks })
        const oracle = new Reader<Response>(bytes)
        const file = openMmdb(bytes, 'x')
        const values: (MmdbValue | undefined)[] = [undefined]
        const { v4, v6 } = walkMmdb(file, (record) => values.push(file.decode(record, 'all')) - 1)
        const table4 = buildRangeTable4(v4.starts, v4.values)
        const table6 = buildRangeTable6(v6.starts, v6.values)
        const edges4 = list4.flatMap(([{ words, length }]) => [
          words[3],
          words[3] + 2 ** (32 - length) - 1,
          words[3] - 1,
          words[3] + 2 ** (32 - length),
        ])
        for (const ip of [...edges4, ...more].filter((ip) => ip >= 0 && ip <= 0xffffffff)) {
          const ours = values[table4.values[findRange4(table4, ip)]!]
          assert.deepEqual(plain(ours), plain(oracle.get(formatIpv4(ip))), formatIpv4(ip))
        }
        for (const [{ words, length }] of ipVersion === 6 ? list6 : []) {
          // The repeated IPv4 trees and IPv4 itself are left out on purpose.
          if (words[0] >>> 16 === 0x2002 || (words[0] === 0 && words[1] === 0) || length < 16) continue
          for (const address of [words, [words[0], words[1], words[2], (words[3] ^ 1) >>> 0] as const]) {
            const ours = values[table6.values[findRange6(table6, ...(address as AddressWords))]!]
            assert.deepEqual(plain(ours), plain(oracle.get(formatIpv6(address as AddressWords))), formatIpv6(address as AddressWords))
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})
