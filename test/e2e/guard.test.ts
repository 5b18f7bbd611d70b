/** Cookies and rate limits of a running server, judged by dig and kdig, and a flood from one prefix. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { packageRoot } from '../../cli/package-root.ts'
import { encodeQuery } from '../support/dns-load.ts'
import { buildQuery } from '../support/dns-packets.ts'
import { freePort, until } from '../support/product.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-guard-'))
after(() => rmSync(root, { recursive: true, force: true }))
mkdirSync(join(root, 'zones'))
writeFileSync(
  join(root, 'zones', 'example.test.zone'),
  '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n',
)
const OLD = '000102030405060708090a0b0c0d0e0f'
const NEW = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'

async function serve(...flags: string[]): Promise<{ readonly port: number; readonly child: ChildProcess; log(): string }> {
  const port = await freePort()
  const words = [
    'serve',
    '--zones',
    join(root, 'zones'),
    '--listen',
    `127.0.0.1:${port}`,
    '--udp-threads',
    '2',
    '--identity',
    'node-7',
    ...flags,
  ]
  const child = spawn(process.execPath, [join(packageRoot(), 'main.ts'), ...words, '--log-level', 'info'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (data) => {
      text += data
    })
  after(async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  await until('ready', 30_000, () => {
    if (child.exitCode !== null) throw new Error(`serve ended: ${text}`)
    return /^ready$/m.test(text)
  })
  return { port, child, log: () => text }
}

const dig = (port: number, ...words: string[]): string =>
  execFileSync('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=5', ...words], { encoding: 'utf8' })
const cookieIn = (text: string): string => /COOKIE: (\w+)/.exec(text)?.[1] ?? ''

describe('cookies', () => {
  test('dig learns a cookie and finds it good; kdig too; NSID', async () => {
    const { port } = await serve()
    const first = dig(port, 'www.example.test', '+cookie=0102030405060708', '+nsid')
    assert.match(first, /COOKIE: 0102030405060708[0-9a-f]{32} \(good\)/)
    assert.match(first, /NSID: .*"node-7"/)
    const given = cookieIn(first)
    assert.equal(cookieIn(dig(port, 'www.example.test', `+cookie=${given}`)), given, 'a good one is echoed')
    assert.match(
      execFileSync('kdig', ['@127.0.0.1', '-p', String(port), 'www.example.test', '+cookie'], { encoding: 'utf8' }),
      /COOKIE: \w{48}/,
    )
  })

  test('a secret that is shared and rolled over: cookies of the old one are accepted and renewed', async () => {
    const file = join(root, 'secrets')
    writeFileSync(file, `${OLD}\n`)
    const { port, log } = await serve('--cookie-secret-file', file)
    const other = await serve('--cookie-secret-file', file)
    const old = cookieIn(dig(port, 'www.example.test', '+cookie=0102030405060708'))
    assert.equal(cookieIn(dig(other.port, 'www.example.test', `+cookie=${old}`)), old, 'nodes that share a secret know it')
    writeFileSync(file, `${NEW}\n${OLD}  # on its way out\n`)
    utimesSync(file, new Date(), new Date(Date.now() + 5000))
    await until('the new secret', 20_000, () => log().includes('read again'))
    const renewed = cookieIn(dig(port, 'www.example.test', `+cookie=${old}`))
    assert.notEqual(renewed, old)
    assert.equal(cookieIn(dig(port, 'www.example.test', `+cookie=${renewed}`)), renewed)
    writeFileSync(file, 'nonsense\n')
    utimesSync(file, new Date(), new Date(Date.now() + 10_000))
    await until('the refusal', 20_000, () => log().includes('stay as they were'))
    assert.match(log(), /line 1 of .* is no secret/)
    assert.equal(cookieIn(dig(port, 'www.example.test', `+cookie=${renewed}`)), renewed)
  })

  test('a secrets file with an error, or none where one is named: one line, exit 1', async () => {
    writeFileSync(join(root, 'bad'), 'abc\n')
    for (const name of ['bad', 'missing']) {
      await assert.rejects(serve('--cookie-secret-file', join(root, name)), /serve ended: .*(is no secret|cannot be read)/s)
    }
  })
})

test('a flood from one prefix is held at the limit, over two threads; TCP and a cookie go through', async () => {
  // The exemption of loopback is taken away by naming another.
  const { port } = await serve('--rate-limit', '50', '--rate-limit-exempt', '192.0.2.0/24')
  const given = cookieIn(dig(port, 'www.example.test', '+cookie=0102030405060708'))
  const query = encodeQuery(1, 'www.example.test', undefined)
  const sockets = Array.from({ length: 8 }, () => createSocket('udp4'))
  after(() => {
    for (const socket of sockets) socket.close()
  })
  let whole = 0
  let truncated = 0
  for (const socket of sockets)
    socket.on('message', (message) => {
      if ((message[2]! & 2) === 0) whole++
      else truncated++
    })
  const startedAt = performance.now()
  const sent = 4000
  for (let i = 0; i < sent; i++) {
    await new Promise((resolve) => sockets[i % 8]!.send(query, port, '127.0.0.1', resolve))
    if (i % 500 === 250)
      assert.match(dig(port, 'www.example.test', `+cookie=${given}`, '+ignore'), /status: NOERROR.*\n.* flags: qr aa rd; /)
  }
  // Some replies are lost in the buffers of a client that is busy with dig.
  await until('replies', 10_000, () => whole > 0 && truncated >= sent / 10)
  const seconds = (performance.now() - startedAt) / 1000
  assert.ok(whole <= 50 * (1 + seconds) + 5, `${whole} whole answers in ${seconds.toFixed(1)} s`)
  assert.match(dig(port, 'www.example.test', '+tcp', '+nocookie'), /192\.0\.2\.80/)
})

/** What a queue of 4 MiB holds: the kernel counts some 768 octets for a query, and doubles the number. */
const STRANGERS = 8000
const KNOWN = 100
const canHaveLargeQueues =
  process.platform === 'linux' && (process.getuid?.() === 0 || Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')) >= 4 << 20)

test('more waits than half a queue: clients with a cookie get every answer, some of the others none', {
  skip: !canHaveLargeQueues,
}, async () => {
  const { port, child } = await serve('--udp-threads', '1', '--rate-limit', '0', '--rate-limit-exempt', '192.0.2.0/24')
  const given = [...Buffer.from(cookieIn(dig(port, 'www.example.test', '+cookie=0102030405060708')), 'hex')]
  const [known, stranger] = [createSocket('udp4'), createSocket('udp4')]
  let [knownAnswers, strangerAnswers] = [0, 0]
  known.on('message', () => knownAnswers++)
  stranger.on('message', () => strangerAnswers++)
  const ask = (socket: Socket, id: number, cookie?: number[]): Promise<unknown> => {
    const query = buildQuery({ name: 'www.example.test', id, opts: [{ options: cookie === undefined ? [] : [[10, cookie]] }] })
    return new Promise((resolve) => socket.send(query, port, '127.0.0.1', resolve))
  }
  // The server sleeps while its queue fills: what the queue holds then does not depend on how fast anybody is.
  child.kill('SIGSTOP')
  try {
    for (let i = 0; i < STRANGERS; i++) {
      await ask(stranger, i)
      if (i % (STRANGERS / KNOWN) === 0) await ask(known, i, given)
    }
  } finally {
    child.kill('SIGCONT')
  }
  await until('the answers of those with a cookie', 10_000, () => knownAnswers === KNOWN)
  // What is asked behind the flood is answered to everybody.
  assert.match(dig(port, 'www.example.test', '+nocookie'), /192\.0\.2\.80/)
  assert.ok(strangerAnswers < STRANGERS - 1000, `${strangerAnswers} of ${STRANGERS}`)
  for (const socket of [known, stranger]) socket.close()
})
