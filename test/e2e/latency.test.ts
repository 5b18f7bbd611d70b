/**
 * Latency per line with everything real: devices report over HTTP, answers over DNS follow for their line and for no other, explain and the
 * metrics say why, a restart of the node goes on with what is known, and no report brings back an endpoint that is down.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { answerOf, ask, encodeQuery } from '../support/dns-load.ts'
import { type Product, startProduct, until } from '../support/product.ts'

const NEAR = '192.0.2.11'
const FAR = '192.0.2.12'
/** Probed on a closed port: down all the time. */
const DOWN = '127.0.0.1'
/** Ningbo Telecom, and a client in the United States. */
const NINGBO = '202.96.104.0/24'
const ABROAD = '8.8.8.0/24'

const DOCUMENT = `apiVersion: nearcast/v1
zones:
  - name: latency.test.
    soa: {mname: ns1.latency.test., rname: hostmaster.latency.test.}
    nameservers: [ns1.latency.test.]
    records: [{name: ns1, type: A, ttlSeconds: 300, data: ["192.0.2.53"]}]
probes:
  - {id: closed, kind: tcp, port: 1, intervalMs: 1000, timeoutMs: 500, fall: 1}
endpoints:
  - {id: near, ipv4: ${NEAR}, place: cn-3302}
  - {id: far, ipv4: ${FAR}, place: us-ca}
  - {id: down, ipv4: ${DOWN}, place: cn-3301, probes: [closed]}
pools:
  - {id: edges, choose: latency, members: [{endpoint: near}, {endpoint: far}, {endpoint: down}]}
policies:
  - id: edge
    ttlSeconds: 5
    rules: [{line: "*", pools: [edges]}]
    fallback: [edges]
    latency: {explorePercent: 0}
names:
  - {name: edge.latency.test., types: [A], policy: edge}
`

describe('latency per line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-latency-'))
  let product: Product
  let token = ''
  before(async () => {
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, DOCUMENT)
    product = await startProduct(['--document', path])
    token = (await product.cli('token', 'create', 'devices', '--scope', 'samples')).trim()
  })
  after(async () => {
    await product?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Reports of twelve networks of a line. */
  async function report(endpoint: string, latencyMs: number, network = '202.96'): Promise<void> {
    const samples = Array.from({ length: 12 }, (_, at) => ({
      client: `${network}.${104 + (at % 4)}.${at}`,
      endpoint,
      latencyMs: latencyMs + (at % 3),
    }))
    const reply = await fetch(`http://127.0.0.1:${product.apiPort}/api/v1/latency/samples`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ samples }),
    })
    assert.equal(reply.status, 200)
    assert.deepEqual(await reply.json(), { accepted: 12, dropped: 0, reasons: {} })
  }

  const answerTo = (client: string): Promise<string | undefined> =>
    ask(product.dnsPort, encodeQuery(7, 'edge.latency.test', client), 500).then(answerOf, () => undefined)
  const answers = (client: string, wanted: string) =>
    until(`${client} gets ${wanted}`, 20_000, async () => (await answerTo(client)) === wanted)
  const explain = async () => JSON.parse(await product.cli('explain', 'edge.latency.test', '--client', NINGBO, '--json'))

  test('answers of a line follow what its clients measured; others go by distance', async () => {
    await answers(NINGBO, NEAR)
    await answers(ABROAD, FAR)
    await report('near', 180)
    await report('far', 20)
    await answers(NINGBO, FAR)
    await answers(ABROAD, FAR)
    const [pool] = (await explain()).rules[0].pools
    assert.deepEqual([pool.latency.line, pool.latency.by, pool.latency.order[0]], ['cn-33/telecom', 'measured', 'far'])
    const [near, far] = pool.candidates
    assert.ok(near.measured.medianMs >= 180 && far.measured.medianMs <= 22 && far.measured.confidencePercent === 100, JSON.stringify(pool))
    assert.match(await product.cli('latency', '--policy', 'edge'), /cn-33\/telecom .*far +2[01]\.\d ms/)
    await until('the metrics have it', 15_000, async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
      return metrics.includes('nearcast_latency_samples_total{outcome="accepted"} 24\n') && metrics.includes('nearcast_latency_cells 2\n')
    })
  })

  test('an endpoint that is down stays out, however fast it is said to be', async () => {
    await report('down', 1)
    await until('the node knows it', 20_000, async () => (await explain()).rules[0].pools[0].latency.order[0] === 'down')
    assert.equal(await answerTo(NINGBO), FAR)
  })

  test('a node that starts anew goes on with what is known', async () => {
    const before = product.pidOf('node')!
    process.kill(before, 'SIGKILL')
    await until('another node', 20_000, () => {
      const pid = product.pidOf('node')
      return pid !== undefined && pid !== before
    })
    await answers(NINGBO, FAR)
    assert.equal(await until('an explanation', 20_000, async () => (await explain().catch(() => undefined))?.picked?.[0]), 'far')
  })
})
