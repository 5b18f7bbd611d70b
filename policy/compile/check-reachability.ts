/**
 * Rules that never answer: other rules stand in front of them everywhere and hand nothing over, or no address is on their line. Read off
 * the compiled classes, so it cannot disagree with decide(); which lines cover them is found in a second pass, for these alone. Pure.
 */
import type { AddressWords } from '../../geodata/address/address.ts'
import { lastAddressOf, type Prefix, prefixContains } from '../../geodata/address/prefix.ts'
import { NO_PREFIXES, type PrefixSet, prefixAt } from '../../geodata/address/prefix-list.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { lineChain } from '../../geodata/line/line-precedence.ts'
import { findRange4, findRange6 } from '../../geodata/lookup/find-range.ts'
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config, Policy } from '../config/config-schema.ts'
import type { PolicyColumns, PolicyNames } from '../model/policy-columns.ts'

const CUSTOM = 'custom:'
/** Covering lines that are named. */
const MAX_NAMED = 3
/** Networks of a custom line that are looked at to name what covers it; of a million, the first ones tell. */
const MAX_LOOKED_AT = 1000
/** Ranges of the geodata that are looked at to tell which custom lines cover a line. */
const MAX_STEPS = 2_000_000

/** A warning for each rule that is covered, a note for each whose line has no address in the geodata. */
export function checkReachability(
  config: Config,
  columns: PolicyColumns,
  names: PolicyNames,
  geodata: Pick<Geodata, 'v4' | 'v6' | 'locations'>,
): IssueDraft[] {
  const reachedByTable = collectReachedSlots(columns)
  const policyNumber = new Map(names.policies.map((id, number) => [id, number]))
  return config.policies.flatMap((policy, position) => {
    const number = policyNumber.get(policy.id)!
    const reached = reachedByTable[columns.policyTable[number]!]!
    const firstRule = columns.policyRuleFirst[number]!
    const endRule = columns.policyRuleFirst[number + 1]!
    const unreached = new Set<string>()
    for (let rule = firstRule; rule < endRule; rule++) if (!reached.has(rule - firstRule)) unreached.add(names.ruleLines[rule]!)
    if (unreached.size === 0) return []
    const covers = findCovers(config, policy, unreached, geodata)
    return policy.rules.flatMap((rule, at) => {
      const by = covers.get(rule.line)
      if (by === undefined) return []
      const path = ['policies', position, 'rules', at, 'line']
      const params = { policy: policy.id, line: rule.line }
      if (by.size === 0) return [{ code: 'POLICY_LINE_WITHOUT_ADDRESSES', path, params }]
      return [{ code: 'POLICY_RULE_UNREACHABLE', path, params: { ...params, by: nameSome([...by]) } }]
    })
  })
}

/** Rule slots that occur in a class of each table. */
function collectReachedSlots(columns: PolicyColumns): Set<number>[] {
  return Array.from(columns.tableFirst4, (first4, table) => {
    const reached = new Set<number>()
    const classes = new Uint8Array(columns.classOrderFirst.length)
    const first6 = columns.tableFirst6[table]!
    for (let at = first4; at < first4 + columns.tableCount4[table]!; at++) classes[columns.tableClass4[at]!] = 1
    for (let at = first6; at < first6 + columns.tableCount6[table]!; at++) classes[columns.tableClass6[at]!] = 1
    for (let number = 0; number < classes.length; number++) {
      if (classes[number] === 0) continue
      for (let at = columns.classSlotFirst[number]!; at < columns.classSlotFirst[number + 1]!; at++) reached.add(columns.classSlots[at]!)
    }
    return reached
  })
}

/** For each line that no class reaches: the lines that answer in its place; none = nobody is on it. */
function findCovers(
  config: Config,
  policy: Policy,
  unreached: ReadonlySet<string>,
  geodata: Pick<Geodata, 'v4' | 'v6' | 'locations'>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const ruled = new Set(policy.rules.map(({ line }) => line))
  const covers = new Map([...unreached].map((line) => [line, new Set<string>()]))
  /** Locations of each line that no line in use answers for: custom lines hold their addresses. */
  const first = new Map<string, Set<number>>()
  // A rule that is inherited from is reached wherever its line is; what is not has nobody on it.
  if (policy.inherit) return covers
  for (const [number, location] of geodata.locations.entries()) {
    const chain = lineChain(location, policy.precedence)
    const head = chain.find((line) => ruled.has(line))
    for (const line of chain) {
      const by = covers.get(line)
      if (by === undefined) continue
      // What is never used itself covers nothing: custom lines hold those addresses.
      if (head === line || (head !== undefined && unreached.has(head))) first.set(line, (first.get(line) ?? new Set()).add(number))
      else if (head !== undefined) by.add(head)
    }
  }
  const customRules = [...ruled].filter((line) => line.startsWith(CUSTOM) && !unreached.has(line))
  for (const [line, by] of covers) {
    if (line.startsWith(CUSTOM)) for (const other of customCovers(config, line, customRules)) by.add(other)
    // First by location, and yet never reached: custom lines hold those addresses.
    else if (first.has(line)) for (const other of holdersOf(config, first.get(line)!, customRules, geodata)) by.add(other)
  }
  return covers
}

/** Of some custom lines those that hold an address of one of these locations; all of them where that would take long to tell. */
function holdersOf(
  config: Config,
  wanted: ReadonlySet<number>,
  customRules: readonly string[],
  { v4, v6 }: Pick<Geodata, 'v4' | 'v6'>,
): readonly string[] {
  if (customRules.length < 2) return customRules
  const lines = new Map(config.lines.map(({ id, prefixes }) => [`${CUSTOM}${id}`, prefixes]))
  let steps = MAX_STEPS
  const holds = (prefix: Prefix): boolean => {
    const last = lastAddressOf(prefix).words
    const isIpv4 = prefix.family === 4
    const { starts, values } = isIpv4 ? v4 : v6
    const width = isIpv4 ? 1 : 4
    let range = isIpv4 ? findRange4(v4, prefix.words[3]) : findRange6(v6, ...prefix.words)
    for (; range < values.length && isAtOrBefore(starts, range * width, width, last); range++) {
      if (steps-- <= 0 || wanted.has(values[range]!)) return true
    }
    return false
  }
  const found = customRules.filter((line) => firstPrefixes(lines.get(line) ?? NO_PREFIXES).some(holds))
  return found.length > 0 ? found : customRules
}

function isAtOrBefore(starts: Uint32Array, at: number, width: number, words: AddressWords): boolean {
  for (let word = 0; word < width; word++) {
    const difference = starts[at + word]! - words[word + 4 - width]!
    if (difference !== 0) return difference < 0
  }
  return true
}

/** Other custom lines with longer networks inside this one's. */
function customCovers(config: Config, line: string, customRules: readonly string[]): readonly string[] {
  const lines = new Map(config.lines.map(({ id, prefixes }) => [`${CUSTOM}${id}`, prefixes]))
  const prefixesOf = (key: string): readonly Prefix[] => firstPrefixes(lines.get(key) ?? NO_PREFIXES)
  const own = prefixesOf(line)
  if (own.length === 0) return []
  const others = customRules.filter((other) => other !== line)
  const inside = others.filter((other) => prefixesOf(other).some((prefix) => isInside(prefix, own)))
  return inside.length > 0 ? inside : others
}

function firstPrefixes({ v4, v6 }: PrefixSet): readonly Prefix[] {
  return [v4, v6].flatMap((list) => Array.from({ length: Math.min(MAX_LOOKED_AT, list.lengths.length) }, (_, at) => prefixAt(list, at)))
}

function isInside(prefix: Prefix, wider: readonly Prefix[]): boolean {
  return wider.some((other) => other.length < prefix.length && prefixContains(other, prefix))
}

function nameSome(lines: readonly string[]): string {
  const named = lines
    .toSorted()
    .slice(0, MAX_NAMED)
    .map((line) => `"${line}"`)
  const more = lines.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}
