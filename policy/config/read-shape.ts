/**
 * Plain values → shapes of document-schema.ts, section by section and element by element, so that one mistake hides no other. Pure.
 *
 *   element ─► refuse keys that have no effect yet ─► zod ─► mistakes as issues ─► mend (cut the wrong keys out) ─► zod again ─► shape
 *
 * A mended element goes on to the later checks; one that cannot be mended is left out, and its id is remembered so that references to it
 * do not look wrong as well.
 */
import type { z } from 'zod'
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import {
  type EndpointShape,
  filesSchema,
  type LineShape,
  type NameShape,
  type OptionsShape,
  optionsSchema,
  type PolicyShape,
  type PoolShape,
  type ProbeShape,
  SECTIONS,
  type TsigKeyShape,
  UNSUPPORTED_KEYS,
  UNSUPPORTED_VALUES,
  type ZoneShape,
} from './document-schema.ts'
import { GEODATA_DEFAULTS, type GeodataShape, geodataSchema } from './geodata-schema.ts'
import { keysAtSchema } from './json-schema.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** A part of the document and where it stands. */
export type Located<T> = {
  readonly value: T
  readonly path: ConfigPath
  /** Keys that were written, those with wrong values included: a key is missing only if it is not here. */
  readonly written: ReadonlySet<string>
  /** Keys in or below which something wrong was cut out: what is absent there proves nothing. */
  readonly unread: ReadonlySet<string>
}

/** The document's shape; what could not be read is left out. */
export type DocumentShape = {
  readonly zones: readonly Located<ZoneShape>[]
  readonly probes: readonly Located<ProbeShape>[]
  readonly endpoints: readonly Located<EndpointShape>[]
  readonly pools: readonly Located<PoolShape>[]
  readonly lines: readonly Located<LineShape>[]
  readonly policies: readonly Located<PolicyShape>[]
  readonly names: readonly Located<NameShape>[]
  readonly tsigKeys: readonly Located<TsigKeyShape>[]
  readonly geodata: GeodataShape
  readonly options: OptionsShape
  readonly files: Readonly<Record<string, string>>
  /** Ids written in each section, those of elements left out included. */
  readonly declaredIds: Readonly<Record<string, ReadonlySet<string>>>
  /** The path in the document of a path in this shape: they differ where a wrong entry was cut out of a list. */
  readonly documentPath: (path: ConfigPath) => ConfigPath
  /** Sections with an element left out: absence of something proves nothing there. */
  readonly incomplete: ReadonlySet<string>
}

const TOP_KEYS = ['apiVersion', ...Object.keys(SECTIONS), 'geodata', 'options', 'files']
/** Original positions of the entries that are left, by path of the list (JSON). */
type KeptPositions = Map<string, number[]>
type PlainObject = Record<string, unknown>

/** Reads the shape; every mistake goes to `issues`. */
export function readShape(document: unknown, issues: IssueDraft[]): DocumentShape {
  const top = isPlainObject(document) ? document : {}
  if (!isPlainObject(document)) {
    issues.push({ code: 'CONFIG_TYPE', path: [], params: { key: 'document', expected: 'a mapping of keys', found: nameOf(document) } })
  } else {
    checkTopKeys(top, issues)
    checkVersion(top, issues)
  }
  const incomplete = new Set<string>()
  const keptPositions: KeptPositions = new Map()
  const declaredIds: Record<string, Set<string>> = {}
  const lists: Record<string, Located<unknown>[]> = {}
  for (const section of Object.keys(SECTIONS)) {
    declaredIds[section] = new Set()
    lists[section] = readSection(section, top[section], declaredIds[section], incomplete, keptPositions, issues)
  }
  const one = (section: string, schema: z.ZodType, otherwise: unknown): unknown => {
    if (top[section] === undefined) return otherwise
    const read = readElement(section, schema, top[section], [section], keptPositions, issues)
    if (read === undefined || read.unread.size > 0) incomplete.add(section)
    return read === undefined ? otherwise : read.shape
  }
  return {
    ...(lists as unknown as Pick<DocumentShape, 'zones' | 'probes' | 'endpoints' | 'pools' | 'lines' | 'policies' | 'names' | 'tsigKeys'>),
    geodata: (one('geodata', geodataSchema, undefined) ?? GEODATA_DEFAULTS) as GeodataShape,
    options: one('options', optionsSchema, { ecsTrust: 'all' }) as OptionsShape,
    files: one('files', filesSchema, {}) as Record<string, string>,
    declaredIds,
    documentPath: (path) => restore(path, keptPositions),
    incomplete,
  }
}

function restore(path: ConfigPath, keptPositions: KeptPositions): ConfigPath {
  if (keptPositions.size === 0) return path
  return path.map((step, position) => {
    if (typeof step !== 'number') return step
    return keptPositions.get(JSON.stringify(path.slice(0, position)))?.[step] ?? step
  })
}

function checkTopKeys(top: PlainObject, issues: IssueDraft[]): void {
  for (const key of Object.keys(top)) {
    if (TOP_KEYS.includes(key)) continue
    if (refuseUnsupported('', key, [key], issues)) continue
    issues.push(unknownKey(key, [key], TOP_KEYS))
  }
}

function checkVersion(top: PlainObject, issues: IssueDraft[]): void {
  if (top.apiVersion === undefined) {
    issues.push({ code: 'CONFIG_KEY_MISSING', path: [], params: { owner: 'the document', key: 'apiVersion' } })
  } else if (top.apiVersion !== 'nearcast/v1') {
    issues.push({ code: 'CONFIG_VERSION', path: ['apiVersion'], params: { value: wordOf(top.apiVersion) } })
  }
}

function readSection(
  section: string,
  list: unknown,
  declared: Set<string>,
  incomplete: Set<string>,
  keptPositions: KeptPositions,
  issues: IssueDraft[],
): Located<unknown>[] {
  const { schema, limit } = SECTIONS[section]!
  // `zones:` with nothing behind it is what remains when the last element is commented out.
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) {
    issues.push({ code: 'CONFIG_TYPE', path: [section], params: { key: section, expected: 'a list', found: nameOf(list) } })
    incomplete.add(section)
    return []
  }
  if (list.length > limit) {
    issues.push({
      code: 'CONFIG_COUNT',
      path: [section],
      params: { owner: 'the document', key: section, count: list.length, bound: 'most', limit },
    })
    incomplete.add(section)
    return []
  }
  const elements: Located<unknown>[] = []
  for (const [position, element] of list.entries()) {
    const path = [section, position]
    if (isPlainObject(element) && typeof element.id === 'string') declared.add(element.id)
    const read = readElement(section, schema, element, path, keptPositions, issues)
    if (read === undefined) incomplete.add(section)
    else {
      const written = new Set(isPlainObject(element) ? Object.keys(element) : [])
      elements.push({ value: read.shape, path, written, unread: read.unread })
    }
  }
  return elements
}

/** Reads one element; undefined when it cannot be mended. */
function readElement(
  section: string,
  schema: z.ZodType,
  element: unknown,
  path: ConfigPath,
  keptPositions: KeptPositions,
  issues: IssueDraft[],
): { readonly shape: unknown; readonly unread: ReadonlySet<string> } | undefined {
  const cleaned = withoutUnsupported(section, element, path, issues)
  if (cleaned === undefined) return undefined
  const first = schema.safeParse(cleaned, { reportInput: true })
  if (first.success) return { shape: first.data, unread: new Set() }
  for (const problem of withoutDoubles(first.error.issues)) issues.push(...draftsOf(section, problem, path, cleaned))
  // Each round cuts out what is wrong; a wrong value of a compulsory key becomes a missing key in the second round and takes its list element along.
  let mended: unknown = structuredClone(cleaned)
  let problems = first.error.issues
  const unread = new Set<string>()
  for (let round = 0; round < 4; round++) {
    mended = cutAll(mended, problems, path, keptPositions, unread)
    if (mended === undefined) return undefined
    const again = schema.safeParse(mended)
    if (again.success) return { shape: again.data, unread }
    problems = again.error.issues
  }
  return undefined
}

/** A number beyond what is exact is out of the key's own range as well: the key's own is what helps. */
function withoutDoubles(problems: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const isInexact = (problem: z.core.$ZodIssue): boolean =>
    (problem.code === 'too_big' && problem.maximum === Number.MAX_SAFE_INTEGER) ||
    (problem.code === 'too_small' && problem.minimum === Number.MIN_SAFE_INTEGER)
  const placeOf = (problem: z.core.$ZodIssue): string => JSON.stringify([problem.code, problem.path])
  if (!problems.some(isInexact)) return problems
  const own = new Set(problems.filter((problem) => !isInexact(problem)).map(placeOf))
  return problems.filter((problem) => !isInexact(problem) || !own.has(placeOf(problem)))
}

function withoutUnsupported(section: string, element: unknown, path: ConfigPath, issues: IssueDraft[]): unknown {
  if (!isPlainObject(element)) return element
  const cleaned: PlainObject = {}
  for (const [key, value] of Object.entries(element)) {
    if (!refuseUnsupported(section, key, [...path, key], issues)) cleaned[key] = value
  }
  for (const [where, key, value] of UNSUPPORTED_VALUES) {
    if (where !== section || cleaned[key] !== value) continue
    issues.push({ code: 'CONFIG_NOT_SUPPORTED', path: [...path, key], params: { what: `${key}: ${value}` } })
    return undefined
  }
  return cleaned
}

function refuseUnsupported(section: string, key: string, path: ConfigPath, issues: IssueDraft[]): boolean {
  if (!UNSUPPORTED_KEYS.some(([where, refused]) => where === section && refused === key)) return false
  issues.push({ code: 'CONFIG_NOT_SUPPORTED', path, params: { what: `key "${key}"` }, atKey: true })
  return true
}

const HEADER_NAME = 'write the name of a header alone: letters, digits and "-", no ":" in it'

/** One zod issue in our words. */
function draftsOf(section: string, problem: z.core.$ZodIssue, at: ConfigPath, element: unknown): IssueDraft[] {
  const path = [...at, ...(problem.path as (string | number)[])]
  const key = String([...path].reverse().find((step) => typeof step === 'string') ?? 'document')
  const found = problem.input ?? valueAt(element, problem.path as (string | number)[])
  switch (problem.code) {
    case 'unrecognized_keys': {
      const known = keysAtSchema([section, ...path.slice(1)])
      return problem.keys.map((unknown) => unknownKey(unknown, [...path, unknown], known))
    }
    case 'invalid_type':
      if (found === undefined && typeof path.at(-1) === 'string' && path.length > 1) {
        return [{ code: 'CONFIG_KEY_MISSING', path: path.slice(0, -1), params: { owner: ownerOf(path.slice(0, -1), element), key } }]
      }
      return [typeDraft(path, key, problem.expected, found)]
    case 'invalid_value': {
      if (found === undefined) {
        return [{ code: 'CONFIG_KEY_MISSING', path: path.slice(0, -1), params: { owner: ownerOf(path.slice(0, -1), element), key } }]
      }
      const possible = problem.values.map(String)
      return [
        {
          code: 'CONFIG_VALUE',
          path,
          params: { key, value: wordOf(found), possible, nearest: suggestNearest(wordOf(found), possible) ?? '' },
        },
      ]
    }
    case 'too_small':
    case 'too_big':
      return [rangeDraft(path, key, problem, found, element)]
    case 'invalid_format':
      if (key === 'id') return [{ code: 'CONFIG_ID_INVALID', path, params: { value: wordOf(found) } }]
      return [
        {
          code: 'CONFIG_FORM',
          path,
          params: { key, value: wordOf(found), remedy: key === 'path' ? 'begin it with "/" and escape spaces as %20' : '' },
        },
      ]
    case 'invalid_key':
      return [
        {
          code: 'CONFIG_FORM',
          path,
          params: {
            key,
            value: key,
            remedy: path.at(-2) === 'headers' ? HEADER_NAME : 'this key is too long or has characters that are not allowed',
          },
          atKey: true,
        },
      ]
    case 'invalid_union': {
      // A source of geodata is a word or a mapping: what was written tells which of them was meant.
      const inner = isPlainObject(found) && section === 'geodata' ? problem.errors.at(-1) : undefined
      if (inner !== undefined)
        return inner.flatMap((one) => draftsOf(section, { ...one, path: [...problem.path, ...one.path] }, at, element))
      if (section === 'geodata') return [typeDraft(path, key, '"default" or a mapping {kind: …}', found)]
      if (section === 'options') return [typeDraft(path, key, 'the word "all" or a list of networks', found)]
      return [typeDraft(path, key, key === 'label' ? 'a text, or texts by language: {en: …, zh-CN: …}' : 'another form', found)]
    }
    default:
      return [{ code: 'CONFIG_FORM', path, params: { key, value: wordOf(found), remedy: '' } }]
  }
}

function typeDraft(path: ConfigPath, key: string, expected: string, found: unknown): IssueDraft {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    tuple: 'a list [latitude, longitude]',
    object: 'a mapping of keys',
    record: 'a mapping of keys',
  }
  let remedy = ''
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) remedy = `put it in quotes: "${String(found)}"`
  if (expected === 'array' && (typeof found === 'string' || typeof found === 'number')) remedy = `write it as a list: [${String(found)}]`
  return { code: 'CONFIG_TYPE', path, params: { key, expected: words[expected] ?? expected, found: nameOf(found), remedy } }
}

function rangeDraft(
  path: ConfigPath,
  key: string,
  problem: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  found: unknown,
  element: unknown,
): IssueDraft {
  const low = problem.code === 'too_small'
  const limit = Number(low ? problem.minimum : problem.maximum)
  if (problem.origin === 'array' || problem.origin === 'string') {
    const count = (found as { length?: number } | undefined)?.length ?? 0
    const bound = low ? 'least' : 'most'
    if (problem.origin === 'string') return { code: 'CONFIG_LENGTH', path, params: { key, count, bound, limit } }
    const owner = path.slice(0, path.lastIndexOf(key))
    const { line } = { ...(valueAt(element, owner.slice(2) as (string | number)[]) as PlainObject | undefined) }
    const rule = typeof line === 'string' ? { line } : {}
    return { code: 'CONFIG_COUNT', path, params: { owner: ownerOf(owner, element), key, count, bound, limit, ...rule } }
  }
  const bound = low ? (problem.inclusive ? 'least' : 'above') : problem.inclusive ? 'most' : 'below'
  return { code: 'CONFIG_RANGE', path, params: { key, value: wordOf(found), bound, limit } }
}

function unknownKey(key: string, path: ConfigPath, known: readonly string[]): IssueDraft {
  const nearest = suggestNearest(key, known) ?? ''
  return { code: 'CONFIG_UNKNOWN_KEY', path, params: { key, nearest, known: known.length > 0 ? known : '' }, atKey: true }
}

/** Cuts what the problems are about out of the element; undefined when the element itself is wrong. */
function cutAll(
  element: unknown,
  problems: readonly z.core.$ZodIssue[],
  at: ConfigPath,
  keptPositions: KeptPositions,
  unread: Set<string>,
): unknown {
  const targets = new Map<string, (string | number)[]>()
  for (const problem of problems) {
    const path = problem.path as (string | number)[]
    if (problem.code === 'unrecognized_keys') {
      for (const key of problem.keys) targets.set(JSON.stringify([...path, key]), [...path, key])
      continue
    }
    const target = valueAt(element, path) === undefined ? path.slice(0, -1) : path
    if (target.length === 0) return undefined
    targets.set(JSON.stringify(target), target)
  }
  // From the back, so that a cut does not move what another one is about.
  for (const target of [...targets.values()].sort((a, b) => comparePaths(b, a))) {
    unread.add(String(target[0]))
    const owner = valueAt(element, target.slice(0, -1))
    const step = target.at(-1)!
    if (Array.isArray(owner)) {
      const list = JSON.stringify([...at, ...target.slice(0, -1)])
      const kept = keptPositions.get(list) ?? owner.map((_, position) => position)
      kept.splice(Number(step), 1)
      keptPositions.set(list, kept)
      owner.splice(Number(step), 1)
    } else if (isPlainObject(owner)) delete owner[String(step)]
  }
  return element
}

function comparePaths(a: ConfigPath, b: ConfigPath): number {
  for (let position = 0; position < Math.min(a.length, b.length); position++) {
    const [left, right] = [a[position]!, b[position]!]
    if (left === right) continue
    return typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : 1
  }
  return a.length - b.length
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at = value
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)]
    else if (isPlainObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)]
    else return undefined
  }
  return at
}

const SINGULAR: Readonly<Record<string, string>> = {
  zones: 'zone',
  probes: 'probe',
  endpoints: 'endpoint',
  pools: 'pool',
  lines: 'line',
  policies: 'policy',
  names: 'steered name',
  members: 'member',
  records: 'record',
  rules: 'rule',
}

function ownerOf(path: ConfigPath, element: unknown): string {
  const last = path.at(-1)
  if (typeof last === 'string') return `"${last}"`
  const kind = SINGULAR[String(path.at(-2))] ?? 'entry'
  const owner = valueAt(element, path.slice(2) as (string | number)[])
  const id = isPlainObject(owner) ? (owner.id ?? owner.name ?? owner.line) : undefined
  return typeof id === 'string' ? `${kind} "${id}"` : `this ${kind}`
}

function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping of keys'
  if (typeof value === 'string') return `the text "${value}"`
  return `${typeof value === 'boolean' ? '' : 'the number '}${String(value)}`
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
}
