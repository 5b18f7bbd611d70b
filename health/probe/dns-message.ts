/**
 * The little of DNS that a probe needs: one question written, one answer read. Pure. It stands apart from resolver/wire because health
 * imports nothing of the resolver, and because it judges other servers: a mistake that both shared would hide itself.
 */
import { formatIpv6 } from '../../geodata/address/address.ts'

/** Types that a probe may ask for. */
export const QUERY_TYPES: Readonly<Record<string, number>> = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 }
/** Response codes by number. */
export const RCODES: readonly string[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

const HEADER_BYTES = 12
const TYPE_OPT = 41
const CLASS_IN = 1
/** RFC 1035 §2.3.4. */
const MOST_NAME_BYTES = 255
/** Sensible for every path (DNS flag day 2020). */
const UDP_SIZE = 1232
/** Records that are read; more are passed over. */
const MOST_RECORDS = 256

/** What an answer says. */
export type DnsAnswer = {
  readonly truncated: boolean
  readonly rcode: string
  /** Rdata of the records of the asked type in presentation form; names in lower case with a final dot, texts without quotes. */
  readonly data: readonly string[]
}

/** A query with EDNS. `name` is absolute, in presentation form without escapes other than \. and \ddd. */
export function encodeQuery(id: number, name: string, type: string): Buffer {
  const qname = encodeName(name)
  const question = Buffer.alloc(4)
  question.writeUInt16BE(QUERY_TYPES[type]!, 0)
  question.writeUInt16BE(CLASS_IN, 2)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  // RD: resolvers want it, name servers do not mind.
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(1, 10)
  const opt = Buffer.from([0, 0, TYPE_OPT, UDP_SIZE >> 8, UDP_SIZE & 255, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, qname, question, opt])
}

function encodeName(name: string): Buffer {
  const labels: number[][] = [[]]
  for (let i = 0; i < name.length; i++) {
    const escaped = /^\\(\d{3})/.exec(name.slice(i, i + 4))
    if (name[i] === '.') labels.push([])
    else if (escaped !== null) {
      labels.at(-1)!.push(Number(escaped[1]))
      i += 3
    } else if (name[i] === '\\') labels.at(-1)!.push(name.charCodeAt(++i))
    else labels.at(-1)!.push(name.charCodeAt(i))
  }
  return Buffer.from([...labels.filter((label) => label.length > 0).flatMap((label) => [label.length, ...label]), 0])
}

/** True when a message is the answer to this query: id, QR, and the same question. */
export function isAnswerTo(message: Buffer, query: Buffer): boolean {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== query.readUInt16BE(0) || (message[2]! & 0x80) === 0) return false
  // A server that could not read the query (FORMERR) may leave the question out.
  if (message.readUInt16BE(4) === 0) return true
  const end = questionEnd(query)
  const same = message.subarray(HEADER_BYTES, end).toString('latin1').toLowerCase()
  return same === query.subarray(HEADER_BYTES, end).toString('latin1').toLowerCase()
}

function questionEnd(query: Buffer): number {
  let at = HEADER_BYTES
  while (query[at] !== 0) at += query[at]! + 1
  return at + 5
}

/** Reads an answer that isAnswerTo the query; undefined when it is malformed. */
export function decodeAnswer(message: Buffer, query: Buffer, type: string): DnsAnswer | undefined {
  const rcode = message[3]! & 15
  const data: string[] = []
  const answer: DnsAnswer = { truncated: (message[2]! & 2) !== 0, rcode: RCODES[rcode] ?? `RCODE${rcode}`, data }
  if (message.readUInt16BE(4) === 0 || answer.truncated) return answer
  const count = Math.min(message.readUInt16BE(6), MOST_RECORDS)
  let at = questionEnd(query)
  for (let i = 0; i < count; i++) {
    const owner = readName(message, at)
    if (owner === undefined || owner.end + 10 > message.length) return undefined
    at = owner.end + 10
    const length = message.readUInt16BE(at - 2)
    if (at + length > message.length) return undefined
    if (message.readUInt16BE(at - 10) === QUERY_TYPES[type]) {
      const text = readRdata(message, at, length, type)
      if (text === undefined) return undefined
      data.push(text)
    }
    at += length
  }
  return answer
}

function readRdata(message: Buffer, at: number, length: number, type: string): string | undefined {
  const end = at + length
  const number = (offset: number): number => message.readUInt16BE(at + offset)
  const word = (offset: number): number => message.readUInt32BE(at + offset)
  const name = (offset: number): string | undefined => {
    const read = readName(message, at + offset)
    return read === undefined || read.end > end ? undefined : read.name
  }
  const behind = (numbers: readonly number[]): string | undefined => {
    const target = length > 2 * numbers.length ? name(2 * numbers.length) : undefined
    return target === undefined ? undefined : [...numbers, target].join(' ')
  }
  switch (type) {
    case 'A':
      return length === 4 ? message.subarray(at, end).join('.') : undefined
    case 'AAAA':
      // An IPv4-mapped address is written as IPv6: AAAA was asked for.
      return length === 16 ? formatIpv6([word(0), word(4), word(8), word(12)]) : undefined
    case 'MX':
      return length > 2 ? behind([number(0)]) : undefined
    case 'SRV':
      return length > 6 ? behind([number(0), number(2), number(4)]) : undefined
    case 'TXT':
      return readTexts(message, at, end)
    case 'SOA': {
      const mname = readName(message, at)
      const rname = mname === undefined ? undefined : readName(message, mname.end)
      if (rname === undefined || rname.end + 20 !== end) return undefined
      const numbers = [0, 4, 8, 12, 16].map((offset) => message.readUInt32BE(rname.end + offset))
      return [mname!.name, rname.name, ...numbers].join(' ')
    }
    default:
      return name(0)
  }
}

function readTexts(message: Buffer, start: number, end: number): string | undefined {
  let text = ''
  for (let at = start; at < end; at += message[at]! + 1) {
    if (at + 1 + message[at]! > end) return undefined
    text += message.subarray(at + 1, at + 1 + message[at]!).toString('latin1')
  }
  return text
}

/** A name in lower case with a final dot, and where it ends; undefined when it is malformed. */
function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  let at = start
  let end = -1
  let bytes = 0
  let name = ''
  for (;;) {
    const length = message[at]
    if (length === undefined) return undefined
    if (length >= 0xc0) {
      const low = message[at + 1]
      if (low === undefined) return undefined
      const target = ((length & 63) << 8) | low
      if (end < 0) end = at + 2
      // Pointers lead backwards only, or they could lead in a circle.
      if (target >= at) return undefined
      at = target
      continue
    }
    if (length >= 64) return undefined
    bytes += length + 1
    if (bytes > MOST_NAME_BYTES || at + 1 + length > message.length) return undefined
    if (length === 0) return { name: name === '' ? '.' : name, end: end < 0 ? at + 1 : end }
    for (const octet of message.subarray(at + 1, at + 1 + length)) name += presentOctet(octet)
    name += '.'
    at += length + 1
  }
}

function presentOctet(octet: number): string {
  const letter = String.fromCharCode(octet)
  if (octet === 0x2e || octet === 0x5c) return `\\${letter}`
  return octet > 0x20 && octet < 0x7f ? letter.toLowerCase() : `\\${String(octet).padStart(3, '0')}`
}
