/** Reads a certificate chain and its key from two PEM files, and says what is wrong with them. Shell. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Certificate } from './certificate.ts'
import { TransportError } from './transport-error.ts'

/** The two files. */
export type CertificatePaths = { readonly chainPath: string; readonly keyPath: string }

/** A certificate that can be used, and what an operator wants to know of it. */
export type LoadedCertificate = {
  readonly certificate: Certificate
  /** Subject alternative names; the subject when there are none. */
  readonly names: string
  /** SHA-256 of the own certificate. */
  readonly fingerprint: string
  /** ms since epoch, of the first certificate of the chain to end. */
  readonly expiresAt: number
}

/** Longest chain and key file: a file given by mistake is not read whole. */
const LARGEST_FILE_BYTES = 1 << 20

function fileError(what: string, path: string, reason: string, suggestion: string, cause?: unknown): TransportError {
  return new TransportError('TRANSPORT_CERTIFICATE', `the ${what} "${path}" ${reason}`, suggestion, { cause })
}

function readPem(what: string, path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw fileError(what, path, `cannot be read (${code})`, 'correct its path or its permissions', cause)
  }
  if (text.length > LARGEST_FILE_BYTES) throw fileError(what, path, 'is larger than 1 MB', 'name a PEM file')
  return text
}

function readChain(path: string, text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g) ?? []
  if (blocks.length === 0)
    throw fileError('certificate', path, 'holds no PEM certificate', 'write the own certificate, then those of the issuers, as PEM')
  return blocks.map((block, number) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw fileError('certificate', path, `is damaged (certificate ${number + 1} of ${blocks.length})`, 'copy it again', cause)
    }
  })
}

function readKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    const isLocked = /ENCRYPTED/.test(text)
    const reason = isLocked ? 'is locked with a passphrase' : 'holds no PEM private key'
    throw fileError(
      'key',
      path,
      reason,
      isLocked ? 'store it without one, readable by nearcast only' : 'name the key of the certificate',
      cause,
    )
  }
}

/** Reads and checks both. Throws TRANSPORT_CERTIFICATE, TRANSPORT_CERTIFICATE_KEY. An expired certificate is no error here. */
export function loadCertificate({ chainPath, keyPath }: CertificatePaths): LoadedCertificate {
  const chainPem = readPem('certificate', chainPath)
  const keyPem = readPem('key', keyPath)
  const chain = readChain(chainPath, chainPem)
  const key = readKey(keyPath, keyPem)
  const own = chain[0]!
  if (!own.checkPrivateKey(key))
    throw new TransportError(
      'TRANSPORT_CERTIFICATE_KEY',
      `the key "${keyPath}" does not belong to the first certificate of "${chainPath}"`,
      'name the key of that certificate; the own certificate stands first in the chain',
    )
  try {
    // What OpenSSL itself refuses (a key too short, a broken chain), it must refuse here and not at the first client.
    createSecureContext({ cert: chainPem, key: keyPem })
  } catch (cause) {
    throw fileError('certificate', chainPath, `is refused by OpenSSL (${(cause as Error).message})`, 'make a new one', cause)
  }
  return {
    certificate: { chainPem, keyPem },
    names: own.subjectAltName ?? own.subject.replaceAll('\n', ', '),
    fingerprint: own.fingerprint256,
    expiresAt: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  }
}
