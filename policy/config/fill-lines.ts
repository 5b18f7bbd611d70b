/**
 * Custom lines: shape → Line, with networks as numbers, then what each line holds after `union` and `except`. Pure.
 *
 *   inline, file ─ read-network, read-prefix-list ─► own ─┐
 *   union, except ─► lines they name first (a loop is refused) ─► own ∪ union ∖ except = prefixes
 */
import { formatPrefix } from '../../geodata/address/prefix.ts'
import { subtractSet, uniteSets } from '../../geodata/address/prefix-algebra.ts'
import { countPrefixes, NO_PREFIXES, type PrefixSet, PrefixSetBuilder, prefixSetOf } from '../../geodata/address/prefix-list.ts'
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import type { Label, Line } from './config-schema.ts'
import type { LineShape } from './document-schema.ts'
import { readNetwork } from './read-network.ts'
import { readPrefixList } from './read-prefix-list.ts'
import type { Located } from './read-shape.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** Most networks of all custom lines together: those written, and again those that `union` and `except` make. */
export const MOST_PREFIXES = 1_000_000
/** Networks that all unions and differences together may look at: a hundred lines may each take in a large one, ten thousand may not. */
const MOST_LOOKED_AT = 10_000_000
const CUSTOM = 'custom:'

/** Text of a file that a line names, undefined (and an issue) when there is none. */
export type TakeFile = (name: string, path: ConfigPath) => string | undefined

type Draft = Located<Line>

/** Fills all lines. `declared` are the ids written in the section, those of lines that could not be read included. */
export function fillLines(
  shapes: readonly Located<LineShape>[],
  takeFile: TakeFile,
  declared: ReadonlySet<string>,
  issues: IssueDraft[],
): readonly Located<Line>[] {
  const room = { left: MOST_PREFIXES }
  const drafts: readonly Draft[] = shapes.map((shape) => ({ ...shape, value: fillOwn(shape, takeFile, declared, room, issues) }))
  if (drafts.every(({ value }) => value.union.length === 0 && value.except.length === 0)) return drafts
  return combineLines(drafts, issues)
}

function fillOwn(
  { value, path, unread }: Located<LineShape>,
  takeFile: TakeFile,
  declared: ReadonlySet<string>,
  room: { left: number },
  issues: IssueDraft[],
): Line {
  const builder = new PrefixSetBuilder()
  let wrong = 0
  for (const [position, text] of (value.prefixes ?? []).entries()) {
    const read = readNetwork(text)
    if ('reason' in read) {
      wrong++
      issues.push({ code: 'CONFIG_PREFIX_INVALID', path: [...path, 'prefixes', position], params: { value: text, ...read } })
    } else for (const prefix of read) builder.add(prefix, position)
  }
  const inline = builder.finish()
  const inlineCount = builder.added
  // Most lines are one or the other: then there is one set, not two.
  const whole = value.file === undefined ? inline : readFile(value.file, builder, room.left, [...path, 'file'], takeFile, issues)
  const own = whole === undefined ? inline : 'doubles' in whole ? whole : inline
  wrong += whole === undefined || 'wrong' in whole ? 1 : 0
  room.left -= builder.added
  if (room.left < 0 && room.left + builder.added >= 0) {
    issues.push({ code: 'CONFIG_PREFIX_MANY', path, params: { id: value.id, limit: MOST_PREFIXES } })
  }
  if (own.doubled !== undefined) issues.push(doubleIssue(value, path, inlineCount, own.doubles, own.doubled))
  const list = (key: 'union' | 'except'): readonly string[] => readMembers(value, key, [...path, key], declared, issues)
  const union = list('union')
  const nothing = countPrefixes(own.set) === 0 && union.length === 0
  if (nothing && wrong === 0 && unread.size === 0 && (value.union ?? []).length === 0) {
    issues.push({ code: 'CONFIG_LINE_EMPTY', path, params: { id: value.id } })
  }
  return {
    id: value.id,
    label: fillLabel(value.label),
    inline: inline.set,
    own: own.set,
    prefixes: own.set,
    union,
    except: list('except'),
    file: value.file ?? '',
  }
}

/** The set with the file's networks; undefined = the file is missing, `wrong` = nothing in it could be read. */
function readFile(
  name: string,
  builder: PrefixSetBuilder,
  most: number,
  path: ConfigPath,
  takeFile: TakeFile,
  issues: IssueDraft[],
): ReturnType<PrefixSetBuilder['finish']> | { readonly wrong: true } | undefined {
  const text = takeFile(name, path)
  if (text === undefined) return undefined
  const before = builder.added
  const { problems, wrong, refused } = readPrefixList(text, builder, Math.max(0, most))
  for (const { line, column, value, reason, remedy } of problems) {
    issues.push({ code: 'CONFIG_PREFIX_INVALID', path, params: { value, reason, remedy }, where: { file: name, line, column } })
  }
  if (wrong > problems.length) {
    issues.push({ code: 'CONFIG_PREFIX_ERRORS', path, params: { file: name, count: wrong - problems.length, shown: problems.length } })
  }
  if (refused !== undefined) {
    const { line, reason, remedy } = refused
    issues.push({ code: 'CONFIG_PREFIX_FILE', path, params: { file: name, reason, remedy }, where: { file: name, line, column: 1 } })
  }
  return builder.added === before && (wrong > 0 || refused !== undefined) ? { wrong: true } : builder.finish()
}

/** Places are positions of the inline list, or rows of the file; where a line has both, the line itself is pointed at. */
function doubleIssue(
  { id, file }: LineShape,
  path: ConfigPath,
  inlineCount: number,
  count: number,
  doubled: NonNullable<ReturnType<PrefixSetBuilder['finish']>['doubled']>,
): IssueDraft {
  const params = { id, count, value: formatPrefix(doubled.prefix) }
  if (file === undefined) return { code: 'CONFIG_PREFIX_TWICE', path: [...path, 'prefixes', doubled.place], params }
  if (inlineCount > 0) return { code: 'CONFIG_PREFIX_TWICE', path, params }
  const where = { file, line: doubled.place, column: 1 }
  return { code: 'CONFIG_PREFIX_TWICE', path: [...path, 'file'], params: { ...params, firstLine: doubled.firstPlace }, where }
}

/** Entries of `union` and `except` in canonical form: lines as "custom:<id>", networks as prefixes. */
function readMembers(
  value: LineShape,
  key: 'union' | 'except',
  path: ConfigPath,
  declared: ReadonlySet<string>,
  issues: IssueDraft[],
): readonly string[] {
  const members = new Set<string>()
  for (const [position, text] of (value[key] ?? []).entries()) {
    const at = [...path, position]
    if (text.startsWith(CUSTOM)) {
      const id = text.slice(CUSTOM.length)
      if (!declared.has(id)) {
        const nearest = suggestNearest(id, declared) ?? ''
        issues.push({ code: 'CONFIG_REFERENCE_UNKNOWN', path: at, params: { kind: 'line', id, section: 'lines', nearest } })
      } else if (members.has(text)) {
        issues.push({ code: 'CONFIG_REFERENCE_TWICE', path: at, params: { kind: 'line', id, owner: `${key} of line "${value.id}"` } })
      }
      members.add(text)
      continue
    }
    const read = /^[\da-f.:]+[/\d\s–~-]*/i.test(text) && !declared.has(text) ? readNetwork(text) : undefined
    if (read !== undefined && !('reason' in read)) for (const prefix of read) members.add(formatPrefix(prefix))
    else {
      const remedy = declared.has(text) ? `write "${CUSTOM}${text}"` : read === undefined ? '' : read.remedy
      issues.push({ code: 'CONFIG_LINE_MEMBER', path: at, params: { key, value: text, remedy } })
    }
  }
  return [...members].sort()
}

/** What each line holds, lines that others need first. */
function combineLines(drafts: readonly Draft[], issues: IssueDraft[]): readonly Draft[] {
  const byId = new Map<string, Draft>()
  for (const draft of drafts) if (!byId.has(draft.value.id)) byId.set(draft.value.id, draft)
  const waitingFor = new Map<string, Set<string>>()
  const neededBy = new Map<string, string[]>()
  for (const [id, { value }] of byId) {
    const needs = new Set([...value.union, ...value.except].flatMap((member) => lineOf(member, byId)))
    waitingFor.set(id, needs)
    for (const need of needs) neededBy.set(need, [...(neededBy.get(need) ?? []), id])
  }
  const held = new Map<string, PrefixSet>()
  const ready = [...byId.keys()].filter((id) => waitingFor.get(id)!.size === 0)
  const budget = { made: MOST_PREFIXES, lookedAt: MOST_LOOKED_AT }
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    held.set(id, combineLine(byId.get(id)!, held, budget, issues))
    waitingFor.delete(id)
    for (const other of neededBy.get(id) ?? []) {
      const needs = waitingFor.get(other)!
      needs.delete(id)
      if (needs.size === 0) ready.push(other)
    }
  }
  reportLoops(waitingFor, byId, issues)
  return drafts.map((draft) => {
    const prefixes = byId.get(draft.value.id) === draft ? held.get(draft.value.id) : undefined
    return prefixes === undefined ? draft : { ...draft, value: { ...draft.value, prefixes } }
  })
}

function combineLine(
  { value, path }: Draft,
  held: ReadonlyMap<string, PrefixSet>,
  budget: { made: number; lookedAt: number },
  issues: IssueDraft[],
): PrefixSet {
  const { id, own, union, except } = value
  if (union.length === 0 && except.length === 0) return own
  const setsOf = (members: readonly string[]): readonly PrefixSet[] => [
    prefixSetOf(members.filter((member) => !member.startsWith(CUSTOM))),
    ...members.filter((member) => member.startsWith(CUSTOM)).map((member) => held.get(member.slice(CUSTOM.length)) ?? NO_PREFIXES),
  ]
  const added = [own, ...setsOf(union)]
  const taken = setsOf(except)
  if (budget.lookedAt < 0 || budget.made < 0) return own
  budget.lookedAt -= [...added, ...taken].reduce((sum, set) => sum + countPrefixes(set), 0)
  if (budget.lookedAt < 0) {
    issues.push({ code: 'CONFIG_LINE_ALGEBRA', path, params: { id, limit: MOST_LOOKED_AT } })
    return own
  }
  const result = subtractSet(uniteSets(added), uniteSets(taken), budget.made)
  if (result === undefined) {
    budget.made = -1
    issues.push({ code: 'CONFIG_PREFIX_MANY', path, params: { id, limit: MOST_PREFIXES } })
    return own
  }
  const count = countPrefixes(result)
  budget.made -= count
  if (count === 0 && added.some((set) => countPrefixes(set) > 0)) issues.push({ code: 'CONFIG_LINE_NOTHING_LEFT', path, params: { id } })
  return result
}

function lineOf(member: string, byId: ReadonlyMap<string, unknown>): readonly string[] {
  const id = member.startsWith(CUSTOM) ? member.slice(CUSTOM.length) : ''
  return byId.has(id) ? [id] : []
}

/** One issue a loop, at its line that stands first; lines that only lead to a loop have none of their own. */
function reportLoops(waitingFor: ReadonlyMap<string, ReadonlySet<string>>, byId: ReadonlyMap<string, Draft>, issues: IssueDraft[]): void {
  const seen = new Set<string>()
  for (const start of byId.keys()) {
    const walk: string[] = []
    for (let at: string | undefined = start; at !== undefined && waitingFor.has(at) && !seen.has(at); ) {
      seen.add(at)
      walk.push(at)
      // Every line that is left waits for one that is left, too.
      const next: string | undefined = [...waitingFor.get(at)!].find((need) => waitingFor.has(need))
      if (next !== undefined && walk.includes(next)) {
        const loop = walk.slice(walk.indexOf(next))
        const { value, path } = byId.get(next)!
        const shown = loop.length > 12 ? [...loop.slice(0, 11), '…'] : loop
        const chain = [...shown, next].map((id) => (id === '…' ? id : `${CUSTOM}${id}`)).join(' → ')
        const key = value.union.includes(`${CUSTOM}${loop[1] ?? next}`) ? 'union' : 'except'
        issues.push({ code: 'CONFIG_LINE_LOOP', path: [...path, key], params: { id: next, chain } })
        break
      }
      at = next
    }
  }
}

/** A line of networks alone, for drafts that are not checked yet and for tests; texts that are no networks are left out. */
export function makeLine(id: string, label: Label, texts: Iterable<string>): Line {
  const builder = new PrefixSetBuilder()
  for (const text of texts) {
    const read = readNetwork(text)
    if (!('reason' in read)) for (const prefix of read) builder.add(prefix, 0)
  }
  const { set } = builder.finish()
  return { id, label, inline: set, own: set, prefixes: set, union: [], except: [], file: '' }
}

function fillLabel(label: LineShape['label']): Label {
  if (label === undefined) return { en: '', 'zh-CN': '' }
  if (typeof label === 'string') return { en: label, 'zh-CN': '' }
  return { en: label.en ?? '', 'zh-CN': label['zh-CN'] ?? '' }
}
