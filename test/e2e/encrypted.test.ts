/**
 * DNS over TLS and HTTPS as operators run them: kdig, dig, curl and unbound ask the whole product; certificates change under open
 * connections; the node is killed; ten thousand idle connections cost what they cost and no more.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connect2 } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import { freePort, type Product, runCli, startProduct, until } from '../support/product.ts'
import { SPARE_CERTIFICATE } from '../support/spare-certificate.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()
const chainPath = folder.write('chain.pem', EDGE_EXAMPLE.cert)
const keyPath = folder.write('key.pem', EDGE_EXAMPLE.key)
const caPath = folder.write('ca.pem', EDGE_EXAMPLE.cert + SPARE_CERTIFICATE.cert)
const CA = [EDGE_EXAMPLE.cert, SPARE_CERTIFICATE.cert]
const NAME = 'edge-api.yourcompany.com'
const QUERY = Buffer.concat([
  Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8]),
  Buffer.from('edge-api\x0byourcompany\x03com\0\0\x01\0\x01', 'latin1'),
])
const FRAMED = Buffer.concat([Buffer.from([0, QUERY.length]), QUERY])

let product: Product
let dotPort = 0
let dohPort = 0

async function run(command: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, words, { timeout: 30_000 })
  return stdout
}

const kdig = (port: number, ...words: string[]): Promise<string> =>
  run('kdig', '@127.0.0.1', '-p', String(port), `+tls-ca=${caPath}`, '+tls-hostname=edge.example', '+time=5', ...words)

async function openTls(): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: dotPort, servername: 'edge.example', ca: CA, ALPNProtocols: ['dot'] })
  await once(socket, 'secureConnect')
  return socket
}

/** Asks once on an open connection; the rcode. */
async function askOn(socket: Socket): Promise<number> {
  socket.write(FRAMED)
  const [reply] = (await once(socket, 'data')) as [Buffer]
  return reply[5]! & 15
}

const fingerprint = (socket: TLSSocket): string => socket.getPeerCertificate().fingerprint256

async function metric(line: RegExp): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
  return Number(line.exec(page)?.[1])
}

before(async () => {
  dotPort = await freePort()
  dohPort = await freePort()
  product = await startProduct([
    ...['--example', '--dot-listen', `127.0.0.1:${dotPort}`, '--doh-listen', `127.0.0.1:${dohPort}`],
    ...['--tls-cert', chainPath, '--tls-key', keyPath, '--tcp-max-connections', '9000', '--tcp-max-connections-per-client', '12000'],
  ])
})
after(() => product?.stop())

describe('clients', () => {
  test('kdig +tls: strict verification, ALPN, padding of 468 octets, keepalive', async () => {
    const text = await kdig(dotPort, '+tls', '+padding', '+ednsopt=11:', NAME, 'A')
    assert.match(text, /TLS session \(TLS1\.3\)/)
    assert.match(text, /status: NOERROR/)
    assert.match(text, /Option \(11\): 0064|KEEPALIVE/)
    assert.match(text, /Received 468 B/)
  })

  for (const [name, words] of [
    ['POST', ['+https']],
    ['GET', ['+https', '+https-get']],
  ] as const)
    test(`kdig +https by ${name}: HTTP/2, id 0, padded`, async () => {
      const text = await kdig(dohPort, ...words, '+padding', NAME, 'A')
      assert.match(text, new RegExp(`HTTP/2-${name}.*status: 200`))
      assert.match(text, /status: NOERROR; id: 0/)
      assert.match(text, /Received 468 B/)
    })

  test('kdig +tcp +keepopen: two questions on one connection', async () => {
    const before = await metric(/^nearcast_tcp_connections_total\{transport="tcp"\} (\d+)/m)
    const text = await run('kdig', '@127.0.0.1', '-p', String(product.dnsPort), '+tcp', '+keepopen', NAME, 'A', NAME, 'AAAA')
    assert.equal(text.match(/status: NOERROR/g)?.length, 2)
    assert.equal((await metric(/^nearcast_tcp_connections_total\{transport="tcp"\} (\d+)/m)) - before, 1)
  })

  test('dig +tls and +https', async () => {
    for (const [port, flag] of [
      [dotPort, '+tls'],
      [dohPort, '+https'],
    ] as const)
      assert.match(await run('dig', '@127.0.0.1', '-p', String(port), flag, NAME, 'A'), /status: NOERROR/)
  })

  test('curl: HTTP/2 and HTTP/1.1; what an answer by policy lets caches keep', async () => {
    for (const [flag, version] of [
      ['--http2', 'HTTP/2'],
      ['--http1.1', 'HTTP/1.1'],
    ] as const) {
      const url = `https://edge.example:${dohPort}/dns-query?dns=${QUERY.toString('base64url')}`
      const text = await run(
        'curl',
        '-sS',
        flag,
        '--cacert',
        caPath,
        '--resolve',
        `edge.example:${dohPort}:127.0.0.1`,
        '-D',
        '-',
        '-o',
        '/dev/null',
        url,
      )
      assert.match(text, new RegExp(`^${version} 200`))
      assert.match(text, /^content-type: application\/dns-message\r$/im)
      assert.match(text, /^cache-control: private, max-age=\d+\r$/im)
    }
  })

  test('openssl s_client: TLS 1.2 and 1.3 with "dot", no older, no other protocol', () => {
    const session = (...words: string[]): string => {
      const { stdout, stderr } = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${dotPort}`, ...words], {
        input: 'Q\n',
        encoding: 'utf8',
      })
      return stdout + stderr
    }
    for (const version of ['-tls1_2', '-tls1_3']) assert.match(session('-alpn', 'dot', version), /ALPN protocol: dot/)
    assert.match(session('-tls1_1'), /alert|no protocols available/)
    assert.match(session('-alpn', 'h2'), /alert no application protocol/)
  })

  test('unbound forwards over TLS', async (t) => {
    const port = await freePort()
    const home = join(folder.path, 'unbound')
    mkdirSync(home)
    const configuration = folder.write(
      'unbound.conf',
      `server:
  interface: 127.0.0.1@${port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${home}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "iterator"
  tls-cert-bundle: "${caPath}"
  access-control: 127.0.0.0/8 allow
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@${dotPort}#edge.example
`,
    )
    const unbound: ChildProcess = spawn('unbound', ['-d', '-c', configuration], { stdio: 'ignore' })
    t.after(async () => {
      const ended = once(unbound, 'exit')
      unbound.kill('SIGTERM')
      await ended
    })
    const text = await until('unbound answers', 20_000, async () => {
      const got = await run('dig', '@127.0.0.1', '-p', String(port), '+time=2', '+tries=1', NAME, 'A').catch(() => '')
      return /status: NOERROR/.test(got) && got
    })
    assert.match(text, /ANSWER: [1-9]/)
  })
})

describe('certificates', () => {
  test('what cannot be used is one clear line at the start', () => {
    const words = ['up', '--state', join(folder.path, 'never'), '--dot-listen', '127.0.0.1:0']
    const cases: readonly [string[], RegExp][] = [
      [[], /need a certificate, and none is named.*\[TRANSPORT_CERTIFICATE\]/],
      [['--tls-cert', '/nowhere.pem', '--tls-key', keyPath], /"\/nowhere\.pem" cannot be read \(ENOENT\).*\[API_TLS\]/],
      [
        ['--tls-cert', chainPath, '--tls-key', folder.write('other.pem', SPARE_CERTIFICATE.key)],
        /does not belong.*\[TRANSPORT_CERTIFICATE_KEY\]/,
      ],
    ]
    for (const [more, expected] of cases) {
      const { code, stderr } = runCli([...words, ...more])
      assert.equal(code, 1)
      assert.match(stderr, expected)
    }
  })

  test('a new one is for new connections within seconds; open ones answer on; a bad one changes nothing; SIGHUP hurries', async () => {
    const open = await openTls()
    const session = connect2(`https://127.0.0.1:${dohPort}`, { ca: CA, servername: 'edge.example' })
    await once(session, 'connect')
    const old = fingerprint(open)
    writeFileSync(chainPath, SPARE_CERTIFICATE.cert)
    writeFileSync(keyPath, SPARE_CERTIFICATE.key)
    await until('the new certificate is in use', 15_000, async () => {
      const probe = await openTls()
      const isNew = fingerprint(probe) !== old
      probe.destroy()
      return isNew
    })
    assert.equal(await askOn(open), 0)
    assert.equal(fingerprint(open), old)
    const stream = session.request({ ':path': `/dns-query?dns=${QUERY.toString('base64url')}` })
    const [headers] = (await once(stream.end(), 'response')) as [Record<string, unknown>]
    assert.equal(headers[':status'], 200)

    writeFileSync(keyPath, EDGE_EXAMPLE.key)
    product.child.kill('SIGHUP')
    await until('the problem is told', 5000, () => /TRANSPORT_CERTIFICATE_KEY/.test(product.output()))
    assert.notEqual(fingerprint(await openTls()), old)
    writeFileSync(chainPath, EDGE_EXAMPLE.cert)
    product.child.kill('SIGHUP')
    await until('the first is back', 5000, async () => fingerprint(await openTls()) === old)
    assert.equal(await askOn(open), 0)
    assert.ok((await metric(/^nearcast_tls_certificate_expiry_timestamp_seconds (\S+)/m)) > Date.now() / 1000)
    session.close()
    open.destroy()
  })
})

describe('faults', () => {
  test('kill -9 of the node: the ports stay open, who connects meanwhile is answered', async () => {
    const pid = product.pidOf('node')!
    process.kill(pid, 'SIGKILL')
    // Into the queue of the supervisor's socket: no refusal, an answer as soon as a node is back.
    const waiting = await Promise.all([openTls(), kdig(dohPort, '+https', '+time=20', NAME, 'A')])
    assert.equal(await askOn(waiting[0]), 0)
    assert.match(waiting[1], /status: NOERROR/)
    assert.notEqual(product.pidOf('node'), pid)
    waiting[0].destroy()
  })

  test('ten thousand idle connections: memory stays flat, the oldest make room, all go by the idle time-out, others are served', async () => {
    const pid = product.pidOf('node')!
    const residentMb = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
    const limit = Number(/Max open files\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))![1])
    // Both ends of a connection need a descriptor, each in its process.
    const wanted = Math.min(10_000, limit - 1000)
    const before = residentMb()
    let closed = 0
    const sockets: Socket[] = []
    for (let opened = 0; opened < wanted; opened += 100)
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = connectTcp({ host: '127.0.0.1', port: product.dnsPort })
          sockets.push(socket)
          socket.on('error', () => undefined)
          socket.on('close', () => closed++)
          await once(socket, 'connect')
          // Half a message, with a length that lies.
          socket.write(Buffer.from([0xff, 0xff, 1, 2, 3]))
        }),
      )
    assert.match(await kdig(dotPort, '+tls', NAME, 'A'), /status: NOERROR/)
    const full = residentMb()
    assert.ok(full - before < 150, `${before} MB, then ${full} MB`)
    assert.ok((await metric(/^nearcast_tcp_connections\{transport="tcp"\} (\d+)/m)) <= 9000)
    await until('all are closed', 25_000, () => closed === sockets.length)
    assert.ok(residentMb() - full < 20)
    assert.match(await run('dig', '@127.0.0.1', '-p', String(product.dnsPort), '+tcp', NAME, 'A'), /status: NOERROR/)
  })

  test('one octet at a time is answered', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: product.dnsPort, noDelay: true })
    await once(socket, 'connect')
    for (const octet of FRAMED) {
      socket.write(Uint8Array.of(octet))
      await new Promise(setImmediate)
    }
    const [reply] = (await once(socket, 'data')) as [Buffer]
    assert.equal(reply[5]! & 15, 0)
    socket.destroy()
  })
})
