/**
 * The published orders of lines as numbered steps, and which step a line stands on. Pure. A client matches at most one line a step,
 * or a carrier's and then that of the carrier it is part of: so there is never a tie (test/unit/geodata/line/line-steps.test.ts goes
 * through the whole catalogue). Custom lines stand by the length of their network, equal networks are refused.
 */
import { type LineKey, parseLine } from './line.ts'
import { countryOfPlace, findCarrier, findPlace, type PlaceKind } from './line-catalogue.ts'
import type { Precedence } from './line-precedence.ts'

/** A step of an order. */
export type LineStep =
  | 'custom'
  | 'asn'
  | 'carrier'
  | 'default'
  | 'city'
  | 'region'
  | 'big region'
  | 'country'
  | 'continent'
  | 'abroad'
  | 'city/carrier'
  | 'region/carrier'
  | 'big region/carrier'
  | 'country/carrier'
  | 'continent/carrier'
  | 'abroad/carrier'

/** Steps of both orders, most specific first. Region = province or ISO 3166-2 region. */
export const LINE_STEPS: Readonly<Record<Precedence, readonly LineStep[]>> = {
  'place-first': [
    'custom',
    'asn',
    'city/carrier',
    'city',
    'region/carrier',
    'region',
    'big region/carrier',
    'big region',
    'country/carrier',
    'carrier',
    'country',
    'continent/carrier',
    'continent',
    'abroad/carrier',
    'abroad',
    'default',
  ],
  'carrier-first': [
    'custom',
    'asn',
    'city/carrier',
    'region/carrier',
    'big region/carrier',
    'country/carrier',
    'continent/carrier',
    'abroad/carrier',
    'carrier',
    'city',
    'region',
    'big region',
    'country',
    'continent',
    'abroad',
    'default',
  ],
}

const STEP_OF_KIND: Readonly<Record<Exclude<PlaceKind, 'any'>, LineStep & `${string}`>> = {
  city: 'city',
  region: 'region',
  'big-region': 'big region',
  country: 'country',
  continent: 'continent',
  abroad: 'abroad',
}

/** The step that a canonical key stands on. */
export function stepOfLine(key: LineKey): LineStep {
  const line = parseLine(key)
  if (line.kind !== 'place') return line.kind
  const kind = findPlace(line.place)!.kind
  if (kind === 'any') return line.carrier === undefined ? 'default' : 'carrier'
  return line.carrier === undefined ? STEP_OF_KIND[kind] : (`${STEP_OF_KIND[kind]}/carrier` as LineStep)
}

/** Position of a key in an order, from 1; the carrier that another one is part of stands half a step behind it. */
export function positionOfLine(key: LineKey, precedence: Precedence): number {
  return LINE_STEPS[precedence].indexOf(stepOfLine(key)) + 1
}

/**
 * Every line that a client on this line can match too, as far as the line itself tells, in the order of a walk. Empty for custom and
 * AS lines, whose clients stand anywhere.
 */
export function widerLines(key: LineKey, precedence: Precedence): readonly LineKey[] {
  const line = parseLine(key)
  if (line.kind !== 'place') return []
  const carriers: string[] = []
  for (let id = line.carrier; id !== undefined; id = findCarrier(id)?.parent) carriers.push(id)
  const keys = [...placesAround(line.place), '*'].flatMap((place) => [...carriers.map((carrier) => `${place}/${carrier}`), place])
  const order = LINE_STEPS[precedence]
  // Sorting is stable: a carrier stays in front of the one it is part of.
  return keys.toSorted((a, b) => order.indexOf(stepOfLine(a)) - order.indexOf(stepOfLine(b)))
}

/** The place and what holds it; the catalogue has one parent a place, but a country has its continent and the class abroad. */
function placesAround(key: string): string[] {
  const around: string[] = []
  for (let place = findPlace(key); place !== undefined && place.kind !== 'any'; place = findPlace(place.parent ?? ''))
    around.push(place.key)
  const country = countryOfPlace(key)
  // China is in Asia; every other continent lies abroad as a whole.
  if (key.startsWith('continent-') && key !== 'continent-as') around.push('abroad')
  if (country === undefined) return around
  const isMainland = around.includes('cn')
  if (country === 'CN') around.push('continent-as')
  if (!isMainland && !around.includes('abroad')) around.push('abroad')
  return around
}
