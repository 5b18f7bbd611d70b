/**
 * The zone that all servers of the comparison answer from: edge.test. with 10,000 host names, one static name and one steered name.
 * Addresses are those that RFC 2544 keeps for benchmarks. Pure.
 */
import { LINE_COUNT } from './prefix-table.ts'

/** The zone's name. */
export const ORIGIN = 'edge.test'
/** The name whose A record depends on the line. */
export const STEERED_NAME: string = `edge-api.${ORIGIN}`
/** A name with one fixed A record. */
export const STATIC_NAME: string = `www.${ORIGIN}`
/** Host names are h0 … h9999. */
export const HOST_COUNT = 10_000
/** TTL of every record. */
export const TTL_SECONDS = 60

/** All lines, with 0 for clients on no line. */
export const LINES: readonly number[] = Array.from({ length: LINE_COUNT + 1 }, (_, line) => line)

/** What the steered name's A record is on a line; 0 = on no line. */
export function lineAddress(line: number): string {
  return `198.18.0.${line}`
}

/** The start of authority, whose contact is the same everywhere so that negative answers have the same length. */
export const SOA_TEXT: string = `ns1.${ORIGIN}. host.${ORIGIN}. 1 3600 600 86400 60`

/** Records of the zone without those of the steered name: owner below the origin (empty: the origin itself), type and content. */
export function* plainRecords(): Generator<readonly [owner: string, type: string, content: string]> {
  yield ['', 'SOA', SOA_TEXT]
  yield ['', 'NS', `ns1.${ORIGIN}.`]
  yield ['ns1', 'A', '198.18.1.53']
  yield ['www', 'A', '198.18.1.1']
  for (let host = 0; host < HOST_COUNT; host++) yield [`h${host}`, 'A', `198.19.${host >> 8}.${host & 255}`]
}

/** The zone as a master file; `steered` is the line that stands for the steered name. */
export function* zoneFileLines(steered: string | undefined): Generator<string> {
  yield `$ORIGIN ${ORIGIN}.`
  yield `$TTL ${TTL_SECONDS}`
  for (const [owner, type, content] of plainRecords()) yield `${owner === '' ? '@' : owner} ${type} ${content}`
  if (steered !== undefined) yield steered
}
