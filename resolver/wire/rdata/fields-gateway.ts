/** Fields whose form depends on a number in them: IPSECKEY, AMTRELAY, HIP. Pure. */
import { formatIpv4 } from '../../../geodata/address/address.ts'
import { formatName, nameLengthAt } from '../name.ts'
import type { Octets } from '../octets.ts'
import type { FieldCodec, FieldOf } from './field-codec.ts'
import { base64Text, hexText, readBase64, readHex } from './fields-encoded.ts'
import { ipv6Text, numberOf, pushIpv4, pushIpv6, pushName } from './fields-plain.ts'
import { RdataError } from './rdata-error.ts'
import { takeNumber, type WordReader } from './word-reader.ts'

/** A gateway of type 0 (none), 1 (IPv4), 2 (IPv6) or 3 (name). */
function pushGateway(type: number, words: WordReader, out: Octets): void {
  if (type === 3) {
    pushName(words, out)
    return
  }
  const text = words.take()
  if (type === 1) pushIpv4(text, out)
  else if (type === 2) pushIpv6(text, out)
  else if (type === 0 && text !== '.') throw new RdataError(`"${text}" must be "." when its type is 0`)
}

function gatewayLength(type: number, rdata: Uint8Array, at: number, end: number): number {
  if (type === 3) return nameLengthAt(rdata, at, end)
  const length = [0, 4, 16][type]
  return length === undefined || at + length > end ? -1 : length
}

function formatGateway(type: number, octets: Uint8Array): string {
  if (type === 0) return '.'
  return type === 1 ? formatIpv4(numberOf(octets, 4)) : type === 2 ? ipv6Text(octets) : formatName(octets)
}

/** Precedence, gateway type, algorithm, gateway, key (RFC 4025 §2). */
export const IPSECKEY_FIELD: FieldCodec<FieldOf<'ipseckey'>> = {
  parse: (_, words, out) => {
    out.push(takeNumber(words, 255))
    const type = takeNumber(words, 3)
    out.push(type)
    const algorithm = takeNumber(words, 255)
    out.push(algorithm)
    pushGateway(type, words, out)
    if (words.hasMore()) out.pushAll(readBase64(words.takeRest()))
    else if (algorithm !== 0) throw new RdataError('IPSECKEY with an algorithm needs a key')
  },
  lengthAt: (_, rdata, at, end) => {
    if (end - at < 3) return -1
    const gateway = gatewayLength(rdata[at + 1]!, rdata, at + 3, end)
    if (gateway < 0 || (rdata[at + 2] !== 0 && at + 3 + gateway === end)) return -1
    return end - at
  },
  format: (_, octets) => {
    const gateway = gatewayLength(octets[1]!, octets, 3, octets.length)
    const key = octets.subarray(3 + gateway)
    const head = `${octets[0]} ${octets[1]} ${octets[2]} ${formatGateway(octets[1]!, octets.subarray(3, 3 + gateway))}`
    return key.length === 0 ? head : `${head} ${base64Text(key)}`
  },
}

/** Precedence, discovery-optional bit, relay type, relay (RFC 8777 §4). */
export const AMTRELAY_FIELD: FieldCodec<FieldOf<'amtrelay'>> = {
  parse: (_, words, out) => {
    out.push(takeNumber(words, 255))
    const discovery = takeNumber(words, 1)
    const type = takeNumber(words, 3)
    out.push((discovery << 7) | type)
    pushGateway(type, words, out)
  },
  lengthAt: (_, rdata, at, end) => {
    if (end - at < 2) return -1
    const relay = gatewayLength(rdata[at + 1]! & 127, rdata, at + 2, end)
    return relay < 0 ? -1 : 2 + relay
  },
  format: (_, octets) => `${octets[0]} ${octets[1]! >> 7} ${octets[1]! & 127} ${formatGateway(octets[1]! & 127, octets.subarray(2))}`,
}

/** Algorithm, host identity tag, key, rendezvous servers (RFC 8005 §5, §6). */
export const HIP_FIELD: FieldCodec<FieldOf<'hip'>> = {
  parse: (_, words, out) => {
    const algorithm = takeNumber(words, 255)
    const tag = readHex(words.take())
    const key = readBase64(words.take())
    if (tag.length === 0 || tag.length > 255) throw new RdataError('the host identity tag of HIP has 1–255 octets')
    if (key.length === 0 || key.length > 0xffff) throw new RdataError('the key of HIP has 1–65535 octets')
    out.push(tag.length)
    out.push(algorithm)
    out.push16(key.length)
    out.pushAll(tag)
    out.pushAll(key)
    while (words.hasMore()) pushName(words, out)
  },
  lengthAt: (_, rdata, at, end) => {
    if (end - at < 4) return -1
    const tagLength = rdata[at]!
    const keyLength = numberOf(rdata, 2, at + 2)
    let position = at + 4 + tagLength + keyLength
    if (tagLength === 0 || keyLength === 0 || position > end) return -1
    while (position < end) {
      const length = nameLengthAt(rdata, position, end)
      if (length < 0) return -1
      position += length
    }
    return position - at
  },
  format: (_, octets) => {
    const keyAt = 4 + octets[0]!
    const serversAt = keyAt + numberOf(octets, 2, 2)
    const words = [String(octets[1]), hexText(octets.subarray(4, keyAt)), base64Text(octets.subarray(keyAt, serversAt))]
    for (let at = serversAt; at < octets.length; at += nameLengthAt(octets, at, octets.length)) words.push(formatName(octets, at))
    return words.join(' ')
  },
}
