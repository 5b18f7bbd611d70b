/**
 * Keys of the pieces that compiles keep (compile-cache.ts): digests of all that a piece is made of. Two inputs with one key give the same
 * piece, so whatever a piece comes to depend on belongs in here; test/property/compile-cache.test.ts looks for what is missing. Pure.
 */
import { createHash } from 'node:crypto'
import { digestOfPrefixes } from '../../policy/compile/line-table.ts'
import type { Config, Zone } from '../../policy/config/config-schema.ts'
import { type DynamicRecord, layerText } from '../zone/dynamic-layer.ts'
import { digestOfZoneFiles } from './zone-files.ts'

/** Key of the columns of all policies. */
export function keyOfPolicies({ policies, pools, endpoints, lines, options }: Config, geodataDigest: string): string {
  const prefixes = lines.map(({ id, prefixes }) => [id, digestOfPrefixes(prefixes)])
  return sha256(JSON.stringify([geodataDigest, policies, pools, endpoints, prefixes, options.scopeGranularity]))
}

/** By the zone: updates compile the same document again and again. */
const zoneKeys = new WeakMap<Zone, readonly [files: Config['files'], key: string]>()

/** Key of the records of one zone; its serial is written into them afterwards. */
export function keyOfZone(files: Config['files'], zone: Zone, layer: readonly DynamicRecord[]): string {
  let known = zoneKeys.get(zone)
  if (known === undefined || known[0] !== files) {
    known = [files, sha256(`${JSON.stringify(zone)} ${digestOfZoneFiles(files, zone)}`)]
    zoneKeys.set(zone, known)
  }
  return layer.length === 0 ? known[1] : `${known[1]} ${sha256(layerText(layer))}`
}

/** Key of the steered names as the zone compiler sees them: policy and endpoint numbers, and endpoints where rdata is made of them. */
export function keyOfSteered({ names, policies, pools, endpoints }: Config): string {
  const ids = policies.map(({ id }) => id)
  const hasRows = names.some(({ records }) => Object.keys(records).length > 0) || endpoints.some(({ target }) => target !== '')
  const used = policies.map(({ rules, fallback }) => [rules.map((rule) => rule.pools), fallback])
  const members = pools.map(({ id, members }) => [id, members.map(({ endpoint }) => endpoint)])
  const addresses = endpoints.map(({ id, ipv4, ipv6, target }) => [id, ipv4, ipv6, target])
  return sha256(JSON.stringify([names, ids, hasRows ? [used, members, addresses] : []]))
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
