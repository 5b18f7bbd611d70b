/**
 * Where nothing of ours ever sends by itself (DESIGN.md section 11): this-host, link-local, multicast and metadata addresses. Pure. A
 * document is written by editors; it must not become a way to the cloud's doors.
 */
import type { Address } from './address.ts'
import { type Prefix, parsePrefix, prefixContains } from './prefix.ts'

const FORBIDDEN: readonly Prefix[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  // Metadata services elsewhere: Alibaba Cloud, Oracle Cloud, Azure's wire server; AWS and Google over IPv6; the same through NAT64.
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '::',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254',
  'fd20:ce::254',
  '64:ff9b::a9fe:0/112',
  '64:ff9b::6464:64c8',
  '64:ff9b::c000:c0',
  '64:ff9b::a83f:8110',
].map(parsePrefix)

/** True for an address that nothing may be sent to. */
export function isForbiddenTarget(address: Address): boolean {
  return FORBIDDEN.some((prefix) => prefixContains(prefix, address))
}
