/**
 * Closed-loop load generator on the product's own batched sockets: each reply that comes in is turned in place into the next
 * query and goes back to where it came from, so that a window of queries is always in flight. Runs in a process of its own
 * (answer.bench.ts starts it); prints one JSON line. Loopback only.
 *
 *   node bench/query-generator.ts PORT SECONDS SOCKETS WINDOW NAME SUBNET(none|random4)
 */
import { createSocket } from 'node:dgram'
import { parseAddress } from '../geodata/address/address.ts'
import { createFfiBatchSocket } from '../resolver/transport/ffi-batch-socket.ts'
import { duplicateSocket, openUdpSocket } from '../resolver/transport/raw-socket.ts'
import { encodeQuery } from '../test/support/dns-load.ts'

const [port, seconds, socketCount, window, name, subnet] = process.argv.slice(2) as [string, string, string, string, string, string]
const BATCH = 64
/** Octets of the client subnet lie at the very end of the query that encodeQuery makes: three for a /24. */
const template = encodeQuery(0, name, subnet === 'random4' ? '1.2.3.0/24' : undefined)

/** Sends the first window from a descriptor; the replies arrive on it. */
async function seed(fd: number): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind({ fd: duplicateSocket(fd) }, resolve))
  for (let i = 0; i < Number(window); i++) await new Promise((resolve) => socket.send(template, Number(port), '127.0.0.1', resolve))
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}

const fds = Array.from({ length: Number(socketCount) }, () =>
  openUdpSocket({ address: parseAddress('127.0.0.1'), port: 0 }, { reusePort: false }),
)
const sockets = fds.map((fd) => createFfiBatchSocket(fd, BATCH))
for (const fd of fds) await seed(fd)

let received = 0
let wrong = 0
let state = 0x9e3779b9
let id = 0
const startedAt = performance.now()
const endAt = startedAt + Number(seconds) * 1000
let quietSince = startedAt
while (performance.now() < endAt) {
  let any = 0
  for (const socket of sockets) {
    const count = socket.receive(BATCH, 0)
    any += count
    for (let i = 0; i < count; i++) {
      const at = socket.off[i]!
      const mem = socket.mem
      // QR set, rcode 0, at least one answer: else it is not the reply that is measured.
      if ((mem[at + 2]! & 0x80) === 0 || (mem[at + 3]! & 15) !== 0 || mem[at + 7] === 0) wrong++
      mem.set(template, at)
      id = (id + 1) & 0xffff
      mem[at] = id >> 8
      mem[at + 1] = id & 255
      if (subnet === 'random4') {
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
        const end = at + template.length
        mem[end - 3] = (state >>> 24) & 255
        mem[end - 2] = (state >>> 16) & 255
        mem[end - 1] = (state >>> 8) & 255
      }
      socket.len[i] = template.length
    }
    if (count > 0) socket.send(count)
    received += count
  }
  const now = performance.now()
  if (any > 0) quietSince = now
  else if (now - quietSince > 500) {
    // The whole window was lost (a full socket buffer, a restarted server): begin again.
    for (const fd of fds) await seed(fd)
    quietSince = now
  }
}
const elapsedMs = performance.now() - startedAt
for (const socket of sockets) socket.close()
process.stdout.write(`${JSON.stringify({ received, wrong, elapsedMs })}\n`)
