/** Which answer thread reads which sockets. Pure but for the duplicates of descriptors. */
import { libcUnavailable } from '../../resolver/transport/libc.ts'
import { formatListenAddress, type ListenAddress } from '../../resolver/transport/listen-address.ts'
import { duplicateSocket, type ListeningSocket } from '../../resolver/transport/raw-socket.ts'
import type { SocketSource, StreamSource } from '../../resolver/transport/worker-setup.ts'
import type { EncryptedListen } from '../stream-options.ts'

/** Sockets of all workers. */
export type AssignedSockets = {
  /** One array an answer thread. */
  readonly udp: readonly (readonly SocketSource[])[]
  /** Sockets of the stream worker, anew for each of its starts. */
  readonly tcp: () => readonly StreamSource[]
}

/**
 * Spreads open sockets over `threads` threads: every thread gets one socket of each address, and every socket is read by a thread
 * (with SO_REUSEPORT the kernel sends queries to each of them, read or not).
 */
export function assignSockets(sockets: readonly ListeningSocket[], threads: number): AssignedSockets {
  const udp: SocketSource[][] = Array.from({ length: threads }, () => [])
  const byAddress = new Map<string, ListeningSocket[]>()
  for (const socket of sockets.filter(({ kind }) => kind === 'udp')) {
    const key = formatListenAddress(socket.listen)
    byAddress.set(key, [...(byAddress.get(key) ?? []), socket])
  }
  for (const group of byAddress.values()) {
    for (let n = 0; n < Math.max(group.length, threads); n++) {
      const { fd, listen } = group[n % group.length]!
      udp[n % threads]!.push({ fd, family: listen.address.family })
    }
  }
  return {
    udp: udp.filter((sources) => sources.length > 0),
    tcp: () =>
      sockets.flatMap(({ fd, kind, listen }) => (kind === 'udp' ? [] : [{ fd: duplicateSocket(fd), family: listen.address.family, kind }])),
  }
}

/** Sockets that the workers open themselves, where descriptors cannot be had: one answer thread unless the system can share a port. */
export function assignAddresses(
  addresses: readonly ListenAddress[],
  threads: number,
  encrypted: readonly EncryptedListen[] = [],
): AssignedSockets {
  const reusePort = threads > 1
  const sources: SocketSource[] = addresses.map((listen) => ({ listen, reusePort }))
  const streams: StreamSource[] = [
    ...addresses.map((listen) => ({ listen, reusePort, kind: 'tcp' as const })),
    ...encrypted.map(({ kind, listen }) => ({ listen, reusePort, kind })),
  ]
  return { udp: Array.from({ length: threads }, () => sources), tcp: () => streams }
}

/** Why this process uses node:dgram; undefined when it uses the fast path. */
export function slowPathReason(): string | undefined {
  return libcUnavailable()
}
