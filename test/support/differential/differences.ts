/** Differences from the majority of BIND, NSD and Knot that are meant, each with its reason in docs/differences.md. Pure. */
import type { DrawnQuery } from './draw-queries.ts'
import type { ServerName } from './dns-servers.ts'
import type { DrawnZone } from './generate-zones.ts'
import type { ComparedAnswer } from './read-answer.ts'

type Replies = Readonly<Record<ServerName, ComparedAnswer | undefined>>

/** Name of a rule: a heading of docs/differences.md. */
export type DifferenceName = string

/** A rule: what it is called, and which differences it allows. */
export type DifferenceRule = {
  readonly name: DifferenceName
  readonly matches: (query: DrawnQuery, replies: Replies, zones: readonly DrawnZone[]) => boolean
}

/** All rules. */
export const DIFFERENCES: readonly DifferenceRule[] = []
