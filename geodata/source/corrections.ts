/**
 * The operator's corrections as a source: it is merged before all others, so what it says always wins. A network inside another one
 * takes over what it does not say itself. Rows stand in the recipe or the document; needs no file. Pure.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { formatPrefix, type Prefix, parsePrefix, prefixContains } from '../address/prefix.ts'
import type { SourceRecord } from '../compile/merge-sources.ts'
import type { Correction } from '../geodata.ts'
import { parseCarrier, parsePlace } from '../line/line.ts'
import { readingOf } from './describe-source.ts'
import { recordOfPlace } from './place-record.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind, SourceSpec } from './source-kind.ts'

/** Name of the source that corrections are merged as. */
export const CORRECTIONS_NAME = 'corrections'

/** Most corrections of one recipe: more are a source of their own (kind csv). */
export const MAX_CORRECTIONS = 100_000

type Row = { readonly prefix: Prefix; readonly said: SourceRecord; readonly row: number }

/** Corrections. */
export const corrections: SourceKind = {
  kind: CORRECTIONS_NAME,
  fileCount: [0, 0],
  read: async (spec) => {
    const list = spec.corrections ?? []
    if (list.length > MAX_CORRECTIONS) {
      throw new GeodataError(
        'GEODATA_SOURCE_INVALID',
        `${list.length} corrections are more than ${MAX_CORRECTIONS}`,
        'use a source of kind csv',
      )
    }
    const builder = new SourceBuilder()
    const inside: { prefix: Prefix; record: SourceRecord; row: number }[] = []
    for (const { prefix, said, row } of sortRows(list.map(parseRow))) {
      while (inside.length > 0 && !prefixContains(inside.at(-1)!.prefix, { family: prefix.family, words: prefix.words })) inside.pop()
      const around = inside.at(-1)
      if (around !== undefined && around.prefix.length === prefix.length) {
        const message = `corrections ${Math.min(around.row, row)} and ${Math.max(around.row, row)} are both about "${formatPrefix(prefix)}"`
        throw new GeodataError('GEODATA_SOURCE_INVALID', message, 'keep one of them')
      }
      const record = overlay(around?.record, said)
      builder.addPrefix(prefix, builder.record(record))
      inside.push({ prefix, record, row })
    }
    // No date of its own: a correction of today must not make old data look new.
    const reading = readingOf(spec, builder.build(), '', { name: CORRECTIONS_NAME, licence: "the operator's own" })
    return { ...reading, descriptions: reading.descriptions.map((description) => ({ ...description, corrections: list })) }
  },
}

/** The spec that corrections of a recipe are read by. */
export function correctionsSpec(list: readonly Correction[]): SourceSpec {
  return { kind: CORRECTIONS_NAME, corrections: list }
}

function parseRow(correction: Correction, position: number): Row {
  const row = position + 1
  try {
    const { place, carrier, asn } = correction
    if (place === undefined && carrier === undefined && asn === undefined) {
      throw new GeodataError('GEODATA_SOURCE_INVALID', `"${correction.prefix}" without anything to correct`, 'add place, carrier or asn')
    }
    if (correction.reason.trim() === '') {
      throw new GeodataError('GEODATA_SOURCE_INVALID', `"${correction.prefix}" without a reason`, 'say how this is known')
    }
    if (asn !== undefined && !(Number.isInteger(asn) && asn >= 1 && asn <= 0xffffffff)) {
      throw new GeodataError('GEODATA_SOURCE_INVALID', `"${asn}" where an AS number belongs`, 'write it as 4134')
    }
    const said: SourceRecord = {
      ...(place === undefined ? {} : recordOfPlace(parsePlace(place))),
      ...(carrier === undefined ? {} : { carrier: parseCarrier(carrier) }),
      ...(asn === undefined ? {} : { asn }),
    }
    return { prefix: parsePrefix(correction.prefix), said, row }
  } catch (error) {
    if (!(error instanceof GeodataError)) throw error
    throw new GeodataError('GEODATA_SOURCE_INVALID', `correction ${row} has ${error.message}`, error.suggestion, { cause: error })
  }
}

/** Wider before narrower, so that what is around a row has just been seen. */
function sortRows(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => {
    if (a.prefix.family !== b.prefix.family) return a.prefix.family - b.prefix.family
    for (let word = 0; word < 4; word++) {
      const difference = a.prefix.words[word]! - b.prefix.words[word]!
      if (difference !== 0) return difference
    }
    return a.prefix.length - b.prefix.length
  })
}

/** A place is one statement: its parts never mix with those of the place around it. */
function overlay(around: SourceRecord | undefined, said: SourceRecord): SourceRecord {
  if (around === undefined || said.country === undefined) return { ...around, ...said }
  return { carrier: around.carrier, asn: around.asn, ...said }
}
