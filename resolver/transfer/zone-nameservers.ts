/** The name servers of a zone with their addresses, as far as our zones know them. Pure. */
import type { Address } from '../../geodata/address/address.ts'
import { canonicalName, formatName } from '../wire/name.ts'
import { TYPE_A, TYPE_AAAA, TYPE_NS } from '../wire/registry.ts'
import { findNode, findRRset, makeNameFound } from '../zone/find-name.ts'
import { NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import { rrsetCount, rrsetDataAt } from '../zone/zone-rows.ts'
import { soaOf } from './zone-walk.ts'

/** A name server and one of its addresses; undefined = our zones have none. */
export type Nameserver = { readonly name: string; readonly address: Address | undefined }

/** All name servers of a zone but the one that its SOA names as the primary (RFC 1996 §2.1). */
export function otherNameservers(zones: ZoneColumns, zone: number): Nameserver[] {
  const primary = formatName(canonicalName(soaOf(zones, zone).rdata))
  const found: Nameserver[] = []
  for (const server of rdataAt(zones, zones.zoneApex[zone]!, TYPE_NS)) {
    const name = canonicalName(server)
    if (formatName(name) === primary) continue
    const addresses = addressesAt(zones, findNode(zones, name, name.length, makeNameFound()))
    if (addresses.length === 0) found.push({ name: formatName(name), address: undefined })
    for (const address of addresses) found.push({ name: formatName(name), address })
  }
  return found
}

function addressesAt(zones: ZoneColumns, node: number): Address[] {
  if (node === NONE) return []
  return [TYPE_A, TYPE_AAAA].flatMap((type) =>
    rdataAt(zones, node, type).map((rdata): Address => {
      const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.length)
      const words = type === TYPE_A ? [0, 0, 0xffff, view.getUint32(0)] : [0, 4, 8, 12].map((at) => view.getUint32(at))
      return { family: type === TYPE_A ? 4 : 6, words: words as unknown as Address['words'] }
    }),
  )
}

function rdataAt(zones: ZoneColumns, node: number, type: number): Uint8Array[] {
  const rrset = findRRset(zones, node, type)
  if (rrset === NONE) return []
  const list: Uint8Array[] = []
  let at = rrsetDataAt(zones, rrset)
  for (let left = rrsetCount(zones, rrset); left > 0; left--) {
    const length = (zones.rdata[at]! << 8) | zones.rdata[at + 1]!
    list.push(zones.rdata.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return list
}
