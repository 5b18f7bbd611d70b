/**
 * DNS over TCP (RFC 7766). Shell. Queries of a connection are answered in the order they came, as they are cheap: pipelining needs no more.
 * Limits, because each connection costs memory that an asker chooses to spend: connections per client block and in all (the one
 * idle longest makes room), time without a whole message, bytes waiting for a peer that does not read.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import {
  COUNT_CONNECTIONS,
  COUNT_CONNECTIONS_SHED,
  COUNT_CONNECTIONS_TOTAL,
  COUNT_EXCEPTIONS,
  COUNT_QUERIES,
  COUNT_SEND_FAILURES,
  countReply,
} from '../observe/counters.ts'
import { keepFailedPacket } from '../observe/failed-packets.ts'
import { LOG_TCP, type QueryTap } from '../observe/query-log-ring.ts'
import { type LiveState, replaceRanking } from '../snapshot/live-state.ts'
import type { TransferDesk } from '../transfer/transfer-desk.ts'
import type { TransferStream } from '../transfer/transfer-stream.ts'
import type { TransferTables } from '../transfer/zone-walk.ts'
import { type Answerer, TRANSPORT_TCP } from './answer-thread.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { createTcpFramer, type TcpFramer } from './tcp-framer.ts'
import { bindError } from './transport-error.ts'

/** Limits of a TCP listener. */
export type TcpLimits = {
  /** RFC 7766 §6.2.3: a connection without a whole message for this long is closed. */
  readonly idleMs: number
  /** Connections in all; above, the one idle longest is closed. */
  readonly connections: number
  /** Connections of one client block (IPv4 address, IPv6 /56); further ones are refused. */
  readonly connectionsPerClient: number
  /** Bytes of answers waiting for the peer to read; above, no more queries are taken from it. */
  readonly waitingBytes: number
}

/** Defaults of the limits. */
export const TCP_LIMITS: TcpLimits = { idleMs: 10_000, connections: 1024, connectionsPerClient: 128, waitingBytes: 128 << 10 }

/** What a listener answers with. */
export type TcpListenerOptions = {
  readonly limits: TcpLimits
  readonly live: LiveState
  readonly answerer: Answerer
  readonly stripe: Float64Array
  readonly failedPackets: Uint8Array
  /** Monotonic clock in ms. */
  readonly nowMs: () => number
  /** The query log; undefined = off. */
  readonly tap?: QueryTap | undefined
  /** Transport of its queries in the query log [TCP]. */
  readonly logTransport?: number
  /** Begins transfers; undefined = there are none here. */
  readonly transfers?: TransferDesk
}

/** A running listener. */
export type TcpListener = {
  /** Starts to accept on an inherited descriptor or on an address; resolves with the port. */
  readonly listen: (source: { readonly fd: number } | { readonly listen: ListenAddress }) => Promise<number>
  /** Closes idle and over-age connections; called about once a second. */
  readonly sweep: () => void
  /** True while a transfer reads these tables. */
  readonly isReading: (tables: TransferTables | undefined) => boolean
  /** Stops accepting and closes all connections. */
  readonly close: () => Promise<void>
}

type Connection = {
  readonly socket: Socket
  readonly framer: TcpFramer
  readonly client: string
  readonly source: Uint32Array
  /** Our end: address and port. */
  readonly local: Uint32Array
  lastMessageMonotonicMs: number
  /** No queries are taken until the peer has read what waits. */
  blocked: boolean
  ended: boolean
  /** The transfer that runs; queries behind it wait. */
  transfer: TransferStream | undefined
  /** The transfer goes on at the next turn of the event loop. */
  turning: boolean
}

const LARGEST_MESSAGE_BYTES = 65_535
const HEADER_BYTES = 12
/** Messages of a transfer sent before others have their turn. */
const TRANSFER_TURN = 16

/** Makes a listener; one a stream worker. */
export function createTcpListener(options: TcpListenerOptions): TcpListener {
  const { limits, live, answerer, stripe, failedPackets, nowMs, tap, logTransport = LOG_TCP } = options
  const servers: Server[] = []
  const connections = new Set<Connection>()
  const perClient = new Map<string, number>()
  /** One answer is made at a time: length prefix, then the message, answered in place. */
  const scratch = new Uint8Array(2 + LARGEST_MESSAGE_BYTES)

  function accept(socket: Socket): void {
    const address = findAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''))
    if (address === undefined) {
      socket.destroy()
      return
    }
    const client = clientBlock(address.words, address.family)
    const open = perClient.get(client) ?? 0
    stripe[COUNT_CONNECTIONS_TOTAL]! += 1
    if (open >= limits.connectionsPerClient) {
      stripe[COUNT_CONNECTIONS_SHED]! += 1
      socket.destroy()
      return
    }
    if (connections.size >= limits.connections) shedIdlest()
    perClient.set(client, open + 1)
    const connection: Connection = {
      socket,
      framer: createTcpFramer(),
      client,
      source: Uint32Array.from(address.words),
      local: Uint32Array.of(...(findAddress(socket.localAddress ?? '')?.words ?? [0, 0, 0, 0]), socket.localPort ?? 0),
      lastMessageMonotonicMs: nowMs(),
      blocked: false,
      ended: false,
      transfer: undefined,
      turning: false,
    }
    connections.add(connection)
    stripe[COUNT_CONNECTIONS] = connections.size
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => {
      connection.framer.feed(chunk)
      answerWaiting(connection)
    })
    socket.on('drain', () => {
      connection.blocked = false
      // A peer that reads its transfer is not idle.
      if (connection.transfer !== undefined) connection.lastMessageMonotonicMs = nowMs()
      answerWaiting(connection)
      if (!connection.blocked && connection.transfer === undefined) socket.resume()
    })
    // The peer may send its queries, close its side, and read the answers then.
    socket.on('end', () => {
      connection.ended = true
      if (!connection.blocked && connection.transfer === undefined) socket.end()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => forget(connection))
  }

  function forget(connection: Connection): void {
    if (!connections.delete(connection)) return
    connection.transfer = undefined
    stripe[COUNT_CONNECTIONS] = connections.size
    const left = (perClient.get(connection.client) ?? 1) - 1
    if (left > 0) perClient.set(connection.client, left)
    else perClient.delete(connection.client)
  }

  function shed(connection: Connection): void {
    stripe[COUNT_CONNECTIONS_SHED]! += 1
    connection.socket.destroy()
    forget(connection)
  }

  function shedIdlest(): void {
    let idlest: Connection | undefined
    for (const connection of connections) {
      if (idlest === undefined || connection.lastMessageMonotonicMs < idlest.lastMessageMonotonicMs) idlest = connection
    }
    if (idlest !== undefined) shed(idlest)
  }

  /** Answers the whole messages that have arrived, until the peer must read first. */
  function answerWaiting(connection: Connection): void {
    const { socket, framer } = connection
    replaceRanking(live)
    socket.cork()
    let turns = 0
    while (!connection.blocked) {
      if (connection.transfer !== undefined) {
        if (turns++ === TRANSFER_TURN) {
          goOnLater(connection)
          break
        }
        if (!sendTransfer(connection, connection.transfer)) return
        continue
      }
      const message = framer.next()
      if (message === undefined) break
      // Not even a header: no DNS peer, and nothing to answer (RFC 7766 §8 has messages in mind).
      if (message.length < HEADER_BYTES) {
        shed(connection)
        return
      }
      connection.lastMessageMonotonicMs = nowMs()
      connection.transfer = beginTransfer(message, connection.source)
      if (connection.transfer !== undefined) {
        logQuery(message, connection)
        tap?.response(scratch, 2, 0)
        tap?.endBatch()
        // What the peer sends meanwhile stays with the system.
        socket.pause()
        continue
      }
      logQuery(message, connection)
      const length = answerOne(message, connection.source)
      tap?.response(scratch, 2, length)
      tap?.endBatch()
      if (length === 0) continue
      scratch[0] = length >> 8
      scratch[1] = length & 255
      // RFC 7766 §8: length and message in one write. A copy, because node may keep it.
      socket.write(Uint8Array.prototype.slice.call(scratch, 0, 2 + length))
      stopIfFull(connection)
    }
    socket.uncork()
    if (connection.ended && !connection.blocked && connection.transfer === undefined) socket.end()
  }

  function logQuery(message: Uint8Array, { source, socket, local }: Connection): void {
    tap?.beginBatch(live.tables?.generation ?? 0)
    tap?.queryFrom(message, 0, message.length, LARGEST_MESSAGE_BYTES, logTransport, source, 0, socket.remotePort ?? 0, local)
  }

  function stopIfFull(connection: Connection): void {
    if (connection.socket.writableLength <= limits.waitingBytes) return
    connection.blocked = true
    connection.socket.pause()
  }

  function beginTransfer(message: Uint8Array, source: Uint32Array): TransferStream | undefined {
    if (options.transfers === undefined) return undefined
    let running = 0
    for (const { transfer } of connections) if (transfer !== undefined) running++
    try {
      return options.transfers.beginStream(message, source, live.tables, running)
    } catch (error) {
      stripe[COUNT_EXCEPTIONS]! += 1
      keepFailedPacket(failedPackets, message, 0, message.length, error)
      return undefined
    }
  }

  /** Sends the next message of a transfer. False when the connection is gone. */
  function sendTransfer(connection: Connection, transfer: TransferStream): boolean {
    const { socket } = connection
    let length = 0
    try {
      length = transfer.next(scratch.subarray(2), Math.floor(Date.now() / 1000))
    } catch (error) {
      // Half a transfer cannot be taken back: the secondary sees the connection end and asks again.
      stripe[COUNT_EXCEPTIONS]! += 1
      keepFailedPacket(failedPackets, scratch, 2, HEADER_BYTES, error)
      shed(connection)
      return false
    }
    if (length === 0) {
      connection.transfer = undefined
      stripe[COUNT_QUERIES]! += 1
      socket.resume()
      return true
    }
    scratch[0] = length >> 8
    scratch[1] = length & 255
    socket.write(Uint8Array.prototype.slice.call(scratch, 0, 2 + length))
    stopIfFull(connection)
    return true
  }

  function goOnLater(connection: Connection): void {
    if (connection.turning) return
    connection.turning = true
    setImmediate(() => {
      connection.turning = false
      if (connections.has(connection) && !connection.blocked) answerWaiting(connection)
    })
  }

  function answerOne(message: Uint8Array, source: Uint32Array): number {
    scratch.set(message, 2)
    let length: number
    try {
      answerer.use(live)
      length =
        live.tables === undefined
          ? answerer.servfail(scratch, 2, message.length)
          : answerer.answer(scratch, 2, message.length, LARGEST_MESSAGE_BYTES, source, 0, TRANSPORT_TCP)
    } catch (error) {
      stripe[COUNT_EXCEPTIONS]! += 1
      keepFailedPacket(failedPackets, message, 0, message.length, error)
      scratch.set(message, 2)
      length = answerer.servfail(scratch, 2, message.length)
    }
    stripe[COUNT_QUERIES]! += 1
    countReply(stripe, scratch, 2, length)
    return length
  }

  return {
    listen: (source) =>
      new Promise((resolve, reject) => {
        const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
        server.once('error', (error: NodeJS.ErrnoException) => {
          const what = 'fd' in source ? `descriptor ${source.fd} (TCP)` : `${formatListenAddress(source.listen)} (TCP)`
          reject(bindError(what, error.code ?? error.message, error))
        })
        const ready = (): void => {
          server.removeAllListeners('error')
          // Out of descriptors and the like: the connection is lost, the listener lives.
          server.on('error', () => {
            stripe[COUNT_SEND_FAILURES]! += 1
          })
          servers.push(server)
          resolve((server.address() as AddressInfo).port)
        }
        if ('fd' in source) server.listen({ fd: source.fd }, ready)
        else {
          const { address, port } = source.listen
          server.listen({ host: formatAddress(address), port, ipv6Only: address.family === 6, backlog: 511 }, ready)
        }
      }),
    sweep: () => {
      const oldest = nowMs() - limits.idleMs
      for (const connection of connections) if (connection.lastMessageMonotonicMs < oldest) shed(connection)
    },
    isReading: (tables) => {
      for (const { transfer } of connections) if (transfer?.tables !== undefined && transfer.tables === tables) return true
      return false
    },
    close: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
      for (const connection of [...connections]) {
        connection.socket.destroy()
        forget(connection)
      }
      await Promise.all(closed)
    },
  }
}

/** Who counts as one client: an IPv4 address, an IPv6 /56 (what one customer usually gets). */
function clientBlock(words: readonly number[], family: 4 | 6): string {
  return family === 4 ? `${words[3]}` : `${words[0]}:${words[1]! >>> 8}`
}
