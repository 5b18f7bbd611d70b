/**
 * A logged query as dnstap messages (dnstap.proto of dnstap.info): AUTH_QUERY and AUTH_RESPONSE, each one data frame. Pure.
 * Our own encoder of the few fields that are used: protobuf is tags, varints and lengths, and nothing here is ever decoded.
 */
import type { LogBytes } from './log-bytes.ts'
import { isMappedIpv4 } from './query-log-privacy.ts'
import type { QueryRecord } from './query-log-ring.ts'

/** Message.Type. */
export const AUTH_QUERY = 1
/** Message.Type. */
export const AUTH_RESPONSE = 2

const TYPE_MESSAGE = 1
const INET = 1
const INET6 = 2
/** SocketProtocol of a transport number: UDP, TCP, DOT, DOH have 1 to 4. */
const protocolOf = (transport: number): number => transport + 1

const VARINT = 0
const FIXED32 = 5
const BYTES = 2
const tag = (field: number, wire: number): number => (field << 3) | wire

function varint(out: LogBytes, value: number): void {
  let left = value
  while (left >= 0x80) {
    out.push((left & 0x7f) | 0x80)
    // Seconds go beyond 2^31: no shift.
    left = Math.floor(left / 128)
  }
  out.push(left)
}

function number(out: LogBytes, field: number, value: number): void {
  out.push(tag(field, VARINT))
  varint(out, value)
}

function fixed32(out: LogBytes, field: number, value: number): void {
  out.push(tag(field, FIXED32))
  for (let shift = 0; shift < 32; shift += 8) out.push((value >>> shift) & 255)
}

function octets(out: LogBytes, field: number, from: Uint8Array, at: number, count: number): void {
  out.push(tag(field, BYTES))
  varint(out, count)
  out.copy(from, at, count)
}

function address(out: LogBytes, field: number, words: Uint32Array): void {
  const first = isMappedIpv4(words) ? 3 : 0
  out.push(tag(field, BYTES))
  out.push(first === 3 ? 4 : 16)
  for (let word = first; word < 4; word++) for (let shift = 24; shift >= 0; shift -= 8) out.push((words[word]! >>> shift) & 255)
}

/** Seconds, and nanoseconds with the microseconds that the clock knows. */
function time(out: LogBytes, field: number, milliseconds: number): void {
  const seconds = Math.floor(milliseconds / 1000)
  number(out, field, seconds)
  fixed32(out, field + 1, Math.min(999_999, Math.floor((milliseconds - 1000 * seconds) * 1000)) * 1000)
}

/** Octets of a length that is written before what it counts is known: a varint of exactly three, which is never shorter than needed. */
const LENGTH_OCTETS = 3

function setLength(out: LogBytes, at: number): void {
  const length = out.length - at - LENGTH_OCTETS
  out.bytes[at] = (length & 0x7f) | 0x80
  out.bytes[at + 1] = ((length >> 7) & 0x7f) | 0x80
  out.bytes[at + 2] = length >> 14
}

/** Appends the frame of one message of `record`. `identity` and `version` are of the node; `zone` in wire form, undefined = not one of ours. */
export function writeDnstapFrame(
  out: LogBytes,
  type: typeof AUTH_QUERY | typeof AUTH_RESPONSE,
  record: QueryRecord,
  identity: Uint8Array,
  version: Uint8Array,
  zone: Uint8Array | undefined,
): void {
  out.reserve(4)
  const frame = out.length
  out.length += 4
  if (identity.length > 0) octets(out, 1, identity, 0, identity.length)
  if (version.length > 0) octets(out, 2, version, 0, version.length)
  number(out, 15, TYPE_MESSAGE)
  out.push(tag(14, BYTES))
  out.reserve(LENGTH_OCTETS)
  const message = out.length
  out.length += LENGTH_OCTETS
  number(out, 1, type)
  number(out, 2, isMappedIpv4(record.source) ? INET : INET6)
  number(out, 3, protocolOf(record.transport))
  address(out, 4, record.source)
  if (record.localPort !== 0) address(out, 5, record.local)
  if (record.sourcePort !== 0) number(out, 6, record.sourcePort)
  if (record.localPort !== 0) number(out, 7, record.localPort)
  time(out, 8, record.queryTime)
  if (type === AUTH_QUERY) octets(out, 10, record.bytes, record.queryAt, record.queryLength)
  if (zone !== undefined) octets(out, 11, zone, 0, zone.length)
  if (type === AUTH_RESPONSE) {
    time(out, 12, record.responseTime)
    octets(out, 14, record.bytes, record.responseAt, record.responseLength)
  }
  setLength(out, message)
  out.bytes.writeUInt32BE(out.length - frame - 4, frame)
}
