/**
 * The canonical form of a configuration and its digest: equal meaning, equal text, on every machine. Pure (SHA-256 is a function of its input).
 * All defaults are written out, keys are sorted, lists whose order has no meaning are sorted by id in byte order. Comments, key order, spelling of names
 * and addresses, and whether a line's networks came inline or from a file do not show.
 */
import { createHash } from 'node:crypto'
import { type PrefixSet, prefixTexts } from '../../geodata/address/prefix-list.ts'
import type { Config, GeodataSettings, Line } from './config-schema.ts'
import { geodataValue } from './write-config.ts'

/** The canonical text: JSON with sorted keys. */
export function canonicalText(config: Config): string {
  return [...canonicalParts(config)].join('')
}

/** SHA-256 of the canonical text, hex. */
export function digestConfig(config: Config): string {
  const hash = createHash('sha256')
  for (const part of canonicalParts(config)) hash.update(part, 'utf8')
  return hash.digest('hex')
}

/** The text in parts: a million networks never stand in memory as text. */
function* canonicalParts(config: Config): Generator<string, void> {
  const value = Object.entries(canonicalValue(config)).filter(([, part]) => part !== undefined)
  let before = '{'
  for (const [key, part] of value.sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield `${before}${JSON.stringify(key)}:`
    before = ','
    if (key === 'lines') yield* linesParts(config.lines)
    else if (Array.isArray(part)) yield* listParts(part)
    else yield sortedJson(part)
  }
  yield '}\n'
}

/** As JSON.stringify would write it, keys in order. What a line holds follows from its own networks and the lines it names. */
function* linesParts(lines: readonly Line[]): Generator<string, void> {
  let before = '['
  for (const { id, label, own, union, except } of byKey(lines, (line) => line.id)) {
    const first = except.length > 0 ? `"except":${JSON.stringify(except)},` : ''
    yield `${before}{${first}"id":${JSON.stringify(id)},"label":${sortedJson(label)},"prefixes":[`
    yield* joinTexts(own)
    yield `]${union.length > 0 ? `,"union":${JSON.stringify(union)}` : ''}}`
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** Texts in quotes with commas between them, some hundreds at a time. */
function* joinTexts(set: PrefixSet): Generator<string, void> {
  let text = ''
  let comma = ''
  for (const prefix of prefixTexts(set)) {
    text += `${comma}"${prefix}"`
    comma = ','
    if (text.length < 16_384) continue
    yield text
    text = ''
  }
  yield text
}

function canonicalValue(config: Config): Record<string, unknown> {
  const lineFiles = new Set(config.lines.map((line) => line.file))
  const zoneFiles = new Set(config.zones.map((zone) => zone.file))
  return {
    ...config,
    zones: byKey(config.zones, (zone) => zone.name).map((zone) => ({
      ...zone,
      // Left out when empty, as all that came after the first version: digests of older documents stay.
      allowTransfer: zone.allowTransfer.length > 0 ? byKey(zone.allowTransfer, (rule) => `${rule.prefix} ${rule.tsigKey}`) : undefined,
      notify: zone.notify.length > 0 ? byKey(zone.notify, (target) => `${target.address} ${target.port} ${target.tsigKey}`) : undefined,
      primaries: zone.primaries.length > 0 ? zone.primaries : undefined,
      allowUpdate: zone.allowUpdate.length > 0 ? byKey(zone.allowUpdate, (rule) => JSON.stringify(rule)) : undefined,
      // The store has it; what an exported document says of it takes effect by a wish of its own.
      dynamicRecords: undefined,
      records: zone.records.map(({ name, type, ttlSeconds, data }) => ({ name, type, ttlSeconds, data })),
    })),
    probes: byKey(config.probes, (probe) => probe.id),
    endpoints: byKey(config.endpoints, (endpoint) => endpoint.id),
    pools: byKey(config.pools, (pool) => pool.id),
    policies: byKey(config.policies, (policy) => policy.id).map((policy) => ({
      ...policy,
      rules: byKey(policy.rules, (rule) => rule.line),
    })),
    tsigKeys: config.tsigKeys.length > 0 ? byKey(config.tsigKeys, (key) => key.name) : undefined,
    geodata: canonicalGeodata(config.geodata),
    names: byKey(config.names, (name) => `${name.name} ${name.types.join(' ')}`),
    // Prefix lists are already in `prefixes`; what is left are master files and what they include.
    files: Object.fromEntries(Object.entries(config.files).filter(([name]) => !lineFiles.has(name) || zoneFiles.has(name))),
  }
}

/** As it was when there were only sources, where nothing else is written: digests of older documents stay. */
function canonicalGeodata(geodata: GeodataSettings): unknown {
  const { sources: _, ...rest } = geodataValue(geodata)
  return { sources: geodata.sources, ...rest }
}

function byKey<T>(list: readonly T[], keyOf: (element: T) => string): readonly T[] {
  return [...list].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0))
}

/** A list, an entry at a time: a zone may hold a hundred thousand records. */
function* listParts(list: readonly unknown[]): Generator<string, void> {
  let before = '['
  for (const entry of list) {
    yield before + sortedJson(entry)
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** Texts that JSON writes as they are. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/

/** As JSON.stringify would write it, keys in order; without a sorted copy of everything it takes a third of the time (2026-11). */
function sortedJson(value: unknown): string {
  if (typeof value === 'string') return PLAIN_TEXT.test(value) ? `"${value}"` : JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  if (Array.isArray(value)) {
    for (const entry of value) text += `${text === '' ? '' : ','}${sortedJson(entry)}`
    return `[${text}]`
  }
  for (const key of sortedKeys(value)) {
    const inner = (value as Record<string, unknown>)[key]
    if (inner !== undefined) text += `${text === '' ? '' : ','}${sortedJson(key)}:${sortedJson(inner)}`
  }
  return `{${text}}`
}

/** Keys in order of their characters; those that are whole numbers come first and in order of size, as JavaScript keeps them. */
function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value)
  // Whole numbers come first already, so the first key tells whether there are any.
  const numbers = /^\d/.test(keys[0] ?? '') ? keys.filter((key) => /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 4_294_967_295) : []
  return numbers.length === 0 ? keys.sort() : [...numbers, ...keys.slice(numbers.length).sort()]
}
