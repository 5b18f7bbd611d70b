/** Accepts connections on an inherited descriptor or an address, and lets in those that the table has room for. Shell; shared by TCP, TLS and HTTPS. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { COUNT_SEND_FAILURES } from '../observe/counters.ts'
import { type ConnectionEntry, type ConnectionTable, clientBlock } from './connection-table.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { bindError } from './transport-error.ts'

/** Where a listener gets its connections from. */
export type ListenSource = { readonly fd: number } | { readonly listen: ListenAddress }

/** A connection that was let in. */
export type Accepted = {
  readonly socket: Socket
  readonly entry: ConnectionEntry
  /** Address of the peer as four words, IPv4 mapped. */
  readonly source: Uint32Array
  readonly port: number
  /** Our end: address and port. */
  readonly local: Uint32Array
}

/** Accepting sockets of one transport. */
export type Acceptor = {
  /** Starts to accept; resolves with the port. Throws TransportError naming the address. */
  readonly listen: (source: ListenSource) => Promise<number>
  /** Stops accepting and closes all connections. */
  readonly close: () => Promise<void>
}

/** Makes an acceptor. `label` names the transport in errors. */
export function createAcceptor(
  label: string,
  table: ConnectionTable,
  stripe: Float64Array,
  onConnection: (accepted: Accepted) => void,
): Acceptor {
  const servers: Server[] = []
  const open = new Set<ConnectionEntry>()

  function accept(socket: Socket): void {
    // Before anything else: a connection may be reset at any moment, and an error without a listener ends the thread.
    socket.on('error', () => socket.destroy())
    const peer = findAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''))
    const entry = peer === undefined ? undefined : table.admit(clientBlock(peer.words), stripe, () => socket.destroy())
    if (peer === undefined || entry === undefined) {
      socket.destroy()
      return
    }
    open.add(entry)
    socket.on('close', () => {
      open.delete(entry)
      table.forget(entry)
    })
    const own = findAddress((socket.localAddress ?? '').replace(/%.*$/, ''))
    onConnection({
      socket,
      entry,
      source: Uint32Array.from(peer.words),
      port: socket.remotePort ?? 0,
      local: Uint32Array.of(...(own?.words ?? [0, 0, 0, 0]), socket.localPort ?? 0),
    })
  }

  return {
    listen: (source) =>
      new Promise((resolve, reject) => {
        const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
        server.once('error', (error: NodeJS.ErrnoException) => {
          const what = 'fd' in source ? `descriptor ${source.fd} (${label})` : `${formatListenAddress(source.listen)} (${label})`
          reject(bindError(what, error.code ?? error.message, error))
        })
        const ready = (): void => {
          server.removeAllListeners('error')
          // Out of descriptors and the like: the connection is lost, the listener lives.
          server.on('error', () => {
            stripe[COUNT_SEND_FAILURES]! += 1
          })
          servers.push(server)
          resolve((server.address() as AddressInfo).port)
        }
        if ('fd' in source) server.listen({ fd: source.fd }, ready)
        else {
          const { address, port } = source.listen
          server.listen({ host: formatAddress(address), port, ipv6Only: address.family === 6, backlog: 511 }, ready)
        }
      }),
    close: async () => {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
      for (const entry of [...open]) {
        entry.close()
        table.forget(entry)
      }
      await Promise.all(closed)
    },
  }
}

/** The TCP socket below a TLS socket; node keeps it under a name of its own. */
export function rawSocketOf(socket: TLSSocket): Socket {
  return (socket as unknown as { readonly _parent: Socket })._parent
}
