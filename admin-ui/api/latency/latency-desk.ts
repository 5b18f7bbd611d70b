/**
 * Latency per line in control: judges samples, finds the line of each client, aggregates (health/score/latency-aggregate.ts), keeps the
 * matrix in the store and tells the nodes what changed. Has a life: a message to the nodes every few seconds, a write a minute.
 *
 *   POST samples ─► judge ─► locate ─► aggregate ─┬─► {type: latency, cells} to all nodes, at most every 5 s
 *                                                 └─► store, at most once a minute and at stop
 *
 * Samples say who the client is: whoever has a token is believed that, but within the quota of a network and the robust median only.
 * The clock of the aggregate is steady: a jump of the wall clock makes no sample older.
 */
import type { FleetHub } from '../../../cluster/fleet-transport.ts'
import type { LatencyAsk } from '../../../cluster/latency-ask.ts'
import { type Address, findAddress } from '../../../geodata/address/address.ts'
import { firstAddressOf, parsePrefix } from '../../../geodata/address/prefix.ts'
import type { Geodata } from '../../../geodata/geodata.ts'
import { type MatrixBy, matrixLineOf } from '../../../geodata/line/matrix-line.ts'
import { lookupLocation } from '../../../geodata/lookup/lookup-location.ts'
import type { LatencyCell } from '../../../health/model/latency-matrix.ts'
import {
  createLatencyAggregate,
  judgeLatency,
  LATENCY_DROPS,
  type LatencyAggregate,
  type LatencyDrop,
} from '../../../health/score/latency-aggregate.ts'
import { confidenceOf } from '../../../health/score/latency-order.ts'
import type { Config, LatencyReading } from '../../../policy/config/config-schema.ts'
import { latencyReadingOf, USUAL_LATENCY } from '../../../policy/config/latency-reading.ts'
import type { Store } from '../../../policy/store/store.ts'
import type { LatencyMatrix, LatencySamplesAnswer, LatencySampleWish } from '../../contract/latency.ts'
import type { LineLabel } from '../../contract/line.ts'
import { ApiError } from '../api-error.ts'

/** What the desk works with. */
export type LatencyDeskParts = {
  readonly store: Pick<Store, 'latencyCells' | 'keepLatencyCells'>
  readonly config: () => Config | null | undefined
  readonly geodata: () => Geodata
  readonly hub: Pick<FleetHub, 'tellLatency'>
  /** Words of a line. */
  readonly labelOf: (line: string) => Pick<LineLabel, 'labelEn' | 'labelZh'>
  /** Wall clock, ms since epoch. */
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly log: { readonly error: (fields: Record<string, unknown>, message: string) => void }
}

/** Rows for the metrics of the nodes' ports. */
export type LatencyFigures = Readonly<
  Record<string, readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>
>

const TELL_MS = 5000
const SAVE_MS = 60_000
/** Networks that the reports of one node count as. */
const NODE_NETWORKS = 8
/** Nodes told apart. */
const NODES_MAX = 1000
/** Cells in one answer of the API. */
const CELLS_SHOWN = 5000

/** The desk. */
export class LatencyDesk {
  readonly #parts: LatencyDeskParts
  readonly #aggregate: LatencyAggregate
  /** Wall clock at monotonic 0, as it was at the start. */
  readonly #startedAt: number
  #accepted = 0
  readonly #dropped = new Map<LatencyDrop, number>()
  #newestAt = 0
  #timers: NodeJS.Timeout[] = []
  #saveFailure = ''
  /** Reports of each node, so that they count as several networks. */
  readonly #turns = new Map<string, number>()

  constructor(parts: LatencyDeskParts) {
    this.#parts = parts
    this.#aggregate = createLatencyAggregate()
    this.#startedAt = parts.now() - parts.monotonicMs()
    this.#aggregate.restore(parts.store.latencyCells(), this.#nowMs())
  }

  /** Tells the nodes, now and whenever one connects, and goes on telling and saving. */
  start(): void {
    this.#tell()
    this.#timers = [setInterval(() => this.#tell(), TELL_MS), setInterval(() => this.save(), SAVE_MS)]
  }

  /** Ends both; what was not written is written. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.save()
  }

  /** Takes a batch. `allowed`: the only endpoints that the caller may report on; empty = all. */
  take(samples: readonly LatencySampleWish[], allowed: readonly string[]): LatencySamplesAnswer {
    const config = this.#parts.config()
    const ids = new Set(config?.endpoints.map(({ id }) => id))
    const ways = waysOf(config)
    const reasons: Record<string, number> = {}
    let accepted = 0
    for (const sample of samples) {
      const isKnown = ids.has(sample.endpoint) && (allowed.length === 0 || allowed.includes(sample.endpoint))
      const drop = isKnown ? this.#takeOne(sample, ways) : 'endpoint'
      if (drop === undefined) accepted++
      else {
        reasons[drop] = (reasons[drop] ?? 0) + 1
        this.#dropped.set(drop, (this.#dropped.get(drop) ?? 0) + 1)
      }
    }
    this.#accepted += accepted
    return { accepted, dropped: samples.length - accepted, reasons }
  }

  #takeOne(sample: LatencySampleWish, ways: readonly MatrixBy[]): LatencyDrop | undefined {
    const address = addressOf(sample.client)
    if (address === undefined) return 'client'
    const nowMs = this.#nowMs()
    const ageMs = this.#ageOf(sample.at)
    if (Number.isNaN(ageMs)) return 'past'
    const ok = sample.ok !== false
    const latencyMs = sample.latencyMs ?? (ok ? Number.NaN : 0)
    const at = nowMs - ageMs
    const judged = judgeLatency(latencyMs, ok, at, nowMs)
    if (judged !== undefined) return judged
    const { location } = lookupLocation(this.#parts.geodata(), address)
    const lines = new Set(ways.map((by) => matrixLineOf(location, by)).filter((line) => line !== ''))
    if (lines.size === 0) return 'location'
    const network = networkOf(address)
    for (const [position, line] of [...lines].entries()) {
      const one = { line, endpointId: sample.endpoint, network, latencyMs, ok, at }
      const drop = this.#aggregate.take(one, nowMs, position === 0)
      if (drop !== undefined && position === 0) return drop
    }
    this.#newestAt = Math.max(this.#newestAt, Math.min(at, nowMs))
    return undefined
  }

  /** Takes the medians that a node probed in its own line. Nodes are ours: no quota, but no more weight than eight networks either. */
  takeNode(nodeId: string, { line, medians }: LatencyAsk): void {
    const nowMs = this.#nowMs()
    const ids = new Set(this.#parts.config()?.endpoints.map(({ id }) => id))
    const turn = (this.#turns.get(nodeId) ?? 0) + 1
    if (this.#turns.size < NODES_MAX || this.#turns.has(nodeId)) this.#turns.set(nodeId, turn)
    const network = `node ${nodeId} ${turn % NODE_NETWORKS}`
    for (const { endpointId, latencyMs } of medians) {
      const one = { line, endpointId, network, latencyMs, ok: true, at: nowMs }
      const drop = ids.has(endpointId) ? this.#aggregate.take(one, nowMs, false) : 'endpoint'
      if (drop === undefined) this.#accepted++
      else this.#dropped.set(drop, (this.#dropped.get(drop) ?? 0) + 1)
      if (drop === undefined) this.#newestAt = nowMs
    }
  }

  /** Age of a point in time by the wall clock; NaN when the text is none. */
  #ageOf(at: string | number | undefined): number {
    if (at === undefined) return 0
    return this.#parts.now() - (typeof at === 'number' ? at : Date.parse(at))
  }

  /** The matrix as a policy reads it. Throws API_NOT_FOUND for a policy that there is not. */
  matrix(policyId: string | undefined): LatencyMatrix {
    const config = this.#parts.config()
    const policy = config?.policies.find(({ id }) => id === policyId)
    if (policyId !== undefined && policy === undefined) throw new ApiError('API_NOT_FOUND', `there is no policy "${policyId.slice(0, 64)}"`)
    const reading: LatencyReading = policy === undefined ? USUAL_LATENCY : latencyReadingOf(policy)
    const nowMs = this.#nowMs()
    const wanted = policy === undefined ? undefined : endpointsOf(config!, policy.id)
    const cells = this.#aggregate
      .cells(nowMs)
      .filter(({ line, endpointId }) => isLineOf(line, reading.by) && (wanted === undefined || wanted.has(endpointId)))
      .sort((a, b) => (a.line !== b.line ? (a.line < b.line ? -1 : 1) : a.medianMs - b.medianMs))
    return {
      policy: policy?.id ?? '',
      ...reading,
      total: cells.length,
      cells: cells.slice(0, CELLS_SHOWN).map((cell) => {
        const { labelEn, labelZh } = this.#parts.labelOf(cell.line)
        const { at, ...rest } = cell
        return {
          line: cell.line,
          labelEn,
          labelZh,
          endpoint: cell.endpointId,
          medianMs: cell.medianMs,
          p90Ms: cell.p90Ms,
          samples: cell.count,
          ageSeconds: Math.round(Math.max(0, nowMs - at) / 1000),
          confidence: Math.round(100 * confidenceOf({ ...rest, atMs: at }, reading, nowMs)) / 100,
        }
      }),
      accepted: this.#accepted,
      dropped: Object.fromEntries(this.#dropped),
    }
  }

  /** Figures for the metrics port of each node. */
  figures(): LatencyFigures {
    const ageSeconds = this.#newestAt === 0 ? undefined : Math.max(0, this.#nowMs() - this.#newestAt) / 1000
    return {
      nearcast_latency_cells: [{ labels: {}, value: this.#aggregate.size() }],
      nearcast_latency_samples_total: [
        { labels: { outcome: 'accepted' }, value: this.#accepted },
        ...LATENCY_DROPS.map((reason) => ({ labels: { outcome: reason }, value: this.#dropped.get(reason) ?? 0 })),
      ],
      nearcast_latency_sample_age_seconds: ageSeconds === undefined ? [] : [{ labels: {}, value: ageSeconds }],
    }
  }

  /** Writes what changed. A full disk costs only a restart's memory. */
  save(): void {
    const config = this.#parts.config()
    if (config != null) this.#aggregate.keepEndpoints(new Set(config.endpoints.map(({ id }) => id)))
    const cells = this.#aggregate.unsaved(this.#nowMs())
    if (cells.length === 0) return
    try {
      this.#parts.store.keepLatencyCells(cells)
      this.#saveFailure = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#saveFailure) this.#parts.log.error({ err: error }, 'the latency matrix cannot be kept')
      this.#saveFailure = message
    }
  }

  #tell(): void {
    const nowMs = this.#nowMs()
    const changes = this.#aggregate.changes(nowMs)
    this.#parts.hub.tellLatency((whole): { type: 'latency'; whole: boolean; cells: readonly LatencyCell[]; at: number } => {
      const at = this.#nowMs()
      return { type: 'latency', whole, cells: whole ? this.#aggregate.cells(at) : changes, at }
    })
  }

  #nowMs(): number {
    return this.#startedAt + this.#parts.monotonicMs()
  }
}

/** How fine the lines have to be: what the policies read; by region as long as none chooses by latency. */
function waysOf(config: Config | null | undefined): readonly MatrixBy[] {
  const pools = new Set(config?.pools.filter(({ choose }) => choose === 'latency').map(({ id }) => id))
  const used = (config?.policies ?? []).filter((policy) =>
    [...policy.fallback, ...policy.rules.flatMap((rule) => rule.pools)].some((id) => pools.has(id)),
  )
  const ways = new Set(used.map((policy) => latencyReadingOf(policy).by))
  return ways.size === 0 ? ['region'] : [...ways]
}

/** Lines of cities are only of matrices by city; the others are of both. */
function isLineOf(line: string, by: MatrixBy): boolean {
  return by === 'city' || !/^(cn-\d{4}|city-)/.test(line)
}

function endpointsOf(config: Config, policyId: string): ReadonlySet<string> {
  const policy = config.policies.find(({ id }) => id === policyId)!
  const pools = new Set([...policy.fallback, ...policy.rules.flatMap((rule) => rule.pools)])
  return new Set(config.pools.filter(({ id }) => pools.has(id)).flatMap(({ members }) => members.map(({ endpoint }) => endpoint)))
}

function addressOf(text: string): Address | undefined {
  if (!text.includes('/')) return findAddress(text)
  try {
    return firstAddressOf(parsePrefix(text))
  } catch {
    return undefined
  }
}

/** The /24 or /56 of an address as text; never shown or stored, only told apart. */
function networkOf({ family, words }: Address): string {
  return family === 4 ? `4 ${words[3] >>> 8}` : `6 ${words[0]} ${words[1] >>> 8}`
}
