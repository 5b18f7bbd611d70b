/**
 * What monitoring reads and is told: /metrics through promtool, the names of DESIGN.md section 8, scores on both ports, liveness and readiness;
 * a real Prometheus with the rules of deploy/monitoring, and webhooks, when an endpoint fails.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { HealthScore, HealthScores } from '../../admin-ui/contract/health-scores.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { ask, encodeQuery } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, readScores, startExample, startProductOn } from '../support/example-product.ts'
import { freePort, type Product, until } from '../support/product.ts'

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
const hasPrometheus = spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).error === undefined
const promtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error === undefined

describe('monitoring', () => {
  let example: Example
  let product: Product
  let receiver: Server
  /** What the webhook `ops` was sent: headers and body. */
  const told: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[] = []
  before(async () => {
    example = await startExample()
    receiver = createServer((request, response) => {
      // One that hangs: it must not delay the other.
      if (request.url === '/hangs') return
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (part: string) => {
        body += part
      })
      request.on('end', () => {
        told.push({ headers: request.headers, body })
        response.end('thank you')
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as { port: number }
    const secrets = join(example.folder, 'secrets')
    mkdirSync(secrets, { mode: 0o700 })
    writeFileSync(join(secrets, 'ops.key'), 'a secret\n', { mode: 0o600 })
    const document = readFileSync(example.documentPath, 'utf8')
    assert.doesNotMatch(document, /^options:/m)
    const webhooks = [
      `{id: ops, url: "http://127.0.0.1:${port}/ops", secretRef: ops.key}`,
      `{id: hangs, url: "http://127.0.0.1:${port}/hangs"}`,
      `{id: metadata, url: "http://169.254.169.254/"}`,
    ]
    writeFileSync(example.documentPath, `${document}\noptions: {webhooks: [${webhooks.join(', ')}]}\n`)
    product = await startProductOn(example, { environment: { NEARCAST_SECRETS: secrets, NEARCAST_OUTGOING_ALLOW: '127.0.0.0/8' } })
    for (const subnet of ['202.96.104.0/24', '8.8.8.0/24']) await ask(product.dnsPort, encodeQuery(1, EDGE_NAME, subnet))
  })
  after(async () => {
    await product?.stop()
    receiver?.closeAllConnections()
    receiver?.close()
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

  test('a test message goes where it may, is signed, and is refused where it may not', async () => {
    assert.match(await product.cli('webhook', 'test', 'ops'), /^taken: it answers 200 \(\d+ ms\)\nthank you$/m)
    const { headers, body } = told.at(-1)!
    const wanted = createHmac('sha256', 'a secret').update(`${headers['x-nearcast-timestamp']}.${body}`).digest('hex')
    assert.equal(headers['x-nearcast-signature'], `v1=${wanted}`)
    assert.equal(JSON.parse(body).test, true)
    const refused = (await callApi(product, 'POST', '/webhooks/metadata/test', {})).json as { ok: boolean; detail: string }
    assert.deepEqual([refused.ok, refused.detail], [false, 'not sent: 169.254.169.254 is link-local, multicast or a metadata address'])
  })

  test('an endpoint that fails is told to the webhook with its evidence, while another webhook hangs', async () => {
    await example.set('ningbo-mobile-1', { down: true })
    const notice = await until('the webhook is told', 20_000, () => findNotice('ningbo-mobile-1', 'problem'))
    assert.deepEqual([notice.kind, notice.severity], ['standing', 'critical'])
    const failures = notice.evidence.samples.filter(({ ok }: { ok: boolean }) => !ok)
    assert.ok(failures.length >= notice.evidence.fall, JSON.stringify(notice.evidence))
    const { events } = (await callApi(product, 'GET', '/events?kind=standing&subject=ningbo-mobile-1&severity=critical')).json as {
      events: { evidence: unknown }[]
    }
    assert.deepEqual(events[0]!.evidence, notice.evidence)
    await example.set('ningbo-mobile-1', { down: false })
    // Its end waits for the hold after the first message, if it comes within it.
    await until('it is back', 20_000, async () => sampleOf(await metrics(), 'nearcast_endpoint_up', 'endpoint="ningbo-mobile-1"') === 1)
    const list = await product.cli('webhook', 'list')
    assert.match(list, /^ops +generic +ok +http:\/\/127\.0\.0\.1:\d+ +[1-9]\d* delivered/m)
    await until('metrics of webhooks come to the node', 15_000, async () => {
      return (sampleOf(await metrics(), 'nearcast_webhook_deliveries_total', 'webhook="ops"', 'outcome="delivered"') ?? 0) > 0
    })
  })

  test('what an endpoint did while control was away is told when control is back: its failure, and its return', async () => {
    const subject = 'shanghai-telecom-1'
    type Span = { readonly from: number; readonly to: number }
    type Told = { readonly at: string; readonly detail: string; readonly state?: string; readonly evidence?: unknown }
    const standings = async (): Promise<readonly Told[]> =>
      callApi(product, 'GET', `/events?kind=standing&subject=${subject}`).then(
        ({ status, json }) => (status === 200 ? (json as { events: Told[] }).events : []),
        () => [],
      )
    /** Control hears nothing, and is killed with what it did not read, after the endpoint changed. */
    async function changeUnheard(isDown: boolean): Promise<Span> {
      const pid = product.pidOf('control')!
      process.kill(pid, 'SIGSTOP')
      const from = Date.now()
      await example.set(subject, { down: isDown })
      await until(`the node sees that ${subject} is ${isDown ? 'down' : 'up'}`, 20_000, async () => {
        return sampleOf(await metrics(), 'nearcast_endpoint_up', `endpoint="${subject}"`) === (isDown ? 0 : 1)
      })
      await until('the event waits', 10_000, async () => {
        return Number(/^nearcast_node_events_waiting (\d+)$/m.exec(await metrics())?.[1]) > 0
      })
      process.kill(pid, 'SIGKILL')
      await until('control is back', 30_000, async () => {
        const now = product.pidOf('control')
        return now !== undefined && now !== pid
      })
      return { from, to: Date.now() }
    }
    /** An event with the time when it happened, not when control heard of it. */
    const isNew =
      (wanted: string, { from, to }: Span) =>
      ({ at, state }: Told): boolean =>
        state === wanted && Date.parse(at) >= from && Date.parse(at) <= to
    const failed = await changeUnheard(true)
    const down = await until('the failure is told', 30_000, async () => (await standings()).find(isNew('problem', failed)))
    assert.match(down.detail, / → down \(probe /, 'the event of the node itself, not one that was found later')
    assert.ok(down.evidence !== undefined)
    const notice = await until('the webhook is told', 30_000, () => findNotice(subject, 'problem'))
    assert.equal(notice.detail, down.detail)

    const returned = await changeUnheard(false)
    const up = await until('its return is told', 30_000, async () => (await standings()).find(isNew('cleared', returned)))
    assert.match(up.detail, / → up \(probe /)
    const rows = (await standings()).map(({ at, detail }) => `${at} ${detail}`)
    assert.equal(new Set(rows).size, rows.length, `each once: ${rows.join('\n')}`)
    // Its end waits for the hold after the first message, over the restart.
    const { webhooks } = (await callApi(product, 'GET', '/webhooks')).json as { webhooks: { id: string; queued: number }[] }
    assert.ok(webhooks.find(({ id }) => id === 'ops')!.queued > 0 || findNotice(subject, 'cleared') !== undefined)
    await until('nothing waits at the node', 20_000, async () => /^nearcast_node_events_waiting 0$/m.test(await metrics()))
  })

  test('a real Prometheus loads the rules and the dashboard, and an alert fires when an endpoint fails', {
    skip: hasPrometheus ? false : 'prometheus is not installed',
  }, async () => {
    const monitoring = join(packageRoot(), 'deploy', 'monitoring')
    for (const words of [
      ['check', 'config', join(monitoring, 'prometheus.yml')],
      ['test', 'rules', join(monitoring, 'nearcast.test.yml')],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' })
      assert.equal(status, 0, `promtool ${words.join(' ')}: ${stdout}${stderr}`)
    }
    const prometheus = await startPrometheus(monitoring)
    try {
      const rules = (await prometheus.get('/rules')) as { groups: { rules: { name: string; health: string; lastError?: string }[] }[] }
      assert.ok(rules.groups.flatMap((group) => group.rules).length >= 30)
      await until('the product is scraped', 20_000, async () => (await prometheus.query('up{job="nearcast"} == 1')).length === 1)
      await example.set('hangzhou-unicom-1', { down: true })
      await until('the alert fires', 30_000, async () => {
        const { alerts } = (await prometheus.get('/alerts')) as { alerts: { state: string; labels: Record<string, string> }[] }
        return alerts.some(
          ({ state, labels }) =>
            state === 'firing' && labels.alertname === 'NearcastEndpointDown' && labels.endpoint === 'hangzhou-unicom-1',
        )
      })
      const judged = (await prometheus.get('/rules')) as typeof rules
      for (const { name, health, lastError } of judged.groups.flatMap((group) => group.rules))
        assert.equal(health, 'ok', `${name}: ${lastError}`)
      for (const expr of dashboardQueries(monitoring)) await prometheus.query(expr)
      // What a healthy product has no value for would not be noticed missing.
      for (const name of NAMES) assert.ok((await prometheus.query(name)).length > 0, `Prometheus has no ${name}`)
    } finally {
      await prometheus.stop()
      await example.set('hangzhou-unicom-1', { down: false })
    }
  })

  /** The newest notice about an endpoint that the webhook was told. */
  function findNotice(subject: string, state: string) {
    return told
      .flatMap(({ body }) => JSON.parse(body).notices)
      .filter((notice) => notice.subject === subject && notice.state === state)
      .at(-1)
  }

  /** A Prometheus that scrapes the product each second, with the rules as they are but for their `for`. */
  async function startPrometheus(monitoring: string) {
    const folder = join(example.folder, 'prometheus')
    mkdirSync(folder)
    const rules = readFileSync(join(monitoring, 'nearcast.rules.yml'), 'utf8').replaceAll(/^( +for:) .*$/gm, '$1 1s')
    writeFileSync(join(folder, 'nearcast.rules.yml'), rules)
    const config = readFileSync(join(monitoring, 'prometheus.yml'), 'utf8')
      .replaceAll(/_interval: 15s/g, '_interval: 1s')
      .replace('127.0.0.1:9153', `127.0.0.1:${product.metricsPort}`)
    assert.ok(config.includes(String(product.metricsPort)))
    writeFileSync(join(folder, 'prometheus.yml'), config)
    const port = await freePort()
    const words = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`]
    const child: ChildProcess = spawn('prometheus', [...words, '--log.level=error'], { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const get = async (path: string): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`)
      const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string }
      assert.equal(status, 'success', `${path}: ${error}`)
      return data
    }
    await until('Prometheus is ready', 30_000, async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`)
      return fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    return {
      get,
      query: async (expr: string): Promise<readonly unknown[]> => {
        const { result } = (await get(`/query?query=${encodeURIComponent(expr)}`)) as { result: unknown[] }
        return result
      },
      stop: async () => {
        child.kill('SIGTERM')
        await ended
      },
    }
  }

  /** Queries of the dashboard with its variables filled in. */
  function dashboardQueries(monitoring: string): readonly string[] {
    const { panels } = JSON.parse(readFileSync(join(monitoring, 'grafana-dashboard.json'), 'utf8')) as {
      panels: { targets?: { expr: string }[] }[]
    }
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    assert.ok(queries.length > 30)
    return queries.map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(node|policy|endpoint)/g, '.*'))
  }

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
