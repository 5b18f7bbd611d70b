/** Fills in what an operator did not say about a source. Pure. */
import type { SourceRanges } from '../compile/merge-sources.ts'
import type { SourceDescription } from '../geodata.ts'
import { withoutSpecialPrefixes } from './source-builder.ts'
import type { SourceReading, SourceSpec } from './source-kind.ts'

/** A reading of a public list: what it says about private and other special-purpose networks does not count. */
export function publicReadingOf(...parts: Parameters<typeof readingOf>): SourceReading {
  const reading = readingOf(...parts)
  return { ...reading, ranges: withoutSpecialPrefixes(reading.ranges) }
}

/** A reading of one description. */
export function readingOf(spec: SourceSpec, ranges: SourceRanges, sha256: string, known: Partial<SourceDescription>): SourceReading {
  const text = (key: 'version' | 'date' | 'licence' | 'attribution' | 'url'): string => spec[key] ?? known[key] ?? ''
  return {
    ranges,
    descriptions: [
      {
        name: spec.name ?? known.name ?? spec.kind,
        version: text('version'),
        date: text('date'),
        licence: text('licence'),
        attribution: text('attribution'),
        url: text('url'),
        inferred: spec.inferred ?? known.inferred ?? false,
        ...(known.inferredFields === undefined ? {} : { inferredFields: known.inferredFields }),
        sha256,
      },
    ],
  }
}
