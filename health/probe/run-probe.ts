/**
 * One probe with its time limit: whatever the kind does, a sample comes out, at the latest when the time is over. What says nothing about
 * the endpoint (no route from here, our resolver silent, no descriptors left) is marked as unmeasurable. When our own event loop stood
 * still, the limit is put off by as long: an answer that lay in the socket meanwhile was no timeout.
 */
import { isIP } from 'node:net'
import type { ProbeSample } from '../model/probe-sample.ts'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { type OwnSocket, whyForbidden } from './allowed-target.ts'
import { isSpoilt } from './event-loop-lag.ts'
import { findTargetAddress } from './find-target-address.ts'
import { hasRoute } from './has-route.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeDetails, ProbeOutcome, ProbeRun } from './probe-kind.ts'
import { PASSIVE_KINDS, PROBE_KINDS } from './probe-registry.ts'

/** What is measured. */
export type ProbeTarget = {
  readonly endpointId: string
  /** IPv4, IPv6 or (target endpoints) a host name, resolved anew for each probe. */
  readonly address: string
  readonly probe: ProbeSpec
}

/** What a probe has of the world. */
export type ProbeWorld = {
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  /** Largest lag of the event loop since a moment, ms. */
  readonly lagSinceMs: (sinceMs: number) => number
  /** Sockets of ours, which are not probed. */
  readonly own: readonly OwnSocket[]
  /** Folder of script probes; absent = they are off. */
  readonly scriptFolder?: string | undefined
  /** The program `ping`, when it is not the one in PATH. */
  readonly ping?: string
  /** Age of the newest report to a push probe, ms; absent = such probes give no sample. */
  readonly reportAgeMs?: (endpointId: string, probeId: string) => number
}

/** What one who watches gives besides. */
export type ProbeOptions = {
  /** Nobody wants the result any more. */
  readonly signal?: AbortSignal
  /** Filled in with what a person sees. */
  readonly details?: ProbeDetails
}

/** Measures once; undefined when there was nothing to measure. Never rejects. */
export async function runProbe(
  target: ProbeTarget,
  generation: number,
  world: ProbeWorld,
  options: ProbeOptions = {},
): Promise<ProbeSample | undefined> {
  const { probe, endpointId, address } = target
  const startedAt = world.wallMs()
  const startedMs = world.monotonicMs()
  const controller = new AbortController()
  const run: ProbeRun = {
    endpointId,
    now: world.monotonicMs,
    signal: controller.signal,
    phases: {},
    waitsFor: 'the result',
    ...(options.details === undefined ? {} : { details: options.details }),
    scriptFolder: world.scriptFolder,
    ping: world.ping ?? 'ping',
    reportAgeMs: world.reportAgeMs ?? (() => 0),
  }
  const abort = (): void => controller.abort()
  options.signal?.addEventListener('abort', abort)
  const outcome = await measureInTime(target, run, world, controller, startedMs)
  options.signal?.removeEventListener('abort', abort)
  if (outcome === undefined) return undefined
  const endedMs = world.monotonicMs()
  return {
    generation,
    endpointId,
    address,
    probeId: probe.id,
    startedAt,
    endedMonotonicMs: endedMs,
    latencyMs: endedMs - startedMs,
    lagged: isSpoilt(world.lagSinceMs(startedMs)),
    ...run.phases,
    ...outcome,
  }
}

/** The race against the limit: a kind that does not heed its signal is left alone with it. */
async function measureInTime(
  target: ProbeTarget,
  run: ProbeRun,
  world: ProbeWorld,
  controller: AbortController,
  startedMs: number,
): Promise<ProbeOutcome | undefined> {
  const { timeoutMs } = target.probe
  let timer: NodeJS.Timeout | undefined
  const progress = { isResolving: !PASSIVE_KINDS.has(target.probe.kind) && isIP(target.address) === 0 }
  try {
    const limit = new Promise<ProbeOutcome>((resolve) => {
      const end = (): void => {
        const late = { ok: false, failure: 'timeout', detail: `no result within ${timeoutMs} ms: waited for ${run.waitsFor}` } as const
        resolve(progress.isResolving ? { ...late, unmeasurable: true, detail: `our resolver did not answer for ${target.address}` } : late)
        controller.abort()
      }
      timer = setTimeout(() => {
        // Timers come before sockets: after a pause of ours what has arrived is read first. Once, and never longer than the limit itself.
        const lagMs = world.lagSinceMs(startedMs)
        if (isSpoilt(lagMs)) timer = setTimeout(end, Math.min(lagMs, timeoutMs))
        else end()
      }, timeoutMs)
    })
    return await Promise.race([measure(target, run, world, progress), limit])
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  } finally {
    clearTimeout(timer)
  }
}

async function measure(
  { probe, address }: ProbeTarget,
  run: ProbeRun,
  world: ProbeWorld,
  progress: { isResolving: boolean },
): Promise<ProbeOutcome | undefined> {
  const kind = PROBE_KINDS[probe.kind]
  if (PASSIVE_KINDS.has(probe.kind)) return await kind(probe, address, run)
  let pinned = address
  let spec = probe
  if (progress.isResolving) {
    const name = address.replace(/\.$/, '')
    pinned = await findTargetAddress(name, run.signal, spec.families)
    progress.isResolving = false
    if (spec.host === '') spec = { ...spec, host: name }
  }
  const reason = whyForbidden(pinned, probe.port, world.own)
  if (reason !== undefined) return { ok: false, failure: 'internal', detail: reason }
  const outcome = await kind(spec, pinned, run)
  if (outcome?.failure === 'unreachable' && !(await hasRoute(pinned)))
    return { ...outcome, unmeasurable: true, detail: `no route from here: ${outcome.detail}` }
  return outcome
}
