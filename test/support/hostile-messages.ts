/**
 * Messages of every kind that a server is sent, good and then spoiled: queries, transfers, updates, NOTIFYs, each with or without TSIG,
 * signed before or behind the damage (behind: what is damaged is read by code that only signed messages reach). Drawn from a seed.
 */
import { signRequest, type TsigKey } from '../../resolver/wire/tsig.ts'
import { buildQuery, wireName } from './dns-packets.ts'
import { type Draw, drawName, drawPacket, drawQuery, mutatePacket } from './hostile-packets.ts'

/** Who signs, and when. */
export type Signing = {
  /** A key that the server knows. */
  readonly known: TsigKey
  /** The same name with another secret. */
  readonly wrong: TsigKey
  /** A key that the server does not know. */
  readonly stranger: TsigKey
  readonly nowSeconds: () => number
}

/** Zones that transfers and updates are about; others get refusals. */
export type HostileTargets = {
  /** May be transferred and updated with the known key. */
  readonly dynamic: string
  /** A secondary zone: NOTIFY. */
  readonly secondary: string
}

const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)]!
const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]
const OPCODE_NOTIFY = 4
const OPCODE_UPDATE = 5
/** Types that updates add and remove. */
const UPDATE_TYPES = [1, 28, 16, 15, 5, 2, 6, 33, 255, 43, 46, 47, 65, 257, 65280, 0, 41, 250, 252]
const LARGEST_MESSAGE_BYTES = 65_535

/** Rdata that is mostly right for its type. */
function drawRdata(draw: Draw, type: number, zone: string): number[] {
  const name = (): number[] => [...wireName(`h${draw(40)}.${zone}`)]
  const noise = (count: number): number[] => Array.from({ length: count }, () => draw(256))
  if (draw(12) === 0) return noise(draw(40))
  switch (type) {
    case 1:
      return [192, 0, 2, draw(256)]
    case 28:
      return [0x20, 1, 0xd, 0xb8, ...noise(12)]
    case 16:
      return [4, ...noise(4)]
    case 15:
      return [0, 10, ...name()]
    case 2:
    case 5:
      return name()
    case 6:
      return [...name(), ...name(), ...noise(20)]
    case 33:
      return [0, 1, 0, 1, 1, 187, ...name()]
    default:
      return noise(draw(20))
  }
}

/** A record of any section. The owner is sometimes a pointer: to the question, to itself, onward. */
function drawRecord(draw: Draw, zone: string, at: number, recordClass: number): number[] {
  const owner = [
    () => [...wireName(`h${draw(40)}.${zone}`)],
    () => [0xc0, 12],
    () => [1, 0x61 + draw(26), 0xc0, 12],
    () => [0xc0 | (at >> 8), at & 255],
    () => [0xc0, draw(256)],
  ]
  const type = pick(draw, UPDATE_TYPES)
  const isEmpty = (recordClass === 255 || recordClass === 254) && draw(3) > 0
  const rdata = isEmpty ? [] : drawRdata(draw, type, zone)
  const length = draw(25) === 0 ? draw(0x10000) : rdata.length
  const ttl = recordClass === 1 ? [0, 0, draw(2), draw(256)] : draw(10) === 0 ? [255, 255, 255, 255] : [0, 0, 0, 0]
  return [
    ...pick(
      draw,
      [0, 0, 0, 1, 1, 2, 3, 4].map((n) => owner[n]!),
    )(),
    ...u16(type),
    ...u16(recordClass),
    ...ttl,
    ...u16(length),
    ...rdata,
  ]
}

/** An UPDATE or a NOTIFY. */
function drawRequest(draw: Draw, opcode: number, zone: string): Uint8Array {
  const question = [...wireName(zone), ...u16(draw(15) === 0 ? pick(draw, UPDATE_TYPES) : 6), ...u16(draw(20) === 0 ? draw(256) : 1)]
  const counts = opcode === OPCODE_UPDATE ? [draw(4) === 0 ? 1 + draw(3) : 0, 1 + draw(3)] : [draw(2), 0]
  const records: number[] = []
  for (const [section, count] of counts.entries())
    for (let left = count; left > 0; left--) {
      const classes = section === 0 ? [255, 254, 1] : [1, 1, 1, 255, 254, 3]
      records.push(...drawRecord(draw, zone, 12 + question.length + records.length, pick(draw, classes)))
    }
  const flags = (opcode << 11) | (opcode === OPCODE_NOTIFY ? 0x0400 : 0) | (draw(20) === 0 ? 0x8000 : 0)
  return Uint8Array.from([
    ...u16(draw(0x10000)),
    ...u16(flags),
    0,
    1,
    ...u16(counts[0]!),
    ...u16(counts[1]!),
    0,
    0,
    ...question,
    ...records,
  ])
}

/** AXFR or IXFR; IXFR with a SOA of some serial, or without. */
function drawTransfer(draw: Draw, zone: string): Uint8Array {
  const type = pick(draw, [252, 251, 251])
  const soa = [0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, ...Array.from({ length: 20 }, () => draw(256))]
  const query = buildQuery({ name: zone, type, id: draw(0x10000), opts: draw(3) === 0 ? [{}] : [], flags: 0 })
  if (type === 252 || draw(5) === 0 || query[11] === 1) return query
  query[9] = 1
  return Uint8Array.from([...query, ...soa])
}

/** Names as they must not be: labels and names too long, pointers that go round, labels of reserved kinds. */
function drawBadName(draw: Draw): Uint8Array {
  const label = (length: number): number[] => [length, ...Array.from({ length: length & 63 }, () => 0x61 + draw(26))]
  const name = pick<() => number[]>(draw, [
    () => [...label(64 + draw(128)), 0],
    () => [...Array.from({ length: 5 }, () => label(63)).flat(), 0],
    () => [...Array.from({ length: 127 + draw(3) }, () => label(1)).flat(), 0],
    () => [0xc0, 12],
    () => [1, 0x61, 0xc0, 14],
    () => [0xc0, 14, 0xc0, 12],
    () => [0xff, 0xff],
    () => [0xc0],
    () => label(9).slice(0, 5),
  ])()
  const message = buildQuery({ name: Uint8Array.from(name), id: draw(0x10000), opts: draw(2) === 0 ? [{}] : [] })
  return message
}

/** Options of all kinds in one OPT, mostly with lengths that are right. */
function drawOptions(draw: Draw): Uint8Array {
  const octets = (count: number): number[] => Array.from({ length: count }, () => draw(256))
  const lengths: Readonly<Record<number, readonly number[]>> = {
    3: [0],
    5: [3],
    6: [1],
    8: [7, 4, 11],
    9: [0, 4],
    10: [8, 24, 16],
    11: [0, 2],
    12: [0, 9, 60],
    13: [0],
    14: [2],
    15: [2, 9],
  }
  const options = Array.from({ length: 1 + draw(6) }, () => {
    const code = pick(draw, [...Object.keys(lengths).map(Number), 10, 8, 11, 65001])
    if (code === 8 && draw(3) > 0) return [8, [0, 1, 24, 0, ...octets(3)]] as const
    return [code, octets(draw(6) === 0 ? draw(50) : pick(draw, lengths[code] ?? [3]))] as const
  })
  const udpSize = pick(draw, [0, 512, 1232, 4096, 65535])
  return buildQuery({
    name: drawName(draw),
    type: pick(draw, [1, 28, 16, 255, 6]),
    id: draw(0x10000),
    opts: [{ udpSize, dnssecOk: draw(2) === 0, options }],
  })
}

/** The message with a TSIG behind it; as it is when there is no room for one. */
export function signMessage(message: Uint8Array, key: TsigKey, nowSeconds: number): Uint8Array {
  if (message.length < 12 || message.length > LARGEST_MESSAGE_BYTES - 200) return message
  const mem = new Uint8Array(message.length + 200)
  mem.set(message)
  return mem.slice(0, signRequest(mem, message.length, key, nowSeconds).length)
}

/** A message of any kind. */
export function drawMessage(
  draw: Draw,
  { known, wrong, stranger, nowSeconds }: Signing,
  { dynamic, secondary }: HostileTargets,
): Uint8Array {
  const zone = draw(6) === 0 ? drawName(draw) : dynamic
  const damage = (message: Uint8Array, kinds: readonly number[]): Uint8Array => {
    let damaged = message
    for (let left = pick(draw, kinds); left > 0; left--) damaged = mutatePacket(damaged, draw)
    return damaged
  }
  const kind = draw(100)
  if (kind < 40) return drawPacket(draw)
  if (kind < 55) return damage(drawOptions(draw), [0, 0, 0, 1, 2, 5])
  if (kind < 62) return damage(drawBadName(draw), [0, 0, 1])
  let message: Uint8Array
  if (kind < 72) message = drawTransfer(draw, zone)
  else if (kind < 84) message = drawRequest(draw, OPCODE_UPDATE, zone)
  else if (kind < 90) message = drawRequest(draw, OPCODE_NOTIFY, draw(3) > 0 ? secondary : zone)
  else message = drawQuery(draw)
  const now = nowSeconds()
  switch (draw(10)) {
    case 0:
    case 1:
    case 2:
      return damage(message, [0, 0, 1, 2])
    case 3:
      return damage(signMessage(message, known, now), [0, 1, 2, 5])
    case 4:
      return signMessage(message, pick(draw, [wrong, stranger]), now)
    case 5:
      return signMessage(message, known, pick(draw, [now - 301, now + 301, 0, 2 ** 47]))
    case 6:
      // Twice signed: the first one is no longer the last record.
      return signMessage(signMessage(message, known, now), known, now)
    default:
      // Good signatures are dear for the server when it is an update: most are of what is spoiled.
      return signMessage(damage(message, kind >= 72 && kind < 84 ? [1, 1, 2, 5, 5, 20] : [0, 0, 1, 2, 5]), known, now)
  }
}
