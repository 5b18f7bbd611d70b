/**
 * Failover under 1,000 queries a second for the line of Ningbo Telecom: its endpoint stops, then the next pool's, then both return.
 * Times are taken from the results, sent query by sent query, so that the bound of DESIGN.md section 7 is judged as a client sees it.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Load, type LoadResult, startLoad, tally } from '../support/dns-load.ts'
import { EDGE_NAME, type Example, startExample, startProductOn } from '../support/example-product.ts'
import { type Product, until } from '../support/product.ts'

/** Of the probe in examples/edge-api/nearcast.yaml. */
const PROBE = { intervalMs: 2000, timeoutMs: 500, fall: 3, rise: 2 }
const FAILOVER_BOUND_MS = PROBE.fall * PROBE.intervalMs + PROBE.timeoutMs + 1500
const RETURN_BOUND_MS = PROBE.rise * PROBE.intervalMs + PROBE.timeoutMs + 1500
const QUERIES_PER_SECOND = 1000
/** All of the line cn-3302/telecom. */
const NINGBO_TELECOM = ['202.96.104.0/24', '202.96.105.0/24', '202.96.104.15/32']

describe('failover', () => {
  let example: Example
  let product: Product
  let load: Load | undefined
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
  })
  afterEach(async () => {
    await load?.stop(0)
    load = undefined
  })
  after(async () => {
    await product?.stop()
    await example?.stop()
  })

  /** Results of queries sent from a point in time on. */
  const sentSince = (results: readonly LoadResult[], from: number): readonly LoadResult[] => results.filter(({ sentAt }) => sentAt >= from)

  /** Makes a change and waits until nothing but `wanted` has been answered for 300 ms; returns when the last other answer was asked for, ms after the change. */
  async function change(what: string, wanted: readonly string[], boundMs: number, make: () => Promise<void>): Promise<number> {
    const { results } = load!
    const changedAt = performance.now()
    await make()
    const others = (): LoadResult[] =>
      sentSince(results, changedAt).filter(({ answer }) => answer !== undefined && !wanted.includes(answer))
    try {
      await until(what, boundMs + 1000, () => {
        const since = Math.max(changedAt, performance.now() - 300)
        const wantedCount = sentSince(results, since).filter(({ answer }) => answer !== undefined && wanted.includes(answer)).length
        return wantedCount > 100 && others().every(({ sentAt }) => sentAt < since)
      })
    } catch (error) {
      throw new Error(
        `${(error as Error).message}; last second: ${tally(sentSince(results, performance.now() - 1000))}\n${product.output()}`,
      )
    }
    const tookMs = Math.max(0, ...others().map(({ sentAt }) => sentAt - changedAt))
    assert.ok(tookMs <= boundMs, `${what}: took ${tookMs.toFixed(0)} ms, bound ${boundMs} ms`)
    return tookMs
  }

  /** No query without an answer, none with another one than the scenario allows. */
  function checkResults(results: readonly LoadResult[], allowed: readonly string[]): void {
    const wrong = results.filter(({ answer }) => answer === undefined || !allowed.includes(answer))
    assert.equal(wrong.length, 0, `${wrong.length} of ${results.length} queries were lost or answered wrongly: ${tally(results)}`)
    const seconds = (results.at(-1)!.sentAt - results[0]!.sentAt) / 1000
    assert.ok(
      results.length / seconds > 0.7 * QUERIES_PER_SECOND,
      `only ${(results.length / seconds).toFixed(0)} queries a second were sent`,
    )
  }

  test('refused connections: next pool, then the central cloud, then back, nothing lost', async (t) => {
    const ningbo = example.address('ningbo-telecom-1')
    const shanghai = example.address('shanghai-telecom-1')
    const central = [example.address('central-1'), example.address('central-2')]
    load = startLoad(product.dnsPort, EDGE_NAME, NINGBO_TELECOM, QUERIES_PER_SECOND)
    await until('1,000 answers', 10_000, () => load!.results.filter(({ answer }) => answer === ningbo).length > 1000)

    const stopAt = performance.now()
    const toShanghai = await change('Ningbo stopped → Shanghai', [shanghai], FAILOVER_BOUND_MS, () =>
      example.set('ningbo-telecom-1', { down: true }),
    )
    const secondStopAt = performance.now()
    const toCentral = await change('Shanghai stopped → central', central, FAILOVER_BOUND_MS, () =>
      example.set('shanghai-telecom-1', { down: true }),
    )
    const startAt = performance.now()
    const back = await change('Ningbo started → Ningbo', [ningbo], RETURN_BOUND_MS, () => example.set('ningbo-telecom-1', { down: false }))
    assert.ok(back > PROBE.intervalMs / 2 - 200, `it returned after ${back.toFixed(0)} ms: that cannot have been ${PROBE.rise} successes`)
    await example.set('shanghai-telecom-1', { down: false })

    const results = await load.stop(2000)
    checkResults(results, [ningbo, shanghai, ...central])
    // Between the changes there is no way back and forth: before each change only the old answer, after the bound only the new one.
    const between = (from: number, to: number): readonly LoadResult[] => results.filter(({ sentAt }) => sentAt >= from && sentAt < to)
    assert.deepEqual([...new Set(between(0, stopAt).map(({ answer }) => answer))], [ningbo], tally(between(0, stopAt)))
    assert.ok(between(stopAt + FAILOVER_BOUND_MS, secondStopAt).every(({ answer }) => answer === shanghai))
    assert.ok(
      between(secondStopAt, startAt).every(({ answer }) => answer !== ningbo),
      tally(between(secondStopAt, startAt)),
    )
    t.diagnostic(
      `refused: ${toShanghai.toFixed(0)} ms to Shanghai, ${toCentral.toFixed(0)} ms to central, ${back.toFixed(0)} ms back; ` +
        `bound ${FAILOVER_BOUND_MS} ms; ${results.length} queries: ${tally(results)}`,
    )
  })

  test('an endpoint that accepts and never answers is left within the bound, nothing lost', async (t) => {
    const mobile = example.address('ningbo-mobile-1')
    const central = [example.address('central-1'), example.address('central-2')]
    load = startLoad(product.dnsPort, EDGE_NAME, ['211.140.13.0/24'], QUERIES_PER_SECOND)
    await until('1,000 answers', 20_000, () => load!.results.filter(({ answer }) => answer === mobile).length > 1000)
    const toCentral = await change('Ningbo Mobile hangs → central', central, FAILOVER_BOUND_MS, () =>
      example.set('ningbo-mobile-1', { latencyMs: 20 * PROBE.timeoutMs }),
    )
    const back = await change('Ningbo Mobile answers again', [mobile], RETURN_BOUND_MS, () =>
      example.set('ningbo-mobile-1', { latencyMs: 12 }),
    )
    const results = await load.stop(2000)
    checkResults(results, [mobile, ...central])
    t.diagnostic(`hanging: ${toCentral.toFixed(0)} ms to central, ${back.toFixed(0)} ms back; ${results.length} queries: ${tally(results)}`)
  })

  test('an endpoint that answers with errors is left within the bound, nothing lost', async (t) => {
    const unicom = example.address('hangzhou-unicom-1')
    const central = [example.address('central-1'), example.address('central-2')]
    load = startLoad(product.dnsPort, EDGE_NAME, ['221.12.1.0/24'], QUERIES_PER_SECOND)
    await until('1,000 answers', 20_000, () => load!.results.filter(({ answer }) => answer === unicom).length > 1000)
    const toCentral = await change('Hangzhou Unicom answers 503 → central', central, FAILOVER_BOUND_MS, () =>
      example.set('hangzhou-unicom-1', { errorRatePercent: 100 }),
    )
    const results = await load.stop(2000)
    checkResults(results, [unicom, ...central])
    t.diagnostic(`errors: ${toCentral.toFixed(0)} ms to central; ${results.length} queries: ${tally(results)}`)
  })
})
