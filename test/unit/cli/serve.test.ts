import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { readZoneFolder } from '../../../cli/read-zone-folder.ts'
import { findAddress } from '../../../geodata/address/address.ts'
import { libcUnavailable } from '../../../resolver/transport/libc.ts'
import { closeSocket, openListeningSockets } from '../../../resolver/transport/raw-socket.ts'
import { freePort } from '../../support/product.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-serve-'))
after(() => rmSync(root, { recursive: true }))
const main = new URL('../../../main.ts', import.meta.url).pathname
const ZONE = '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n$INCLUDE more.inc\n'

/** A folder with these files. */
function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name)
  mkdirSync(folder)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  return folder
}

describe('readZoneFolder', () => {
  test('zones.txt names origin and file; included files come with them', () => {
    const folder = folderOf('list', {
      'zones.txt': '# zones\nexample.test. a.db\n\nother.test b.db ; comment\n',
      'a.db': ZONE,
      'b.db': '',
      'more.inc': 'x A 192.0.2.1\n',
      'c.zone': '',
    })
    const { zones, files } = readZoneFolder(folder)
    assert.deepEqual(zones, [
      { name: 'example.test.', file: 'a.db', serial: 'keep' },
      { name: 'other.test.', file: 'b.db', serial: 'keep' },
    ])
    assert.deepEqual([...files.keys()].sort(), ['a.db', 'b.db', 'more.inc'])
  })

  test('without zones.txt every *.zone is a zone', () => {
    const folder = folderOf('plain', { 'b.test.zone': '', 'a.test.zone': '', 'notes.txt': '' })
    assert.deepEqual(
      readZoneFolder(folder).zones.map(({ name }) => name),
      ['a.test.', 'b.test.'],
    )
  })

  test('octets that are no UTF-8 are kept', () => {
    const folder = folderOf('latin1', { 'a.test.zone': '' })
    writeFileSync(join(folder, 'a.test.zone'), Buffer.from('l TXT "caf\xe9"\n', 'latin1'))
    assert.equal(readZoneFolder(folder).files.get('a.test.zone'), 'l TXT "caf\\233"\n')
  })

  const failures: readonly {
    readonly name: string
    readonly files: Readonly<Record<string, string>> | undefined
    readonly message: RegExp
  }[] = [
    { name: 'no folder', files: undefined, message: /cannot be read \(ENOENT\)/ },
    { name: 'an empty folder', files: {}, message: /neither zones\.txt nor a \*\.zone file/ },
    { name: 'a line that is no pair', files: { 'zones.txt': 'example.test.\n' }, message: /line 1 of .*not "origin file"/ },
    { name: 'a missing file', files: { 'zones.txt': 'example.test. none.zone\n' }, message: /none\.zone" cannot be read \(ENOENT\)/ },
    { name: 'a file outside the folder', files: { 'zones.txt': 'example.test. ../../etc/passwd\n' }, message: /outside the folder/ },
  ]
  for (const [number, { name, files, message }] of failures.entries()) {
    test(`${name} is refused`, () => {
      const folder = files === undefined ? join(root, 'none') : folderOf(`bad${number}`, files)
      assert.throws(() => readZoneFolder(folder), { code: 'SERVE_ZONES', message })
    })
  }
})

async function ask(port: number, name: string): Promise<string> {
  const socket = createSocket('udp4')
  socket.send(dnsPacket.encode({ type: 'query', id: 7, questions: [{ type: 'A', name }] }), port, '127.0.0.1')
  const [reply] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return (dnsPacket.decode(reply).answers ?? []).map((a) => String((a as { data: unknown }).data)).join()
}

const serve = (...words: string[]): ChildProcess =>
  spawn(process.execPath, [main, 'serve', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })

describe('nearcast serve', () => {
  test('answers from zones and a document, says ready, and ends on SIGTERM', async () => {
    const folder = folderOf('served', { 'zones.txt': 'example.test. a.db\n', 'a.db': ZONE, 'more.inc': 'x A 192.0.2.1\n' })
    const document = join(folder, 'document.yaml')
    writeFileSync(
      document,
      `apiVersion: nearcast/v1
endpoints: [{id: a, ipv4: 192.0.2.11}]
pools: [{id: a, members: [{endpoint: a}]}]
policies: [{id: p, ttlSeconds: 30, rules: [{line: "*", pools: [a]}], fallback: [a]}]
names: [{name: edge.example.test., types: [A], policy: p}]
`,
    )
    const port = await freePort()
    const child = serve(
      '--zones',
      folder,
      '--document',
      document,
      '--listen',
      `127.0.0.1:${port}`,
      '--udp-threads',
      '1',
      '--state',
      join(root, 'state'),
    )
    const [printed] = (await once(child.stdout!, 'data')) as [Buffer]
    assert.equal(String(printed), 'ready\n')
    assert.equal(await ask(port, 'www.example.test'), '192.0.2.80')
    assert.equal(await ask(port, 'x.example.test'), '192.0.2.1')
    assert.equal(await ask(port, 'edge.example.test'), '192.0.2.11')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
  })

  for (const isStuck of [false, true]) {
    test(`SIGTERM ends it soon while a reload ${isStuck ? 'sits in a system call' : 'is far from its end'}`, async () => {
      const folder = folderOf(`stop ${isStuck}`, { 'a.test.zone': ZONE, 'more.inc': '' })
      const child = serve('--zones', folder, '--listen', `127.0.0.1:${await freePort()}`, '--udp-threads', '1', '--log-level', 'info')
      let logged = ''
      child.stderr!.on('data', (text: Buffer) => {
        logged += text.toString()
      })
      await once(child.stdout!, 'data')
      // Two million records: seconds of work.
      const much = Array.from({ length: 32 }, (_, i) => `$GENERATE 0-65535 h${i}-$ A 192.0.2.1\n`).join('')
      writeFileSync(join(folder, 'a.test.zone'), `${ZONE}${much}`)
      assert.equal(spawnSync('mkfifo', [join(folder, 'b.test.zone')]).status, 0)
      child.kill('SIGHUP')
      // Opens when the worker has opened it for reading: it waits for what never comes, or goes on to the two million.
      const pipe = await open(join(folder, 'b.test.zone'), 'w')
      if (!isStuck) await pipe.close()
      child.kill('SIGTERM')
      const from = performance.now()
      const [code] = await once(child, 'exit')
      // Less than half of what the reload takes; a machine at rest needs 0.3 s and 1.3 s.
      assert.ok(performance.now() - from < 10_000)
      if (isStuck) await pipe.close()
      assert.equal(code, 0)
      assert.match(logged, /"stopping"/)
      assert.doesNotMatch(logged, /reload failed|"reloaded"/)
    })
  }

  test('SIGHUP: a zone that fails keeps its last good version and says where, others go live, new and removed ones too', async () => {
    const zone = (address: string): string => ZONE.replace('192.0.2.80', address)
    const folder = folderOf('reload', {
      'zones.txt': 'a.test a.db\nb.test b.db\nold.test b.db\n',
      'a.db': zone('192.0.2.1'),
      'b.db': zone('192.0.2.2'),
      'more.inc': 'x A 192.0.2.3\n',
    })
    const port = await freePort()
    const child = serve('--zones', folder, '--listen', `127.0.0.1:${port}`, '--udp-threads', '1')
    await once(child.stdout!, 'data')
    const lines = createInterface({ input: child.stderr! })
    const logged: string[] = []
    const reload = async (until: RegExp): Promise<void> => {
      const seen = new Promise<void>((resolve) => {
        lines.on('line', (line) => {
          logged.push(line)
          if (until.test(line)) resolve()
        })
      })
      child.kill('SIGHUP')
      await seen
      lines.removeAllListeners('line')
    }
    assert.equal(await ask(port, 'www.a.test'), '192.0.2.1')
    // Zone a breaks, its include changes below it; b changes; old goes; new comes, broken.bad never was good.
    writeFileSync(join(folder, 'zones.txt'), 'a.test a.db\nb.test b.db\nnew.test b.db\nbad.test bad.db\ngone.test gone.db\n')
    writeFileSync(join(folder, 'a.db'), `${zone('192.0.2.9')}bad A 192.0.2.999\n`)
    writeFileSync(join(folder, 'b.db'), zone('192.0.2.22'))
    writeFileSync(join(folder, 'more.inc'), 'x A 192.0.2.33\n')
    writeFileSync(join(folder, 'bad.db'), 'www 5 A 192.0.2.4\n')
    await reload(/"reloaded"/)
    assert.equal(await ask(port, 'www.a.test'), '192.0.2.1')
    assert.equal(await ask(port, 'x.a.test'), '192.0.2.3')
    assert.equal(await ask(port, 'www.b.test'), '192.0.2.22')
    assert.equal(await ask(port, 'x.b.test'), '192.0.2.33')
    assert.equal(await ask(port, 'www.new.test'), '192.0.2.22')
    assert.equal(await ask(port, 'www.old.test'), '')
    assert.equal(await ask(port, 'www.bad.test'), '')
    const text = logged.join('\n')
    assert.match(text, /"zone":"a\.test\.".*a\.db:7:7.*192\.0\.2\.999.*keeps its last good version/)
    assert.match(text, /"zone":"bad\.test\.".*ZONE_NO_SOA.*is not served/)
    assert.match(text, /"zone":"gone\.test\.".*gone\.db.*is not served/)
    // Still broken, with another mistake; then mended.
    writeFileSync(join(folder, 'a.db'), '(')
    await reload(/"reloaded"/)
    assert.equal(await ask(port, 'x.a.test'), '192.0.2.3')
    writeFileSync(join(folder, 'a.db'), zone('192.0.2.10'))
    await reload(/"reloaded"/)
    assert.equal(await ask(port, 'www.a.test'), '192.0.2.10')
    assert.equal(await ask(port, 'x.a.test'), '192.0.2.33')
    // A list that cannot be read changes nothing.
    writeFileSync(join(folder, 'zones.txt'), 'a.test\n')
    await reload(/reload failed/)
    assert.equal(await ask(port, 'www.b.test'), '192.0.2.22')
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
  })

  test('all errors are shown at once, with their places, and nothing is served', () => {
    const folder = folderOf('wrong', { 'a.test.zone': '$TTL 60\n@ SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.300\nwww A x\n' })
    const { status, stderr } = spawnSync(
      process.execPath,
      [main, 'serve', '--zones', folder, '--listen', '127.0.0.1:0', '--log-level', 'error'],
      { encoding: 'utf8' },
    )
    assert.equal(status, 1)
    assert.match(stderr, /a\.test\.zone:4:.*\n.*a\.test\.zone:5:/)
    assert.match(stderr, /SERVE_INVALID/)
  })

  test('an address in use is one clear line', { skip: libcUnavailable() ?? false }, () => {
    const sockets = openListeningSockets([{ address: findAddress('127.0.0.1')!, port: 0 }], 1)
    const { port } = sockets[0]!.listen
    const folder = folderOf('busy', { 'a.test.zone': ZONE })
    const { status, stderr } = spawnSync(
      process.execPath,
      [main, 'serve', '--zones', folder, '--listen', `127.0.0.1:${port}`, '--log-level', 'error'],
      { encoding: 'utf8' },
    )
    assert.equal(status, 1)
    assert.match(
      stderr,
      new RegExp(`^nearcast serve: 127\\.0\\.0\\.1:${port} \\(TCP\\) is in use by another program; .*\\[TRANSPORT_ADDRESS_IN_USE\\]\n$`),
    )
    for (const { fd } of sockets) closeSocket(fd)
  })

  const usage: readonly { readonly name: string; readonly words: readonly string[]; readonly message: RegExp }[] = [
    { name: 'nothing to serve', words: [], message: /--zones DIR or --document FILE/ },
    { name: 'no number of threads', words: ['--zones', 'x', '--udp-threads', 'many'], message: /--udp-threads must be a whole number/ },
    { name: 'an unknown flag', words: ['--zone', 'x'], message: /usage: nearcast serve/ },
  ]
  for (const { name, words, message } of usage) {
    test(`${name} is a wrong call`, () => {
      const { status, stderr } = spawnSync(process.execPath, [main, 'serve', ...words], { encoding: 'utf8' })
      assert.equal(status, 2)
      assert.match(stderr, message)
    })
  }
})
