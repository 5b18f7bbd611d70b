/** One probe with its time limit: whatever the kind does, a sample comes out, at the latest when the time is over. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { type OwnSocket, whyForbidden } from './allowed-target.ts'
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
  readonly wallMs: () => number /** Largest lag of the event loop since a moment, ms. */
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
  const controller = new AbortController()
  let outcome: ProbeOutcome
  let timer: NodeJS.Timeout | undefined
  try {
    const limit = new Promise<ProbeOutcome>((resolve) => {
      timer = setTimeout(() => {
        controller.abort()
        resolve({ ok: false, failure: 'timeout', detail: `no result within ${probe.timeoutMs} ms` })
      }, probe.timeoutMs)
    })
    outcome = await Promise.race([measure(probe, address, controller.signal, own, clocks), limit])
  } catch (error) {
    outcome = { ok: false, ...failureOf(error, controller.signal.aborted) }
  } finally {
    clearTimeout(timer)
  }
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

async function measure(
  probe: ProbeSpec,
  address: string,
  signal: AbortSignal,
  own: readonly OwnSocket[],
  clocks: ProbeClocks,
): Promise<ProbeOutcome> {
  let pinned = address
  let spec = probe
  if (isIP(address) === 0) {
    pinned = (await lookup(address.replace(/\.$/, ''))).address
    if (spec.host === '') spec = { ...spec, host: address.replace(/\.$/, '') }
  }
  const reason = whyForbidden(pinned, probe.port, own)
  if (reason !== undefined) return { ok: false, failure: 'internal', detail: reason }
  return await PROBE_KINDS[probe.kind](spec, pinned, signal, clocks.monotonicMs)
}
