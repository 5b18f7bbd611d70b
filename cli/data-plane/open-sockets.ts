/** Sockets of a data plane: inherited ones, else opened here, else (without descriptors) left to the workers. Shell. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { formatAddress } from '../../geodata/address/address.ts'
import { formatListenAddress, type ListenAddress } from '../../resolver/transport/listen-address.ts'
import { type ListeningSocket, openListeningSockets } from '../../resolver/transport/raw-socket.ts'
import { bindError } from '../../resolver/transport/transport-error.ts'
import type { ProcessLog } from '../process-log.ts'
import { type AssignedSockets, assignAddresses, assignSockets, slowPathReason } from './assign-sockets.ts'

/** Opened sockets and where they listen. */
export type OpenedSockets = { readonly assigned: AssignedSockets; readonly addresses: readonly ListenAddress[] }

/** Takes what was inherited or opens the addresses. Throws TransportError naming the address. */
export async function openSockets(
  inherited: readonly ListeningSocket[],
  addresses: readonly ListenAddress[],
  threads: number,
  log: ProcessLog,
): Promise<OpenedSockets> {
  const reason = slowPathReason()
  if (reason === undefined) {
    const sockets = inherited.length > 0 ? inherited : openListeningSockets(addresses, threads)
    log.info({ path: 'koffi', threads }, 'UDP through recvmmsg and sendmmsg')
    const listens = new Map(sockets.map(({ listen }) => [formatListenAddress(listen), listen]))
    return { assigned: assignSockets(sockets, threads), addresses: [...listens.values()] }
  }
  // Only Linux spreads queries over sockets that share a port.
  const usedThreads = process.platform === 'linux' ? threads : 1
  log.warn({ path: 'node:dgram', reason, threads: usedThreads }, 'UDP through node:dgram: less than half of the speed')
  for (const listen of addresses) await tryBind(listen)
  return { assigned: assignAddresses(addresses, usedThreads), addresses }
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
