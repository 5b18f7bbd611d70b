/**
 * DNS over TLS (RFC 7858; transfers: RFC 9103): agrees on TLS and hands the clear stream to the TCP listener. Shell.
 * A connection counts from the moment it is accepted, so that half a handshake has the limits of any other connection.
 */
import type { Socket } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { COUNT_HANDSHAKE_FAILURES, COUNT_HANDSHAKES_REFUSED } from '../observe/counters.ts'
import { type Accepted, createAcceptor, type ListenSource, rawSocketOf } from './accept-connections.ts'
import { type Certificate, type TlsSecrets, tlsOptions } from './certificate.ts'
import type { ConnectionTable } from './connection-table.ts'
import type { HandshakeLimit } from './handshake-limit.ts'
import type { TlsFacts } from './stream-desk.ts'

/** What a listener works with. */
export type TlsListenerOptions = {
  readonly table: ConnectionTable
  readonly handshakeLimit: HandshakeLimit
  /** Counters of DNS over TLS. */
  readonly stripe: Float64Array
  readonly certificate: Certificate
  readonly secrets: TlsSecrets
  /** Takes over a connection that TLS has been agreed on. */
  readonly serve: (accepted: Accepted, socket: Socket, tls: TlsFacts) => void
}

/** A running listener. */
export type TlsListener = {
  /** Starts to accept on an inherited descriptor or on an address; resolves with the port. */
  readonly listen: (source: ListenSource) => Promise<number>
  /** New connections get this certificate; those that are open keep theirs. */
  readonly use: (certificate: Certificate, secrets: TlsSecrets) => void
  readonly close: () => Promise<void>
}

/** RFC 7858 §3.2, RFC 9103 §7.1. A client that names no protocol is let in; one that names only others gets an alert. */
const ALPN = ['dot']

/** Makes a listener; one a stream worker. */
export function createTlsListener({ table, handshakeLimit, stripe, certificate, secrets, serve }: TlsListenerOptions): TlsListener {
  /** Connections whose handshake runs, by their socket. */
  const handshakes = new WeakMap<Socket, Accepted>()
  const server: Server = createServer({ ...tlsOptions(certificate, secrets), ALPNProtocols: ALPN })
  server.on('secureConnection', (socket) => {
    const accepted = handshakes.get(rawSocketOf(socket))
    if (accepted === undefined) {
      socket.destroy()
      return
    }
    handshakes.delete(accepted.socket)
    table.touch(accepted.entry)
    socket.setNoDelay(true)
    serve(accepted, socket, { version: socket.getProtocol() ?? '', alpn: socket.alpnProtocol || '' })
  })
  server.on('tlsClientError', (_error, socket) => {
    stripe[COUNT_HANDSHAKE_FAILURES]! += 1
    socket.destroy()
  })
  const acceptor = createAcceptor('TLS', table, stripe, (accepted) => {
    if (!handshakeLimit.admits(accepted.source)) {
      stripe[COUNT_HANDSHAKES_REFUSED]! += 1
      accepted.socket.destroy()
      return
    }
    handshakes.set(accepted.socket, accepted)
    server.emit('connection', accepted.socket)
  })
  return {
    listen: acceptor.listen,
    use: (next, nextSecrets) => server.setSecureContext(tlsOptions(next, nextSecrets)),
    close: acceptor.close,
  }
}
