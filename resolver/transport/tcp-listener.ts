/**
 * DNS over a byte stream (RFC 7766): plain TCP, and what TLS hands over. Shell. Queries of a connection are answered in the order they
 * came, as they are cheap; only an answer that must be waited for (stream-desk.ts) lets others pass, and at most LATER_AT_ONCE wait.
 * A peer that does not read gets no more answers until it has read, and is idle meanwhile.
 */
import type { Socket } from 'node:net'
import type { TransferStream } from '../transfer/transfer-stream.ts'
import type { TransferTables } from '../transfer/zone-walk.ts'
import { type Accepted, createAcceptor, type ListenSource } from './accept-connections.ts'
import type { ConnectionEntry, ConnectionTable, TcpLimits } from './connection-table.ts'
import { LEAST_MESSAGE_BYTES, STREAM_DOT, STREAM_TCP, type StreamAsker, type StreamDesk, type TlsFacts } from './stream-desk.ts'
import { createTcpFramer, type TcpFramer } from './tcp-framer.ts'

export { TCP_LIMITS, type TcpLimits } from './connection-table.ts'

/** What a listener answers with. */
export type TcpListenerOptions = {
  readonly limits: TcpLimits
  readonly table: ConnectionTable
  readonly desk: StreamDesk
  /** Counters of TCP. */
  readonly stripe: Float64Array
}

/** A running listener. */
export type TcpListener = {
  /** Starts to accept on an inherited descriptor or on an address; resolves with the port. */
  readonly listen: (source: ListenSource) => Promise<number>
  /** Answers on a connection that TLS has been agreed on; `socket` is its clear side. */
  readonly serveTls: (accepted: Accepted, socket: Socket, tls: TlsFacts) => void
  /** True while a transfer reads these tables. */
  readonly isReading: (tables: TransferTables | undefined) => boolean
  /** Stops accepting and closes all connections. */
  readonly close: () => Promise<void>
}

type Connection = {
  readonly socket: Socket
  readonly framer: TcpFramer
  readonly entry: ConnectionEntry
  readonly asker: StreamAsker
  /** No queries are taken until the peer has read what waits. */
  blocked: boolean
  ended: boolean
  closed: boolean
  /** The transfer that runs; queries behind it wait. */
  transfer: TransferStream | undefined
  /** The transfer goes on at the next turn of the event loop. */
  turning: boolean
  /** Answers that were promised. */
  later: number
}

/** Messages of a transfer sent before others have their turn. */
const TRANSFER_TURN = 16
/** Promised answers of one connection; beyond, it is not read. */
const LATER_AT_ONCE = 64

/** Makes a listener; one a stream worker. */
export function createTcpListener({ limits, table, desk, stripe }: TcpListenerOptions): TcpListener {
  const { scratch } = desk
  /** Connections with a transfer that runs. */
  const transferring = new Set<Connection>()
  const acceptor = createAcceptor('TCP', table, stripe, (accepted) => serve(accepted, accepted.socket, undefined))

  function serve({ entry, source, port, local }: Accepted, socket: Socket, tls: TlsFacts | undefined): void {
    const connection: Connection = {
      ...{ socket, entry, framer: createTcpFramer() },
      asker: { source, port, local, transport: tls === undefined ? STREAM_TCP : STREAM_DOT, tls },
      ...{ blocked: false, ended: false, closed: false, transfer: undefined, turning: false, later: 0 },
    }
    socket.on('data', (chunk: Uint8Array) => {
      if (connection.closed) return
      connection.framer.feed(chunk)
      answerWaiting(connection)
    })
    socket.on('drain', () => {
      connection.blocked = false
      // A peer that reads its transfer is not idle.
      if (connection.transfer !== undefined) table.touch(entry)
      answerWaiting(connection)
      if (canRead(connection)) socket.resume()
    })
    // The peer may send its queries, close its side, and read the answers then.
    socket.on('end', () => {
      connection.ended = true
      endIfDone(connection)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      leave(connection)
      table.forget(entry)
    })
  }

  function canRead({ blocked, transfer, later }: Connection): boolean {
    return !blocked && transfer === undefined && later < LATER_AT_ONCE
  }

  function endIfDone(connection: Connection): void {
    const { ended, closed, blocked, transfer, later, socket } = connection
    if (ended && !closed && !blocked && transfer === undefined && later === 0) socket.end()
  }

  function shed(connection: Connection): void {
    leave(connection)
    table.shed(connection.entry)
  }

  /** What was asked before the peer went wrong is answered; a peer that does not read it goes by its idle time. */
  function shedWhenSent(connection: Connection): void {
    leave(connection)
    connection.socket.uncork()
    connection.socket.end(() => table.shed(connection.entry))
  }

  function leave(connection: Connection): void {
    connection.closed = true
    connection.transfer = undefined
    transferring.delete(connection)
  }

  /** Answers the whole messages that have arrived, until the peer must read first. */
  function answerWaiting(connection: Connection): void {
    const { socket, framer, asker } = connection
    desk.begin()
    socket.cork()
    let turns = 0
    while (!connection.closed && !connection.blocked && connection.later < LATER_AT_ONCE) {
      if (connection.transfer !== undefined) {
        if (turns++ === TRANSFER_TURN) {
          goOnLater(connection)
          break
        }
        sendTransfer(connection, connection.transfer)
        continue
      }
      const message = framer.next()
      if (message === undefined) break
      // Not even a header: no DNS peer, and nothing to answer (RFC 7766 §8 has messages in mind).
      if (message.length < LEAST_MESSAGE_BYTES) {
        shedWhenSent(connection)
        return
      }
      table.touch(connection.entry)
      const reply = desk.receive(message, asker, transferring.size, table.isCrowded() ? 0 : limits.idleMs)
      if (typeof reply === 'number') {
        if (reply > 0) send(connection, reply)
      } else if (reply instanceof Promise) {
        waitFor(connection, Uint8Array.prototype.slice.call(message), reply)
      } else {
        connection.transfer = reply
        transferring.add(connection)
        // What the peer sends meanwhile stays with the system.
        socket.pause()
      }
    }
    if (connection.closed) return
    if (!canRead(connection)) socket.pause()
    socket.uncork()
    table.hold(connection.entry, framer.pendingBytes() + socket.writableLength)
    endIfDone(connection)
  }

  /** Sends the message of `length` bytes that stands in scratch. */
  function send(connection: Connection, length: number): void {
    const { socket } = connection
    scratch[0] = length >> 8
    scratch[1] = length & 255
    // RFC 7766 §8: length and message in one write. A copy, because node may keep it.
    socket.write(Uint8Array.prototype.slice.call(scratch, 0, 2 + length))
    if (socket.writableLength > limits.waitingBytes) connection.blocked = true
  }

  function waitFor(connection: Connection, message: Uint8Array, promised: Promise<Uint8Array>): void {
    connection.later++
    const arrive = (reply: Uint8Array): void => {
      connection.later--
      if (connection.closed) return
      scratch.set(reply, 2)
      if (reply.length > 0) send(connection, reply.length)
      answerWaiting(connection)
      if (canRead(connection)) connection.socket.resume()
    }
    promised.then(
      (reply) => arrive(desk.finish(reply, connection.asker)),
      (error) => arrive(desk.fail(message, connection.asker, error)),
    )
  }

  /** Sends the next message of a transfer. */
  function sendTransfer(connection: Connection, transfer: TransferStream): void {
    const length = desk.next(transfer, connection.asker)
    if (length > 0) {
      send(connection, length)
    } else if (length === 0) {
      connection.transfer = undefined
      transferring.delete(connection)
      connection.socket.resume()
    } else {
      shed(connection)
    }
  }

  function goOnLater(connection: Connection): void {
    if (connection.turning) return
    connection.turning = true
    setImmediate(() => {
      connection.turning = false
      if (!connection.closed && !connection.blocked) answerWaiting(connection)
    })
  }

  return {
    listen: acceptor.listen,
    serveTls: serve,
    isReading: (tables) => {
      // What was shed a moment ago reads nothing any more, though its end has not been told yet.
      for (const { transfer, socket } of transferring)
        if (transfer?.tables !== undefined && transfer.tables === tables && !socket.destroyed) return true
      return false
    },
    close: acceptor.close,
  }
}
