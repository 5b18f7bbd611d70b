/**
 * Probe kind `icmp`: one echo request by the system's `ping`, which has the right to send it (a process of ours has not, and needs none).
 * The address is an argument, never part of a command line. The latency is what ping tells: a process start is ours, not the endpoint's.
 */
import { isIPv6 } from 'node:net'
import type { ProbeKind } from './probe-kind.ts'
import { runProgram } from './run-program.ts'

/** What ping says about this machine instead of about the endpoint. */
const NOT_PERMITTED = /not permitted|permission denied|lacking privilege|are you root|must be root|cap_net_raw/i
const NO_ROUTE = /network is unreachable|no route to host|address family not supported|cannot assign requested address/i

/** Sends one echo request. */
export const probeIcmp: ProbeKind = async (spec, address, run) => {
  run.waitsFor = 'the echo reply'
  const seconds = String(Math.ceil(spec.timeoutMs / 1000))
  // Words that iputils and busybox both know: -W waits for the reply, -w ends the whole; our own limit, in ms, kills it before.
  const words = ['-n', isIPv6(address) ? '-6' : '-4', '-c', '1', '-W', seconds, '-w', seconds, address]
  const result = await runProgram(run.ping, words, { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, run)
  const unmeasurable = (detail: string) => ({ ok: false, failure: 'internal', unmeasurable: true, detail }) as const
  if ('refused' in result) {
    if (result.refused === 'busy') return unmeasurable('too many programs run for probes on this machine')
    if (result.code === 'ENOENT') return unmeasurable('the program ping is not installed on this machine (Debian: iputils-ping)')
    return unmeasurable(`ping cannot be started (${result.code})`)
  }
  const output = result.output.replaceAll(/\s+/g, ' ').trim()
  if (run.details !== undefined) run.details.text = result.output.slice(0, 2048)
  if (run.signal.aborted) return { ok: false, failure: 'timeout', detail: 'no echo reply within the time limit' }
  const time = /\btime[=<]\s*([\d.]+)\s*ms/.exec(output)
  if (result.code === 0 && time !== null) return { ok: true, latencyMs: Number(time[1]), detail: `echo reply after ${time[1]} ms` }
  if (NOT_PERMITTED.test(output))
    return unmeasurable(`ping is not permitted here: give it cap_net_raw or set net.ipv4.ping_group_range (${output.slice(0, 200)})`)
  // A router on the way says so with an ICMP message of its own, which ping tells with its address ("From …"): that is a result.
  if (NO_ROUTE.test(output) && !/\bfrom /i.test(output)) return { ok: false, failure: 'unreachable', detail: output.slice(0, 200) }
  if (/\bunreachable|prohibited|filtered/i.test(output))
    return { ok: false, failure: 'refused', detail: `a router or the host refuses: ${output.slice(0, 200)}` }
  if (result.code === 1) return { ok: false, failure: 'timeout', detail: 'no echo reply' }
  return unmeasurable(`ping ended with ${result.code ?? result.signal} and no reply: ${output.slice(0, 200)}`)
}
