/**
 * FleetTransport on one machine: a unix socket in the state folder, one JSON message a line. Shell. Control holds the hub,
 * each node a link that reconnects for ever with back-off. What is published last is told to every node that connects later.
 * Events of a node are kept until control has them (event-outbox.ts).
 * Trust: the socket is 0600 in a folder of the same user; both ends are our own processes, so messages are only checked for shape and size.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import type { VantageReport } from '../health/model/vantage-report.ts'
import { EventOutbox, type EventOutboxLimits } from './event-outbox.ts'
import { FleetError } from './fleet-error.ts'
import type {
  ControlMethod,
  FiguresMessage,
  FleetHub,
  FleetLink,
  FreshnessMessage,
  FromNode,
  HealthMessage,
  LatencyMessage,
  NodeEvent,
  NodeMethod,
  NodeStatus,
  OverridesMessage,
  PublishMessage,
  ReplyMessage,
  ToNode,
} from './fleet-transport.ts'
import { createLineReader, formatLine } from './json-lines.ts'

/** Largest message: the scores of ten thousand addresses take about 3 MB. */
export const MESSAGE_LIMIT_BYTES: number = 16 << 20
/** Longest path of a unix socket on Linux, without its final zero. */
const PATH_LIMIT_BYTES = 107
/** What tells of health is passed over for a peer that has this much unread: the next report says what is so then. */
const UNREAD_LIMIT_BYTES = 4 << 20
const BACK_OFF_FIRST_MS = 50
const BACK_OFF_LAST_MS = 2000
/** Messages about health that wait for a handler; a start takes less time than they take to come. */
const EARLY_HEALTH_MAX = 100

/** Options of both ends. */
export type LocalFleetOptions = {
  /** Path of the unix socket. */
  readonly path: string
  readonly messageLimitBytes?: number
}

type Peer = {
  readonly socket: Socket
  status: NodeStatus
  /** It read too slowly to be told of a change of the latency matrix. */
  lacksLatency: boolean
  /** Rises from connection to connection. */
  readonly connection: number
  /** It has told the events it kept before this connection. */
  hasCaughtUp: boolean
}

type EventMessage = Extract<FromNode, { readonly type: 'event' }>

type Waiting = {
  readonly nodeId: string
  readonly settle: (outcome: { readonly ok: boolean; readonly reason?: string; readonly result?: unknown }) => void
}

/** Opens the control end. Throws FLEET_SOCKET_PATH when the path is too long, FLEET_SOCKET when it cannot be opened. */
export async function startLocalFleetHub(options: LocalFleetOptions): Promise<FleetHub> {
  const { path } = options
  const limitBytes = options.messageLimitBytes ?? MESSAGE_LIMIT_BYTES
  checkPath(path)
  const peers = new Map<string, Peer>()
  const sockets = new Set<Socket>()
  const listeners: ((nodeId: string, event: NodeEvent) => void)[] = []
  const requests = new Map<number, Waiting>()
  /** Nodes whose answer to a publish is awaited, by generation. */
  const publishes = new Map<number, Waiting[]>()
  let latest: PublishMessage | undefined
  let askHandler: ((nodeId: string, method: ControlMethod, params: unknown) => Promise<unknown>) | undefined
  let readFreshness: (() => FreshnessMessage) | undefined
  let readFigures: (() => FiguresMessage) | undefined
  let readLatency: ((whole: boolean) => LatencyMessage) | undefined
  let readOverrides: (() => OverridesMessage) | undefined
  let readHealth: (() => readonly HealthMessage[]) | undefined
  const reportListeners: ((report: VantageReport) => void)[] = []
  let nextId = 1
  let nextConnection = 1
  /** The newest event taken of each node. */
  const taken = new Map<string, { readonly run: string; readonly number: number }>()
  /** Events that wait for the first listener; their nodes keep them too. */
  let earlyEvents: { readonly peer: Peer; readonly message: EventMessage }[] = []

  function sendHealth({ socket, status: { nodeId } }: Peer, message: HealthMessage): void {
    if (socket.writableLength > UNREAD_LIMIT_BYTES) return
    if (message.type !== 'vantage-reports') {
      send(socket, message)
      return
    }
    const reports = message.reports.filter(({ vantage }) => vantage !== nodeId)
    if (reports.length > 0) send(socket, { ...message, reports })
  }

  function send(socket: Socket, message: ToNode): void {
    if (!socket.destroyed) socket.write(formatLine(message, limitBytes))
  }

  function take(peer: Peer | undefined, socket: Socket, message: FromNode): Peer | undefined {
    if (message.type === 'hello') return greet(peer, socket, message.status)
    if (peer === undefined) throw new SyntaxError('the first message of a node must be "hello"')
    if (message.type === 'event') {
      if (listeners.length === 0) earlyEvents.push({ peer, message })
      else takeEvent(peer, message)
    } else if (message.type === 'events-told') {
      peer.hasCaughtUp = true
    } else if (message.type === 'applied') {
      peer.status = message.status
      const waiting = publishes.get(message.generation) ?? []
      for (const entry of waiting.filter(({ nodeId }) => nodeId === peer.status.nodeId)) {
        entry.settle(message.reason === undefined ? { ok: message.ok } : { ok: message.ok, reason: message.reason })
      }
    } else if (message.type === 'vantage-report') {
      for (const listener of reportListeners) listener({ ...message.report, vantage: peer.status.nodeId })
    } else if (message.type === 'response') {
      requests.get(message.id)?.settle(message)
    } else if (message.type === 'ask') {
      void reply(peer, socket, message.id, message.method, message.params)
    }
    return peer
  }

  function takeEvent({ socket, status: { nodeId } }: Peer, { run, number, event }: EventMessage): void {
    const newest = taken.get(nodeId)
    const isNew = newest?.run !== run || number > newest.number
    // Before the listeners: an event that makes one fail must not come back for ever.
    if (isNew) taken.set(nodeId, { run, number })
    try {
      if (isNew) for (const listener of listeners) listener(nodeId, event)
    } finally {
      send(socket, { type: 'event-taken', number })
    }
  }

  async function reply({ status }: Peer, socket: Socket, id: number, method: ControlMethod, params: unknown): Promise<void> {
    try {
      if (askHandler === undefined) throw new Error('control is not ready for questions yet')
      send(socket, { type: 'reply', id, ok: true, result: await askHandler(status.nodeId, method, params) })
    } catch (error) {
      send(socket, { type: 'reply', id, ok: false, reason: (error as Error).message })
    }
  }

  function greet(peer: Peer | undefined, socket: Socket, status: NodeStatus): Peer {
    if (peer !== undefined) {
      peer.status = status
      return peer
    }
    // A node that came back before its old connection was seen to end: the newer one counts.
    const before = peers.get(status.nodeId)
    const greeted: Peer = { socket, status, lacksLatency: false, connection: nextConnection++, hasCaughtUp: false }
    peers.set(status.nodeId, greeted)
    before?.socket.destroy()
    if (readFreshness !== undefined) send(socket, readFreshness())
    if (readFigures !== undefined) send(socket, readFigures())
    // Before the generation: it is answered from with what operators force.
    if (readOverrides !== undefined) send(socket, readOverrides())
    if (readLatency !== undefined) send(socket, readLatency(true))
    if (latest !== undefined && (status.generation !== latest.generation || status.digest !== latest.digest)) send(socket, latest)
    for (const message of readHealth?.() ?? []) sendHealth(greeted, message)
    return greeted
  }

  function lose(peer: Peer): void {
    earlyEvents = earlyEvents.filter((early) => early.peer !== peer)
    if (peers.get(peer.status.nodeId) === peer) peers.delete(peer.status.nodeId)
    const away = { ok: false, reason: 'the connection to the node was lost' }
    for (const waiting of [...requests.values(), ...[...publishes.values()].flat()]) {
      if (waiting.nodeId === peer.status.nodeId) waiting.settle(away)
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = createLineReader(limitBytes)
    let peer: Peer | undefined
    socket.on('data', (chunk: Uint8Array) => {
      try {
        for (const message of reader.feed(chunk)) peer = take(peer, socket, message as FromNode)
      } catch {
        // Not our protocol, or a message above the limit: the node reconnects and says hello again.
        socket.destroy()
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      if (peer !== undefined) lose(peer)
    })
  })
  // The lock of the state folder says that no other control lives, so a socket that is there is a dead one's.
  rmSync(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new FleetError('FLEET_SOCKET', `"${path}" cannot be opened (${cause.code})`, 'make the state folder writable for this user', {
          cause,
        }),
      ),
    )
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)

  /** Waits for one answer of one node. */
  function wait(nodeId: string, timeoutMs: number, add: (waiting: Waiting) => void, remove: (waiting: Waiting) => void) {
    return new Promise<{ readonly ok: boolean; readonly reason?: string; readonly result?: unknown; readonly timedOut?: boolean }>(
      (resolve) => {
        const waiting: Waiting = {
          nodeId,
          settle: (outcome) => {
            clearTimeout(timer)
            remove(waiting)
            resolve(outcome)
          },
        }
        const timer = setTimeout(() => {
          remove(waiting)
          resolve({ ok: false, reason: `no answer within ${timeoutMs} ms`, timedOut: true })
        }, timeoutMs)
        add(waiting)
      },
    )
  }

  return {
    nodes: () => [...peers.values()].map(({ status }) => status),
    publish: async (message, timeoutMs) => {
      latest = message
      const waiting: Waiting[] = []
      publishes.set(message.generation, waiting)
      const outcomes = [...peers.values()].map(async (peer) => {
        const { nodeId } = peer.status
        const outcome = wait(
          nodeId,
          timeoutMs,
          (entry) => waiting.push(entry),
          (entry) => waiting.splice(waiting.indexOf(entry), 1),
        )
        send(peer.socket, message)
        const { ok, reason } = await outcome
        return reason === undefined ? { nodeId, ok } : { nodeId, ok, reason }
      })
      const answered = await Promise.all(outcomes)
      if (publishes.get(message.generation) === waiting) publishes.delete(message.generation)
      return answered
    },
    request: async (method, params, timeoutMs, nodeId) => {
      const peer = nodeId === undefined ? peers.values().next().value : peers.get(nodeId)
      if (peer === undefined) {
        const which = nodeId === undefined ? 'no node is connected' : `node "${nodeId}" is not connected`
        throw new FleetError('FLEET_NODE_AWAY', which, 'start it with "nearcast node" or "nearcast up"; it connects by itself')
      }
      const id = nextId++
      const outcome = wait(
        peer.status.nodeId,
        timeoutMs,
        (waiting) => requests.set(id, waiting),
        () => requests.delete(id),
      )
      send(peer.socket, { type: 'request', id, method, params })
      const { ok, reason, result, timedOut } = await outcome
      if (ok) return result
      if (timedOut) throw new FleetError('FLEET_TIMEOUT', `node "${peer.status.nodeId}" gave ${reason}`, 'see the log of the node')
      throw new FleetError('FLEET_REQUEST_FAILED', reason ?? `node "${peer.status.nodeId}" refused "${method}"`, 'see the log of the node')
    },
    onEvent: (listener) => {
      listeners.push(listener)
      const early = earlyEvents
      earlyEvents = []
      for (const { peer, message } of early) takeEvent(peer, message)
    },
    caughtUp: () =>
      new Map([...peers.values()].filter(({ hasCaughtUp }) => hasCaughtUp).map(({ status, connection }) => [status.nodeId, connection])),
    onAsk: (handler) => {
      askHandler = handler
    },
    tellFreshness: (read) => {
      readFreshness = read
      for (const { socket } of peers.values()) send(socket, read())
    },
    tellOverrides: (read) => {
      readOverrides = read
      for (const { socket } of peers.values()) send(socket, read())
    },
    tellLatency: (read) => {
      // A node that connects from now on gets the whole; the first time those that are there have nothing yet.
      const message = read(readLatency === undefined)
      readLatency = read
      for (const peer of peers.values()) {
        // What changed is of no use to who missed something: it gets the whole when it reads again.
        if (peer.socket.writableLength > UNREAD_LIMIT_BYTES) peer.lacksLatency = true
        else if (peer.lacksLatency) {
          peer.lacksLatency = false
          send(peer.socket, read(true))
        } else if (message.whole || message.cells.length > 0) send(peer.socket, message)
      }
    },
    tellFigures: (read) => {
      readFigures = read
      for (const { socket } of peers.values()) send(socket, read())
    },
    tellHealth: (message) => {
      for (const peer of peers.values()) sendHealth(peer, message)
    },
    onHealthWanted: (read) => {
      readHealth = read
      for (const peer of peers.values()) for (const message of read()) sendHealth(peer, message)
    },
    onVantageReport: (listener) => void reportListeners.push(listener),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      rmSync(path, { force: true })
    },
  }
}

/** Opens the node end; it connects in the background, now and whenever the connection is lost. */
export function openLocalFleetLink(
  options: LocalFleetOptions & { readonly status: NodeStatus; readonly eventLimits?: EventOutboxLimits },
): FleetLink {
  const { path } = options
  const limitBytes = options.messageLimitBytes ?? MESSAGE_LIMIT_BYTES
  checkPath(path)
  let status = options.status
  let socket: Socket | undefined
  let connected = false
  let closed = false
  let retry: NodeJS.Timeout | undefined
  let waitMs = BACK_OFF_FIRST_MS
  let publishHandler: ((message: PublishMessage) => Promise<NodeStatus>) | undefined
  let requestHandler: ((method: NodeMethod, params: unknown) => Promise<unknown>) | undefined
  let figuresHandler: ((message: FiguresMessage) => void) | undefined
  let earlyFigures: FiguresMessage | undefined
  let latencyHandler: ((message: LatencyMessage) => void) | undefined
  /** Messages that came before the handler was set: the whole matrix, and what changed since. */
  let earlyLatency: LatencyMessage[] = []
  let overridesHandler: ((message: OverridesMessage) => void) | undefined
  let earlyOverrides: OverridesMessage | undefined
  let healthHandler: ((message: HealthMessage) => void) | undefined
  let earlyHealth: HealthMessage[] = []
  let freshnessHandler: ((message: FreshnessMessage) => void) | undefined
  /** Questions to control that are not answered yet. */
  const asks = new Map<number, (outcome: Omit<ReplyMessage, 'type' | 'id'> & { readonly code?: string }) => void>()
  let nextAsk = 1
  /** A publish that came before the handler was set. */
  let early: PublishMessage | undefined
  let earlyFreshness: FreshnessMessage | undefined
  const outbox = new EventOutbox(options.eventLimits)
  const run = randomUUID()
  /** Control was told that it has what was kept before this connection. */
  let hasCaughtUp = false

  function sendEvents(): void {
    if (!connected || socket === undefined || socket.destroyed) return
    for (const line of outbox.next()) socket.write(line)
    if (hasCaughtUp || outbox.figures().waiting > 0) return
    hasCaughtUp = true
    send({ type: 'events-told' })
  }

  function send(message: FromNode): void {
    if (connected && socket !== undefined && !socket.destroyed) socket.write(formatLine(message, limitBytes))
  }

  async function apply(message: PublishMessage): Promise<void> {
    if (publishHandler === undefined) {
      early = message
      return
    }
    const { generation } = message
    try {
      status = await publishHandler(message)
      send({ type: 'applied', status, generation, ok: true })
    } catch (error) {
      send({ type: 'applied', status, generation, ok: false, reason: (error as Error).message })
    }
  }

  async function answer(id: number, method: NodeMethod, params: unknown): Promise<void> {
    try {
      if (requestHandler === undefined) throw new Error('the node is not ready for requests yet')
      send({ type: 'response', id, ok: true, result: await requestHandler(method, params) })
    } catch (error) {
      send({ type: 'response', id, ok: false, reason: (error as Error).message })
    }
  }

  function open(): void {
    const reader = createLineReader(limitBytes)
    const opened = connect(path)
    socket = opened
    opened.on('connect', () => {
      connected = true
      send({ type: 'hello', status })
      hasCaughtUp = false
      sendEvents()
    })
    opened.on('data', (chunk: Uint8Array) => {
      waitMs = BACK_OFF_FIRST_MS
      try {
        for (const message of reader.feed(chunk) as ToNode[]) {
          if (message.type === 'publish') void apply(message)
          else if (message.type === 'request') void answer(message.id, message.method, message.params)
          else if (message.type === 'reply') asks.get(message.id)?.(message)
          else if (message.type === 'event-taken') {
            outbox.acknowledge(message.number)
            sendEvents()
          } else if (message.type === 'latency') {
            if (latencyHandler === undefined) earlyLatency = message.whole ? [message] : [...earlyLatency, message]
            else latencyHandler(message)
          } else if (message.type === 'overrides') {
            if (overridesHandler === undefined) earlyOverrides = message
            else overridesHandler(message)
          } else if (message.type === 'pushes' || message.type === 'loads' || message.type === 'vantage-reports') {
            if (healthHandler !== undefined) healthHandler(message)
            else if (earlyHealth.length < EARLY_HEALTH_MAX) earlyHealth.push(message)
          } else if (message.type === 'figures') {
            if (figuresHandler === undefined) earlyFigures = message
            else figuresHandler(message)
          } else if (freshnessHandler === undefined) earlyFreshness = message
          else freshnessHandler(message)
        }
      } catch {
        opened.destroy()
      }
    })
    // 'close' follows every 'error'.
    opened.on('error', () => undefined)
    opened.on('close', () => {
      connected = false
      outbox.rewind()
      for (const settle of asks.values()) settle({ ok: false, code: 'FLEET_CONTROL_AWAY', reason: 'the connection to control was lost' })
      if (closed) return
      retry = setTimeout(open, waitMs)
      waitMs = Math.min(2 * waitMs, BACK_OFF_LAST_MS)
    })
  }
  open()

  return {
    status: (now) => {
      status = now
      send({ type: 'hello', status })
    },
    event: (event) => {
      outbox.add((number) => formatLine({ type: 'event', run, number, event } satisfies FromNode, limitBytes))
      sendEvents()
    },
    eventFigures: () => outbox.figures(),
    onPublish: (handler) => {
      publishHandler = handler
      if (early !== undefined) void apply(early)
      early = undefined
    },
    onRequest: (handler) => {
      requestHandler = handler
    },
    onFigures: (handler) => {
      figuresHandler = handler
      if (earlyFigures !== undefined) handler(earlyFigures)
      earlyFigures = undefined
    },
    onLatency: (handler) => {
      latencyHandler = handler
      for (const message of earlyLatency) handler(message)
      earlyLatency = []
    },
    onOverrides: (handler) => {
      overridesHandler = handler
      if (earlyOverrides !== undefined) handler(earlyOverrides)
      earlyOverrides = undefined
    },
    onHealth: (handler) => {
      healthHandler = handler
      for (const message of earlyHealth) handler(message)
      earlyHealth = []
    },
    vantageReport: (report) => {
      if (socket !== undefined && socket.writableLength <= UNREAD_LIMIT_BYTES) send({ type: 'vantage-report', report })
    },
    onFreshness: (handler) => {
      freshnessHandler = handler
      if (earlyFreshness !== undefined) handler(earlyFreshness)
      earlyFreshness = undefined
    },
    ask: (method, params, timeoutMs) =>
      new Promise((resolve, reject) => {
        const fail = (code: string, reason: string): void =>
          reject(new FleetError(code, reason, 'start control, or see its log; what was asked can be asked again'))
        if (!connected) {
          fail('FLEET_CONTROL_AWAY', 'control is not connected')
          return
        }
        const id = nextAsk++
        const timer = setTimeout(() => {
          asks.delete(id)
          fail('FLEET_TIMEOUT', `control gave no answer within ${timeoutMs} ms`)
        }, timeoutMs)
        asks.set(id, ({ ok, result, reason = 'control refused it', code = 'FLEET_REQUEST_FAILED' }) => {
          clearTimeout(timer)
          asks.delete(id)
          if (ok) resolve(result)
          else fail(code, reason)
        })
        send({ type: 'ask', id, method, params })
      }),
    close: async () => {
      closed = true
      clearTimeout(retry)
      if (socket === undefined || socket.destroyed) return
      const gone = new Promise<void>((resolve) => socket!.once('close', () => resolve()))
      if (connected) socket.destroySoon()
      else socket.destroy()
      await gone
    },
  }
}

function checkPath(path: string): void {
  if (Buffer.byteLength(path) <= PATH_LIMIT_BYTES) return
  throw new FleetError(
    'FLEET_SOCKET_PATH',
    `"${path}" is too long for a unix socket (${PATH_LIMIT_BYTES} bytes)`,
    'choose a shorter state folder with --state',
  )
}
