/** A change of an address's standing or gates → sentences with the evidence, for events and logs. Pure. */
import { STANDINGS } from '../model/standing.ts'
import type { GateReason } from '../score/address-health.ts'
import type { StandingChange } from './rank-keeper.ts'

const REASONS: Readonly<Record<GateReason, string>> = {
  'error-rate': 'error rate surely beyond it',
  latency: 'median latency beyond it',
}

/** One sentence a change. */
export function describeChange(change: StandingChange): readonly string[] {
  const { address, sample } = change
  // A latency that a pause of ours spoilt says nothing about the endpoint.
  const latency = sample.lagged ? '' : `, ${sample.latencyMs.toFixed(1)} ms`
  const evidence = sample.ok ? latency : `, ${sample.failure}: ${sample.detail ?? ''}`
  const sentences: string[] = []
  if (change.from !== change.to)
    sentences.push(`${address} ${STANDINGS[change.from]} → ${STANDINGS[change.to]} (probe ${sample.probeId}${evidence})`)
  for (const { limits, open, reason } of change.gates) {
    const gate = `gate ${limits.maxErrorRatePercent} % / ${limits.maxLatencyMs} ms`
    const why = open ? '' : ` (${reason === undefined ? 'failures in a row' : REASONS[reason]})`
    sentences.push(`${address} ${gate} ${open ? 'open again' : 'closed'}${why}`)
  }
  return sentences
}
