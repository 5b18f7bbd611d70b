/**
 * The answering workers of a node: starts them, hands them generations, replaces one that died or fell silent (watchdog). Shell.
 * Runs in the main thread, which answers nothing itself: it may load, compile and collect without a query waiting for it.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { createCounters, type PolicyCounterShape, policyCounterCells, stripeOf } from '../observe/counters.ts'
import { FAILED_PACKETS_BYTES } from '../observe/failed-packets.ts'
import type { QueryTapSetup } from '../observe/query-log-ring.ts'
import {
  acknowledgedAt,
  CONTROL_OPEN,
  CONTROL_STOP,
  createControlBlock,
  heartbeatAt,
  pinnedAt,
  readyAt,
  swapAt,
} from '../snapshot/live-state.ts'
import type { TransferContent } from '../transfer/transfer-access.ts'
import { type Certificate, makeTlsSecrets } from './certificate.ts'
import type { TcpLimits } from './connection-table.ts'
import type {
  AnswerSettings,
  CertificateMessage,
  EncryptedSetup,
  LaterReplyMessage,
  RequestMessage,
  SocketSource,
  StreamKind,
  StreamSource,
  SwapMessage,
  WorkerSetup,
} from './worker-setup.ts'

/** A worker silent for this long is replaced. Its loop turns at least ten times a second. */
const SILENT_MS = 2000
/** A worker has this long until its loop begins (a cold start under load). */
const START_MS = 15_000
const WATCH_MS = 250
/** A worker that dies at once again and again is started with growing pauses. */
const RESTART_LAST_MS = 5000
/** Longest wait for all workers to make a swap their own: beyond it the watchdog has replaced them. */
const SWAP_MS = 3000

/** What a pool serves. */
export type WorkerPoolOptions = {
  /** Sockets of each answer thread; one array a thread. */
  readonly udp: readonly (readonly SocketSource[])[]
  /** Makes the sockets of the stream worker, anew for each start (it closes them). Empty: no stream worker. */
  readonly tcp: () => readonly StreamSource[]
  /** Needed when one of them is for an encrypted transport. */
  readonly encrypted?: EncryptedSetup | undefined
  readonly settings: AnswerSettings
  /** Shared memory of resolver/guard, with the secrets of cookies. */
  readonly guard: SharedArrayBuffer
  readonly tcpLimits: TcpLimits
  /** What the query log tells worker `number`; undefined = there is none. */
  readonly queryTap?: ((number: number) => QueryTapSetup) | undefined
  /** Answers an UPDATE or NOTIFY; never rejects. Undefined = they are refused. */
  readonly onRequest?: ((message: Uint8Array, source: Uint32Array) => Promise<Uint8Array>) | undefined
  /** A worker was replaced; `reason` is a sentence. */
  readonly onReplaced: (name: string, reason: string) => void
}

/** A generation for the workers; see SwapMessage. */
export type SwapContent = Omit<SwapMessage, 'number' | 'countersOffset'> & { readonly countersOffset: number }

/** A running pool. */
export type WorkerPool = {
  /** Lets the workers begin to answer. */
  readonly open: () => void
  /** Resolves when every worker's loop has begun. */
  readonly ready: () => Promise<void>
  /** Gives all workers a generation; true when all read nothing of earlier ones any more, false when some did not say so in time. */
  readonly swap: (content: SwapContent) => Promise<boolean>
  /** True when a worker, though it answers from the newest swap, still reads memory of the generation before (a transfer runs). */
  readonly isPinned: () => boolean
  /** Gives all workers keys, permissions and journals; not waited for. */
  readonly setTransfers: (content: TransferContent) => void
  /** Gives the stream worker a certificate, and new secrets, for new connections; not waited for. */
  readonly setCertificate: (certificate: Certificate) => void
  /** Lets each worker in turn collect its garbage. */
  readonly collect: () => Promise<void>
  /** Workers by name, with the number of times each was replaced. */
  readonly workers: readonly {
    readonly name: string
    readonly kind: 'udp' | 'tcp'
    readonly number: number
    readonly restarts: () => number
  }[]
  readonly counters: Float64Array
  /** Numbers of the stripes of `counters` by transport. */
  readonly stripes: Readonly<Record<'udp' | StreamKind, readonly number[]>>
  readonly failedPackets: readonly Uint8Array[]
  /** Stops all workers; those that do not end by themselves within a second are terminated. */
  readonly stop: () => Promise<void>
}

type Member = {
  readonly number: number
  readonly name: string
  readonly kind: 'udp' | 'tcp'
  worker: Worker | undefined
  port: MessagePort | undefined
  restarts: number
  heartbeat: number
  heardAt: number
  startedAt: number
  failuresInRow: number
}

/** Bytes of the policy counters of all workers. */
export function policyCountersBytes(shape: PolicyCounterShape, workers: number): number {
  return 8 * policyCounterCells(shape) * workers
}

/** URL of a worker entry, from source or from dist/. */
function workerUrl(name: string): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}

/** Starts the workers; they do not answer before `open`. */
export function startWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const members: Member[] = options.udp.map((_, number) => createMember(number, 'udp'))
  if (options.tcp().length > 0) members.push(createMember(members.length, 'tcp'))
  const control = createControlBlock(members.length)
  const hasStream = members.at(-1)?.kind === 'tcp'
  /** The stream worker has one stripe a transport: the one of its number for TCP, then two behind all workers. */
  const counters = createCounters(members.length + 2)
  const failedPackets = members.map(() => new Uint8Array(new SharedArrayBuffer(FAILED_PACKETS_BYTES)))
  let latest: SwapContent | undefined
  let transfers: TransferContent | undefined
  let encrypted = options.encrypted
  let messageNumber = 0
  let stopping = false

  function createMember(number: number, kind: 'udp' | 'tcp'): Member {
    const name = kind === 'udp' ? `answer-${number}` : 'stream'
    return { number, name, kind, worker: undefined, port: undefined, restarts: 0, heartbeat: 0, heardAt: 0, startedAt: 0, failuresInRow: 0 }
  }

  function start(member: Member): void {
    const { number, kind } = member
    const { port1, port2 } = new MessageChannel()
    for (const at of [heartbeatAt, swapAt, acknowledgedAt, readyAt, pinnedAt]) Atomics.store(control, at(number), 0)
    member.heartbeat = 0
    member.startedAt = member.heardAt = performance.now()
    const setup: WorkerSetup = {
      worker: number,
      control,
      stripe: stripeOf(counters, number),
      failedPackets: failedPackets[number]!,
      queryTap: options.queryTap?.(number),
      swaps: port2,
      handsOn: options.onRequest !== undefined,
      sources: kind === 'udp' ? options.udp[number]! : [],
      streamSources: kind === 'udp' ? [] : options.tcp(),
      dotStripe: stripeOf(counters, members.length),
      dohStripe: stripeOf(counters, members.length + 1),
      encrypted: kind === 'udp' ? undefined : encrypted,
      settings: options.settings,
      guard: options.guard,
      tcpLimits: options.tcpLimits,
    }
    const worker = new Worker(workerUrl(kind === 'udp' ? 'answer-thread-worker' : 'stream-worker'), {
      workerData: setup,
      transferList: [port2],
      name: member.name,
    })
    member.worker = worker
    member.port = port1
    const { onRequest } = options
    if (onRequest !== undefined) {
      port1.on('message', ({ request, message, source }: RequestMessage) => {
        // To the worker that asked: one started in its place knows nothing of the request.
        void onRequest(message, source).then((reply) => {
          if (member.port === port1) send(member, { reply: { request, message: reply } })
        })
      })
    }
    port1.unref()
    if (transfers !== undefined) send(member, { transfers })
    if (latest !== undefined) send(member, latest)
    worker.on('error', (error) => replace(member, worker, `it failed: ${error.message}`))
    worker.on('exit', (code) => replace(member, worker, `it ended with code ${code}`))
  }

  /** Starts another worker in place of `worker`, unless that has happened already. */
  function replace(member: Member, worker: Worker, reason: string): void {
    if (stopping || member.worker !== worker) return
    const lived = performance.now() - member.startedAt
    member.failuresInRow = lived > 10_000 ? 1 : member.failuresInRow + 1
    member.restarts++
    member.port?.close()
    member.worker = undefined
    options.onReplaced(member.name, reason)
    // Not awaited: a thread inside a native call ends when that returns; until then it can only answer from memory that is kept for it.
    void worker.terminate()
    const waitMs = member.failuresInRow === 1 ? 0 : Math.min(100 * 2 ** (member.failuresInRow - 2), RESTART_LAST_MS)
    setTimeout(() => {
      if (!stopping && member.worker === undefined) start(member)
    }, waitMs)
  }

  function watch(): void {
    const now = performance.now()
    for (const member of members) {
      if (member.worker === undefined) continue
      const heartbeat = Atomics.load(control, heartbeatAt(member.number))
      if (heartbeat !== member.heartbeat) {
        member.heartbeat = heartbeat
        member.heardAt = now
        continue
      }
      const limitMs = heartbeat === 0 ? START_MS : SILENT_MS
      if (now - member.heardAt > limitMs) replace(member, member.worker, `it was silent for ${Math.round(now - member.heardAt)} ms`)
    }
  }

  /** Sends a message to one worker, and lets it know. Returns the message's number. */
  function send(
    member: Member,
    content:
      | SwapContent
      | { readonly collect: true }
      | { readonly transfers: TransferContent }
      | Pick<LaterReplyMessage, 'reply'>
      | Pick<CertificateMessage, 'certificate' | 'secrets'>,
  ): number {
    const number = ++messageNumber
    if (!('block' in content)) {
      member.port?.postMessage({ ...content, number })
    } else {
      const countersOffset = content.countersOffset + 8 * policyCounterCells(content.counterShape) * member.number
      member.port?.postMessage({ ...content, number, countersOffset })
    }
    Atomics.store(control, swapAt(member.number), number)
    Atomics.notify(control, swapAt(member.number))
    return number
  }

  /** Resolves true when a worker has acknowledged a message of at least this number (or was started anew with a later one). */
  async function acknowledged(member: Member, number: number): Promise<boolean> {
    const until = performance.now() + SWAP_MS
    while (Atomics.load(control, acknowledgedAt(member.number)) < number) {
      if (stopping || performance.now() > until) return false
      // A worker that does not answer yet reads no memory yet.
      if (Atomics.load(control, CONTROL_OPEN) === 0) return true
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return true
  }

  /** Workers that wait for a message look at the flags again. */
  function wakeAll(): void {
    for (const { number } of members) Atomics.notify(control, swapAt(number))
  }

  for (const member of members) start(member)
  const watchdog = setInterval(watch, WATCH_MS)

  return {
    workers: members.map((member) => ({ name: member.name, kind: member.kind, number: member.number, restarts: () => member.restarts })),
    counters,
    stripes: {
      udp: members.filter(({ kind }) => kind === 'udp').map(({ number }) => number),
      tcp: hasStream ? [members.length - 1] : [],
      dot: hasStream ? [members.length] : [],
      doh: hasStream ? [members.length + 1] : [],
    },
    failedPackets,
    open: () => {
      Atomics.store(control, CONTROL_OPEN, 1)
      Atomics.notify(control, CONTROL_OPEN)
      wakeAll()
    },
    ready: async () => {
      while (!stopping && members.some(({ number }) => Atomics.load(control, readyAt(number)) === 0)) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    swap: async (content) => {
      latest = content
      const sent = members.map((member) => [member, send(member, content)] as const)
      const done = await Promise.all(sent.map(([member, number]) => acknowledged(member, number)))
      return done.every((ok) => ok)
    },
    isPinned: () => members.some(({ number }) => Atomics.load(control, pinnedAt(number)) === 1),
    setTransfers: (content) => {
      transfers = content
      for (const member of members) send(member, { transfers: content })
    },
    setCertificate: (certificate) => {
      if (encrypted === undefined) return
      // Sessions of the certificate before are not resumed, and no secret seals tickets for ever.
      const secrets = makeTlsSecrets()
      encrypted = { ...encrypted, certificate, secrets }
      for (const member of members) if (member.kind === 'tcp') send(member, { certificate, secrets })
    },
    collect: async () => {
      for (const member of members) await acknowledged(member, send(member, { collect: true }))
    },
    stop: async () => {
      stopping = true
      clearInterval(watchdog)
      Atomics.store(control, CONTROL_STOP, 1)
      Atomics.notify(control, CONTROL_OPEN)
      wakeAll()
      const ended = members.map(({ worker }) => {
        if (worker === undefined) return Promise.resolve()
        return new Promise<void>((resolve) => {
          const timer = setTimeout(() => void worker.terminate(), 1000)
          worker.once('exit', () => {
            clearTimeout(timer)
            resolve()
          })
        })
      })
      await Promise.all(ended)
      for (const { port } of members) port?.close()
    },
  }
}
