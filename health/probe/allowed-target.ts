/**
 * Where probes may not go (DESIGN: limits of trust): link-local and metadata addresses, and our own API, control and metrics sockets.
 * A document is written by editors; it must not turn the prober into a way to our own doors.
 */
import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { findAddress, formatAddress } from '../../geodata/address/address.ts'

const NEVER = new BlockList()
NEVER.addSubnet('169.254.0.0', 16, 'ipv4')
NEVER.addSubnet('0.0.0.0', 8, 'ipv4')
NEVER.addSubnet('224.0.0.0', 3, 'ipv4')
NEVER.addSubnet('fe80::', 10, 'ipv6')
NEVER.addSubnet('ff00::', 8, 'ipv6')
NEVER.addAddress('::', 'ipv6')
// Metadata services outside 169.254/16: Alibaba Cloud, Oracle Cloud, Azure's wire server; AWS and Google over IPv6.
for (const address of ['100.100.100.200', '192.0.0.192', '168.63.129.16']) NEVER.addAddress(address, 'ipv4')
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) NEVER.addAddress(address, 'ipv6')
// The same addresses through NAT64 (RFC 6052 §2.1): their low 32 bits.
for (const [high, length] of [
  ['a9fe:0', 112],
  ['6464:64c8', 128],
  ['c000:c0', 128],
  ['a83f:8110', 128],
] as const)
  NEVER.addSubnet(`64:ff9b::${high}`, length, 'ipv6')

/** A socket of ours. */
export type OwnSocket = { readonly address: string; readonly port: number }

/** Why an address and port may not be probed; undefined when they may. */
export function whyForbidden(address: string, port: number, own: readonly OwnSocket[]): string | undefined {
  const plain = plainAddress(address)
  if (NEVER.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')) return `${address} is link-local, multicast or a metadata address`
  for (const socket of own) {
    if (socket.port !== port) continue
    const bound = plainAddress(socket.address)
    const isWildcard = bound === '0.0.0.0' || bound === '::'
    if (bound === plain || (isWildcard && isOfThisMachine(plain))) return `${address} port ${port} is nearcast's own`
  }
  return undefined
}

/** One text for each address; an IPv4-mapped IPv6 address becomes the IPv4 address that it reaches. */
function plainAddress(text: string): string {
  const address = findAddress(text)
  return address === undefined ? text : formatAddress(address)
}

function isOfThisMachine(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true
  for (const entries of Object.values(networkInterfaces()))
    for (const entry of entries ?? []) if (plainAddress(entry.address) === address) return true
  return false
}
