/**
 * Whether this machine has a route to an address at all. Connecting a UDP socket sends nothing: the kernel looks up the route and says
 * ENETUNREACH when there is none, as for IPv6 on a machine that only has IPv4. Such an address cannot be measured from here.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'

/** Discard (RFC 863); nothing is sent to it. */
const ANY_PORT = 9
/** What the kernel says without a route or without the family. */
const NO_ROUTE_CODES: ReadonlySet<string> = new Set(['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** True when packets to the address would find a way out; any other trouble counts as true. */
export function hasRoute(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    const end = (error?: Error & { code?: string }): void => {
      socket.removeAllListeners()
      socket.on('error', () => undefined)
      socket.close()
      resolve(error === undefined || !NO_ROUTE_CODES.has(error.code ?? ''))
    }
    socket.once('error', end)
    socket.once('connect', () => end())
    socket.connect(ANY_PORT, address)
  })
}
