/**
 * What is told from outside moves answers: an endpoint that pushes goes down and up by what it says, and by its silence; foreign vantages
 * outvote a failing minority, and none of it is believed from a wrong token.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { answerOf, ask, encodeQuery } from '../support/dns-load.ts'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

const PUSHING = '192.0.2.1'
const FALLBACK = '192.0.2.9'
const SEEN = '127.0.0.1'

const documentOf = (port: number): string => `apiVersion: nearcast/v1
zones:
  - name: reports.test.
    soa: {mname: ns1.reports.test., rname: hostmaster.reports.test.}
    nameservers: [ns1.reports.test.]
    records: [{name: ns1, type: A, ttlSeconds: 300, data: ["192.0.2.53"]}]
probes:
  - {id: self, kind: push, expireSeconds: 4, intervalMs: 1000, fall: 1, rise: 1}
  - {id: web, kind: tcp, port: ${port}, intervalMs: 1000, timeoutMs: 500, fall: 2, rise: 2}
endpoints:
  - {id: pushing, ipv4: ${PUSHING}, probes: [self]}
  - {id: seen, ipv4: ${SEEN}, probes: [web]}
  - {id: central, ipv4: ${FALLBACK}}
pools:
  - {id: pushing, members: [{endpoint: pushing}]}
  - {id: seen, members: [{endpoint: seen}]}
  - {id: central, members: [{endpoint: central}]}
policies:
  - {id: pushed, ttlSeconds: 5, rules: [{line: "*", pools: [pushing]}], fallback: [central]}
  - {id: watched, ttlSeconds: 5, rules: [{line: "*", pools: [seen]}], fallback: [central]}
names:
  - {name: pushed.reports.test., types: [A], policy: pushed}
  - {name: watched.reports.test., types: [A], policy: watched}
`

/** Log lines of the children must not hold a secret either. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('reports from outside', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-reports-'))
  let product: Product
  let listener: Server | undefined
  let probedPort = 0
  let pushToken = ''
  let sampleToken = ''

  const listen = async (): Promise<void> => {
    listener = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => listener!.listen(probedPort, SEEN, resolve))
  }
  before(async () => {
    probedPort = await freePort()
    await listen()
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, documentOf(probedPort))
    product = await startProduct(['--document', path])
    pushToken = (await product.cli('token', 'create', 'edge', '--scope', 'push', '--endpoint', 'pushing')).trim()
    sampleToken = (await product.cli('token', 'create', 'watchers', '--scope', 'samples')).trim()
  })
  after(async () => {
    await product?.stop()
    listener?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function post(path: string, body: unknown, token: string): Promise<{ readonly status: number; readonly code: string | undefined }> {
    const reply = await fetch(`http://127.0.0.1:${product.apiPort}/api/v1${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    return { status: reply.status, code: ((await reply.json()) as { code?: string }).code }
  }
  const push = (body: object, token: string = pushToken) => post('/health/push', { endpoint: 'pushing', ...body }, token)

  const answerTo = (name: string): Promise<string | undefined> =>
    ask(product.dnsPort, encodeQuery(7, `${name}.reports.test`, undefined), 500).then(answerOf, () => undefined)
  const answers = (name: string, wanted: string, timeoutMs = 8000) =>
    until(`${name} answers ${wanted}`, timeoutMs, async () => (await answerTo(name)) === wanted)

  let accepted = 0
  /** Reports as an endpoint does, again and again, until the answer is the wanted one. */
  async function pushesUntil(ok: boolean, wanted: string): Promise<void> {
    await until(`pushing ${ok} makes the answer ${wanted}`, 15_000, async () => {
      const reply = await push({ ok, latencyMs: 3, message: 'as it says' })
      assert.deepEqual(reply, { status: 200, code: undefined })
      accepted++
      await new Promise((resolve) => setTimeout(resolve, 50))
      return (await answerTo('pushed')) === wanted
    })
  }

  test('an endpoint is up when it says so, down when it says so, and down when it says nothing any more', async () => {
    await answers('pushed', FALLBACK)
    await pushesUntil(true, PUSHING)
    await pushesUntil(false, FALLBACK)
    await pushesUntil(true, PUSHING)
    await answers('pushed', FALLBACK, 15_000)
    await until('the metrics count them', 10_000, async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
      return metrics.includes(`nearcast_push_reports_total{outcome="accepted"} ${accepted}\n`)
    })
  })

  test('what a wrong token says, or a right one about others, moves nothing', async () => {
    await pushesUntil(true, PUSHING)
    const refusals = [
      await push({ ok: false }, `nearcast_${'A'.repeat(43)}`),
      await push({ ok: false }, sampleToken),
      await push({ endpoint: 'seen', ok: false }),
      await push({ ok: false, latencyMs: -1 }),
      await push({ ok: false, at: Date.now() + 60_000 }),
      await push({ ok: false, at: Date.now() - 60_000 }),
    ]
    assert.deepEqual(
      refusals.map(({ status, code }) => `${status} ${code}`),
      ['401 AUTH_WRONG', '403 AUTH_FORBIDDEN', '403 AUTH_FORBIDDEN', '422 HEALTH_NUMBER', '422 HEALTH_TIME', '422 HEALTH_TIME'],
    )
    assert.equal(await answerTo('pushed'), PUSHING)
    for (const path of filesBelow(product.stateFolder)) {
      const text = readFileSync(path, 'latin1')
      for (const token of [pushToken, sampleToken]) assert.ok(!text.includes(token), path)
    }
    assert.ok(!product.output().includes(pushToken))
  })

  test('five vantages: two that fail cause no failover, neither does our own failure; all of them do', { timeout: 60_000 }, async () => {
    await answers('watched', SEEN)
    let failing = 2
    let wrong = 0
    let asked = 0
    const feed = setInterval(() => {
      for (let i = 0; i < 5; i++) {
        const samples = [{ endpoint: 'seen', at: Date.now(), ok: i >= failing, latencyMs: 5 }]
        void post('/health/samples', { vantage: `watcher-${i}`, samples }, sampleToken).catch(() => undefined)
      }
    }, 700)
    const watch = setInterval(() => {
      void answerTo('watched').then((answer) => {
        asked++
        if (answer !== undefined && answer !== SEEN) wrong++
      })
    }, 50)
    try {
      type Row = { readonly kind: string; readonly isolated: boolean; readonly addresses: { readonly up: number; readonly down: number } }
      const rows = async (): Promise<readonly Row[]> => JSON.parse(await product.cli('health', 'vantages', '--json'))
      const votes = (all: readonly Row[], kind: string) =>
        all.filter((row) => row.kind === kind).map(({ addresses: { up, down } }) => (up > 0 && down === 0 ? 'up' : 'down'))
      await until('two of five vote against it', 15_000, async () => votes(await rows(), 'api').join() === 'down,down,up,up,up')
      assert.equal(wrong, 0)
      // Now we do not reach it ourselves either: three of six still do.
      await new Promise((resolve) => listener!.close(resolve))
      await until('the node finds it failing, or itself cut off', 15_000, async () => {
        const own = (await rows()).find(({ kind }) => kind === 'node')
        return own?.isolated === true || own?.addresses.down === 1
      })
      const before = asked
      await until('a hundred queries more', 15_000, () => asked > before + 100)
      assert.equal(wrong, 0)
      clearInterval(watch)
      failing = 5
      await answers('watched', FALLBACK, 20_000)
      await listen()
      failing = 0
      await answers('watched', SEEN, 20_000)
    } finally {
      clearInterval(feed)
      clearInterval(watch)
    }
  })
})
