/**
 * Difference of two documents, object by object, as people read it before publishing. Pure. Works on plain values, so that a draft
 * with mistakes has a difference too; list position has no meaning where the elements have an id.
 */
import type { Change } from '../../contract/change.ts'

/** A document as plain values. */
export type PlainDocument = Readonly<Record<string, unknown>>
type PlainObject = Readonly<Record<string, unknown>>
type Section = Change['section']

/** Longest value shown. */
const SHOWN_MAX = 160
/** More changes than this help nobody; the last one says how many were cut. */
const CHANGES_MAX = 1000

const SINGULAR: Readonly<Record<Section, string>> = {
  zones: 'zone',
  probes: 'probe',
  endpoints: 'endpoint',
  pools: 'pool',
  lines: 'line',
  policies: 'policy',
  names: 'name',
  tsigKeys: 'key',
  geodata: 'geodata',
  options: 'options',
  files: 'file',
}
/** Lists inside an object whose elements have a key of their own. */
const INNER_KEYS: Readonly<Record<string, (element: PlainObject) => string>> = {
  rules: (rule) => String(rule.line),
  members: (member) => String(member.endpoint),
  records: (record) => `${String(record.name)} ${String(record.type)}`,
}

/** Changes from `before` to `after`. */
export function diffDocuments(before: PlainDocument, after: PlainDocument): readonly Change[] {
  const changes: Change[] = []
  for (const section of ['zones', 'probes', 'endpoints', 'pools', 'lines', 'policies', 'names', 'tsigKeys'] as const) {
    const keyOf = (element: PlainObject): string => keyOfObject(section, element)
    const [old, next] = withoutSame(asObjects(before[section]), asObjects(after[section]), keyOf)
    diffObjects(section, keyed(old, keyOf), keyed(next, keyOf), changes)
  }
  for (const section of ['geodata', 'options'] as const) diffValue(section, section, '', before[section], after[section], changes)
  diffFiles(asObject(before.files), asObject(after.files), changes)
  if (changes.length <= CHANGES_MAX) return changes
  const cut = changes.length - CHANGES_MAX
  const note: Change = {
    section: 'options',
    object: '',
    kind: 'changed',
    key: '',
    before: null,
    after: null,
    text: `and ${cut} more changes`,
  }
  return [...changes.slice(0, CHANGES_MAX), note]
}

function diffObjects(
  section: Section,
  before: ReadonlyMap<string, PlainObject>,
  after: ReadonlyMap<string, PlainObject>,
  changes: Change[],
): void {
  for (const [id, old] of before) {
    const next = after.get(id)
    if (next === undefined) changes.push(makeChange(section, id, '', old, undefined))
    else for (const key of keysOf(old, next)) diffKey(section, id, key, old[key], next[key], changes)
  }
  for (const [id, next] of after) if (!before.has(id)) changes.push(makeChange(section, id, '', undefined, next))
}

function diffKey(section: Section, id: string, key: string, before: unknown, after: unknown, changes: Change[]): void {
  const keyOf = INNER_KEYS[key]
  if (keyOf === undefined || !Array.isArray(before ?? []) || !Array.isArray(after ?? [])) {
    diffValue(section, id, key, before, after, changes)
    return
  }
  const [oldOnes, nextOnes] = withoutSame(asObjects(before), asObjects(after), keyOf)
  const old = keyed(oldOnes, keyOf)
  const next = keyed(nextOnes, keyOf)
  for (const inner of new Set([...old.keys(), ...next.keys()]))
    diffValue(section, id, `${key}[${inner}]`, old.get(inner), next.get(inner), changes)
}

function diffValue(section: Section, id: string, key: string, before: unknown, after: unknown, changes: Change[]): void {
  if (sameValue(before, after)) return
  changes.push(makeChange(section, id, key, before, after))
}

function diffFiles(before: PlainObject, after: PlainObject, changes: Change[]): void {
  for (const name of keysOf(before, after)) {
    if (before[name] === after[name]) continue
    const size = (text: unknown): string | undefined => (typeof text === 'string' ? `${text.length} characters` : undefined)
    const change = makeChange('files', name, '', size(before[name]), size(after[name]))
    changes.push(change)
  }
}

function makeChange(section: Section, object: string, key: string, before: unknown, after: unknown): Change {
  const old = before === undefined ? null : shown(before)
  const next = after === undefined ? null : shown(after)
  const kind = old === null ? 'added' : next === null ? 'removed' : 'changed'
  const subject = section === object ? section : `${SINGULAR[section]} ${object}`
  const what = key === '' ? subject : `${subject}: ${key}`
  const text = key === '' && kind !== 'changed' ? `${what} ${kind}` : `${what} ${old ?? '(none)'} → ${next ?? '(none)'}`
  return { section, object, kind, key, before: old, after: next, text }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}

/**
 * Both lists without what they have in common at both ends: one edit in 100,000 objects leaves the few that it touched. Where one of these
 * has the key of one that was left out, both lists stay whole: of a key that stands twice the last one counts.
 */
function withoutSame(
  before: readonly PlainObject[],
  after: readonly PlainObject[],
  keyOf: (element: PlainObject) => string,
): readonly [readonly PlainObject[], readonly PlainObject[]] {
  const least = Math.min(before.length, after.length)
  let first = 0
  while (first < least && sameValue(before[first], after[first])) first++
  let last = 0
  while (last < least - first && sameValue(before[before.length - 1 - last], after[after.length - 1 - last])) last++
  const old = before.slice(first, before.length - last)
  const next = after.slice(first, after.length - last)
  const keys = new Set([...old, ...next].map(keyOf))
  const isTwice = (element: PlainObject, at: number): boolean =>
    (at < first || at >= before.length - last) && keys.size > 0 && keys.has(keyOf(element))
  return before.some(isTwice) ? [before, after] : [old, next]
}

function keyed(list: readonly PlainObject[], keyOf: (element: PlainObject) => string): Map<string, PlainObject> {
  return new Map(list.map((element) => [keyOf(element), element]))
}

function keyOfObject(section: Section, element: PlainObject): string {
  const name = String(element.id ?? element.name ?? '')
  // A name may be steered once for A and once for AAAA, by different policies.
  return section === 'names' ? `${name} ${asList(element.types).join('+')}` : name
}

function keysOf(before: PlainObject, after: PlainObject): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const asObject = (value: unknown): PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PlainObject) : {}
const asObjects = (value: unknown): readonly PlainObject[] => asList(value).map(asObject)

/** Equality as JSON, whatever the order of keys; a key without a value is none. */
function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((element, at) => sameValue(element, b[at]))
  const [one, other] = [a as PlainObject, b as PlainObject]
  let count = 0
  for (const key of Object.keys(one)) {
    if (one[key] === undefined) continue
    count++
    if (!sameValue(one[key], other[key])) return false
  }
  for (const key of Object.keys(other)) if (other[key] !== undefined) count--
  return count === 0
}
