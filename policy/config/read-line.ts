/** Line keys, places and carriers of documents → canonical keys, or why not. Pure; spellings and catalogue are geodata's. */

import { parseCarrier, parseLineKey, parsePlace } from '../../geodata/line/line.ts'
import { findPlace } from '../../geodata/line/line-catalogue.ts'

/** A canonical key, or what to do instead. */
export type KeyResult = { readonly key: string } | { readonly remedy: string }

/** Reads the key of a line: place, place/carrier, asn:…, custom:…, or a vendor's alias. */
export function readLineKey(text: string): KeyResult {
  return attempt(parseLineKey, text)
}

/** Reads where an endpoint stands: a country, region, province or city. */
export function readPlace(text: string): KeyResult {
  const read = attempt(parsePlace, text)
  if (!('key' in read)) return read
  const kind = findPlace(read.key)?.kind
  const tooWide = kind === 'any' || kind === 'abroad' || kind === 'continent'
  return tooWide ? { remedy: 'name a country, province or city: an endpoint stands somewhere' } : read
}

/** Reads a carrier by id or alias. */
export function readCarrier(text: string): KeyResult {
  return attempt(parseCarrier, text)
}

function attempt(parse: (text: string) => string, text: string): KeyResult {
  try {
    return { key: parse(text) }
  } catch (error) {
    const { suggestion } = error as { suggestion?: string }
    if (suggestion === undefined) throw error
    return { remedy: suggestion }
  }
}
