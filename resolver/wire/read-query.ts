/**
 * Bytes → query: header verdict, question, OPT with client subnet. Pure, hot, no allocation, no throw; every read is bounded by the
 * packet's end. What the header alone decides comes first, so that junk costs little.
 *
 *   RFC 1035 §4.1.1 header · RFC 9619 QDCOUNT must be 1 · RFC 6891 §6.1.1 at most one OPT, §6.1.3 version · RFC 7871 client subnet
 */
import { type ClientSubnet, makeClientSubnet, readClientSubnet } from './client-subnet.ts'
import { isCookieLength, MAX_COOKIE_BYTES } from './cookie.ts'
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './name.ts'
import { OPTION_CLIENT_SUBNET, OPTION_COOKIE, OPTION_KEEPALIVE, OPTION_NSID, OPTION_PADDING, TYPE_OPT, TYPE_TSIG } from './registry.ts'

/** Octets of the header. */
export const HEADER_BYTES = 12

/** Verdicts. Everything but these two answers with an rcode of the same number (registry.ts). */
export const VERDICT_DROP = -1
/** UPDATE or NOTIFY: nothing of it was read; for who answers those, else NOTIMP. */
export const VERDICT_REQUEST = -2
export const VERDICT_OK = 0

/** Opcodes NOTIFY (4, RFC 1996) and UPDATE (5, RFC 2136) where they stand in the header. */
const OPCODE_NOTIFY_BITS = 4 << 3
const OPCODE_UPDATE_BITS = 5 << 3

/** A mutable query, one a thread. */
export type Query = {
  /** Canonical (lower-case) name, wire form; `nameLength` octets hold. */
  readonly name: Uint8Array
  nameLength: number
  type: number
  class: number
  /** Offset behind the question, from the start of the message; 0 = the question could not be read. */
  questionEnd: number
  /** An OPT record was read, even when something behind it made the query FORMERR. */
  hasOpt: boolean
  /** DO bit (RFC 3225): copied into the reply. */
  dnssecOk: boolean
  /** Largest UDP message the asker takes, at least 512 (RFC 6891 §6.2.5). */
  udpSize: number
  hasClientSubnet: boolean
  readonly clientSubnet: ClientSubnet
  /** Octets of the cookie option (RFC 7873), 0 = none; they stand in `cookie`. */
  cookieLength: number
  readonly cookie: Uint8Array
  /** The asker wants to know which server answers (RFC 5001). */
  wantsNsid: boolean
  /** The asker wants to know the idle time-out of its connection (RFC 7828). */
  wantsKeepalive: boolean
  /** The asker pads, and wants replies that are padded (RFC 7830 §4). */
  wantsPadding: boolean
  /** A TSIG record is somewhere in the message (wire/tsig.ts reads it): not for the fast path. */
  hasTsig: boolean
}

/** A query to be filled. */
export function makeQuery(): Query {
  return {
    name: new Uint8Array(MAX_NAME_BYTES + 1),
    nameLength: 0,
    type: 0,
    class: 0,
    questionEnd: 0,
    hasOpt: false,
    dnssecOk: false,
    udpSize: 512,
    hasClientSubnet: false,
    clientSubnet: makeClientSubnet(),
    cookieLength: 0,
    cookie: new Uint8Array(MAX_COOKIE_BYTES),
    wantsNsid: false,
    wantsKeepalive: false,
    wantsPadding: false,
    hasTsig: false,
  }
}

/** Reads the message at `mem[off … off+len-1]`. Returns VERDICT_OK, VERDICT_DROP or the rcode to answer with. */
export function readQuery(mem: Uint8Array, off: number, len: number, out: Query): number {
  out.questionEnd = 0
  out.hasOpt = false
  out.dnssecOk = false
  out.udpSize = 512
  out.hasClientSubnet = false
  out.cookieLength = 0
  out.wantsNsid = false
  out.wantsKeepalive = false
  out.wantsPadding = false
  out.hasTsig = false
  const verdict = readSections(mem, off, len, out)
  // The option of a query that is not answered is not echoed: what it says may be what is wrong.
  if (verdict !== VERDICT_OK) {
    out.hasClientSubnet = false
    out.cookieLength = 0
    out.wantsNsid = false
    out.wantsKeepalive = false
  }
  return verdict
}

function readSections(mem: Uint8Array, off: number, len: number, out: Query): number {
  // A response is never answered: two servers would answer each other for ever.
  if (len < HEADER_BYTES || (mem[off + 2]! & 0x80) !== 0) return VERDICT_DROP
  const opcode = mem[off + 2]! & 0x78
  if (opcode === OPCODE_UPDATE_BITS || opcode === OPCODE_NOTIFY_BITS) return VERDICT_REQUEST
  if (opcode !== 0) {
    // NOTIMP, with question and OPT where they can be read: RFC 6891 §6.1.1 makes no exception.
    readBody(mem, off, len, out)
    return 4
  }
  return readBody(mem, off, len, out)
}

/** Question and records: VERDICT_OK or the rcode. */
function readBody(mem: Uint8Array, off: number, len: number, out: Query): number {
  if (mem[off + 4] !== 0 || mem[off + 5]! > 1) return 1
  const end = off + len
  const hasQuestion = mem[off + 5] === 1
  let at = hasQuestion ? readQuestion(mem, off, end, out) : off + HEADER_BYTES
  if (at < 0) return 1
  if (hasQuestion) out.questionEnd = at - off
  else out.type = out.class = out.nameLength = 0
  const answers = ((mem[off + 6]! << 8) | mem[off + 7]!) + ((mem[off + 8]! << 8) | mem[off + 9]!)
  const additionals = (mem[off + 10]! << 8) | mem[off + 11]!
  let version = 0
  // Each record takes at least 11 octets, so counts that lie end at the packet's end.
  for (let record = 0; record < answers + additionals; record++) {
    const owner = at
    at = skipName(mem, at, end)
    if (at < 0 || at + 10 > end) return 1
    const type = (mem[at]! << 8) | mem[at + 1]!
    const dataLength = (mem[at + 8]! << 8) | mem[at + 9]!
    const data = at + 10
    if (data + dataLength > end) return 1
    if (type === TYPE_OPT) {
      // RFC 6891 §6.1.1: one OPT at most, in the additional section, owned by the root.
      if (record < answers || out.hasOpt || mem[owner] !== 0) return 1
      out.hasOpt = true
      out.udpSize = Math.max(512, (mem[at + 2]! << 8) | mem[at + 3]!)
      out.dnssecOk = (mem[at + 6]! & 0x80) !== 0
      version = mem[at + 5]!
      if (version === 0 && !readOptions(mem, data, data + dataLength, out)) return 1
    } else if (type === TYPE_TSIG) out.hasTsig = true
    at = data + dataLength
  }
  if (at !== end) return 1
  if (version !== 0) return 16
  // RFC 9619 §4: a query without a question asks for a cookie (RFC 7873 §5.4), or for nothing.
  return hasQuestion || out.cookieLength !== 0 ? VERDICT_OK : 1
}

/** The question: name in lower case into `out`, type, class. Returns the offset behind it, -1 when malformed. */
function readQuestion(mem: Uint8Array, off: number, end: number, out: Query): number {
  const name = out.name
  let at = off + HEADER_BYTES
  let length = 0
  for (;;) {
    if (at >= end) return -1
    const label = mem[at]!
    // Compression has nothing to point at in a question.
    if (label > MAX_LABEL_BYTES || at + 1 + label > end || length + 1 + label > MAX_NAME_BYTES) return -1
    name[length++] = label
    at++
    if (label === 0) break
    for (const stop = at + label; at < stop; at++) {
      const octet = mem[at]!
      name[length++] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
    }
  }
  if (at + 4 > end) return -1
  out.nameLength = length
  out.type = (mem[at]! << 8) | mem[at + 1]!
  out.class = (mem[at + 2]! << 8) | mem[at + 3]!
  return at + 4
}

/** Offset behind the name at `at`; a pointer ends it. -1 when malformed. */
function skipName(mem: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const label = mem[at]!
    if (label === 0) return at + 1
    if ((label & 0xc0) === 0xc0) return at + 2 <= end ? at + 2 : -1
    if (label > MAX_LABEL_BYTES) return -1
    at += 1 + label
  }
  return -1
}

/** EDNS options; unknown ones are passed over (RFC 6891 §6.1.2). False when they do not fit or the client subnet is malformed. */
function readOptions(mem: Uint8Array, start: number, end: number, out: Query): boolean {
  let at = start
  while (at < end) {
    if (at + 4 > end) return false
    const code = (mem[at]! << 8) | mem[at + 1]!
    const length = (mem[at + 2]! << 8) | mem[at + 3]!
    if (at + 4 + length > end) return false
    if (code === OPTION_CLIENT_SUBNET) {
      if (out.hasClientSubnet || !readClientSubnet(mem, at + 4, length, out.clientSubnet)) return false
      out.hasClientSubnet = true
    } else if (code === OPTION_COOKIE) {
      // RFC 7873 §5.2.2: an illegal length is FORMERR. Of several the first counts (§5.2).
      if (!isCookieLength(length)) return false
      if (out.cookieLength === 0) {
        out.cookieLength = length
        for (let i = 0; i < length; i++) out.cookie[i] = mem[at + 4 + i]!
      }
    } else if (code === OPTION_NSID) out.wantsNsid = true
    // RFC 7828 §3.2.1: a client's option is empty; what it may say nevertheless is not ours to follow.
    else if (code === OPTION_KEEPALIVE) out.wantsKeepalive = true
    else if (code === OPTION_PADDING) out.wantsPadding = true
    at += 4 + length
  }
  return true
}
