/**
 * Secondary zones on the whole product, with Knot as primary: AXFR and IXFR in, NOTIFY in, TLS 1.3, a zone that does not pass the
 * checks, expiry, kill -9; BIND's dig transfers the zone from us afterwards.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createServer, type Server } from 'node:tls'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

const SECRET = Buffer.alloc(32, 7).toString('base64')

describe('secondary zones', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-secondary-'))
  const storage = join(folder, 'knot')
  let product: Product
  let knot: ChildProcess | undefined
  let knotPort = 0
  let said = ''
  let tlsPort = 0
  let proxy: Server | undefined

  before(async () => {
    knotPort = await freePort()
    product = await startProduct()
    const secrets = join(product.stateFolder, 'secrets')
    mkdirSync(secrets, { recursive: true })
    mkdirSync(storage)
    writeFileSync(join(secrets, 'key1'), `${SECRET}\n`)
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        join(storage, 'key.pem'),
        '-out',
        join(storage, 'cert.pem'),
        '-days',
        '2',
        '-subj',
        '/CN=primary.test',
        '-addext',
        'subjectAltName=DNS:primary.test',
      ],
      { encoding: 'utf8' },
    )
    assert.equal(made.status, 0, made.stderr)
    copyFileSync(join(storage, 'cert.pem'), join(secrets, 'primary.pem'))
    writeZones(1)
    await startKnot()
    // Knot 3.2 has no TLS of its own.
    proxy = createServer(
      {
        key: readFileSync(join(storage, 'key.pem')),
        cert: readFileSync(join(storage, 'cert.pem')),
        minVersion: 'TLSv1.3',
        ALPNProtocols: ['dot'],
      },
      (socket) => {
        const inner = connect(knotPort, '127.0.0.1')
        socket.on('error', () => inner.destroy())
        inner.on('error', () => socket.destroy())
        socket.pipe(inner).pipe(socket)
      },
    )
    await new Promise<void>((resolve) => proxy!.listen(0, '127.0.0.1', resolve))
    tlsPort = (proxy.address() as { port: number }).port
  })
  after(async () => {
    proxy?.close()
    await stopKnot()
    await product?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The zones of the primary at a serial. */
  function writeZones(serial: number, records = '', times = '2 1 20 60', edge = 'edge A 192.0.2.200'): void {
    for (const zone of ['sec.test', 'tls.test'])
      writeFileSync(
        join(storage, `${zone}.zone`),
        `$ORIGIN ${zone}.
$TTL 60
@ SOA ns1 hostmaster ${serial} ${times}
@ NS ns1
ns1 A 127.0.0.1
www A 192.0.2.${serial}
${edge}
${records}
`,
      )
  }

  async function startKnot(): Promise<void> {
    const zone = (name: string): string => `
  - domain: ${name}
    storage: ${storage}
    file: ${name}.zone
    zonefile-load: difference
    zonefile-sync: -1
    journal-content: changes
    notify: secondary
    acl: transfer`
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
  - id: key1.
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: secondary
    address: 127.0.0.1@${product.dnsPort}
    key: key1.
acl:
  - id: transfer
    address: 127.0.0.1
    key: key1.
    action: transfer
zone:${zone('sec.test')}${zone('tls.test')}
`,
    )
    const child = spawn('knotd', ['-c', join(storage, 'knot.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (data) => {
      said += data
    })
    knot = child
    await until('Knot answers', 10_000, () => {
      if (child.exitCode !== null) throw new Error(said)
      return dig(knotPort, '+short', 'sec.test', 'SOA').includes('hostmaster')
    })
  }

  async function stopKnot(): Promise<void> {
    if (knot === undefined || knot.exitCode !== null) return
    const ended = new Promise((resolve) => knot!.once('exit', resolve))
    knot.kill('SIGTERM')
    await ended
  }

  function dig(port: number, ...words: string[]): string {
    return spawnSync('dig', ['@127.0.0.1', '-p', String(port), '+time=1', '+tries=1', ...words], { encoding: 'utf8' }).stdout.trim()
  }
  const short = (name: string, type = 'A'): string => dig(product.dnsPort, '+short', name, type)
  const serial = (zone = 'sec.test'): number => Number(short(zone, 'SOA').split(' ')[2] ?? 0)

  async function apply(primary: string, more = ''): Promise<void> {
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(
      path,
      `apiVersion: nearcast/v1
tsigKeys: [{name: key1., secretRef: key1}]
zones:
  - {name: sec.test., primaries: [${primary}], allowTransfer: [{tsigKey: key1.}]}
${more}
endpoints: [{id: central-1, ipv4: 192.0.2.99}]
pools: [{id: central, members: [{endpoint: central-1}]}]
policies: [{id: edge, ttlSeconds: 30, rules: [{line: "*", pools: [central]}], fallback: [central]}]
names: [{name: edge.sec.test., types: [A], policy: edge}]
`,
    )
    // The steered name over it is told of, as its changes do not raise the primary's serial.
    await product.cli('apply', path, '--force', '--accept', 'CONFIG_TRANSFER_OVERLAY')
  }
  const primary = (): string => `{address: 127.0.0.1, port: ${knotPort}, tsigKey: key1.}`

  test('before its first transfer the zone is SERVFAIL, then it is there, with a steered name laid over it', {
    timeout: 60_000,
  }, async () => {
    await apply(`{address: 127.0.0.1, port: ${await freePort()}, tsigKey: key1.}`)
    const text = dig(product.dnsPort, 'www.sec.test')
    assert.match(text, /SERVFAIL[\s\S]*EDE: 24/)
    await apply(primary())
    await until('the zone is there', 15_000, () => serial() === 1)
    assert.equal(short('www.sec.test'), '192.0.2.1')
    assert.equal(short('edge.sec.test'), '192.0.2.99', 'steered')
    assert.match(
      dig(product.dnsPort, 'sec.test', 'AXFR', '-y', `hmac-sha256:key1:${SECRET}`),
      /www\.sec\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.1/,
    )
  })

  test('NOTIFY brings a change as IXFR at once', { timeout: 60_000 }, async (t) => {
    for (const number of [2, 3]) {
      writeZones(number, 'more TXT "x"', '3600 1 20 60')
      const startedAt = performance.now()
      knot!.kill('SIGHUP')
      await until('the change is here', 10_000, () => serial() === number)
      t.diagnostic(`${Math.round(performance.now() - startedAt)} ms after the primary was told to load it`)
      await until('every thread has it', 1000, () => short('www.sec.test') === `192.0.2.${number}`)
    }
    assert.match(said, /sec\.test\.\] IXFR, outgoing.*finished/)
    const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
    assert.match(metrics, /nearcast_notifies_received_total\{rcode="NOERROR"\} [1-9]/)
    assert.match(metrics, /nearcast_zone_serial\{zone="sec\.test\."\} 3/)
    assert.match(metrics, /nearcast_zone_expires_seconds\{zone="sec\.test\."\} \d+/)
  })

  test('without NOTIFY the refresh finds a change; the zone survives kill -9 of both', { timeout: 60_000 }, async () => {
    writeZones(4, '', '2 1 20 60')
    knot!.kill('SIGHUP')
    await until('the change is here', 10_000, () => serial() === 4)
    const pids = [product.pidOf('control')!, product.pidOf('node')!]
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await until('both are there again', 20_000, () => {
      const now = [product.pidOf('control'), product.pidOf('node')]
      return now.every((pid, i) => pid !== undefined && pid !== pids[i]) && serial() === 4
    })
    assert.equal(short('www.sec.test'), '192.0.2.4')
  })

  test('a zone that does not pass the checks leaves the last good one', { timeout: 60_000 }, async () => {
    // Valid at the primary, which knows nothing of our steered name.
    writeZones(5, 'edge CNAME www', '2 1 20 60', '')
    knot!.kill('SIGHUP')
    await until('Knot has it', 10_000, () => dig(knotPort, '+short', 'sec.test', 'SOA').includes(' 5 '))
    await until('control says so', 15_000, () => /the zone is not valid/.test(product.output()))
    assert.equal(short('www.sec.test'), '192.0.2.4')
    writeZones(6, '', '2 1 6 60')
    knot!.kill('SIGHUP')
    await until('the next good one is here', 15_000, () => serial() === 6)
  })

  test('when the primary is gone the zone expires: SERVFAIL with EDE; and comes back with it', { timeout: 90_000 }, async () => {
    await stopKnot()
    assert.equal(short('www.sec.test'), '192.0.2.6')
    // Each thread of the node counts on by itself.
    await until('it expires', 20_000, () => /SERVFAIL[\s\S]*EDE: 24/.test(dig(product.dnsPort, 'www.sec.test')))
    const axfr = (): string => dig(product.dnsPort, 'sec.test', 'AXFR', '-y', `hmac-sha256:key1:${SECRET}`)
    await until('nobody is given it', 5000, () => /Transfer failed|SERVFAIL/.test(axfr()))
    await startKnot()
    await until('it is back', 20_000, () => serial() === 6)
  })

  test('over TLS 1.3 with ALPN "dot"; a wrong name is refused', { timeout: 60_000 }, async () => {
    const zone = (name: string): string =>
      `  - {name: tls.test., primaries: [{address: 127.0.0.1, port: ${tlsPort}, tsigKey: key1., tls: {name: ${name}, caRef: primary.pem}}]}`
    await apply(primary(), zone('other.test'))
    await until('it is refused', 10_000, () => /tls\.test[\s\S]*(altnames|does not match)/.test(product.output()))
    assert.match(dig(product.dnsPort, 'www.tls.test'), /SERVFAIL/)
    await apply(primary(), zone('primary.test'))
    await until('it is there', 15_000, () => short('www.tls.test') === '192.0.2.6')
  })
})
