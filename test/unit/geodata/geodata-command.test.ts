/** `nearcast geodata` as a program: output, exit codes, bad files. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { writeMmdb } from '../../support/mmdb-writer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const MAIN = join(import.meta.dirname, '../../../main.ts')

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, 'geodata', ...words], { encoding: 'utf8', cwd: folder.path })
}

folder.write('mine.csv', 'prefix,place,carrier\n202.96.104.0/23,宁波,电信\n')
folder.write(
  'recipe.yaml',
  'sources:\n  - {kind: csv, file: mine.csv, name: mine, date: 2026-01-02, licence: own}\n'.replace('2026-01-02', '"2026-01-02"'),
)

test('build, info, lookup and diff of an own file', () => {
  const built = run('build', 'recipe.yaml', '--out', 'mine.geodata', '--json')
  assert.equal(built.status, 0, built.stderr)
  const summary = JSON.parse(built.stdout)
  assert.deepEqual(summary.ranges, { ipv4: 3, ipv6: 1 })
  const info = run('info', '--file', 'mine.geodata')
  assert.match(info.stdout, /ranges +3 IPv4, 1 IPv6/)
  assert.match(info.stdout, /mine/)
  const found = JSON.parse(run('lookup', '202.96.105.9', '--file', 'mine.geodata', '--json').stdout)
  assert.equal(found.label['zh-CN'], '浙江宁波电信')
  assert.deepEqual(found.range, ['202.96.104.0', '202.96.105.255'])
  assert.equal(found.sources.city.source, 'mine')
  const diff = JSON.parse(run('diff', 'mine.geodata', 'mine.geodata', '--json').stdout)
  assert.deepEqual(diff.moves, [])
})

test('lookup shows the source of each field, what is inferred, and a correction with its reason and author', () => {
  folder.write(
    'corrected.yaml',
    `sources:
  - {kind: mmdb, name: isp, file: isp.mmdb.gz, fields: [carrier, asn]}
  - {kind: csv, file: mine.csv, name: mine, date: 2026-01-02}
fieldOrder:
  carrier: [mine, isp]
corrections:
  - {prefix: 202.96.104.0/24, place: 杭州, reason: seen from the cabinet, author: li, date: 2026-03-01}
`,
  )
  const isp = [['202.96.0.0/16', { autonomous_system_number: 4134 }]] as const
  folder.write('isp.mmdb.gz', gzipSync(writeMmdb({ networks: isp, databaseType: 'GeoLite2-ASN' })))
  const built = run('build', 'corrected.yaml', '--out', 'corrected.geodata')
  assert.equal(built.status, 0, built.stderr)
  const text = run('lookup', '202.96.104.9', '202.96.1.1', '--file', 'corrected.geodata').stdout
  assert.match(text, /province +33 \(corrected for 202\.96\.104\.0\/24: seen from the cabinet; li, 2026-03-01\)/)
  assert.match(text, /city +3301 \(corrected for/)
  assert.match(text, /carrier +telecom \(from mine of 2026-01-02\)/)
  assert.match(text, /carrier +telecom \(from isp of 2026-01-01, inferred\)/)
  assert.match(text, /origin AS 4134 \(from isp of 2026-01-01\)/)
  const { sources } = JSON.parse(run('lookup', '202.96.104.9', '--file', 'corrected.geodata', '--json').stdout)
  assert.deepEqual(sources.carrier, { source: 'mine', date: '2026-01-02', inferred: false })
  assert.equal(sources.city.correction.author, 'li')
})

test('lookup reads the default geodata and takes several addresses', () => {
  const found = run('lookup', '202.96.104.15', '240e:380::')
  assert.equal(found.status, 0, found.stderr)
  assert.match(found.stdout, /浙江宁波电信 · Zhejiang Ningbo Telecom \[CN 33 3302 telecom\]/)
  assert.match(found.stdout, /from ip2region of 2024-02-28/)
  assert.match(found.stdout, /境内电信/)
})

folder.write('broken.geodata', Buffer.alloc(500, 'x'))
folder.write('broken.yaml', 'sources: [')
folder.write('wrong.yaml', 'sources: [{kind: csv, file: none.csv}]')

const failures: readonly { words: readonly string[]; status: number; stderr: RegExp }[] = [
  {
    words: ['info', '--file', 'broken.geodata'],
    status: 1,
    stderr: /"broken\.geodata" is not a geodata file; raw databases .* \[GEODATA_FILE_FORMAT\]/,
  },
  {
    words: ['lookup', '8.8.8.8', '--file', 'none.geodata'],
    status: 1,
    stderr: /"none\.geodata" does not exist; .* \[GEODATA_FILE_MISSING\]/,
  },
  { words: ['build', 'wrong.yaml', '--out', 'x.geodata'], status: 1, stderr: /none\.csv" does not exist/ },
  { words: ['build', 'broken.yaml', '--out', 'x.geodata'], status: 1, stderr: /neither YAML nor JSON/ },
  { words: ['build', 'none.yaml', '--out', 'x.geodata'], status: 1, stderr: /recipe "none\.yaml" does not exist/ },
  { words: ['build', 'recipe.yaml', '--out', 'no/such/x.geodata'], status: 1, stderr: /cannot be written \(ENOENT\)/ },
  { words: [], status: 2, stderr: /say what to do/ },
  { words: ['constructor'], status: 2, stderr: /unknown action "constructor"/ },
  { words: ['lookup'], status: 2, stderr: /at least one address/ },
  { words: ['lookup', 'example.org'], status: 2, stderr: /"example\.org" is not an IP address/ },
  { words: ['build', 'recipe.yaml'], status: 2, stderr: /needs --out/ },
  { words: ['build', '--out', 'x'], status: 2, stderr: /one recipe file/ },
  { words: ['build', 'recipe.yaml', '--out', 'x', '--compression', '12'], status: 2, stderr: /0 to 11/ },
  { words: ['diff', 'mine.geodata'], status: 2, stderr: /two geodata files/ },
  { words: ['info', 'mine.geodata'], status: 2, stderr: /--file/ },
  { words: ['info', '--wat'], status: 2, stderr: /--wat/ },
]
for (const { words, status, stderr } of failures) {
  test(`geodata ${words.join(' ')} ends with ${status} and says why`, () => {
    const result = run(...words)
    assert.match(result.stderr, stderr)
    assert.equal(result.status, status)
    assert.equal(result.stdout, '')
    assert.equal(existsSync(join(folder.path, 'x.geodata')), false)
  })
}

test('geodata --help shows every action, and each action its own flags', () => {
  const help = run('--help')
  assert.equal(help.status, 0)
  for (const word of [
    'build RECIPE',
    'lookup ADDR',
    'info',
    'diff OLD NEW',
    'status',
    'refresh',
    'confirm',
    'reject',
    'rollback',
    'correct PREFIX',
  ])
    assert.ok(help.stdout.includes(word), word)
  for (const [action, flag] of [
    ['build', '--out'],
    ['lookup', '--file'],
    ['diff', '--json'],
    ['correct', '--reason'],
    ['refresh', '--confirm'],
  ])
    assert.ok(run(action!, '--help').stdout.includes(flag!), `${action} ${flag}`)
})
