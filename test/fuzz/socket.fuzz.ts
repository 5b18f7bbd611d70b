/**
 * Hostile messages over UDP, TCP, TLS and HTTPS to a server that runs. Finds: a query without reply, a reply to what is no query, a second
 * reply, a reply with another id or question, one that dns-packet cannot read or that is larger than the query allows, an answer that is
 * wrong in between, a counted exception, a worker or process that was replaced, memory that grows.
 *
 *   UDP   four sockets, each with a window of queries under way; what stays unanswered is sent again
 *   TCP   connections with several messages: in one segment, cut anywhere, octet by octet, with lengths that lie, closed half way.
 *         The fuzzer frames its own octets again to know what must be answered.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { checkReply, questionEnd, udpLimit } from '../support/check-reply.ts'
import { buildQuery, readReply, wireName } from '../support/dns-packets.ts'
import { drawMessage } from '../support/hostile-messages.ts'
import type { Draw } from '../support/hostile-packets.ts'
import type { Finds } from './finds.ts'
import type { FuzzTarget } from './hostile-product.ts'

/** Growth of the answering process that a run may show behind its warm-up. */
export const MOST_GROWTH_MB = 20
/** Queries under way on one UDP socket. */
const UDP_WINDOW = 48
const UDP_SOCKETS = 4
/** A query is sent again after this time, and a find when that was no use either. */
const UNANSWERED_MS = 6000
const CONNECTIONS_AT_ONCE = 6
const CLOSE_WITHIN_MS = 20_000
const KNOWN_EVERY_MS = 2000

/** Messages sent and replies read, by transport. */
export type SocketCounts = Record<'udp' | 'tcp' | 'dot' | 'doh', { sent: number; replies: number }>

const isQuery = (message: Uint8Array): boolean => message.length >= 12 && (message[2]! & 0x80) === 0
const idOf = (message: Uint8Array): number => (message[0]! << 8) | message[1]!
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** True for AXFR and IXFR, whose answer may be several messages. */
function isTransfer(message: Uint8Array): boolean {
  const end = questionEnd(message)
  return end > 0 && message[end - 4] === 0 && (message[end - 3] === 251 || message[end - 3] === 252)
}

/** Runs for `seconds`; `pulse` is called with a line to print now and then. */
export async function fuzzSockets(
  draw: Draw,
  target: FuzzTarget,
  seconds: number,
  finds: Finds,
  pulse: (line: string) => void,
): Promise<string> {
  const counts: SocketCounts = {
    udp: { sent: 0, replies: 0 },
    tcp: { sent: 0, replies: 0 },
    dot: { sent: 0, replies: 0 },
    doh: { sent: 0, replies: 0 },
  }
  const startedAt = performance.now()
  const endAt = startedAt + seconds * 1000
  const isOver = (): boolean => performance.now() >= endAt || finds.isFull()
  const known = await readKnown(target)
  const memory = watchMemory(target)
  const before = await readMetrics(target)
  let checks = 0
  const watch = async (): Promise<void> => {
    for (let round = 0; !isOver(); round++) {
      await delay(KNOWN_EVERY_MS)
      memory.sample()
      await checkKnown(target, known, finds)
      checkMetrics(before, await readMetrics(target), finds)
      checks++
      if (round % 15 === 14) pulse(`${Math.round((performance.now() - startedAt) / 1000)} s: ${countsText(counts)}; ${memory.text()}`)
    }
  }
  const message = (): Uint8Array => drawMessage(draw, target.signing, target.zones)
  await Promise.all([
    watch(),
    ...Array.from({ length: UDP_SOCKETS }, () => fuzzUdp(draw, target, message, isOver, counts, finds)),
    ...Array.from({ length: CONNECTIONS_AT_ONCE }, () =>
      fuzzStreams(draw, 'tcp', () => connect({ host: target.host, port: target.port, noDelay: true }), message, isOver, counts, finds),
    ),
    target.dotPort === undefined ? undefined : fuzzTls(draw, target, message, isOver, counts, finds),
    target.dohPort === undefined ? undefined : fuzzHttps(draw, target, message, isOver, counts, finds),
  ])
  await checkKnown(target, known, finds)
  checkMetrics(before, await readMetrics(target), finds)
  memory.sample()
  const grown = memory.grownMb()
  if (grown > MOST_GROWTH_MB) finds.add('memory', `the answering process grew by ${grown.toFixed(1)} MB`)
  const said = target.product?.output() ?? ''
  const bad = said
    .split('\n')
    .find((line) => /made the answer code fail|a request failed|InvariantError|TypeError|RangeError|ReferenceError/.test(line))
  if (bad !== undefined) finds.add('log', bad)
  return `${countsText(counts)}; ${known.length} known answers right ${checks + 1} times; ${memory.text()}`
}

function countsText(counts: SocketCounts): string {
  return Object.entries(counts)
    .map(([transport, { sent, replies }]) => `${transport} ${sent} sent, ${replies} replies`)
    .join('; ')
}

// --- UDP -------------------------------------------------------------------------------------------------------------------

type UnderWay = { readonly query: Uint8Array; sentAt: number; tries: number }

async function fuzzUdp(
  draw: Draw,
  target: FuzzTarget,
  next: () => Uint8Array,
  isOver: () => boolean,
  counts: SocketCounts,
  finds: Finds,
): Promise<void> {
  const socket = await openUdp(target)
  const underWay = new Map<number, UnderWay>()
  let heard = true
  socket.on('message', (reply) => {
    heard = true
    counts.udp.replies++
    const id = reply.length < 2 ? -1 : idOf(reply)
    const asked = underWay.get(id)
    if (asked === undefined) {
      finds.add('udp', 'a reply to nothing, or a second one', new Uint8Array(0), reply)
      return
    }
    // An update that was sent twice is answered twice, in whatever order.
    if (asked.tries === 1) underWay.delete(id)
    else asked.sentAt = performance.now()
    try {
      checkReply(asked.query, reply, udpLimit(asked.query), true)
    } catch (error) {
      finds.add('udp', error, asked.query, reply)
    }
    if (asked.tries > 1) setTimeout(() => underWay.delete(id), UNANSWERED_MS).unref()
  })
  let id = draw(0x10000)
  let sweptAt = performance.now()
  const sweep = (now: number): void => {
    sweptAt = now
    for (const [key, asked] of underWay) {
      if (!isQuery(asked.query)) {
        if (now - asked.sentAt > 500) underWay.delete(key)
      } else if (now - asked.sentAt > UNANSWERED_MS) {
        if (asked.tries === 2) {
          finds.add('udp', 'no reply', asked.query)
          underWay.delete(key)
        } else if (asked.tries === 1) {
          asked.tries = 2
          asked.sentAt = now
          socket.send(asked.query)
        }
      }
    }
  }
  while (!isOver()) {
    while (underWay.size < UDP_WINDOW) {
      const query = next().slice(0, 1400)
      counts.udp.sent++
      if (query.length >= 2) {
        do id = (id + 1) & 0xffff
        while (underWay.has(id))
        query[0] = id >> 8
        query[1] = id & 255
        underWay.set(id, { query, sentAt: performance.now(), tries: 1 })
      }
      socket.send(query)
    }
    await (heard ? new Promise(setImmediate) : delay(1))
    heard = false
    const now = performance.now()
    if (now - sweptAt > 250) sweep(now)
  }
  // What is under way is given its time.
  for (const giveUp = performance.now() + 2 * UNANSWERED_MS; performance.now() < giveUp; sweep(performance.now())) {
    if (![...underWay.values()].some(({ query, tries }) => isQuery(query) && tries === 1)) break
    await delay(50)
  }
  socket.close()
}

async function openUdp({ host, port }: FuzzTarget): Promise<UdpSocket> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 })
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.connect(port, host, resolve))
  return socket
}

// --- Streams ---------------------------------------------------------------------------------------------------------------

/** What a server must read in these octets: whole messages; `ends` = one of them is no message, and the connection is closed there. */
function framesOf(stream: Uint8Array): { readonly messages: readonly Uint8Array[]; readonly ends: boolean } {
  const messages: Uint8Array[] = []
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = at + 2 + ((stream[at]! << 8) | stream[at + 1]!)
    if (end > stream.length) break
    if (end - at - 2 < 12) return { messages, ends: true }
    messages.push(stream.subarray(at + 2, end))
    at = end
  }
  return { messages, ends: false }
}

/** Octets of some messages with their lengths, one in a few of which lies. */
function drawStream(draw: Draw, next: () => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let left = 1 + draw(draw(8) === 0 ? 60 : 8); left > 0; left--) {
    const message = next()
    if (message.length >= 2) {
      const id = draw(0x10000)
      message[0] = id >> 8
      message[1] = id & 255
    }
    const length = draw(40) !== 0 ? message.length : [0, 1, 11, 12, message.length - 1, message.length + 1, 0xffff, draw(0x10000)][draw(8)]!
    parts.push(Uint8Array.of((length >> 8) & 255, length & 255), message)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** One connection after the other until it is over. */
async function fuzzStreams(
  draw: Draw,
  where: 'tcp' | 'dot',
  open: () => Socket,
  next: () => Uint8Array,
  isOver: () => boolean,
  counts: SocketCounts,
  finds: Finds,
  pauseMs: number = 0,
): Promise<void> {
  while (!isOver()) {
    await fuzzConnection(draw, where, open(), drawStream(draw, next), counts, finds)
    if (pauseMs > 0) await delay(pauseMs)
  }
}

async function fuzzConnection(
  draw: Draw,
  where: 'tcp' | 'dot',
  socket: Socket,
  stream: Uint8Array,
  counts: SocketCounts,
  finds: Finds,
): Promise<void> {
  const { messages, ends } = framesOf(stream)
  counts[where].sent += messages.length
  const waiting = new Map<number, Uint8Array[]>()
  for (const message of messages) waiting.set(idOf(message), [...(waiting.get(idOf(message)) ?? []), message])
  /** Transfers whose first message has come. */
  const running = new Set<number>()
  let received = Buffer.alloc(0)
  const take = (reply: Uint8Array): void => {
    counts[where].replies++
    const id = reply.length < 2 ? -1 : idOf(reply)
    const candidates = waiting.get(id) ?? []
    let failure: unknown = new Error('a reply to nothing, or a second one')
    for (const [n, query] of candidates.entries()) {
      try {
        checkReply(query, reply, 65_535, true)
        candidates.splice(n, 1)
        if (isTransfer(query)) running.add(id)
        return
      } catch (error) {
        failure = error
      }
    }
    if (running.has(id) && candidates.length === 0) {
      try {
        if (readReply(reply).rcode === 0) return
      } catch (error) {
        failure = error
      }
    }
    finds.add(where, failure, candidates[0] ?? stream, reply)
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let connected = false
  socket.once('connect', () => {
    connected = true
  })
  let broken: Error | undefined
  socket.on('error', (error) => {
    broken = error
  })
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    for (;;) {
      if (received.length < 2) return
      const end = 2 + received.readUInt16BE(0)
      if (received.length < end) return
      take(received.subarray(2, end))
      received = received.subarray(end)
    }
  })
  const style = draw(12)
  let isCutOff = false
  if (style < 6) socket.write(stream)
  else if (style < 10) {
    for (let at = 0; at < stream.length && !socket.destroyed; ) {
      const count = 1 + draw(style === 6 ? 3 : 400)
      socket.write(stream.subarray(at, at + count))
      at += count
      if (draw(4) === 0) await new Promise(setImmediate)
    }
  } else if (style === 10) {
    // Octet by octet.
    for (const octet of stream.subarray(0, 600)) {
      if (socket.destroyed) break
      socket.write(Uint8Array.of(octet))
      await new Promise(setImmediate)
    }
    if (!socket.destroyed) socket.write(stream.subarray(600))
  } else {
    // Gone in the middle, without waiting for anything.
    isCutOff = true
    socket.write(stream.subarray(0, draw(stream.length)))
    await delay(draw(20))
    socket.destroy()
  }
  socket.end()
  const timer = setTimeout(() => {
    isCutOff = true
    finds.add(where, `a connection was not ended within ${CLOSE_WITHIN_MS} ms`, stream)
    socket.destroy()
  }, CLOSE_WITHIN_MS)
  await closed
  clearTimeout(timer)
  if (isCutOff || ends) return
  if (!connected) {
    finds.add(where, `no connection: ${broken?.message}`)
    return
  }
  if (received.length > 0) finds.add(where, 'half a message', stream, received)
  for (const [, left] of waiting)
    for (const query of left) if (isQuery(query)) finds.add(where, `no reply${broken === undefined ? '' : `, ${broken.message}`}`, query)
}

/** TLS: few connections, as handshakes are dear; between them octets that are no TLS. */
async function fuzzTls(
  draw: Draw,
  target: FuzzTarget,
  next: () => Uint8Array,
  isOver: () => boolean,
  counts: SocketCounts,
  finds: Finds,
): Promise<void> {
  const open = (): Socket =>
    connectTls({ host: target.host, port: target.dotPort!, servername: 'edge.example', ca: target.ca, ALPNProtocols: ['dot'] })
  const streams = fuzzStreams(draw, 'dot', open, next, isOver, counts, finds, 300)
  while (!isOver()) {
    const socket = connect({ host: target.host, port: target.dotPort! })
    socket.on('error', () => undefined)
    const hello = Buffer.from('16030100c8010000c40303', 'hex')
    socket.write(draw(2) === 0 ? drawStream(draw, next) : Buffer.concat([hello, Uint8Array.from({ length: draw(400) }, () => draw(256))]))
    await delay(500)
    socket.destroy()
  }
  await streams
}

/** HTTPS: GET and POST over one session, good and bad requests. */
async function fuzzHttps(
  draw: Draw,
  target: FuzzTarget,
  next: () => Uint8Array,
  isOver: () => boolean,
  counts: SocketCounts,
  finds: Finds,
): Promise<void> {
  const open = (): ClientHttp2Session =>
    connectHttp2(`https://${target.host}:${target.dohPort}`, { ca: target.ca, servername: 'edge.example' })
  let session = open()
  const ask = async (message: Uint8Array): Promise<void> => {
    counts.doh.sent++
    const isGet = draw(3) === 0
    const text = Buffer.from(message).toString('base64url')
    const path =
      draw(15) === 0 ? ['/', '/dns-query?', '/dns-query?dns=%%', `/dns-query?dns=${text}=`, '/dns-query?x=1'][draw(5)]! : '/dns-query'
    const isGood = path === '/dns-query'
    const request = session.request(
      isGet
        ? { ':method': 'GET', ':path': isGood ? `${path}?dns=${text}` : path, accept: 'application/dns-message' }
        : {
            ':method': ['POST', 'POST', 'POST', 'POST', 'PUT'][draw(5)]!,
            ':path': path,
            'content-type': draw(15) === 0 ? 'text/plain' : 'application/dns-message',
          },
    )
    let status = 0
    const parts: Buffer[] = []
    request.on('response', (headers) => {
      status = headers[':status'] ?? 0
    })
    request.on('data', (chunk: Buffer) => parts.push(chunk))
    let failure: Error | undefined
    request.on('error', (error) => {
      failure = error
    })
    const closed = new Promise<void>((resolve) => request.once('close', () => resolve()))
    request.setTimeout(CLOSE_WITHIN_MS, () => request.close())
    if (!isGet) request.write(message)
    request.end()
    await closed
    const reply = Buffer.concat(parts)
    if (status === 200) {
      counts.doh.replies++
      try {
        checkReply(message, reply, 65_535, true)
      } catch (error) {
        finds.add('doh', error, message, reply)
      }
    } else if (status < 400 || status >= 500)
      finds.add('doh', `status ${status}${failure === undefined ? '' : `, ${failure.message}`}`, message)
  }
  session.on('error', () => undefined)
  while (!isOver()) {
    if (session.destroyed || session.closed) {
      session = open()
      session.on('error', () => undefined)
    }
    await Promise.all(Array.from({ length: 1 + draw(8) }, () => ask(next())))
    await delay(100)
  }
  session.close()
}

// --- What must stay as it is -----------------------------------------------------------------------------------------------

type Known = { readonly query: Uint8Array; readonly stream: boolean; readonly answer: string }

const KNOWN: readonly (readonly [name: string, type: number, subnet?: readonly number[]])[] = [
  ['www.hostile.test', 1],
  ['alias3.hostile.test', 1],
  ['x.wild.hostile.test', 16],
  ['a.b.hostile.test', 1],
  ['nothere.hostile.test', 1],
  ['host.sub.hostile.test', 1],
  ['x.dname.hostile.test', 1],
  ['up.nested.hostile.test', 1],
  ['1.2.0.192.in-addr.arpa', 12],
  ['edge.hostile.test', 1],
  ['edge.hostile.test', 28],
  ['edge.hostile.test', 1, [122, 224, 1]],
  ['elsewhere.test', 1],
]

/** A reply as text: no id, no TTL, records sorted. */
function replyText(bytes: Uint8Array): string {
  const { fullRcode, aa, answers, authorities, opt } = readReply(bytes)
  const sorted = (records: readonly { readonly name: string; readonly type: string; readonly data: unknown }[]): string[] =>
    records.map(({ name, type, data }) => `${name} ${type} ${JSON.stringify(data)}`).sort()
  return JSON.stringify([fullRcode, aa, sorted(answers), sorted(authorities), opt?.subnet?.scope])
}

async function askOnce(target: FuzzTarget, query: Uint8Array, stream: boolean): Promise<Uint8Array | undefined> {
  if (stream) {
    const socket = connect({ host: target.host, port: target.port })
    socket.on('error', () => undefined)
    socket.setTimeout(5000, () => socket.destroy())
    const parts: Buffer[] = []
    socket.on('data', (chunk) => parts.push(chunk))
    socket.end(Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 255), query]))
    await once(socket, 'close')
    const all = Buffer.concat(parts)
    return all.length < 14 ? undefined : all.subarray(2)
  }
  const socket = await openUdp(target)
  try {
    for (let tries = 0; tries < 5; tries++) {
      socket.send(query)
      const reply = await Promise.race([once(socket, 'message'), delay(1000)])
      if (reply !== undefined) return reply[0] as Uint8Array
    }
    return undefined
  } finally {
    socket.close()
  }
}

/** The answers before anything was done to the server. Throws when there is none. */
async function readKnown(target: FuzzTarget): Promise<readonly Known[]> {
  const known: Known[] = []
  for (const stream of [false, true])
    for (const [name, type, subnet] of KNOWN) {
      const opts = [{ subnet: subnet === undefined ? undefined : { family: 1, source: 24, octets: subnet } }]
      const query = buildQuery({ name: wireName(name), type, id: 0xbeef, opts })
      const reply = await askOnce(target, query, stream)
      if (reply === undefined) throw new Error(`no answer for ${name} before anything else was sent`)
      known.push({ query, stream, answer: replyText(reply) })
    }
  return known
}

async function checkKnown(target: FuzzTarget, known: readonly Known[], finds: Finds): Promise<void> {
  for (const { query, stream, answer } of known) {
    const reply = await askOnce(target, query, stream)
    const where = stream ? 'known answer over tcp' : 'known answer over udp'
    if (reply === undefined) finds.add(where, 'no reply', query)
    else if (replyText(reply) !== answer) finds.add(where, `${replyText(reply)} instead of ${answer}`, query, reply)
  }
}

type Figures = { readonly exceptions: number; readonly restarts: number } | undefined

async function readMetrics({ product }: FuzzTarget): Promise<Figures> {
  if (product === undefined) return undefined
  const page = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
  const sum = (name: string): number =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce((all, [, value]) => all + Number(value), 0)
  return { exceptions: sum('nearcast_answer_exceptions_total'), restarts: sum('nearcast_worker_restarts_total') }
}

function checkMetrics(before: Figures, now: Figures, finds: Finds): void {
  if (before === undefined || now === undefined) return
  if (now.exceptions > before.exceptions) finds.add('metrics', `${now.exceptions - before.exceptions} exceptions were counted`)
  if (now.restarts > before.restarts) finds.add('metrics', `${now.restarts - before.restarts} workers were replaced`)
}

/** Resident memory of the answering process, and of control, which does the updates. */
function watchMemory({ product }: FuzzTarget): {
  readonly sample: () => void
  readonly grownMb: () => number
  readonly text: () => string
} {
  const pids = { node: product?.pidOf('node'), control: product?.pidOf('control') }
  const samples = { node: [] as number[], control: [] as number[] }
  const residentMb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
  /** The first third is warm-up, at most 90 s of it; what is compared is the tenth behind it and the last tenth, five samples at least. */
  const parts = (values: readonly number[]): readonly [number, number] => {
    const warm = Math.min(Math.floor(values.length / 3), 90_000 / KNOWN_EVERY_MS)
    const width = Math.max(5, Math.floor(values.length / 10))
    return [median(values.slice(warm, warm + width)), median(values.slice(-width))]
  }
  const text = (kind: 'node' | 'control'): string => {
    const [warm, last] = parts(samples[kind])
    return `${kind} ${(samples[kind][0] ?? 0).toFixed(0)} MB at the start, ${warm.toFixed(1)} MB warm, ${last.toFixed(1)} MB at the end`
  }
  return {
    sample: () => {
      for (const kind of ['node', 'control'] as const) {
        const pid = pids[kind]
        if (pid !== undefined && product?.pidOf(kind) !== pid) throw new Error(`the ${kind} process was replaced`)
        if (pid !== undefined) samples[kind].push(residentMb(pid))
      }
    },
    grownMb: () => {
      const [warm, last] = parts(samples.node)
      return last - warm
    },
    text: () => (product === undefined ? 'memory not seen' : `resident: ${text('node')}; ${text('control')}`),
  }
}
