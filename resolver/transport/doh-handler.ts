/**
 * DNS over HTTPS without HTTP (RFC 8484): what a request asks for, and how long its answer may be kept. Pure: method, path and headers
 * in, verdict out; the same for HTTP/2 and HTTP/1.1.
 */

/** Media type of a DNS message (RFC 8484 §6). */
export const DNS_MESSAGE_TYPE = 'application/dns-message'
/** Largest DNS message, and so the largest body. */
export const LARGEST_BODY_BYTES = 65_535
/** Least DNS message: a header. */
const LEAST_BODY_BYTES = 12

/** Parts of a request that decide. */
export type DohRequest = {
  readonly method: string
  /** Path with query, as it came. */
  readonly url: string
  readonly contentType: string | undefined
  readonly contentLength: string | undefined
}

/** A request that is refused: status, and a sentence for who reads it. */
export type DohRefusal = { readonly status: 400 | 404 | 405 | 413 | 414 | 415; readonly reason: string }

/** A message is there (GET), or its body must be read (POST), or it is refused. */
export type DohVerdict = { readonly message: Uint8Array } | 'body' | DohRefusal

const REFUSE_PATH: DohRefusal = { status: 404, reason: 'nothing is here' }
const REFUSE_METHOD: DohRefusal = { status: 405, reason: 'only GET and POST' }
const REFUSE_TYPE: DohRefusal = { status: 415, reason: `the body must be ${DNS_MESSAGE_TYPE}` }
/** The body is larger than a DNS message can be. */
export const REFUSE_SIZE: DohRefusal = { status: 413, reason: 'a DNS message has at most 65535 octets' }
const REFUSE_LONG_URL: DohRefusal = { status: 414, reason: 'a DNS message has at most 65535 octets' }
const REFUSE_NO_PARAMETER: DohRefusal = { status: 400, reason: 'the parameter dns is missing or given twice' }
const REFUSE_BASE64: DohRefusal = { status: 400, reason: 'the parameter dns is not base64url without padding' }
/** What came is no DNS query. */
export const REFUSE_MESSAGE: DohRefusal = { status: 400, reason: 'the message is no DNS query' }

/** Decides on a request for the service at `path`. */
export function judgeDohRequest(request: DohRequest, path: string): DohVerdict {
  const { url } = request
  const mark = url.indexOf('?')
  if ((mark < 0 ? url : url.slice(0, mark)) !== path) return REFUSE_PATH
  // RFC 9110 §9.1: HEAD wherever GET is.
  if (request.method === 'GET' || request.method === 'HEAD') return readParameter(mark < 0 ? '' : url.slice(mark + 1))
  if (request.method !== 'POST') return REFUSE_METHOD
  const type = (request.contentType ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== DNS_MESSAGE_TYPE) return REFUSE_TYPE
  if (request.contentLength !== undefined && Number(request.contentLength) > LARGEST_BODY_BYTES) return REFUSE_SIZE
  return 'body'
}

/** The message of a body; a refusal when it cannot be one. */
export function judgeDohBody(body: Uint8Array): { readonly message: Uint8Array } | DohRefusal {
  if (body.length > LARGEST_BODY_BYTES) return REFUSE_SIZE
  return body.length < LEAST_BODY_BYTES ? REFUSE_MESSAGE : { message: body }
}

function readParameter(query: string): DohVerdict {
  const given = query.split('&').filter((pair) => pair.startsWith('dns='))
  if (given.length !== 1) return REFUSE_NO_PARAMETER
  // RFC 8484 §6: base64url, no padding; no percent signs either, as none of its letters needs them.
  const text = given[0]!.slice(4)
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return REFUSE_BASE64
  if (text.length > Math.ceil((LARGEST_BODY_BYTES * 4) / 3)) return REFUSE_LONG_URL
  const verdict = judgeDohBody(Buffer.from(text, 'base64url'))
  return 'status' in verdict && verdict.status === 413 ? REFUSE_LONG_URL : verdict
}

const TYPE_SOA = 6
const TYPE_OPT = 41

/**
 * How long HTTP caches may keep a reply (RFC 8484 §5.1): the least TTL of its answer section; without answers that of the authority
 * section, an SOA's by its minimum too; nothing at all for a failure. `isPersonal`: it was chosen for the asker's address.
 */
export function cacheControlOf(reply: Uint8Array, isPersonal: boolean): string {
  const rcode = reply[3]! & 15
  const maxAgeSeconds = rcode === 0 || rcode === 3 ? (leastTtl(reply) ?? 0) : 0
  if (maxAgeSeconds === 0) return 'no-store'
  // The URL names the question but not who asks: a shared cache would give the endpoint that is near one client to all.
  return isPersonal ? `private, max-age=${maxAgeSeconds}` : `max-age=${maxAgeSeconds}`
}

/** Undefined also for a reply that cannot be read: one of ours that is broken must not end the worker of all connections. */
function leastTtl(reply: Uint8Array): number | undefined {
  const view = new DataView(reply.buffer, reply.byteOffset, reply.length)
  const answers = view.getUint16(6)
  const records = answers > 0 ? answers : view.getUint16(8)
  let at = LEAST_BODY_BYTES
  for (let question = 0; question < view.getUint16(4); question++) at = skipName(reply, at) + 4
  let least: number | undefined
  for (let record = 0; record < records; record++) {
    at = skipName(reply, at)
    if (at + 10 > reply.length) return undefined
    const type = view.getUint16(at)
    const end = at + 10 + view.getUint16(at + 8)
    if (end > reply.length) return undefined
    if (type !== TYPE_OPT) {
      const ttl = view.getUint32(at + 4)
      const bounded = answers === 0 && type === TYPE_SOA ? Math.min(ttl, view.getUint32(end - 4)) : ttl
      least = least === undefined ? bounded : Math.min(least, bounded)
    }
    at = end
  }
  return least
}

/** Offset behind a name of a message of ours; behind the message when the name has no end. */
function skipName(reply: Uint8Array, start: number): number {
  let at = start
  while (at < reply.length && reply[at]! !== 0) {
    if (reply[at]! >= 0xc0) return at + 2
    at += 1 + reply[at]!
  }
  return at + 1
}
