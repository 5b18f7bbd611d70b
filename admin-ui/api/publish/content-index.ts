/**
 * What the serials of a document's zones are made of, found without looking through all zones for each. Pure; made once a configuration,
 * as updates assign serials again and again under the same document.
 */
import type { Config, Endpoint, Policy, Pool, SteeredName, Zone } from '../../../policy/config/config-schema.ts'

/** Of one configuration. */
export type ContentIndex = {
  readonly zones: ReadonlySet<string>
  /** Steered names in each zone or below it, in the document's order. */
  readonly names: ReadonlyMap<string, readonly SteeredName[]>
  /** Zones nested in each zone, in the document's order. */
  readonly nested: ReadonlyMap<string, readonly Zone[]>
  readonly policies: ReadonlyMap<string, Policy>
  readonly pools: ReadonlyMap<string, Pool>
  readonly endpoints: ReadonlyMap<string, Endpoint>
}

const KNOWN = new WeakMap<Config, ContentIndex>()
const DIGESTS = new WeakMap<Config, Map<string, string>>()

/** Digests of zones of a configuration that nothing lies beside, by zone name; filled while they are asked for. */
export function knownDigests(config: Config): Map<string, string> {
  const digests = DIGESTS.get(config) ?? new Map<string, string>()
  DIGESTS.set(config, digests)
  return digests
}

/** The index of a configuration, which is not changed afterwards. */
export function indexContent(config: Config): ContentIndex {
  const known = KNOWN.get(config)
  if (known !== undefined) return known
  const zones = new Set(config.zones.map((zone) => zone.name))
  const index: ContentIndex = {
    zones,
    names: byZone(zones, config.names, false),
    nested: byZone(zones, config.zones, true),
    policies: byId(config.policies),
    pools: byId(config.pools),
    endpoints: byId(config.endpoints),
  }
  KNOWN.set(config, index)
  return index
}

/** Those of the zones that a name stands in, at the apex or below, the deepest first. */
export function zonesAbove(zones: ReadonlySet<string>, name: string): readonly string[] {
  const found: string[] = []
  for (let at = 0; at >= 0 && at < name.length; at = nextLabel(name, at)) {
    const suffix = name.slice(at)
    if (suffix !== '.' && zones.has(suffix)) found.push(suffix)
  }
  if (zones.has('.')) found.push('.')
  return found
}

/** Offset of the label after the one at `at`; -1 behind the last. An escaped dot ends none. */
function nextLabel(name: string, at: number): number {
  for (let i = at; i < name.length; i++) {
    if (name[i] === '\\') i++
    else if (name[i] === '.') return i + 1
  }
  return -1
}

function byZone<T extends { readonly name: string }>(
  zones: ReadonlySet<string>,
  list: readonly T[],
  below: boolean,
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>()
  // Names of one zone share what follows their first label.
  const above = new Map<string, readonly string[]>()
  for (const item of list) {
    const next = nextLabel(item.name, 0)
    const parent = next < 0 ? '' : item.name.slice(next)
    let around = above.get(parent)
    if (around === undefined) {
      around = zonesAbove(zones, parent)
      above.set(parent, around)
    }
    for (const zone of zones.has(item.name) && item.name !== '.' ? [item.name, ...around] : around) {
      if (below && zone === item.name) continue
      const items = found.get(zone)
      if (items === undefined) found.set(zone, [item])
      else items.push(item)
    }
  }
  return found
}

function byId<T extends { readonly id: string }>(list: readonly T[]): ReadonlyMap<string, T> {
  return new Map(list.map((item) => [item.id, item]))
}
