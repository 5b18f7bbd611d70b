/**
 * The query log of a node (docs/query-log.md), seen from the main thread: starts its thread, hands out the rings of the answering workers,
 * passes on names and signals, counts. Shell.
 *
 *   answering workers ─ ring each (query-log-ring.ts) ─► the log's thread (query-log-worker.ts) ─► file · unix socket · standard output
 */
import { closeSync, openSync, statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { nodeName } from '../zone/zone-rows.ts'
import type { QueryLogNames } from './query-log-line.ts'
import { createQueryRing, type QueryTapSetup, ringDropped } from './query-log-ring.ts'
import type { QueryLogCommand, QueryLogReport, QueryLogWorkerSetup } from './query-log-worker.ts'
import type { QueryLogSettings } from './query-log-writer.ts'

/** Longest path of a unix socket (sockaddr_un without its final zero). */
const MAX_SOCKET_PATH_BYTES = 107
/** Longest wait for the thread to end its stream. */
const STOP_MS = 2000
const RESTART_MS = 1000

/** A place the log cannot go to; code and remedy as in docs/errors.md. */
export class QueryLogError extends Error {
  /** Key in docs/errors.md. */
  readonly code: string = 'SETTINGS_QUERY_LOG'
  /** What to do about it. */
  readonly suggestion: string

  constructor(message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.suggestion = suggestion
  }
}

/** Checks that the log can go where it is sent. Throws QueryLogError; an absent reader of a socket is no error. */
export function checkQueryLogTarget(to: string): void {
  if (to === '-') return
  if (to.startsWith('unix:')) {
    const path = to.slice('unix:'.length)
    if (path === '' || Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
      throw new QueryLogError(`"${to}" is no path of a unix socket (1–${MAX_SOCKET_PATH_BYTES} bytes)`, 'choose a shorter path')
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && !stat.isSocket())
      throw new QueryLogError(`"${path}" is not a socket`, 'name the socket that the reader listens on, or a file without "unix:"')
    return
  }
  const stat = statSync(to, { throwIfNoEntry: false })
  // Opening a pipe for writing waits for its reader.
  if (stat !== undefined && !stat.isFile() && !stat.isCharacterDevice())
    throw new QueryLogError(`the query log "${to}" is not a file`, 'name a file, unix:PATH or -')
  try {
    closeSync(openSync(to, 'a', 0o640))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new QueryLogError(`the query log "${to}" cannot be written (${code})`, 'correct the path of --query-log-to or its permissions', {
      cause,
    })
  }
}

/** A running query log. */
export type QueryLog = {
  /** What worker `number` is told; the same ring for the worker that takes its place. */
  readonly tapSetup: (number: number) => QueryTapSetup
  /** Names of the generation that is answered from now. */
  readonly use: (snapshot: Snapshot) => void
  /** Opens the file anew. */
  readonly reopen: () => void
  /** Queries handed over, and lost: by full rings, and on the way out. */
  readonly counts: () => { readonly written: number; readonly droppedByRings: number; readonly lost: number }
  /** Writes what waits and ends the stream; called when the workers have stopped. */
  readonly stop: () => Promise<void>
}

/** What becomes of the thread, for the process log. */
export type QueryLogEvents = {
  readonly onProblem: (message: string, recovered: boolean) => void
  readonly onReplaced: (name: string, reason: string) => void
}

/** Starts the log's thread. Throws QueryLogError. */
export function startQueryLog(settings: QueryLogSettings, events: QueryLogEvents): QueryLog {
  checkQueryLogTarget(settings.to)
  const url = new URL(`./query-log-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  const counts = new Float64Array(new SharedArrayBuffer(16))
  const rings = new Map<number, SharedArrayBuffer>()
  let names: QueryLogNames | undefined
  let stopping = false
  let worker = start()

  function start(): Worker {
    const setup: QueryLogWorkerSetup = { settings, counts, rings: [...rings], names }
    const started = new Worker(url, { workerData: setup, name: 'query-log' })
    // A process whose start fails behind this ends all the same.
    started.unref()
    started.on('message', ({ problem, recovered }: QueryLogReport) => events.onProblem(problem, recovered))
    let reason = ''
    started.on('error', (error) => {
      reason = `it failed: ${error.message}`
    })
    started.on('exit', (code) => {
      if (stopping) return
      events.onReplaced('query-log', reason || `it ended with code ${code}`)
      setTimeout(() => {
        if (!stopping) worker = start()
      }, RESTART_MS).unref()
    })
    return started
  }

  const send = (command: QueryLogCommand): void => worker.postMessage(command)
  return {
    tapSetup: (number) => {
      let ring = rings.get(number)
      if (ring === undefined) {
        ring = createQueryRing()
        rings.set(number, ring)
        send({ ring: [number, ring] })
      }
      return { ring, sampleEvery: settings.sampleEvery, copyQueries: settings.logQueries, copyResponses: settings.logResponses }
    },
    use: (snapshot) => {
      names = namesOf(snapshot, settings.format === 'dnstap')
      send({ names })
    },
    reopen: () => send({ reopen: true }),
    counts: () => {
      let droppedByRings = 0
      for (const ring of rings.values()) droppedByRings += ringDropped(ring)
      return { written: counts[0]!, droppedByRings, lost: counts[1]! }
    },
    stop: async () => {
      stopping = true
      // It ended by itself a moment ago and is not started again.
      if (worker.threadId < 0) return
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      send({ stop: true })
      const timer = setTimeout(() => void worker.terminate(), STOP_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Names of a generation. Zones only for dnstap, which names them. */
function namesOf({ generation, meta, zones }: Snapshot, withZones: boolean): QueryLogNames {
  const { policies, ruleLines } = meta.names
  const apexes = withZones ? Array.from(zones.zoneApex, (node) => nodeName(zones, node).slice()) : []
  return { generation, policies, ruleLines, zones: apexes }
}
