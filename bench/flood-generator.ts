/**
 * Sends queries with forged source addresses at a fixed rate, through a raw socket: the attacker of flood.bench.ts. Needs CAP_NET_RAW;
 * loopback only. Prints one JSON line.
 *
 * PREFIXES is how many /24 are forged, below 127.64.0.0/10 where nobody listens; 0 = 127.0.0.0/24, the prefix of a client on 127.0.0.1.
 *
 *   node bench/flood-generator.ts PORT SECONDS RATE PREFIXES NAME
 */
import { getLibc } from '../resolver/transport/libc.ts'
import { encodeQuery } from '../test/support/dns-load.ts'

const [port, seconds, rate, prefixes, name] = process.argv.slice(2) as [string, string, string, string, string]
const AF_INET = 2
const SOCK_RAW = 3
/** The header of IP is ours. */
const IPPROTO_RAW = 255
const BATCH = 64
const IP_BYTES = 20
const UDP_BYTES = 8

const libc = getLibc()
const fd = libc.socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
if (fd < 0) throw new Error('a raw socket needs CAP_NET_RAW')
const query = encodeQuery(1, name, undefined)
const packetBytes = IP_BYTES + UDP_BYTES + query.length
const stride = 256
const packets = new Uint8Array(BATCH * stride)
const headers = new BigUint64Array(8 * BATCH)
const iovecs = new BigUint64Array(2 * BATCH)
const target = new Uint8Array([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
for (let i = 0; i < BATCH; i++) {
  const at = i * stride
  packets.set([0x45, 0, packetBytes >> 8, packetBytes & 255, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1], at)
  const length = UDP_BYTES + query.length
  // No checksum: optional over IPv4.
  packets.set([0x80, 0, Number(port) >> 8, Number(port) & 255, length >> 8, length & 255, 0, 0], at + IP_BYTES)
  packets.set(query, at + IP_BYTES + UDP_BYTES)
  iovecs[2 * i] = libc.address(packets) + BigInt(at)
  iovecs[2 * i + 1] = BigInt(packetBytes)
  headers[8 * i] = libc.address(target)
  headers[8 * i + 1] = 16n
  headers[8 * i + 2] = libc.address(new Uint8Array(iovecs.buffer)) + BigInt(16 * i)
  headers[8 * i + 3] = 1n
}
const headersAt = libc.address(new Uint8Array(headers.buffer))

let sent = 0
let state = 0x2545f491
const startedAt = performance.now()
const endAt = startedAt + Number(seconds) * 1000
while (performance.now() < endAt) {
  const due = ((performance.now() - startedAt) / 1000) * Number(rate)
  if (sent > due) continue
  for (let i = 0; i < BATCH; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const prefix = prefixes === '0' ? 0 : (state >>> 0) % Number(prefixes)
    const at = i * stride
    packets[at + 13] = prefixes === '0' ? 0 : 64 + ((prefix >> 8) & 63)
    packets[at + 14] = prefix & 255
    packets[at + 15] = 2 + (((state >>> 8) & 0xff) % 253)
    packets[at + IP_BYTES] = 0x80 | ((state >>> 16) & 0x3f)
    packets[at + IP_BYTES + 1] = (state >>> 24) & 255
  }
  const taken = libc.sendmmsg(fd, headersAt, BATCH, 0)
  if (taken > 0) sent += taken
}
const elapsedSeconds = (performance.now() - startedAt) / 1000
libc.close(fd)
process.stdout.write(`${JSON.stringify({ sent, perSecond: Math.round(sent / elapsedSeconds) })}\n`)
