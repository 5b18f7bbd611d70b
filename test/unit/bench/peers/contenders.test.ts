/** What each contender writes: its data hold every row of the table, and its configuration names no other place than its folder. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bind } from '../../../../bench/peers/bind.ts'
import type { Contender } from '../../../../bench/peers/contender.ts'
import { gdnsd } from '../../../../bench/peers/gdnsd.ts'
import { knot } from '../../../../bench/peers/knot.ts'
import { NEARCAST_VARIANTS, nearcast } from '../../../../bench/peers/nearcast.ts'
import { nsd } from '../../../../bench/peers/nsd.ts'
import { pdns } from '../../../../bench/peers/pdns.ts'
import { buildPrefixTable, formatRow } from '../../../../bench/peers/prefix-table.ts'
import { findProgram } from '../../../../bench/peers/servers.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const table = buildPrefixTable(50)
const root = temporaryFolder().path

/** Writes a contender's files; gives a reader of them. */
function write(contender: Contender): (path: string) => string {
  const folder = join(root, contender.id)
  mkdirSync(folder)
  contender.write(folder, table, 5399)
  return (path) => readFileSync(join(folder, path), 'utf8')
}

const row = (index: number): string => formatRow(table, index)
const line = (index: number): number => table.lines[index]!

const CASES: readonly { readonly contender: Contender; readonly file: string; readonly first: string; readonly rows: RegExp }[] = [
  { contender: gdnsd, file: 'geoip/nets', first: `${row(0)} => l${line(0)}\n`, rows: / => l\d+$/gm },
  {
    contender: knot,
    file: 'geo.yml',
    first: `edge-api.edge.test:\n  - net: ${row(0)}\n    A: 198.18.0.${line(0)}\n`,
    rows: /- net: (?!0\.)/g,
  },
]
for (const { contender, file, first, rows } of CASES) {
  test(`${contender.id}: ${file} holds every row`, () => {
    const text = write(contender)(file)
    assert.ok(text.startsWith(first), text.slice(0, 100))
    assert.equal(text.match(rows)?.length, table.starts.length)
  })
}

test('nearcast: the custom lines hold every row, the document is right', () => {
  const contender = nearcast('nearcast', 'main.ts')
  const read = write(contender)
  const files = readdirSync(join(root, contender.id, 'lines'))
  assert.equal(files.flatMap((file) => read(`lines/${file}`).split('\n').filter(Boolean)).length, table.starts.length)
  assert.ok(
    read(`lines/l${line(0)}.cidr`)
      .split('\n')
      .includes(row(0)),
  )
  const parsed = parseConfig(read('document.json'), new Map(files.map((file) => [`lines/${file}`, read(`lines/${file}`)])))
  // Its zone is a master file beside the document.
  assert.deepEqual(
    parsed.issues.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['CONFIG_STEERED_OUTSIDE'],
  )
})

const ZONES = [
  { contender: nsd, file: 'zone', steered: true },
  { contender: bind, file: 'zone', steered: false },
  { contender: pdns, file: 'zones.yml', steered: true },
]
for (const { contender, file, steered } of ZONES) {
  test(`${contender.id}: ${file} holds the zone`, () => {
    const text = write(contender)(file)
    assert.match(text, /198\.19\.39\.15/)
    assert.equal(/edge-api/.test(text), steered)
  })
}

test('bind: one view a line, chosen by country, and the zone in each', () => {
  const text = readFileSync(join(root, 'bind/named.conf'), 'utf8')
  assert.equal(text.match(/match-clients \{ geoip country [A-Z]{2}; \}/g)?.length, 128)
  assert.equal(text.match(/in-view l1/g)?.length, 128)
})

test('nearcast variants differ in what they are named after', () => {
  const words = (variant: string): readonly string[] => nearcast(variant, 'main.ts').words('folder', 5399)
  assert.deepEqual(NEARCAST_VARIANTS, ['nearcast', 'nearcast-no-bursts', 'nearcast-dgram'])
  assert.deepEqual(words('nearcast-no-bursts').slice(words('nearcast').length), ['--reply-bursts', 'off'])
  assert.deepEqual(nearcast('nearcast-dgram', 'main.ts').environment, { NEARCAST_NO_FFI: '1' })
})

test('findProgram does not find what is not installed: the program, or a module', () => {
  assert.equal(findProgram({ ...gdnsd, program: 'no-such-dns-server' }), undefined)
  assert.equal(findProgram({ ...gdnsd, program: process.execPath, files: [join(root, '*/no-such-module.so')] }), undefined)
  assert.equal(findProgram({ ...gdnsd, program: process.execPath, files: [] }), process.execPath)
})
