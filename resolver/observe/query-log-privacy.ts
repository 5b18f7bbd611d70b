/**
 * Client addresses in the query log are cut to a network: the address of the asker, and the client subnet option (RFC 7871) inside a
 * copied message. Pure arithmetic on arrays; run by the log's own thread. What cannot be read to its end is cut off where reading
 * failed: a malformed message must not carry a whole address into a log.
 */
import { OPTION_CLIENT_SUBNET, TYPE_OPT } from '../wire/registry.ts'

/** Bits of client addresses that stay. */
export type ClientBits = { readonly ipv4: number; readonly ipv6: number }

/** Prefix lengths by default: about one site, no single subscriber. */
export const DEFAULT_CLIENT_BITS: ClientBits = { ipv4: 24, ipv6: 56 }

const HEADER_BYTES = 12
const MAPPED_WORD = 0xffff

/** True when four words are an IPv4 address in its mapped form. */
export function isMappedIpv4(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD
}

/** Clears the bits of an address that must not be seen; returns the length of the prefix that is left. */
export function cutAddress(words: Uint32Array, bits: ClientBits): number {
  const isIpv4 = isMappedIpv4(words)
  const length = isIpv4 ? bits.ipv4 : bits.ipv6
  const kept = isIpv4 ? 96 + length : length
  for (let word = 0; word < 4; word++) {
    const inWord = Math.min(32, Math.max(0, kept - 32 * word))
    words[word] = inWord === 0 ? 0 : words[word]! & (0xffffffff << (32 - inWord))
  }
  return length
}

/** Offset behind the name at `at`; -1 when it does not end before `end`. */
function skipName(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const label = bytes[at]!
    if (label === 0) return at + 1
    if ((label & 0xc0) === 0xc0) return at + 2 <= end ? at + 2 : -1
    if (label > 63) return -1
    at += 1 + label
  }
  return -1
}

/**
 * Cuts the client subnets of the message at `bytes[start … start+length-1]` in place: shorter source prefix, bits behind it cleared,
 * octets that are not needed taken out. Returns the message's new length.
 */
export function cutMessage(bytes: Uint8Array, start: number, length: number, bits: ClientBits): number {
  if (bits.ipv4 >= 32 && bits.ipv6 >= 128) return length
  if (length < HEADER_BYTES) return length
  let end = start + length
  const count = (at: number): number => (bytes[start + at]! << 8) | bytes[start + at + 1]!
  let at = start + HEADER_BYTES
  for (let left = count(4); left > 0; left--) {
    const next = skipName(bytes, at, end)
    if (next < 0 || next + 4 > end) return at - start
    at = next + 4
  }
  for (let left = count(6) + count(8) + count(10); left > 0; left--) {
    const next = skipName(bytes, at, end)
    if (next < 0 || next + 10 > end) return at - start
    const isOpt = ((bytes[next]! << 8) | bytes[next + 1]!) === TYPE_OPT
    const data = next + 10
    const dataEnd = data + ((bytes[next + 8]! << 8) | bytes[next + 9]!)
    if (dataEnd > end) return at - start
    if (isOpt) {
      const newEnd = cutOptions(bytes, data, dataEnd, end, bits)
      // Options that do not fit their record: the record goes.
      if (newEnd < 0) return at - start
      const removed = end - newEnd
      end = newEnd
      at = dataEnd - removed
      const size = at - data
      bytes[next + 8] = size >> 8
      bytes[next + 9] = size & 255
    } else at = dataEnd
  }
  return at - start
}

/** Cuts the options at `bytes[start … optionsEnd-1]` of a message that ends at `end`; returns the message's new end, -1 when malformed. */
function cutOptions(bytes: Uint8Array, start: number, optionsEnd: number, end: number, bits: ClientBits): number {
  let stop = optionsEnd
  let messageEnd = end
  for (let at = start; at < stop; ) {
    if (at + 4 > stop) return -1
    const code = (bytes[at]! << 8) | bytes[at + 1]!
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const data = at + 4
    if (data + length > stop) return -1
    let kept = length
    if (code === OPTION_CLIENT_SUBNET && length >= 4) {
      kept = cutSubnet(bytes, data, length, bits)
      const removed = length - kept
      if (removed > 0) {
        bytes.copyWithin(data + kept, data + length, messageEnd)
        bytes[at + 2] = kept >> 8
        bytes[at + 3] = kept & 255
        stop -= removed
        messageEnd -= removed
      }
    }
    at = data + kept
  }
  return messageEnd
}

/** Cuts one option's data; returns its new length. Malformed ones are cut by the same rule: so many bits, and no octet more. */
function cutSubnet(bytes: Uint8Array, data: number, length: number, bits: ClientBits): number {
  const family = (bytes[data]! << 8) | bytes[data + 1]!
  const kept = Math.min(bytes[data + 2]!, family === 2 ? bits.ipv6 : bits.ipv4)
  bytes[data + 2] = kept
  const octets = Math.min((kept + 7) >> 3, length - 4)
  if ((kept & 7) !== 0 && octets === (kept + 7) >> 3) bytes[data + 3 + octets]! &= 0xff << (8 - (kept & 7))
  return 4 + octets
}
