/**
 * One probe with its time limit: whatever the kind does, a sample comes out, at the latest when the time is over. What says nothing about
 * the endpoint (no route from here, our resolver silent, no descriptors left) is marked as unmeasurable.
 */
import { isIP } from 'node:net'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { type OwnSocket, whyForbidden } from './allowed-target.ts'
import { findTargetAddress } from './find-target-address.ts'
import { hasRoute } from './has-route.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeOutcome } from './probe-kind.ts'
import { PROBE_KINDS } from './probe-registry.ts'

/** What is measured. */
export type ProbeTarget = {
  readonly endpointId: string
  /** IPv4, IPv6 or (target endpoints) a host name, resolved anew for each probe. */
  readonly address: string
  readonly probe: ProbeSpec
}

/** The clocks. */
export type ProbeClocks = {
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  /** Largest lag of the event loop since a moment, ms. */
  readonly lagSinceMs: (sinceMs: number) => number
}

/** Lag beyond this spoils a measured time: it would be our slowness, not the endpoint's. */
const LAG_LIMIT_MS = 15

/** Measures once. Never rejects. */
export async function runProbe(
  target: ProbeTarget,
  generation: number,
  own: readonly OwnSocket[],
  clocks: ProbeClocks,
): Promise<ProbeSample> {
  const { probe, endpointId, address } = target
  const startedAt = clocks.wallMs()
  const startedMs = clocks.monotonicMs()
  const outcome = await measureInTime(probe, address, own, clocks)
  const endedMs = clocks.monotonicMs()
  return {
    generation,
    endpointId,
    address,
    probeId: probe.id,
    startedAt,
    endedMonotonicMs: endedMs,
    latencyMs: endedMs - startedMs,
    lagged: clocks.lagSinceMs(startedMs) > LAG_LIMIT_MS,
    ...outcome,
  }
}

/** The race against the limit: a kind that does not heed its signal is left alone with it. */
async function measureInTime(probe: ProbeSpec, address: string, own: readonly OwnSocket[], clocks: ProbeClocks): Promise<ProbeOutcome> {
  const controller = new AbortController()
  const progress = { resolving: isIP(address) === 0 }
  let timer: NodeJS.Timeout | undefined
  try {
    const limit = new Promise<ProbeOutcome>((resolve) => {
      timer = setTimeout(() => {
        const late = { ok: false, failure: 'timeout', detail: `no result within ${probe.timeoutMs} ms` } as const
        resolve(progress.resolving ? { ...late, unmeasurable: true, detail: `our resolver did not answer for ${address}` } : late)
        controller.abort()
      }, probe.timeoutMs)
    })
    return await Promise.race([measure(probe, address, controller.signal, own, clocks, progress), limit])
  } catch (error) {
    return { ok: false, ...failureOf(error, controller.signal.aborted) }
  } finally {
    clearTimeout(timer)
  }
}

async function measure(
  probe: ProbeSpec,
  address: string,
  signal: AbortSignal,
  own: readonly OwnSocket[],
  clocks: ProbeClocks,
  progress: { resolving: boolean },
): Promise<ProbeOutcome> {
  let pinned = address
  let spec = probe
  if (progress.resolving) {
    const name = address.replace(/\.$/, '')
    pinned = await findTargetAddress(name, signal)
    progress.resolving = false
    if (spec.host === '') spec = { ...spec, host: name }
  }
  const reason = whyForbidden(pinned, probe.port, own)
  if (reason !== undefined) return { ok: false, failure: 'internal', detail: reason }
  const outcome = await PROBE_KINDS[probe.kind](spec, pinned, signal, clocks.monotonicMs)
  if (outcome.failure === 'unreachable' && !(await hasRoute(pinned)))
    return { ...outcome, unmeasurable: true, detail: `no route from here: ${outcome.detail}` }
  return outcome
}
