import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CountryResponse, Reader } from 'maxmind'
import { countryOfLine, writeCountryMmdb } from '../../../../bench/peers/country-mmdb.ts'
import { buildPrefixTable, formatIpv4, formatRow } from '../../../../bench/peers/prefix-table.ts'

const table = buildPrefixTable(5000)

test('writeCountryMmdb gives a file in which another reader finds the line of every prefix, with its length, and nothing in holes', () => {
  const reader = new Reader<CountryResponse>(writeCountryMmdb(table))
  assert.equal(reader.metadata.databaseType, 'GeoLite2-Country')
  for (let row = 0; row < table.starts.length; row++) {
    const [record, length] = reader.getWithPrefixLength(formatIpv4(table.starts[row]!))
    assert.deepEqual(
      [record, length],
      [{ country: { iso_code: countryOfLine(table.lines[row]!) } }, table.lengths[row]],
      formatRow(table, row),
    )
    const next = table.starts[row]! + 2 ** (32 - table.lengths[row]!)
    if (next !== table.starts[row + 1]) assert.equal(reader.get(formatIpv4(next)), null)
  }
})

test('countryOfLine gives each line two letters of its own', () => {
  const codes = Array.from({ length: 128 }, (_, i) => countryOfLine(i + 1))
  assert.equal(new Set(codes).size, 128)
  assert.deepEqual([codes[0], codes[25], codes[26], codes[127]], ['AA', 'AZ', 'BA', 'EX'])
})
