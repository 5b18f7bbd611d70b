/** RRsets of a zone as its document has them, found by name: what updates are laid over. Pure; made once a document, when first asked. */
import type { Config } from '../../../policy/config/config-schema.ts'
import { readZoneOf } from '../../../resolver/snapshot/read-zones.ts'
import type { FindDocumentSets, SetRecord } from '../../../resolver/update/working-zone.ts'
import { TYPE_SOA } from '../../../resolver/wire/registry.ts'
import { octetsKey } from '../../../resolver/zone/dynamic-layer.ts'

/** Finds the RRsets of a zone; its SOA has the serial given, 0 = the document's own. */
export type FindSetsOfZone = (config: Config, zone: string, serial: number) => FindDocumentSets

type Sets = Map<string, Map<number, SetRecord[]>>

/** Makes the finder; it remembers the zones of one configuration. */
export function createDocumentSets(): FindSetsOfZone {
  let known: Config | undefined
  let zones = new Map<string, { readonly sets: Sets; readonly apex: string }>()
  return (config, name, serial) => {
    if (config !== known) {
      known = config
      zones = new Map()
    }
    let zone = zones.get(name)
    if (zone === undefined) {
      zone = readSets(config, name)
      zones.set(name, zone)
    }
    const { sets, apex } = zone
    return (owner) => {
      const key = octetsKey(owner)
      const found = sets.get(key)
      const soa = key === apex && serial !== 0 ? found?.get(TYPE_SOA) : undefined
      return soa === undefined || found === undefined
        ? found
        : new Map([...found, [TYPE_SOA, soa.map((record) => withSerial(record, serial))]])
    }
  }
}

function readSets(config: Config, name: string): { readonly sets: Sets; readonly apex: string } {
  const sets: Sets = new Map()
  const zone = readZoneOf(config, name, undefined)
  if (zone === undefined) return { sets, apex: '' }
  const add = (owner: Uint8Array, type: number, record: SetRecord): void => {
    const key = octetsKey(owner)
    const types = sets.get(key) ?? new Map<number, SetRecord[]>()
    sets.set(key, types)
    const records = types.get(type)
    if (records === undefined) types.set(type, [record])
    else records.push(record)
  }
  for (const { owner, type, rdata, ttlSeconds } of zone.records) add(owner, type, { rdata, ttlSeconds })
  for (let row = 0; row < (zone.table?.count ?? 0); row++) {
    const { owner, type, rdata, ttlSeconds } = zone.table!.record(row)
    add(owner, type, { rdata, ttlSeconds })
  }
  return { sets, apex: octetsKey(zone.origin) }
}

function withSerial({ rdata, ttlSeconds }: SetRecord, serial: number): SetRecord {
  const copy = Uint8Array.from(rdata)
  new DataView(copy.buffer).setUint32(copy.length - 20, serial)
  return { rdata: copy, ttlSeconds }
}
