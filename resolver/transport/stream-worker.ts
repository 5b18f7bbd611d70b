/** Worker entry: the stream worker. Owns TCP, DNS over TLS and HTTPS, and transfers: event driven, so that slow peers never touch the UDP threads. Shell. */
import { randomBytes } from 'node:crypto'
import { workerData } from 'node:worker_threads'
import { COUNT_CONNECTIONS } from '../observe/counters.ts'
import { createQueryTap } from '../observe/query-log-ring.ts'
import {
  acknowledgedAt,
  CONTROL_OPEN,
  CONTROL_STOP,
  createLiveState,
  heartbeatAt,
  pinnedAt,
  readyAt,
  swapAt,
} from '../snapshot/live-state.ts'
import type { Certificate, TlsSecrets } from './certificate.ts'
import { createConnectionTable } from './connection-table.ts'
import { createAnswerer, createCountingDesk } from './create-answerer.ts'
import { createDohListener } from './doh-listener.ts'
import { createHandshakeLimit } from './handshake-limit.ts'
import { createRequestForwarder } from './request-forwarder.ts'
import { createStreamDesk, STREAM_DOH, STREAM_DOT, STREAM_TCP, type StreamTransport } from './stream-desk.ts'
import { createPolicyCounters, createSwapTaker } from './take-swaps.ts'
import { createTcpListener } from './tcp-listener.ts'
import { createTlsListener } from './tls-listener.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** Longest time between two looks at the flags; a message ends it at once. The watchdog wants to hear of the worker more often than a second. */
const TURN_MS = 250
/** The same when the flag of a message was seen before the message itself. */
const TURN_FOR_MESSAGE_MS = 1

const setup = workerData as WorkerSetup
const { control, worker } = setup
const live = createLiveState()
const counters = createPolicyCounters()
const requests = createRequestForwarder(setup.swaps)
const desk = createCountingDesk(setup.stripe, setup.handsOn ? () => false : undefined)
let { encrypted } = setup
const listeners: { use(certificate: Certificate, secrets: TlsSecrets): void; close(): Promise<void> }[] = []
const takeCertificate = (certificate: Certificate, secrets: TlsSecrets): void => {
  if (encrypted !== undefined) encrypted = { ...encrypted, certificate, secrets }
  for (const listener of listeners) listener.use(certificate, secrets)
}
const takeSwaps = createSwapTaker(setup.swaps, live, counters, desk.use, takeCertificate, requests.take)
const answerer = createAnswerer(setup, counters, desk)
const { tcpLimits: limits, stripe, dotStripe, dohStripe } = setup
const nowMs = (): number => performance.now()
const table = createConnectionTable({ limits, nowMs })
const stripes: Readonly<Record<StreamTransport, Float64Array>> = { [STREAM_TCP]: stripe, [STREAM_DOT]: dotStripe, [STREAM_DOH]: dohStripe }
const streamDesk = createStreamDesk({
  ...{ live, answerer, transfers: desk, failedPackets: setup.failedPackets, stripeOf: (transport) => stripes[transport] },
  later: setup.handsOn ? (message, asker) => requests.forwardStream(message, asker.source) : undefined,
  tap: setup.queryTap === undefined ? undefined : createQueryTap(setup.queryTap, answerer.note),
})
const tcp = createTcpListener({ limits, table, desk: streamDesk, stripe })

/** Opens what this worker was given. */
async function listen(): Promise<void> {
  // A worker that was replaced took its connections with it.
  for (const cells of [stripe, dotStripe, dohStripe]) cells[COUNT_CONNECTIONS] = 0
  const { streamSources } = setup
  for (const source of streamSources) if (source.kind === 'tcp') await tcp.listen(source)
  if (encrypted === undefined) return
  const { certificate, secrets, dohPath: path } = encrypted
  const hashKeys = new Uint32Array(new Uint8Array(randomBytes(16)).buffer)
  const handshakeLimit = createHandshakeLimit({ limits, nowMs, hashKeys })
  const dot = createTlsListener({ table, handshakeLimit, stripe: dotStripe, certificate, secrets, serve: tcp.serveTls })
  const doh = createDohListener({ limits, table, handshakeLimit, desk: streamDesk, stripe: dohStripe, certificate, secrets, path })
  listeners.push(dot, doh)
  for (const source of streamSources) if (source.kind !== 'tcp') await (source.kind === 'dot' ? dot : doh).listen(source)
}

const flag = (at: number): number => Atomics.load(control, at)

let swapSeen = 0
let wake = (): void => undefined
let isArmed = false

/** Waits for a message or a stop. The timer is what keeps the worker alive: a wait on shared memory does not. */
function turn(): Promise<void> {
  const isQuiet = flag(swapAt(worker)) === swapSeen
  if (isQuiet && !isArmed) {
    const waiting = Atomics.waitAsync(control, swapAt(worker), swapSeen)
    isArmed = waiting.async
    if (waiting.async) {
      void waiting.value.then(() => {
        isArmed = false
        wake()
      })
    }
  }
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, isQuiet && isArmed ? TURN_MS : TURN_FOR_MESSAGE_MS)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

function takeNewest(): void {
  Atomics.add(control, heartbeatAt(worker), 1)
  if (flag(swapAt(worker)) === swapSeen) return
  const left = live.tables
  const taken = takeSwaps()
  if (taken === 0) return
  swapSeen = taken
  // A transfer that runs goes on reading the generation that it began with.
  Atomics.store(control, pinnedAt(worker), left !== live.tables && tcp.isReading(left) ? 1 : 0)
  Atomics.store(control, acknowledgedAt(worker), taken)
}

while (flag(CONTROL_OPEN) === 0 && flag(CONTROL_STOP) === 0) {
  Atomics.add(control, heartbeatAt(worker), 1)
  await turn()
}
do {
  takeNewest()
  if (live.tables === undefined && flag(swapAt(worker)) !== 0) await turn()
} while (live.tables === undefined && flag(swapAt(worker)) !== 0 && flag(CONTROL_STOP) === 0)
await listen()
Atomics.store(control, readyAt(worker), 1)
let sweptAt = performance.now()
while (flag(CONTROL_STOP) === 0) {
  takeNewest()
  if (performance.now() - sweptAt >= 1000) {
    sweptAt = performance.now()
    table.sweep()
  }
  await turn()
}
for (const listener of [tcp, ...listeners]) await listener.close()
setup.swaps.close()
