/** Transfers out against real secondaries: Knot and NSD follow every publish by NOTIFY and IXFR with TSIG; dig and BIND's compiler read the AXFR. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

/** Not a secret of anybody: made of a word. */
const SECRET = createHmac('sha256', 'test').update('transfer').digest('base64')

function documentText(secondaries: readonly number[], records: string): string {
  return `apiVersion: nearcast/v1
tsigKeys: [{name: key1., secretRef: key1}]
zones:
  - name: xfr.test.
    soa: {mname: ns1.xfr.test., rname: hostmaster.xfr.test.}
    nameservers: [ns1.xfr.test.]
    allowTransfer: [{prefix: 127.0.0.0/8, tsigKey: key1.}]
    notify: [${secondaries.map((port) => `{address: 127.0.0.1, port: ${port}, tsigKey: key1.}`).join(', ')}]
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
      - {name: www, type: CNAME, data: ["edge"]}
${records}
endpoints:
  - {id: central-1, ipv4: 192.0.2.1, ipv6: "2001:db8::1"}
  - {id: central-2, ipv4: 192.0.2.2}
pools: [{id: central, members: [{endpoint: central-1}, {endpoint: central-2}]}]
policies: [{id: edge, ttlSeconds: 30, families: each, rules: [{line: "*", pools: [central]}], fallback: [central]}]
names: [{name: edge.xfr.test., policy: edge}]
`
}

function dig(port: number, ...words: string[]): string {
  return spawnSync('dig', ['@127.0.0.1', '-p', String(port), '+time=2', '+tries=1', ...words], { encoding: 'utf8' }).stdout
}

function serialAt(port: number): number {
  return Number(dig(port, '+short', 'xfr.test', 'SOA').split(' ')[2] ?? 0)
}

describe('transfers to secondaries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-transfer-'))
  const children: ChildProcess[] = []
  let product: Product
  let knotPort = 0
  let nsdPort = 0
  let knotLog = ''

  before(async () => {
    knotPort = await freePort()
    nsdPort = await freePort()
    product = await startProduct()
    mkdirSync(join(product.stateFolder, 'secrets'), { recursive: true })
    writeFileSync(join(product.stateFolder, 'secrets', 'key1'), `${SECRET}\n`)
    startKnot()
    startNsd()
  })
  after(async () => {
    for (const child of children) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGTERM')) await ended
    }
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
  - target: stdout
    any: info
database:
    storage: ${storage}
key:
  - id: key1.
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: primary
    address: 127.0.0.1@${product.dnsPort}
    key: key1.
acl:
  - id: notify
    address: 127.0.0.1
    key: key1.
    action: notify
template:
  - id: default
    storage: ${storage}
zone:
  - domain: xfr.test
    master: primary
    acl: notify
    retry-min-interval: 1
    retry-max-interval: 2
`,
    )
    const knot = spawn('knotd', ['-c', join(storage, 'knot.conf')], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [knot.stdout!, knot.stderr!]) {
      stream.on('data', (text) => {
        knotLog += text
      })
    }
    children.push(knot)
  }

  function startNsd(): void {
    const storage = join(folder, 'nsd')
    mkdirSync(storage)
    writeFileSync(
      join(storage, 'nsd.conf'),
      `server:
  ip-address: 127.0.0.1@${nsdPort}
  username: ""
  server-count: 1
  zonesdir: "${storage}"
  database: ""
  pidfile: "${storage}/nsd.pid"
  xfrdfile: "${storage}/xfrd.state"
  zonelistfile: "${storage}/zone.list"
  xfrdir: "${storage}"
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
key:
  name: "key1"
  algorithm: hmac-sha256
  secret: "${SECRET}"
zone:
  name: "xfr.test"
  zonefile: "xfr.test.zone"
  request-xfr: 127.0.0.1@${product.dnsPort} key1
  allow-notify: 127.0.0.1 key1
`,
    )
    children.push(spawn('nsd', ['-d', '-c', join(storage, 'nsd.conf')], { stdio: 'ignore' }))
  }

  /** Publishes a document with further records; resolves with the zone's new serial when the node answers from it. */
  async function publish(records: string): Promise<number> {
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, documentText([knotPort, nsdPort], records))
    const was = serialAt(product.dnsPort)
    await product.cli('apply', path, '--force')
    return until('the node has another serial', 10_000, () => {
      const serial = serialAt(product.dnsPort)
      return serial !== was && serial
    })
  }

  async function transfersBy(outcome: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
    return Number(new RegExp(`^nearcast_transfers_total\\{outcome="${outcome}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  }

  const record = (number: number): string => `      - {name: host-${number}, type: A, data: ["192.0.2.${number}"]}\n`

  test('both secondaries get the zone, with the steered name as the addresses of its fallback', { timeout: 90_000 }, async () => {
    const serial = await publish(record(1))
    for (const port of [knotPort, nsdPort]) await until(`the secondary on ${port} has the zone`, 30_000, () => serialAt(port) === serial)
    for (const port of [knotPort, nsdPort]) {
      assert.deepEqual(dig(port, '+short', 'edge.xfr.test', 'A').trim().split('\n').sort(), ['192.0.2.1', '192.0.2.2'])
      assert.equal(dig(port, '+short', 'edge.xfr.test', 'AAAA').trim(), '2001:db8::1')
    }
  })

  test('a change is at the secondaries within a second, as a difference', { timeout: 60_000 }, async (t) => {
    const before = await transfersBy('ixfr')
    for (const number of [2, 3, 4]) {
      const serial = await publish(record(1) + record(number))
      const publishedAt = performance.now()
      await until('Knot has the new serial', 5000, () => serialAt(knotPort) === serial)
      const tookMs = performance.now() - publishedAt
      t.diagnostic(`Knot had it ${Math.round(tookMs)} ms after the node`)
      assert.ok(tookMs < 1000, `${tookMs} ms`)
      await until('NSD has the new serial', 10_000, () => serialAt(nsdPort) === serial)
      for (const port of [knotPort, nsdPort]) {
        assert.equal(dig(port, '+short', `host-${number}.xfr.test`).trim(), `192.0.2.${number}`)
        if (number > 2) assert.equal(dig(port, '+short', `host-${number - 1}.xfr.test`).trim(), '')
      }
    }
    assert.ok((await transfersBy('ixfr')) >= before + 6)
    assert.match(knotLog, /IXFR, incoming.*finished/)
  })

  test('after kill -9 of the node the differences are still there', { timeout: 60_000 }, async () => {
    const node = product.pidOf('node')!
    process.kill(node, 'SIGKILL')
    await until(
      'another node answers',
      20_000,
      () => product.pidOf('node') !== undefined && product.pidOf('node') !== node && serialAt(product.dnsPort) > 0,
    )
    const key = `hmac-sha256:key1:${SECRET}`
    const serial = serialAt(product.dnsPort)
    // One step, and all steps condensed to one.
    for (const back of [1, 3]) {
      const text = dig(product.dnsPort, 'xfr.test', `IXFR=${serial - back}`, '-y', key)
      assert.equal(text.match(/\sSOA\s/g)?.length, 4, text)
      assert.match(text, /host-4\.xfr\.test\.\s+300\s+IN\s+A\s+192\.0\.2\.4/)
      assert.doesNotMatch(text, /host-3\.xfr\.test.*\n(.*\n)*.*host-3\.xfr\.test/)
    }
    const unknown = dig(product.dnsPort, 'xfr.test', 'IXFR=7', '-y', key)
    assert.equal(unknown.match(/\sSOA\s/g)?.length, 2, 'a whole transfer')
  })

  test('the AXFR is a zone that BIND loads; without the key there is none', { timeout: 60_000 }, () => {
    const text = dig(product.dnsPort, 'xfr.test', 'AXFR', '-y', `hmac-sha256:key1:${SECRET}`, '+onesoa')
    const path = join(folder, 'axfr.zone')
    writeFileSync(path, text.replaceAll(/^(;|key1\.).*$/gm, ''))
    const compiled = spawnSync('named-compilezone', ['-o', '-', 'xfr.test', path], { encoding: 'utf8' })
    assert.equal(compiled.status, 0, compiled.stderr + text)
    assert.match(dig(product.dnsPort, 'xfr.test', 'AXFR'), /Transfer failed/)
    assert.match(
      dig(product.dnsPort, 'xfr.test', 'SOA', '-y', `hmac-sha256:key1:${Buffer.alloc(32).toString('base64')}`),
      /NOTAUTH[\s\S]*BADSIG/,
    )
    assert.match(dig(product.dnsPort, 'xfr.test', 'SOA', '-y', `hmac-sha256:key2:${SECRET}`), /NOTAUTH[\s\S]*BADKEY/)
  })

  test('a changed secret holds without a publish', { timeout: 60_000 }, async () => {
    const other = Buffer.alloc(32, 5).toString('base64')
    writeFileSync(join(product.stateFolder, 'secrets', 'key1'), other)
    await until('the new secret is known', 10_000, () =>
      /NOERROR 0/.test(dig(product.dnsPort, 'xfr.test', 'SOA', '-y', `hmac-sha256:key1:${other}`)),
    )
  })
})
