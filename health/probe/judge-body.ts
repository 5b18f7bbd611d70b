/**
 * What a body must hold: a text (`match`) in its first megabyte, a pattern (`matchPattern`, RE2) in its first 64 KiB. Pure. The body is not
 * kept: a thousand probes of 1 MB would be a gigabyte.
 *
 * The engine of the pattern takes time in proportion to text × pattern, whatever they are, but with a factor: a pattern of 800 steps took
 * 16 s for 1 MiB (re2js 2.10, 2026-11-21), for which a whole prober would stand still. So less text is searched, and long programs
 * are refused by the document (policy/config/fill-probe.ts): both limits together are 0.2 s at the worst and far below a millisecond for
 * what is usually asked.
 */
import { RE2JS } from 're2js'
import type { ProbeSpec } from '../model/rank-plan.ts'
import type { ProbeOutcome } from './probe-kind.ts'

/** Most octets of a body that are read; more is cut off and does not count as a failure by itself. */
export const BODY_LIMIT_BYTES = 1_048_576
/** Most octets that a pattern is looked for in. */
export const PATTERN_LIMIT_BYTES = 65_536
/** Compiled patterns kept; a document has at most 1,000 probes. */
const MOST_PATTERNS = 2000

const patterns = new Map<string, RE2JS>()

/** The compiled pattern; compiled once. */
function compiled(pattern: string): RE2JS {
  let engine = patterns.get(pattern)
  if (engine === undefined) {
    if (patterns.size >= MOST_PATTERNS) patterns.clear()
    engine = RE2JS.compile(pattern)
    patterns.set(pattern, engine)
  }
  return engine
}

/** Takes a body chunk by chunk. */
export type BodyJudge = {
  /** False when no more is needed. */
  readonly take: (chunk: Buffer) => boolean
  /** Undefined when the body is as wanted. */
  readonly complaint: () => ProbeOutcome | undefined
}

/** A judge for one body. */
export function createBodyJudge({ match, matchPattern = '' }: ProbeSpec): BodyJudge {
  const wanted = Buffer.from(match)
  /** The end of the last chunk: a match may lie across two. */
  let tail = Buffer.alloc(0)
  let length = 0
  let isFound = wanted.length === 0
  const start: Buffer[] = []
  const wantsAll = wanted.length === 0 && matchPattern === ''
  return {
    take(chunk) {
      // A body without end must not hold the probe; what came decides.
      const part = chunk.subarray(0, BODY_LIMIT_BYTES - length)
      if (matchPattern !== '' && length < PATTERN_LIMIT_BYTES) start.push(part.subarray(0, PATTERN_LIMIT_BYTES - length))
      length += part.length
      if (!isFound) {
        const joined = Buffer.concat([tail, part])
        isFound = joined.includes(wanted)
        tail = joined.subarray(Math.max(0, joined.length - wanted.length + 1))
      }
      if (length >= BODY_LIMIT_BYTES) return false
      return wantsAll || !isFound || (matchPattern !== '' && length < PATTERN_LIMIT_BYTES)
    },
    complaint() {
      if (!isFound) return { ok: false, failure: 'body', detail: `the first ${length} bytes of the body do not hold "${match}"` }
      if (matchPattern === '' || compiled(matchPattern).test(Buffer.concat(start).toString('utf8'))) return undefined
      const searched = Math.min(length, PATTERN_LIMIT_BYTES)
      return { ok: false, failure: 'body', detail: `the first ${searched} bytes of the body do not match the pattern ${matchPattern}` }
    },
  }
}
