/** The commands against a real control process: apply and export, conflicts, users, backup and restore, kill -9. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EXAMPLE_DOCUMENT } from '../../support/control-fixture.ts'

const MAIN = fileURLToPath(new URL('../../../main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nearcast-cli-'))
const state = join(folder, 'state')
let control: ChildProcess
let apiAddress = ''
let printed = ''

function run(...words: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words, '--state', state], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

async function startControl(...words: string[]): Promise<void> {
  const all = [MAIN, 'control', '--state', state, '--api-listen', '127.0.0.1:0', '--log-level', 'error', ...words]
  control = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    control.once('exit', (code) => reject(new Error(`control ended with ${code}`)))
    control.stdout!.on('data', (data) => {
      printed += data
      apiAddress = /console\s+(http\S+)\/\n/.exec(printed)?.[1] ?? apiAddress
      if (/^ready$/m.test(printed)) resolve()
    })
  })
}

async function stopControl(signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => control.once('exit', resolve))
  control.kill(signal)
  printed = ''
  return ended
}

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

before(() => startControl())
after(async () => {
  if (control.exitCode === null && control.signalCode === null) await stopControl('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('the first start prints a password once; the socket and the store are for this user only', () => {
  assert.match(printed, /user "admin", password "([a-z2-9]{5}-){3}[a-z2-9]{5}"/)
  assert.equal(statSync(join(state, 'control.sock')).mode & 0o777, 0o600)
  assert.equal(statSync(join(state, 'control.sqlite')).mode & 0o777, 0o600)
  assert.equal(statSync(state).mode & 0o077, 0)
})

test('apply publishes, and again changes nothing', () => {
  const path = write('doc.yaml', EXAMPLE_DOCUMENT)
  const first = run('apply', path, '--comment', 'first')
  assert.equal(first.code, 0, first.err)
  assert.match(first.out, /^generation 1 published, digest [0-9a-f]{12}$/m)
  assert.match(run('apply', path).out, /generation 1 is live with this content already/)
})

test('export → apply is the identity: as a folder with its files, and as one text', () => {
  const withFile = EXAMPLE_DOCUMENT.replace('prefixes: [198.51.100.0/24, "2001:db8:5::/48"]', 'file: park-a.cidr')
  assert.notEqual(withFile, EXAMPLE_DOCUMENT)
  write('park-a.cidr', '198.51.100.0/24\n2001:db8:5::/48 # the second\n')
  const path = write('with-file.yaml', withFile)
  assert.match(run('apply', path).out, /generation 1 is live with this content already/, 'where the networks stand is no difference')
  const changed = write('with-file.yaml', withFile.replace('maxLatencyMs: 500', 'maxLatencyMs: 400'))
  assert.match(run('apply', changed).out, /generation 2 published/)
  const out = join(folder, 'exported')
  assert.equal(run('export', out).code, 0)
  assert.match(readFileSync(join(out, 'nearcast.yaml'), 'utf8'), /^# Exported by nearcast; digest [0-9a-f]{64}\n# basedOn: 2\n/)
  assert.equal(readFileSync(join(out, 'park-a.cidr'), 'utf8'), '198.51.100.0/24\n2001:db8:5::/48 # the second\n')
  assert.match(run('apply', join(out, 'nearcast.yaml')).out, /generation 2 is live with this content already/)
  const single = write('single.yaml', run('export', '--single').out)
  assert.match(run('apply', single).out, /generation 2 is live with this content already/)
  const needsFolder = run('export')
  assert.equal(needsFolder.code, 2)
  assert.match(needsFolder.err, /names 1 files: name a folder, or use --single/)
  assert.equal(JSON.parse(run('export', '--json').out).generation, 2)
})

test('a bad document is refused with every issue and exit code 2', () => {
  const path = write('bad.yaml', EXAMPLE_DOCUMENT.replace('inherit: true', 'inherti: true').replace('line: "*"', 'line: "zz"'))
  const { code, err } = run('apply', path)
  assert.equal(code, 2)
  assert.match(err, /bad\.yaml:\d+:\d+ error CONFIG_UNKNOWN_KEY unknown key "inherti"\n {4}did you mean "inherit"\?/)
  assert.match(err, /bad\.yaml:\d+:\d+ error POLICY_LINE_UNKNOWN "zz" is no line/)
  const json = run('apply', path, '--json')
  assert.deepEqual([json.code, JSON.parse(json.out).code], [2, 'DOCUMENT_INVALID'])
})

test('a warning wants its code, a stale base is shown with its difference', () => {
  const moved = EXAMPLE_DOCUMENT.replace('{line: "*", pools: [central]}', '{line: "*", pools: [zhejiang-telecom]}')
  const path = write('moved.yaml', moved)
  const refused = run('apply', path)
  assert.equal(refused.code, 1)
  assert.match(refused.err, /warning PUBLISH_MOVES_MANY [\d.]+ % of the addresses/)
  assert.match(refused.err, /repeat with --accept PUBLISH_MOVES_MANY/)
  assert.match(run('apply', path, '--accept', 'PUBLISH_MOVES_MANY').out, /generation 3 published/)
  const stale = run('apply', join(folder, 'exported', 'nearcast.yaml'))
  assert.equal(stale.code, 1)
  assert.match(stale.err, /^live 3 → this document:$/m)
  assert.match(stale.err, /^ {2}~ policy edge-api: rules\[\*\] /m)
  assert.match(stale.err, /based on generation 2, but 3 is live.*\[DOCUMENT_NOT_BASED_ON_LIVE\]/)
  assert.match(
    run('apply', join(folder, 'exported', 'nearcast.yaml'), '--force', '--accept', 'PUBLISH_MOVES_MANY').out,
    /generation 4 published/,
  )
})

test('user manages accounts; a token opens the API from elsewhere, a secret never comes from the command line', () => {
  assert.match(run('user', 'add', 'bob', '--role', 'editor').out, /^user "bob", role editor, password "/)
  assert.match(run('user', 'role', 'bob', 'publisher').out, /has the role publisher/)
  assert.match(run('user', 'list').out, /^bob +publisher/m)
  assert.equal(run('user', 'add', 'BOB', '--role', 'editor').code, 2)
  assert.equal(run('user', 'add', 'eve', '--role', 'king').code, 2)
  assert.equal(run('user', 'dance').code, 2)
  assert.match(run('user', 'remove', 'admin').err, /last admin.*\[USER_LAST_ADMIN\]/)
  const token = write('token', run('user', 'token', 'ci', '--role', 'viewer', '--days', '1').out)
  assert.equal(JSON.parse(run('export', '--json', '--server', apiAddress, '--token-file', token).out).generation, 4)
  assert.match(run('apply', join(folder, 'doc.yaml'), '--server', apiAddress, '--token-file', token).err, /\[AUTH_FORBIDDEN\]/)
  assert.match(run('user', 'list', '--server', apiAddress).err, /\[CLI_TOKEN\]/)
  assert.match(run('user', 'list', '--server', 'http://dns.example.com', '--token-file', token).err, /without encryption.*\[CLI_SERVER\]/)
  assert.match(run('user', 'list', '--server', 'https://token@dns.example.com').err, /\[CLI_SERVER\]/)
})

test('token makes, lists and revokes tokens, for the whole API or for reports only', () => {
  const made = run('token', 'create', 'edge', '--scope', 'push', '--endpoint', 'a', '--endpoint', 'b', '--days', '30')
  assert.match(made.out, /^nearcast_[A-Za-z0-9_-]{43}\n$/, made.err)
  const list = run('token', 'list')
  assert.match(list.out, /^(\d+) +edge +push +of machine, ends 20\d\d-.*, last used never, only a, only b$/m)
  assert.ok(!list.out.includes(made.out.trim()))
  const json = JSON.parse(run('token', 'create', 'far', '--scope', 'samples', '--vantage', 'far-1', '--json').out)
  assert.deepEqual([json.scope, json.vantage, json.expiresAt], ['samples', 'far-1', null])
  assert.equal(run('token', 'revoke', json.id).out, `token ${json.id} revoked\n`)
  assert.match(run('token', 'revoke', json.id).err, /\[TOKEN_UNKNOWN\]/)
  assert.equal(run('token', 'create', 'x', '--scope', 'all').code, 2)
  assert.match(run('token', 'create', 'x', '--scope', 'push', '--role', 'admin').err, /role: only tokens of scope api have a role/)
  assert.match(run('token').err, /name an action/)
})

test('a second control on the same folder is refused with one line', () => {
  const { code, err } = run('control', '--api-listen', '127.0.0.1:0')
  assert.equal(code, 1)
  assert.match(err, /another control already runs on this state folder.*\[CONTROL_RUNNING\]/)
  assert.equal(err.trim().split('\n').length, 1)
})

test('an open bind without TLS and a taken port are refused with one line', () => {
  const port = apiAddress.split(':').at(-1)!
  const other = join(folder, 'other')
  const start = (...words: string[]) => spawnSync(process.execPath, [MAIN, 'control', '--state', other, ...words], { encoding: 'utf8' })
  const open = start('--api-listen', '0.0.0.0:0')
  assert.deepEqual([open.status, /\[API_BIND_NEEDS_TLS\]\n$/.test(open.stderr)], [1, true], open.stderr)
  const taken = start('--api-listen', `127.0.0.1:${port}`)
  assert.deepEqual([taken.status, /in use.*\[API_LISTEN\]\n$/.test(taken.stderr)], [1, true], taken.stderr)
})

test('kill -9 loses no acknowledged edit; the next start brings it to nodes again', async () => {
  const path = write('after.yaml', EXAMPLE_DOCUMENT.replace('maxLatencyMs: 500', 'maxLatencyMs: 333'))
  assert.match(run('apply', path, '--force').out, /generation 5 published/)
  await stopControl('SIGKILL')
  assert.match(run('export', '--single').err, /\[CONTROL_AWAY\]/)
  await startControl()
  assert.match(run('export', '--single').out, /maxLatencyMs: 333/)
  assert.doesNotMatch(printed, /password/, 'the first password is shown once')
})

test('backup works on a running control, restore does not', async () => {
  const file = join(folder, 'backup.nc')
  assert.equal(run('backup', file).code, 0)
  assert.match(run('backup', file).err, /\[BACKUP_EXISTS\]/)
  assert.match(run('restore', file).err, /\[RESTORE_RUNNING\]/)
  run('apply', write('later.yaml', EXAMPLE_DOCUMENT.replace('maxLatencyMs: 500', 'maxLatencyMs: 444')), '--force')
  assert.equal(await stopControl('SIGTERM'), 0)
  assert.equal(existsSync(join(state, 'control.sock')), false, 'a graceful stop removes its socket')
  assert.equal(JSON.parse(run('restore', file, '--json').out).generation, 5)
  assert.match(run('user', 'reset', 'admin').out, /new password/, 'without control, on the store itself')
  assert.match(run('user', 'list').out, /^bob +publisher/m)
  await startControl()
  assert.match(run('export', '--single').out, /maxLatencyMs: 333/)
})

test('SIGHUP applies the document again; a bad one leaves live alone', async () => {
  await stopControl('SIGTERM')
  rmSync(state, { recursive: true, force: true })
  const path = write('seed.yaml', EXAMPLE_DOCUMENT)
  await startControl('--document', path)
  const digest = (): string => JSON.parse(run('export', '--json').out).digest
  const first = digest()
  writeFileSync(path, 'apiVersion: nearcast/v1\nnonsense: 1\n')
  control.kill('SIGHUP')
  assert.equal(digest(), first)
  writeFileSync(path, EXAMPLE_DOCUMENT.replace('maxLatencyMs: 500', 'maxLatencyMs: 222'))
  control.kill('SIGHUP')
  for (let tries = 0; tries < 50 && digest() === first; tries++);
  assert.match(run('export', '--single').out, /maxLatencyMs: 222/)
  assert.equal(await stopControl('SIGTERM'), 0)
})
