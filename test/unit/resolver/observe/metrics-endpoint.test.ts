import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { findAddress } from '../../../../geodata/address/address.ts'
import { NODE_METRICS, type NodeMetricRows, startMetricsEndpoint } from '../../../../resolver/observe/metrics-endpoint.ts'
import { formatListenAddress } from '../../../../resolver/transport/listen-address.ts'

/** A row for every metric. */
const everyMetric = Object.fromEntries(
  Object.entries(NODE_METRICS).map(([name, { labels }]) => [
    name,
    [{ labels: Object.fromEntries(labels.map((label) => [label, `a"b\\${label}`])), value: 1.5 }],
  ]),
) as NodeMetricRows

async function start(token: string | undefined, ready = true) {
  const endpoint = await startMetricsEndpoint({
    listen: { address: findAddress('127.0.0.1')!, port: 0 },
    token,
    rows: () => everyMetric,
    scores: () => ({ generation: 3, scores: [] }),
    ready: () => ready,
  })
  const base = `http://${formatListenAddress(endpoint.listen)}`
  return { endpoint, get: (path: string, headers: Record<string, string> = {}) => fetch(base + path, { headers }) }
}

describe('metrics endpoint', () => {
  const promtool = spawnSync('promtool', ['--version']).status === 0
  test('the page passes promtool check metrics', { skip: !promtool && 'promtool is not installed' }, async () => {
    const { endpoint, get } = await start(undefined)
    const page = await (await get('/metrics')).text()
    for (const name of Object.keys(NODE_METRICS)) assert.match(page, new RegExp(`^${name}[{ ]`, 'm'))
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' })
    assert.equal(`${stdout}${stderr}`, '')
    assert.equal(status, 0)
    await endpoint.close()
  })

  test('values are those of the scrape, not sums over scrapes', async () => {
    const { endpoint, get } = await start(undefined)
    await get('/metrics')
    assert.match(await (await get('/metrics')).text(), /^nearcast_generation 1\.5$/m)
    await endpoint.close()
  })

  const cases: readonly {
    readonly name: string
    readonly path: string
    readonly token?: string
    readonly given?: string
    readonly ready?: boolean
    readonly status: number
    readonly body: RegExp
  }[] = [
    { name: 'healthz', path: '/healthz', status: 200, body: /^ok$/m },
    { name: 'readyz when ready', path: '/readyz', status: 200, body: /ready/ },
    { name: 'readyz before', path: '/readyz', ready: false, status: 503, body: /no generation/ },
    { name: 'scores', path: '/health/scores', status: 200, body: /^\{"generation":3,"scores":\[\]\}$/ },
    { name: 'another path', path: '/x', status: 404, body: /metrics/ },
    { name: 'no token', path: '/metrics', token: 'secret', status: 401, body: /token/ },
    { name: 'a wrong token', path: '/health/scores', token: 'secret', given: 'secreT', status: 401, body: /token/ },
    { name: 'the token', path: '/health/scores', token: 'secret', given: 'secret', status: 200, body: /generation/ },
    { name: 'healthz needs no token', path: '/healthz', token: 'secret', status: 200, body: /ok/ },
  ]
  for (const { name, path, token, given, ready, status, body } of cases) {
    test(name, async () => {
      const { endpoint, get } = await start(token, ready)
      const response = await get(path, given === undefined ? {} : { authorization: `Bearer ${given}` })
      assert.equal(response.status, status)
      assert.match(await response.text(), body)
      await endpoint.close()
    })
  }

  test('an address in use is named', async () => {
    const { endpoint } = await start(undefined)
    await assert.rejects(
      startMetricsEndpoint({ listen: endpoint.listen, token: undefined, rows: () => ({}), scores: () => ({}), ready: () => true }),
      { code: 'TRANSPORT_ADDRESS_IN_USE', message: `${formatListenAddress(endpoint.listen)} (metrics) is in use by another program` },
    )
    await endpoint.close()
  })
})
