/** Master files of any text: records that are well-formed, or issues with a place; never a throw, and what is compiled can be found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nameLengthAt, parseName } from '../../resolver/wire/name.ts'
import { formatRdata, isWellFormed } from '../../resolver/wire/rdata/rdata-text.ts'
import { typeWord } from '../../resolver/wire/registry.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'
import { parseZoneFile, readZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import { RDATA_ROWS } from '../support/rdata-rows.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'

const ORIGIN = parseName('example.com.')
const NO_FILES = (): { readonly ok: false; readonly reason: string } => ({ ok: false, reason: 'none' })
const good = fc.constantFrom(...RDATA_ROWS.map(([, type, words]) => `${type} ${words}`))
const part = fc.oneof(
  fc.constantFrom(
    ' ',
    '\t',
    '\n',
    '\r\n',
    '(',
    ')',
    '"',
    ';',
    '\\',
    '@',
    '$TTL 5\n',
    '$ORIGIN ',
    '$INCLUDE x\n',
    '$GENERATE 1-3 ',
    '$',
    '${',
    '300',
    'IN',
    'a.b',
    '*',
    '\uFEFF',
    '\0',
    'é',
    '😀',
  ),
  fc.string({ maxLength: 6 }),
  good,
  good.map((line) => `\nx 60 IN ${line}\n`),
)

test('any text', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join('')
      const lines = text.split('\n')
      const { table, issues } = readZoneFile(text, ORIGIN, 'z', NO_FILES)
      for (const issue of issues) {
        assert.ok(issue.message !== '' && issue.suggestion !== '')
        assert.ok(issue.line >= 1 && issue.line <= lines.length, JSON.stringify(issue))
        assert.ok(issue.column >= 1 && issue.column <= lines[issue.line - 1]!.length + 1, JSON.stringify(issue))
      }
      for (let row = 0; row < table.count; row++) {
        const { owner, type, rdata, line } = table.record(row)
        assert.equal(nameLengthAt(owner, 0, owner.length), owner.length)
        assert.equal(isWellFormed(type, rdata), true)
        assert.ok(line >= 1 && line <= lines.length)
      }
      const { columns } = compileZones([{ origin: ORIGIN, records: [], table, useClientSubnet: true, file: 'z' }], [])
      assert.ok(columns.nodes.length >= 1)
    }),
    { seed: PROPERTY_SEED, numRuns: 1500 },
  )
})

test('records written as text are read to the same records', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('@', 'a', 'B.a', '*.c', 'x\\.y', '\\000\\255'), fc.nat(0x7fffffff), good), { maxLength: 30 }),
      (list) => {
        const text = list.map(([owner, ttl, line]) => `${owner} ${ttl} ${line}`).join('\n')
        const { records, issues } = parseZoneFile(text, ORIGIN, 'z', NO_FILES)
        assert.deepEqual(issues, [])
        const written = records
          .map(
            ({ type, ttlSeconds, rdata }, i) =>
              `${list[i]![0]} IN ${ttlSeconds} ${typeWord(type)} (\n${formatRdata(type, rdata)} ) ; comment`,
          )
          .join('\r\n')
        const again = parseZoneFile(written, ORIGIN, 'z', NO_FILES)
        assert.deepEqual(again.issues, [])
        const plain = ({ owner, type, ttlSeconds, rdata }: (typeof records)[number]): unknown => [owner, type, ttlSeconds, rdata]
        assert.deepEqual(again.records.map(plain), records.map(plain))
      },
    ),
    { seed: PROPERTY_SEED, numRuns: 300 },
  )
})
