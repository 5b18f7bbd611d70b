import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { STARTER_DOCUMENT } from '../../../cli/init.ts'
import { readDocument } from '../../../cli/read-document.ts'
import { parseConfig } from '../../../policy/config/parse-config.ts'

const MAIN = fileURLToPath(new URL('../../../main.ts', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../../examples/edge-api/nearcast.yaml', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nearcast-check-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(...words: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('check accepts the example with exit code 0', () => {
  const { code, out } = run('check', EXAMPLE)
  assert.match(out, /: ok, 0 errors, 0 warnings, 0 notes, digest [0-9a-f]{12}\n$/)
  assert.equal(code, 0)
})

test('check shows every problem with file, line, column and remedy, and exits with 2', () => {
  const path = join(folder, 'bad.yaml')
  writeFileSync(path, 'apiVersion: nearcast/v1\nzonez: []\npools:\n  - {id: p, members: []}\n')
  const { code, out } = run('check', path)
  assert.equal(code, 2)
  assert.equal(
    out,
    `${path}:2:1 error CONFIG_UNKNOWN_KEY unknown key "zonez"\n    did you mean "zones"?\n` +
      `${path}:4:5 error CONFIG_POOL_EMPTY pool "p" has no members\n    add members, or delete the pool and its uses\n` +
      `${path}: refused, 2 errors, 0 warnings, 0 notes\n`,
  )
})

test('check names CNAMEs that lead nowhere at their place in the document and in master files', () => {
  const path = join(folder, 'aliases.yaml')
  const top = 'soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]'
  writeFileSync(
    path,
    `apiVersion: nearcast/v1\nzones:\n  - {name: c.test., file: c.zone}\n  - {name: d.test., ${top}, records: [\n` +
      '      {name: x, type: CNAME, data: [no]},\n      {name: y, type: CNAME, data: [y.e.test.]}]}\n' +
      `  - {name: e.test., ${top}, records: [{name: y, type: CNAME, data: [y.d.test.]}]}\n`,
  )
  writeFileSync(join(folder, 'c.zone'), '@ 60 SOA ns.else. h.else. 1 2 3 4 5\n  60 NS ns.else.\na 60 CNAME b\nb 60 CNAME a\n')
  const { code, out } = run('check', path)
  const lines = out.split('\n').filter((line) => !line.startsWith(' '))
  assert.deepEqual(
    lines.slice(0, 3).map((line) => line.replace(`${folder}/`, '')),
    [
      'c.zone:3:6 warning ZONE_CNAME_LOOP CNAMEs lead in a circle: "a.c.test." to "b.c.test." to "a.c.test."',
      'aliases.yaml:6:7 warning ZONE_CNAME_LOOP CNAMEs lead in a circle: "y.d.test." to "y.e.test." to "y.d.test."',
      'aliases.yaml:5:7 note ZONE_CNAME_DANGLING "x.d.test." is a CNAME to "no.d.test.", which does not exist in its zone',
    ],
  )
  assert.equal(code, 0)
})

test('check finds what only compiling shows, at its place in the document and in master files', () => {
  const path = join(folder, 'zones.yaml')
  writeFileSync(
    path,
    'apiVersion: nearcast/v1\nzones:\n  - name: a.test.\n    soa: {mname: ns.b.test., rname: x.b.test.}\n    nameservers: [ns.b.test.]\n    records:\n' +
      '      - {name: z, type: MX, data: ["10 m", "ten m"]}\n      - {name: a, type: TXT, data: ["x"]}\n  - {name: b.test., file: b.zone}\n',
  )
  writeFileSync(join(folder, 'b.zone'), '@ 60 SOA ns x 1 2 3 4 5\n  60 NS ns\nns A 192.0.2.999\n')
  const { code, out } = run('check', '--json', path)
  assert.equal(code, 2)
  const [file] = (
    JSON.parse(out) as { files: { ok: boolean; issues: { code: string; where: { file: string; line: number; column: number } }[] }[] }
  ).files
  assert.equal(file!.ok, false)
  const places = file!.issues.map(
    (issue) => `${issue.code} ${issue.where.file.replace(`${folder}/`, '')}:${issue.where.line}:${issue.where.column}`,
  )
  assert.ok(places.includes('ZONE_BAD_DATA zones.yaml:7:44'), places.join(', '))
  assert.ok(
    places.some((place) => place.startsWith('ZONE_BAD_DATA b.zone:3:')),
    places.join(', '),
  )
})

test('check gives the form for resolvers of a name beyond ASCII in inline records, and takes texts and master files as they are', () => {
  const path = join(folder, 'idn.yaml')
  const apex = 'soa: {mname: ns.b.test., rname: x.b.test.}, nameservers: [ns.b.test.]'
  writeFileSync(
    path,
    `apiVersion: nearcast/v1\nzones:\n  - {name: a.test., ${apex}, records: [{name: z, type: MX, data: ["10 世.b.test."]}, {name: z, type: TXT, data: [世]}]}\n` +
      '  - {name: c.test., file: c.zone}\n',
  )
  writeFileSync(
    join(folder, 'c.zone'),
    Buffer.from('$TTL 60\n@ SOA ns.b.test. x 1 2 3 4 5\n@ NS ns.b.test.\n\xe4\xb8\x96 CNAME \xe9\n', 'latin1'),
  )
  const { code, out } = run('check', path)
  assert.equal(code, 2)
  assert.match(out, /the name "世\.b\.test\." has a character outside ASCII; write "xn--rhq\.b\.test\."/)
  assert.match(out, /refused, 1 error, 0 warnings/)
})

test('check says that a list of networks is no UTF-8', () => {
  const path = join(folder, 'list.yaml')
  writeFileSync(path, 'apiVersion: nearcast/v1\nlines:\n  - {id: a, file: gb.csv}\n')
  writeFileSync(join(folder, 'gb.csv'), Buffer.from('10.0.0.0/8\n11.0.0.0/8 # \xd5\xe3\xbd\xad\n', 'latin1'))
  const { code, out } = run('check', path)
  assert.match(out, /gb\.csv:2:1 error CONFIG_PREFIX_FILE .*it is no text in UTF-8.*\n {4}save it as UTF-8/)
  assert.equal(code, 2)
})

test('check names a file that is not there, with exit code 1', () => {
  const { code, err } = run('check', join(folder, 'none.yaml'))
  assert.equal(code, 1)
  assert.match(err, /there is no such file.*\[DOCUMENT_UNREADABLE\]/)
  assert.equal(run('check').code, 2)
})

test('check --schema prints a JSON Schema', () => {
  const { code, out } = run('check', '--schema')
  assert.equal(code, 0)
  assert.equal((JSON.parse(out) as { title: string }).title, 'nearcast document')
})

test('init writes a document that passes, and never overwrites', () => {
  const target = join(folder, 'new', 'site')
  assert.equal(run('init', target).code, 0)
  const path = join(target, 'nearcast.yaml')
  assert.equal(readFileSync(path, 'utf8'), STARTER_DOCUMENT)
  assert.deepEqual(parseConfig(STARTER_DOCUMENT).issues, [])
  writeFileSync(path, 'mine')
  const again = run('init', target)
  assert.equal(again.code, 1)
  assert.match(again.err, /exists already.*\[INIT_EXISTS\]/)
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

test('readDocument reads named files and their includes below the folder, and nothing outside it', () => {
  const base = join(folder, 'site')
  mkdirSync(join(base, 'zones'), { recursive: true })
  writeFileSync(join(folder, 'secret'), 'secret')
  symlinkSync(join(folder, 'secret'), join(base, 'link'))
  writeFileSync(join(base, 'zones', 'a.zone'), '$INCLUDE zones/more.inc\n$INCLUDE ../secret\n$INCLUDE "link"\n')
  writeFileSync(join(base, 'zones', 'more.inc'), '; more\n$INCLUDE zones/a.zone\n')
  const document = join(base, 'nearcast.yaml')
  writeFileSync(
    document,
    'zones: [{file: zones/a.zone}, {file: ../secret}, {file: /etc/hostname}, {file: link}, {file: zones}, {file: 5}]\nlines: [{file: none.cidr}]\n',
  )
  assert.deepEqual([...readDocument(document).files.keys()].sort(), ['zones/a.zone', 'zones/more.inc'])
})
