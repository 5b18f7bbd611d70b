/** A certificate chain with its key, and what of it TLS is told. Shell only for the random secret. */
import { constants, randomBytes } from 'node:crypto'
import type { SecureContextOptions, TlsOptions } from 'node:tls'

/** Chain (own certificate first) and private key as PEM. */
export type Certificate = { readonly chainPem: string; readonly keyPem: string }

/** Secrets of TLS that outlive a worker, so that clients resume their sessions with the next one too. */
export type TlsSecrets = {
  /** 48 octets that session tickets are sealed with. */
  readonly ticketKeys: Uint8Array
}

/** New secrets. */
export function makeTlsSecrets(): TlsSecrets {
  return { ticketKeys: new Uint8Array(randomBytes(48)) }
}

/** A handshake has this long. */
const HANDSHAKE_MS = 5000
/** A session can be resumed for this long: a resolver asks again within minutes (RFC 7858 §3.4). */
const SESSION_SECONDS = 7200

/** Options of a TLS server of ours. */
export function tlsOptions({ chainPem, keyPem }: Certificate, { ticketKeys }: TlsSecrets): TlsOptions & SecureContextOptions {
  return {
    cert: chainPem,
    key: keyPem,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    // RFC 9325 §4.2: forward secrecy and AEAD with 1.2 too; the suites of 1.3 all have them.
    ciphers:
      'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
    // A client that asks for a new handshake over and over would have us compute for it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    handshakeTimeout: HANDSHAKE_MS,
    sessionTimeout: SESSION_SECONDS,
    ticketKeys: Buffer.from(ticketKeys),
  }
}
