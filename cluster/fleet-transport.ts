/**
 * Port: how control and nodes talk. On one machine a unix socket in the state folder carries it (local-fleet-transport.ts,
 * one JSON message a line); on many machines NATS JetStream will. Pure types. Control is the one writer; nodes only receive generations.
 */
import type { LatencyMessage } from '../health/model/latency-matrix.ts'
import type { Override } from '../health/model/override.ts'
import type { LoadReport, PushedResult, VantageReport } from '../health/model/vantage-report.ts'
import type { EventOutboxFigures } from './event-outbox.ts'

/** What a node tells when it connects, and whenever it changes. */
export type NodeStatus = {
  readonly nodeId: string
  /** Generation that is live on the node, 0 = none. */
  readonly generation: number
  /** SHA-256 of the live snapshot, hex; empty = none. */
  readonly digest: string
  readonly startedAt: number
}

/** A generation to make live. */
export type PublishMessage = {
  readonly type: 'publish'
  readonly generation: number
  readonly digest: string
  /** Snapshot file (resolver/snapshot/snapshot-file.ts). */
  readonly path: string
  /** Geodata file the generation was compiled with; used by explain. */
  readonly geodataPath: string
}

/** A question from control to a node: the methods and results are in node-requests below. */
export type RequestMessage = { readonly type: 'request'; readonly id: number; readonly method: NodeMethod; readonly params: unknown }
/**
 * What a node can be asked: `explain` (ExplainRequest → ExplainAnswer), `scores` (→ HealthScores), `stats` (→ NodeStats of node-stats.ts),
 * `incumbents` (→ NodeIncumbents of node-incumbents.ts), `clients` (→ NodeClients of node-clients.ts), `problems` (→ NodeProblems of
 * node-problems.ts).
 */
export type NodeMethod = 'explain' | 'scores' | 'stats' | 'incumbents' | 'clients' | 'problems'

/**
 * What a node can ask of control: `update` (UpdateAsk → UpdateVerdict of zone-asks.ts; answered when the change is durable), `notify`
 * (NotifyAsk → null; a primary says that a secondary zone has a new serial), `latency`
 * (LatencyAsk of latency-ask.ts → null; medians of the node's probes for its own line).
 */
export type ControlMethod = 'update' | 'notify' | 'latency'

/** How fresh secondary zones are, told to every node when it connects and whenever it changes. */
export type FreshnessMessage = {
  readonly type: 'freshness'
  /** By zone (absolute, lower-case): ms until its content expires; 0 = it has, or there never was any. */
  readonly expiresInMs: Readonly<Record<string, number>>
}

/** Figures of control for the metrics port of each node, told when it connects and whenever they change. */
export type FiguresMessage = {
  readonly type: 'figures'
  /** Rows by metric name. */
  readonly rows: Readonly<Record<string, readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>>
}

/** The overrides that have not ended, told to every node when it connects and whenever one is set, changed or ended. */
export type OverridesMessage = { readonly type: 'overrides'; readonly overrides: readonly Override[] }

/** Cells of the latency matrix: all of them to a node that connects, then what changed (health/model/latency-matrix.ts). */
export type { LatencyMessage } from '../health/model/latency-matrix.ts'

/** Results that endpoints or outside systems pushed, told as they come; the newest of each endpoint and probe to a node that connects. */
export type PushesMessage = { readonly type: 'pushes'; readonly pushes: readonly PushedResult[] }

/** Loads that endpoints told, likewise. */
export type LoadsMessage = { readonly type: 'loads'; readonly loads: readonly LoadReport[] }

/** What other vantages say: nodes, and systems that feed samples by the API. A node is never told its own. */
export type VantageReportsMessage = { readonly type: 'vantage-reports'; readonly reports: readonly VantageReport[] }

/** What others than the node itself know of endpoints. */
export type HealthMessage = PushesMessage | LoadsMessage | VantageReportsMessage

/** Control's answer to what a node asked. */
export type ReplyMessage = {
  readonly type: 'reply'
  readonly id: number
  readonly ok: boolean
  readonly result?: unknown
  readonly reason?: string
}

/** Control has all events of a node up to this number. */
export type EventTakenMessage = { readonly type: 'event-taken'; readonly number: number }

/** Control → node. */
export type ToNode =
  | PublishMessage
  | RequestMessage
  | FreshnessMessage
  | FiguresMessage
  | OverridesMessage
  | LatencyMessage
  | HealthMessage
  | ReplyMessage
  | EventTakenMessage
/** Node → control. */
export type FromNode =
  | { readonly type: 'hello'; readonly status: NodeStatus }
  | { readonly type: 'applied'; readonly status: NodeStatus; readonly generation: number; readonly ok: boolean; readonly reason?: string }
  | { readonly type: 'response'; readonly id: number; readonly ok: boolean; readonly result?: unknown; readonly reason?: string }
  /** `run` tells one start of the node from another, `number` rises by one within it; sent again until it is taken. */
  | { readonly type: 'event'; readonly run: string; readonly number: number; readonly event: NodeEvent }
  /** All events that were kept when this connection began are taken. */
  | { readonly type: 'events-told' }
  | { readonly type: 'vantage-report'; readonly report: VantageReport }
  | { readonly type: 'ask'; readonly id: number; readonly method: ControlMethod; readonly params: unknown }

/** Something that happened on a node, for the store and the console. */
export type NodeEvent = {
  readonly at: number
  readonly kind:
    | 'standing'
    | 'fail-open'
    | 'generation'
    | 'worker-replaced'
    | 'certificate'
    | 'override'
    | 'isolation'
    | 'capacity'
    | 'clock'
  readonly subject: string
  readonly detail: string
  /** How bad it is, and whether it begins or ends something; absent = as kind and detail say (admin-ui/api/observe/judge-event.ts). */
  readonly severity?: EventSeverity
  readonly state?: EventState
  /** What decided, e.g. samples; JSON below 4 kB, larger ones are left out. */
  readonly evidence?: unknown
}

/** How bad an event is. */
export type EventSeverity = 'info' | 'warning' | 'critical'
/** A problem begins, or is over; an event without one just happened. */
export type EventState = 'problem' | 'cleared'

/** The control end. */
export type FleetHub = {
  /** Nodes connected now. */
  nodes(): readonly NodeStatus[]
  /** Sends a generation to all nodes (also to those that connect later); resolves when each connected one has answered or `timeoutMs` is over. */
  publish(
    message: PublishMessage,
    timeoutMs: number,
  ): Promise<readonly { readonly nodeId: string; readonly ok: boolean; readonly reason?: string }[]>
  /** Asks one node (default: the first connected); rejects with code FLEET_NODE_AWAY when there is none, FLEET_TIMEOUT after `timeoutMs`. */
  request(method: NodeMethod, params: unknown, timeoutMs: number, nodeId?: string): Promise<unknown>
  /**
   * Calls back for each event of a node, once, in the order of the node, with those that it kept while control was away. What comes before
   * there is a listener waits for the first. An event counts as taken when all listeners have returned.
   */
  onEvent(listener: (nodeId: string, event: NodeEvent) => void): void
  /** Nodes that are connected and have told all events they had kept, with a number that differs from connection to connection. */
  caughtUp(): ReadonlyMap<string, number>
  /** Answers what nodes ask; a rejection reaches the node as one. Before there is a handler every question is refused. */
  onAsk(handler: (nodeId: string, method: ControlMethod, params: unknown) => Promise<unknown>): void
  /** Tells all nodes, also those that connect later, how fresh secondary zones are; `read` is called for each node that connects. */
  tellFreshness(read: () => FreshnessMessage): void
  /** Tells all nodes, also those that connect later, control's own figures. */
  tellFigures(read: () => FiguresMessage): void
  /** Tells all nodes, also those that connect later, the overrides; the whole list each time. */
  tellOverrides(read: () => OverridesMessage): void
  /** Tells all nodes cells of the latency matrix; `read(true)` is called for each node that connects later, `read(false)` now. */
  tellLatency(read: (whole: boolean) => LatencyMessage): void
  /** Tells all nodes what others know of endpoints. One that does not read for long is passed over. */
  tellHealth(message: HealthMessage): void
  /** What a node that connects later is told of it. */
  onHealthWanted(read: () => readonly HealthMessage[]): void
  /** Calls back for what a node says as a vantage; its name is the id of the node, whatever the report says. */
  onVantageReport(listener: (report: VantageReport) => void): void
  close(): Promise<void>
}

/** The node end; it reconnects by itself with back-off. */
export type FleetLink = {
  status(status: NodeStatus): void
  /** Tells control of an event, now or when it is connected again; kept in memory until control has it (event-outbox.ts bounds how many). */
  event(event: NodeEvent): void
  /** How many events wait to be taken by control, and how many were dropped. */
  eventFigures(): EventOutboxFigures
  onPublish(handler: (message: PublishMessage) => Promise<NodeStatus>): void
  onRequest(handler: (method: NodeMethod, params: unknown) => Promise<unknown>): void
  onFreshness(handler: (message: FreshnessMessage) => void): void
  onFigures(handler: (message: FiguresMessage) => void): void
  onOverrides(handler: (message: OverridesMessage) => void): void
  onLatency(handler: (message: LatencyMessage) => void): void
  onHealth(handler: (message: HealthMessage) => void): void
  /** Tells control what this node says as a vantage; dropped while control is away or does not read. */
  vantageReport(report: VantageReport): void
  /** Asks control; rejects with code FLEET_CONTROL_AWAY when it is not connected, or was lost meanwhile, FLEET_TIMEOUT after `timeoutMs`. */
  ask(method: ControlMethod, params: unknown, timeoutMs: number): Promise<unknown>
  close(): Promise<void>
}
