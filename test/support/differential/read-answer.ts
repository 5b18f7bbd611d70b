/**
 * A reply as it is compared: rcode, AA, TC, answers, SOA of negatives, NS, DS and glue of referrals, each as a multiset. A decoder of its
 * own, so that neither our codec nor another's judges itself. Pure.
 */

/** A reply in a form that can be compared. */
export type ComparedAnswer = {
  readonly rcode: number
  readonly aa: boolean
  readonly tc: boolean
  /** "owner type ttl rdata", in lower case, sorted. */
  readonly answers: readonly string[]
  /** SOA, and NS and DS that are not of an apex. */
  readonly authorities: readonly string[]
  /** Addresses of the servers among `authorities`. */
  readonly glue: readonly string[]
  /** Records that one section holds twice, of whatever section and type. */
  readonly duplicates: readonly string[]
  /** All answers to ANY, of which `answers` says little: as far as BIND gives all RRsets, they are compared with those. */
  readonly any: readonly string[]
  readonly size: number
}

type ReadRecord = {
  readonly owner: string
  readonly type: number
  readonly ttlSeconds: number
  readonly data: string
  readonly raw: Buffer
}

const TYPE_OPT = 41
const TYPE_ANY = 255

/** Offsets of the names in rdata that may be compressed, by type; what follows them is octets. */
const NAMES_AT: ReadonlyMap<number, readonly [skip: number, names: number]> = new Map([
  [2, [0, 1]],
  [5, [0, 1]],
  [6, [0, 2]],
  [12, [0, 1]],
  [15, [2, 1]],
  [17, [0, 2]],
  [33, [6, 1]],
  [39, [0, 1]],
])

const NAMES_INSIDE: ReadonlySet<number> = new Set([35, 64, 65])

function lowered(octets: Buffer): Buffer {
  return Buffer.from(octets.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet)))
}

function readName(message: Buffer, start: number): { readonly name: string; readonly next: number } {
  let at = start
  let next = -1
  let name = ''
  for (let jumps = 0; jumps < 128; ) {
    const length = message[at]!
    if (length === undefined) throw new Error('name past the end')
    if ((length & 0xc0) === 0xc0) {
      if (next < 0) next = at + 2
      at = ((length & 0x3f) << 8) | message[at + 1]!
      jumps++
      continue
    }
    if (length === 0) return { name: name === '' ? '.' : name, next: next < 0 ? at + 1 : next }
    name += `${message.toString('latin1', at + 1, at + 1 + length)}.`
    at += 1 + length
  }
  throw new Error('pointers without end')
}

function readRecord(message: Buffer, at: number): { readonly record: ReadRecord; readonly next: number } {
  const { name, next } = readName(message, at)
  const type = message.readUInt16BE(next)
  const dataAt = next + 10
  const end = dataAt + message.readUInt16BE(next + 8)
  const raw = message.subarray(dataAt, end)
  let data = ''
  let from = dataAt
  const [skip, names] = NAMES_AT.get(type) ?? [0, 0]
  data += message.toString('hex', from, from + skip)
  from += skip
  for (let i = 0; i < names; i++) {
    const read = readName(message, from)
    data += ` ${read.name.toLowerCase()}`
    from = read.next
  }
  // Names that are never compressed come as they stand in the zone; Knot and NSD lower their letters (RFC 4343 §3: no difference).
  data += ` ${(NAMES_INSIDE.has(type) ? lowered(message.subarray(from, end)) : message.subarray(from, end)).toString('hex')}`
  return { record: { owner: name.toLowerCase(), type, ttlSeconds: message.readUInt32BE(next + 4), data, raw }, next: end }
}

const lineOf = (record: ReadRecord): string => `${record.owner} ${record.type} ${record.ttlSeconds}${record.data}`

/** Reads a reply; `apexes` are the zones of the servers, in lower case. */
export function readAnswer(message: Buffer, queryType: number, apexes: ReadonlySet<string>): ComparedAnswer {
  let at = 12
  if (message.readUInt16BE(4) > 0) at = readName(message, 12).next + 4
  const sections: ReadRecord[][] = []
  for (let section = 0; section < 3; section++) {
    const records: ReadRecord[] = []
    for (let left = message.readUInt16BE(6 + 2 * section); left > 0; left--) {
      const { record, next } = readRecord(message, at)
      records.push(record)
      at = next
    }
    sections.push(records)
  }
  if (at !== message.length) throw new Error(`${message.length - at} octets behind the message`)
  const [answers, authorities, additionals] = sections as [ReadRecord[], ReadRecord[], ReadRecord[]]
  const opt = additionals.find((record) => record.type === TYPE_OPT)
  const tc = (message[2]! & 0x02) !== 0
  const negative = authorities.filter(
    (record) => record.type === 6 || ((record.type === 2 || record.type === 43) && !apexes.has(record.owner)),
  )
  const servers = new Set(negative.filter((record) => record.type === 2).map((record) => record.data.trim()))
  const glue = additionals.filter((record) => (record.type === 1 || record.type === 28) && servers.has(record.owner))
  const linesOf = (records: readonly ReadRecord[]): string[] => (tc ? [] : records.map(lineOf).sort())
  const isAny = queryType === TYPE_ANY
  return {
    // What is truncated is asked again: how far a server went before it found out says nothing (RFC 2181 §9).
    rcode: tc ? 0 : ((opt === undefined ? 0 : opt.ttlSeconds >>> 24) << 4) | (message[3]! & 15),
    aa: (message[2]! & 0x04) !== 0,
    tc,
    answers: isAny ? anyAnswers(answers, tc) : linesOf(answers),
    authorities: linesOf(negative),
    glue: linesOf(glue),
    duplicates: sections.flatMap((records) => {
      const lines = records.map(lineOf).sort()
      return lines.filter((line, i) => i > 0 && line === lines[i - 1])
    }),
    any: isAny ? linesOf(answers) : [],
    size: message.length,
  }
}

/** ANY: which of the RRsets are given is the server's choice (RFC 8482 §4.1); that there is data, and the aliases, are compared. */
function anyAnswers(answers: readonly ReadRecord[], tc: boolean): string[] {
  if (tc) return []
  const aliases = answers.filter((record) => record.type === 5).map(lineOf)
  // A DNAME without a CNAME made of it is data of the name itself.
  const hasData = answers.some((record) => record.type !== 5 && (record.type !== 39 || aliases.length === 0))
  return [...new Set(aliases), ...(hasData ? ['data'] : [])].sort()
}

/** The parts that are compared, by name. */
export const PARTS = ['rcode', 'aa', 'tc', 'answers', 'authorities', 'glue'] as const

/** One part as text. */
export function partOf(answer: ComparedAnswer, part: (typeof PARTS)[number]): string {
  const value = answer[part]
  return Array.isArray(value) ? value.join('\n') : String(value)
}

/** All parts as one text. */
export function formOf(answer: ComparedAnswer): string {
  return PARTS.map((part) => `${part}: ${partOf(answer, part)}`).join('\n')
}
