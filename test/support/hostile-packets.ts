/**
 * Packets as an attacker sends them: good queries changed octet by octet, lengths and counts that lie, pointers, noise. Drawn from a
 * generator with a seed, so that a failure can be repeated.
 */
import { buildQuery, type OptDraft, type SubnetDraft } from './dns-packets.ts'

/** Numbers from 0 up to, not including, `below`. */
export type Draw = (below: number) => number

/** A small fast generator (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)]!

const HEADS = ['', 'www', 'WwW', 'alias3', 'away', 'dangling', 'toempty', 'tocut', 'loop1', 'self', 'deep.in.the.tree', 'in.the.tree']
const MORE_HEADS = [
  'x.wild',
  'wild',
  'x.sub.wild',
  'x.alias',
  'a.b',
  'sub',
  'host.sub',
  'lame',
  'big',
  'many',
  'srv',
  'caa',
  'long',
  'chain0',
  'x.dname',
  'deep.todeep',
  'deep.deepdname.x',
  'x.dloop1',
  'x.dself',
  'x.y.dgrow',
  `${'x'.repeat(60)}.dgrow`,
  'www.daway',
  'svc',
  'toservice',
  'naptr',
  'wildhost',
]
const ZONES = ['hostile.test', 'nested.hostile.test', 'z.test', 'i.test', 'example', 'elsewhere.test', '2.0.192.in-addr.arpa', '']
const STEERED_HEADS = ['s0', 's1', 'c2', 'deep.w', 'ignored', 't0', 't1', 'static']
const CHAOS = ['id.server', 'hostname.bind', 'version.bind', 'VERSION.server']
const TYPES = [1, 1, 1, 28, 5, 2, 6, 15, 16, 33, 43, 46, 47, 255, 251, 252, 41, 0, 65280, 65535, 257, 35, 39, 64, 65, 128]

function drawSubnet(draw: Draw): SubnetDraft {
  const family = pick(draw, [1, 1, 2, 2, 0, 3, 256])
  const source = pick(draw, [0, 1, 7, 8, 24, 24, 32, 33, 56, 64, 128, 129, 255])
  const honest = (source + 7) >> 3
  const count = draw(4) > 0 ? honest : draw(40)
  const octets = Array.from({ length: count }, () => draw(256))
  // Bits beyond the prefix are mostly cleared, or nearly every option would be malformed.
  if (draw(4) > 0 && count === honest && (source & 7) !== 0) octets[count - 1]! &= 0xff << (8 - (source & 7))
  return { family, source, scope: draw(8) === 0 ? draw(256) : 0, octets }
}

function drawOpt(draw: Draw): OptDraft {
  return {
    udpSize: pick(draw, [0, 512, 513, 600, 1232, 4096, 65535]),
    version: draw(12) === 0 ? draw(256) : 0,
    dnssecOk: draw(2) === 0,
    subnet: draw(3) > 0 ? drawSubnet(draw) : undefined,
    options: Array.from(
      { length: draw(3) },
      () => [pick(draw, [8, 10, 11, 15, 65001]), Array.from({ length: draw(20) }, () => draw(256))] as const,
    ),
  }
}

/** A name of the zones that are asked, or near one. */
export function drawName(draw: Draw): string {
  const head = pick(draw, pick(draw, [HEADS, MORE_HEADS, STEERED_HEADS]))
  const zone = pick(draw, ZONES)
  if (draw(20) === 0) return pick(draw, CHAOS)
  const labels = draw(5) === 0 ? `${'abcdefgh'.slice(0, 1 + draw(8))}.${head}` : head
  return [labels, zone].filter((part) => part !== '').join('.')
}

/** A well-formed query. */
export function drawQuery(draw: Draw): Uint8Array {
  return buildQuery({
    id: draw(0x10000),
    name: drawName(draw),
    type: pick(draw, TYPES),
    class: pick(draw, [1, 1, 1, 1, 1, 3, 4, 254, 255, 0]),
    flags: pick(draw, [0x0100, 0x0100, 0x0000, 0x0110, 0x0120, 0x8100, 0x2000, 0x7fff, draw(0x10000)]),
    opts: Array.from({ length: pick(draw, [0, 1, 1, 1, 1, 2]) }, () => drawOpt(draw)),
    trailing: draw(20) === 0 ? Array.from({ length: 1 + draw(4) }, () => draw(256)) : [],
  })
}

/** A packet: mostly a query with a few octets changed, cut, doubled or inserted; sometimes plain noise. */
export function drawPacket(draw: Draw): Uint8Array {
  if (draw(20) === 0) return Uint8Array.from({ length: draw(600) }, () => draw(256))
  let packet = drawQuery(draw)
  for (let changes = pick(draw, [0, 0, 1, 1, 2, 5, 20]); changes > 0; changes--) packet = mutatePacket(packet, draw)
  return packet
}

/** One small change, in place where the length stays. */
export function mutatePacket(packet: Uint8Array, draw: Draw): Uint8Array {
  if (packet.length === 0) return packet
  const at = draw(packet.length)
  switch (draw(7)) {
    case 0:
      packet[at] = draw(256)
      return packet
    case 1:
      packet[at]! ^= 1 << draw(8)
      return packet
    case 2:
      // A pointer, often to somewhere near.
      packet[at] = 0xc0 | draw(4)
      if (at + 1 < packet.length) packet[at + 1] = draw(packet.length)
      return packet
    case 3:
      return packet.slice(0, at)
    case 4:
      return Uint8Array.from([...packet.subarray(0, at), ...Array.from({ length: 1 + draw(30) }, () => draw(256)), ...packet.subarray(at)])
    case 5:
      // A count of the header.
      packet[4 + draw(8)] = pick(draw, [0, 1, 2, 255])
      return packet
    default:
      return Uint8Array.from([...packet.subarray(0, at), ...packet.subarray(draw(packet.length))])
  }
}
