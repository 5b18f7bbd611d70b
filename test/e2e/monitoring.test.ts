/** What monitoring reads: /metrics through promtool, the names of DESIGN.md section 8, scores on both ports, liveness and readiness. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import type { HealthScore, HealthScores } from '../../admin-ui/contract/health-scores.ts'
import { ask, encodeQuery } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, readScores, startExample, startProductOn } from '../support/example-product.ts'
import { type Product, until } from '../support/product.ts'

/** Stable names (DESIGN.md section 8): other people's alarms depend on them. */
const NAMES = [
  'nearcast_endpoint_score',
  'nearcast_endpoint_up',
  'nearcast_probe_duration_seconds',
  'nearcast_probe_error_ratio',
  'nearcast_answers_total',
  'nearcast_policy_fail_open',
  'nearcast_ranking_age_seconds',
  'nearcast_queries_total',
  'nearcast_responses_total',
  'nearcast_worker_restarts_total',
  'nearcast_generation',
  'nearcast_ready',
]
const promtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error === undefined

describe('monitoring', () => {
  let example: Example
  let product: Product
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
    for (const subnet of ['202.96.104.0/24', '8.8.8.0/24']) await ask(product.dnsPort, encodeQuery(1, EDGE_NAME, subnet))
  })
  after(async () => {
    await product?.stop()
    await example?.stop()
  })

  const metricsPath = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${product.metricsPort}${path}`)
  const metrics = async (): Promise<string> => (await metricsPath('/metrics')).text()
  const sampleOf = (text: string, name: string, ...labels: string[]): number | undefined => {
    const line = text.split('\n').find((row) => row.startsWith(`${name}{`) && labels.every((label) => row.includes(label)))
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
  }

  test('promtool finds nothing to correct', { skip: promtool ? false : 'promtool is not installed' }, async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await metrics(), encoding: 'utf8' })
    assert.equal(`${stdout}${stderr}`.trim(), '', 'promtool check metrics')
    assert.equal(status, 0)
  })

  test('it is Prometheus text, and every promised name has a value with its labels', async () => {
    const response = await metricsPath('/metrics')
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const text = await response.text()
    for (const name of NAMES) assert.match(text, new RegExp(`^${name}(\\{.*\\})? [-+0-9.e]+$`, 'm'), `${name} has no value in:\n${text}`)
    for (const name of NAMES.slice(0, 4))
      assert.match(text, new RegExp(`^${name}\\{[^}]*endpoint="ningbo-telecom-1"[^}]*vantage="`, 'm'), `${name} lacks endpoint or vantage`)
    assert.match(text, /^nearcast_answers_total\{policy="edge-api",rule="cn-3302\/telecom",outcome="[a-z-]+"\} \d+$/m, text)
  })

  test('scores agree: metrics port, API and /metrics', async () => {
    // Between two readings a ranking may be swapped: then it is read again.
    const [node, control, text] = await until('two readings of one ranking', 10_000, async () => {
      const first = await readScores(product)
      const api = (await callApi(product, 'GET', '/health/scores')).json as HealthScores
      const page = await metrics()
      const last = await readScores(product)
      return first.rankingId === last.rankingId && ([first, api, page] as const)
    })
    const without = (score: HealthScore): object => ({ ...score, sampleAgeSeconds: undefined })
    assert.equal(control.rankingId, node.rankingId)
    assert.deepEqual(control.scores.map(without), node.scores.map(without), 'GET /api/v1/health/scores and /health/scores differ')
    assert.equal(node.scores.length, 6)
    for (const { endpoint, score, latencyMs, errorRatePercent, inPlace } of node.scores) {
      const label = `endpoint="${endpoint}"`
      assert.equal(sampleOf(text, 'nearcast_endpoint_up', label), inPlace ? 1 : 0, `${endpoint} up`)
      for (const [name, wanted] of [
        ['nearcast_endpoint_score', score!],
        ['nearcast_probe_duration_seconds', latencyMs! / 1000],
        ['nearcast_probe_error_ratio', errorRatePercent! / 100],
      ] as const)
        assert.ok(
          Math.abs(sampleOf(text, name, label)! - wanted) < 1e-4,
          `${name} of ${endpoint} is ${sampleOf(text, name, label)}, /health/scores says ${wanted}`,
        )
      const golden = 0.6 * (1000 / Math.max(latencyMs!, 10)) + 0.4 * (100 - errorRatePercent!)
      assert.ok(Math.abs(score! - golden) < 0.01, `${endpoint}: score ${score}, by the formula ${golden}`)
    }
  })

  test('alive and ready', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await metricsPath(path)).status, 200, path)
    assert.equal((await metricsPath('/nothing')).status, 404)
  })

  test('an endpoint that fails shows: up 0, ratio above 0, and all down shows as fail-open', async () => {
    const endpoints = ['ningbo-telecom-1', 'ningbo-mobile-1', 'hangzhou-unicom-1', 'shanghai-telecom-1', 'central-1', 'central-2']
    for (const endpoint of endpoints) await example.set(endpoint, { down: true })
    await until('every endpoint is shown out of place', 15_000, async () => {
      const text = await metrics()
      return endpoints.every((endpoint) => sampleOf(text, 'nearcast_endpoint_up', `endpoint="${endpoint}"`) === 0)
    })
    await until('the policy fails open', 5000, async () => {
      await ask(product.dnsPort, encodeQuery(1, EDGE_NAME, '202.96.104.0/24'))
      return sampleOf(await metrics(), 'nearcast_policy_fail_open', 'policy="edge-api"') === 1
    })
    assert.ok(sampleOf(await metrics(), 'nearcast_probe_error_ratio', 'endpoint="central-1"')! > 0)
    for (const endpoint of endpoints) await example.set(endpoint, { down: false })
  })
})
