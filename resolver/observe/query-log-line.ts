/**
 * A logged query as one JSON line; the keys are listed in docs/query-log.md. Pure. Text is put together by hand: the lines are flat,
 * and this runs once a logged query. Addresses have been cut before (query-log-privacy.ts).
 */
import { formatIpv4, formatIpv6 } from '../../geodata/address/address.ts'
import { formatName } from '../wire/name.ts'
import { formatRdata } from '../wire/rdata/rdata-text.ts'
import { readMessage } from '../wire/read-message.ts'
import { OPTION_CLIENT_SUBNET, RCODE_WORDS, TYPE_OPT, typeWord } from '../wire/registry.ts'
import { ANSWER_OUTCOMES } from './counters.ts'
import type { LogBytes } from './log-bytes.ts'
import { isMappedIpv4 } from './query-log-privacy.ts'
import { QUERY_TRANSPORTS, type QueryRecord } from './query-log-ring.ts'

/** Names of one generation for the log: what its numbers mean. */
export type QueryLogNames = {
  readonly generation: number
  readonly policies: readonly string[]
  /** Line key by rule. */
  readonly ruleLines: readonly string[]
  /** Apex names, canonical wire form. */
  readonly zones: readonly Uint8Array[]
}

/** What of a line does not come from the query. */
export type LineOptions = {
  /** Name of this node. */
  readonly node: string
  /** Answer records are written out. */
  readonly withRecords: boolean
}

const HEADER_BYTES = 12
const OPCODES: Readonly<Record<number, string>> = { 0: 'QUERY', 1: 'IQUERY', 2: 'STATUS', 4: 'NOTIFY', 5: 'UPDATE', 6: 'DSO' }
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' }
const MORE_RCODES: Readonly<Record<number, string>> = {
  ...{ 6: 'YXDOMAIN', 7: 'YXRRSET', 8: 'NXRRSET', 9: 'NOTAUTH', 10: 'NOTZONE', 16: 'BADVERS', 23: 'BADCOOKIE' },
}
/** Bits of the header's second and third octet, with their words. */
const FLAGS: readonly (readonly [bit: number, word: string])[] = [
  [0x8000, 'qr'],
  [0x0400, 'aa'],
  [0x0200, 'tc'],
  [0x0100, 'rd'],
  [0x0080, 'ra'],
  [0x0020, 'ad'],
  [0x0010, 'cd'],
]

/** What a message's own OPT says, and its question; filled by `scan`. */
type Scanned = {
  hasQuestion: boolean
  /** Offset behind the question's name. */
  questionAt: number
  hasOpt: boolean
  extendedRcode: number
  dnssecOk: boolean
  udpSize: number
  /** Client subnet as text, empty = none. */
  subnet: string
  scope: number
}
const SCANNED: Scanned = {
  ...{ hasQuestion: false, questionAt: 0, hasOpt: false, extendedRcode: 0, dnssecOk: false, udpSize: 0, subnet: '', scope: 0 },
}

function skipName(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const label = bytes[at]!
    if (label === 0) return at + 1
    if (label >= 0xc0) return at + 2
    at += 1 + label
  }
  return end
}

/** Whether a name is labels and nothing else, at most 255 octets. */
function isPlainName(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 255) return false
  for (let at = start; at < end; at += 1 + bytes[at]!) {
    if (bytes[at]! > 63) return false
    if (bytes[at] === 0) return at + 1 === end
  }
  return false
}

/** Reads question and OPT, and forgives what is malformed: what could not be read is not there. */
function scan(bytes: Uint8Array, start: number, length: number): void {
  const end = start + length
  const found = SCANNED
  found.hasQuestion = found.hasOpt = found.dnssecOk = false
  found.extendedRcode = found.udpSize = found.scope = 0
  found.subnet = ''
  if (length < HEADER_BYTES) return
  let at = start + HEADER_BYTES
  if (u16(bytes, start + 4) > 0) {
    at = skipName(bytes, at, end)
    // A name with a pointer or an odd label is none that can be written down.
    if (at + 4 > end || !isPlainName(bytes, start + HEADER_BYTES, at)) return
    found.hasQuestion = true
    found.questionAt = at
    at += 4
  }
  if (u16(bytes, start + 4) > 1) return
  const records = u16(bytes, start + 6) + u16(bytes, start + 8) + u16(bytes, start + 10)
  for (let left = records; left > 0; left--) {
    const next = skipName(bytes, at, end)
    if (next + 10 > end) return
    const data = next + 10
    at = data + u16(bytes, next + 8)
    if (at > end) return
    if (u16(bytes, next) !== TYPE_OPT) continue
    found.hasOpt = true
    found.udpSize = u16(bytes, next + 2)
    found.extendedRcode = bytes[next + 4]!
    found.dnssecOk = (bytes[next + 6]! & 0x80) !== 0
    for (let option = data; option + 4 <= at; option += 4 + u16(bytes, option + 2)) {
      const size = u16(bytes, option + 2)
      if (u16(bytes, option) !== OPTION_CLIENT_SUBNET || size < 4 || option + 4 + size > at) continue
      found.subnet = subnetText(bytes, option + 4, size)
      found.scope = bytes[option + 7]!
    }
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** "address/source prefix length" of an option's data. */
function subnetText(bytes: Uint8Array, at: number, size: number): string {
  const family = u16(bytes, at)
  const octet = (i: number): number => (4 + i < size ? bytes[at + 4 + i]! : 0)
  const word = (i: number): number => ((octet(i) << 24) | (octet(i + 1) << 16) | (octet(i + 2) << 8) | octet(i + 3)) >>> 0
  const address = family === 2 ? formatIpv6([word(0), word(4), word(8), word(12)]) : formatIpv4(word(0))
  return `${address}/${bytes[at + 2]}`
}

function addressText(words: Uint32Array): string {
  return isMappedIpv4(words) ? formatIpv4(words[3]!) : formatIpv6([words[0]!, words[1]!, words[2]!, words[3]!])
}

/** JSON text of what may hold any octet; plain ASCII comes back quoted. */
function quoted(text: string): string {
  return JSON.stringify(text)
}

function flagWords(bits: number, dnssecOk: boolean): string {
  let text = ''
  for (const [bit, word] of FLAGS) if ((bits & bit) !== 0) text += text === '' ? word : ` ${word}`
  if (dnssecOk) text += text === '' ? 'do' : ' do'
  return text
}

/** RFC 3339 in UTC; the part up to the second is kept, since most lines share it. */
let lastSecond = -1
let lastSecondText = ''
function timeText(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastSecondText = new Date(1000 * second).toISOString().slice(0, 20)
  }
  return `${lastSecondText}${String(Math.floor(milliseconds) - 1000 * second).padStart(3, '0')}Z`
}

/** Appends the line of `record`, whose source is a prefix of `clientLength` bits. `names` is undefined when they are of another generation. */
export function writeQueryLine(
  out: LogBytes,
  record: QueryRecord,
  clientLength: number,
  options: LineOptions,
  names: QueryLogNames | undefined,
): void {
  const { bytes } = record
  let line = `{"time":"${timeText(record.queryTime)}","node":${quoted(options.node)},"transport":"${QUERY_TRANSPORTS[record.transport] ?? 'udp'}"`
  line += `,"client":"${addressText(record.source)}/${clientLength}"`
  if (record.localPort !== 0) {
    const server = addressText(record.local)
    line += `,"server":"${server.includes(':') ? `[${server}]` : server}:${record.localPort}"`
  }
  const fromQuery = record.queryLength > 0
  const at = fromQuery ? record.queryAt : record.responseAt
  const length = fromQuery ? record.queryLength : record.responseLength
  scan(bytes, at, length)
  if (length >= HEADER_BYTES) {
    const opcode = (bytes[at + 2]! >> 3) & 15
    if (opcode !== 0) line += `,"opcode":"${OPCODES[opcode] ?? `OPCODE${opcode}`}"`
  }
  if (SCANNED.hasQuestion) {
    const type = u16(bytes, SCANNED.questionAt)
    const classNumber = u16(bytes, SCANNED.questionAt + 2)
    const name = bytes.subarray(at + HEADER_BYTES, SCANNED.questionAt)
    line += `,"name":${quoted(formatName(name))},"type":"${typeWord(type)}","class":"${CLASSES[classNumber] ?? `CLASS${classNumber}`}"`
  }
  if (fromQuery && length >= HEADER_BYTES) line += `,"queryFlags":"${flagWords(u16(bytes, at + 2), SCANNED.dnssecOk)}"`
  if (fromQuery && SCANNED.hasOpt) line += `,"ednsSize":${SCANNED.udpSize}`
  if (SCANNED.subnet !== '') line += `,"ecs":"${SCANNED.subnet}"`
  line += `,"queryBytes":${record.queryBytes}`
  if (record.responseLength >= HEADER_BYTES) line += responseKeys(record)
  if (record.responseBytes > 0) {
    const latencyMs = Math.max(0, Math.round((record.responseTime - record.queryTime) * 1000) / 1000)
    line += `,"responseBytes":${record.responseBytes},"latencyMs":${latencyMs}`
  }
  if (record.generation > 0) line += `,"generation":${record.generation}`
  if (names !== undefined && record.policy >= 0) {
    line += `,"policy":${quoted(names.policies[record.policy] ?? String(record.policy))}`
    if (record.rule >= 0) line += `,"rule":${quoted(names.ruleLines[record.rule] ?? String(record.rule))}`
    line += `,"outcome":"${ANSWER_OUTCOMES[record.outcome] ?? ''}"`
  }
  if (options.withRecords && record.responseLength >= HEADER_BYTES) line += recordsKey(record)
  out.utf8(`${line}}\n`)
}

/** What the reply says: rcode, flags, scope, number of answers. */
function responseKeys({ bytes, responseAt, responseLength }: QueryRecord): string {
  scan(bytes, responseAt, responseLength)
  const rcode = (SCANNED.extendedRcode << 4) | (bytes[responseAt + 3]! & 15)
  const word = RCODE_WORDS[rcode] ?? MORE_RCODES[rcode] ?? `RCODE${rcode}`
  let text = `,"rcode":"${word}","flags":"${flagWords(u16(bytes, responseAt + 2), SCANNED.dnssecOk)}"`
  if (SCANNED.subnet !== '') text += `,"scope":${SCANNED.scope}`
  return `${text},"answers":${u16(bytes, responseAt + 6)}`
}

/** The answer section in presentation form, one text a record. */
function recordsKey({ bytes, responseAt, responseLength }: QueryRecord): string {
  // A copy: text decoders refuse shared memory.
  const message = readMessage(Uint8Array.prototype.slice.call(Buffer.from(bytes.subarray(responseAt, responseAt + responseLength))))
  if (message === undefined) return ''
  const records = message.records
    .filter(({ section }) => section === 'answer')
    .map(
      ({ owner, ttlSeconds, type, class: classNumber, rdata }) =>
        `${formatName(owner)} ${ttlSeconds} ${CLASSES[classNumber] ?? `CLASS${classNumber}`} ${typeWord(type)} ${formatRdata(type, rdata)}`,
    )
  return `,"records":${JSON.stringify(records)}`
}
