/** Worker entry: the stream worker. Owns TCP (later DoT, DoH, transfers): event driven, so that slow peers never touch the UDP threads. Shell. */
import { workerData } from 'node:worker_threads'
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
import { createAnswerer, createCountingDesk } from './create-answerer.ts'
import { createPolicyCounters, createSwapTaker } from './take-swaps.ts'
import { createTcpListener } from './tcp-listener.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** How often flags are looked at: bounds how late a swap or a stop is seen. */
const TURN_MS = 25

const setup = workerData as WorkerSetup
const { control, worker } = setup
const live = createLiveState()
const counters = createPolicyCounters()
const desk = createCountingDesk(setup.stripe)
const takeSwaps = createSwapTaker(setup.swaps, live, counters, desk.use)
const answerer = createAnswerer(setup.settings, counters, desk)
const listener = createTcpListener({
  limits: setup.tcpLimits,
  live,
  answerer,
  stripe: setup.stripe,
  failedPackets: setup.failedPackets,
  tap: setup.queryTap === undefined ? undefined : createQueryTap(setup.queryTap, answerer.note),
  nowMs: () => performance.now(),
  transfers: desk,
})

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TURN_MS))
const flag = (at: number): number => Atomics.load(control, at)

let swapSeen = 0
function takeNewest(): void {
  Atomics.add(control, heartbeatAt(worker), 1)
  if (flag(swapAt(worker)) === swapSeen) return
  const left = live.tables
  const taken = takeSwaps()
  if (taken === 0) return
  swapSeen = taken
  // A transfer that runs goes on reading the generation that it began with.
  Atomics.store(control, pinnedAt(worker), left !== live.tables && listener.isReading(left) ? 1 : 0)
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
for (const source of setup.sources) await listener.listen(source)
Atomics.store(control, readyAt(worker), 1)
let sweptAt = performance.now()
while (flag(CONTROL_STOP) === 0) {
  takeNewest()
  if (performance.now() - sweptAt >= 1000) {
    sweptAt = performance.now()
    listener.sweep()
  }
  await turn()
}
await listener.close()
setup.swaps.close()
