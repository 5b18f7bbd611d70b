/** The desks of what is told of endpoints from outside, joined with the fleet: what they take goes to nodes, what nodes say comes to them. */
import type { FiguresMessage, FleetHub } from '../../../cluster/fleet-transport.ts'
import type { Config } from '../../../policy/config/config-schema.ts'
import { PushDesk } from './push-desk.ts'
import { cacheTargets, type ReportTargets } from './report-targets.ts'
import { VantageDesk } from './vantage-desk.ts'

/** What they work with. */
export type ReportDesksParts = {
  readonly hub: Pick<FleetHub, 'nodes' | 'tellHealth' | 'onHealthWanted' | 'onVantageReport'>
  readonly live: () => { readonly generation: { readonly number: number }; readonly config: Config | undefined } | undefined
  /** Wall clock, ms since epoch. */
  readonly now: () => number
  /** Monotonic clock, ms. */
  readonly monotonicMs: () => number
  readonly setTimer: (callback: () => void, delayMs: number) => void
}

/** The desks. */
export type ReportDesks = { readonly targets: () => ReportTargets; readonly pushes: PushDesk; readonly vantages: VantageDesk }

/** Opens them. */
export function openReportDesks({ hub, live, now, monotonicMs, setTimer }: ReportDesksParts): ReportDesks {
  const targets = cacheTargets(live)
  const tell = hub.tellHealth
  const pushes = new PushDesk({ targets, tell, now })
  const vantages = new VantageDesk({
    targets,
    nodeIds: () => hub.nodes().map(({ nodeId }) => nodeId),
    pushSaysNo: (target) => pushes.saysNo(target),
    tell,
    now,
    monotonicMs,
    setTimer,
  })
  hub.onVantageReport((report) => vantages.takeNodeReport(report))
  hub.onHealthWanted(() => [...pushes.newest(), ...vantages.newest()])
  return { targets, pushes, vantages }
}

/** Figures of the desks for the metrics port. */
export function reportFigures({ pushes, vantages }: ReportDesks, wallMs: number): FiguresMessage['rows'] {
  const rows = (counts: ReadonlyMap<string, number>) => [...counts].map(([outcome, value]) => ({ labels: { outcome }, value }))
  return {
    nearcast_push_reports_total: rows(pushes.counts()),
    nearcast_vantage_samples_total: rows(vantages.counts()),
    nearcast_vantage_sample_age_seconds: vantages.fed().flatMap(({ name, report }) => {
      const newestAt = Math.max(0, ...report.addresses.map(({ at }) => at))
      return newestAt === 0 ? [] : [{ labels: { vantage: name }, value: Math.max(0, (wallMs - newestAt) / 1000) }]
    }),
  }
}
