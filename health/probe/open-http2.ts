/**
 * One fresh HTTP/2 session to the pinned address, over TLS (ALPN h2) or, in clear text, by prior knowledge (RFC 9113 §3.3). One request is
 * asked of it, then it is destroyed with its socket.
 */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { openConnection } from './open-connection.ts'
import { ProbeFault } from './probe-fault.ts'
import type { ProbeRun } from './probe-kind.ts'

/** An answer whose headers have come. */
export type Http2Answer = {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  readonly body: AsyncIterable<Buffer>
  /** Trailers, once the body has ended. */
  readonly trailers: () => IncomingHttpHeaders
}

/** A session for one request. */
export type Http2Session = {
  readonly ask: (headers: Readonly<Record<string, string>>, body?: Buffer) => Promise<Http2Answer>
  readonly close: () => void
}

/** Opens it. Rejects with a ProbeFault or the socket's error. */
export async function openHttp2(spec: ProbeSpec, address: string, isTls: boolean, run: ProbeRun): Promise<Http2Session> {
  const socket = await openConnection(spec, address, run, isTls ? 'h2' : undefined)
  if (isTls && (socket as TLSSocket).alpnProtocol !== 'h2') {
    socket.destroy()
    throw new ProbeFault('protocol', 'the server does not offer HTTP/2 in its TLS handshake (ALPN h2)')
  }
  let fault: Error | undefined
  // The authority is set by each request; the name here is only for node's own bookkeeping.
  const session = connect(isTls ? 'https://probe' : 'http://probe', {
    createConnection: () => socket,
    settings: { enablePush: false, maxHeaderListSize: 65_536 },
    maxSessionMemory: 4,
  })
  session.on('error', (error) => {
    fault ??= error
  })
  return {
    ask: (headers, body) => ask(session, { ':scheme': isTls ? 'https' : 'http', ...headers }, body, run, () => fault),
    close() {
      session.destroy()
      socket.destroy()
    },
  }
}

function ask(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: Buffer | undefined,
  run: ProbeRun,
  faultOf: () => Error | undefined,
): Promise<Http2Answer> {
  run.waitsFor = 'the first byte of the answer'
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    let trailers: IncomingHttpHeaders = {}
    stream.once('response', (answered) => {
      run.waitsFor = 'the end of the body'
      resolve({ headers: answered, body: stream, trailers: () => trailers })
    })
    stream.once('trailers', (given) => {
      trailers = given
    })
    stream.on('error', (error) => reject(explain(faultOf() ?? error)))
    // A session that ends before it answered closes its streams, with or without an error of theirs.
    stream.once('close', () => reject(explain(faultOf())))
    if (body !== undefined) stream.end(body)
  })
}

function explain(error: Error | undefined): Error {
  const code = (error as { code?: string } | undefined)?.code ?? ''
  if (error === undefined) return new ProbeFault('reset', 'the connection was closed before an answer came')
  if (code.startsWith('ERR_HTTP2') || code.startsWith('NGHTTP2'))
    return new ProbeFault('protocol', `what came is no good HTTP/2 (${error.message}); does the server speak it on this port?`)
  return error
}
