/**
 * Dynamic updates (RFC 2136) by nsupdate and knsupdate on the whole product: visible when acknowledged, kept over kill -9, refused with the
 * right error, side by side with edits of the document; a Knot secondary has them within a second.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

const SECRET = Buffer.alloc(32, 7).toString('base64')
const OTHER = Buffer.alloc(32, 8).toString('base64')

function documentText(knotPort: number, records = ''): string {
  return `apiVersion: nearcast/v1
tsigKeys:
  - {name: all., secretRef: all}
  - {name: acme., algorithm: hmac-sha512, secretRef: acme}
  - {name: xfr., secretRef: all}
zones:
  - name: dyn.test.
    soa: {mname: ns1.dyn.test., rname: hostmaster.dyn.test.}
    nameservers: [ns1.dyn.test.]
    allowTransfer: [{tsigKey: xfr.}]
    notify: [{address: 127.0.0.1, port: ${knotPort}, tsigKey: xfr.}]
    allowUpdate:
      - {tsigKey: all., types: [ANY]}
      - {tsigKey: acme., names: [_acme-challenge, "_acme-challenge.*"], types: [TXT]}
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
      - {name: www, type: A, data: ["192.0.2.1", "192.0.2.2"]}
${records}
endpoints: [{id: central-1, ipv4: 192.0.2.99}]
pools: [{id: central, members: [{endpoint: central-1}]}]
policies: [{id: edge, ttlSeconds: 30, rules: [{line: "*", pools: [central]}], fallback: [central]}]
names: [{name: edge.dyn.test., types: [A], policy: edge}]
`
}

type Outcome = { readonly code: number | null; readonly text: string }

describe('dynamic updates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-update-'))
  let product: Product
  let knot: ChildProcess
  let knotPort = 0

  before(async () => {
    knotPort = await freePort()
    product = await startProduct()
    const secrets = join(product.stateFolder, 'secrets')
    mkdirSync(secrets, { recursive: true })
    writeFileSync(join(secrets, 'all'), `${SECRET}\n`)
    writeFileSync(join(secrets, 'acme'), `${OTHER}\n`)
    await apply('')
    startKnot()
  })
  after(async () => {
    const ended = new Promise((resolve) => knot?.once('exit', resolve))
    if (knot?.kill('SIGTERM') === true) await ended
    await product?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function startKnot(): void {
    const storage = join(folder, 'knot')
    mkdirSync(storage)
    writeFileSync(
      join(storage, 'knot.conf'),
      `server:
    listen: 127.0.0.1@${knotPort}
    rundir: ${storage}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: ${storage}
key:
  - id: xfr.
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: primary
    address: 127.0.0.1@${product.dnsPort}
    key: xfr.
acl:
  - id: notify
    address: 127.0.0.1
    key: xfr.
    action: notify
zone:
  - domain: dyn.test
    storage: ${storage}
    master: primary
    acl: notify
`,
    )
    knot = spawn('knotd', ['-c', join(storage, 'knot.conf')], { stdio: 'ignore' })
  }

  async function apply(records: string, ...words: string[]): Promise<void> {
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, documentText(knotPort, records))
    await product.cli('apply', path, ...words)
  }

  function dig(port: number, ...words: string[]): string {
    return spawnSync('dig', ['@127.0.0.1', '-p', String(port), '+time=2', '+tries=1', ...words], { encoding: 'utf8' }).stdout.trim()
  }
  const short = (name: string, type = 'A', port = product.dnsPort): string[] =>
    dig(port, '+short', name, type).split('\n').filter(Boolean).sort()

  /** Runs nsupdate; resolves with its exit code and all it said. */
  function nsupdate(
    lines: readonly string[],
    key = `hmac-sha256:all:${SECRET}`,
    words: readonly string[] = [],
    program = 'nsupdate',
  ): Promise<Outcome> {
    const child = spawn(program, [...(key === '' ? [] : ['-y', key]), ...words])
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        text += data
      })
    }
    child.stdin.end([`server 127.0.0.1 ${product.dnsPort}`, 'zone dyn.test.', ...lines, 'send', ''].join('\n'))
    return new Promise((resolve) => child.once('exit', (code) => resolve({ code, text })))
  }

  test('what nsupdate adds is answered when it returns, over UDP and TCP', { timeout: 60_000 }, async (t) => {
    for (const [number, words] of [[], ['-v']].entries()) {
      const startedAt = performance.now()
      const { code, text } = await nsupdate([`update add host-${number}.dyn.test. 60 A 192.0.2.${10 + number}`], undefined, words)
      const tookMs = Math.round(performance.now() - startedAt)
      assert.equal(code, 0, text)
      assert.deepEqual(short(`host-${number}.dyn.test`), [`192.0.2.${10 + number}`])
      t.diagnostic(`${words.includes('-v') ? 'TCP' : 'UDP'}: acknowledged and live after ${tookMs} ms, with the start of nsupdate`)
    }
  })

  test('knsupdate does the same', { timeout: 60_000 }, async () => {
    const { code, text } = await nsupdate(['update add knot.dyn.test. 60 TXT "by knsupdate"'], undefined, [], 'knsupdate')
    assert.equal(code, 0, text)
    assert.deepEqual(short('knot.dyn.test', 'TXT'), ['"by knsupdate"'])
  })

  test('an acknowledged update survives kill -9 of control right after, and of the node', { timeout: 90_000 }, async () => {
    const { code, text } = await nsupdate(['update add kept.dyn.test. 60 A 192.0.2.50', 'update delete www.dyn.test. A 192.0.2.2'])
    const pids = [product.pidOf('control')!, product.pidOf('node')!]
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    assert.equal(code, 0, text)
    // What the node kept for itself is gone too: everything comes from the store of control.
    for (const name of ['live.snapshot', 'live.snapshot.old']) rmSync(join(product.stateFolder, 'node', name), { force: true })
    await until('both are there again', 30_000, () => {
      const now = [product.pidOf('control'), product.pidOf('node')]
      return now.every((pid, i) => pid !== undefined && pid !== pids[i])
    })
    await until('control answers', 30_000, async () => (await product.cli('export', '--json').catch(() => '')) !== '')
    await until('the node has its generation', 30_000, () => short('ns1.dyn.test').length > 0)
    assert.deepEqual(short('kept.dyn.test'), ['192.0.2.50'])
    assert.deepEqual(short('www.dyn.test'), ['192.0.2.1'])
  })

  test('while control is away an update is SERVFAIL and leaves nothing', { timeout: 60_000 }, async () => {
    const control = product.pidOf('control')!
    await until('updates work', 20_000, async () => (await nsupdate(['update add before.dyn.test. 60 A 192.0.2.51'])).code === 0)
    process.kill(control, 'SIGSTOP')
    process.kill(control, 'SIGKILL')
    const { code, text } = await nsupdate(['update add lost.dyn.test. 60 A 192.0.2.52'])
    // The supervisor is quick: either control was away, or it was back.
    if (code !== 0) {
      assert.match(text, /SERVFAIL/)
      await until('updates work again', 20_000, async () => (await nsupdate(['update add after.dyn.test. 60 A 192.0.2.53'])).code === 0)
      assert.deepEqual(short('lost.dyn.test'), [])
    }
  })

  test('errors: key, MAC, time, zone, permission, prerequisites, steered names', { timeout: 60_000 }, async () => {
    const add = ['update add no.dyn.test. 60 A 192.0.2.60']
    const rows: readonly (readonly [name: string, lines: readonly string[], key: string | undefined, expected: RegExp])[] = [
      ['no key', add, '', /REFUSED/],
      ['unknown key', add, `hmac-sha256:nobody:${SECRET}`, /BADKEY|NOTAUTH/],
      ['wrong secret', add, `hmac-sha256:all:${OTHER}`, /BADSIG|NOTAUTH/],
      ['a key that may transfer only', add, `hmac-sha256:xfr:${SECRET}`, /REFUSED/],
      ['a name that the key may not change', add, `hmac-sha512:acme:${OTHER}`, /REFUSED/],
      ['steered', ['update add edge.dyn.test. 60 A 192.0.2.61'], undefined, /REFUSED/],
      ['yxrrset', ['prereq yxrrset no.dyn.test. A', ...add], undefined, /NXRRSET/],
      ['nxrrset', ['prereq nxrrset www.dyn.test. A', ...add], undefined, /YXRRSET/],
      ['yxdomain', ['prereq yxdomain no.dyn.test.', ...add], undefined, /NXDOMAIN/],
      ['nxdomain', ['prereq nxdomain www.dyn.test.', ...add], undefined, /YXDOMAIN/],
      ['a value', ['prereq yxrrset www.dyn.test. A 192.0.2.77', ...add], undefined, /NXRRSET/],
      ['out of the zone', ['update add www.other.test. 60 A 192.0.2.1'], undefined, /NOTZONE/],
      ['no zone of ours', ['zone other.test.', 'update add www.other.test. 60 A 192.0.2.1'], undefined, /NOTAUTH/],
      // A zone that would not be valid: two DNAMEs cannot be, but a delegation over a steered name can be asked for.
      ['a cut above a steered name', ['update add dyn.test. 60 DNAME elsewhere.test.'], undefined, /REFUSED/],
    ]
    for (const [name, lines, key, expected] of rows) {
      const { code, text } = await nsupdate(lines, key)
      assert.notEqual(code, 0, `${name}: ${text}`)
      assert.match(text, expected, `${name}: ${text}`)
    }
    assert.deepEqual(short('no.dyn.test'), [])
    const early = spawnSync('faketime', ['-f', '-1h', 'nsupdate', '-y', `hmac-sha256:all:${SECRET}`], {
      input: `server 127.0.0.1 ${product.dnsPort}\nzone dyn.test.\n${add[0]}\nsend\n`,
      encoding: 'utf8',
    })
    // faketime is not everywhere.
    if (early.error === undefined) assert.match(early.stdout + early.stderr, /BADTIME|NOTAUTH|clocks/)
  })

  test('as certbot and lego do it: one TXT added, another beside it, both gone again', { timeout: 60_000 }, async () => {
    const key = `hmac-sha512:acme:${OTHER}`
    const name = '_acme-challenge.www.dyn.test.'
    for (const value of ['one', 'two']) assert.equal((await nsupdate([`update add ${name} 60 TXT "${value}"`], key)).code, 0)
    assert.deepEqual(short(name, 'TXT'), ['"one"', '"two"'])
    assert.equal((await nsupdate([`update delete ${name} TXT "one"`], key)).code, 0)
    assert.deepEqual(short(name, 'TXT'), ['"two"'])
    assert.equal((await nsupdate([`update delete ${name} TXT`], key)).code, 0)
    assert.match(dig(product.dnsPort, name, 'TXT'), /NXDOMAIN/)
  })

  test('an edit of the document and updates do not overwrite each other', { timeout: 90_000 }, async () => {
    assert.equal((await nsupdate(['update add both.dyn.test. 60 A 192.0.2.70'])).code, 0)
    // No --force: updates in between do not make an edit stale.
    await apply('      - {name: console, type: A, data: ["192.0.2.71"]}')
    assert.deepEqual(short('both.dyn.test'), ['192.0.2.70'])
    assert.deepEqual(short('console.dyn.test'), ['192.0.2.71'])
    assert.deepEqual(short('www.dyn.test'), ['192.0.2.1'], 'removed by an update, still there in the document')
    assert.equal((await nsupdate(['update delete console.dyn.test.'])).code, 0)
    assert.deepEqual(short('console.dyn.test'), [])
    await apply('      - {name: console, type: A, data: ["192.0.2.72"]}')
    assert.deepEqual(short('console.dyn.test'), ['192.0.2.72'], 'another record than the one that was removed')
    assert.deepEqual(short('both.dyn.test'), ['192.0.2.70'])
  })

  test('export writes the layer, apply keeps it, --replace-dynamic replaces it', { timeout: 90_000 }, async () => {
    const target = join(folder, 'export')
    await product.cli('export', target)
    const path = join(target, 'nearcast.yaml')
    const text = readFileSync(path, 'utf8')
    assert.match(text, /dynamicRecords:/)
    assert.match(text, /both\.dyn\.test\./)
    assert.match(await product.cli('apply', path), /live with this content already/)
    assert.match(await product.cli('apply', path, '--replace-dynamic'), /live with this content already/)
    await apply('', '--replace-dynamic')
    assert.deepEqual(short('both.dyn.test'), [])
    assert.deepEqual(short('www.dyn.test'), ['192.0.2.1', '192.0.2.2'])
    await product.cli('apply', path, '--replace-dynamic', '--force')
    assert.deepEqual(short('both.dyn.test'), ['192.0.2.70'])
    assert.deepEqual(short('www.dyn.test'), ['192.0.2.1'])
  })

  test('Knot has an update within a second, as a difference', { timeout: 60_000 }, async (t) => {
    await until('Knot has the zone', 20_000, () => short('both.dyn.test', 'A', knotPort).length > 0)
    for (const number of [1, 2, 3]) {
      assert.equal((await nsupdate([`update add knot-${number}.dyn.test. 60 A 192.0.2.${80 + number}`])).code, 0)
      const acknowledgedAt = performance.now()
      await until('Knot has it', 5000, () => short(`knot-${number}.dyn.test`, 'A', knotPort).length > 0)
      const tookMs = performance.now() - acknowledgedAt
      t.diagnostic(`Knot had it ${Math.round(tookMs)} ms after the acknowledgement`)
      assert.ok(tookMs < 1000, `${tookMs} ms`)
    }
  })

  test('a burst of 200 updates goes in few generations, all in the audit under their key', { timeout: 120_000 }, async (t) => {
    const generation = async (): Promise<number> => Number(JSON.parse(await product.cli('export', '--json')).generation)
    const was = await generation()
    const startedAt = performance.now()
    // Ten clients that send twenty updates each, one after the other.
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, client) =>
        nsupdate(
          Array.from({ length: 20 }, (_, n) => `update add burst-${client}-${n}.dyn.test. 60 A 192.0.2.1${n === 19 ? '' : '\nsend'}`),
        ),
      ),
    )
    const tookMs = performance.now() - startedAt
    for (const { code, text } of outcomes) assert.equal(code, 0, text)
    const generations = (await generation()) - was
    t.diagnostic(`200 updates of 10 clients, each waiting for its answers: ${Math.round(tookMs)} ms, ${generations} generations`)
    assert.ok(generations <= 60, `${generations} generations`)
    assert.deepEqual(short('burst-9-19.dyn.test'), ['192.0.2.1'])
    const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
    assert.match(metrics, /nearcast_updates_total\{rcode="NOERROR"\} 2\d\d/)
    assert.match(metrics, /nearcast_updates_total\{rcode="YXDOMAIN"\} 1/)
  })
})
