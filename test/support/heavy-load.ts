/**
 * A heavy, steady UDP client in a process of its own: asks one name with one client subnet at a fixed rate and keeps for every query when
 * it was sent and which IPv4 address it got. Reads replies at fixed places, since a decoder of every reply would cost more than the server.
 *
 *   parent ── {port, name, subnet, perSecond} ──► child;  {since} ──► what was answered to queries sent from then on
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { encodeQuery } from './dns-load.ts'

/** What queries sent from a point in time on got. Times are wall clock, ms. */
export type Tally = {
  readonly sent: number
  /** No reply so far, of those older than a second. */
  readonly lost: number
  /** By address, or "RCODEn", or "EMPTY". */
  readonly answers: Readonly<Record<string, { readonly count: number; readonly firstSentAt: number; readonly lastSentAt: number }>>
}

/** A running load. */
export type HeavyLoad = {
  /** What queries sent at or after `since` (wall clock, ms) got. */
  tally(since: number): Promise<Tally>
  stop(): Promise<void>
}

type Order = { readonly port: number; readonly name: string; readonly subnet: string; readonly perSecond: number }

const SOCKETS = 8
const CAPACITY = 4_000_000
/** `answers` values that are no address. */
const NONE = 0
const EMPTY = 1

/** Starts asking. */
export async function startHeavyLoad(order: Order): Promise<HeavyLoad> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['load'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(order)
  await once(child, 'message')
  return {
    async tally(since) {
      child.send({ since })
      const [answer] = (await once(child, 'message')) as [Tally]
      return answer
    },
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function runLoad({ port, name, subnet, perSecond }: Order): void {
  const sentAt = new Float64Array(CAPACITY)
  const answers = new Uint32Array(CAPACITY)
  const numberOfId = new Int32Array(65_536).fill(-1)
  const template = encodeQuery(0, name, subnet)
  const questionEnd = template.indexOf(0, 12) + 5
  const sockets = Array.from({ length: SOCKETS }, () => {
    const socket = createSocket('udp4')
    socket.on('message', (reply) => {
      const number = numberOfId[reply.readUInt16BE(0)]!
      if (number < 0 || answers[number] !== NONE) return
      const rcode = reply[3]! & 15
      // Name pointer, type, class, TTL, length, then the address.
      const isAddress = reply.readUInt16BE(6) > 0 && reply.readUInt16BE(questionEnd + 2) === 1
      answers[number] = rcode !== 0 ? 16 + rcode : isAddress ? reply.readUInt32BE(questionEnd + 12) : EMPTY
    })
    socket.on('error', () => undefined)
    return socket
  })
  const startedMs = performance.now()
  let sent = 0
  let skipped = 0
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1000) - skipped
    // After a stall of this process the missed queries are not fired as one burst.
    if (due - sent > 500) skipped += due - sent - 500
    for (const end = Math.min(due, sent + 500, CAPACITY); sent < end; sent++) {
      const query = Buffer.from(template)
      query.writeUInt16BE(sent & 0xffff, 0)
      numberOfId[sent & 0xffff] = sent
      sentAt[sent] = performance.timeOrigin + performance.now()
      sockets[sent % SOCKETS]!.send(query, port, '127.0.0.1')
    }
  }, 2)
  process.on('message', ({ since }: { since: number }) => {
    const found = new Map<number, { count: number; firstSentAt: number; lastSentAt: number }>()
    const settled = performance.timeOrigin + performance.now() - 1000
    let total = 0
    let lost = 0
    for (let number = sent - 1; number >= 0 && sentAt[number]! >= since; number--) {
      total++
      const answer = answers[number]!
      const at = sentAt[number]!
      if (answer === NONE) {
        if (at < settled) lost++
        continue
      }
      const known = found.get(answer)
      if (known === undefined) found.set(answer, { count: 1, firstSentAt: at, lastSentAt: at })
      else {
        known.count++
        known.firstSentAt = at
      }
    }
    process.send!({ sent: total, lost, answers: Object.fromEntries([...found].map(([answer, row]) => [wordOf(answer), row])) })
  })
  process.send!({})
}

function wordOf(answer: number): string {
  if (answer === EMPTY) return 'EMPTY'
  if (answer < 32) return `RCODE${answer - 16}`
  return [24, 16, 8, 0].map((shift) => (answer >>> shift) & 255).join('.')
}

if (process.argv[2] === 'load' && process.send !== undefined) process.once('message', runLoad)
