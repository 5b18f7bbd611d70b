/** `nearcast zones` against a real control: an inline zone, one of a file, a secondary one whose primary is away. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { zoneAnswerSchema, zoneListSchema } from '../../../admin-ui/contract/zone.ts'
import { freePort } from '../../support/product.ts'

const MAIN = fileURLToPath(new URL('../../../main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nearcast-zones-'))
const state = join(folder, 'state')
let control: ChildProcess
let primary = 0

function run(...words: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'zones', ...words, '--state', state], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

before(async () => {
  primary = await freePort()
  writeFileSync(join(folder, 'c.zone'), '@ 60 SOA ns.else. h.else. 77 2 3 4 5\n@ 60 NS ns.else.\n')
  writeFileSync(
    join(folder, 'document.yaml'),
    `apiVersion: nearcast/v1
tsigKeys: [{name: xfr., algorithm: hmac-sha256, secretRef: xfr.key}]
zones:
  - name: b.test.
    soa: {mname: ns.else., rname: h.else.}
    nameservers: [ns.else.]
    allowTransfer: [{prefix: 192.0.2.0/24, tsigKey: xfr.}]
    notify: [{address: 192.0.2.54}]
    allowUpdate: [{tsigKey: xfr., types: [A]}]
  - {name: a.test., primaries: [{address: 127.0.0.1, port: ${primary}}]}
  - {name: c.test., file: c.zone, serial: keep}
`,
  )
  const words = ['control', '--state', state, '--api-listen', '127.0.0.1:0', '--log-level', 'error']
  control = spawn(process.execPath, [MAIN, ...words, '--document', join(folder, 'document.yaml')], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  while (!/^ready$/m.test(printed)) printed += String(((await once(control.stdout!, 'data')) as [Buffer])[0])
})
after(async () => {
  control.kill('SIGTERM')
  await once(control, 'exit')
  rmSync(folder, { recursive: true, force: true })
})

test('the list has a line a zone; --secondary only those with primaries; --json is what the API says', () => {
  const { code, out } = run()
  assert.equal(code, 0)
  const lines = out.split('\n')
  assert.match(lines[0]!, /^zone +kind +serial +state$/)
  assert.match(lines[1]!, /^a\.test\. +secondary +- +waiting /)
  assert.match(lines[2]!, /^b\.test\. +inline +20\d{8} +transfers: 192\.0\.2\.0\/24 with key xfr\.; notify: 192\.0\.2\.54$/)
  assert.match(lines[3]!, /^c\.test\. +file +77$/)
  assert.doesNotMatch(run('--secondary').out, /b\.test/)
  const { generation, zones } = JSON.parse(run('--json').out)
  assert.equal(zoneListSchema.parse({ generation, zones, more: false }).zones.length, 3)
})

test('a zone in full: access, and why a secondary one is not there', () => {
  const own = run('b.test')
  assert.equal(own.code, 0)
  assert.match(own.out, /^b\.test\. {2}inline, generation 1\n {2}serial +20\d{8} \(given by control\)\n/)
  assert.match(
    own.out,
    / {2}transfer to +192\.0\.2\.0\/24 with key xfr\.\n {2}notify +192\.0\.2\.54 port 53\n {2}update by +key xfr\., types A\n$/,
  )
  // The first try comes at once, its refusal a moment later.
  let secondary = run('a.test').out
  for (let tries = 0; tries < 20 && !secondary.includes('last error'); tries++) secondary = run('a.test').out
  assert.match(secondary, /serial +none: it was never transferred\n {2}state +waiting/)
  assert.match(secondary, new RegExp(`primary +127\\.0\\.0\\.1 port ${primary}\\n {2}transferred +never\\n`))
  assert.match(secondary, /last error +20\S+Z, \d+ (try|tries): 127\.0\.0\.1: /)
  zoneAnswerSchema.parse(JSON.parse(run('b.test', '--json').out))
  assert.equal(JSON.parse(run('a.test', 'b.test', '--json').out).length, 2)
})

test('mistakes and help', () => {
  const none = run('none.test')
  assert.equal(none.code, 1)
  assert.match(none.err, /no zone of the live document is called "none\.test"/)
  assert.equal(run('b.test', '--secondary').code, 2)
  assert.match(run('--help').out, /usage: nearcast zones \[NAME…\] \[flags\]/)
})
