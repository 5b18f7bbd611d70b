/**
 * Probe kind `grpc`: Check of grpc.health.v1.Health over HTTP/2, as every gRPC health prober asks. The two messages have one field each, so
 * they are written and read here.
 *
 *   HealthCheckRequest  { string service = 1; }        HealthCheckResponse { ServingStatus status = 1; }   0 unknown 1 serving 2 not 3 no such
 *   frame: 1 octet compressed (0), 4 octets length, message
 */
import type { ProbeSpec } from '../model/rank-plan.ts'
import { openHttp2 } from './open-http2.ts'
import { failureOf } from './probe-error.ts'
import { ProbeFault } from './probe-fault.ts'
import type { ProbeKind, ProbeOutcome } from './probe-kind.ts'

const PATH = '/grpc.health.v1.Health/Check'
/** The answer has two octets; who sends more than this is no health service. */
const MOST_BYTES = 4096
const SERVING = 1
const STATUS_WORDS: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
/** What the codes mean that a health check meets. */
const CODE_WORDS: Readonly<Record<string, string>> = {
  '1': 'cancelled',
  '2': 'unknown error',
  '4': 'deadline exceeded',
  '5': 'the server does not know this service',
  '7': 'permission denied',
  '8': 'resource exhausted',
  '12': 'the server has no health service',
  '13': 'internal error',
  '14': 'unavailable',
  '16': 'the server wants authentication',
}

/** Asks for the state of the service. */
export const probeGrpc: ProbeKind = async (spec, address, run) => {
  const startedMs = run.now()
  let close = (): void => undefined
  try {
    const session = await openHttp2(spec, address, spec.tls === true, run)
    close = session.close
    const host = spec.host || `${address.includes(':') ? `[${address}]` : address}:${spec.port}`
    const answer = await session.ask(
      {
        ':method': 'POST',
        ':path': PATH,
        ':authority': host,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${spec.timeoutMs}m`,
      },
      encodeRequest(spec.service ?? ''),
    )
    run.phases.firstByteMs = run.now() - startedMs
    const status = Number(answer.headers[':status'])
    if (status !== 200) return { ok: false, failure: 'status', detail: `HTTP status ${status}, a gRPC server answers 200` }
    let length = 0
    const chunks: Buffer[] = []
    for await (const chunk of answer.body) {
      length += chunk.length
      if (length > MOST_BYTES) throw new ProbeFault('protocol', `the answer is longer than ${MOST_BYTES} bytes`)
      chunks.push(chunk)
    }
    // An answer of headers only carries the code there.
    const code = String(answer.trailers()['grpc-status'] ?? answer.headers['grpc-status'] ?? '')
    return judge(spec, code, Buffer.concat(chunks))
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  } finally {
    close()
  }
}

/** The request in its frame. */
export function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service)
  // Field 1, length-delimited; lengths up to 127 have one octet, longer ones two. An empty text is left out.
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7]
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...length]), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function judge(spec: ProbeSpec, code: string, body: Buffer): ProbeOutcome {
  const service = spec.service === undefined ? 'the server' : `service "${spec.service}"`
  if (code === '') return { ok: false, failure: 'protocol', detail: 'the answer has no grpc-status: no gRPC server' }
  if (code !== '0') return { ok: false, failure: 'status', detail: `gRPC code ${code.slice(0, 20)}: ${CODE_WORDS[code] ?? 'an error'}` }
  const status = decodeStatus(body)
  if (status === undefined) return { ok: false, failure: 'protocol', detail: 'the answer is no HealthCheckResponse' }
  const word = STATUS_WORDS[status] ?? String(status)
  return status === SERVING ? { ok: true, detail: word } : { ok: false, failure: 'status', detail: `${service} is ${word}` }
}

/** Status of a framed response; undefined when it is none. */
export function decodeStatus(body: Buffer): number | undefined {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) return undefined
  let at = 5
  let status = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < body.length && shift < 32; shift += 7) {
      const octet = body[at++]!
      value |= (octet & 127) << shift
      if (octet < 128) return value >>> 0
    }
    return -1
  }
  while (at < body.length) {
    const key = varint()
    const value = key < 0 ? -1 : varint()
    if (value < 0) return undefined
    if (key === 0x08) status = value
    // Fields of later versions are passed over, as protobuf asks for.
    else if ((key & 7) === 2) at += value
    else if ((key & 7) !== 0) return undefined
  }
  return at === body.length ? status : undefined
}
