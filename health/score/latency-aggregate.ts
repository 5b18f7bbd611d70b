/**
 * Latency samples of devices → cells of the matrix. Pure; the clock is a parameter. Samples are untrusted:
 *
 *   quota     a network (/24, /56) has at most 4 samples in a cell and gives 60 a minute: who has one network cannot outvote the others
 *   robust    each network has one vote, the median of its samples; a tenth of the votes is cut off on either side; then median and p90
 *   ageing    a sample's weight in the median halves in 15 minutes, after 6 hours it is gone
 *   bounded   32 samples a cell, 50,000 cells (about 50 MB); the cell that was fed longest ago makes room, if it is older than 10 minutes
 *
 * A failure counts as the slowest latency there is: few of them are trimmed away, many of them put the endpoint last in that line.
 */
import type { LatencyCell } from '../model/latency-matrix.ts'

/** Samples kept a cell. */
export const SAMPLES_A_CELL = 32
/** Samples of one network kept a cell. */
export const SAMPLES_A_NETWORK = 4
/** Samples taken from one network a minute, over all cells. */
export const SAMPLES_A_NETWORK_A_MINUTE = 60
/** Cells at most. */
export const MAX_LATENCY_CELLS = 50_000
/** Networks whose rate is counted at most; beyond, no further network is heard in that minute. */
const MAX_NETWORKS = 100_000
/** Latency of a failure, and the highest there is, ms. */
export const HIGHEST_LATENCY_MS = 10_000
/** A sample's weight halves in this time. */
export const HALF_LIFE_MS = 900_000
/** Older samples are refused and forgotten. */
export const OLDEST_SAMPLE_MS = 21_600_000
/** Clocks of devices may run ahead by this much. */
const FUTURE_MS = 30_000
const MINUTE_MS = 60_000
/** A full matrix gives up cells that were not fed for this long. */
const EVICT_MS = 600_000
const TRIMMED_SHARE = 0.1

/** Why a sample was dropped. */
export type LatencyDrop = 'client' | 'endpoint' | 'latency' | 'future' | 'past' | 'location' | 'quota' | 'full'
/** The reasons, for tables of counts. */
export const LATENCY_DROPS: readonly LatencyDrop[] = ['client', 'endpoint', 'latency', 'future', 'past', 'location', 'quota', 'full']

/** One sample of one line. */
export type LatencySample = {
  readonly line: string
  readonly endpointId: string
  /** Network it came from; equal text = the same one. */
  readonly network: string
  readonly latencyMs: number
  readonly ok: boolean
  /** When it was taken, ms of the aggregate's clock. */
  readonly at: number
}

/** A cell as it is kept on disk. */
export type KeptLatencyCell = {
  readonly line: string
  readonly endpointId: string
  /** [hash of the network, latency in ms, taken at] */
  readonly samples: readonly (readonly [network: number, latencyMs: number, at: number])[]
}

/** The aggregate. */
export type LatencyAggregate = {
  /** Takes a sample; tells why it was dropped, or undefined. `isCounted` false: the same measurement for another line, not counted in the rate. */
  readonly take: (sample: LatencySample, nowMs: number, isCounted?: boolean) => LatencyDrop | undefined
  /** Cells as they are now, without those that are forgotten. */
  readonly cells: (nowMs: number) => LatencyCell[]
  /** Cells fed since the last call; a forgotten one comes once more with count 0. */
  readonly changes: (nowMs: number) => LatencyCell[]
  /** Forgets endpoints that are no more. */
  readonly keepEndpoints: (ids: ReadonlySet<string>) => void
  /** Samples fed since the last call, to be written; removed cells have none. */
  readonly unsaved: (nowMs: number) => KeptLatencyCell[]
  readonly restore: (cells: readonly KeptLatencyCell[], nowMs: number) => void
  readonly size: () => number
}

/** Memory of the samples of many cells: with arrays of its own a cell took 77 MB / 50,000, so it takes 51. */
type Slab = { readonly networks: Uint32Array; readonly latencies: Float32Array; readonly ats: Float64Array }
const CELLS_A_SLAB = 1024

/** Ring of the newest samples of one cell. */
type Ring = {
  readonly line: string
  readonly endpointId: string
  readonly slab: Slab
  /** First of its SAMPLES_A_CELL places in the slab. */
  readonly base: number
  count: number
  newestAt: number
}

/** Judges numbers and time of a sample; what it says of client, endpoint and location is the caller's to judge. */
export function judgeLatency(latencyMs: number, ok: boolean, at: number, nowMs: number): LatencyDrop | undefined {
  // A failure may come without a time; whatever stands there is not used.
  if (ok && !(latencyMs > 0 && latencyMs <= HIGHEST_LATENCY_MS)) return 'latency'
  if (!(at <= nowMs + FUTURE_MS)) return 'future'
  if (at < nowMs - OLDEST_SAMPLE_MS) return 'past'
  return undefined
}

/** An empty aggregate. */
export function createLatencyAggregate(maxCells: number = MAX_LATENCY_CELLS): LatencyAggregate {
  const rings = new Map<string, Ring>()
  const changed = new Set<string>()
  const unsaved = new Set<string>()
  /** Removed cells that are still to be told: key → line and endpoint. */
  const gone = new Map<string, Pick<Ring, 'line' | 'endpointId'>>()
  const rates = new Map<number, number>()
  let minute = Number.NEGATIVE_INFINITY
  /** Places of removed cells, and what is left of the newest slab. */
  const free: { readonly slab: Slab; readonly base: number }[] = []

  function isOverRate(network: number, nowMs: number): boolean {
    if (nowMs - minute >= MINUTE_MS) {
      minute = nowMs
      rates.clear()
    }
    const count = rates.get(network) ?? 0
    if (count >= SAMPLES_A_NETWORK_A_MINUTE || (count === 0 && rates.size >= MAX_NETWORKS)) return true
    rates.set(network, count + 1)
    return false
  }

  function remove(key: string, ring: Ring): void {
    rings.delete(key)
    free.push({ slab: ring.slab, base: ring.base })
    changed.delete(key)
    gone.set(key, ring)
    unsaved.add(key)
  }

  function ringOf(line: string, endpointId: string, nowMs: number): Ring | undefined {
    const key = cellKey(line, endpointId)
    let ring = rings.get(key)
    if (ring !== undefined) {
      // Map order = order of feeding, so that the first one is the one to make room.
      rings.delete(key)
      rings.set(key, ring)
      return ring
    }
    if (rings.size >= maxCells) {
      const [oldestKey, oldest] = rings.entries().next().value!
      if (nowMs - oldest.newestAt < EVICT_MS) return undefined
      remove(oldestKey, oldest)
    }
    ring = {
      line,
      endpointId,
      ...takePlace(),
      count: 0,
      newestAt: 0,
    }
    rings.set(key, ring)
    gone.delete(key)
    return ring
  }

  function takePlace(): { readonly slab: Slab; readonly base: number } {
    const place = free.pop()
    if (place !== undefined) return place
    const size = CELLS_A_SLAB * SAMPLES_A_CELL
    const slab = { networks: new Uint32Array(size), latencies: new Float32Array(size), ats: new Float64Array(size) }
    for (let cell = CELLS_A_SLAB - 1; cell > 0; cell--) free.push({ slab, base: cell * SAMPLES_A_CELL })
    return { slab, base: 0 }
  }

  function forgetOld(nowMs: number): void {
    for (const [key, ring] of rings) if (nowMs - ring.newestAt > OLDEST_SAMPLE_MS) remove(key, ring)
  }

  return {
    take(sample, nowMs, isCounted = true) {
      const drop = judgeLatency(sample.latencyMs, sample.ok, sample.at, nowMs)
      if (drop !== undefined) return drop
      const network = hashText(sample.network)
      if (isCounted && isOverRate(network, nowMs)) return 'quota'
      const ring = ringOf(sample.line, sample.endpointId, nowMs)
      if (ring === undefined) return 'full'
      put(ring, network, sample.ok ? sample.latencyMs : HIGHEST_LATENCY_MS, Math.min(sample.at, nowMs))
      const key = cellKey(sample.line, sample.endpointId)
      changed.add(key)
      unsaved.add(key)
      return undefined
    },
    cells(nowMs) {
      forgetOld(nowMs)
      return [...rings.values()].map((ring) => cellOf(ring, nowMs))
    },
    changes(nowMs) {
      forgetOld(nowMs)
      const cells = [...changed].map((key) => cellOf(rings.get(key)!, nowMs))
      for (const { line, endpointId } of gone.values()) cells.push({ line, endpointId, medianMs: 0, p90Ms: 0, count: 0, at: 0 })
      changed.clear()
      gone.clear()
      return cells
    },
    keepEndpoints(ids) {
      for (const [key, ring] of rings) if (!ids.has(ring.endpointId)) remove(key, ring)
    },
    unsaved(nowMs) {
      forgetOld(nowMs)
      const cells = [...unsaved].map((key): KeptLatencyCell => {
        const [line, endpointId] = partsOfKey(key)
        const ring = rings.get(key)
        const samples = Array.from({ length: ring?.count ?? 0 }, (_, at) => sampleAt(ring!, at))
        return { line, endpointId, samples }
      })
      unsaved.clear()
      return cells
    },
    restore(cells, nowMs) {
      for (const { line, endpointId, samples } of cells) {
        const young = samples.filter(([, , at]) => nowMs - at <= OLDEST_SAMPLE_MS)
        if (young.length === 0) continue
        const ring = ringOf(line, endpointId, nowMs)
        if (ring === undefined) return
        for (const [network, latencyMs, at] of young) put(ring, network, latencyMs, Math.min(at, nowMs))
        changed.add(cellKey(line, endpointId))
      }
    },
    size: () => rings.size,
  }
}

function cellKey(line: string, endpointId: string): string {
  return `${line} ${endpointId}`
}

/** Neither lines nor ids have spaces. */
function partsOfKey(key: string): [line: string, endpointId: string] {
  const at = key.indexOf(' ')
  return [key.slice(0, at), key.slice(at + 1)]
}

function sampleAt(ring: Ring, at: number): readonly [number, number, number] {
  const { networks, latencies, ats } = ring.slab
  const place = ring.base + at
  return [networks[place]!, Math.round(100 * latencies[place]!) / 100, Math.round(ats[place]!)]
}

/** Puts a sample into the place of the oldest one: of its own network when that has its share, else of the cell when it is full. */
function put(ring: Ring, network: number, latencyMs: number, at: number): void {
  const { networks, latencies, ats } = ring.slab
  const { base } = ring
  let oldest = base
  let oldestOwn = -1
  let own = 0
  for (let i = base; i < base + ring.count; i++) {
    if (ats[i]! < ats[oldest]!) oldest = i
    if (networks[i] !== network) continue
    own++
    if (oldestOwn < 0 || ats[i]! < ats[oldestOwn]!) oldestOwn = i
  }
  const place = own >= SAMPLES_A_NETWORK ? oldestOwn : ring.count < SAMPLES_A_CELL ? base + ring.count++ : oldest
  networks[place] = network
  latencies[place] = latencyMs
  ats[place] = at
  ring.newestAt = Math.max(ring.newestAt, at)
}

type Vote = { readonly latencyMs: number; readonly weight: number }

function cellOf(ring: Ring, nowMs: number): LatencyCell {
  const byNetwork = new Map<number, Vote[]>()
  const { networks, latencies, ats } = ring.slab
  for (let i = ring.base; i < ring.base + ring.count; i++) {
    const weight = 2 ** (-Math.max(0, nowMs - ats[i]!) / HALF_LIFE_MS)
    const own = byNetwork.get(networks[i]!)
    if (own === undefined) byNetwork.set(networks[i]!, [{ latencyMs: latencies[i]!, weight }])
    else own.push({ latencyMs: latencies[i]!, weight })
  }
  const votes = [...byNetwork.values()].map((own): Vote => {
    return { latencyMs: quantileOf(own, 0.5, 0), weight: Math.max(...own.map(({ weight }) => weight)) }
  })
  return {
    line: ring.line,
    endpointId: ring.endpointId,
    medianMs: round(quantileOf(votes, 0.5, TRIMMED_SHARE)),
    p90Ms: round(quantileOf(votes, 0.9, TRIMMED_SHARE)),
    count: ring.count,
    at: Math.round(ring.newestAt),
  }
}

function round(value: number): number {
  return Math.round(10 * value) / 10
}

/** Weighted quantile of votes of which `trimmed` of the weight is cut off on either side; between two of them, the mean at an exact half. */
function quantileOf(votes: Vote[], quantile: number, trimmed: number): number {
  votes.sort((a, b) => a.latencyMs - b.latencyMs)
  const total = votes.reduce((sum, { weight }) => sum + weight, 0)
  const wanted = total * (trimmed + (1 - 2 * trimmed) * quantile)
  let below = 0
  for (const [position, { latencyMs, weight }] of votes.entries()) {
    below += weight
    if (below < wanted - 1e-9 * total) continue
    const next = votes[position + 1]
    return Math.abs(below - wanted) <= 1e-9 * total && next !== undefined ? (latencyMs + next.latencyMs) / 2 : latencyMs
  }
  return votes.at(-1)!.latencyMs
}

/** FNV-1a over the UTF-16 code units; unsigned. Networks that collide share a quota: harmless. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
