/**
 * Standings of the last day, for strips (a start puts them back from policy/store/health-history.ts): a bucket a minute and address, each with the worst standing reported in it. Pure;
 * time is passed in. A minute without a report stays empty: silence is shown as a gap, never as the last known state.
 *
 *   minute number m ─► slot m % SLOTS; a slot belongs to minute `minutes[slot]`, so that old turns never show through
 */
import type { HealthPoint } from '../../../policy/store/health-history.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { BucketStanding, StandingHistory, StandingSeries } from '../../contract/standing-history.ts'

/** Buckets kept an address. */
export const RING_MINUTES = 1440
const MINUTE_MS = 60_000
/** Addresses kept; more than that are not drawn as strips anyway. */
const SERIES_MAX = 20_000
/** Worst last, so that the larger number wins. 0 = nothing reported. */
const ORDER: readonly BucketStanding[] = [null, 'up', 'degraded', 'unknown', 'down']

type Ring = {
  readonly endpoint: string
  readonly address: string
  readonly vantage: string
  readonly minutes: Float64Array
  readonly worst: Uint8Array
  readonly latencyMs: Float32Array
  lastMinute: number
}

/** The ring of every address and vantage. */
export class StandingRing {
  readonly #rings = new Map<string, Ring>()

  /** Takes in a report of now. */
  add(scores: readonly HealthScore[], at: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const slot = minute % RING_MINUTES
    for (const score of scores) {
      const ring = this.#ringOf(score)
      if (ring === undefined) continue
      const standing = ORDER.indexOf(score.standing)
      if (ring.minutes[slot] !== minute) {
        ring.minutes[slot] = minute
        ring.worst[slot] = 0
      }
      if (standing > ring.worst[slot]!) ring.worst[slot] = standing
      ring.latencyMs[slot] = score.latencyMs ?? Number.NaN
      ring.lastMinute = minute
    }
  }

  /** Puts back a minute of an earlier run. */
  restore(point: HealthPoint): void {
    const ring = this.#ringOf(point)
    if (ring === undefined) return
    const minute = Math.floor(point.at / MINUTE_MS)
    const slot = minute % RING_MINUTES
    ring.minutes[slot] = minute
    ring.worst[slot] = ORDER.indexOf(point.standing)
    ring.latencyMs[slot] = point.latencyMs ?? Number.NaN
    ring.lastMinute = Math.max(ring.lastMinute, minute)
  }

  /** Forgets addresses that were not reported for longer than the ring reaches. */
  prune(at: number): void {
    const oldest = Math.floor(at / MINUTE_MS) - RING_MINUTES
    for (const [key, ring] of this.#rings) if (ring.lastMinute < oldest) this.#rings.delete(key)
  }

  /** The last `minutes` buckets of every address; the last one is the present minute. */
  read(minutes: number, at: number): StandingHistory {
    const now = Math.floor(at / MINUTE_MS)
    const series: StandingSeries[] = []
    for (const ring of this.#rings.values()) {
      // Gone from the document, and nothing of it in the window: no strip.
      if (ring.lastMinute <= now - minutes) continue
      const standings: BucketStanding[] = []
      const latencyMs: (number | null)[] = []
      for (let minute = now - minutes + 1; minute <= now; minute++) {
        const slot = minute % RING_MINUTES
        const known = ring.minutes[slot] === minute
        const latency = ring.latencyMs[slot]!
        standings.push(known ? ORDER[ring.worst[slot]!]! : null)
        latencyMs.push(known && !Number.isNaN(latency) ? Math.round(latency * 10) / 10 : null)
      }
      series.push({ endpoint: ring.endpoint, address: ring.address, vantage: ring.vantage, standings, latencyMs })
    }
    return { stepSeconds: 60, buckets: minutes, endsAt: new Date((now + 1) * MINUTE_MS).toISOString(), series }
  }

  #ringOf({ endpoint, address, vantage }: Pick<HealthScore, 'endpoint' | 'address' | 'vantage'>): Ring | undefined {
    const key = `${endpoint} ${address} ${vantage}`
    const known = this.#rings.get(key)
    if (known !== undefined) return known
    if (this.#rings.size >= SERIES_MAX) return undefined
    const ring: Ring = {
      endpoint,
      address,
      vantage,
      minutes: new Float64Array(RING_MINUTES).fill(-1),
      worst: new Uint8Array(RING_MINUTES),
      latencyMs: new Float32Array(RING_MINUTES),
      lastMinute: -1,
    }
    this.#rings.set(key, ring)
    return ring
  }
}
