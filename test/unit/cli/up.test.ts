import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { statePaths } from '../../../cli/state-paths.ts'
import { libcUnavailable } from '../../../resolver/transport/libc.ts'
import { answerOf, ask, encodeQuery, startLoad } from '../../support/dns-load.ts'
import { type Product, startProduct, until } from '../../support/product.ts'

const main = new URL('../../../main.ts', import.meta.url).pathname
const root = mkdtempSync(join(tmpdir(), 'nearcast-up-'))
after(() => rmSync(root, { recursive: true, force: true }))
const document = join(root, 'document.yaml')
writeFileSync(
  document,
  `apiVersion: nearcast/v1
zones:
  - name: example.test.
    soa: {mname: ns1.example.test., rname: hostmaster.example.test.}
    nameservers: [ns1.example.test.]
    ttlSeconds: 60
    records: [{name: ns1, type: A, data: ["192.0.2.53"]}, {name: www, type: A, data: ["192.0.2.80"]}]
`,
)

const up = (...words: string[]) =>
  spawnSync(process.execPath, [main, 'up', ...words, '--log-level', 'error'], { encoding: 'utf8', timeout: 100_000 })

const FREE_PORTS = ['--listen', '127.0.0.1:0', '--api-listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0']
/** Runs `up` on ports that the kernel chooses; later words win. */
const upOnFreePorts = (folder: string, ...words: string[]) =>
  spawnSync(process.execPath, [main, 'up', ...FREE_PORTS, '--state', folder, ...words], { encoding: 'utf8', timeout: 100_000 })

/** True while a process lives. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('nearcast up', { skip: libcUnavailable() ?? false }, () => {
  let product: Product
  before(async () => {
    product = await startProduct(['--document', document, '--udp-threads', '2'])
  })
  after(() => product.stop())

  test('prints where things are, the first password, and ready', () => {
    const printed = product.output()
    assert.match(printed, new RegExp(`^  DNS      127\\.0\\.0\\.1:${product.dnsPort} \\(UDP and TCP\\)$`, 'm'))
    assert.match(printed, new RegExp(`^  console  http://127\\.0\\.0\\.1:${product.apiPort}/$`, 'm'))
    assert.match(printed, new RegExp(`^  metrics  http://127\\.0\\.0\\.1:${product.metricsPort}/metrics$`, 'm'))
    assert.match(printed, /^ {2}sign in {2}user "admin", password "\S+" \(shown only now/m)
    assert.match(printed, /^ready$/m)
  })

  test('kill -9 of the node loses at most a handful of queries, of control none; both are back', async () => {
    const load = startLoad(product.dnsPort, 'www.example.test', ['192.0.2.0/24'], 100)
    await until('first answers', 60_000, () => load.results.filter(({ answer }) => answer !== undefined).length > 20)
    for (const part of ['node', 'control', 'node'] as const) {
      const pid = product.pidOf(part)!
      process.kill(pid, 'SIGKILL')
      await until(`${part} is back`, 60_000, () => {
        const now = product.pidOf(part)
        return now !== undefined && now !== pid
      })
      // What waited is answered too: a batch in the hands of a killed node is lost, up to 64 queries when it works off a backlog.
      const asked = load.results.length
      await until(
        'the backlog is worked off',
        60_000,
        () => load.results.length > asked + 20 && load.results.slice(asked, -5).every(({ answer }) => answer !== undefined),
      )
    }
    const results = await load.stop(5000)
    const lost = results.filter(({ answer }) => answer === undefined).length
    assert.ok(lost <= 5, `${lost} of ${results.length} queries lost`)
    assert.deepEqual([...new Set(results.map(({ answer }) => answer).filter((answer) => answer !== undefined))], ['192.0.2.80'])
  })

  test('a second up on the same state folder or the same port is refused with one line', () => {
    const sameFolder = up('--state', product.stateFolder, '--listen', '127.0.0.1:0')
    assert.equal(sameFolder.status, 1)
    assert.match(
      sameFolder.stderr,
      new RegExp(
        `^nearcast up: the state folder "${product.stateFolder}" is in use by another nearcast \\(process ${product.child.pid}\\);.*\\n$`,
      ),
    )
    const samePort = up('--state', join(root, 'second'), '--listen', `127.0.0.1:${product.dnsPort}`)
    assert.equal(samePort.status, 1)
    assert.match(
      samePort.stderr,
      new RegExp(`^nearcast up: 127\\.0\\.0\\.1:${product.dnsPort} \\(TCP\\) is in use by another program;.*\\n$`),
    )
  })

  test('what is refused before the start is one line, and nothing is made', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    )
    const used = `127\\.0\\.0\\.1:${port} \\(WHOSE\\) is in use by another program; .* with FLAG \\[TRANSPORT_ADDRESS_IN_USE\\]`
    const nothing = join(root, 'nothing')
    const folder = join(root, 'refused')
    const rows: readonly (readonly [words: readonly string[], line: string])[] = [
      [['--api-listen', `127.0.0.1:${port}`], used.replace('WHOSE', 'API').replace('FLAG', '--api-listen')],
      [['--metrics-listen', `127.0.0.1:${port}`], used.replace('WHOSE', 'metrics').replace('FLAG', '--metrics-listen')],
      [['--document', nothing], `cannot read the document "${nothing}": there is no such file; .*--document \\[DOCUMENT_UNREADABLE\\]`],
      [['--document', root], `cannot read the document "${root}": it is a folder; .* \\[DOCUMENT_UNREADABLE\\]`],
      [
        ['--geodata', nothing],
        `cannot read the geodata file "${nothing}": there is no such file; .*--geodata .* \\[GEODATA_FILE_MISSING\\]`,
      ],
      [['--tls-key', nothing], '--tls-key is given without --tls-cert; give both, or neither \\[API_TLS\\]'],
      [['--tls-cert', nothing], '--tls-cert is given without --tls-key; give both, or neither \\[API_TLS\\]'],
      [['--tls-key', nothing, '--tls-cert', nothing], `"${nothing}" cannot be read \\(ENOENT\\); .* \\[API_TLS\\]`],
      [
        ['--tls-key', document, '--tls-cert', document],
        `the certificate "${document}" holds no PEM certificate; .* \\[TRANSPORT_CERTIFICATE\\]`,
      ],
      [['--metrics-listen', '0.0.0.0:0'], 'the metrics port would be open to everybody .*--metrics-token-file .* \\[METRICS_OPEN\\]'],
      [['--api-listen', '0.0.0.0:0'], 'the API would be open without encryption .*--behind-proxy .* \\[API_BIND_NEEDS_TLS\\]'],
      [['--cookie-secret-file', nothing], `the cookie secrets "${nothing}" cannot be read .* \\[SETTINGS_COOKIE_SECRETS\\]`],
    ]
    try {
      for (const [words, line] of rows) {
        const { status, stdout, stderr } = upOnFreePorts(folder, ...words)
        assert.match(stderr, new RegExp(`^nearcast up: ${line}\\n$`), words.join(' '))
        assert.deepEqual([status, stdout, existsSync(folder)], [1, '', false], words.join(' '))
      }
    } finally {
      taken.close()
    }
  })

  test('when a part cannot start, only its one line is shown, no account is made, and all ends with 1', () => {
    const bad = join(root, 'bad.geodata')
    writeFileSync(bad, 'no geodata')
    const folder = join(root, 'third')
    const { status, stdout, stderr } = upOnFreePorts(folder, '--geodata', bad, '--log-level', 'info')
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`^nearcast control: "${bad}" is not a geodata file; .* \\[GEODATA_FILE_FORMAT\\]\\n$`))
    assert.doesNotMatch(stdout, /sign in/)
    assert.equal(existsSync(statePaths(folder).store), false)
  })

  test('a first document with errors makes no account', () => {
    const bad = join(root, 'bad.yaml')
    writeFileSync(bad, 'apiVersion: nearcast/v0\n')
    const { status, stdout, stderr } = upOnFreePorts(join(root, 'fourth'), '--document', bad)
    assert.equal(status, 1)
    assert.match(
      stderr,
      /error CONFIG_VERSION .*\n.*\nnearcast control: .*bad\.yaml" cannot be the first document: .* \[DOCUMENT_INVALID\]\n(\{[^\n]*\}\n)*$/,
    )
    assert.doesNotMatch(stdout, /sign in/)
  })

  test('without a document it says so instead of ready, and is ready after the first publish', async () => {
    const empty = await startProduct()
    try {
      assert.match(empty.output(), /^not ready: no document is published, DNS answers SERVFAIL;/m)
      assert.doesNotMatch(empty.output(), /^ready$/m)
      await empty.cli('apply', document)
      await until('ready', 30_000, () => /^ready$/m.test(empty.output()))
      const reply = await ask(empty.dnsPort, encodeQuery(1, 'www.example.test', undefined))
      assert.equal(answerOf(reply), '192.0.2.80')
    } finally {
      await empty.stop()
    }
  })

  test('the children end when their supervisor is killed', async () => {
    const pids = [product.pidOf('node')!, product.pidOf('control')!]
    product.child.kill('SIGKILL')
    await until('node and control ended', 60_000, () => pids.every((pid) => !isAlive(pid)))
  })
})
