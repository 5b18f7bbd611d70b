/**
 * The metrics port of a node: /metrics for Prometheus, /health/scores as JSON, /healthz and /readyz. Shell.
 * It only reads: values are handed in as plain rows at each scrape, so that no counter is kept twice. Names and labels are a
 * contract (DESIGN.md section 8, docs/metrics.md); units become Prometheus base units here.
 */
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Registry } from 'prom-client'
import { formatAddress } from '../../geodata/address/address.ts'
import { formatListenAddress, type ListenAddress } from '../transport/listen-address.ts'
import { bindError } from '../transport/transport-error.ts'

/** One sample of a metric. */
export type MetricRow = { readonly labels: Readonly<Record<string, string | number>>; readonly value: number }

/** Name of a metric of a node. */
export type NodeMetricName =
  | 'nearcast_queries_total'
  | 'nearcast_responses_total'
  | 'nearcast_queries_dropped_total'
  | 'nearcast_responses_truncated_total'
  | 'nearcast_response_send_failures_total'
  | 'nearcast_answer_exceptions_total'
  | 'nearcast_batches_total'
  | 'nearcast_rate_limited_total'
  | 'nearcast_cookies_total'
  | 'nearcast_queries_shed_total'
  | 'nearcast_udp_receive_lost_total'
  | 'nearcast_tcp_connections'
  | 'nearcast_tcp_connections_total'
  | 'nearcast_tcp_connections_shed_total'
  | 'nearcast_tls_handshake_failures_total'
  | 'nearcast_tls_handshakes_refused_total'
  | 'nearcast_http_requests_refused_total'
  | 'nearcast_tls_certificate_expiry_timestamp_seconds'
  | 'nearcast_worker_restarts_total'
  | 'nearcast_query_log_written_total'
  | 'nearcast_query_log_dropped_total'
  | 'nearcast_answers_total'
  | 'nearcast_policy_fail_open'
  | 'nearcast_endpoint_score'
  | 'nearcast_endpoint_up'
  | 'nearcast_probe_duration_seconds'
  | 'nearcast_probe_error_ratio'
  | 'nearcast_probe_samples'
  | 'nearcast_probe_age_seconds'
  | 'nearcast_probe_phase_seconds'
  | 'nearcast_probe_interval_seconds'
  | 'nearcast_endpoint_standing'
  | 'nearcast_endpoint_standing_changes_total'
  | 'nearcast_endpoint_certificate_expiry_timestamp_seconds'
  | 'nearcast_endpoint_keep_ratio'
  | 'nearcast_endpoint_overloaded'
  | 'nearcast_node_isolated'
  | 'nearcast_vantages_heard'
  | 'nearcast_health_dropped_total'
  | 'nearcast_control_age_seconds'
  | 'nearcast_node_events_waiting'
  | 'nearcast_node_events_dropped_total'
  | 'nearcast_published_generation'
  | 'nearcast_webhook_deliveries_total'
  | 'nearcast_webhook_queue_length'
  | 'nearcast_webhook_failing'
  | 'nearcast_webhook_last_delivery_timestamp_seconds'
  | 'nearcast_override_active'
  | 'nearcast_ranking_age_seconds'
  | 'nearcast_rankings_refused_total'
  | 'nearcast_transfers_total'
  | 'nearcast_updates_total'
  | 'nearcast_zone_serial'
  | 'nearcast_zone_expires_seconds'
  | 'nearcast_geodata_age_seconds'
  | 'nearcast_geodata_refresh_failures_total'
  | 'nearcast_geodata_pending'
  | 'nearcast_latency_cells'
  | 'nearcast_latency_samples_total'
  | 'nearcast_latency_sample_age_seconds'
  | 'nearcast_geodata_last_refresh_timestamp_seconds'
  | 'nearcast_notifies_received_total'
  | 'nearcast_notifies_total'
  | 'nearcast_push_reports_total'
  | 'nearcast_vantage_samples_total'
  | 'nearcast_vantage_sample_age_seconds'
  | 'nearcast_generation'
  | 'nearcast_ready'
  | 'nearcast_build_info'
  | 'process_resident_memory_bytes'
  | 'process_cpu_seconds_total'
  | 'process_start_time_seconds'

/** What a metric is. */
export type MetricDescription = { readonly type: 'counter' | 'gauge'; readonly help: string; readonly labels: readonly string[] }

/** Metrics of a node: type, help, labels. The order is the order of the page. */
export const NODE_METRICS: Readonly<Record<NodeMetricName, MetricDescription>> = {
  nearcast_queries_total: { type: 'counter', help: 'Queries received.', labels: ['transport'] },
  nearcast_responses_total: { type: 'counter', help: 'Responses sent, by response code.', labels: ['transport', 'rcode'] },
  nearcast_queries_dropped_total: {
    type: 'counter',
    help: 'Messages that got no response, because they were no query, a rate limit held it back, or they were shed.',
    labels: ['transport'],
  },
  nearcast_responses_truncated_total: { type: 'counter', help: 'Responses with the TC bit.', labels: ['transport'] },
  nearcast_response_send_failures_total: { type: 'counter', help: 'Responses the system did not take.', labels: ['transport'] },
  nearcast_answer_exceptions_total: {
    type: 'counter',
    help: 'Queries whose answering failed by our fault; each got SERVFAIL.',
    labels: ['transport'],
  },
  nearcast_batches_total: { type: 'counter', help: 'Batches of messages taken from the system.', labels: ['transport'] },
  nearcast_rate_limited_total: {
    type: 'counter',
    help: 'UDP responses held back by a rate limit: not sent, or sent truncated.',
    labels: ['action'],
  },
  nearcast_cookies_total: {
    type: 'counter',
    help: 'Queries with a DNS cookie: of a client that is known by it, or not.',
    labels: ['cookie'],
  },
  nearcast_queries_shed_total: {
    type: 'counter',
    help: 'UDP queries passed over because more came than could be answered and their clients have no good cookie.',
    labels: [],
  },
  nearcast_udp_receive_lost_total: {
    type: 'counter',
    help: 'UDP messages the system lost because the queue of a socket was full.',
    labels: [],
  },
  nearcast_tcp_connections: { type: 'gauge', help: 'Open connections.', labels: ['transport'] },
  nearcast_tcp_connections_total: { type: 'counter', help: 'Connections that came.', labels: ['transport'] },
  nearcast_tcp_connections_shed_total: {
    type: 'counter',
    help: 'Connections closed or refused by a limit or a time-out.',
    labels: ['transport'],
  },
  nearcast_tls_handshake_failures_total: { type: 'counter', help: 'Connections lost before TLS was agreed on.', labels: ['transport'] },
  nearcast_tls_handshakes_refused_total: {
    type: 'counter',
    help: 'TLS handshakes refused because there were too many, of one client or in all.',
    labels: ['transport'],
  },
  nearcast_http_requests_refused_total: { type: 'counter', help: 'HTTP requests answered with a status other than 200.', labels: [] },
  nearcast_tls_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificate of DNS over TLS and HTTPS ends; absent without one.',
    labels: [],
  },
  nearcast_worker_restarts_total: { type: 'counter', help: 'Workers that were replaced since the start.', labels: ['worker'] },
  nearcast_query_log_written_total: { type: 'counter', help: 'Queries handed to the query log.', labels: [] },
  nearcast_query_log_dropped_total: {
    type: 'counter',
    help: 'Queries the query log lost: its ring was full, or its output failed.',
    labels: ['reason'],
  },
  nearcast_answers_total: {
    type: 'counter',
    help: 'Answers made by a policy: by rule, and by the step that answered.',
    labels: ['policy', 'rule', 'outcome'],
  },
  nearcast_policy_fail_open: {
    type: 'gauge',
    help: '1 while a policy answers without an eligible endpoint (steps 3 and 4).',
    labels: ['policy'],
  },
  nearcast_endpoint_score: {
    type: 'gauge',
    help: 'Score by the weighted profile, 0 to 100, higher is better; absent without samples.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_endpoint_up: {
    type: 'gauge',
    help: '1 in place, 0 not; absent while unknown.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_probe_duration_seconds: {
    type: 'gauge',
    help: 'Median probe time of the window.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_probe_error_ratio: {
    type: 'gauge',
    help: 'Share of failed probes in the window, 0 to 1.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_probe_samples: { type: 'gauge', help: 'Probes in the window.', labels: ['endpoint', 'address', 'family', 'vantage'] },
  nearcast_probe_age_seconds: { type: 'gauge', help: 'Age of the newest probe.', labels: ['endpoint', 'address', 'family', 'vantage'] },
  nearcast_override_active: {
    type: 'gauge',
    help: '1 while an override holds the endpoint: up, down, drain.',
    labels: ['endpoint', 'action', 'override'],
  },
  nearcast_probe_phase_seconds: {
    type: 'gauge',
    help: 'Time of a phase of the newest successful probes: median and 95th percentile, in percent.',
    labels: ['endpoint', 'address', 'family', 'vantage', 'phase', 'percentile'],
  },
  nearcast_probe_interval_seconds: {
    type: 'gauge',
    help: 'Time between two probes; absent where only others report.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_endpoint_standing: {
    type: 'gauge',
    help: 'Standing: 0 unknown, 1 down, 2 degraded, 3 up.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_endpoint_standing_changes_total: {
    type: 'counter',
    help: 'Changes of standing, by what it became.',
    labels: ['endpoint', 'address', 'vantage', 'to'],
  },
  nearcast_endpoint_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'When the certificate that an endpoint shows to its probe ends; absent without TLS.',
    labels: ['endpoint', 'address', 'family', 'vantage'],
  },
  nearcast_endpoint_keep_ratio: {
    type: 'gauge',
    help: 'Share of its clients that a member keeps in slow start, drain or near its capacity; absent = all.',
    labels: ['policy', 'pool', 'endpoint'],
  },
  nearcast_endpoint_overloaded: {
    type: 'gauge',
    help: '1 while the endpoint is beyond its hard capacity and gets no clients; absent otherwise.',
    labels: ['endpoint', 'vantage'],
  },
  nearcast_node_isolated: {
    type: 'gauge',
    help: '1 while this node is cut off itself, so that its votes about endpoints elsewhere do not count.',
    labels: ['vantage'],
  },
  nearcast_vantages_heard: {
    type: 'gauge',
    help: 'Other vantages whose votes are fresh.',
    labels: ['isolated'],
  },
  nearcast_health_dropped_total: {
    type: 'counter',
    help: 'Samples, reports and loads dropped because they cannot be, by reason.',
    labels: ['reason'],
  },
  nearcast_control_age_seconds: {
    type: 'gauge',
    help: 'Time since control was heard last, which is every 5 s; absent before the first time.',
    labels: [],
  },
  nearcast_node_events_waiting: {
    type: 'gauge',
    help: 'Events of this node that control has not taken yet.',
    labels: [],
  },
  nearcast_node_events_dropped_total: {
    type: 'counter',
    help: 'Events of this node that control will never see: too many waited while it was away.',
    labels: [],
  },
  nearcast_published_generation: {
    type: 'gauge',
    help: 'Newest generation that control has published.',
    labels: [],
  },
  nearcast_webhook_deliveries_total: {
    type: 'counter',
    help: 'Events for webhooks: delivered, merged into another (collapsed), given up (dropped); and attempts that failed.',
    labels: ['webhook', 'outcome'],
  },
  nearcast_webhook_queue_length: {
    type: 'gauge',
    help: 'Events that wait to be told.',
    labels: ['webhook'],
  },
  nearcast_webhook_failing: {
    type: 'gauge',
    help: '1 while the last attempt failed.',
    labels: ['webhook'],
  },
  nearcast_webhook_last_delivery_timestamp_seconds: {
    type: 'gauge',
    help: 'When a message was delivered last; absent before the first one since the start of control.',
    labels: ['webhook'],
  },
  nearcast_ranking_age_seconds: { type: 'gauge', help: 'Age of the ranking that is answered from.', labels: [] },
  nearcast_rankings_refused_total: { type: 'counter', help: 'Rankings refused because they belonged to another generation.', labels: [] },
  nearcast_zone_serial: { type: 'gauge', help: 'Serial of zones that are transferred or updated.', labels: ['zone'] },
  nearcast_geodata_age_seconds: {
    type: 'gauge',
    help: 'Age of the data of a source of the geodata in use; absent where its day is not known.',
    labels: ['source'],
  },
  nearcast_geodata_refresh_failures_total: {
    type: 'counter',
    help: 'Geodata refreshes that were refused or failed; the data in use stayed.',
    labels: [],
  },
  nearcast_latency_cells: { type: 'gauge', help: 'Cells of the latency matrix, lines times endpoints.', labels: [] },
  nearcast_latency_samples_total: {
    type: 'counter',
    help: 'Latency samples: accepted, or why one was dropped.',
    labels: ['outcome'],
  },
  nearcast_latency_sample_age_seconds: { type: 'gauge', help: 'Age of the newest accepted latency sample.', labels: [] },
  nearcast_geodata_pending: { type: 'gauge', help: '1 while new geodata waits for confirmation.', labels: [] },
  nearcast_geodata_last_refresh_timestamp_seconds: {
    type: 'gauge',
    help: 'When geodata was looked for last, with or without success; absent before the first time.',
    labels: [],
  },
  nearcast_zone_expires_seconds: {
    type: 'gauge',
    help: 'Seconds until a secondary zone expires; 0 = it is answered SERVFAIL.',
    labels: ['zone'],
  },
  nearcast_updates_total: { type: 'counter', help: 'Signed dynamic updates answered, by rcode.', labels: ['rcode'] },
  nearcast_notifies_received_total: { type: 'counter', help: 'NOTIFY messages answered, by rcode.', labels: ['rcode'] },
  nearcast_transfers_total: { type: 'counter', help: 'Transfers and signed queries answered or refused, by outcome.', labels: ['outcome'] },
  nearcast_notifies_total: { type: 'counter', help: 'Messages to secondaries about a new serial, by outcome.', labels: ['outcome'] },
  nearcast_push_reports_total: {
    type: 'counter',
    help: 'Reports pushed by the API since control started, by what became of them: accepted, repeated, or why not.',
    labels: ['outcome'],
  },
  nearcast_vantage_samples_total: {
    type: 'counter',
    help: 'Samples of foreign vantages since control started, by what became of them: accepted, or why not.',
    labels: ['outcome'],
  },
  nearcast_vantage_sample_age_seconds: {
    type: 'gauge',
    help: 'Age of the newest sample of a vantage that is fed by the API.',
    labels: ['vantage'],
  },
  nearcast_generation: { type: 'gauge', help: 'Generation that is answered from; 0 = none.', labels: [] },
  nearcast_ready: { type: 'gauge', help: '1 when DNS is open and a generation is live.', labels: [] },
  nearcast_build_info: { type: 'gauge', help: 'Always 1; the version and the node are labels.', labels: ['version', 'node'] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory.', labels: [] },
  process_cpu_seconds_total: { type: 'counter', help: 'CPU time of all threads.', labels: [] },
  process_start_time_seconds: { type: 'gauge', help: 'Start time since the epoch.', labels: [] },
}

/** Rows by metric; a metric left out has none. */
export type NodeMetricRows = Readonly<Partial<Record<NodeMetricName, readonly MetricRow[]>>>

/** What the endpoint reads. */
export type MetricsEndpointOptions = {
  readonly listen: ListenAddress
  /** Bearer token asked for on /metrics and /health/scores; undefined = open. */
  readonly token: string | undefined
  readonly rows: () => NodeMetricRows
  /** The JSON of /health/scores. */
  readonly scores: () => unknown
  /** False makes /readyz answer 503. */
  readonly ready: () => boolean
}

/** A running endpoint. */
export type MetricsEndpoint = { readonly listen: ListenAddress; readonly close: () => Promise<void> }

/** The registry whose values are the rows of the moment of the scrape. */
export function createMetricsRegistry(rows: () => NodeMetricRows): Registry {
  const registry = new Registry()
  let current: NodeMetricRows = {}
  let first = true
  for (const [name, { type, help, labels }] of Object.entries(NODE_METRICS)) {
    // The first metric's collect runs first: it takes the rows of this scrape for all.
    const isFirst = first
    first = false
    const fill = (metric: { reset(): void }, set: (labels: Record<string, string | number>, value: number) => void): void => {
      if (isFirst) current = rows()
      metric.reset()
      for (const row of current[name as NodeMetricName] ?? []) set({ ...row.labels }, row.value)
    }
    const configuration = { name, help, labelNames: [...labels], registers: [registry] }
    if (type === 'counter') {
      const counter: Counter<string> = new Counter({ ...configuration, collect: () => fill(counter, (l, v) => counter.inc(l, v)) })
    } else {
      const gauge: Gauge<string> = new Gauge({ ...configuration, collect: () => fill(gauge, (l, v) => gauge.set(l, v)) })
    }
  }
  return registry
}

function isAuthorized(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return true
  const given = Buffer.from(request.headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Opens the endpoint. Throws TransportError naming the address. */
export async function startMetricsEndpoint(options: MetricsEndpointOptions): Promise<MetricsEndpoint> {
  const registry = createMetricsRegistry(options.rows)
  const server: Server = createServer(async (request, response) => {
    const reply = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const text = 'text/plain; charset=utf-8'
    const path = (request.url ?? '/').split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(405, text, 'only GET\n')
    } else if (path === '/healthz') {
      reply(200, text, 'ok\n')
    } else if (path === '/readyz') {
      const ready = options.ready()
      reply(ready ? 200 : 503, text, ready ? 'ready\n' : 'no generation is live yet\n')
    } else if (path !== '/metrics' && path !== '/health/scores') {
      reply(404, text, 'here are /metrics, /health/scores, /healthz and /readyz\n')
    } else if (!isAuthorized(request, options.token)) {
      response.setHeader('www-authenticate', 'Bearer')
      reply(401, text, 'a bearer token is needed (--metrics-token-file)\n')
    } else {
      try {
        if (path === '/metrics') reply(200, registry.contentType, await registry.metrics())
        else reply(200, 'application/json; charset=utf-8', JSON.stringify(options.scores()))
      } catch (error) {
        if (!response.headersSent) reply(500, text, `${(error as Error).message}\n`)
      }
    }
  })
  server.requestTimeout = 5000
  server.maxConnections = 64
  const { address, port } = options.listen
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(bindError(`${formatListenAddress(options.listen)} (metrics)`, error.code ?? '', error)),
    )
    server.listen({ host: formatAddress(address), port, ipv6Only: address.family === 6 }, resolve)
  })
  return {
    listen: { address, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
