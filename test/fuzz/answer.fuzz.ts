/**
 * Hostile packets without end, into the answer path itself and, with --port, over UDP and TCP to a running server (`nearcast serve`, or
 * the container). Fails on a throw, a reply that is not the query's, a message that dns-packet cannot read, memory that grows, or a server
 * that stops answering.
 *
 *   node test/fuzz/answer.fuzz.ts [seconds, 10] [--seed N] [--port P [--host ADDR]]
 *
 * Prints the seed, and the packet that failed: a run is repeated with --seed.
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { answerQuery } from '../../resolver/answer/answer-query.ts'
import { checkReply } from '../support/check-reply.ts'
import { buildQuery, wireName } from '../support/dns-packets.ts'
import { makeGuard } from '../support/guard-subject.ts'
import { type Draw, drawFrom, drawPacket } from '../support/hostile-packets.ts'
import { hostileSubject } from '../support/hostile-zones.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' } },
})
const seconds = Number(positionals[0] ?? 10)
const seed = Number(values.seed ?? Date.now() % 0x7fffffff)
/** Growth of the heap that a whole run may show: noise of the collector, not a leak of a query. */
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

let passed = 0
let failed = 0
function report(name: string, error: unknown, detail: string): void {
  if (error === undefined) {
    passed++
    process.stdout.write(`ok - ${name}: ${detail}\n`)
    return
  }
  failed++
  process.stdout.write(`not ok - ${name}: ${detail}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Every packet checked in full, in memory whose surroundings are watched. */
function fuzzChecked(draw: Draw, endAt: number): void {
  const subject = hostileSubject()
  subject.context.guard = makeGuard().guard
  let packet: Uint8Array = new Uint8Array(0)
  let count = 0
  try {
    for (; performance.now() < endAt; count++) {
      const transport = draw(2)
      const room = transport === 1 ? 4096 : [512, 1232, 4096][draw(3)]!
      packet = drawPacket(draw).slice(0, room)
      checkReply(packet, subject.ask(packet, { room, transport }), transport === 1 ? room : Math.min(room, 1232))
    }
    report('in process, every reply read', undefined, `${count} packets`)
  } catch (error) {
    report('in process, every reply read', error, `packet ${count}: ${hex(packet)}`)
  }
}

/** The same packets over and over, nothing else allocated: what the heap grows by is the answer path's. */
function fuzzMemory(draw: Draw, endAt: number): void {
  const { context } = hostileSubject()
  const packets = Array.from({ length: 2000 }, () => drawPacket(draw).slice(0, 4096))
  const mem = new Uint8Array(65535)
  const src = Uint32Array.of(0, 0, 0xffff, 0xc00002c8)
  const round = (): void => {
    for (const packet of packets) {
      mem.set(packet)
      answerQuery(context, mem, 0, packet.length, 4096, src, 0, 0)
    }
  }
  for (let warm = 0; warm < 50; warm++) round()
  const before = process.memoryUsage().heapUsed
  let rounds = 0
  for (; performance.now() < endAt; rounds++) round()
  const grown = process.memoryUsage().heapUsed - before
  const detail = `${rounds * packets.length} packets, heap ${grown >= 0 ? '+' : ''}${(grown / 1024).toFixed(0)} kB`
  report('memory stays flat', grown > MAX_GROWTH_BYTES ? `over ${MAX_GROWTH_BYTES} bytes` : undefined, detail)
}

const PROBE = buildQuery({ name: wireName('alive.hostile.test'), id: 0xbeef, opts: [{}] })

/** Sends bursts; whatever comes back must be a reply to one of them; between bursts a plain query must be answered. */
async function fuzzUdp(draw: Draw, endAt: number, host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const sent = new Map<number, Uint8Array[]>()
  let replies = 0
  let count = 0
  let error: unknown
  let alive: (() => void) | undefined
  socket.on('message', (reply) => {
    if (reply[0] === 0xbe && reply[1] === 0xef) {
      alive?.()
      return
    }
    replies++
    const candidates = sent.get(reply.readUInt16BE(0)) ?? []
    const failures: unknown[] = []
    for (const query of candidates) {
      try {
        checkReply(query, reply, 1232)
        return
      } catch (failure) {
        failures.push(failure)
      }
    }
    error ??= failures[0] ?? new Error('a reply to nothing')
  })
  await new Promise<void>((resolve) => socket.connect(port, host, resolve))
  while (performance.now() < endAt && error === undefined) {
    sent.clear()
    for (let n = 0; n < 64; n++, count++) {
      const packet = drawPacket(draw)
      const id = ((packet[0] ?? 0) << 8) | (packet[1] ?? 0)
      if (id === 0xbeef) continue
      sent.set(id, [...(sent.get(id) ?? []), packet])
      socket.send(packet)
    }
    const answered = await new Promise<boolean>((resolve) => {
      // A full queue may lose the first ones; a server that is there answers one of many.
      const again = setInterval(() => socket.send(PROBE), 200)
      const giveUp = setTimeout(() => resolve(false), 5000)
      alive = () => {
        clearInterval(again)
        clearTimeout(giveUp)
        resolve(true)
      }
      socket.send(PROBE)
      giveUp.ref()
    })
    if (!answered) error = new Error('the server does not answer any more')
  }
  socket.close()
  report(`UDP to ${host} port ${port}`, error, `${count} packets, ${replies} replies`)
}

/** Connections with good and lying lengths; each ends with a plain query on a fresh connection that must be answered. */
async function fuzzTcp(draw: Draw, endAt: number, host: string, port: number): Promise<void> {
  const framed = (packet: Uint8Array, length: number = packet.length): Buffer => {
    const frame = Buffer.alloc(2 + packet.length)
    frame.writeUInt16BE(length & 0xffff)
    frame.set(packet, 2)
    return frame
  }
  /** All that comes back until the peer closes, or `quietMs` pass. */
  const exchange = (data: Buffer, quietMs: number, enough: (received: Buffer) => boolean): Promise<Buffer> =>
    new Promise((resolve) => {
      let received = Buffer.alloc(0)
      const socket = connect(port, host)
      const end = (): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(received)
      }
      const timer = setTimeout(end, quietMs)
      socket.on('error', end)
      socket.on('close', end)
      socket.on('connect', () => socket.write(data))
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk])
        if (enough(received)) end()
      })
    })
  let count = 0
  let error: unknown
  while (performance.now() < endAt && error === undefined) {
    const packets = Array.from({ length: 1 + draw(8) }, () => drawPacket(draw)).filter((packet) => packet.length > 0)
    count += packets.length
    const frames = packets.map((packet) => framed(packet, draw(10) === 0 ? draw(0x10000) : packet.length))
    const received = await exchange(Buffer.concat(frames), 50 + draw(100), () => false)
    try {
      // Lying lengths make other queries of the same octets: only the framing of what came back is judged.
      for (let at = 0; at + 2 <= received.length; ) {
        const end = at + 2 + received.readUInt16BE(at)
        if (end > received.length) break
        const reply = received.subarray(at + 2, end)
        if (reply.length < 12 || (reply[2]! & 0x80) === 0) throw new Error(`not a reply: ${hex(reply)}`)
        at = end
      }
      const answer = await exchange(framed(PROBE), 5000, (bytes) => bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0))
      if (answer.length < 14) throw new Error('the server does not answer any more')
      checkReply(PROBE, answer.subarray(2), 65535)
    } catch (failure) {
      error = failure
    }
  }
  report(`TCP to ${host} port ${port}`, error, `${count} packets`)
}

process.stdout.write(`seed ${seed}, ${seconds} s\n`)
const draw = drawFrom(seed)
const startedAt = performance.now()
const share = (part: number, of: number): number => startedAt + (seconds * 1000 * part) / of
if (values.port === undefined) {
  fuzzChecked(draw, share(3, 4))
  fuzzMemory(draw, share(4, 4))
} else {
  fuzzChecked(draw, share(1, 4))
  fuzzMemory(draw, share(2, 4))
  await fuzzUdp(draw, share(3, 4), values.host, Number(values.port))
  await fuzzTcp(draw, share(4, 4), values.host, Number(values.port))
}
process.stdout.write(`# pass ${passed}\n# fail ${failed}\n`)
process.exitCode = failed === 0 ? 0 : 1
