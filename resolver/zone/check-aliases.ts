/**
 * CNAMEs that lead nowhere: loops, and targets in our own zones that do not exist. Pure; over all zones at once, because chains cross them.
 * What a wildcard's CNAME or a DNAME makes of a name that is asked for is not followed: loops through those are found only when they are
 * asked for (RFC 1034 §3.6.2 leaves them to the resolver; we answer the chain so far).
 */
import { formatName } from '../wire/name.ts'
import { TYPE_CNAME, TYPE_DNAME, TYPE_NS } from '../wire/registry.ts'
import type { GroupedRecords } from './group-records.ts'
import { IssueList } from './issue-list.ts'
import type { RecordTable } from './record-table.ts'
import type { ZoneInput, ZoneIssue } from './zone-record.ts'

/** What is known of the names of all zones; rows by number of the name, see compile-zones.ts. */
export type AliasesToCheck = {
  readonly zones: readonly ZoneInput[]
  readonly tables: readonly RecordTable[]
  readonly grouped: GroupedRecords
  readonly zoneAt: Int32Array
  readonly holder: Int32Array
  readonly isNode: Uint8Array
  readonly isServed: Uint8Array
}

const NONE = -1
/** Names of a loop that a message shows. */
const SHOWN_NAMES = 6

/** Checks the CNAMEs of all zones; of one zone at most MAX_ZONE_ISSUES issues. */
export function checkAliases(subject: AliasesToCheck): ZoneIssue[] {
  const { grouped, zones, tables, isServed } = subject
  const { names, order, placeFirstSet, setType, setZone, setFirst, recordRow } = grouped
  // Where the CNAME of a name leads: a name's number, NONE = it has none, or it leads to no name of ours.
  const next = new Int32Array(names.count).fill(NONE)
  const setOf = new Map<number, number>()
  const lists = new Map<number, IssueList>()
  const report = (code: string, severity: ZoneIssue['severity'], name: number, message: string, suggestion: string): void => {
    const set = setOf.get(name)!
    const zone = setZone[set]!
    let list = lists.get(zone)
    if (list === undefined) {
      list = new IssueList(zones[zone]!.file)
      lists.set(zone, list)
    }
    const table = tables[zone]!
    const row = recordRow[setFirst[set]!]!
    const record = { name: formatName(names.name(name)), type: 'CNAME' }
    list.add(code, severity, message, suggestion, table.files[table.file[row]!], table.line[row]!, table.column[row]!, record)
  }
  for (let place = 0; place < order.length; place++) {
    const name = order[place]!
    for (let set = placeFirstSet[place]!; set < placeFirstSet[place + 1]!; set++) {
      if (setType[set] !== TYPE_CNAME || isServed[set] === 0 || isCovered(subject, name)) continue
      const table = tables[setZone[set]!]!
      setOf.set(name, set)
      next[name] = names.find(table.octets.bytes, table.dataAt[recordRow[setFirst[set]!]!]!)
    }
  }
  for (const loop of findLoops(next, setOf.keys())) {
    const words = [...loop.slice(0, SHOWN_NAMES), loop[0]!].map((name) => `"${formatName(names.name(name))}"`)
    if (loop.length > SHOWN_NAMES) words.splice(SHOWN_NAMES, 0, '…')
    const message = `CNAMEs lead in a circle: ${words.join(' to ')}`
    report('ZONE_CNAME_LOOP', 'warning', loop[0]!, message, 'let one of them lead to a name with addresses')
  }
  for (const [name, set] of setOf) {
    const table = tables[setZone[set]!]!
    const row = recordRow[setFirst[set]!]!
    if (!isMissing(subject, table.octets.bytes, table.dataAt[row]!, next[name]!)) continue
    const message = `"${formatName(names.name(name))}" is a CNAME to "${formatName(table.rdata(row))}", which does not exist in its zone`
    report('ZONE_CNAME_DANGLING', 'note', name, message, 'add the name, or correct the CNAME')
  }
  return [...lists].sort(([a], [b]) => a - b).flatMap(([, list]) => list.finish())
}

/** Each circle once, from its first name in the order of `starts` on. */
function findLoops(next: Int32Array, starts: Iterable<number>): number[][] {
  // The walk that first came by: a walk that meets itself has found a circle, one that meets another ends there.
  const seenBy = new Int32Array(next.length)
  const loops: number[][] = []
  let walk = 0
  for (const start of starts) {
    walk++
    let at = start
    for (; at !== NONE && seenBy[at] === 0; at = next[at]!) seenBy[at] = walk
    if (at === NONE || seenBy[at] !== walk) continue
    const loop = [at]
    for (let other = next[at]!; other !== at; other = next[other]!) loop.push(other)
    loops.push(loop)
  }
  return loops
}

/** True when a zone of ours answers for the target and has no such name, nor a wildcard that stands for it. */
function isMissing(subject: AliasesToCheck, source: Uint8Array, at: number, target: number): boolean {
  const { grouped, holder, isNode } = subject
  const { names } = grouped
  if (target !== NONE && isNode[target] === 1) return false
  let encloser = target
  for (let from = at; encloser === NONE || (isNode[encloser] === 0 && holder[encloser] !== NONE); ) {
    if (source[from] === 0) return false
    from += 1 + source[from]!
    encloser = names.find(source, from)
  }
  if (holder[encloser] === NONE || isCovered(subject, encloser) || hasSet(subject, encloser, TYPE_DNAME)) return false
  if (names.bytes[encloser]! > 253) return true
  const wildcard = names.find(Uint8Array.of(1, 0x2a, ...names.name(encloser)), 0)
  return wildcard === NONE || isNode[wildcard] === 0
}

/** True when the name is at or below a delegation, or below a DNAME, of the zone that holds it. */
function isCovered(subject: AliasesToCheck, name: number): boolean {
  const { zoneAt, grouped } = subject
  for (let at = name; at !== NONE && zoneAt[at] === NONE; at = grouped.names.parent[at]!) {
    if (hasSet(subject, at, TYPE_NS)) return true
    const above = grouped.names.parent[at]!
    if (above !== NONE && hasSet(subject, above, TYPE_DNAME)) return true
  }
  return false
}

function hasSet({ grouped, isServed }: AliasesToCheck, name: number, type: number): boolean {
  const place = grouped.rank[name]!
  for (let set = grouped.placeFirstSet[place]!; set < grouped.placeFirstSet[place + 1]!; set++)
    if (grouped.setType[set] === type && isServed[set] === 1) return true
  return false
}
