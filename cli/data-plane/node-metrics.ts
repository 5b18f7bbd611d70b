/** The metric rows of a node (resolver/observe/metrics-endpoint.ts), read from counters, ranking and workers at each scrape. */
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import {
  COUNT_BATCHES,
  COUNT_CONNECTIONS,
  COUNT_CONNECTIONS_SHED,
  COUNT_CONNECTIONS_TOTAL,
  COUNT_DROPPED,
  COUNT_EXCEPTIONS,
  COUNT_GUARD,
  COUNT_HANDSHAKE_FAILURES,
  COUNT_HANDSHAKES_REFUSED,
  COUNT_HTTP_REFUSED,
  COUNT_QUERIES,
  COUNT_RCODES,
  COUNT_RECEIVE_LOST,
  COUNT_REFUSED_RANKINGS,
  COUNT_SEND_FAILURES,
  COUNT_TRANSFERS,
  COUNT_TRUNCATED,
  sumCell,
} from '../../resolver/observe/counters.ts'
import type { MetricRow, NodeMetricRows } from '../../resolver/observe/metrics-endpoint.ts'
import { serialOfSoa } from '../../resolver/transfer/serial.ts'
import { TRANSFER_OUTCOMES } from '../../resolver/transfer/transfer-desk.ts'
import { findZone, soaOf } from '../../resolver/transfer/zone-walk.ts'
import { canonicalName, parseName } from '../../resolver/wire/name.ts'
import type { DataPlane } from './data-plane.ts'
import { newestRanking } from './read-scores.ts'
import { rcodeWord } from './stats-window.ts'

/** What names a node in its metrics. */
export type NodeIdentity = { readonly nodeId: string; readonly version: string; readonly startedAt: number }

const TRANSPORTS = ['udp', 'tcp', 'dot', 'doh'] as const

/** Updates and NOTIFYs by rcode. */
function requestRows({ requests }: DataPlane): NodeMetricRows {
  if (requests === undefined) return {}
  const rows = (counts: Readonly<Record<string, number>>): MetricRow[] =>
    Object.entries(counts).map(([rcode, value]) => ({ labels: { rcode }, value }))
  return { nearcast_updates_total: rows(requests.updates()), nearcast_notifies_received_total: rows(requests.notifies()) }
}

/** Serials of zones that are transferred or updated, and what secondary ones have left. */
function zoneRows(plane: DataPlane): NodeMetricRows {
  const snapshot = plane.live()?.snapshot
  const zones = snapshot?.meta.transfer?.zones ?? []
  const serials = zones.flatMap(({ name }) => {
    const zone = findZone(snapshot!.zones, canonicalName(parseName(name)))
    return zone < 0 ? [] : [{ labels: { zone: name }, value: serialOfSoa(soaOf(snapshot!.zones, zone).rdata) }]
  })
  const left = Object.entries(plane.freshness?.expiresInSeconds() ?? {})
  return {
    nearcast_zone_serial: serials,
    nearcast_zone_expires_seconds: left.map(([zone, value]) => ({ labels: { zone }, value })),
  }
}

/** Rows of this moment. */
export function nodeMetricRows(plane: DataPlane, scores: HealthScores, identity: NodeIdentity, nowMs: number): NodeMetricRows {
  const { counters, workers } = plane.pool
  const { stripes } = plane.pool
  const all = TRANSPORTS.flatMap((transport) => stripes[transport])
  const one = (value: number): MetricRow[] => [{ labels: {}, value }]
  const byTransport = (cell: number): MetricRow[] =>
    TRANSPORTS.map((transport) => ({
      labels: { transport },
      value: sumCell(counters, cell, stripes[transport]),
    }))
  const responses: MetricRow[] = []
  for (let rcode = 0; rcode < 16; rcode++) {
    for (const { labels, value } of byTransport(COUNT_RCODES + rcode)) {
      if (value > 0) responses.push({ labels: { ...labels, rcode: rcodeWord(rcode) }, value })
    }
  }
  const failOpen = plane.failOpenPolicies()
  const live = plane.live()
  const expiresAt = plane.certificateExpiresAt()
  const usage = process.cpuUsage()
  return {
    nearcast_queries_total: byTransport(COUNT_QUERIES),
    nearcast_responses_total: responses,
    nearcast_queries_dropped_total: byTransport(COUNT_DROPPED),
    nearcast_responses_truncated_total: byTransport(COUNT_TRUNCATED),
    nearcast_response_send_failures_total: byTransport(COUNT_SEND_FAILURES),
    nearcast_answer_exceptions_total: byTransport(COUNT_EXCEPTIONS),
    nearcast_batches_total: byTransport(COUNT_BATCHES).slice(0, 1),
    nearcast_rate_limited_total: ['dropped', 'truncated'].map((action, i) => ({
      labels: { action },
      value: sumCell(counters, COUNT_GUARD + i, all),
    })),
    nearcast_cookies_total: ['good', 'other'].map((cookie, i) => ({
      labels: { cookie },
      value: sumCell(counters, COUNT_GUARD + 2 + i, all),
    })),
    nearcast_queries_shed_total: one(sumCell(counters, COUNT_GUARD + 4, all)),
    nearcast_udp_receive_lost_total: one(sumCell(counters, COUNT_RECEIVE_LOST, all)),
    nearcast_tcp_connections: byTransport(COUNT_CONNECTIONS).slice(1),
    nearcast_tcp_connections_total: byTransport(COUNT_CONNECTIONS_TOTAL).slice(1),
    nearcast_tcp_connections_shed_total: byTransport(COUNT_CONNECTIONS_SHED).slice(1),
    nearcast_tls_handshake_failures_total: byTransport(COUNT_HANDSHAKE_FAILURES).slice(2),
    nearcast_tls_handshakes_refused_total: byTransport(COUNT_HANDSHAKES_REFUSED).slice(2),
    nearcast_http_requests_refused_total: one(sumCell(counters, COUNT_HTTP_REFUSED, all)),
    ...(expiresAt === undefined ? {} : { nearcast_tls_certificate_expiry_timestamp_seconds: one(expiresAt / 1000) }),
    ...requestRows(plane),
    ...zoneRows(plane),
    nearcast_worker_restarts_total: workers.map(({ name, restarts }) => ({ labels: { worker: name }, value: restarts() })),
    ...queryLogRows(plane),
    nearcast_answers_total: plane
      .policyAnswers()
      .map(({ policy, rule, outcome, count }) => ({ labels: { policy, rule, outcome }, value: count })),
    nearcast_policy_fail_open: (live?.snapshot.meta.names.policies ?? []).map((policy) => ({
      labels: { policy },
      value: failOpen.has(policy) ? 1 : 0,
    })),
    ...endpointRows(scores),
    ...(live === undefined ? {} : { nearcast_ranking_age_seconds: one(Math.max(0, (nowMs - newestRanking(live).header[2]!) / 1000)) }),
    nearcast_rankings_refused_total: one(sumCell(counters, COUNT_REFUSED_RANKINGS, all)),
    nearcast_transfers_total: TRANSFER_OUTCOMES.map((outcome, number) => ({
      labels: { outcome },
      value: sumCell(counters, COUNT_TRANSFERS + number, all),
    })),
    nearcast_notifies_total: Object.entries(plane.notifies()).map(([outcome, value]) => ({ labels: { outcome }, value })),
    nearcast_generation: one(live?.snapshot.generation ?? 0),
    nearcast_ready: one(plane.isOpen() && live !== undefined ? 1 : 0),
    nearcast_build_info: [{ labels: { version: identity.version, node: identity.nodeId }, value: 1 }],
    process_resident_memory_bytes: one(process.memoryUsage.rss()),
    process_cpu_seconds_total: one((usage.user + usage.system) / 1e6),
    process_start_time_seconds: one(identity.startedAt / 1000),
  }
}

/** Rows of the query log; none while it is off. */
function queryLogRows(plane: DataPlane): NodeMetricRows {
  if (plane.queryLog === undefined) return {}
  const { written, droppedByRings, lost } = plane.queryLog.counts()
  return {
    nearcast_query_log_written_total: [{ labels: {}, value: written }],
    nearcast_query_log_dropped_total: [
      { labels: { reason: 'ring' }, value: droppedByRings },
      { labels: { reason: 'output' }, value: lost },
    ],
  }
}

/** Rows of the endpoints: what is unknown is absent, not 0. */
function endpointRows({ scores }: HealthScores): NodeMetricRows {
  const score: MetricRow[] = []
  const up: MetricRow[] = []
  const duration: MetricRow[] = []
  const errors: MetricRow[] = []
  const samples: MetricRow[] = []
  const age: MetricRow[] = []
  const overrides: MetricRow[] = []
  const held = new Set<string>()
  for (const row of scores) {
    const labels = { endpoint: row.endpoint, address: row.address, family: row.family, vantage: row.vantage }
    if (row.score !== undefined) score.push({ labels, value: row.score })
    if (row.standing !== 'unknown') up.push({ labels, value: row.inPlace ? 1 : 0 })
    if (row.latencyMs !== undefined) duration.push({ labels, value: row.latencyMs / 1000 })
    if (row.errorRatePercent !== undefined) errors.push({ labels, value: row.errorRatePercent / 100 })
    if (row.override !== undefined && !held.has(row.endpoint)) {
      held.add(row.endpoint)
      const { id, action } = row.override
      overrides.push({ labels: { endpoint: row.endpoint, action, override: id }, value: 1 })
    }
    samples.push({ labels, value: row.sampleCount })
    if (row.sampleAgeSeconds !== undefined) age.push({ labels, value: row.sampleAgeSeconds })
  }
  return {
    nearcast_endpoint_score: score,
    nearcast_endpoint_up: up,
    nearcast_probe_duration_seconds: duration,
    nearcast_probe_error_ratio: errors,
    nearcast_probe_samples: samples,
    nearcast_probe_age_seconds: age,
    nearcast_override_active: overrides,
  }
}
