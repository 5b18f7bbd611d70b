/** Who is probed when: targets of a plan, and the moment of the next probe. Pure; chance is a parameter. */
import type { IsolationReference, ProbeSpec, RankPlan } from '../model/rank-plan.ts'

/** What the prober needs of a plan: its pools are no matter of probing, and the larger part of what is posted. */
export type ProbePlan = Pick<RankPlan, 'generation' | 'endpoints' | 'references'>

/** That part of a plan. */
export function probePlanOf({ generation, endpoints, references }: RankPlan): ProbePlan {
  return { generation, endpoints, references }
}

/** One address and one of its probes. */
export type PlannedProbe = { readonly key: string; readonly endpointId: string; readonly address: string; readonly probe: ProbeSpec }

/** Addresses of an endpoint as ranking numbers them: IPv4 or target, then IPv6; "" = none. */
export function addressesOfEndpoint(endpoint: RankPlan['endpoints'][number]): readonly [string, string] {
  return [endpoint.ipv4 || endpoint.target, endpoint.ipv6]
}

/** Identity of an address with its probes: equal keys carry their health over a publish. */
export function healthKey(endpointId: string, address: string, probes: readonly ProbeSpec[]): string {
  return JSON.stringify([endpointId, address, probes])
}

/** The probes that measure an address of an endpoint; those of the other family alone do not. A target's address is found when probing. */
export function probesOfAddress({ target, probes }: RankPlan['endpoints'][number], address: string): readonly ProbeSpec[] {
  if (target !== '') return probes
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  return probes.filter((probe) => (probe.families ?? family) === family)
}

/** Every probe that the plan asks for. Disabled endpoints are not probed. */
export function planProbes(plan: Omit<ProbePlan, 'generation'>): readonly PlannedProbe[] {
  const planned: PlannedProbe[] = []
  for (const endpoint of plan.endpoints) {
    if (!endpoint.enabled) continue
    for (const address of addressesOfEndpoint(endpoint)) {
      if (address === '') continue
      // The whole list is part of the key: where one probe changed, the address begins anew and wants all of its first results now.
      const probes = probesOfAddress(endpoint, address)
      const key = healthKey(endpoint.id, address, probes)
      for (const probe of probes) planned.push({ key: `${key} ${probe.id}`, endpointId: endpoint.id, address, probe })
    }
  }
  const endpointProbes = planned.map(({ probe }) => probe)
  for (const reference of plan.references) {
    const key = referenceKey(reference)
    const probe = referenceProbe(reference, endpointProbes)
    planned.push({ key: `${key} ${probe.intervalMs}`, endpointId: key, address: reference.address, probe })
  }
  return planned
}

/** Begins the endpoint id of samples of references. */
export const REFERENCE_PREFIX = 'reference:'

/** Stands for an endpoint id in the samples of a reference; no id of a document looks like it. */
export function referenceKey({ address, port }: IsolationReference): string {
  return `${REFERENCE_PREFIX}${address} ${port}`
}

/** Shortest and longest interval of a reference. */
const REFERENCE_INTERVALS_MS = [500, 5000] as const

/** A connection, twice as often as the quickest probe: a loss of an endpoint waits for a reference that is reached. */
function referenceProbe({ port }: IsolationReference, endpointProbes: readonly ProbeSpec[]): ProbeSpec {
  const quickestMs = Math.min(...endpointProbes.map(({ intervalMs }) => intervalMs))
  const [least, most] = REFERENCE_INTERVALS_MS
  const intervalMs = Math.max(least, Math.min(most, Math.round(quickestMs / 2)))
  return {
    id: 'reference',
    kind: 'tcp',
    port,
    path: '/',
    expectStatus: [],
    intervalMs,
    timeoutMs: Math.min(1000, intervalMs - 1),
    retryIntervalMs: intervalMs,
    fall: 1,
    rise: 1,
    windowSeconds: 300,
    required: false,
    host: '',
    sni: '',
    method: 'GET',
    headers: {},
    match: '',
    redirects: false,
    certificate: 'verify',
  }
}

/** Share by which an interval may be shortened, so that many targets do not beat in step. */
const JITTER_SHARE = 0.1

/**
 * Time from a target's very first probe to its second: anything up to the interval. All targets of a plan begin within a moment; without
 * this they would go on in step for many rounds.
 */
export function secondDelayMs(probe: ProbeSpec, chance: number): number {
  return probe.intervalMs * (1 - chance)
}

/** Time from the start of one probe to the start of the next; `chance` is 0–1. After a first failure the retry interval counts. */
export function nextDelayMs(probe: ProbeSpec, failuresInRow: number, chance: number): number {
  const base = failuresInRow > 0 && failuresInRow < probe.fall ? probe.retryIntervalMs : probe.intervalMs
  return base * (1 - JITTER_SHARE * chance)
}
