/** Checks of transfers: keys and who uses them, and secondaries that would answer steered names for everybody. Pure. */
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { parsePrefix, prefixContains } from '../../geodata/address/prefix.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { Zone } from './config-schema.ts'
import { isAtOrBelow } from './domain-name.ts'
import type { FilledConfig } from './fill-config.ts'
import type { DocumentShape } from './read-shape.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** Adds the issues of keys, permissions and secondaries. */
export function checkTransfers(config: FilledConfig, shape: DocumentShape, lineOf: LineOf, issues: IssueDraft[]): void {
  checkTsigKeys(config, shape, lineOf, issues)
  checkUpdates(config, issues)
  const addresses = addressesByName(config)
  for (const { value, path } of config.zones) checkNameservers(config, value, path, addresses, issues)
}

/** Keys: declared once, and every one that a zone names is declared. */
function checkTsigKeys(config: FilledConfig, shape: DocumentShape, lineOf: LineOf, issues: IssueDraft[]): void {
  const first = new Map<string, ConfigPath>()
  for (const { value, path } of config.tsigKeys) {
    const earlier = first.get(value.name)
    if (earlier === undefined) first.set(value.name, path)
    else
      issues.push({
        code: 'CONFIG_ID_DUPLICATE',
        path: [...path, 'name'],
        params: { kind: 'key', id: value.name, firstLine: lineOf(earlier) },
      })
  }
  if (shape.incomplete.has('tsigKeys')) return
  for (const { value, path } of config.zones) {
    for (const key of ['allowTransfer', 'notify', 'allowUpdate', 'primaries'] as const) {
      for (const [position, { tsigKey }] of value[key].entries()) {
        if (tsigKey === '' || first.has(tsigKey)) continue
        const nearest = suggestNearest(tsigKey, first.keys()) ?? ''
        issues.push({
          code: 'CONFIG_REFERENCE_UNKNOWN',
          path: [...path, key, position, 'tsigKey'],
          params: { kind: 'key', id: tsigKey, section: 'tsigKeys', nearest },
        })
      }
    }
  }
}

/** Updates need serials that control gives, types that exist, and names of the zone. */
function checkUpdates(config: FilledConfig, issues: IssueDraft[]): void {
  for (const { value, path } of config.zones) {
    if (value.allowUpdate.length > 0 && value.serial === 'keep' && value.primaries.length === 0)
      issues.push({ code: 'CONFIG_UPDATE_SERIAL', path: [...path, 'serial'], params: { zone: value.name } })
    for (const [position, { names }] of value.allowUpdate.entries()) {
      for (const name of names) {
        if (isAtOrBelow(name, value.name)) continue
        issues.push({ code: 'CONFIG_UPDATE_NAME', path: [...path, 'allowUpdate', position, 'names'], params: { name, zone: value.name } })
      }
    }
  }
}

/** Addresses of names in inline zones. */
function addressesByName(config: FilledConfig): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { value } of config.zones) {
    for (const { name, type, data } of value.records) {
      if (type === 'A' || type === 'AAAA') found.set(name, [...(found.get(name) ?? []), ...data])
    }
  }
  return found
}

/**
 * A public name server that transfers a zone answers its steered names from the static view, to everybody and without a scope: caches
 * keep that for all their clients.
 */
function checkNameservers(
  config: FilledConfig,
  zone: Zone,
  path: ConfigPath,
  addresses: ReadonlyMap<string, readonly string[]>,
  issues: IssueDraft[],
): void {
  if (zone.allowTransfer.length === 0 && zone.notify.length === 0) return
  if (!config.names.some(({ value }) => isAtOrBelow(value.name, zone.name))) return
  for (const server of zone.nameservers) {
    if (server === zone.soa?.mname) continue
    const isClient = (addresses.get(server) ?? []).some((text) => isTransferClient(zone, text))
    if (isClient)
      issues.push({ code: 'CONFIG_TRANSFER_NAMESERVER', path: [...path, 'nameservers'], params: { name: server, zone: zone.name } })
  }
}

function isTransferClient(zone: Zone, text: string): boolean {
  const address = findAddress(text)
  if (address === undefined) return false
  return (
    zone.allowTransfer.some(({ prefix }) => prefix !== '' && prefixContains(parsePrefix(prefix), address)) ||
    zone.notify.some((target) => target.address === 'nameservers' || target.address === formatAddress(address))
  )
}
