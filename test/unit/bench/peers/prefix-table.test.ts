import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  buildPrefixTable,
  findLine,
  findScope,
  formatRow,
  LINE_COUNT,
  LOOPBACK_COUNT,
  type PrefixTable,
  parseIpv4,
} from '../../../../bench/peers/prefix-table.ts'

const table = buildPrefixTable(20_000)

test('buildPrefixTable gives ascending prefixes that do not overlap, each on its own boundary', () => {
  assert.equal(table.starts.length, 20_000 + LOOPBACK_COUNT)
  let end = 0
  for (let row = 0; row < table.starts.length; row++) {
    const [start, size] = [table.starts[row]!, 2 ** (32 - table.lengths[row]!)]
    assert.ok(start >= end, `${formatRow(table, row)} begins before the end of the row above`)
    assert.equal(start % size, 0, `${formatRow(table, row)} is no prefix`)
    assert.ok(table.lines[row]! >= 1 && table.lines[row]! <= LINE_COUNT)
    end = start + size
  }
})

test('buildPrefixTable makes the same table everywhere', () => {
  const rows = Array.from(table.starts, (_, row) => `${formatRow(table, row)} ${table.lines[row]}`)
  assert.equal(rows[0], '1.0.0.0/24 52')
  assert.equal(createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16), '236fc75d05c35846')
})

test('findLine finds the line of every row at both ends, and 0 in a hole', () => {
  for (let row = 0; row < table.starts.length; row += 7) {
    const [start, line] = [table.starts[row]!, table.lines[row]!]
    const last = start + 2 ** (32 - table.lengths[row]!) - 1
    assert.equal(findLine(table, start), line)
    assert.equal(findLine(table, last), line)
    if (last + 1 !== table.starts[row + 1]) assert.equal(findLine(table, last + 1), 0)
  }
  assert.equal(findLine(table, 0), 0)
})

const LOOPBACK = [
  { name: 'an address that no client of the generator has is on no line', address: '127.0.0.1', line: 0 },
  { name: 'the first client is on line 1', address: '127.64.0.1', line: 1 },
  { name: 'so is the one after as many as there are lines', address: '127.64.128.1', line: 1 },
  { name: 'the last client is on the last line', address: '127.64.255.1', line: LINE_COUNT },
]
for (const { name, address, line } of LOOPBACK) test(`findLine: ${name}`, () => assert.equal(findLine(table, parseIpv4(address)), line))

/** 16.0.0.0/24 and 16.0.1.0/24 on line 1, 16.0.2.0/23 on line 2, 16.0.8.0/24 on line 1; nothing else. */
const SMALL: PrefixTable = {
  starts: Uint32Array.of(0x10000000, 0x10000100, 0x10000200, 0x10000800),
  lengths: Uint8Array.of(24, 24, 23, 24),
  lines: Uint8Array.of(1, 1, 2, 1),
}
const SCOPES = [
  { name: 'neighbours on one line share a block', address: 0x10000180, scope: 23 },
  { name: 'another line beside it ends the block', address: 0x10000200, scope: 23 },
  { name: 'a hole between rows', address: 0x10000400, scope: 22 },
  { name: 'a hole beside a row', address: 0x10000900, scope: 24 },
  { name: 'everything before the table', address: 0x01020304, scope: 4 },
  { name: 'everything behind it', address: 0xc0000000, scope: 1 },
]
for (const { name, address, scope } of SCOPES) test(`findScope: ${name}`, () => assert.equal(findScope(SMALL, address), scope))

test('buildPrefixTable refuses more prefixes than IPv4 has room for', () => {
  assert.throws(() => buildPrefixTable(3_000_000), /IPv4 has no room for 3000000 prefixes/)
})
