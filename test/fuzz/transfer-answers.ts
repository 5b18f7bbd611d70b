/** Answers of a primary to SOA, AXFR and IXFR queries: right in form, wrong in sense as often as not. Drawn from a seed; pure. */
import { wireName } from '../support/dns-packets.ts'
import type { Draw } from '../support/hostile-packets.ts'

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]
const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)]!
/** Types of the registry with a form of their own, and some without. */
const TYPES = [1, 1, 1, 28, 2, 5, 15, 16, 33, 35, 39, 43, 46, 47, 48, 50, 51, 52, 64, 65, 257, 29, 42, 99, 65280, 41, 250, 255, 0]
const OWNERS = ['a', 'b', '*.w', 'a.b.c', 'ns1', 'sub', 'x.sub', 'd']

/** One record: owner, often by pointer to the question. */
function record(owner: readonly number[], type: number, ttl: number, rdata: readonly number[], length: number = rdata.length): number[] {
  return [...owner, ...u16(type), ...u16(1), ...u32(ttl), ...u16(length), ...rdata]
}

const APEX = [0xc0, 12]
function soa(serial: number, times: readonly number[] = [1, 1, 60, 5]): number[] {
  return record(APEX, 6, 60, [0xc0, 12, 0xc0, 12, ...u32(serial), ...times.flatMap(u32)])
}

function drawAny(draw: Draw): number[] {
  const labels = pick(draw, OWNERS).split('.')
  const owner = [...labels.flatMap((label) => [label.length, ...Buffer.from(label)]), ...APEX]
  const type = pick(draw, TYPES)
  const noise = Array.from({ length: draw(30) }, () => draw(256))
  const name = pick(draw, [APEX, [0], [1, 0x61, ...APEX], [0xc0, draw(256)]])
  const rdata: readonly number[] =
    draw(8) === 0
      ? noise
      : type === 1
        ? [192, 0, 2, draw(256)]
        : type === 28
          ? Array.from({ length: 16 }, () => draw(256))
          : [2, 5, 39].includes(type)
            ? name
            : type === 15
              ? [0, 1, ...name]
              : type === 16
                ? [noise.length, ...noise]
                : noise
  return record(
    draw(12) === 0 ? [...wireName('elsewhere.test')] : owner,
    type,
    draw(100_000),
    rdata,
    draw(30) === 0 ? draw(0x10000) : undefined,
  )
}

/** The messages of an answer. `type`: 6, 251 or 252. */
export function drawTransferAnswer(draw: Draw, zone: string, id: number, type: number): Uint8Array[] {
  const question = [...wireName(zone), ...u16(type), 0, 1]
  const message = (records: readonly (readonly number[])[], rcode = 0): Uint8Array =>
    Uint8Array.from([...u16(id), 0x84, rcode, 0, 1, ...u16(records.length), 0, 0, 0, 0, ...question, ...records.flat()])
  // Serials of today's seconds grow, so that a secondary comes back for more.
  const serial = type === 6 ? Math.floor(Date.now() / 100) >>> 0 : draw(4) === 0 ? draw(10) : Math.floor(Date.now() / 100) >>> 0
  if (type === 6) return [message([soa(serial)], draw(20) === 0 ? draw(16) : 0)]
  const good = [record(APEX, 2, 60, [3, 0x6e, 0x73, 0x31, ...APEX]), record([3, 0x6e, 0x73, 0x31, ...APEX], 1, 60, [127, 0, 0, 1])]
  const body = draw(3) === 0 ? good : [...good, ...Array.from({ length: draw(20) }, () => drawAny(draw))]
  let records: number[][]
  if (type === 251 && draw(3) > 0) {
    records = [soa(serial)]
    for (let steps = 1 + draw(4), from = draw(5); steps > 0; steps--, from++)
      records.push(
        soa(from),
        ...Array.from({ length: draw(3) }, () => drawAny(draw)),
        soa(draw(3) === 0 ? serial : from + 1),
        ...Array.from({ length: draw(3) }, () => drawAny(draw)),
      )
    records.push(soa(serial))
  } else records = [soa(serial), ...body, soa(draw(10) === 0 ? serial + 1 : serial)]
  if (draw(8) === 0) records.splice(draw(records.length), 1)
  if (draw(8) === 0) records.splice(draw(records.length), 0, drawAny(draw))
  const messages: Uint8Array[] = []
  for (let at = 0; at < records.length; ) {
    const count = draw(2) === 0 ? records.length : 1 + draw(5)
    messages.push(message(records.slice(at, at + count), draw(40) === 0 ? draw(16) : 0))
    at += count
  }
  return messages
}
