import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIpv4 } from '../../../../geodata/address/address.ts'
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from '../../../../geodata/lookup/find-range.ts'
import { table4, table6, wordsOf } from '../../../support/geodata-tables.ts'

/** Address and scope always together: a wrong scope is a wrong answer for somebody else. */
const ipv4Cases: readonly { name: string; starts: readonly string[]; address: string; range: number; scope: number }[] = [
  { name: 'one range covers all: scope 0', starts: ['0.0.0.0'], address: '1.2.3.4', range: 0, scope: 0 },
  { name: 'lower half', starts: ['0.0.0.0', '128.0.0.0'], address: '127.255.255.255', range: 0, scope: 1 },
  { name: 'upper half', starts: ['0.0.0.0', '128.0.0.0'], address: '255.255.255.255', range: 1, scope: 1 },
  { name: 'aligned /24', starts: ['0.0.0.0', '192.0.2.0', '192.0.3.0'], address: '192.0.2.77', range: 1, scope: 24 },
  { name: 'just below the /24', starts: ['0.0.0.0', '192.0.2.0', '192.0.3.0'], address: '192.0.1.255', range: 0, scope: 23 },
  { name: 'just above the /24', starts: ['0.0.0.0', '192.0.2.0', '192.0.3.0'], address: '192.0.3.0', range: 2, scope: 24 },
  { name: 'far from the /24', starts: ['0.0.0.0', '192.0.2.0', '192.0.3.0'], address: '10.0.0.1', range: 0, scope: 1 },
  { name: 'single address', starts: ['0.0.0.0', '192.0.2.1', '192.0.2.2'], address: '192.0.2.1', range: 1, scope: 32 },
  { name: 'its twin', starts: ['0.0.0.0', '192.0.2.1', '192.0.2.2'], address: '192.0.2.0', range: 0, scope: 32 },
  { name: 'unaligned range', starts: ['0.0.0.0', '10.0.0.5', '10.0.0.100'], address: '10.0.0.40', range: 1, scope: 27 },
  { name: 'last address of all', starts: ['0.0.0.0', '255.255.255.255'], address: '255.255.255.255', range: 1, scope: 32 },
  { name: 'first address of all', starts: ['0.0.0.0', '0.0.0.1'], address: '0.0.0.0', range: 0, scope: 32 },
]

for (const { name, starts, address, range, scope } of ipv4Cases) {
  test(`findRange4: ${name}`, () => {
    const table = table4(starts.map((start, value) => [parseIpv4(start)!, value]))
    const ip = parseIpv4(address)!
    assert.deepEqual({ range: findRange4(table, ip), scope: scopeOfRange4(table, findRange4(table, ip), ip) }, { range, scope })
  })
}

const block = (high: bigint, low = 0n): bigint => (high << 64n) | low
const ipv6Cases: readonly { name: string; starts: readonly bigint[]; address: bigint; range: number; scope: number }[] = [
  { name: 'one range covers all: scope 0', starts: [0n], address: block(1n), range: 0, scope: 0 },
  { name: 'borders that differ in word 0', starts: [0n, 1n << 127n], address: (1n << 127n) | 5n, range: 1, scope: 1 },
  {
    name: 'borders that differ in word 1',
    starts: [0n, block(0x1_0000_0000n), block(0x1_0000_0001n)],
    address: block(0x1_0000_0000n, 9n),
    range: 1,
    scope: 64,
  },
  {
    name: 'borders that differ in word 2',
    starts: [0n, block(7n, 1n << 32n), block(7n, 2n << 32n)],
    address: block(7n, (1n << 32n) | 3n),
    range: 1,
    scope: 96,
  },
  { name: 'borders that differ in word 3', starts: [0n, block(7n, 4n), block(7n, 5n)], address: block(7n, 4n), range: 1, scope: 128 },
  {
    name: 'start with three zero words: the borrow reaches word 0',
    starts: [0n, 1n << 96n, 2n << 96n],
    address: 1n << 96n,
    range: 1,
    scope: 32,
  },
  {
    name: 'start with two zero words: the borrow reaches word 1',
    starts: [0n, block(3n), block(4n)],
    address: block(3n),
    range: 1,
    scope: 64,
  },
  {
    name: 'start with one zero word: the borrow reaches word 2',
    starts: [0n, block(3n, 1n << 32n), block(3n, 2n << 32n)],
    address: block(3n, 1n << 32n),
    range: 1,
    scope: 96,
  },
  { name: 'last range has no upper neighbour', starts: [0n, block(0xffffn << 48n)], address: (1n << 128n) - 1n, range: 1, scope: 16 },
  { name: 'first range has no lower neighbour', starts: [0n, block(1n)], address: 5n, range: 0, scope: 64 },
]

for (const { name, starts, address, range, scope } of ipv6Cases) {
  test(`findRange6: ${name}`, () => {
    const table = table6(starts.map((start, value) => [start, value]))
    const words = wordsOf(address)
    assert.deepEqual(
      { range: findRange6(table, ...words), scope: scopeOfRange6(table, findRange6(table, ...words), ...words) },
      { range, scope },
    )
  })
}
