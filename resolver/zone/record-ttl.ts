/**
 * TTL of one record of an RRset. Pure, hot (bench/answer.bench.ts): all records of a set have the set's, but signatures.
 */
import { TYPE_RRSIG } from '../wire/registry.ts'
import type { ZoneColumns } from './zone-columns.ts'

/** Octets of an RRSIG's rdata before its original TTL: type covered, algorithm, labels (RFC 4034 §3.1). */
const ORIGINAL_TTL_AT = 4

/**
 * TTL of the record of type `type` whose length and rdata begin at `at`, in a set of TTL `setTtlSeconds`.
 *
 * RFC 4034 §3: a signature has the TTL of the RRset it covers, which its rdata names; signatures at one name are no RRset of one TTL.
 */
export function recordTtlSeconds(zones: ZoneColumns, type: number, setTtlSeconds: number, at: number): number {
  if (type !== TYPE_RRSIG) return setTtlSeconds
  const from = at + 2 + ORIGINAL_TTL_AT
  const { rdata } = zones
  // RFC 2181 §8: with the highest bit it is none.
  if (rdata[from]! > 127) return setTtlSeconds
  return (rdata[from]! << 24) | (rdata[from + 1]! << 16) | (rdata[from + 2]! << 8) | rdata[from + 3]!
}
