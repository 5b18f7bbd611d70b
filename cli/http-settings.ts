/** Process settings of the two HTTP ports: the API of control, the metrics of a node. Apart from both, so that `up` refuses first what they would. Shell. */
import { readFileSync } from 'node:fs'
import { formatListenAddress, isLoopback, type ListenAddress, parseListenAddress } from '../resolver/transport/listen-address.ts'
import { readSecretFile } from './process-log.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'

/** Key and certificate chain of the API, PEM. */
export type ApiTls = { readonly key: string; readonly cert: string }

/** Where the API listens. Throws TransportError. */
export function apiListenOf(flags: Flags): ListenAddress {
  return parseListenAddress(textFlag(flags, 'api-listen', '127.0.0.1:8080'), 8080)
}

/** Where the metrics of a node are. Throws TransportError. */
export function metricsListenOf(flags: Flags): ListenAddress {
  return parseListenAddress(textFlag(flags, 'metrics-listen', '127.0.0.1:9153'), 9153)
}

/** TLS of the API; undefined without. Throws API_TLS, and API_BIND_NEEDS_TLS beyond loopback without encryption. */
export function apiTlsOf(flags: Flags, listen: ListenAddress): ApiTls | undefined {
  const tls = readTls(flags)
  if (tls !== undefined || flags['behind-proxy'] === true || isLoopback(listen.address)) return tls
  throw new ProductError(
    'API_BIND_NEEDS_TLS',
    `the API would be open without encryption on ${formatListenAddress(listen)}`,
    'add --tls-cert and --tls-key, or --behind-proxy when a proxy ends TLS, or listen on 127.0.0.1',
  )
}

function readTls(flags: Flags): ApiTls | undefined {
  const [key, cert] = [textFlag(flags, 'tls-key', ''), textFlag(flags, 'tls-cert', '')]
  if (key === '' && cert === '') return undefined
  if (key === '' || cert === '') {
    const [given, missing] = key === '' ? ['--tls-cert', '--tls-key'] : ['--tls-key', '--tls-cert']
    throw new ProductError('API_TLS', `${given} is given without ${missing}`, 'give both, or neither')
  }
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw new ProductError(
        'API_TLS',
        `"${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`,
        'correct its path or its permissions',
        { cause },
      )
    }
  }
  return { key: read(key), cert: read(cert) }
}

/** Token of the metrics port; beyond loopback there must be one. Throws METRICS_OPEN, SETTINGS_SECRET. */
export function metricsTokenOf(flags: Flags, listen: ListenAddress): string | undefined {
  const path = textFlag(flags, 'metrics-token-file', '')
  if (path !== '') return readSecretFile(path)
  if (isLoopback(listen.address)) return undefined
  throw new ProductError(
    'METRICS_OPEN',
    `the metrics port would be open to everybody on ${formatListenAddress(listen)}`,
    'give --metrics-token-file FILE, or listen on 127.0.0.1',
  )
}
