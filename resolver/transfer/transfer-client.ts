/**
 * One transfer from a primary: SOA, then IXFR or AXFR when that is newer, on one connection over TCP or TLS 1.3 with ALPN "dot"
 * (RFC 9103 §7). Shell. Every answer is checked by TSIG before it is used when the primary has a key.
 */
import { randomInt } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, getCACertificates } from 'node:tls'
import { createTcpFramer } from '../transport/tcp-framer.ts'
import { canonicalName } from '../wire/name.ts'
import { readMessage } from '../wire/read-message.ts'
import { CLASS_IN, TYPE_AXFR, TYPE_IXFR, TYPE_SOA } from '../wire/registry.ts'
import { createTsigVerifier, signRequest, type TsigKey } from '../wire/tsig.ts'
import { cursorOfPack } from './record-cursor.ts'
import { isLaterSerial, serialOfSoa } from './serial.ts'
import { createTransferReader, type HeldZone, TransferFault, type TransferResult } from './transfer-reader.ts'

/** Where to ask. */
export type TransferSource = {
  readonly address: string
  readonly port: number
  readonly key: TsigKey | undefined
  /** Undefined = plain TCP. `ca` in PEM; undefined = the public ones that Node brings, and those of the system. */
  readonly tls: { readonly name: string; readonly ca: string | undefined } | undefined
}

/** How long a primary may take. */
export type TransferLimits = {
  readonly connectMs: number
  /** Between two messages. */
  readonly idleMs: number
  /** For all. */
  readonly totalMs: number
  /** In each `rateMs` at least so many octets must come: a primary that drips holds a place that others need. */
  readonly leastBytes: number
  readonly rateMs: number
}

/** Defaults. */
export const TRANSFER_LIMITS: TransferLimits = {
  connectMs: 10_000,
  idleMs: 30_000,
  totalMs: 3_600_000,
  leastBytes: 10_240,
  rateMs: 60_000,
}

const FLAG_QR = 0x8000
const FLAG_AA = 0x0400

/** Asks a primary for a zone; rejects with a sentence when it fails, and when `signal` is aborted. */
export async function transferZone(
  source: TransferSource,
  apex: Uint8Array,
  held: HeldZone | undefined,
  signal?: AbortSignal,
  limits: TransferLimits = TRANSFER_LIMITS,
): Promise<TransferResult> {
  const line = await openLine(source, limits, signal)
  try {
    const serial = await askSoa(line, source, apex)
    if (held !== undefined && serial === held.serial) return { kind: 'current', serial }
    // Behind us: another primary may be ahead, and nothing is confirmed.
    if (held !== undefined && !isLaterSerial(serial, held.serial))
      throw new Error(`it has serial ${serial}, which is older than our ${held.serial}`)
    if (held !== undefined) {
      try {
        return await ask(line, source, apex, held)
      } catch (error) {
        // RFC 1995 §4: a primary may not know IXFR, or its differences may not fit; the whole zone does.
        if (!(error instanceof TransferFault)) throw error
        line.close()
        const second = await openLine(source, limits, signal)
        try {
          return await ask(second, source, apex, undefined)
        } finally {
          second.close()
        }
      }
    }
    return await ask(line, source, apex, undefined)
  } finally {
    line.close()
  }
}

/** A connection: messages out, messages in. */
type Line = { readonly send: (message: Uint8Array) => void; readonly next: () => Promise<Uint8Array>; readonly close: () => void }

async function openLine({ address, port, tls }: TransferSource, limits: TransferLimits, signal: AbortSignal | undefined): Promise<Line> {
  signal?.throwIfAborted()
  const socket: Socket =
    tls === undefined
      ? connect({ host: address, port, noDelay: true })
      : connectTls({
          host: address,
          port,
          servername: tls.name,
          ALPNProtocols: ['dot'],
          minVersion: 'TLSv1.3',
          ca: tls.ca ?? [...getCACertificates('bundled'), ...getCACertificates('system')],
        })
  const framer = createTcpFramer()
  const waiting: Uint8Array[] = []
  let want: { readonly resolve: (message: Uint8Array) => void; readonly reject: (error: Error) => void } | undefined
  let ended: Error | undefined
  let timer: NodeJS.Timeout | undefined
  const fail = (reason: string): void => {
    ended ??= new Error(reason)
    stopTimers()
    socket.destroy()
    want?.reject(ended)
    want = undefined
  }
  const onAbort = (): void => fail('it is not wanted any more')
  const stopTimers = (): void => {
    clearTimeout(timer)
    clearTimeout(total)
    clearInterval(rate)
    signal?.removeEventListener('abort', onAbort)
  }
  const allowMs = (ms: number, what: string): void => {
    clearTimeout(timer)
    timer = setTimeout(() => fail(`${what} within ${ms} ms`), ms)
  }
  const total = setTimeout(() => fail(`the transfer took longer than ${limits.totalMs} ms`), limits.totalMs)
  // Counted while we ask: a line that waits for us is not slow.
  let bytes = 0
  const rate = setInterval(() => {
    if (bytes < limits.leastBytes && want !== undefined) fail(`less than ${limits.leastBytes} octets came in ${limits.rateMs} ms`)
    bytes = 0
  }, limits.rateMs)
  signal?.addEventListener('abort', onAbort)
  socket.on('error', (error: NodeJS.ErrnoException) => fail(`the connection failed: ${error.message}`))
  socket.on('close', () => fail('the primary closed the connection'))
  socket.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    framer.feed(chunk)
    for (let message = framer.next(); message !== undefined; message = framer.next()) waiting.push(new Uint8Array(message))
    if (waiting.length > 0 && want !== undefined) {
      const { resolve } = want
      want = undefined
      clearTimeout(timer)
      resolve(waiting.shift()!)
    }
    // A large zone is taken as fast as it is read.
    if (waiting.length > 64) socket.pause()
  })
  allowMs(limits.connectMs, 'no connection')
  await new Promise<void>((resolve, reject) => {
    want = { resolve: () => resolve(), reject }
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      want = undefined
      clearTimeout(timer)
      resolve()
    })
  })
  const { alpnProtocol } = socket as { alpnProtocol?: string | false }
  if (tls !== undefined && alpnProtocol !== 'dot') {
    fail('the primary does not speak DNS over TLS (ALPN "dot")')
    throw ended!
  }
  return {
    send: (message) => {
      const framed = new Uint8Array(2 + message.length)
      framed[0] = message.length >> 8
      framed[1] = message.length & 255
      framed.set(message, 2)
      socket.write(framed)
    },
    next: () => {
      const message = waiting.shift()
      if (waiting.length === 0) socket.resume()
      if (message !== undefined) return Promise.resolve(message)
      if (ended !== undefined) return Promise.reject(ended)
      allowMs(limits.idleMs, 'no answer')
      return new Promise((resolve, reject) => {
        want = { resolve, reject }
      })
    },
    close: () => {
      stopTimers()
      ended ??= new Error('closed')
      socket.destroy()
    },
  }
}

/** A query: apex and type; for IXFR with our SOA (RFC 1995 §3). */
function makeQueryMessage(
  apex: Uint8Array,
  type: number,
  held: HeldZone | undefined,
): { readonly mem: Uint8Array; readonly length: number } {
  const mem = new Uint8Array(2048)
  const view = new DataView(mem.buffer)
  view.setUint16(0, randomInt(0x10000))
  view.setUint16(4, 1)
  mem.set(apex, 12)
  let at = 12 + apex.length
  view.setUint16(at, type)
  view.setUint16(at + 2, CLASS_IN)
  at += 4
  if (held === undefined) return { mem, length: at }
  const cursor = cursorOfPack(held.records)
  cursor.next()
  view.setUint16(8, 1)
  view.setUint16(at, 0xc00c)
  view.setUint16(at + 2, TYPE_SOA)
  view.setUint16(at + 4, CLASS_IN)
  view.setUint16(at + 10, cursor.dataLength)
  mem.set(cursor.data.subarray(cursor.dataAt, cursor.dataAt + cursor.dataLength), at + 12)
  return { mem, length: at + 12 + cursor.dataLength }
}

/** Sends a query; the function gives its answers, checked. */
function begin(
  line: Line,
  { key }: TransferSource,
  query: { readonly mem: Uint8Array; readonly length: number },
): {
  readonly id: number
  readonly next: () => Promise<Uint8Array>
  readonly isComplete: () => boolean
} {
  const now = (): number => Math.floor(Date.now() / 1000)
  const id = (query.mem[0]! << 8) | query.mem[1]!
  if (key === undefined) {
    line.send(query.mem.slice(0, query.length))
    return { id, next: line.next, isComplete: () => true }
  }
  const { length, mac } = signRequest(query.mem, query.length, key, now())
  line.send(query.mem.slice(0, length))
  const verifier = createTsigVerifier(key, mac)
  return {
    id,
    isComplete: verifier.isComplete,
    next: async () => {
      const message = await line.next()
      const verdict = verifier.verify(message, now())
      if (!verdict.ok) throw new Error(`TSIG: ${verdict.reason}`)
      return message
    },
  }
}

async function askSoa(line: Line, source: TransferSource, apex: Uint8Array): Promise<number> {
  const query = begin(line, source, makeQueryMessage(apex, TYPE_SOA, undefined))
  const message = readMessage(await query.next())
  const soa = message?.records.find(
    ({ section, type, owner }) => section === 'answer' && type === TYPE_SOA && Buffer.compare(canonicalName(owner), apex) === 0,
  )
  if (message === undefined || message.id !== query.id || (message.flags & FLAG_QR) === 0)
    throw new Error('the answer to the SOA query is malformed')
  if (message.rcode !== 0 || soa === undefined) throw new Error(`the primary has no SOA of the zone (rcode ${message.rcode})`)
  // A server that only passes on what it was told elsewhere confirms nothing (RFC 1034 §4.3.5 asks a name server of the zone).
  if ((message.flags & FLAG_AA) === 0) throw new Error('the primary is not authoritative for the zone')
  return serialOfSoa(soa.rdata)
}

async function ask(line: Line, source: TransferSource, apex: Uint8Array, held: HeldZone | undefined): Promise<TransferResult> {
  const query = begin(line, source, makeQueryMessage(apex, held === undefined ? TYPE_AXFR : TYPE_IXFR, held))
  const reader = createTransferReader(apex, query.id, held)
  while (!reader.take(await query.next()));
  if (!query.isComplete()) throw new Error('the last message is not signed')
  return reader.result()
}
