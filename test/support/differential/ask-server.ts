/** Asks a server many queries by UDP and TCP, some under way at a time, in the order of the answers. Shell. */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { DrawnQuery } from './draw-queries.ts'

/** Octets of a query without its id. */
export function encodeQuery(query: DrawnQuery, id: number): Buffer {
  const labels = query.name.split('.').filter((label) => label !== '')
  const name = Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ])
  const { udpSize } = query
  const opt = udpSize === 0 ? [] : [0, 0, 41, udpSize >> 8, udpSize & 255, 0, 0, query.dnssecOk ? 0x80 : 0, 0, 0, 0]
  return Buffer.concat([
    Buffer.of(
      id >> 8,
      id & 255,
      query.recursionDesired ? 1 : 0,
      query.checkingDisabled ? 0x10 : 0,
      0,
      1,
      0,
      0,
      0,
      0,
      0,
      opt.length > 0 ? 1 : 0,
    ),
    name,
    Buffer.of(query.type >> 8, query.type & 255, 0, 1, ...opt),
  ])
}

/** Queries under way by UDP. */
const WINDOW = 48
const TIMEOUT_MS = 2000
const TRIES = 4

/** The reply to each query, by its index; undefined = none came after several tries. */
export async function askAll(port: number, queries: readonly DrawnQuery[]): Promise<(Buffer | undefined)[]> {
  const replies: (Buffer | undefined)[] = new Array(queries.length)
  const udp = [...queries.keys()].filter((index) => !queries[index]!.tcp)
  const tcp = [...queries.keys()].filter((index) => queries[index]!.tcp)
  await Promise.all([askByUdp(port, queries, udp, replies), askByTcp(port, queries, tcp, replies)])
  return replies
}

function askByUdp(
  port: number,
  queries: readonly DrawnQuery[],
  indices: readonly number[],
  replies: (Buffer | undefined)[],
): Promise<void> {
  if (indices.length === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    // By id: index, tries, time sent.
    const waiting = new Map<number, { readonly index: number; tries: number; sentAt: number }>()
    let next = 0
    let nextId = 1
    const send = (id: number, index: number): void => socket.send(encodeQuery(queries[index]!, id))
    const finish = (): void => {
      clearInterval(timer)
      socket.close()
      resolve()
    }
    const fill = (): void => {
      while (waiting.size < WINDOW && next < indices.length) {
        const id = nextId++ & 0xffff
        const index = indices[next++]!
        waiting.set(id, { index, tries: 1, sentAt: performance.now() })
        send(id, index)
      }
      if (waiting.size === 0) finish()
    }
    const timer = setInterval(() => {
      for (const [id, entry] of waiting) {
        if (performance.now() - entry.sentAt < TIMEOUT_MS) continue
        if (entry.tries++ >= TRIES) waiting.delete(id)
        else {
          entry.sentAt = performance.now()
          send(id, entry.index)
        }
      }
      fill()
    }, 200)
    socket.on('error', (error) => {
      clearInterval(timer)
      reject(error)
    })
    socket.on('message', (reply) => {
      const id = reply.readUInt16BE(0)
      const entry = waiting.get(id)
      if (entry === undefined) return
      waiting.delete(id)
      replies[entry.index] = reply
      fill()
    })
    socket.connect(port, '127.0.0.1', fill)
  })
}

/** Connections of so many queries each, sent at once; replies are told apart by id. */
const QUERIES_PER_CONNECTION = 50

async function askByTcp(
  port: number,
  queries: readonly DrawnQuery[],
  indices: readonly number[],
  replies: (Buffer | undefined)[],
): Promise<void> {
  for (let first = 0; first < indices.length; first += QUERIES_PER_CONNECTION) {
    let left = indices.slice(first, first + QUERIES_PER_CONNECTION)
    for (let tries = 0; tries < TRIES && left.length > 0; tries++) {
      await askConnection(port, queries, left, replies)
      left = left.filter((index) => replies[index] === undefined)
    }
  }
}

function askConnection(
  port: number,
  queries: readonly DrawnQuery[],
  indices: readonly number[],
  replies: (Buffer | undefined)[],
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    let count = 0
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.on('connect', () => {
      for (const [id, index] of indices.entries()) {
        const query = encodeQuery(queries[index]!, id)
        socket.write(Buffer.concat([Buffer.of(query.length >> 8, query.length & 255), query]))
      }
    })
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0)
        const reply = received.subarray(2, end)
        received = received.subarray(end)
        replies[indices[reply.readUInt16BE(0)]!] = reply
        if (++count === indices.length) socket.destroy()
      }
    })
  })
}
