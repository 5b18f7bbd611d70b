/**
 * Sends queries with forged source addresses at a fixed rate, through a raw socket: the attacker of flood.bench.ts. Needs CAP_NET_RAW;
 * loopback only, also where it forges: every source is one of 127.0.0.0/8, so that no reply leaves the machine. Prints one JSON line,
 * with the share of a core that it took.
 *
 * SOURCES is `own` (127.0.0.0/24, the prefix of a client on 127.0.0.1), a number of forged /24 in 127.64.0.0/10, or `random` (any
 * address of 127.0.0.0/8). COOKIE is `none`, or `forged`: one of the right form, with a time of now and random octets in each query.
 *
 *   node bench/flood-generator.ts PORT SECONDS RATE SOURCES COOKIE NAME
 */
import { getLibc } from '../resolver/transport/libc.ts'
import { buildQuery } from '../test/support/dns-packets.ts'

const [port, seconds, rate, sources, cookie, name] = process.argv.slice(2) as [string, string, string, string, string, string]
const AF_INET = 2
const SOCK_RAW = 3
/** The header of IP is ours. */
const IPPROTO_RAW = 255
const BATCH = 64
const IP_BYTES = 20
const UDP_BYTES = 8
/** A pause between batches, in ms, when nothing is due: without it the attacker would take a whole core of the machine that is measured. */
const PAUSE_MS = 0.2
const OPTION_COOKIE = 10

const libc = getLibc()
const fd = libc.socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
if (fd < 0) throw new Error('a raw socket needs CAP_NET_RAW')
const now = Math.floor(Date.now() / 1000)
const forged = [1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, now >>> 24, (now >> 16) & 255, (now >> 8) & 255, now & 255, 0, 0, 0, 0, 0, 0, 0, 0]
const query = buildQuery({ name, opts: [{ options: cookie === 'forged' ? [[OPTION_COOKIE, forged]] : [] }] })
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

let state = 0x2545f491
function random(): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return state >>> 0
}

/** Gives packet i another source, port, and cookie. */
function forge(i: number): void {
  const at = i * stride
  const word = random()
  if (sources === 'own') packets[at + 13] = packets[at + 14] = 0
  else {
    const prefix = sources === 'random' ? word & 0xffff : random() % Number(sources)
    packets[at + 13] = sources === 'random' ? prefix >> 8 : 64 + ((prefix >> 8) & 63)
    packets[at + 14] = prefix & 255
  }
  packets[at + 15] = 2 + ((word >>> 16) % 253)
  packets[at + IP_BYTES] = 0x80 | ((word >>> 24) & 0x3f)
  packets[at + IP_BYTES + 1] = (word >>> 16) & 255
  if (cookie !== 'forged') return
  // The cookie stands at the very end; its hash are the last octets.
  const end = at + packetBytes
  for (let octet = 0; octet < 4; octet++) packets[end - 8 + octet] = (word >>> (8 * octet)) & 255
}

const pause = new Int32Array(new SharedArrayBuffer(4))
let sent = 0
const startedAt = performance.now()
const startedCpu = process.cpuUsage()
const endAt = startedAt + Number(seconds) * 1000
while (performance.now() < endAt) {
  const due = ((performance.now() - startedAt) / 1000) * Number(rate)
  if (sent > due) {
    Atomics.wait(pause, 0, 0, PAUSE_MS)
    continue
  }
  for (let i = 0; i < BATCH; i++) forge(i)
  const taken = libc.sendmmsg(fd, headersAt, BATCH, 0)
  if (taken > 0) sent += taken
}
const elapsedSeconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage(startedCpu)
libc.close(fd)
process.stdout.write(
  `${JSON.stringify({ sent, perSecond: Math.round(sent / elapsedSeconds), cores: (user + system) / 1e6 / elapsedSeconds })}\n`,
)
