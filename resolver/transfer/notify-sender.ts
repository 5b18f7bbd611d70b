/**
 * NOTIFY out (RFC 1996): tells secondaries of a new serial over UDP and again, with growing pauses, until they have answered. Shell.
 * Bounded: so many under way, the others wait; a newer serial of the same zone takes the place of an older one for the same secondary.
 */
import { randomInt } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { type Address, findAddress, formatAddress } from '../../geodata/address/address.ts'
import { formatName } from '../wire/name.ts'
import { CLASS_IN, RCODE_NOERROR, RCODE_WORDS, TYPE_SOA } from '../wire/registry.ts'
import { createTsigVerifier, signRequest, type TsigKey } from '../wire/tsig.ts'

/** One message to one secondary. */
export type NotifyJob = {
  /** Apex, canonical wire form. */
  readonly apex: Uint8Array
  /** Rdata of the new SOA and its TTL. */
  readonly soa: { readonly rdata: Uint8Array; readonly ttlSeconds: number }
  readonly address: Address
  readonly port: number
  readonly key: TsigKey | undefined
}

/** What happened; labels of nearcast_notifies_total. */
export const NOTIFY_OUTCOMES = ['sent', 'answered', 'refused', 'unanswered'] as const
/** One of them. */
export type NotifyOutcome = (typeof NOTIFY_OUTCOMES)[number]

/** How it sends. */
export type NotifySenderOptions = {
  /** Local addresses to send from, at most one a family: secondaries let their primary in by its address. */
  readonly from: readonly Address[]
  /** Pauses before each further attempt, ms; after the last one it is given up. */
  readonly pausesMs?: readonly number[]
  readonly nowSeconds?: () => number
  readonly onOutcome: (outcome: NotifyOutcome, zone: string, secondary: string, detail: string) => void
}

/** A running sender. */
export type NotifySender = { readonly tell: (jobs: readonly NotifyJob[]) => void; readonly close: () => void }

/** RFC 1996 §3.6 speaks of 60 s; a lost datagram is found much sooner. */
const PAUSES_MS: readonly number[] = [1000, 2000, 5000, 15_000, 60_000]
/** Messages waiting for an answer. */
const UNDER_WAY = 256
/** Messages waiting to be sent; more secondaries than this learn of the change at their refresh. */
const WAITING = 10_000
const OPCODE_NOTIFY = 4

type Attempt = {
  readonly job: NotifyJob
  readonly id: number
  readonly mac: Uint8Array | undefined
  tries: number
  timer: NodeJS.Timeout | undefined
}

/** Starts one; sockets are opened with the first message. */
export function createNotifySender(options: NotifySenderOptions): NotifySender {
  const pausesMs = options.pausesMs ?? PAUSES_MS
  const nowSeconds = options.nowSeconds ?? (() => Math.floor(Date.now() / 1000))
  const sockets = new Map<4 | 6, Socket>()
  /** By zone and secondary. */
  const waiting = new Map<string, NotifyJob>()
  const underWay = new Map<string, Attempt>()
  let closed = false

  const keyOf = (job: NotifyJob): string => `${formatName(job.apex)} ${secondaryOf(job)}`

  function socketOf(family: 4 | 6): Socket {
    const known = sockets.get(family)
    if (known !== undefined) return known
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 })
    socket.on('message', take)
    // An unreachable port or network: the pause before the next attempt is the remedy.
    socket.on('error', () => undefined)
    const from = options.from.find((address) => address.family === family)
    if (from !== undefined) socket.bind({ address: formatAddress(from), port: 0 })
    socket.unref()
    sockets.set(family, socket)
    return socket
  }

  function start(key: string, job: NotifyJob): void {
    let id = randomInt(0x10000)
    while ([...underWay.values()].some((other) => other.id === id)) id = (id + 1) & 0xffff
    const attempt: Attempt = { job, id, mac: undefined, tries: 0, timer: undefined }
    underWay.set(key, attempt)
    send(key, attempt)
  }

  function send(key: string, attempt: Attempt): void {
    const { job } = attempt
    const message = notifyMessage(job, attempt.id)
    let { length } = message
    if (job.key !== undefined) {
      const signed = signRequest(message.mem, length, job.key, nowSeconds())
      length = signed.length
      underWay.set(key, { ...attempt, mac: signed.mac })
    }
    const current = underWay.get(key)!
    if (current.tries === 0) options.onOutcome('sent', formatName(job.apex), secondaryOf(job), '')
    socketOf(job.address.family).send(message.mem, 0, length, job.port, formatAddress(job.address), () => undefined)
    const pause = pausesMs[current.tries]
    current.timer = setTimeout(() => {
      current.tries++
      if (current.tries < pausesMs.length) send(key, current)
      else finish(key, current, 'unanswered', `no answer to ${current.tries} messages`)
    }, pause)
    current.timer.unref()
  }

  function finish(key: string, attempt: Attempt, outcome: NotifyOutcome, detail: string): void {
    clearTimeout(attempt.timer)
    underWay.delete(key)
    options.onOutcome(outcome, formatName(attempt.job.apex), secondaryOf(attempt.job), detail)
    startWaiting()
  }

  function startWaiting(): void {
    for (const [key, job] of waiting) {
      if (closed || underWay.size >= UNDER_WAY) return
      waiting.delete(key)
      start(key, job)
    }
  }

  function take(message: Uint8Array, from: RemoteInfo): void {
    if (message.length < 12 || (message[2]! & 0xf8) !== (0x80 | (OPCODE_NOTIFY << 3))) return
    const id = (message[0]! << 8) | message[1]!
    for (const [key, attempt] of underWay) {
      const { job, mac } = attempt
      if (attempt.id !== id || from.port !== job.port) continue
      const source = findAddress(from.address)
      if (source === undefined || formatAddress(source) !== formatAddress(job.address)) continue
      const verdict = judge(message, job, mac)
      if (verdict !== undefined) finish(key, attempt, verdict.outcome, verdict.detail)
      return
    }
  }

  /** What a reply says; undefined when it ends nothing. */
  function judge(
    message: Uint8Array,
    job: NotifyJob,
    mac: Uint8Array | undefined,
  ): { readonly outcome: NotifyOutcome; readonly detail: string } | undefined {
    const rcode = message[3]! & 15
    if (job.key !== undefined && mac !== undefined) {
      const verdict = createTsigVerifier(job.key, mac).verify(message, nowSeconds())
      // A reply that anybody could have made ends nothing; an honest refusal (BADKEY, BADTIME) does.
      if (!verdict.ok) return rcode === RCODE_NOERROR || verdict.error === 0 ? undefined : { outcome: 'refused', detail: verdict.reason }
    }
    if (rcode === RCODE_NOERROR) return { outcome: 'answered', detail: '' }
    return { outcome: 'refused', detail: `it answered ${RCODE_WORDS[rcode] ?? `rcode ${rcode}`}` }
  }

  return {
    tell: (jobs) => {
      for (const job of jobs) {
        const key = keyOf(job)
        const running = underWay.get(key)
        if (running !== undefined) {
          clearTimeout(running.timer)
          underWay.delete(key)
        }
        if (waiting.size < WAITING || waiting.has(key)) waiting.set(key, job)
        else options.onOutcome('unanswered', formatName(job.apex), secondaryOf(job), `more than ${WAITING} messages wait`)
      }
      startWaiting()
    },
    close: () => {
      closed = true
      for (const { timer } of underWay.values()) clearTimeout(timer)
      underWay.clear()
      waiting.clear()
      for (const socket of sockets.values()) socket.close()
    },
  }
}

function secondaryOf({ address, port }: NotifyJob): string {
  return address.family === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`
}

/** The message (RFC 1996 §3.7): the zone as question, its new SOA as a hint in the answer section; with room for a TSIG. */
function notifyMessage(job: NotifyJob, id: number): { readonly mem: Uint8Array; readonly length: number } {
  const mem = new Uint8Array(2048)
  const view = new DataView(mem.buffer)
  view.setUint16(0, id)
  mem[2] = (OPCODE_NOTIFY << 3) | 0x04
  view.setUint16(4, 1)
  view.setUint16(6, 1)
  mem.set(job.apex, 12)
  let at = 12 + job.apex.length
  view.setUint16(at, TYPE_SOA)
  view.setUint16(at + 2, CLASS_IN)
  at += 4
  view.setUint16(at, 0xc00c)
  view.setUint16(at + 2, TYPE_SOA)
  view.setUint16(at + 4, CLASS_IN)
  view.setUint32(at + 6, job.soa.ttlSeconds)
  view.setUint16(at + 10, job.soa.rdata.length)
  mem.set(job.soa.rdata, at + 12)
  return { mem, length: at + 12 + job.soa.rdata.length }
}
