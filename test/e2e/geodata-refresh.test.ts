/**
 * Geodata that changes while the whole product answers: a replaced file moves the answers and loses no query; HTML, truncated and
 * shrunken data is refused and the old stays; a large move waits; rollback, corrections, restart, and control killed during a build.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { GeodataStatus } from '../../admin-ui/contract/geodata.ts'
import { answerOf, ask, encodeQuery, startLoad, tally } from '../support/dns-load.ts'
import { type Product, startProduct, until } from '../support/product.ts'

const NAME = 'edge.geo.test'
const EDGE = '192.0.2.11'
const CENTRAL = '192.0.2.1'
const SAID = ['--place', '宁波', '--carrier', '电信', '--reason', 'our own site', '--author', 'li.wei']
const NETWORKS = Array.from({ length: 20 }, (_, position) => `20.0.${position}.0/24`)

/** A list in which the first networks are in Ningbo, the others in Hangzhou. */
function list(inNingbo: number, networks: readonly string[] = NETWORKS): string {
  return `prefix,place,carrier\n${networks.map((prefix, position) => `${prefix},${position < inNingbo ? 'cn-3302' : 'cn-3301'},telecom`).join('\n')}\n`
}

function documentText(sources: string): string {
  return `apiVersion: nearcast/v1
zones: [{name: geo.test., soa: {mname: ns1.geo.test., rname: hostmaster.geo.test.}, nameservers: [ns1.geo.test.], records: [{name: ns1, type: A, data: [127.0.0.1]}]}]
endpoints: [{id: edge, ipv4: ${EDGE}}, {id: central, ipv4: ${CENTRAL}}]
pools: [{id: edge, members: [{endpoint: edge}]}, {id: central, members: [{endpoint: central}]}]
policies: [{id: p, ttlSeconds: 30, rules: [{line: cn-3302/telecom, pools: [edge]}, {line: "*", pools: [central]}], fallback: [central]}]
names: [{name: ${NAME}., types: [A], policy: p}]
geodata:
  sources: ${sources}
  refresh: {watchSeconds: 1}
  guards: {maxMovedPercent: 30, maxShrinkPercent: 20, knownAddresses: [{address: 20.0.0.1, line: cn-3302/telecom}]}
`
}

describe('geodata refresh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-geodata-'))
  const files = join(folder, 'files')
  const state = join(folder, 'state')
  const document = join(folder, 'nearcast.yaml')
  let product: Product
  let server: Server
  let served: { status: number; body: Buffer; headers?: Record<string, string> } = { status: 404, body: Buffer.alloc(0) }
  const requests: string[] = []

  const words = (): string[] => ['--document', document, '--geodata-folder', files, '--geodata-allow', '127.0.0.0/8']
  const replace = (content: string | Buffer): void => {
    writeFileSync(join(files, 'own.new'), content)
    renameSync(join(files, 'own.new'), join(files, 'own.csv'))
  }
  const status = async (): Promise<GeodataStatus> => JSON.parse(await product.cli('geodata', 'status', '--json')) as GeodataStatus
  const answer = async (network: number): Promise<string> =>
    answerOf(await ask(product.dnsPort, encodeQuery(1, NAME, `20.0.${network}.0/24`)))
  /** The status once a refresh has been refused like this. The message tells it from the refusal before, which may have the same code. */
  const refused = (code: string, message: RegExp): Promise<GeodataStatus> =>
    until(`refused with ${code} and ${message}`, 20_000, async () => {
      const now = await status()
      const { failure } = now.refresh
      return failure !== null && failure.code === code && message.test(failure.message) && now
    })

  before(async () => {
    mkdirSync(files)
    replace(list(10))
    writeFileSync(document, documentText('[{kind: csv, name: own, file: own.csv}]'))
    server = createServer((request, response) => {
      requests.push(String(request.headers.authorization ?? ''))
      if (request.headers['if-none-match'] === '"one"' && served.headers?.etag === '"one"') response.writeHead(304).end()
      else response.writeHead(served.status, served.headers).end(served.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    product = await startProduct(words(), { stateFolder: state })
  })
  after(async () => {
    await product?.stop()
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('the sources of the first document are built and live without waiting', { timeout: 60_000 }, async () => {
    await until('the edge answers', 20_000, async () => (await answer(0)) === EDGE)
    assert.equal(await answer(15), CENTRAL)
    const { shipped, sources, refresh } = await status()
    assert.deepEqual([shipped, sources.map(({ name }) => name), refresh.failure], [false, ['own'], null])
  })

  test('a file that is replaced under load moves the answers and loses no query', { timeout: 60_000 }, async () => {
    // One of six networks moves: a share of the recent queries that needs no confirmation.
    const load = startLoad(
      product.dnsPort,
      NAME,
      [0, 1, 2, 3, 4, 9].map((network) => `20.0.${network}.0/24`),
      400,
    )
    await until('queries run', 5000, () => load.results.length > 200)
    replace(list(9))
    await until('the answers of one network move', 20_000, async () => (await answer(9)) === CENTRAL)
    await until('more queries', 5000, () => load.results.length > 1000)
    const results = await load.stop(3000)
    const own = results.filter((_, position) => position % 6 !== 5)
    assert.ok(
      results.every(({ answer }) => answer === EDGE || answer === CENTRAL),
      tally(results),
    )
    assert.ok(
      own.every(({ answer }) => answer === EDGE),
      tally(own),
    )
    assert.equal((await status()).refresh.failuresTotal, 0)
  })

  const BAD: readonly { readonly name: string; readonly content: string | Buffer; readonly code: string; readonly message: RegExp }[] = [
    {
      name: 'a page of HTML',
      content: '<!DOCTYPE html><html><body>sign in</body></html>',
      code: 'GEODATA_SOURCE_INVALID',
      message: /HTML/,
    },
    { name: 'a file cut short', content: gzipSync(list(9)).subarray(0, 60), code: 'GEODATA_SOURCE_INVALID', message: /cut short|damaged/ },
    { name: 'a shrunken list', content: list(9, NETWORKS.slice(0, 14)), code: 'GEODATA_SHRUNKEN', message: /by 30\.0 %/ },
    {
      name: 'a known address elsewhere',
      content: list(0),
      code: 'GEODATA_KNOWN_ADDRESS',
      message: /20\.0\.0\.1 would be on "cn-3301\/telecom", not on "cn-3302\/telecom" \(in the data in use it is on "cn-3302\/telecom"\)/,
    },
    { name: 'an empty file', content: '', code: 'GEODATA_SOURCE_INVALID', message: /holds no network/ },
  ]
  for (const { name, content, code, message } of BAD) {
    test(`${name} is refused, and the data in use stays`, { timeout: 60_000 }, async () => {
      const { digest } = await status()
      replace(content)
      const { digest: now, pending } = await refused(code, message)
      assert.deepEqual([now, pending], [digest, null])
      assert.deepEqual([await answer(0), await answer(9)], [EDGE, CENTRAL])
      await assert.rejects(product.cli('geodata', 'refresh'), new RegExp(`${code}|no list|empty`))
    })
  }

  test('a large move waits, shows itself, and goes live when it is confirmed', { timeout: 60_000 }, async () => {
    replace(list(1))
    const { pending, digest } = await until('it waits', 20_000, async () => {
      const now = await status()
      return now.pending !== null && now
    })
    assert.ok(pending!.movedPercent > 30)
    assert.equal(await answer(5), EDGE)
    const text = await product.cli('geodata', 'status')
    for (const part of ['waits', 'policy p', 'edge → central', 'city 40.00 %', 'IPv6 /48', '% at other endpoints of p'])
      assert.ok(text.includes(part), `${part}\n${text}`)
    await until('the metrics tell it', 10_000, async () => {
      const page = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
      return /^nearcast_geodata_pending 1$/m.test(page) && /^nearcast_geodata_refresh_failures_total [1-9]/m.test(page)
    })
    await product.cli('geodata', 'confirm')
    assert.equal(await answer(5), CENTRAL)
    const now = await status()
    assert.deepEqual([now.pending, now.previous?.digest], [null, digest])
    await assert.rejects(product.cli('geodata', 'confirm'), /GEODATA_NOTHING_PENDING/)
  })

  test('rollback brings the data before back, and the same file does not come again by itself', { timeout: 60_000 }, async () => {
    await product.cli('geodata', 'rollback')
    assert.equal(await answer(5), EDGE)
    assert.match(await product.cli('geodata', 'refresh'), /rejected before/)
    assert.equal(await answer(5), EDGE)
    replace(list(2))
    await until('it waits', 20_000, async () => (await status()).pending !== null)
    await product.cli('geodata', 'reject')
    const { pending, refresh } = await status()
    assert.deepEqual([pending, refresh.lastOutcome, await answer(5)], [null, 'rejected', EDGE])
  })

  test('a correction does not bring rejected sources back: it is merged over the data in use', { timeout: 60_000 }, async () => {
    assert.match(await product.cli('geodata', 'correct', '20.0.12.0/24', ...SAID), /live/)
    assert.deepEqual([await answer(12), await answer(5), (await status()).pending], [EDGE, EDGE, null])
    await product.cli('geodata', 'rollback')
    assert.deepEqual([await answer(12), (await status()).refresh.lastOutcome], [CENTRAL, 'rolled back'])
    assert.match(await product.cli('geodata', 'refresh'), /rejected before/)
    assert.equal(await answer(12), CENTRAL)
    await product.cli('geodata', 'corrections', 'remove', '20.0.12.0/24')
    assert.deepEqual([await answer(12), await answer(5)], [CENTRAL, EDGE])
  })

  test('a correction wins while a source is broken, which stays reported', { timeout: 60_000 }, async () => {
    replace('<!DOCTYPE html><html><body>sign in</body></html>')
    await refused('GEODATA_SOURCE_INVALID', /HTML/)
    assert.match(await product.cli('geodata', 'correct', '20.0.12.0/24', ...SAID), /live.*HTML/s)
    assert.deepEqual([await answer(12), await answer(5)], [EDGE, EDGE])
    assert.match((await status()).refresh.failure?.message ?? '', /HTML/)
    assert.match(await product.cli('geodata', 'corrections', 'remove', '20.0.12.0/24'), /live.*HTML/s)
    assert.equal(await answer(12), CENTRAL)
  })

  test('a correction wins, and lookup and explain say why', { timeout: 60_000 }, async () => {
    replace(list(9))
    await product.cli('geodata', 'refresh')
    assert.equal(await answer(12), CENTRAL)
    assert.match(await product.cli('geodata', 'correct', '20.0.12.0/24', ...SAID), /live/)
    assert.equal(await answer(12), EDGE)
    assert.match(await product.cli('geodata', 'lookup', '20.0.12.7'), /corrected for 20\.0\.12\.0\/24: our own site; li\.wei/)
    assert.match(await product.cli('explain', NAME, '--client', '20.0.12.7', '--json'), /our own site/)
    assert.match(await product.cli('geodata', 'corrections', 'list'), /20\.0\.12\.0\/24 → cn-3302 telecom: our own site \(li\.wei, /)
    await product.cli('geodata', 'corrections', 'remove', '20.0.12.0/24')
    assert.equal(await answer(12), CENTRAL)
    await assert.rejects(product.cli('geodata', 'corrections', 'remove', '20.0.12.0/24'), /GEODATA_CORRECTION_UNKNOWN/)
  })

  test('downloads: taken with a secret from its file, not again when unchanged; HTML, cut short and 404 are refused', {
    timeout: 90_000,
  }, async () => {
    const { port } = server.address() as { port: number }
    mkdirSync(join(state, 'secrets'), { recursive: true })
    writeFileSync(join(state, 'secrets', 'key'), 'hidden\n', { mode: 0o600 })
    served = { status: 200, body: gzipSync(list(9)), headers: { etag: '"one"' } }
    const url = `http://127.0.0.1:${port}/own.csv.gz`
    writeFileSync(document, documentText(`[{kind: csv, name: own, url: "${url}", auth: {secretRef: key, user: "7"}}]`))
    await product.cli('apply', document, '--force')
    await product.cli('geodata', 'refresh')
    assert.equal((await status()).refresh.failure, null)
    assert.equal(requests.at(-1), `Basic ${Buffer.from('7:hidden').toString('base64')}`)
    assert.match(await product.cli('geodata', 'refresh'), /nothing new/)
    for (const [body, statusCode, headers, message] of [
      [Buffer.from('<html>log in</html>'), 200, {}, /HTML/],
      [gzipSync(list(9)).subarray(0, 50), 200, {}, /cut short|damaged/],
      [Buffer.from('gone'), 404, {}, /404/],
      [Buffer.from(''), 302, { location: 'http://169.254.169.254/latest' }, /no public address/],
    ] as const) {
      served = { status: statusCode, body, headers }
      await assert.rejects(product.cli('geodata', 'refresh'), message)
      assert.deepEqual([await answer(0), await answer(9)], [EDGE, CENTRAL])
    }
    served = { status: 200, body: gzipSync(list(8)), headers: { etag: '"two"' } }
    await product.cli('geodata', 'refresh')
    assert.equal(await answer(8), CENTRAL)
    assert.equal(readdirSync(join(state, 'geodata', 'downloads')).length, 1, 'the older download is deleted')
  })

  test('after a restart the data that was live is, without any download', { timeout: 60_000 }, async () => {
    const { digest } = await status()
    await product.stop()
    const before = requests.length
    product = await startProduct(words(), { stateFolder: state })
    assert.deepEqual([(await status()).digest, await answer(8), await answer(0)], [digest, CENTRAL, EDGE])
    assert.equal(requests.length, before)
  })

  test('control killed during a build: the data in use answers on, and the build is made up for', { timeout: 90_000 }, async () => {
    const { digest } = await status()
    replace(list(9))
    writeFileSync(document, documentText('[{kind: csv, name: own, file: own.csv}, default]'))
    await product.cli('apply', document, '--force')
    // The build began with the publish, and takes seconds: it reads the default geodata.
    const control = product.pidOf('control')!
    process.kill(control, 'SIGKILL')
    assert.equal(await answer(0), EDGE)
    await until('control is back', 30_000, () => {
      const now = product.pidOf('control')
      return now !== undefined && now !== control
    })
    const waiting = await until('the build waits for confirmation', 60_000, async () => {
      const now = await status().catch(() => undefined)
      return now?.pending != null && now
    })
    assert.deepEqual([waiting.digest, await answer(0), await answer(9)], [digest, EDGE, CENTRAL])
    assert.ok(readdirSync(join(state, 'geodata', 'built')).every((name) => name.endsWith('.geodata')))
    await product.cli('geodata', 'confirm')
    assert.equal(await answer(0), EDGE)
    assert.equal((await status()).sources[0]?.name, 'own')
  })
})
