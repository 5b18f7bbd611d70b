/**
 * Probe kinds `http` and `https`: HTTP/1.1 on undici or HTTP/2 (open-http2.ts), a fresh connection to the pinned address each time, Host and
 * SNI as configured. Redirects are a failure by status unless asked for; then they are followed on the same address and port only.
 */
import { Client } from 'undici'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { BODY_LIMIT_BYTES, createBodyJudge } from './judge-body.ts'
import { openConnection } from './open-connection.ts'
import { openHttp2 } from './open-http2.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeKind, ProbeOutcome, ProbeRun } from './probe-kind.ts'

const MOST_REDIRECTS = 5
/** What a person sees of a body. */
const SHOWN_BYTES = 2048

/** What asking once gives. */
type Answer = { readonly status: number; readonly location: string | undefined; readonly body: AsyncIterable<Buffer> }
/** One or more requests to one address. */
type Asker = { readonly ask: (path: string) => Promise<Answer>; readonly close: () => void }

/** Asks for the path and judges status and body. */
export const probeHttp: ProbeKind = async (spec, address, run) => {
  const isTls = spec.kind === 'https'
  const literal = address.includes(':') ? `[${address}]` : address
  const host = spec.host || (spec.port === (isTls ? 443 : 80) ? literal : `${literal}:${spec.port}`)
  const startedMs = run.now()
  const asker = spec.httpVersion === '2' ? askHttp2(spec, address, host, run) : askHttp1(spec, address, host, literal, run)
  try {
    let path = spec.path
    for (let hops = 0; ; hops++) {
      const answer = await asker.ask(path)
      run.phases.firstByteMs ??= run.now() - startedMs
      if (run.details !== undefined) run.details.status = answer.status
      if (!spec.redirects || answer.status < 300 || answer.status > 399 || answer.location === undefined)
        return await judge(spec, answer, run)
      const next = samePlacePath(answer.location, path, host, literal, spec)
      const detail = `status ${answer.status} redirects to another place, ${answer.location.slice(0, 200)}; only the same address and port are followed`
      if (next === undefined) return { ok: false, failure: 'status', detail }
      if (hops >= MOST_REDIRECTS) return { ok: false, failure: 'status', detail: `more than ${MOST_REDIRECTS} redirects` }
      path = next
      await readAll(answer.body, (_chunk, length) => length < BODY_LIMIT_BYTES)
    }
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  } finally {
    asker.close()
  }
}

async function judge(spec: ProbeSpec, { status, body }: Answer, run: ProbeRun): Promise<ProbeOutcome> {
  run.waitsFor = 'the end of the body'
  const { details } = run
  let shown = Buffer.alloc(0)
  const show = (chunk: Buffer): void => {
    if (details === undefined || shown.length >= SHOWN_BYTES) return
    shown = Buffer.concat([shown, chunk.subarray(0, SHOWN_BYTES - shown.length)])
    details.text = shown.toString('utf8')
  }
  if (!spec.expectStatus.includes(status)) {
    const outcome: ProbeOutcome = { ok: false, failure: 'status', detail: `status ${status}, expected ${spec.expectStatus.join(', ')}` }
    if (details !== undefined) {
      await readAll(body, (chunk, length) => {
        show(chunk)
        return length < SHOWN_BYTES
      })
    }
    return outcome
  }
  const judgeBody = createBodyJudge(spec)
  await readAll(body, (chunk) => {
    show(chunk)
    return judgeBody.take(chunk)
  })
  return judgeBody.complaint() ?? { ok: true, detail: `status ${status}` }
}

/** Reads until the end, or until `take` says false. */
async function readAll(body: AsyncIterable<Buffer>, take: (chunk: Buffer, length: number) => boolean): Promise<void> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (!take(chunk, length)) return
  }
}

function askHttp1(spec: ProbeSpec, address: string, host: string, literal: string, run: ProbeRun): Asker {
  const isTls = spec.kind === 'https'
  const client = new Client(`${isTls ? 'https' : 'http'}://${literal}:${spec.port}`, {
    connect: (_options, callback) => {
      openConnection(spec, address, run, isTls ? 'http/1.1' : undefined).then(
        (socket) => {
          run.waitsFor = 'the first byte of the answer'
          callback(null, socket)
        },
        (error: Error) => callback(error, null),
      )
    },
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 65_536,
  })
  return {
    async ask(path) {
      const headers = { ...headersOf(spec), host }
      const answer = await client.request({ path, method: spec.method as 'GET', headers, signal: run.signal })
      const { location } = answer.headers
      return { status: answer.statusCode, location: typeof location === 'string' ? location : undefined, body: answer.body }
    },
    close: () => void client.destroy().catch(() => undefined),
  }
}

/** Headers of a connection, which HTTP/2 does not have (RFC 9113 §8.2.2). The document refuses them; one that was stored before may hold them. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
])

function askHttp2(spec: ProbeSpec, address: string, host: string, run: ProbeRun): Asker {
  const sessions: { readonly close: () => void }[] = []
  return {
    async ask(path) {
      const session = await openHttp2(spec, address, spec.kind === 'https', run)
      sessions.push(session)
      const own = Object.entries(headersOf(spec)).map(([name, value]) => [name.toLowerCase(), value] as const)
      const headers = Object.fromEntries(own.filter(([name]) => !CONNECTION_HEADERS.has(name)))
      const answer = await session.ask({ ...headers, ':method': spec.method, ':path': path, ':authority': host })
      return { status: Number(answer.headers[':status']), location: answer.headers.location, body: answer.body }
    },
    close() {
      for (const session of sessions) session.close()
    },
  }
}

/** The probe's own headers; Host is set by the probe's `host` alone. */
function headersOf(spec: ProbeSpec): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(spec.headers)) if (name.toLowerCase() !== 'host') headers[name] = value
  return headers
}

/** Path of a redirect that stays on address, port and scheme; undefined when it leaves. */
function samePlacePath(location: string, path: string, host: string, literal: string, spec: ProbeSpec): string | undefined {
  const scheme = `${spec.kind}:`
  try {
    const here = new URL(path, `${scheme}//${host}`)
    const url = new URL(location, here)
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const isSame = url.host === here.host || ((url.hostname === here.hostname || url.hostname === literal) && port === spec.port)
    return url.protocol === scheme && isSame ? `${url.pathname}${url.search}` : undefined
  } catch {
    return undefined
  }
}
