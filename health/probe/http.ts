/**
 * Probe kinds `http` and `https` on undici: a fresh connection to the pinned address each time, so that connect, TLS and first byte are
 * measured apart; Host and SNI as configured. Certificates are verified unless the probe says otherwise; their expiry is reported.
 * Redirects are a failure by status unless asked for; then they are followed on the same address only, never to another host.
 */
import { isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { buildConnector, Client } from 'undici'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeKind, ProbeOutcome } from './probe-kind.ts'

/** Most octets of a body that are read; more is cut off and does not count as a failure by itself. */
export const BODY_LIMIT_BYTES = 1_048_576
const MOST_REDIRECTS = 5
const DAY_MS = 86_400_000

type Phases = { connectMs?: number; tlsMs?: number; firstByteMs?: number; certificateDays?: number }

/** Asks for the path and judges status and body. */
export const probeHttp: ProbeKind = async (spec, address, signal, now) => {
  const isTls = spec.kind === 'https'
  const phases: Phases = {}
  const literal = address.includes(':') ? `[${address}]` : address
  const host = spec.host || (spec.port === (isTls ? 443 : 80) ? literal : `${literal}:${spec.port}`)
  // RFC 6066 §3: an address is no server name.
  const hostName = spec.host.replace(/:\d+$/, '')
  const serverName = spec.sni || (isIP(hostName.replace(/^\[|\]$/g, '')) === 0 ? hostName : '')
  const startedMs = now()
  const client = new Client(`${isTls ? 'https' : 'http'}://${literal}:${spec.port}`, {
    connect: makeConnector(spec, serverName, phases, now),
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 65_536,
  })
  try {
    let path = spec.path
    for (let hops = 0; ; hops++) {
      const response = await client.request({ path, method: spec.method as 'GET', headers: headersOf(spec, host), signal })
      phases.firstByteMs ??= now() - startedMs
      const location = response.headers.location
      if (spec.redirects && response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
        await response.body.dump({ limit: BODY_LIMIT_BYTES })
        const next = sameHostPath(location, path, host)
        if (next === undefined)
          return {
            ok: false,
            ...phases,
            failure: 'status',
            detail: `status ${response.statusCode} redirects to another host: ${location.slice(0, 200)}`,
          }
        if (hops >= MOST_REDIRECTS) return { ok: false, ...phases, failure: 'status', detail: `more than ${MOST_REDIRECTS} redirects` }
        path = next
        continue
      }
      if (!spec.expectStatus.includes(response.statusCode)) {
        return {
          ok: false,
          ...phases,
          failure: 'status',
          detail: `status ${response.statusCode}, expected ${spec.expectStatus.join(', ')}`,
        }
      }
      return await judgeBody(spec, response.body, phases, response.statusCode)
    }
  } catch (error) {
    return { ok: false, ...phases, ...failureOf(error, signal.aborted) }
  } finally {
    void client.destroy().catch(() => undefined)
  }
}

async function judgeBody(spec: ProbeSpec, body: AsyncIterable<Buffer>, phases: Phases, status: number): Promise<ProbeOutcome> {
  const wanted = Buffer.from(spec.match)
  // The end of the last chunk: a match may lie across two. The body itself is not kept: a thousand probes of 1 MB would be a gigabyte.
  let tail = Buffer.alloc(0)
  let length = 0
  let isFound = wanted.length === 0
  for await (const chunk of body) {
    // A body without end must not hold the probe; what came decides.
    const part = chunk.subarray(0, BODY_LIMIT_BYTES - length)
    length += part.length
    if (!isFound) {
      const joined = Buffer.concat([tail, part])
      isFound = joined.includes(wanted)
      tail = joined.subarray(Math.max(0, joined.length - wanted.length + 1))
    }
    if ((isFound && wanted.length > 0) || length >= BODY_LIMIT_BYTES) break
  }
  if (!isFound)
    return { ok: false, ...phases, failure: 'body', detail: `the first ${length} bytes of the body do not hold "${spec.match}"` }
  return { ok: true, ...phases, detail: `status ${status}` }
}

/** The probe's own headers; Host is set by the probe's `host` alone. */
function headersOf(spec: ProbeSpec, host: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(spec.headers)) if (name.toLowerCase() !== 'host') headers[name] = value
  return { ...headers, host }
}

/** Path of a redirect that stays on the host; undefined when it leaves. */
function sameHostPath(location: string, path: string, host: string): string | undefined {
  try {
    const url = new URL(location, `http://${host}${path}`)
    return url.host === host || url.hostname === host ? `${url.pathname}${url.search}` : undefined
  } catch {
    return undefined
  }
}

function makeConnector(spec: ProbeSpec, serverName: string, phases: Phases, now: () => number): buildConnector.connector {
  const plain = buildConnector({ timeout: 0, autoSelectFamily: false })
  const secure = buildConnector({
    timeout: 0,
    autoSelectFamily: false,
    rejectUnauthorized: spec.certificate === 'verify',
    maxCachedSessions: 0,
    allowH2: false,
  })
  return (options, callback) => {
    const startedMs = now()
    plain({ ...options, protocol: 'http:' } as never, (error, socket) => {
      if (error !== null || socket === null) {
        callback(error ?? new Error('no socket'), null)
        return
      }
      phases.connectMs = now() - startedMs
      if (options.protocol !== 'https:') {
        callback(null, socket)
        return
      }
      const tlsStartedMs = now()
      const tlsOptions = { ...options, httpSocket: socket as Socket, ...(serverName === '' ? {} : { servername: serverName }) }
      secure(tlsOptions as never, (tlsError, tlsSocket) => {
        if (tlsError !== null || tlsSocket === null) {
          ;(socket as Socket).destroy()
          callback(tlsError ?? new Error('no TLS socket'), null)
          return
        }
        phases.tlsMs = now() - tlsStartedMs
        const until = Date.parse((tlsSocket as TLSSocket).getPeerCertificate().valid_to)
        if (!Number.isNaN(until)) phases.certificateDays = Math.floor((until - Date.now()) / DAY_MS)
        callback(null, tlsSocket)
      })
    })
  }
}
