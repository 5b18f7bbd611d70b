/** Probes tried by hand, for people: the same measuring as the prober's, with what was shown and said. Nothing of it counts. */
import type { ProbeTrial } from '../../admin-ui/contract/probe-trial.ts'
import type { ProbeSpec, RankEndpoint } from '../model/rank-plan.ts'
import { addressesOfEndpoint, probesOfAddress } from '../schedule/probe-plan.ts'
import type { ProbeDetails } from './probe-kind.ts'
import { type ProbeWorld, runProbe } from './run-probe.ts'

/** Tries each probe of the endpoint on each of its addresses, all at once. A disabled endpoint is tried as well. */
export function tryProbes(endpoint: RankEndpoint, world: ProbeWorld): Promise<readonly ProbeTrial[]> {
  const trials: Promise<ProbeTrial>[] = []
  for (const address of addressesOfEndpoint(endpoint)) {
    if (address === '') continue
    for (const probe of probesOfAddress(endpoint, address)) trials.push(tryProbe(endpoint.id, address, probe, world))
  }
  return Promise.all(trials)
}

/** Tries one probe on one address. */
export async function tryProbe(endpointId: string, address: string, probe: ProbeSpec, world: ProbeWorld): Promise<ProbeTrial> {
  const details: ProbeDetails = {}
  const sample = await runProbe({ endpointId, address, probe }, 0, world, { details })
  const times = {
    latencyMs: sample?.latencyMs ?? null,
    connectMs: sample?.connectMs ?? null,
    tlsMs: sample?.tlsMs ?? null,
    firstByteMs: sample?.firstByteMs ?? null,
  }
  return {
    probe: probe.id,
    kind: probe.kind,
    address,
    ok: sample === undefined || sample.unmeasurable ? null : sample.ok,
    failure: sample?.failure ?? null,
    detail: sample === undefined ? 'nothing is sent: reports come by POST /api/v1/health/push' : (sample.detail ?? ''),
    ...times,
    lagged: sample?.lagged ?? false,
    certificateDays: sample?.certificateDays ?? null,
    certificate: details.certificate ?? null,
    status: details.status ?? null,
    text: details.text ?? null,
  }
}
