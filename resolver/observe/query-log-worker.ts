/** Worker entry: the thread of the query log. Opens where it goes, drains the rings some fifty times a second, ends the stream in order. Shell. */
import { fstatSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openLogFile } from './query-log-file.ts'
import type { QueryLogNames } from './query-log-line.ts'
import type { LogSink, SinkEvents } from './query-log-sink.ts'
import { openLogPipe, openLogSocket } from './query-log-stream.ts'
import { createQueryLogWriter, fileFraming, type QueryLogSettings } from './query-log-writer.ts'

/** `workerData` of the log's thread. */
export type QueryLogWorkerSetup = {
  readonly settings: QueryLogSettings
  /** [queries written, queries lost on their way out]. */
  readonly counts: Float64Array
  /** What there is already: this thread may take the place of one that failed. */
  readonly rings: readonly (readonly [worker: number, ring: SharedArrayBuffer])[]
  readonly names: QueryLogNames | undefined
}

/** What the main thread sends. */
export type QueryLogCommand =
  | { readonly ring: readonly [worker: number, ring: SharedArrayBuffer] }
  | { readonly names: QueryLogNames }
  | { readonly reopen: true }
  | { readonly stop: true }

/** What it is told. */
export type QueryLogReport = { readonly problem: string; readonly recovered: boolean }

/** Pause when nothing waits: half of what a ring holds at full load. */
const IDLE_MS = 20
/** Turns at the end, so that a worker that still wrote cannot keep the log from ending. */
const LAST_TURNS = 64
const STDOUT = 1

const setup = workerData as QueryLogWorkerSetup
const { settings, counts } = setup
const port = parentPort!

const events: SinkEvents = {
  written: (count) => {
    counts[0]! += count
  },
  lost: (count) => {
    counts[1]! += count
  },
  problem: (problem, recovered) => port.postMessage({ problem, recovered } satisfies QueryLogReport),
}

function openSink(): LogSink {
  const { format, to, maxBytes, keep } = settings
  if (to.startsWith('unix:')) return openLogSocket(to.slice('unix:'.length), format === 'dnstap' ? 'both' : 'none', events)
  const isOutput = to === '-'
  if (isOutput) {
    const stat = fstatSync(STDOUT)
    if (stat.isFIFO() || stat.isSocket()) return openLogPipe(STDOUT, format === 'dnstap' ? 'start' : 'none', events)
  }
  // Standard output that is a file or a terminal is never rotated: it is not ours.
  return openLogFile(
    {
      ...fileFraming(format),
      path: isOutput ? `/dev/fd/${STDOUT}` : to,
      maxBytes: isOutput ? 0 : maxBytes,
      keep,
      isFresh: !isOutput && format === 'dnstap',
    },
    events,
  )
}

const sink = openSink()
const writer = createQueryLogWriter(settings, sink)
for (const [worker, ring] of setup.rings) writer.addRing(worker, ring)
if (setup.names !== undefined) writer.addNames(setup.names)
let stopping = false

port.on('message', (command: QueryLogCommand) => {
  if ('ring' in command) writer.addRing(...command.ring)
  else if ('names' in command) writer.addNames(command.names)
  else if ('reopen' in command) sink.reopen()
  else stopping = true
})

while (!stopping) {
  sink.tick(performance.now())
  const more = writer.drain()
  await new Promise<void>((resolve) => (more ? setImmediate(resolve) : setTimeout(resolve, IDLE_MS)))
}
for (let turn = 0; turn < LAST_TURNS && writer.drain(); turn++) await new Promise<void>((resolve) => setImmediate(resolve))
// What the sink would not take any more is lost, and counted.
events.lost(writer.discard())
await sink.close()
port.close()
