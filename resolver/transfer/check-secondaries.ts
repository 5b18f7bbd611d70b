/**
 * A public name server that transfers a zone answers its steered names from the static view, to everybody and without a scope: caches keep
 * that for all their clients. Looked for in compiled zones, so that master files and secondary zones are seen too. Pure.
 */
import { type Address, formatAddress } from '../../geodata/address/address.ts'
import { parsePrefix, prefixContains } from '../../geodata/address/prefix.ts'
import type { IssueDraft } from '../../policy/config/config-issue.ts'
import type { Config, Zone } from '../../policy/config/config-schema.ts'
import { isAtOrBelow } from '../../policy/config/domain-name.ts'
import { canonicalName, parseName } from '../wire/name.ts'
import { NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import { otherNameservers } from './zone-nameservers.ts'
import { findZone } from './zone-walk.ts'

/** A warning for each name server that may transfer a zone with steered names, and for each secondary zone with some that others transfer on. */
export function checkSecondaries(config: Config, zones: ZoneColumns): IssueDraft[] {
  const issues: IssueDraft[] = []
  for (const [number, zone] of config.zones.entries()) {
    if (zone.allowTransfer.length === 0 && zone.notify.length === 0) continue
    if (!config.names.some(({ name }) => isAtOrBelow(name, zone.name))) continue
    // The serial is the primary's, who knows nothing of what lies over the zone here.
    if (zone.primaries.length > 0) issues.push({ code: 'CONFIG_TRANSFER_OVERLAY', path: ['zones', number], params: { zone: zone.name } })
    const compiled = findZone(zones, canonicalName(parseName(zone.name)))
    if (compiled === NONE) continue
    const servers = otherNameservers(zones, compiled).filter(({ address }) => isTransferClient(zone, address))
    for (const name of new Set(servers.map((server) => server.name)))
      issues.push({ code: 'CONFIG_TRANSFER_NAMESERVER', path: ['zones', number], params: { name, zone: zone.name } })
  }
  return issues
}

/** A key alone may be anybody's; a key with networks, or networks alone, are those of the entry. */
function isTransferClient(zone: Zone, address: Address | undefined): boolean {
  return (
    zone.allowTransfer.some(({ prefix }) => prefix === '' || (address !== undefined && prefixContains(parsePrefix(prefix), address))) ||
    zone.notify.some((target) => target.address === 'nameservers' || (address !== undefined && target.address === formatAddress(address)))
  )
}
