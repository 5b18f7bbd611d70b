/** Errors of sockets and TLS → the words that operators read. Pure. */
import type { ProbeFailure } from '../model/probe-sample.ts'

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

/** What an error says about the probe. */
export type FailureWords = { readonly failure: ProbeFailure; readonly detail: string; readonly unmeasurable?: true }

/** Failure word and detail of an error; `timedOut` when the time limit had fired. */
export function failureOf(error: unknown, timedOut: boolean): FailureWords {
  const {
    code = '',
    name = '',
    message = String(error),
    cause,
  } = (error ?? {}) as { code?: string; name?: string; message?: string; cause?: unknown }
  if (timedOut) return { failure: 'timeout', detail: 'no result within the time limit' }
  if (OWN_WANT.has(code)) return { failure: 'internal', detail: message, unmeasurable: true }
  const known = BY_CODE[code]
  if (known !== undefined) return { failure: known, detail: message }
  // undici gives parser errors a name, and a code only sometimes.
  if (name === 'HTTPParserError' || code.startsWith('HPE_') || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
    return { failure: 'protocol', detail: message }
  if (code.startsWith('ERR_TLS_CERT') || /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return { failure: 'certificate', detail: message }
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return { failure: 'tls', detail: message }
  if (cause !== undefined && cause !== error) return failureOf(cause, false)
  return { failure: 'internal', detail: message }
}
