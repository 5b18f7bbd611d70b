/** The query log of a running server, judged by the readers that others use: fstrm_capture, dnstap-read, dnstap-ldns, fstrm_dump. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { packageRoot } from '../../cli/package-root.ts'
import { encodeControlFrame, FRAME_ACCEPT } from '../../resolver/observe/dnstap-frames.ts'
import { encodeQuery } from '../support/dns-load.ts'
import { freePort, runCli, startProduct, until } from '../support/product.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-query-log-'))
after(() => rmSync(root, { recursive: true, force: true }))
const zones = join(root, 'zones')
mkdirSync(zones)
writeFileSync(
  join(zones, 'example.test.zone'),
  '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\nwww AAAA 2001:db8::80\n',
)

type Server = { readonly port: number; readonly child: ChildProcess; log(): string; stop(): Promise<void> }

/** `serve` on 127.0.0.1 and ::1 with these flags. */
async function serve(...flags: string[]): Promise<Server> {
  const port = await freePort()
  const words = ['serve', '--zones', zones, '--listen', `127.0.0.1:${port}`, '--listen', `[::1]:${port}`, '--udp-threads', '1', ...flags]
  const child = spawn(process.execPath, [join(packageRoot(), 'main.ts'), ...words, '--identity', 'node-7', '--log-level', 'info'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let log = ''
  child.stdout!.on('data', (data) => {
    out += data
  })
  child.stderr!.on('data', (data) => {
    log += data
  })
  const server: Server = {
    ...{ port, child, log: () => out + log },
    stop: async () => {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
  after(() => server.stop())
  await until('ready', 30_000, () => {
    if (child.exitCode !== null) throw new Error(`serve ended: ${out}${log}`)
    return /^ready$/m.test(out)
  })
  return server
}

const dig = (server: Server, ...words: string[]): string =>
  execFileSync('dig', ['-p', String(server.port), '+tries=1', '+time=5', ...words], { encoding: 'utf8' })

/** The same questions for every kind of log. */
function ask(server: Server): void {
  dig(server, '@127.0.0.1', '-b', '127.9.8.77', 'www.example.test', 'A', '+subnet=203.0.113.77/32')
  dig(server, '@127.0.0.1', 'WwW.example.test', 'AAAA', '+tcp', '+dnssec')
  dig(server, '@::1', 'nothing.example.test', 'A', '+subnet=2001:db8:1:2ff:3::4/128')
}

/** Whole addresses that must stand nowhere in a log. */
const SECRETS = [Buffer.from([203, 0, 113, 77]), Buffer.from([127, 9, 8, 77]), Buffer.from('20010db8000102ff', 'hex')]

function checkReaders(file: string, port: number): void {
  const bytes = readFileSync(file)
  for (const secret of SECRETS) assert.equal(bytes.indexOf(secret), -1, `the log holds ${secret.toString('hex')}`)
  // Each thread writes its own queries in order; between threads (UDP and TCP here) there is none.
  const lines = execFileSync('dnstap-read', [file], { encoding: 'utf8' }).trim().split('\n')
  const said = lines.map((line) =>
    line
      .split(' ')
      .slice(2)
      .join(' ')
      .replace(/:\d+ (->|<-)/, ' $1')
      .replace(/ \d+b /, ' '),
  )
  const expected = [
    `AQ 127.9.8.0 -> 127.0.0.1:${port} UDP www.example.test/IN/A`,
    `AR 127.9.8.0 <- 127.0.0.1:${port} UDP www.example.test/IN/A`,
    `AQ 127.0.0.0 -> 127.0.0.1:${port} TCP WwW.example.test/IN/AAAA`,
    `AR 127.0.0.0 <- 127.0.0.1:${port} TCP WwW.example.test/IN/AAAA`,
    `AQ :: -> ::1:${port} UDP nothing.example.test/IN/A`,
    `AR :: <- ::1:${port} UDP nothing.example.test/IN/A`,
  ]
  assert.deepEqual(said.toSorted(), expected.toSorted())
  const messages = execFileSync('dnstap-read', ['-y', file], { encoding: 'utf8' }).split('---\n')
  const message = (text: string): string => messages[said.indexOf(text)]!
  const first = message(expected[0]!)
  for (const part of ['identity: node-7', 'version: nearcast ', 'type: AUTH_QUERY', 'query_zone: example.test.', `response_port: ${port}`])
    assert.ok(first.includes(part), `"${part}" is not in:\n${first}`)
  assert.match(first, /CLIENT-SUBNET: 203\.0\.113\.0\/24\/0/)
  assert.match(message(expected[1]!), /CLIENT-SUBNET: 203\.0\.113\.0\/24\/0[\s\S]*'www\.example\.test\. 300 IN A 192\.0\.2\.80'/)
  assert.match(message(expected[4]!), /CLIENT-SUBNET: 2001:db8:1:200::\/56\/0/)
  assert.match(message(expected[5]!), /status: NXDOMAIN/)
  // A second reader, on libfstrm and ldns instead of BIND's libraries.
  const quiet = execFileSync('dnstap-ldns', ['-r', file, '-q'], { encoding: 'utf8' }).trim().split('\n')
  assert.equal(quiet.length, 6)
  assert.ok(
    quiet.some((line) => /AR 127\.9\.8\.0 UDP \d+b "www\.example\.test\." IN A/.test(line)),
    quiet.join('\n'),
  )
  assert.match(execFileSync('dnstap-ldns', ['-r', file, '-y'], { encoding: 'utf8' }), /query_zone: "example\.test\."/)
}

describe('dnstap', () => {
  test('into a unix socket that fstrm_capture reads', async () => {
    const socket = join(root, 'tap.sock')
    const file = join(root, 'captured.fstrm')
    const server = await serve('--query-log', 'dnstap', '--query-log-to', `unix:${socket}`)
    // The reader comes late: what was asked before waits for it.
    dig(server, '@127.0.0.1', 'early.example.test')
    const capture = spawn('fstrm_capture', ['-t', 'protobuf:dnstap.Dnstap', '-u', socket, '-w', file], { stdio: 'ignore' })
    await until('the reader is told of', 10_000, () => /is back/.test(server.log()))
    ask(server)
    await server.stop()
    assert.match(server.log(), /"written":4,"droppedByRings":0,"lost":0,"msg":"query log ended"/)
    const ended = once(capture, 'exit')
    capture.kill('SIGTERM')
    await ended
    const dump = spawnSync('fstrm_dump', [file], { encoding: 'latin1' })
    assert.equal(dump.status, 0)
    assert.equal(dump.stderr.match(/Data frame/g)?.length ?? dump.stdout.match(/Data frame/g)?.length, 8, dump.stderr)
    assert.match(execFileSync('dnstap-read', [file], { encoding: 'utf8' }), /^[^\n]*AQ[^\n]*early\.example\.test/)
  })

  test('into a file, which the next start begins anew', async () => {
    const file = join(root, 'q.tap')
    const server = await serve('--query-log', 'dnstap', '--query-log-to', file)
    ask(server)
    await server.stop()
    checkReaders(file, server.port)
    const next = await serve('--query-log', 'dnstap', '--query-log-to', file, '--query-log-messages', 'response')
    dig(next, '@127.0.0.1', 'www.example.test')
    await next.stop()
    assert.match(execFileSync('dnstap-read', [file], { encoding: 'utf8' }), /^\S+ \S+ AR [^\n]*\n$/)
    checkReaders(`${file}.1`, server.port)
  })

  test('a reader that is stuck: every query is answered, the log drops and counts, and the server ends in time', async () => {
    const socket = join(root, 'stuck.sock')
    const reader = createServer((peer) => {
      peer.once('data', () => {
        peer.write(encodeControlFrame(FRAME_ACCEPT))
        peer.pause()
      })
      peer.on('error', () => undefined)
    }).listen(socket)
    await once(reader, 'listening')
    const server = await serve('--query-log', 'dnstap', '--query-log-to', `unix:${socket}`)
    assert.equal(await askMany(server.port, 60_000), 60_000)
    const before = performance.now()
    await server.stop()
    assert.ok(performance.now() - before < 5000)
    const ended = JSON.parse(/\{[^\n]*query log ended[^\n]*/.exec(server.log())![0]) as Record<string, number>
    assert.ok(ended.droppedByRings! > 10_000, server.log())
    // Every query is in one of the three.
    assert.equal(ended.written! + ended.lost! + ended.droppedByRings!, 60_000)
    assert.match(server.log(), /queries were not logged/)
    reader.close()
  })
})

/** Asks `count` times with 50 queries under way, each asked once; resolves with the number of answers. */
async function askMany(port: number, count: number): Promise<number> {
  const socket = createSocket('udp4')
  const query = encodeQuery(1, 'www.example.test', undefined)
  let sent = 0
  let answered = 0
  let quietSince = performance.now()
  const send = (): void => {
    sent++
    socket.send(query, port, '127.0.0.1')
  }
  socket.on('message', () => {
    answered++
    quietSince = performance.now()
    if (sent < count) send()
  })
  for (let n = 0; n < 50; n++) send()
  await until('all answers', 120_000, () => answered === count || performance.now() - quietSince > 5000)
  socket.close()
  return answered
}

describe('JSON lines', () => {
  test('into a file: one object a query, addresses cut, written anew on SIGHUP', async () => {
    const file = join(root, 'q.json')
    const server = await serve('--query-log', 'json', '--query-log-to', file, '--query-log-answers')
    ask(server)
    const lines = await until('three lines', 5000, () => {
      const found = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
      return found.length >= 3 && found
    })
    // In the order of asking: each transport's thread writes for itself.
    const order = ['127.9.8.0/24', '127.0.0.0/24', '::/56']
    const rows = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .toSorted((a, b) => order.indexOf(String(a.client)) - order.indexOf(String(b.client)))
    const { client, transport, name, ecs, scope, rcode, answers, records, node } = rows[0]!
    assert.deepEqual(
      { client, transport, name, ecs, scope, rcode, answers, records, node },
      {
        ...{ client: '127.9.8.0/24', transport: 'udp', name: 'www.example.test.', ecs: '203.0.113.0/24', scope: 0, rcode: 'NOERROR' },
        ...{ answers: 1, records: ['www.example.test. 300 IN A 192.0.2.80'], node: 'node-7' },
      },
    )
    assert.deepEqual([rows[1]!.transport, rows[1]!.name], ['tcp', 'WwW.example.test.'])
    assert.deepEqual([rows[2]!.client, rows[2]!.ecs, rows[2]!.rcode], ['::/56', '2001:db8:1:200::/56', 'NXDOMAIN'])
    for (const row of rows) assert.ok(Math.abs(Date.parse(String(row.time)) - Date.now()) < 60_000, String(row.time))
    renameSync(file, `${file}.moved`)
    server.child.kill('SIGHUP')
    await until('a new file', 5000, () => existsSync(file))
    dig(server, '@127.0.0.1', 'later.example.test')
    // The signal makes serve read its zones again too.
    await until('the reload', 20_000, () => /"reloaded"/.test(server.log()))
    await server.stop()
    assert.match(readFileSync(file, 'utf8'), /^\{[^\n]*"later\.example\.test\."[^\n]*\}\n$/)
  })

  test('to standard output, sampled; a whole address where that is asked for', async () => {
    const server = await serve('--query-log', 'json', '--query-log-sample', '10', '--query-log-client-bits', '32,128')
    await askMany(server.port, 5000)
    await server.stop()
    const rows = server
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{"time"'))
    assert.ok(rows.length > 400 && rows.length < 600, String(rows.length))
    assert.equal((JSON.parse(rows[0]!) as { client: string }).client, '127.0.0.1/32')
  })
})

describe('the whole product', () => {
  test('up: steered answers with policy and rule, metrics, SIGHUP reaches the node', async () => {
    const file = join(root, 'up.json')
    const product = await startProduct(['--example', '--query-log', 'json', '--query-log-to', file])
    try {
      const server = { port: product.dnsPort } as Server
      dig(server, '@127.0.0.1', 'edge-api.yourcompany.com', '+subnet=202.96.104.0/24')
      const text = await until('a line', 5000, () => existsSync(file) && (readFileSync(file, 'utf8') || false))
      const row = JSON.parse(text.split('\n')[0]!) as Record<string, unknown>
      assert.deepEqual([row.policy, typeof row.rule, typeof row.outcome, row.ecs], ['edge-api', 'string', 'string', '202.96.104.0/24'])
      assert.ok(Number(row.generation) >= 1 && Number(row.scope) > 0, text)
      const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
      assert.match(metrics, /^nearcast_query_log_written_total [1-9]/m)
      assert.match(metrics, /^nearcast_query_log_dropped_total\{reason="ring"\} 0$/m)
      renameSync(file, `${file}.moved`)
      product.child.kill('SIGHUP')
      await until('a new file', 5000, () => existsSync(file))
    } finally {
      await product.stop()
    }
  })
})

describe('refusals', () => {
  const port = '127.0.0.1:0'
  for (const [command, ...words] of [
    ['serve', '--zones', zones, '--listen', port],
    ['up', '--listen', port, '--api-listen', port, '--metrics-listen', port, '--state', join(root, 'state')],
  ] as const)
    for (const [to, reason] of [
      ['/proc/nearcast/q.log', /cannot be written \(E/],
      [root, /is not a file/],
      [`unix:${zones}`, /is not a socket/],
    ] as const)
      test(`${command} into ${to.replace(root, '…')}: one clear line, exit 1`, () => {
        const { code, stderr } = runCli([command, ...words, '--query-log', 'json', '--query-log-to', to], {}, 30_000)
        assert.equal(code, 1, stderr)
        const lines = stderr.split('\n').filter((line) => line.startsWith('nearcast '))
        assert.equal(lines.length, 1, stderr)
        assert.match(lines[0]!, reason)
        assert.match(lines[0]!, /SETTINGS_QUERY_LOG/)
      })

  test('a wrong value: exit 2 and the usage', () => {
    const { code, stderr } = runCli(['serve', '--zones', zones, '--query-log', 'yes'])
    assert.equal(code, 2)
    assert.match(stderr, /--query-log must be off, json or dnstap, not "yes"/)
  })
})
