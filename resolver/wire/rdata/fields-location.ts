/** Fields with a small language of their own: LOC, APL, WKS. Pure. */
import { formatIpv4 } from '../../../geodata/address/address.ts'
import { Octets } from '../octets.ts'
import type { FieldCodec, FieldOf } from './field-codec.ts'
import { ipv6Text, numberOf, pushIpv4, pushIpv6 } from './fields-plain.ts'
import { RdataError } from './rdata-error.ts'
import { findNumber, type WordReader } from './word-reader.ts'

const EQUATOR = 2 ** 31
const ALTITUDE_BASE_CM = 10_000_000

/** Degrees [minutes [seconds]] and a letter → thousandths of a second of arc from 2^31 on. */
function takeAngle(words: WordReader, plus: string, minus: string, most: number): number {
  const parts: number[] = []
  for (;;) {
    const text = words.take()
    const upper = text.toUpperCase()
    if (upper === plus || upper === minus) {
      if (parts.length === 0) throw new RdataError(`degrees are missing before "${text}"`)
      const [degrees, minutes = 0, seconds = 0] = parts as [number, number?, number?]
      const thousandths = degrees * 3_600_000 + minutes * 60_000 + seconds
      if (thousandths > most * 3_600_000) throw new RdataError(`the angle before "${text}" is over ${most} degrees`)
      return upper === plus ? EQUATOR + thousandths : EQUATOR - thousandths
    }
    const pattern = parts.length < 2 ? /^[0-9]{1,3}$/ : /^[0-9]{1,2}(\.[0-9]{0,3})?$/
    const limit = parts.length === 0 ? most : 60
    if (parts.length === 3 || !pattern.test(text) || Number(text) > limit || (parts.length > 0 && Number(text) >= 60))
      throw new RdataError(
        `"${text}" is neither ${['degrees', 'minutes', 'seconds'][parts.length] ?? 'the end of the angle'} nor ${plus} or ${minus}`,
      )
    parts.push(parts.length === 2 ? Math.round(1000 * Number(text)) : Number(text))
  }
}

/** Metres, "m" allowed behind them → centimetres. */
function centimetresOf(text: string, least: number, most: number): number {
  const match = /^(-?[0-9]{1,8}(?:\.[0-9]{0,2})?)m?$/i.exec(text)
  const centimetres = match === null ? Number.NaN : Math.round(100 * Number(match[1]))
  if (!(centimetres >= least && centimetres <= most))
    throw new RdataError(`"${text}" is not a length in metres from ${least / 100} to ${most / 100}`)
  return centimetres
}

/** Centimetres as one digit and an exponent of ten (RFC 1876 §2). */
function sizeOctet(centimetres: number): number {
  let exponent = 0
  while (exponent < 9 && centimetres >= 10 ** (exponent + 1)) exponent++
  return (Math.min(9, Math.floor(centimetres / 10 ** exponent)) << 4) | exponent
}

function metresText(centimetres: number): string {
  const whole = Math.floor(centimetres / 100)
  const rest = centimetres % 100
  return rest === 0 ? `${whole}m` : `${whole}.${String(rest).padStart(2, '0')}m`
}

function angleText(value: number, plus: string, minus: string): string {
  const thousandths = Math.abs(value - EQUATOR)
  const degrees = Math.floor(thousandths / 3_600_000)
  const minutes = Math.floor(thousandths / 60_000) % 60
  const seconds = ((thousandths % 60_000) / 1000).toFixed(3)
  return `${degrees} ${minutes} ${seconds} ${value >= EQUATOR ? plus : minus}`
}

/** Latitude, longitude, altitude, size and precisions (RFC 1876). */
export const LOC_FIELD: FieldCodec<FieldOf<'loc'>> = {
  parse: (_, words, out) => {
    const latitude = takeAngle(words, 'N', 'S', 90)
    const longitude = takeAngle(words, 'E', 'W', 180)
    const altitude = centimetresOf(words.take(), -ALTITUDE_BASE_CM, 0xffffffff - ALTITUDE_BASE_CM)
    out.push(0)
    for (const assumed of ['1m', '10000m', '10m']) out.push(sizeOctet(centimetresOf(words.hasMore() ? words.take() : assumed, 0, 9e9)))
    out.push32(latitude)
    out.push32(longitude)
    out.push32(altitude + ALTITUDE_BASE_CM)
  },
  lengthAt: (_, rdata, at, end) => {
    if (end - at < 16 || rdata[at] !== 0) return -1
    for (let i = at + 1; i < at + 4; i++) if (rdata[i]! >> 4 > 9 || (rdata[i]! & 15) > 9 || (rdata[i]! < 16 && rdata[i] !== 0)) return -1
    if (Math.abs(numberOf(rdata, 4, at + 4) - EQUATOR) > 90 * 3_600_000) return -1
    return Math.abs(numberOf(rdata, 4, at + 8) - EQUATOR) > 180 * 3_600_000 ? -1 : 16
  },
  format: (_, octets) => {
    const altitude = numberOf(octets, 4, 12) - ALTITUDE_BASE_CM
    const altitudeText = `${altitude < 0 ? '-' : ''}${Math.floor(Math.abs(altitude) / 100)}.${String(Math.abs(altitude) % 100).padStart(2, '0')}m`
    const sizes = [1, 2, 3].map((i) => metresText((octets[i]! >> 4) * 10 ** (octets[i]! & 15)))
    return [angleText(numberOf(octets, 4, 4), 'N', 'S'), angleText(numberOf(octets, 4, 8), 'E', 'W'), altitudeText, ...sizes].join(' ')
  },
}

const APL_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 }

/** [!]family:address/prefix, perhaps none (RFC 3123 §5). */
export const APL_FIELD: FieldCodec<FieldOf<'apl'>> = {
  parse: (_, words, out) => {
    while (words.hasMore()) {
      const text = words.take()
      const match = /^(!?)([12]):([^/]+)\/([0-9]{1,3})$/.exec(text)
      const family = Number(match?.[2])
      const prefix = match === null ? undefined : findNumber(match[4]!, 8 * APL_BYTES[family]!)
      if (match === null || prefix === undefined) throw new RdataError(`"${text}" is not a prefix as in 1:192.0.2.0/24 or !2:2001:db8::/32`)
      const address = new Octets(16)
      if (family === 1) pushIpv4(match[3]!, address)
      else pushIpv6(match[3]!, address)
      let length = address.length
      while (length > 0 && address.bytes[length - 1] === 0) length--
      out.push16(family)
      out.push(prefix)
      out.push((match[1] === '!' ? 0x80 : 0) | length)
      out.pushAll(address.bytes.subarray(0, length))
    }
  },
  lengthAt: (_, rdata, at, end) => {
    let position = at
    while (position < end) {
      if (position + 4 > end) return -1
      const bytes = APL_BYTES[numberOf(rdata, 2, position)]
      const length = rdata[position + 3]! & 127
      if (bytes === undefined || length > bytes || rdata[position + 2]! > 8 * bytes) return -1
      position += 4 + length
      // RFC 3123 §4: trailing zero octets are not sent.
      if (position > end || (length > 0 && rdata[position - 1] === 0)) return -1
    }
    return position - at
  },
  format: (_, octets) => {
    const prefixes: string[] = []
    for (let at = 0; at < octets.length; at += 4 + (octets[at + 3]! & 127)) {
      const family = numberOf(octets, 2, at)
      const address = new Uint8Array(APL_BYTES[family]!)
      address.set(octets.subarray(at + 4, at + 4 + (octets[at + 3]! & 127)))
      const text = family === 1 ? formatIpv4(numberOf(address, 4)) : ipv6Text(address)
      prefixes.push(`${octets[at + 3]! >> 7 === 1 ? '!' : ''}${family}:${text}/${octets[at + 2]}`)
    }
    return prefixes.join(' ')
  },
}

const PROTOCOLS: Readonly<Record<string, number>> = { ICMP: 1, TCP: 6, UDP: 17 }
/** Words of services that RFC 1010 and /etc/services agree on; others are written as port numbers. */
const SERVICES: Readonly<Record<string, number>> = {
  ECHO: 7,
  DISCARD: 9,
  DAYTIME: 13,
  CHARGEN: 19,
  'FTP-DATA': 20,
  FTP: 21,
  SSH: 22,
  TELNET: 23,
  SMTP: 25,
  TIME: 37,
  WHOIS: 43,
  DOMAIN: 53,
  TFTP: 69,
  GOPHER: 70,
  FINGER: 79,
  HTTP: 80,
  KERBEROS: 88,
  POP2: 109,
  POP3: 110,
  SUNRPC: 111,
  AUTH: 113,
  NNTP: 119,
  NTP: 123,
  IMAP2: 143,
  SNMP: 161,
  IRC: 194,
  LDAP: 389,
  HTTPS: 443,
}

/** Address, protocol, ports as bits. */
export const WKS_FIELD: FieldCodec<FieldOf<'wks'>> = {
  parse: (_, words, out) => {
    pushIpv4(words.take(), out)
    const protocol = words.take()
    out.push(
      findNumber(protocol, 255) ?? PROTOCOLS[protocol.toUpperCase()] ?? fail(`"${protocol}" is not a protocol; write TCP, UDP or a number`),
    )
    const ports: number[] = []
    while (words.hasMore()) {
      const service = words.take()
      ports.push(
        findNumber(service, 0xffff) ?? SERVICES[service.toUpperCase()] ?? fail(`"${service}" is not a service known here; write its port`),
      )
    }
    const bits = new Uint8Array(ports.length === 0 ? 0 : (Math.max(...ports) >> 3) + 1)
    for (const port of ports) bits[port >> 3]! |= 0x80 >> (port & 7)
    out.pushAll(bits)
  },
  lengthAt: (_, rdata, at, end) => (end - at < 5 || end - at > 5 + 8192 || (end - at > 5 && rdata[end - 1] === 0) ? -1 : end - at),
  format: (_, octets) => {
    const words = [formatIpv4(numberOf(octets, 4)), String(octets[4])]
    for (let port = 0; port < 8 * (octets.length - 5); port++)
      if ((octets[5 + (port >> 3)]! & (0x80 >> (port & 7))) !== 0) words.push(String(port))
    return words.join(' ')
  },
}

function fail(message: string): never {
  throw new RdataError(message)
}
