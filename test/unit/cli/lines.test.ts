/** `nearcast lines` as a program: output, exit codes, wrong calls. What import makes is in test/golden/lines-import.test.ts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const MAIN = join(import.meta.dirname, '../../../main.ts')

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, 'lines', ...words], { encoding: 'utf8', cwd: folder.path })
}

folder.write(
  'lines.yaml',
  'apiVersion: nearcast/v1\nlines:\n  - {id: park-a, label: {en: Park A, zh-CN: 园区A}, prefixes: [198.51.100.0/24]}\n',
)
folder.write('records.csv', '主机记录,记录类型,线路类型,记录值,TTL\nwww,A,默认,192.0.2.1,600\n')
folder.write('empty.csv', '主机记录,记录类型,线路类型,记录值,TTL\n')
folder.write('book.xlsx', 'PK\u0003\u0004')

test('list: by kind and by parent, as text and JSON', () => {
  assert.match(run('list', '--kind', 'big-region').stdout, /^cn-north +华北 +North China +big-region +cn$/m)
  const cities = JSON.parse(run('list', '--parent', '浙江', '--json').stdout)
  assert.equal(cities.places.length, 11)
  assert.deepEqual(cities.places[1], { code: 'cn-3302', en: 'Ningbo', zh: '宁波', kind: 'city', within: 'cn-33' })
  assert.match(run('list', '--kind', 'carrier').stdout, /^\*\/tietong +铁通 +Tietong/m)
  assert.match(run('list', '--kind', 'city', '--parent', 'us-ca').stdout, /^city-us-lax +洛杉矶 +Los Angeles +city +us-ca$/m)
  assert.match(run('list', '--kind', 'custom', '--document', 'lines.yaml').stdout, /^custom:park-a +园区A +Park A/m)
})

test('search: Chinese, pinyin, initials, English, codes, old and vendors’ names', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['宁波电信', 'cn-3302/telecom'],
    ['ningbo dianxin', 'cn-3302/telecom'],
    ['nbdx', 'cn-3302/telecom'],
    ['襄樊', 'cn-4206'],
    ['330200', 'cn-3302'],
    ['cn_telecom_zhejiang', 'cn-33/telecom'],
    ['Los Angeles', 'city-us-lax'],
  ]
  for (const [text, key] of cases) assert.equal(JSON.parse(run('search', text, '--json').stdout).hits[0].line, key, text)
  const suzhou = run('search', 'suzhou').stdout
  assert.match(suzhou, /^cn-3205 /m)
  assert.match(suzhou, /^cn-3413 /m)
  assert.deepEqual(JSON.parse(run('search', 'suzhou', '--kind', 'city', '--limit', '1', '--json').stdout).hits.length, 1)
  const none = run('search', 'qqqqqq')
  assert.equal(none.status, 1)
})

test('show: labels, vendors, share, coordinates, place in both orders', () => {
  const shown = run('show', '浙江电信')
  assert.equal(shown.status, 0, shown.stderr)
  for (const part of [
    /^cn-33\/telecom {2}浙江电信 · Zhejiang Telecom$/m,
    /vendors +DNSPod 浙江电信, Alibaba cn_telecom_zhejiang, Huawei Dianxin_Zhejiang/,
    /addresses +\d+ IPv4, [\d.]+ %/,
    /coordinates +30\.29, 120\.16/,
    /place-first +step 5 of 16 \(region\/carrier\): cn-33\/telecom > cn-33 > /,
    /carrier-first +step 4 of 16 \(region\/carrier\): cn-33\/telecom > cn-east\/telecom > /,
  ])
    assert.match(shown.stdout, part)
  const two = JSON.parse(run('show', '襄阳', 'asn:4134', '--json').stdout)
  assert.deepEqual([two[0].line, two[0].formerNames, two[1].kind], ['cn-4206', ['襄樊', '襄樊市'], 'asn'])
})

test('wrong calls and files', () => {
  const failures: readonly { words: readonly string[]; status: number; stderr: RegExp }[] = [
    { words: [], status: 2, stderr: /say what to do: list, search, show or import/ },
    { words: ['find'], status: 2, stderr: /unknown action "find"/ },
    { words: ['list', 'x'], status: 2, stderr: /list takes no operand/ },
    { words: ['list', '--kind', 'planet'], status: 2, stderr: /--kind "planet" is none of/ },
    { words: ['search'], status: 2, stderr: /search takes a text/ },
    { words: ['search', 'x', '--limit', '0'], status: 2, stderr: /--limit is a number from 1 to 1000/ },
    { words: ['show', 'suzhou'], status: 1, stderr: /names 2 places; write "cn-3205" .* or "cn-3413" .*\[GEODATA_LINE_AMBIGUOUS\]/ },
    { words: ['show', 'atlantis'], status: 1, stderr: /unknown place "atlantis"; did you mean .*\[GEODATA_LINE_UNKNOWN\]/ },
    { words: ['import'], status: 2, stderr: /import takes at least one export file/ },
    { words: ['import', 'none.csv'], status: 1, stderr: /"none\.csv" does not exist; .*\[IMPORT_FORMAT\]/ },
    { words: ['import', 'book.xlsx'], status: 1, stderr: /spreadsheet \(xlsx\); save it as CSV.*\[IMPORT_FORMAT\]/ },
    {
      words: ['import', 'records.csv'],
      status: 1,
      stderr: /nothing of "records\.csv" can be imported: its zone is not known; name it with --zone \[IMPORT_EMPTY\]/,
    },
    {
      words: ['import', 'empty.csv', '--zone', 'x.example'],
      status: 1,
      stderr: /it holds no records; export the records again \[IMPORT_EMPTY\]/,
    },
    { words: ['import', 'records.csv', '--from', 'other'], status: 2, stderr: /--from "other" is none of dnspod, alibaba, huawei/ },
    { words: ['import', 'records.csv', '--precedence', 'best'], status: 2, stderr: /--precedence is place-first or carrier-first/ },
    {
      words: ['import', 'records.csv', '--zone', 'x.example', '--out', 'no/such/folder.yaml'],
      status: 1,
      stderr: /cannot be written .*\[IMPORT_UNWRITABLE\]/,
    },
  ]
  for (const { words, status, stderr } of failures) {
    const failed = run(...words)
    assert.match(failed.stderr, stderr, words.join(' '))
    assert.equal(failed.status, status, words.join(' '))
  }
})

test('import: document to a file, report as JSON, the order can be chosen', () => {
  const made = run(
    'import',
    'records.csv',
    '--zone',
    'x.example',
    '--precedence',
    'carrier-first',
    '--out',
    'made.yaml',
    '--report',
    'report.json',
    '--json',
  )
  assert.equal(made.status, 0, made.stderr)
  const report = JSON.parse(made.stdout)
  assert.deepEqual([report.ok, report.vendor, report.precedence, report.counts.staticRecords], [true, 'dnspod', 'carrier-first', 1])
  assert.equal(report.document.zones[0].name, 'x.example.')
  assert.ok(existsSync(join(folder.path, 'made.yaml')) && existsSync(join(folder.path, 'report.json')))
})
