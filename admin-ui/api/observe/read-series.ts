/** A question for health over time → points of the finest step that suits its range. Throws API_PARAMETER. */
import type { HealthHistory, HealthPoint, HealthStep } from '../../../policy/store/health-history.ts'
import {
  HEALTH_STEPS,
  type HealthSeries,
  type HealthSeriesAnswer,
  SERIES_ENDPOINTS_MAX,
  SERIES_POINTS_MAX,
} from '../../contract/health-series.ts'
import { ApiError } from '../api-error.ts'
import { STEP_MS, startOf } from './health-rollup.ts'

const HOUR_MS = 3_600_000
/** Longest range that `auto` shows in raw points, and in minutes. */
const RAW_RANGE_MS = 2 * HOUR_MS
const MINUTE_RANGE_MS = 72 * HOUR_MS
/** Raw points of all endpoints lie together: reading more than this would hold up control. */
const RAW_RANGE_MAX_MS = 6 * HOUR_MS
const DEFAULT_RANGE_MS = 6 * HOUR_MS

/** Parameters as they came. */
export type SeriesQuestion = { readonly endpoint?: string; readonly from?: string; readonly to?: string; readonly step?: string }

/** Answers. */
export function readSeries(history: HealthHistory, question: SeriesQuestion, now: number): HealthSeriesAnswer {
  const endpoints = [...new Set((question.endpoint ?? '').split(',').filter((id) => id !== ''))]
  if (endpoints.length === 0) throw new ApiError('API_PARAMETER', 'endpoint is missing: one id, or several with commas between')
  if (endpoints.length > SERIES_ENDPOINTS_MAX)
    throw new ApiError('API_PARAMETER', `${endpoints.length} endpoints were asked for; at most ${SERIES_ENDPOINTS_MAX} at once`)
  const toMs = timeOf('to', question.to, now)
  const fromMs = timeOf('from', question.from, toMs - DEFAULT_RANGE_MS)
  if (fromMs >= toMs) throw new ApiError('API_PARAMETER', 'from is not before to')
  const wanted = question.step ?? 'auto'
  if (!(HEALTH_STEPS as readonly string[]).includes(wanted))
    throw new ApiError('API_PARAMETER', `step "${wanted}" is not known; it is one of ${HEALTH_STEPS.join(', ')}`)
  const step = wanted === 'auto' ? suitable(history, fromMs, toMs) : (wanted as HealthStep)
  if ((toMs - fromMs) / STEP_MS[step] > SERIES_POINTS_MAX || (step === 'raw' && toMs - fromMs > RAW_RANGE_MAX_MS))
    throw new ApiError('API_PARAMETER', `from ${iso(fromMs)} to ${iso(toMs)} is too long for step ${step}; take a coarser step, or auto`)
  const oldest = history.oldest(step)
  const points = history.read(endpoints, step, startOf(step, fromMs), toMs)
  const series = [...Map.groupBy(points, ({ endpoint, address, vantage }) => `${endpoint} ${address} ${vantage}`).values()].map(seriesOf)
  return {
    step,
    stepSeconds: STEP_MS[step] / 1000,
    from: iso(fromMs),
    to: iso(toMs),
    oldest: oldest === undefined ? null : iso(oldest),
    series,
  }
}

/** The finest step that reaches back far enough and does not give more points than a plot can show. */
function suitable(history: HealthHistory, fromMs: number, toMs: number): HealthStep {
  const reaches = (step: HealthStep): boolean => (history.oldest(step) ?? Number.POSITIVE_INFINITY) <= fromMs + STEP_MS[step]
  const rangeMs = toMs - fromMs
  if (rangeMs <= RAW_RANGE_MS && (reaches('raw') || !reaches('minute'))) return 'raw'
  if (rangeMs <= MINUTE_RANGE_MS && (reaches('minute') || !reaches('hour'))) return 'minute'
  return 'hour'
}

function timeOf(name: string, text: string | undefined, missing: number): number {
  if (text === undefined || text === '') return missing
  const at = Date.parse(text)
  if (Number.isNaN(at))
    throw new ApiError('API_PARAMETER', `${name} "${text.slice(0, 64)}" is no time; write RFC 3339, 2026-05-01T12:00:00Z`)
  return at
}

const iso = (at: number): string => new Date(at).toISOString()

function seriesOf(points: readonly HealthPoint[]): HealthSeries {
  const { endpoint, address, vantage } = points[0]!
  return {
    endpoint,
    address,
    vantage,
    points: points
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, standing, score, latencyMs, latencyP95Ms, errorRatePercent, sampleCount }) => ({
        at: iso(at),
        standing,
        score,
        latencyMs,
        latencyP95Ms,
        errorRatePercent,
        sampleCount,
      })),
  }
}
