/**
 * The promise of failover on real sockets: interval 1 s, fall 2, timeout 0.5 s, under 10,000 queries a second. The bound is the product's
 * own: fall x interval + timeout + 1.5 s; refused connections are known without the timeout.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type HeavyLoad, startHeavyLoad, type Tally } from '../support/heavy-load.ts'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

const INTERVAL_MS = 1000
const TIMEOUT_MS = 500
const FALL = 2
const RISE = 2
const REFUSED_BOUND_MS = FALL * INTERVAL_MS + 1500
const HANGING_BOUND_MS = REFUSED_BOUND_MS + TIMEOUT_MS
const QUERIES_PER_SECOND = 10_000
/** As long as the place is to be lost; a return after it needs no more than `rise`. */
const OUTAGE_MS = 30_000
const NEAR = '127.86.0.1'
const CENTRAL = '127.86.0.2'

/** An endpoint that can be shut, hang, and come back. */
class Endpoint {
  readonly #address: string
  readonly #port: number
  #server: Server | undefined
  isHanging = false
  /** Probes answered since it was opened. */
  answered = 0
  constructor(address: string, port: number) {
    this.#address = address
    this.#port = port
  }
  async open(): Promise<void> {
    this.answered = 0
    this.#server = createServer((_request, response) => {
      if (this.isHanging) return
      this.answered++
      response.end('ok')
    }).listen(this.#port, this.#address)
    await once(this.#server, 'listening')
  }
  shut(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }
}

describe('failover at its bound, under 10,000 queries a second', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-bound-'))
  let product: Product
  let load: HeavyLoad
  let near: Endpoint
  let central: Endpoint
  before(async () => {
    const port = await freePort()
    near = new Endpoint(NEAR, port)
    central = new Endpoint(CENTRAL, port)
    await near.open()
    await central.open()
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(
      path,
      `apiVersion: nearcast/v1
zones: [{name: bound.test., soa: {mname: ns1.bound.test., rname: h.bound.test.}, nameservers: [ns1.bound.test.], records: [{name: ns1, type: A, ttlSeconds: 300, data: ["192.0.2.53"]}]}]
probes: [{id: p, kind: http, port: ${port}, path: /, intervalMs: ${INTERVAL_MS}, timeoutMs: ${TIMEOUT_MS}, fall: ${FALL}, rise: ${RISE}}]
endpoints: [{id: near, ipv4: ${NEAR}, place: cn-3302, probes: [p]}, {id: central, ipv4: ${CENTRAL}, place: cn-11, probes: [p]}]
pools: [{id: near, members: [{endpoint: near}]}, {id: central, members: [{endpoint: central}]}]
policies: [{id: edge, ttlSeconds: 30, rules: [{line: "*", pools: [near]}], fallback: [central]}]
names: [{name: edge.bound.test., types: [A], policy: edge}]
`,
    )
    product = await startProduct(['--document', path])
    load = await startHeavyLoad({
      port: product.dnsPort,
      name: 'edge.bound.test.',
      subnet: '198.51.100.0/24',
      perSecond: QUERIES_PER_SECOND,
    })
  })
  after(async () => {
    await load?.stop()
    await product?.stop()
    near?.shut()
    central?.shut()
    rmSync(folder, { recursive: true, force: true })
  })

  const words = (tally: Tally): string =>
    `${tally.sent} sent, ${tally.lost} lost, ${Object.entries(tally.answers)
      .map(([word, { count }]) => `${word} x ${count}`)
      .join(', ')}`

  /** Waits until only `wanted` has been answered for half a second; returns when the last other answer was asked for. */
  async function moved(wanted: string, since: number, boundMs: number): Promise<number> {
    await until(`only ${wanted}`, boundMs + 3000, async () => {
      const { answers } = await load.tally(Date.now() - 500)
      return Object.keys(answers).length === 1 && answers[wanted] !== undefined
    })
    const { answers } = await load.tally(since)
    const tookMs = Math.max(0, ...Object.entries(answers).map(([word, { lastSentAt }]) => (word === wanted ? 0 : lastSentAt - since)))
    assert.ok(tookMs <= boundMs, `the last other answer came ${tookMs.toFixed(0)} ms after the change, bound ${boundMs} ms`)
    return tookMs
  }

  /** All queries from `since` on got one of these, nothing was lost, and the load was what it is said to be. */
  async function only(allowed: readonly string[], since: number): Promise<Tally> {
    const now = Date.now()
    const tally = await load.tally(since)
    assert.deepEqual([Object.keys(tally.answers).filter((word) => !allowed.includes(word)), tally.lost], [[], 0], words(tally))
    assert.ok(tally.sent > (0.7 * QUERIES_PER_SECOND * (now - since)) / 1000, `only ${words(tally)} in ${now - since} ms`)
    return tally
  }

  test('refused: moved within 3.5 s, none wrong in 30 s of outage, back after `rise` successes', async (t) => {
    await until('the near endpoint', 20_000, async () => (await load.tally(Date.now() - 500)).answers[NEAR] !== undefined)
    const shutAt = Date.now()
    near.shut()
    const away = await moved(CENTRAL, shutAt, REFUSED_BOUND_MS)
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS - (Date.now() - shutAt)))
    await only([CENTRAL], shutAt + REFUSED_BOUND_MS)
    const openAt = Date.now()
    await near.open()
    let answeredAtReturn = 0
    await until('the near endpoint again', 10_000, async () => {
      const { answers } = await load.tally(openAt)
      answeredAtReturn = near.answered
      return answers[NEAR] !== undefined
    })
    assert.ok(answeredAtReturn >= RISE && answeredAtReturn <= RISE + 2, `back after ${answeredAtReturn} successes, rise ${RISE}`)
    const back = await moved(NEAR, openAt, RISE * INTERVAL_MS + 1500)
    const tally = await only([NEAR, CENTRAL], shutAt)
    t.diagnostic(
      `${away.toFixed(0)} ms away (bound ${REFUSED_BOUND_MS}), ${back.toFixed(0)} ms back after ${answeredAtReturn} successes; ${words(tally)}`,
    )
  })

  test('hanging: moved within 4 s, none wrong afterwards', async (t) => {
    const hangAt = Date.now()
    near.isHanging = true
    const away = await moved(CENTRAL, hangAt, HANGING_BOUND_MS)
    await new Promise((resolve) => setTimeout(resolve, HANGING_BOUND_MS + 2000 - (Date.now() - hangAt)))
    const tally = await only([CENTRAL], hangAt + HANGING_BOUND_MS)
    t.diagnostic(`${away.toFixed(0)} ms away (bound ${HANGING_BOUND_MS}); ${words(tally)}`)
  })
})
