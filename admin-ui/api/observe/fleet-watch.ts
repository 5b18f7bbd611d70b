/**
 * What control knows of its nodes: asks them for scores and rates at intervals, keeps the answers with their age, feeds strips and
 * events. Shell. Everything here may be lost, and nodes do not depend on it; keep-history.ts carries strips and events over a restart.
 */
import type { FleetHub, NodeEvent, NodeStatus } from '../../../cluster/fleet-transport.ts'
import type { NodeClients } from '../../../cluster/node-clients.ts'
import type { NodeIncumbents } from '../../../cluster/node-incumbents.ts'
import type { NodeProblems } from '../../../cluster/node-problems.ts'
import type { Event } from '../../contract/event.ts'
import type { ExplainAnswer, ExplainRequest } from '../../contract/explain.ts'
import type { HealthScore, HealthScores } from '../../contract/health-scores.ts'
import { ApiError } from '../api-error.ts'
import { compareProblems } from './compare-problems.ts'
import type { EventFeed } from './event-feed.ts'
import { keyOfEvent } from './judge-event.ts'
import type { StandingRing } from './standing-ring.ts'

/** Rates of a node, as its method `stats` answers. */
export type NodeRates = {
  readonly queriesPerSecond: number | null
  readonly answerMixPercent: Readonly<Record<string, number>> | null
  readonly displacedPercent: number | null
}

/** Interval of the scores; a standing lasts longer than this. */
const SCORES_INTERVAL_MS = 2000
/** Interval of the rates. */
const STATS_INTERVAL_MS = 5000
/** Interval of looking for nodes that connected, and between the two looks at each. */
const COMPARE_INTERVAL_MS = 2000
/** Patience with a node. */
const REQUEST_TIMEOUT_MS = 2000
/** Answers older than this are not shown as the present. */
const STALE_MS = 15_000

/** What the watch needs of webhooks (webhook-desk.ts). */
export type ToldWebhooks = {
  /** Problems of a node that a webhook was told of, and nothing newer waits to be told about. */
  readonly openProblems: (nodeId: string) => readonly Event[]
  /** Takes in an event that may have been taken before. */
  readonly takeAgain: (event: Event) => void
}

type Known<T> = { readonly at: number; readonly value: T }

/** Watches the nodes of a hub. */
export class FleetWatch {
  readonly #hub: FleetHub
  readonly #feed: EventFeed
  readonly #ring: StandingRing
  readonly #now: () => number
  readonly #onScores: (scores: readonly HealthScore[]) => void
  readonly #rates = new Map<string, Known<NodeRates>>()
  readonly #timers: NodeJS.Timeout[] = []
  #connected: ReadonlySet<string> = new Set()
  #announced = ''
  readonly #webhooks: ToldWebhooks
  /** By node, the connection whose comparison is done. */
  readonly #compared = new Map<string, number>()
  /** By node, what the first look found. */
  readonly #firstLooks = new Map<string, { readonly connection: number; readonly found: ReadonlySet<string> }>()

  /**
   * `onScores` is handed each report of all nodes; `webhooks` are asked which problems they were told of and not of their end, beside what the
   * feed has.
   */
  constructor(
    hub: FleetHub,
    feed: EventFeed,
    ring: StandingRing,
    now: () => number,
    onScores: (scores: readonly HealthScore[]) => void = () => {},
    webhooks: ToldWebhooks = { openProblems: () => [], takeAgain: () => {} },
  ) {
    this.#hub = hub
    this.#feed = feed
    this.#ring = ring
    this.#now = now
    this.#onScores = onScores
    this.#webhooks = webhooks
  }

  /** Begins to watch. */
  start(): void {
    this.#hub.onEvent((nodeId, event) => this.#onEvent(nodeId, event))
    this.#repeat(SCORES_INTERVAL_MS, () => this.pollScores())
    this.#repeat(STATS_INTERVAL_MS, () => this.pollRates())
    this.#repeat(COMPARE_INTERVAL_MS, () => this.compareConnected())
  }

  /** Ends watching. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Nodes connected now. */
  nodes(): readonly NodeStatus[] {
    return this.#hub.nodes()
  }

  /** Rates of a node; undefined = not known, or too old to be called the present. */
  ratesOf(nodeId: string): NodeRates | undefined {
    const known = this.#rates.get(nodeId)
    return known === undefined || this.#now() - known.at > STALE_MS ? undefined : known.value
  }

  /** Scores of all nodes, asked now. Throws FLEET_NODE_AWAY, FLEET_TIMEOUT. */
  async scores(): Promise<HealthScores> {
    const nodes = this.#hub.nodes()
    if (nodes.length === 0) throw new ApiError('FLEET_NODE_AWAY', 'no node is connected')
    const asked = await Promise.allSettled(nodes.map((node) => this.#hub.request('scores', {}, REQUEST_TIMEOUT_MS, node.nodeId)))
    const answers = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value as HealthScores] : []))
    const first = answers[0]
    if (first === undefined) throw (asked[0] as PromiseRejectedResult).reason
    return { ...first, scores: mergeScores(answers) }
  }

  /** Who holds each pool of `choose: best` now, asked of the first node that answers; empty when none does. */
  async incumbents(): Promise<ReadonlyMap<string, string>> {
    for (const { nodeId } of this.#hub.nodes()) {
      try {
        return new Map((await this.#hub.request('incumbents', {}, REQUEST_TIMEOUT_MS, nodeId)) as NodeIncumbents)
      } catch {
        // A node of an older version does not know the question; the next one may.
      }
    }
    return new Map()
  }

  /** Recently seen clients of all nodes that answer, by network. */
  async clients(): Promise<NodeClients> {
    const asked = await Promise.allSettled(
      this.#hub.nodes().map(({ nodeId }) => this.#hub.request('clients', {}, REQUEST_TIMEOUT_MS, nodeId)),
    )
    const counts = new Map<string, number>()
    for (const one of asked) {
      // A node of an older version does not know the question.
      if (one.status !== 'fulfilled') continue
      for (const { prefix, queries } of one.value as NodeClients) counts.set(prefix, (counts.get(prefix) ?? 0) + queries)
    }
    return [...counts].map(([prefix, queries]) => ({ prefix, queries }))
  }

  /** Asks a node to explain. Throws FLEET_NODE_AWAY, FLEET_TIMEOUT, API_PARAMETER for what the node refuses. */
  async explain(request: ExplainRequest, nodeId: string | undefined): Promise<ExplainAnswer> {
    try {
      return (await this.#hub.request('explain', request, REQUEST_TIMEOUT_MS, nodeId)) as ExplainAnswer
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code === 'FLEET_NODE_AWAY' || code === 'FLEET_TIMEOUT') throw error
      throw new ApiError('API_PARAMETER', message, {}, { cause: error })
    }
  }

  /** Takes in the scores of now; called by the interval. */
  async pollScores(): Promise<void> {
    this.#noteConnections()
    if (this.#hub.nodes().length === 0) return
    const scores = await this.scores()
    this.#ring.add(scores.scores, this.#now())
    this.#onScores(scores.scores)
    this.#ring.prune(this.#now())
    const announced = `${scores.generation} ${scores.rankingId}`
    if (announced !== this.#announced) {
      this.#announced = announced
      this.#feed.announceScores(scores.generation, scores.rankingId)
    }
  }

  /** Takes in the rates of now; called by the interval. */
  async pollRates(): Promise<void> {
    for (const { nodeId } of this.#hub.nodes()) {
      const value = (await this.#hub.request('stats', {}, REQUEST_TIMEOUT_MS, nodeId)) as NodeRates
      this.#rates.set(nodeId, { at: this.#now(), value })
    }
  }

  /**
   * Compares what nodes that connected have with what was told of them; called by the interval. What two looks find alike is told: a change
   * that is just happening is told by its own event.
   */
  async compareConnected(): Promise<void> {
    for (const [nodeId, connection] of this.#hub.caughtUp()) {
      if (this.#compared.get(nodeId) === connection) continue
      let problems: NodeProblems
      try {
        problems = (await this.#hub.request('problems', {}, REQUEST_TIMEOUT_MS, nodeId)) as NodeProblems
      } catch {
        // Busy, gone, or of an older version: asked again at the next turn.
        continue
      }
      if (problems.generation === 0 || this.#hub.caughtUp().get(nodeId) !== connection) continue
      const told = new Map(this.#feed.newestOf(nodeId))
      for (const event of this.#webhooks.openProblems(nodeId)) told.set(keyOfEvent(event), event)
      const found = compareProblems(nodeId, told, problems, this.#now())
      const keyOf = ({ detail, ...event }: (typeof found)[number]): string => `${keyOfEvent({ detail, ...event })}\n${detail}`
      const first = this.#firstLooks.get(nodeId)
      if (found.length > 0 && first?.connection !== connection) {
        this.#firstLooks.set(nodeId, { connection, found: new Set(found.map(keyOf)) })
        continue
      }
      this.#firstLooks.delete(nodeId)
      this.#compared.set(nodeId, connection)
      for (const event of found) if (first?.found.has(keyOf(event))) this.#feed.add(event)
    }
  }

  #repeat(intervalMs: number, work: () => Promise<void>): void {
    let running = false
    const turn = (): void => {
      if (running) return
      running = true
      // A node that does not answer is no failure of control: the age of what is shown tells it.
      work()
        .catch(() => undefined)
        .finally(() => {
          running = false
        })
    }
    turn()
    this.#timers.push(setInterval(turn, intervalMs))
  }

  #noteConnections(): void {
    const now = new Set(this.#hub.nodes().map((node) => node.nodeId))
    const tell = (subject: string, detail: string): void => {
      this.#feed.add({ at: new Date(this.#now()).toISOString(), node: 'control', kind: 'node', subject, detail })
    }
    for (const nodeId of now) if (!this.#connected.has(nodeId)) tell(nodeId, 'connected')
    for (const nodeId of this.#connected) if (!now.has(nodeId)) tell(nodeId, 'connection lost')
    this.#connected = now
  }

  #onEvent(nodeId: string, event: NodeEvent): void {
    const { at, kind, subject, detail, severity, state, evidence } = event
    const told = {
      at: new Date(at).toISOString(),
      node: nodeId,
      kind,
      subject,
      detail,
      ...(severity === undefined ? {} : { severity }),
      ...(state === undefined ? {} : { state }),
      ...(evidence === undefined ? {} : { evidence }),
    }
    const known = this.#feed.restored(told)
    if (known === undefined) this.#feed.add(told)
    // Control died between keeping it and acknowledging it: perhaps before webhooks had it.
    else this.#webhooks.takeAgain(known)
  }
}

/** One row an endpoint, address and vantage: nodes that rank from each other's votes report the same rows. */
function mergeScores(answers: readonly HealthScores[]): readonly HealthScore[] {
  if (answers.length === 1) return answers[0]!.scores
  const rows = new Map<string, HealthScore>()
  for (const answer of answers) {
    for (const score of answer.scores) {
      const key = `${score.endpoint} ${score.address} ${score.vantage}`
      const known = rows.get(key)
      if (known === undefined || (score.sampleAgeSeconds ?? Infinity) < (known.sampleAgeSeconds ?? Infinity)) rows.set(key, score)
    }
  }
  return [...rows.values()]
}
