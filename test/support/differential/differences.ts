/** Differences from the majority of BIND, NSD and Knot that are meant, each with its reason in docs/differences.md. Pure. */

import type { ServerName } from './dns-servers.ts'
import type { DrawnQuery } from './draw-queries.ts'
import { type DrawnZone, originOf } from './generate-zones.ts'
import { type ComparedAnswer, formOf } from './read-answer.ts'

type Replies = Readonly<Record<ServerName, ComparedAnswer | undefined>>

/** A rule: what it is called (a heading of docs/differences.md), and which differences it allows. `ours` is what nearcast said. */
export type DifferenceRule = {
  readonly name: string
  readonly matches: (query: DrawnQuery, ours: ComparedAnswer, replies: Replies, zones: readonly DrawnZone[]) => boolean
}

const TYPE_CNAME = '5'
const TYPE_NS = '2'
const TYPE_DNAME = '39'
const TYPE_DS = 43

const others = ({ bind, nsd, knot }: Replies): readonly ComparedAnswer[] => [bind, nsd, knot].filter((reply) => reply !== undefined)

const fieldsOf = (line: string): readonly string[] => line.split(' ').filter((field) => field !== '')

/** Where the aliases of an answer lead to that it does not go on with. */
function danglingTargets(answer: ComparedAnswer): readonly string[] {
  const lines = answer.answers.map(fieldsOf)
  const owners = new Set(lines.map(([owner]) => owner))
  return lines.filter((line) => line[1] === TYPE_CNAME && !owners.has(line[3]!)).map((line) => line[3]!)
}

/** Octets that an RRset of addresses of the drawn zones takes. */
const LARGEST_RRSET = 200

const isReferral = (answer: ComparedAnswer): boolean => answer.authorities.some((line) => fieldsOf(line)[1] === TYPE_NS)

/** A DNAME whose target is below its owner. */
function hasSelfRedirection(answer: ComparedAnswer): boolean {
  return answer.answers.map(fieldsOf).some(([owner, type, , target]) => type === TYPE_DNAME && target!.endsWith(`.${owner}`))
}

/** Types for which NSD does not follow every CNAME: RRSIG, NSEC, NSEC3. */
const NOT_FOLLOWED: ReadonlySet<number> = new Set([46, 47, 50])

/** What stands beyond the first zone is compared with what NSD says, which goes on there too. */
function isWhatNsdSays(query: DrawnQuery, ours: ComparedAnswer, { nsd }: Replies): boolean {
  return NOT_FOLLOWED.has(query.type) || (nsd !== undefined && formOf(ours) === formOf(nsd))
}

/** The labels that two names end with. */
function commonSuffix(one: string, other: string): string {
  for (let at = 0; at >= 0; at = one.indexOf('.', at) + 1 || -1) if (`.${other}`.endsWith(`.${one.slice(at)}`)) return one.slice(at)
  return ''
}

/** All rules; the first that matches counts. */
export const DIFFERENCES: readonly DifferenceRule[] = [
  {
    name: 'types-that-are-no-question',
    matches: (query, ours) => (query.type === 41 || query.type === 128) && ours.rcode === 1,
  },
  {
    name: 'transfers-by-udp',
    matches: (query, ours) => (query.type === 251 || query.type === 252) && ours.answers.length === 0,
  },
  {
    name: 'chains-over-zones',
    matches: (query, ours, replies) =>
      isWhatNsdSays(query, ours, replies) &&
      others(replies).some(
        (other) =>
          other.rcode === 0 &&
          danglingTargets(other).some((target) => originOf(target) !== undefined && originOf(target) !== originOf(query.name)) &&
          (ours.tc || other.answers.every((line) => ours.answers.includes(line))),
      ),
  },
  {
    name: 'names-between-zones',
    matches: (query, ours, _replies, zones) => {
      const names = [query.name.toLowerCase(), ...danglingTargets(ours)]
      return zones.some((nested) => {
        const parent = zones.find(({ origin }) => origin === originOf(nested.origin.slice(nested.origin.indexOf('.') + 1)))
        if (parent === undefined || parent.owners.has(nested.origin)) return false
        return names.some((name) => commonSuffix(name, nested.origin).length > parent.origin.length)
      })
    },
  },
  {
    name: 'ds-of-a-nested-zone-by-alias',
    matches: (query, ours, _replies, zones) =>
      query.type === TYPE_DS &&
      ours.answers.some((line) => {
        const fields = fieldsOf(line)
        return fields[1] === TYPE_CNAME && zones.some(({ origin }) => origin === fields[3])
      }),
  },
  {
    name: 'redirections-below-themselves',
    matches: (_query, ours, replies) => hasSelfRedirection(ours) || others(replies).some(hasSelfRedirection),
  },
  {
    name: 'addresses-of-nested-zones',
    matches: (query, ours, replies) => {
      const more = ours.glue.filter((line) => others(replies).every(({ glue }) => !glue.includes(line)))
      return more.length > 0 && more.every((line) => originOf(fieldsOf(line)[0]!) !== originOf(query.name))
    },
  },
  {
    name: 'glue-that-does-not-fit',
    matches: (query, ours, replies) => ours.tc && !query.tcp && others(replies).some((other) => !other.tc && isReferral(other)),
  },
  {
    name: 'sibling-glue-as-far-as-it-fits',
    matches: (query, ours, replies) => {
      const limit = Math.max(512, Math.min(1232, query.udpSize))
      const missing = others(replies).flatMap(({ glue }) => glue.filter((line) => !ours.glue.includes(line)))
      const cuts = ours.authorities.map(fieldsOf).filter((fields) => fields[1] === TYPE_NS)
      const isInDomain = (line: string): boolean => cuts.some(([cut]) => `.${fieldsOf(line)[0]}`.endsWith(`.${cut}`))
      return !query.tcp && isReferral(ours) && limit - ours.size < LARGEST_RRSET && !missing.some(isInDomain)
    },
  },
  {
    name: 'sibling-glue-behind-an-alias',
    matches: (query, ours, { bind, knot }) =>
      NOT_FOLLOWED.has(query.type) &&
      isReferral(ours) &&
      ours.answers.length > 0 &&
      bind !== undefined &&
      knot?.glue.join() === ours.glue.join() &&
      bind.glue.length < ours.glue.length,
  },
  {
    name: 'smaller-replies',
    matches: (query, ours, replies) => !ours.tc && !query.tcp && others(replies).some((other) => other.tc),
  },
]
