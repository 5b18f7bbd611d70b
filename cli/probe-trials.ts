/** Probes tried by hand on this process's clocks: the port of the API to health. Shell. */
import type { ProbeTrial } from '../admin-ui/contract/probe-trial.ts'
import type { RankEndpoint } from '../health/model/rank-plan.ts'
import type { OwnSocket } from '../health/probe/allowed-target.ts'
import { createLagRecord, LAG_TICK_MS, lagSince, takeTick } from '../health/probe/event-loop-lag.ts'
import { tryProbes } from '../health/probe/try-probes.ts'

/** The port. The lag of this event loop is watched while something is tried. */
export function createProbeTrials(
  own: readonly OwnSocket[],
  scriptFolder: string | undefined,
): (endpoint: RankEndpoint) => Promise<readonly ProbeTrial[]> {
  return async (endpoint) => {
    const lag = createLagRecord(performance.now())
    const ticks = setInterval(() => takeTick(lag, performance.now()), LAG_TICK_MS)
    try {
      return await tryProbes(endpoint, {
        monotonicMs: () => performance.now(),
        wallMs: Date.now,
        lagSinceMs: (sinceMs) => lagSince(lag, sinceMs, performance.now()),
        own,
        scriptFolder,
      })
    } finally {
      clearInterval(ticks)
    }
  }
}
