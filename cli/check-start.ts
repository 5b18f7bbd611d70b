/**
 * What `up` looks at before it makes or starts anything: a wrong setting, a port in use or a file that cannot be read is one line and
 * nothing else. The parts look again for themselves, as each may be started alone. Shell.
 *
 *   checkSettings ─► (nothing kept: checkFiles) ─► tryPorts ─► state folder ─► children
 */
import { accessSync, constants, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { formatAddress } from '../geodata/address/address.ts'
import { GeodataError } from '../geodata/address/geodata-error.ts'
import { loadCertificate } from '../resolver/transport/certificate-files.ts'
import { formatListenAddress, type ListenAddress } from '../resolver/transport/listen-address.ts'
import { bindError } from '../resolver/transport/transport-error.ts'
import { answerSettings } from './answer-options.ts'
import { checkCookieSecrets } from './data-plane/cookie-secrets.ts'
import { apiListenOf, apiTlsOf, metricsListenOf, metricsTokenOf } from './http-settings.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { queryLogSettings } from './query-log-options.ts'
import { scriptFolderOf } from './script-folder.ts'
import { neededCertificate, type StreamSettings, streamSettings } from './stream-options.ts'

/** What the flags say, as far as the supervisor needs it. */
export type CheckedSettings = {
  readonly apiListen: ListenAddress
  readonly metricsListen: ListenAddress
  readonly hasQueryLog: boolean
  readonly streams: StreamSettings
}

/** Reads every flag of node and control, and the secrets and certificates they name. Throws what the part would throw. */
export function checkSettings(flags: Flags): CheckedSettings {
  const apiListen = apiListenOf(flags)
  const metricsListen = metricsListenOf(flags)
  // Before the streams, which refuse half a certificate too: whose it is depends on what else is given.
  apiTlsOf(flags, apiListen)
  metricsTokenOf(flags, metricsListen)
  answerSettings(flags)
  scriptFolderOf(flags)
  const streams = streamSettings(flags)
  if (streams.encrypted.length > 0 || streams.certificate !== undefined) loadCertificate(neededCertificate(streams))
  const cookieSecrets = textFlag(flags, 'cookie-secret-file', '')
  if (cookieSecrets !== '') checkCookieSecrets(cookieSecrets)
  return { apiListen, metricsListen, hasQueryLog: queryLogSettings(flags, '') !== undefined, streams }
}

/** Looks whether the files of control can be read. Throws DOCUMENT_UNREADABLE, GEODATA_FILE_MISSING. */
export function checkFiles(flags: Flags): void {
  const document = textFlag(flags, 'document', '')
  const documentProblem = document === '' || document === '-' ? undefined : problemOf(document)
  if (documentProblem !== undefined)
    throw new ProductError(
      'DOCUMENT_UNREADABLE',
      `cannot read the document "${document}": ${documentProblem}`,
      'name the file that holds the document with --document',
    )
  const geodata = textFlag(flags, 'geodata', '')
  const geodataProblem = geodata === '' ? undefined : problemOf(geodata)
  if (geodataProblem !== undefined)
    throw new GeodataError(
      'GEODATA_FILE_MISSING',
      `cannot read the geodata file "${geodata}": ${geodataProblem}`,
      'check the path, or leave out --geodata to use the default geodata',
    )
}

/** Why a file cannot be read; undefined when it can. */
function problemOf(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'it is a folder'
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'there is no such file'
    return code === 'EACCES' ? 'it may not be read' : String(code)
  }
}

/** A port to try. */
export type PortToTry = {
  readonly listen: ListenAddress
  /** Whose it is, for the message. */
  readonly what: string
  /** Flag that chooses it, for the remedy. */
  readonly flag: string
}

/** Binds TCP addresses and lets them go. All at once, so that two that are the same meet here. Throws TransportError naming the first that failed. */
export async function tryPorts(ports: readonly PortToTry[]): Promise<void> {
  const opened: Server[] = []
  try {
    for (const port of ports) opened.push(await openPort(port))
  } finally {
    for (const server of opened) await new Promise<void>((resolve) => void server.close(() => resolve()))
  }
}

function openPort({ listen, what, flag }: PortToTry): Promise<Server> {
  const { address, port } = listen
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const { code, message, suggestion } = bindError(`${formatListenAddress(listen)} (${what})`, error.code ?? '', error)
      reject(new ProductError(code, message, `${suggestion} with ${flag}`, { cause: error }))
    })
    server.listen({ host: formatAddress(address), port, ipv6Only: address.family === 6 }, () => resolve(server))
  })
}
