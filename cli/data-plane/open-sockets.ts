/** Sockets of a data plane: inherited ones, else opened here, else (without descriptors) left to the workers. Shell. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { formatAddress } from '../../geodata/address/address.ts'
import { formatListenAddress, type ListenAddress } from '../../resolver/transport/listen-address.ts'
import { type ListeningSocket, openListeningSockets } from '../../resolver/transport/raw-socket.ts'
import { bindError } from '../../resolver/transport/transport-error.ts'
import type { ProcessLog } from '../process-log.ts'
import type { EncryptedListen } from '../stream-options.ts'
import { type AssignedSockets, assignAddresses, assignSockets, slowPathReason } from './assign-sockets.ts'

/** Opened sockets and where they listen. */
export type OpenedSockets = {
  readonly assigned: AssignedSockets
  /** DNS over UDP and TCP. */
  readonly addresses: readonly ListenAddress[]
  /** DNS over TLS and HTTPS. */
  readonly encrypted: readonly EncryptedListen[]
}

/** What was inherited; what of UDP and TCP, or of an encrypted transport, nobody handed down is opened here. Throws TransportError. */
export function completeSockets(
  inherited: readonly ListeningSocket[],
  addresses: readonly ListenAddress[],
  threads: number,
  encrypted: readonly EncryptedListen[],
): readonly ListeningSocket[] {
  const missing = encrypted.filter(({ kind }) => inherited.every((socket) => socket.kind !== kind))
  const plain = inherited.some(isPlain) ? [] : addresses
  return [...inherited, ...openListeningSockets(plain, threads, missing)]
}

function isPlain({ kind }: ListeningSocket): boolean {
  return kind === 'udp' || kind === 'tcp'
}

/** Takes what was inherited or opens the addresses. Throws TransportError naming the address. */
export async function openSockets(
  inherited: readonly ListeningSocket[],
  addresses: readonly ListenAddress[],
  threads: number,
  log: ProcessLog,
  encrypted: readonly EncryptedListen[] = [],
): Promise<OpenedSockets> {
  const reason = slowPathReason()
  if (reason === undefined) {
    const sockets = completeSockets(inherited, addresses, threads, encrypted)
    log.info({ path: 'koffi', threads }, 'UDP through recvmmsg and sendmmsg')
    const listens = new Map(sockets.filter(isPlain).map(({ listen }) => [formatListenAddress(listen), listen]))
    return {
      assigned: assignSockets(sockets, threads),
      addresses: [...listens.values()],
      encrypted: sockets.flatMap(({ kind, listen }) => (kind === 'dot' || kind === 'doh' ? [{ kind, listen }] : [])),
    }
  }
  // Only Linux spreads queries over sockets that share a port.
  const usedThreads = process.platform === 'linux' ? threads : 1
  log.warn({ path: 'node:dgram', reason, threads: usedThreads }, 'UDP through node:dgram: less than half of the speed')
  for (const listen of addresses) await tryBind(listen)
  return { assigned: assignAddresses(addresses, usedThreads, encrypted), addresses, encrypted }
}

/** Binds an address once, unshared, and lets it go: a port in use must be one clear line, not a worker that fails for ever. */
async function tryBind(listen: ListenAddress): Promise<void> {
  const { address, port } = listen
  const host = formatAddress(address)
  await new Promise<void>((resolve, reject) => {
    const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6')
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(bindError(`${formatListenAddress(listen)} (UDP)`, error.code ?? '', error)),
    )
    socket.bind(port, host, () => socket.close(() => resolve()))
  })
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(bindError(`${formatListenAddress(listen)} (TCP)`, error.code ?? '', error)),
    )
    server.listen(port, host, () => server.close(() => resolve()))
  })
}
