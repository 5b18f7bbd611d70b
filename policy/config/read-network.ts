/** One entry of a custom line: a network, an address, or a range of addresses "first-last", as the prefixes that make it up. Pure. */
import { compareWords, findAddress } from '../../geodata/address/address.ts'
import { formatPrefix, type Prefix, parsePrefix } from '../../geodata/address/prefix.ts'
import { prefixesOfRange } from '../../geodata/address/prefixes-of-range.ts'

/** Why a text is no network; what to write instead, a lower-case fragment. */
export type NetworkProblem = { readonly reason: string; readonly remedy: string }

const FORMS = 'write it as 192.0.2.0/24, 2001:db8::/32, 192.0.2.1 or 192.0.2.1-192.0.2.9'

/** Prefixes of a text. */
export function readNetwork(text: string): readonly Prefix[] | NetworkProblem {
  const [from, to, more] = text.split(/\s*[-–~]\s*/)
  if (to !== undefined) return more === undefined ? readRange(from!.trim(), to.trim()) : { reason: 'it is no range', remedy: FORMS }
  try {
    const prefix = parsePrefix(text)
    if (prefix.family === 4 && text.includes(':')) {
      return { reason: 'it is an IPv4 network in IPv6 form', remedy: `write "${formatPrefix(prefix)}"` }
    }
    return [prefix]
  } catch (error) {
    return problemOf(text, error as Error & { suggestion?: string })
  }
}

function problemOf(text: string, { message, suggestion }: Error & { suggestion?: string }): NetworkProblem {
  const [address, length, more] = text.split('/')
  const found = findAddress(address!)
  if (found !== undefined && length !== undefined && more === undefined) {
    const most = address!.includes(':') ? 128 : 32
    if (/^\d+$/.test(length) && Number(length) > most) {
      return { reason: `IPv${most === 32 ? 4 : 6} has lengths from 0 to ${most}`, remedy: FORMS }
    }
    const mask = findAddress(length)
    if (mask !== undefined) return { reason: 'its length is written as a mask', remedy: remedyOfMask(address!, mask.words[3]) }
  }
  if (/^0\d|\.0\d/.test(text))
    return { reason: 'it has leading zeros, which some software reads as octal', remedy: 'write it without them' }
  if (suggestion?.startsWith('write it as') === true) return { reason: 'it is no prefix, address or range', remedy: FORMS }
  return { reason: message.replace(/^"[^"]*" /, 'it '), remedy: suggestion ?? '' }
}

function remedyOfMask(address: string, mask: number): string {
  const length = Math.clz32(~mask)
  const isMask = mask === (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0)
  return isMask ? `write "${address}/${length}"` : FORMS
}

function readRange(from: string, to: string): readonly Prefix[] | NetworkProblem {
  const first = findAddress(from)
  const last = findAddress(to)
  if (first === undefined || last === undefined) return { reason: 'it is no range of addresses', remedy: FORMS }
  const isIpv4 = (text: string): boolean => !text.includes(':')
  if (isIpv4(from) !== isIpv4(to)) return { reason: 'it begins in one family and ends in the other', remedy: 'write two ranges' }
  if (!isIpv4(from) && (first.family === 4 || last.family === 4)) {
    return { reason: 'it is an IPv4 range in IPv6 form', remedy: 'write its ends as four decimal numbers' }
  }
  if (compareWords(first.words, last.words) > 0) return { reason: 'it ends before it begins', remedy: `write "${to}-${from}"` }
  return prefixesOfRange(first, last)
}
