/** Wider lines that also hold a found one, as hits of the picker: made from the catalogue, without shares. Pure. */
import type { LineCatalogue, LineHit } from '../../../contract/line.ts'
import { chainOfLine, splitLine } from './line-key.ts'

/** Most that are offered. */
const WIDER_MAX = 6

/** The lines around `line`, narrowest first, without those in `known` and the default. */
export function widerHits(line: string, catalogue: LineCatalogue, known: ReadonlySet<string>): readonly LineHit[] {
  const places = new Map(catalogue.places.map((place) => [place.code, place]))
  const carriers = new Map(catalogue.carriers.map((carrier) => [carrier.id, carrier]))
  const chain = chainOfLine(line, 'place-first', (place) => places.get(place)?.within ?? '') ?? []
  return chain
    .filter((key) => key !== '*' && !known.has(key))
    .slice(0, WIDER_MAX)
    .map((key): LineHit => {
      const parts = splitLine(key)
      const place = places.get(parts.place)
      const carrier = carriers.get(parts.carrier)
      return {
        line: key,
        labelEn: [place?.en === 'Default' ? '' : place?.en, carrier?.en].filter(Boolean).join(' ') || key,
        labelZh: [parts.place === '*' ? '' : place?.zh, carrier?.zh].filter(Boolean).join('') || key,
        sharePercent: null,
        match: 'name',
        withinEn: '',
        withinZh: '',
      }
    })
}
