/** The vantages as people see them: who is fresh, what each says, and who sees so much less than the others that it does not count. Pure. */
import type { VantageReport } from '../../../health/model/vantage-report.ts'
import { seesLess, tallyVotes, type Votes } from '../../../health/score/find-isolation.ts'
import type { Vantage } from '../../contract/health-report.ts'
import { type ReportTargets, targetKey } from './report-targets.ts'
import type { FedVantage } from './vantage-desk.ts'

/** What the list is made of. */
export type VantageListInput = {
  readonly fed: readonly { readonly name: string; readonly vantage: FedVantage; readonly report: VantageReport }[]
  readonly nodeReports: readonly VantageReport[]
  /** Nodes that are connected. */
  readonly nodeIds: readonly string[]
  readonly known: ReportTargets['known']
  readonly wallMs: number
}

/** Votes older than this many intervals count no more, as on nodes. */
const FRESH_INTERVALS = 3

/** All of them, nodes first, then by name. */
export function listVantages(input: VantageListInput): readonly Vantage[] {
  const { fed, nodeReports, nodeIds, known, wallMs } = input
  const reports = [...nodeReports, ...fed.map(({ report }) => report)]
  const votes = new Map(reports.map((report) => [report.vantage, freshVotes(report, known, wallMs)]))
  const tally = tallyVotes([...votes.values()])
  const view = (report: VantageReport): Omit<Vantage, 'kind' | 'fresh' | 'accepted' | 'dropped'> => {
    const own = votes.get(report.vantage)!
    return {
      vantage: report.vantage,
      site: report.site,
      newestAt: timeOf(Math.max(0, ...report.addresses.map(({ at }) => at))),
      isolated: report.isolated === true || seesLess(own, tally, own) === true,
      addresses: countAddresses(report),
    }
  }
  const silent = nodeIds.filter((nodeId) => !nodeReports.some(({ vantage }) => vantage === nodeId))
  return [
    ...nodeReports.map((report): Vantage => {
      return { ...view(report), kind: 'node', fresh: nodeIds.includes(report.vantage), accepted: null, dropped: null }
    }),
    // A node that has said nothing as a vantage yet.
    ...silent.map((vantage): Vantage => {
      const addresses = { up: 0, down: 0, silent: 0 }
      return { vantage, kind: 'node', site: '', fresh: true, newestAt: null, isolated: false, addresses, accepted: null, dropped: null }
    }),
    ...fed.map(({ vantage, report }): Vantage => {
      const { accepted = 0, ...dropped } = Object.fromEntries(vantage.counts)
      return { ...view(report), kind: 'api', fresh: isFresh(report, known, wallMs), accepted, dropped }
    }),
  ].sort((a, b) => (a.kind === b.kind ? (a.vantage < b.vantage ? -1 : 1) : a.kind === 'node' ? -1 : 1))
}

/** Votes that count now, about what stands outside the vantage's own site. */
function freshVotes({ site, addresses, at: madeAt }: VantageReport, known: ReportTargets['known'], wallMs: number): Votes {
  const votes = new Map<string, boolean>()
  for (const { endpointId, address, inPlace, at } of addresses) {
    const key = targetKey(endpointId, address)
    const target = known.get(key)
    if (target === undefined || inPlace === null || (site !== '' && target.site === site)) continue
    if (ageMs(at, madeAt, wallMs) <= FRESH_INTERVALS * target.intervalMs) votes.set(key, inPlace)
  }
  return votes
}

/** Whether some sample is young enough to count, wherever its target stands. */
function isFresh({ addresses, at: madeAt }: VantageReport, known: ReportTargets['known'], wallMs: number): boolean {
  return addresses.some(({ endpointId, address, at }) => {
    const target = known.get(targetKey(endpointId, address))
    return target !== undefined && ageMs(at, madeAt, wallMs) <= FRESH_INTERVALS * target.intervalMs
  })
}

/** A node's times are by its own clock: how old a sample was when the report was made, and how old the report is. */
function ageMs(at: number, madeAt: number, wallMs: number): number {
  return madeAt - at + Math.max(0, wallMs - madeAt)
}

function countAddresses({ addresses }: VantageReport): Vantage['addresses'] {
  const counts = { up: 0, down: 0, silent: 0 }
  for (const { inPlace } of addresses) counts[inPlace === null ? 'silent' : inPlace ? 'up' : 'down']++
  return counts
}

function timeOf(at: number): string | null {
  return at > 0 ? new Date(at).toISOString() : null
}
