/**
 * One fresh connection to the pinned address, TCP or TLS, with its phases measured apart. Each probe makes its own and throws it away: a
 * kept one would hide a dead listener, an expired certificate and the time that a new client needs, and that is what is measured.
 * Certificates are judged here, after the handshake and before a byte is sent, so that a wrong one is explained and its days are known.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { ProbeFault } from './probe-fault.ts'
import type { ProbeRun } from './probe-kind.ts'

const DAY_MS = 86_400_000
/** Longest list of names that is shown. */
const NAMES_SHOWN = 200

/** One context for all: it holds every trusted CA, and making it takes milliseconds. */
let shared: SecureContext | undefined
function secureContext(): SecureContext {
  // Besides node's own (with NODE_EXTRA_CA_CERTS) the CAs of the system: edge sites often have certificates of the company's own CA.
  shared ??= createSecureContext({ ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])] })
  return shared
}

/** Connects. Rejects with a ProbeFault or the socket's error; the socket is destroyed when `run.signal` fires. */
export async function openConnection(spec: ProbeSpec, address: string, run: ProbeRun, alpn?: string): Promise<Socket> {
  const socket = await openTcp(spec, address, run)
  return alpn === undefined ? socket : await openTls(spec, address, socket, run, alpn)
}

function openTcp(spec: ProbeSpec, address: string, run: ProbeRun): Promise<Socket> {
  run.waitsFor = 'the connection'
  const startedMs = run.now()
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port: spec.port, autoSelectFamily: false })
    destroyAtLimit(socket, run, reject)
    socket.once('error', reject)
    socket.once('connect', () => {
      run.phases.connectMs ??= run.now() - startedMs
      resolve(socket)
    })
  })
}

/** RFC 6066 §3: an address is no server name. Empty = none is sent. */
export function serverNameOf(spec: ProbeSpec): string {
  if (spec.sni !== '') return spec.sni
  const host = spec.host.replace(/:\d+$/, '')
  return isIP(host.replace(/^\[|\]$/g, '')) === 0 ? host : ''
}

function openTls(spec: ProbeSpec, address: string, plain: Socket, run: ProbeRun, alpn: string): Promise<TLSSocket> {
  run.waitsFor = 'the TLS handshake'
  const startedMs = run.now()
  const servername = serverNameOf(spec)
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: plain,
      host: address,
      ...(servername === '' ? {} : { servername }),
      ...(alpn === '' ? {} : { ALPNProtocols: [alpn] }),
      secureContext: secureContext(),
      // Judged below: node would close the connection before it tells the days.
      rejectUnauthorized: false,
    })
    destroyAtLimit(socket, run, reject)
    socket.once('error', (error) => {
      plain.destroy()
      reject(error)
    })
    socket.once('close', () => reject(new ProbeFault('tls', 'the connection was closed during the TLS handshake')))
    socket.once('secureConnect', () => {
      run.phases.tlsMs ??= run.now() - startedMs
      const certificate = socket.getPeerCertificate()
      readCertificate(certificate, run)
      const wrong = spec.certificate === 'verify' ? whyUntrusted(socket, certificate, servername || address, run) : undefined
      if (wrong === undefined) resolve(socket)
      else {
        socket.destroy()
        reject(new ProbeFault('certificate', wrong))
      }
    })
  })
}

function destroyAtLimit(socket: Socket, { signal }: ProbeRun, reject: (error: Error) => void): void {
  const end = (): void => {
    socket.destroy()
    reject(new ProbeFault('timeout', 'no result within the time limit'))
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  socket.once('close', () => signal.removeEventListener('abort', end))
  // What comes after the result was decided has no listener any more.
  socket.on('error', () => undefined)
}

function readCertificate(certificate: PeerCertificate, run: ProbeRun): void {
  const until = Date.parse(certificate.valid_to)
  if (Number.isNaN(until)) return
  run.phases.certificateDays = Math.floor((until - Date.now()) / DAY_MS)
  if (run.details === undefined) return
  const nameOf = (name: PeerCertificate['subject'] | undefined): string => [name?.O, name?.CN].flat().filter(Boolean).join(', ')
  run.details.certificate = {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: namesOf(certificate),
    validTo: new Date(until).toISOString(),
  }
}

function namesOf({ subjectaltname, subject }: PeerCertificate): string {
  const names = subjectaltname?.replaceAll('DNS:', '').replaceAll('IP Address:', '') ?? String(subject?.CN ?? 'nobody')
  return names.length > NAMES_SHOWN ? `${names.slice(0, NAMES_SHOWN)}…` : names
}

/** Why a certificate is not trusted, for people; undefined when it is. */
function whyUntrusted(socket: TLSSocket, certificate: PeerCertificate, wanted: string, { phases }: ProbeRun): string | undefined {
  if (socket.authorized) return undefined
  const code = String((socket.authorizationError as { code?: string } | undefined)?.code ?? socket.authorizationError)
  const days = phases.certificateDays ?? 0
  const words: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: `the certificate, or one of its chain, has expired: it was valid until ${certificate.valid_to} (${Math.abs(days)} days)`,
    CERT_NOT_YET_VALID: `the certificate is not valid before ${certificate.valid_from}; does this machine's clock go right?`,
    ERR_TLS_CERT_ALTNAME_INVALID: `the certificate is for ${namesOf(certificate)}, not for ${wanted}; set sni or host to a name it is for`,
    DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by itself',
    SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a CA that this machine does not trust',
    UNABLE_TO_GET_ISSUER_CERT: 'the issuer of the certificate is not known to this machine',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the certificate is not known to this machine',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server sends no chain, and the issuer of its certificate is not known to this machine',
  }
  return `${words[code] ?? 'the certificate is not trusted'} (${code})`
}
