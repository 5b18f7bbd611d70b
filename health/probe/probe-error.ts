/** Errors of sockets and TLS → the words that operators read. Pure. */
import type { ProbeFailure } from '../model/probe-sample.ts'
import { ProbeFault } from './probe-fault.ts'

const BY_CODE: Readonly<Record<string, ProbeFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
}

/** Our own want of descriptors, buffers, memory or a resolver (find-target-address.ts): says nothing about the endpoint. */
const OWN_WANT: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'RESOLVER'])

/** What the codes of the system mean, for people who do not know them by heart. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nothing listens there, or a firewall rejects',
  ECONNRESET: 'the connection was cut by the other side',
  EPIPE: 'the connection was cut by the other side',
  UND_ERR_SOCKET: 'the connection was cut by the other side',
  EHOSTUNREACH: 'the host does not answer on its own network, or a router refuses',
  ENETUNREACH: 'there is no route',
  EACCES: 'a local firewall or a rule of this machine refuses',
  ENOTFOUND: 'there is no such name',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are longer than 64 KiB',
  ERR_SSL_EXCESSIVE_MESSAGE_SIZE: 'the chain of certificates is longer than 100 KB',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what listens there does not speak TLS',
}

/** What an error says about the probe. */
export type FailureWords = { readonly failure: ProbeFailure; readonly detail: string; readonly unmeasurable?: true }

/** Failure word and detail of an error; `timedOut` when the time limit had fired. */
export function failureOf(error: unknown, timedOut: boolean): FailureWords {
  const {
    code = '',
    name = '',
    message: text = String(error),
    cause,
  } = (error ?? {}) as { code?: string; name?: string; message?: string; cause?: unknown }
  const message = plainMessage(text)
  if (timedOut) return { failure: 'timeout', detail: 'no result within the time limit' }
  if (error instanceof ProbeFault) return { failure: error.failure, detail: message }
  if (OWN_WANT.has(code)) return { failure: 'internal', detail: message, unmeasurable: true }
  const words = WORDS[code]
  const detail = words === undefined ? message : `${words} (${message})`
  const known = BY_CODE[code]
  if (known !== undefined) return { failure: known, detail }
  // undici gives parser errors a name, and a code only sometimes.
  if (
    name === 'HTTPParserError' ||
    code.startsWith('HPE_') ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    code === 'UND_ERR_HEADERS_OVERFLOW'
  )
    return { failure: 'protocol', detail }
  if (code.startsWith('ERR_TLS_CERT') || /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return { failure: 'certificate', detail: message }
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return { failure: 'tls', detail }
  if (code.startsWith('ERR_HTTP2')) return { failure: 'protocol', detail }
  if (cause !== undefined && cause !== error) return failureOf(cause, false)
  return { failure: 'internal', detail: message }
}

/** Errors as OpenSSL prints them: thread:error:number:library:function:reason:file:line:data. */
const OPENSSL = /^.*?\berror:[0-9A-Fa-f]+:[^:]*:[^:]*:([^:]+):.*$/s

/** One line, the same for the same cause: of an OpenSSL error the reason alone, without thread, file and line. */
function plainMessage(message: string): string {
  return message.replace(OPENSSL, '$1').replaceAll(/\s+/g, ' ').trim()
}
