/**
 * One run of the differential tests: zones of a seed, four servers on them, queries, and what nearcast says against the majority of
 * BIND, NSD and Knot. Shell; by hand: node test/support/differential/compare-servers.ts QUERIES SEED…
 * (LINKS=linked for zones that lead into each other, SHOW=all for differences that a rule allows)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askAll } from './ask-server.ts'
import { DIFFERENCES } from './differences.ts'
import { type RunningServer, SERVERS, type ServerName, startServer } from './dns-servers.ts'
import { type DrawnQuery, drawQuery } from './draw-queries.ts'
import { type DrawnZone, drawOf, drawZones, type ZoneLinks } from './generate-zones.ts'
import { type ComparedAnswer, formOf, PARTS, partOf, readAnswer } from './read-answer.ts'

/** What each server said to one query; undefined = nothing, or nothing readable. */
export type Replies = Readonly<Record<ServerName, ComparedAnswer | undefined>>

/** A query whose answer is not the majority's. */
export type Difference = {
  readonly query: DrawnQuery
  readonly replies: Replies
  /** The rule that allows it; undefined = none. */
  readonly rule: string | undefined
}

/** The outcome of a run. */
export type Comparison = {
  readonly seed: number
  readonly queries: number
  /** Queries to which two or three of the others say the same; of the rest each part is compared with its own majority. */
  readonly withMajority: number
  readonly agreed: number
  /** How often each of the others agrees with the majority. */
  readonly othersAgreed: Readonly<Record<string, number>>
  readonly differences: readonly Difference[]
}

const TYPE_ANY = 255
const OTHERS = ['bind', 'nsd', 'knot'] as const

/** The value that two of three share; undefined = none. */
function majorityOf(values: readonly string[]): string | undefined {
  return values.find((value, i) => values.indexOf(value) !== i)
}

/** True when nearcast says what the majority says; where there is none, in each part for which there is one. */
function agrees(replies: Replies): { readonly agreed: boolean; readonly majority: string | undefined } {
  const ours = replies.nearcast
  const forms = OTHERS.map((name) => (replies[name] === undefined ? `none ${name}` : formOf(replies[name])))
  const majority = majorityOf(forms)
  if (ours === undefined) return { agreed: false, majority }
  const form = formOf(ours)
  if (majority !== undefined) return { agreed: majority === form, majority }
  if (forms.includes(form)) return { agreed: true, majority }
  const agreed = PARTS.every((part) => {
    const values = OTHERS.map((name) => (replies[name] === undefined ? `none ${name}` : partOf(replies[name], part)))
    const wanted = majorityOf(values)
    return wanted === undefined || wanted === partOf(ours, part)
  })
  return { agreed, majority }
}

/**
 * What no rule allows, whatever the others say: a record twice in one section; in an answer to ANY a record that the name does not have,
 * or by TCP not all that it has. `whole` is what BIND says to ANY by TCP, where it gives all.
 */
function hasOwnFault(ours: ComparedAnswer, query: DrawnQuery, whole: ComparedAnswer | undefined): boolean {
  if (ours.duplicates.length > 0) return true
  if (whole === undefined || whole.tc || ours.tc) return false
  const ownerOf = (line: string): string => line.slice(0, line.indexOf(' '))
  // BIND ends at the edge of its zone; what is beyond it has other owners.
  const owners = new Set(whole.any.map(ownerOf))
  const known = ours.any.filter((line) => owners.has(ownerOf(line)))
  return query.tcp ? known.join('\n') !== whole.any.join('\n') : known.some((line) => !whole.any.includes(line))
}

function compare(
  seed: number,
  zones: readonly DrawnZone[],
  queries: readonly DrawnQuery[],
  raw: Readonly<Record<ServerName, readonly (Buffer | undefined)[]>>,
  /** BIND's replies to ANY by TCP, by index. */
  whole: ReadonlyMap<number, Buffer | undefined>,
): Comparison {
  const apexes = new Set(zones.map((zone) => zone.origin))
  const differences: Difference[] = []
  const othersAgreed: Record<string, number> = { bind: 0, nsd: 0, knot: 0 }
  let withMajority = 0
  for (const [index, query] of queries.entries()) {
    const replies = Object.fromEntries(
      SERVERS.map((name) => {
        const reply = raw[name][index]
        return [name, reply === undefined ? undefined : readAnswer(reply, query.type, apexes)]
      }),
    ) as Replies
    const { agreed, majority } = agrees(replies)
    const wholeReply = whole.get(index)
    const ours = replies.nearcast
    const isWrong =
      ours !== undefined && hasOwnFault(ours, query, wholeReply === undefined ? undefined : readAnswer(wholeReply, query.type, apexes))
    if (majority !== undefined) {
      withMajority++
      for (const name of OTHERS) if (replies[name] !== undefined && formOf(replies[name]) === majority) othersAgreed[name]!++
    }
    if (agreed && !isWrong) continue
    const rule = ours === undefined || isWrong ? undefined : DIFFERENCES.find(({ matches }) => matches(query, ours, replies, zones))
    differences.push({ query, replies, rule: rule?.name })
  }
  return { seed, queries: queries.length, withMajority, agreed: queries.length - differences.length, othersAgreed, differences }
}

/** Compares the servers on the zones and queries of a seed. */
export async function compareServers(seed: number, queryCount: number, links: ZoneLinks): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-differential-'))
  const zones = drawZones(seed, links)
  const draw = drawOf(seed ^ 0x5bd1e995)
  const queries = Array.from({ length: queryCount }, () => drawQuery(draw, zones))
  const running: RunningServer[] = []
  try {
    const started = await Promise.allSettled(SERVERS.map((name) => startServer(name, join(folder, name), zones)))
    for (const result of started) if (result.status === 'fulfilled') running.push(result.value)
    for (const result of started) if (result.status === 'rejected') throw result.reason
    const raw = {} as Record<ServerName, (Buffer | undefined)[]>
    for (const { name, port } of running) raw[name] = await askAll(port, queries)
    const anyIndices = [...queries.keys()].filter((index) => queries[index]!.type === TYPE_ANY)
    const bind = running.find(({ name }) => name === 'bind')!
    const wholes = await askAll(
      bind.port,
      anyIndices.map((index) => ({ ...queries[index]!, tcp: true })),
    )
    return compare(seed, zones, queries, raw, new Map(anyIndices.map((index, i) => [index, wholes[i]])))
  } finally {
    await Promise.all(running.map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

function describeAnswer(answer: ComparedAnswer): string {
  const any = answer.any.length > 0 ? `\nany: ${answer.any.join('\n')}` : ''
  return `${formOf(answer)}${any}${answer.duplicates.length > 0 ? `\ntwice: ${answer.duplicates.join('\n')}` : ''}`
}

/** A difference in words. */
export function describeDifference({ query, replies, rule }: Difference): string {
  const parts = SERVERS.map((name) => `--- ${name}\n${replies[name] === undefined ? 'no reply' : describeAnswer(replies[name])}`)
  return `${rule ?? 'NO RULE'}: ${query.name} type ${query.type}${query.udpSize === 0 ? '' : ` +bufsize=${query.udpSize}`}${query.dnssecOk ? ' +do' : ''}${query.tcp ? ' +tcp' : ''}\n${parts.join('\n')}`
}

/** One line of figures of a run. */
export function summaryOf({ seed, queries, withMajority, agreed, othersAgreed, differences }: Comparison): string {
  const rules = new Map<string, number>()
  for (const { rule } of differences) rules.set(rule ?? 'NO RULE', (rules.get(rule ?? 'NO RULE') ?? 0) + 1)
  const others = Object.entries(othersAgreed).map(([name, count]) => `${name} ${count}`)
  return `seed ${seed}: ${agreed} of ${queries} agree (${((100 * agreed) / queries).toFixed(3)} %); a majority for ${withMajority}, with it ${others.join(', ')}; ${[...rules].map(([name, count]) => `${name} ${count}`).join(', ')}`
}

if (import.meta.main) {
  const [count, ...seeds] = process.argv.slice(2).map(Number)
  for (const seed of seeds) {
    const comparison = await compareServers(seed, count!, process.env.LINKS === 'linked' ? 'linked' : 'apart')
    for (const difference of comparison.differences)
      if (process.env.SHOW === 'all' || difference.rule === undefined) console.log(`${describeDifference(difference)}\n`)
    console.log(summaryOf(comparison))
  }
}
