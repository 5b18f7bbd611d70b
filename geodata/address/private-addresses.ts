/** Addresses that belong to this machine or to a network of one's own: downloads go there only when a process setting says so. Pure. */
import type { Address } from './address.ts'
import { type Prefix, parsePrefix, prefixContains } from './prefix.ts'

const LOOPBACK: readonly Prefix[] = ['127.0.0.0/8', '::1'].map(parsePrefix)
const PRIVATE: readonly Prefix[] = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
].map(parsePrefix)

/** True for an address of this machine. */
export function isLoopbackAddress(address: Address): boolean {
  return LOOPBACK.some((prefix) => prefixContains(prefix, address))
}

/** True for loopback, private, shared and unique local addresses. */
export function isPrivateAddress(address: Address): boolean {
  return isLoopbackAddress(address) || PRIVATE.some((prefix) => prefixContains(prefix, address))
}
