/**
 * Where probes may not go (DESIGN.md section 11): link-local and metadata addresses, and our own API, control and metrics sockets.
 * A document is written by editors; it must not turn the prober into a way to our own doors.
 */
import { BlockList, isIPv6 } from 'node:net'

const NEVER = new BlockList()
NEVER.addSubnet('169.254.0.0', 16, 'ipv4')
NEVER.addSubnet('0.0.0.0', 8, 'ipv4')
NEVER.addSubnet('224.0.0.0', 3, 'ipv4')
NEVER.addSubnet('fe80::', 10, 'ipv6')
NEVER.addSubnet('ff00::', 8, 'ipv6')
NEVER.addAddress('::', 'ipv6')
// AWS's metadata service over IPv6.
NEVER.addAddress('fd00:ec2::254', 'ipv6')

/** A socket of ours. */
export type OwnSocket = { readonly address: string; readonly port: number }

/** Why an address and port may not be probed; undefined when they may. */
export function whyForbidden(address: string, port: number, own: readonly OwnSocket[]): string | undefined {
  const plain = address.replace(/^::ffff:(?=[0-9]+\.)/i, '')
  if (NEVER.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')) return `${address} is link-local, multicast or a metadata address`
  for (const socket of own) {
    if (socket.port !== port) continue
    const isWildcard = socket.address === '0.0.0.0' || socket.address === '::'
    if (socket.address === plain || (isWildcard && isLoopback(plain))) return `${address} port ${port} is nearcast's own`
  }
  return undefined
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
