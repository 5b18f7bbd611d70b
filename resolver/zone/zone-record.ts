/** One record of a zone before compiling, and the problems found on the way. Pure. */
import type { RecordTable } from './record-table.ts'

/** Of one zone at most this many issues are reported by its parser and as many by its checks; one more says how many were left out. */
export const MAX_ZONE_ISSUES = 1000

/** A record in wire form. */
export type ZoneRecord = {
  /** Owner name, canonical wire form. */
  readonly owner: Uint8Array
  readonly type: number
  readonly ttlSeconds: number
  /** Names in it uncompressed, case kept. */
  readonly rdata: Uint8Array
  /** Line in the master file, 1-based; 0 = from the document. */
  readonly line: number
}

/** A problem of a zone with its place. Words are made here, in one place for CLI, API and log. */
export type ZoneIssue = {
  /** ZONE_*; listed in docs/errors.md. */
  readonly code: string
  readonly severity: 'error' | 'warning' | 'note'
  /** What is wrong: a lower-case fragment with the offending value. */
  readonly message: string
  /** What to do about it. */
  readonly suggestion: string
  /** Master file, or the zone's name for inline records. */
  readonly file: string
  /** 1-based; 0 = the whole zone. */
  readonly line: number
  readonly column: number
  /** Records it is about, where their place in the document is looked for. */
  readonly record?: { readonly name: string; readonly type: string }
}

/** A zone to compile. */
export type ZoneInput = {
  /** Apex, canonical wire form. */
  readonly origin: Uint8Array
  readonly records: readonly ZoneRecord[]
  /** More records, as columns: those of a master file. */
  readonly table?: RecordTable
  /** False: the client subnet of queries is not used in this zone. */
  readonly useClientSubnet: boolean
  /** Name for issues: the master file, or the zone's name. */
  readonly file: string
}
