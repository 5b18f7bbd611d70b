/**
 * A node that is told its own line (`--line cn-33/telecom`) feeds the medians of its probes into the latency matrix for that line: it
 * stands where clients stand. Shell (a timer); what it tells is read from the live ranking.
 */
import type { LatencyAsk } from '../../cluster/latency-ask.ts'
import { parseLineKey } from '../../geodata/line/line.ts'
import { findPlace } from '../../geodata/line/line-catalogue.ts'
import { UsageError } from '../command.ts'
import type { LiveGeneration } from './data-plane.ts'

/** Interval of telling. */
const FEED_MS = 30_000
const ASK_TIMEOUT_MS = 5000
/** Fewer samples are no median. */
const LEAST_SAMPLES = 3
/** An older newest sample is not told. */
const OLDEST_MS = 60_000

/** Checks the setting: a place of the matrix (province, region, country or city), with or without carrier. Throws UsageError. */
export function readNodeLine(text: string): string {
  if (text === '') return ''
  const wrong = new UsageError(`--line "${text}" is no place with carrier such as cn-33/telecom, us-ca or jp`)
  try {
    const key = parseLineKey(text)
    const kind = findPlace(key.split('/')[0]!)?.kind
    if (kind === 'country' || kind === 'region' || kind === 'city') return key
  } catch {
    throw wrong
  }
  throw wrong
}

/** Medians of the live ranking; of an endpoint with two addresses the lower one, as a client would use. */
export function mediansOf({ plan, shared }: LiveGeneration, nowMs: number): LatencyAsk['medians'] {
  const slot = shared.slots[Atomics.load(shared.live, 0) & 1]!
  return plan.endpoints.flatMap(({ id }, number) => {
    const known = [2 * number, 2 * number + 1].filter(
      (at) =>
        slot.addressLatencyMs[at]! > 0 && slot.addressSampleCount[at]! >= LEAST_SAMPLES && nowMs - slot.addressSampleAt[at]! <= OLDEST_MS,
    )
    if (known.length === 0) return []
    const latencyMs = Math.min(...known.map((at) => slot.addressLatencyMs[at]!))
    return [{ endpointId: id, latencyMs: Math.round(10 * latencyMs) / 10 }]
  })
}

/** Tells control, now and then. Control being away costs these samples only. */
export function startLineFeed(
  line: string,
  live: () => LiveGeneration | undefined,
  ask: (method: 'latency', params: LatencyAsk, timeoutMs: number) => Promise<unknown>,
): { readonly stop: () => void } {
  if (line === '') return { stop: () => undefined }
  const timer = setInterval(() => {
    const generation = live()
    const medians = generation === undefined ? [] : mediansOf(generation, Date.now())
    if (medians.length > 0) ask('latency', { line, medians }, ASK_TIMEOUT_MS).catch(() => undefined)
  }, FEED_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
