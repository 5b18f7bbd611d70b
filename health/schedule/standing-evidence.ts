/**
 * What decided a change of standing: the newest samples of the address, the rule of its probe and what its window says. Pure. It goes with
 * the event into the store of control, so it is small: at most 4 kB of JSON, the oldest samples give way.
 */
import type { StandingEvidence } from '../../admin-ui/contract/event.ts'
import type { ProbeSample } from '../model/probe-sample.ts'
import { type AddressHealth, measuresOf } from '../score/address-health.ts'
import { summarizeWindow } from '../score/window.ts'

/** One sample as an event shows it. */
type EvidenceSample = StandingEvidence['samples'][number]

/** Samples shown: more than any usual `fall` or `rise`. */
const SAMPLES = 16
/** Longest text of a sample. */
const DETAIL_CHARACTERS = 160
/** Of the whole, as JSON; leaves room for what the event itself has. */
const LIMIT_BYTES = 3800

/** Evidence of a change that the last of `samples` (of one endpoint, oldest first) made. */
export function standingEvidence(health: AddressHealth, samples: readonly ProbeSample[]): StandingEvidence {
  const own = samples.filter(({ address }) => address === health.address).slice(-SAMPLES)
  const probe = own.at(-1)?.probeId ?? ''
  const track = health.tracks.find(({ spec }) => spec.id === probe)
  const window = track === undefined ? undefined : summarizeWindow(track.window)
  const { errorRatePercent, latencyMs } = measuresOf(health)
  const evidence = {
    address: health.address,
    probe,
    fall: track?.spec.fall ?? null,
    rise: track?.spec.rise ?? null,
    window:
      window === undefined || window.sampleCount === 0
        ? null
        : {
            samples: window.sampleCount,
            failures: window.failureCount,
            errorRatePercent: rounded(errorRatePercent),
            latencyMs: rounded(latencyMs),
          },
  }
  const shown = own.map(showSample)
  while (shown.length > 1 && sizeOf({ ...evidence, samples: shown }) > LIMIT_BYTES) shown.shift()
  return { ...evidence, samples: shown }
}

function showSample({ startedAt, probeId, ok, latencyMs, failure, detail, lagged }: ProbeSample): EvidenceSample {
  return {
    at: new Date(startedAt).toISOString(),
    probe: probeId,
    ok,
    latencyMs: rounded(latencyMs) ?? 0,
    ...(failure === undefined ? {} : { failure }),
    ...(detail === undefined || detail === '' ? {} : { detail: detail.slice(0, DETAIL_CHARACTERS) }),
    ...(lagged ? { lagged: true } : {}),
  }
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 10) / 10 : null
}

function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}
