/**
 * DNS over HTTPS (RFC 8484) by HTTP/2 and HTTP/1.1: HTTP and its limits; what a request means is doh-handler.ts. Shell.
 * A connection counts, and is shed, like any other stream (connection-table.ts): one without a whole request for the idle time is closed,
 * however slowly its header or body comes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { COUNT_HANDSHAKE_FAILURES, COUNT_HANDSHAKES_REFUSED, COUNT_HTTP_REFUSED } from '../observe/counters.ts'
import { type Accepted, createAcceptor, type ListenSource, rawSocketOf } from './accept-connections.ts'
import { type Certificate, type TlsSecrets, tlsOptions } from './certificate.ts'
import type { ConnectionTable, TcpLimits } from './connection-table.ts'
import {
  cacheControlOf,
  DNS_MESSAGE_TYPE,
  type DohRefusal,
  judgeDohBody,
  judgeDohRequest,
  LARGEST_BODY_BYTES,
  REFUSE_MESSAGE,
  REFUSE_SIZE,
} from './doh-handler.ts'
import type { HandshakeLimit } from './handshake-limit.ts'
import { STREAM_DOH, type StreamAsker, type StreamDesk } from './stream-desk.ts'

/** What a listener works with. */
export type DohListenerOptions = {
  readonly limits: TcpLimits
  readonly table: ConnectionTable
  readonly handshakeLimit: HandshakeLimit
  readonly desk: StreamDesk
  /** Counters of DNS over HTTPS. */
  readonly stripe: Float64Array
  readonly certificate: Certificate
  readonly secrets: TlsSecrets
  /** Path of the service, e.g. "/dns-query". */
  readonly path: string
}

/** A running listener. */
export type DohListener = {
  /** Starts to accept on an inherited descriptor or on an address; resolves with the port. */
  readonly listen: (source: ListenSource) => Promise<number>
  /** New connections get this certificate; those that are open keep theirs. */
  readonly use: (certificate: Certificate, secrets: TlsSecrets) => void
  readonly close: () => Promise<void>
}

type Request = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse
/** A connection and the bytes that its requests make us keep. */
type Peer = { readonly accepted: Accepted; readonly asker: StreamAsker; heldBytes: number }

/** Requests of one connection at a time; RFC 9113 §6.5.2 wants no less. */
const STREAMS_AT_ONCE = 100
/** Memory of one HTTP/2 connection, in MB as node counts it; beyond, its new requests are refused. */
const SESSION_MEMORY_MB = 1
const HEADER_BYTES = 16 << 10
const HEADER_MS = 5000
/** Where a TLS socket keeps its peer: seen through the stand-in that HTTP/2 gives for it too. */
const PEER: unique symbol = Symbol('peer')
type PeerSocket = { [PEER]?: Peer }

/** Makes a listener; one a stream worker. */
export function createDohListener(options: DohListenerOptions): DohListener {
  const { limits, table, desk, stripe, certificate, secrets, path } = options
  const { scratch } = desk
  const handshakes = new WeakMap<Socket, Accepted>()
  const server = createSecureServer(
    {
      ...tlsOptions(certificate, secrets),
      ALPNProtocols: ['h2', 'http/1.1'],
      allowHTTP1: true,
      settings: { maxConcurrentStreams: STREAMS_AT_ONCE, maxHeaderListSize: HEADER_BYTES, enablePush: false },
      maxSessionMemory: SESSION_MEMORY_MB,
      maxSessionInvalidFrames: 100,
    },
    (request: Request, response: Response) => {
      const peer = (request.socket as unknown as PeerSocket)[PEER]
      if (peer === undefined) request.destroy()
      else answerRequest(peer, request, response)
    },
  )
  Object.assign(server, { headersTimeout: HEADER_MS, requestTimeout: limits.idleMs, keepAliveTimeout: limits.idleMs })
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const accepted = handshakes.get(rawSocketOf(socket))
    if (accepted === undefined) {
      socket.destroy()
      return
    }
    handshakes.delete(accepted.socket)
    table.touch(accepted.entry)
    const { source, port, local } = accepted
    const tls = { version: socket.getProtocol() ?? '', alpn: socket.alpnProtocol || '' }
    ;(socket as PeerSocket)[PEER] = { accepted, asker: { source, port, local, transport: STREAM_DOH, tls }, heldBytes: 0 }
  })
  server.on('tlsClientError', (_error, socket) => {
    stripe[COUNT_HANDSHAKE_FAILURES]! += 1
    socket.destroy()
  })
  server.on('sessionError', () => undefined)
  const acceptor = createAcceptor('HTTPS', table, stripe, (accepted) => {
    if (!options.handshakeLimit.admits(accepted.source)) {
      stripe[COUNT_HANDSHAKES_REFUSED]! += 1
      accepted.socket.destroy()
      return
    }
    handshakes.set(accepted.socket, accepted)
    server.emit('connection', accepted.socket)
  })

  function answerRequest(peer: Peer, request: Request, response: Response): void {
    const { method = '', url = '', headers } = request
    const judged = judgeDohRequest({ method, url, contentType: headers['content-type'], contentLength: headers['content-length'] }, path)
    if (judged === 'body') readBody(peer, request, response)
    else if ('status' in judged) refuse(request, response, judged)
    else answerMessage(peer, judged.message, request, response)
  }

  function readBody(peer: Peer, request: Request, response: Response): void {
    const chunks: Uint8Array[] = []
    let bytes = 0
    let isDone = false
    request.on('data', (chunk: Uint8Array) => {
      if (isDone) return
      bytes += chunk.length
      hold(peer, chunk.length)
      if (bytes > LARGEST_BODY_BYTES) {
        isDone = true
        refuse(request, response, REFUSE_SIZE)
        return
      }
      chunks.push(chunk)
    })
    request.on('end', () => {
      if (isDone) return
      isDone = true
      const judged = judgeDohBody(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      if ('status' in judged) refuse(request, response, judged)
      else answerMessage(peer, judged.message, request, response)
    })
    request.on('close', () => {
      isDone = true
      hold(peer, -bytes)
    })
  }

  function hold(peer: Peer, bytes: number): void {
    peer.heldBytes += bytes
    table.hold(peer.accepted.entry, peer.heldBytes)
  }

  function answerMessage(peer: Peer, message: Uint8Array, request: Request, response: Response): void {
    table.touch(peer.accepted.entry)
    desk.begin()
    const reply = desk.receive(message, peer.asker, 0, -1)
    if (typeof reply === 'number') {
      send(peer, scratch.slice(2, 2 + reply), desk.isPersonal(), request, response)
    } else if (reply instanceof Promise) {
      reply.then(
        (later) => send(peer, desk.finish(later, peer.asker), true, request, response),
        (error) => send(peer, desk.fail(message, peer.asker, error), true, request, response),
      )
    }
  }

  function send(peer: Peer, reply: Uint8Array, isPersonal: boolean, request: Request, response: Response): void {
    if (reply.length === 0) {
      refuse(request, response, REFUSE_MESSAGE)
      return
    }
    if (response.destroyed) return
    hold(peer, reply.length)
    response.on('close', () => hold(peer, -reply.length))
    writeHead(response, 200, {
      'content-type': DNS_MESSAGE_TYPE,
      'content-length': reply.length,
      'cache-control': cacheControlOf(reply, isPersonal),
    })
    response.end(reply)
  }

  function refuse(request: Request, response: Response, { status, reason }: DohRefusal): void {
    stripe[COUNT_HTTP_REFUSED]! += 1
    if (response.destroyed) return
    const body = `${reason}\n`
    const isWhole = request.method === 'GET' || request.method === 'HEAD' || request.complete
    writeHead(response, status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
      ...(status === 405 ? { allow: 'GET, HEAD, POST' } : {}),
      // What else the peer sends is not waited for.
      ...(request.httpVersionMajor === 1 && !isWhole ? { connection: 'close' } : {}),
    })
    response.end(body)
    if (request.httpVersionMajor === 1) request.resume()
    else (response as Http2ServerResponse).stream?.close()
  }

  return {
    listen: acceptor.listen,
    use: (next, nextSecrets) => server.setSecureContext(tlsOptions(next, nextSecrets)),
    close: acceptor.close,
  }
}

/** The two kinds of responses have this in common, though their types do not. */
function writeHead(response: Response, status: number, headers: Record<string, string | number>): void {
  ;(response as ServerResponse).writeHead(status, headers)
}
