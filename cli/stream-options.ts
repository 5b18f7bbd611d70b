/** Process settings of connections: TCP limits, DNS over TLS, DNS over HTTPS, their certificate. The same for `up`, `node` and `serve`. Shell. */
import type { CertificatePaths } from '../resolver/transport/certificate-files.ts'
import { TCP_LIMITS, type TcpLimits } from '../resolver/transport/connection-table.ts'
import type { ListenAddress } from '../resolver/transport/listen-address.ts'
import { TransportError } from '../resolver/transport/transport-error.ts'
import { type CommandOption, UsageError } from './command.ts'
import { type Flags, listenFlags, numberFlag, textFlag } from './process-settings.ts'

/** The options. */
export const STREAM_OPTIONS: Readonly<Record<string, CommandOption>> = {
  'dot-listen': { type: 'string', multiple: true, value: 'ADDR:PORT', help: 'DNS over TLS, port 853 unless given [off]' },
  'doh-listen': { type: 'string', multiple: true, value: 'ADDR:PORT', help: 'DNS over HTTPS, port 443 unless given [off]' },
  'doh-path': { type: 'string', value: 'PATH', help: 'path of DNS over HTTPS [/dns-query]' },
  'tls-cert': {
    type: 'string',
    value: 'FILE',
    help: 'certificate chain (PEM, own one first) for DNS over TLS and HTTPS; read again when it changes and on SIGHUP',
  },
  'tls-key': { type: 'string', value: 'FILE', help: 'private key of the certificate (PEM)' },
  'tcp-max-connections': {
    type: 'string',
    value: 'N',
    help: `connections (TCP, TLS, HTTPS) in all; above, the one idle longest is closed [${TCP_LIMITS.connections}]`,
  },
  'tcp-max-connections-per-client': {
    type: 'string',
    value: 'N',
    help: `connections of one IPv4 address or IPv6 /56 [${TCP_LIMITS.connectionsPerClient}]`,
  },
  'tcp-idle-ms': { type: 'string', value: 'MS', help: `a connection without a whole query for so long is closed [${TCP_LIMITS.idleMs}]` },
  'tcp-max-held-mb': {
    type: 'string',
    value: 'MB',
    help: `bytes that may wait in all connections: queries half sent, answers not read [${TCP_LIMITS.heldBytes >> 20}]`,
  },
  'tls-max-handshakes': {
    type: 'string',
    value: 'N',
    help: `TLS handshakes a second in all; further connections are closed; 0 = no limit [${TCP_LIMITS.handshakesPerSecond}]`,
  },
  'tls-max-handshakes-per-client': {
    type: 'string',
    value: 'N',
    help: `the same of one IPv4 address or IPv6 /56 [${TCP_LIMITS.handshakesPerClientPerSecond}]`,
  },
}

/** An address of an encrypted transport. */
export type EncryptedListen = { readonly kind: 'dot' | 'doh'; readonly listen: ListenAddress }

/** What the flags say. */
export type StreamSettings = {
  readonly encrypted: readonly EncryptedListen[]
  readonly dohPath: string
  /** Undefined: no certificate was named. */
  readonly certificate: CertificatePaths | undefined
  readonly limits: TcpLimits
}

/** Reads them. Throws UsageError, TransportError. */
export function streamSettings(flags: Flags): StreamSettings {
  const dohPath = textFlag(flags, 'doh-path', '/dns-query')
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(dohPath)) throw new UsageError(`--doh-path must be a path such as /dns-query, not "${dohPath}"`)
  const chainPath = textFlag(flags, 'tls-cert', '')
  const keyPath = textFlag(flags, 'tls-key', '')
  if ((chainPath === '') !== (keyPath === '')) {
    const [given, missing] = keyPath === '' ? ['--tls-cert', '--tls-key'] : ['--tls-key', '--tls-cert']
    throw new TransportError('TRANSPORT_CERTIFICATE', `${given} is given without ${missing}`, 'give both, or neither')
  }
  return {
    encrypted: [
      ...listenFlags(flags, 'dot-listen', [], 853).map((listen) => ({ kind: 'dot' as const, listen })),
      ...listenFlags(flags, 'doh-listen', [], 443).map((listen) => ({ kind: 'doh' as const, listen })),
    ],
    dohPath,
    certificate: chainPath === '' ? undefined : { chainPath, keyPath },
    limits: {
      ...TCP_LIMITS,
      connections: numberFlag(flags, 'tcp-max-connections', TCP_LIMITS.connections, 1, 1_000_000),
      connectionsPerClient: numberFlag(flags, 'tcp-max-connections-per-client', TCP_LIMITS.connectionsPerClient, 1, 1_000_000),
      idleMs: numberFlag(flags, 'tcp-idle-ms', TCP_LIMITS.idleMs, 100, 3_600_000),
      heldBytes: numberFlag(flags, 'tcp-max-held-mb', TCP_LIMITS.heldBytes >> 20, 1, 4096) << 20,
      handshakesPerSecond: numberFlag(flags, 'tls-max-handshakes', TCP_LIMITS.handshakesPerSecond, 0, 64_000),
      handshakesPerClientPerSecond: numberFlag(flags, 'tls-max-handshakes-per-client', TCP_LIMITS.handshakesPerClientPerSecond, 0, 64_000),
    },
  }
}

/** The files of the certificate that something to listen on needs. Throws TRANSPORT_CERTIFICATE when none was named. */
export function neededCertificate({ certificate }: StreamSettings): CertificatePaths {
  if (certificate !== undefined) return certificate
  throw new TransportError(
    'TRANSPORT_CERTIFICATE',
    'DNS over TLS and over HTTPS need a certificate, and none is named',
    'give --tls-cert FILE and --tls-key FILE',
  )
}
