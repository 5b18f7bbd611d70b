/** Health of this process (health/schedule) behind the port that the data plane needs. Shell. */

import type { StandingEvidence } from '../../admin-ui/contract/event.ts'
import type { HealthMessage } from '../../cluster/fleet-transport.ts'
import type { VantageReport } from '../../health/model/vantage-report.ts'
import type { OwnSocket } from '../../health/probe/allowed-target.ts'
import { type HealthRuntime, startHealth } from '../../health/schedule/health-runtime.ts'
import type { ProcessLog } from '../process-log.ts'
import type { HealthSource } from './data-plane.ts'

/** Options of the health of a process. */
export type NodeHealthOptions = {
  /** File of the kept standings; undefined = none is kept. */
  readonly statePath: string | undefined
  /** Name of this node as a vantage. */
  readonly vantage: string
  /** Data centre that it stands in; empty = none. */
  readonly site?: string
  /** Sockets of ours that must not be probed. */
  readonly own: readonly OwnSocket[]
  /** Folder of script probes; absent = they are off. */
  readonly scriptFolder?: string | undefined
  readonly log: ProcessLog
  /** What this node says to the other vantages, at each ranking; absent = nobody asks. */
  readonly onReport?: ((report: VantageReport) => void) | undefined
  /** This node is cut off, or is so no more. */
  readonly onIsolation?: ((isolated: boolean, detail: string) => void) | undefined
  readonly onStanding: (subject: string, detail: string, evidence: StandingEvidence) => void
  readonly onWorkerReplaced: (name: string, reason: string) => void
}

/** Starts it. */
export function startNodeHealth(options: NodeHealthOptions): HealthSource & HealthRuntime {
  const { log } = options
  return startHealth({
    statePath: options.statePath,
    own: options.own,
    scriptFolder: options.scriptFolder,
    identity: { vantage: options.vantage, site: options.site ?? '' },
    onReport: options.onReport,
    onIsolation: options.onIsolation,
    onStanding: options.onStanding,
    onWarning: (message) => log.warn({ vantage: options.vantage }, message),
    onWorkerReplaced: options.onWorkerReplaced,
  })
}

/** Hands what control tells of endpoints to the health of this process. */
export function takeHealth(health: Pick<HealthRuntime, 'takePushes' | 'takeLoads' | 'takeReports'>, message: HealthMessage): void {
  if (message.type === 'pushes') health.takePushes(message.pushes)
  else if (message.type === 'loads') health.takeLoads(message.loads)
  else health.takeReports(message.reports)
}
