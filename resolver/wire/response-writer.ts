/**
 * Writes records behind the question of a message, in place, with name compression (RFC 1035 §4.1.4). Pure, hot, no allocation.
 * Positions are offsets from the start of the message. Whatever does not fit under `limit` is not written, and the caller is told.
 *
 * Compression knows where names were written: the question's labels and each name written since (at most MAX_KNOWN label positions);
 * a new name is compared with them suffix by suffix, following pointers.
 */

import { HEADER_BYTES } from './read-query.ts'
import { TYPE_CNAME, TYPE_MX, TYPE_NS, TYPE_PTR, TYPE_SOA } from './registry.ts'

/** Offsets of the header's counts. */
export const ANSWERS = 6
export const AUTHORITIES = 8
export const ADDITIONALS = 10

const MAX_KNOWN = 48
/** Largest offset that a pointer can name. */
const MAX_POINTER = 0x3fff

/** A mutable writer, one a thread. */
export type ResponseWriter = {
  mem: Uint8Array
  /** Start of the message in `mem`. */
  off: number
  /** Next free position. */
  position: number
  /** Positions from here on are not to be written. */
  limit: number
  /** Position of the rdata of the record written last. */
  rdataAt: number
  readonly known: Uint16Array
  knownCount: number
}

/** A writer to be begun. */
export function makeResponseWriter(): ResponseWriter {
  return { mem: new Uint8Array(0), off: 0, position: 0, limit: 0, rdataAt: 0, known: new Uint16Array(MAX_KNOWN), knownCount: 0 }
}

/** Begins behind the question of the message at `off`. */
export function beginResponse(writer: ResponseWriter, mem: Uint8Array, off: number, questionEnd: number, limit: number): void {
  writer.mem = mem
  writer.off = off
  writer.position = questionEnd
  writer.limit = limit
  writer.knownCount = 0
  // Bounded by the question, not by its root label: a message whose question was not read holds anything.
  for (let at = HEADER_BYTES; at < questionEnd && mem[off + at] !== 0; at += 1 + mem[off + at]!) know(writer, at)
}

function know(writer: ResponseWriter, at: number): void {
  if (writer.knownCount < MAX_KNOWN && at <= MAX_POINTER) writer.known[writer.knownCount++] = at
}

/** True when the name at position `known` of the message equals the uncompressed name at `from` of `name`, in any case of letters. */
export function holdsName(writer: ResponseWriter, known: number, name: Uint8Array, from: number): boolean {
  const { mem, off } = writer
  let at = off + known
  let i = from
  for (;;) {
    const length = mem[at]!
    if ((length & 0xc0) === 0xc0) {
      at = off + (((length & 0x3f) << 8) | mem[at + 1]!)
      continue
    }
    if (length !== name[i]) return false
    if (length === 0) return true
    for (let k = 1; k <= length; k++) {
      let a = mem[at + k]!
      let b = name[i + k]!
      if (a >= 0x41 && a <= 0x5a) a += 0x20
      if (b >= 0x41 && b <= 0x5a) b += 0x20
      if (a !== b) return false
    }
    at += 1 + length
    i += 1 + length
  }
}

/** Writes the uncompressed name at `from` of `name`; false when it does not fit. */
export function writeName(writer: ResponseWriter, name: Uint8Array, from: number, compress: boolean): boolean {
  const { mem, off, known } = writer
  // Labels of this very name are no candidates: what follows them in memory is not written yet, and may look like anything.
  const candidates = writer.knownCount
  let i = from
  for (;;) {
    const length = name[i]!
    if (length === 0) {
      if (writer.position + 1 > writer.limit) return false
      mem[off + writer.position++] = 0
      return true
    }
    if (compress) {
      for (let k = 0; k < candidates; k++) {
        if (!holdsName(writer, known[k]!, name, i)) continue
        if (writer.position + 2 > writer.limit) return false
        mem[off + writer.position] = 0xc0 | (known[k]! >> 8)
        mem[off + writer.position + 1] = known[k]! & 255
        writer.position += 2
        return true
      }
    }
    if (writer.position + 1 + length > writer.limit) return false
    know(writer, writer.position)
    for (let k = 0; k <= length; k++) mem[off + writer.position + k] = name[i + k]!
    writer.position += 1 + length
    i += 1 + length
  }
}

/** Writes type, class IN, TTL and a place for the rdata length; the position of that place, or -1. */
function writeFixed(writer: ResponseWriter, type: number, ttlSeconds: number): number {
  const { mem, off } = writer
  const at = off + writer.position
  if (writer.position + 10 > writer.limit) return -1
  mem[at] = type >> 8
  mem[at + 1] = type & 255
  mem[at + 2] = 0
  mem[at + 3] = 1
  mem[at + 4] = ttlSeconds >>> 24
  mem[at + 5] = (ttlSeconds >>> 16) & 255
  mem[at + 6] = (ttlSeconds >>> 8) & 255
  mem[at + 7] = ttlSeconds & 255
  writer.position += 10
  return writer.position - 2
}

/** Writes an owner given as a position in the message (a pointer to it). */
export function writePointer(writer: ResponseWriter, position: number): boolean {
  if (writer.position + 2 > writer.limit) return false
  const at = writer.off + writer.position
  writer.mem[at] = 0xc0 | (position >> 8)
  writer.mem[at + 1] = position & 255
  writer.position += 2
  return true
}

/** Writes the rest of a record behind its owner: rdata of `length` octets from `data[from]` on. False when it does not fit. */
export function writeRecord(
  writer: ResponseWriter,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  from: number,
  length: number,
): boolean {
  const lengthAt = writeFixed(writer, type, ttlSeconds)
  if (lengthAt < 0) return false
  const { mem, off } = writer
  const start = writer.position
  writer.rdataAt = start
  let at = from
  const end = from + length
  // Names only of the types of RFC 1035 are compressed (RFC 3597 §4).
  if (type === TYPE_NS || type === TYPE_CNAME || type === TYPE_PTR) {
    if (!writeName(writer, data, at, true)) return false
    at = end
  } else if (type === TYPE_SOA) {
    if (!writeName(writer, data, at, true)) return false
    while (data[at] !== 0) at += 1 + data[at]!
    at++
    if (!writeName(writer, data, at, true)) return false
    at = end - 20
  } else if (type === TYPE_MX) {
    if (writer.position + 2 > writer.limit) return false
    mem[off + writer.position] = data[at]!
    mem[off + writer.position + 1] = data[at + 1]!
    writer.position += 2
    if (!writeName(writer, data, at + 2, true)) return false
    at = end
  }
  if (writer.position + end - at > writer.limit) return false
  for (; at < end; at++) mem[off + writer.position++] = data[at]!
  const written = writer.position - start
  mem[off + lengthAt] = written >> 8
  mem[off + lengthAt + 1] = written & 255
  return true
}

/** Writes an A record's rest: the address as a number. */
export function writeIpv4(writer: ResponseWriter, ttlSeconds: number, address: number): boolean {
  if (writer.position + 14 > writer.limit) return false
  const lengthAt = writeFixed(writer, 1, ttlSeconds)
  const at = writer.off + lengthAt
  const { mem } = writer
  mem[at] = 0
  mem[at + 1] = 4
  mem[at + 2] = address >>> 24
  mem[at + 3] = (address >>> 16) & 255
  mem[at + 4] = (address >>> 8) & 255
  mem[at + 5] = address & 255
  writer.position += 4
  return true
}

/** Writes an AAAA record's rest: the address as four words from `words[first]` on. */
export function writeIpv6(writer: ResponseWriter, ttlSeconds: number, words: Uint32Array, first: number): boolean {
  if (writer.position + 26 > writer.limit) return false
  const lengthAt = writeFixed(writer, 28, ttlSeconds)
  const { mem, off } = writer
  mem[off + lengthAt] = 0
  mem[off + lengthAt + 1] = 16
  for (let w = 0; w < 4; w++) {
    const word = words[first + w]!
    const at = off + writer.position + 4 * w
    mem[at] = word >>> 24
    mem[at + 1] = (word >>> 16) & 255
    mem[at + 2] = (word >>> 8) & 255
    mem[at + 3] = word & 255
  }
  writer.position += 16
  return true
}

/** Adds to one of the four counts of the header; `field` is its offset (ANSWERS, AUTHORITIES, ADDITIONALS). */
export function addCount(writer: ResponseWriter, field: number, count: number): void {
  const at = writer.off + field
  const total = ((writer.mem[at]! << 8) | writer.mem[at + 1]!) + count
  writer.mem[at] = total >> 8
  writer.mem[at + 1] = total & 255
}
