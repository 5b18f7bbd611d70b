/**
 * Line keys as the console needs them: their class, the order in which a client walks classes, and the chain of a client that is on
 * a given line. Mirrors the published order of geodata/line/line-precedence.ts; the server's chain of an address is always preferred. Pure.
 */

/** Published orders of lines. */
export type Precedence = 'place-first' | 'carrier-first'

/** Kind of a place, by its key. */
export type PlaceKind = 'city' | 'province' | 'big-region' | 'country' | 'continent' | 'abroad' | 'any'

/** Class of a line: what a client walks one after the other. */
export type LineClass = 'custom' | 'asn' | 'carrier' | 'default' | `${Exclude<PlaceKind, 'any'>}` | `${Exclude<PlaceKind, 'any'>}-carrier`

/** A key in its parts. */
export type LineParts = { readonly place: string; readonly carrier: string }

/** Cuts "cn-33/telecom" into place and carrier; "" = no carrier. */
export function splitLine(line: string): LineParts {
  const slash = line.indexOf('/')
  return slash < 0 ? { place: line, carrier: '' } : { place: line.slice(0, slash), carrier: line.slice(slash + 1) }
}

/** Kind of a place key; everything else that is no custom line counts as a country. */
export function placeKind(place: string): PlaceKind {
  if (place === '*') return 'any'
  if (place === 'abroad') return 'abroad'
  if (place.startsWith('continent-')) return 'continent'
  if (/^(?:cn-\d{4}|city-[a-z]{2}-[a-z0-9]{3})$/.test(place)) return 'city'
  if (/^[a-z]{2}-(?:\d{2}|[a-z0-9]{1,3})$/.test(place)) return 'province'
  return place.startsWith('cn-') ? 'big-region' : 'country'
}

/** Country around a region or a city abroad, which the catalogue leaves out ("us-ca", "city-us-lax" → "us"); "" = none. */
export function countryAround(place: string): string {
  return /^(?:city-)?([a-z]{2})-/.exec(place)?.[1] ?? ''
}

/** Class of a line key. */
export function lineClass(line: string): LineClass {
  if (line.startsWith('custom:')) return 'custom'
  if (line.startsWith('asn:')) return 'asn'
  const { place, carrier } = splitLine(line)
  const kind = placeKind(place)
  if (kind === 'any') return carrier === '' ? 'default' : 'carrier'
  return carrier === '' ? kind : `${kind}-carrier`
}

/** Classes in the order of a walk. */
export function classOrder(precedence: Precedence): readonly LineClass[] {
  if (precedence === 'place-first') {
    return [
      'custom',
      'asn',
      'city-carrier',
      'city',
      'province-carrier',
      'province',
      'big-region-carrier',
      'big-region',
      'country-carrier',
      'carrier',
      'country',
      'continent-carrier',
      'continent',
      'abroad-carrier',
      'abroad',
      'default',
    ]
  }
  return [
    'custom',
    'asn',
    'city-carrier',
    'province-carrier',
    'big-region-carrier',
    'country-carrier',
    'continent-carrier',
    'abroad-carrier',
    'carrier',
    'city',
    'province',
    'big-region',
    'country',
    'continent',
    'abroad',
    'default',
  ]
}

/** Rules in walk order: by class, inside a class as the document has them. */
export function inWalkOrder<T extends { readonly line: string }>(rules: readonly T[], precedence: Precedence): readonly T[] {
  const order = classOrder(precedence)
  const rank = new Map(rules.map((rule) => [rule, order.indexOf(lineClass(rule.line))]))
  return [...rules].sort((a, b) => rank.get(a)! - rank.get(b)!)
}

/**
 * Keys that a client who is on `line` can match, narrowest first, as far as the line itself tells; null for custom and AS lines,
 * whose clients stand anywhere. `parentOf` gives the place around a place ("" = none).
 */
export function chainOfLine(line: string, precedence: Precedence, parentOf: (place: string) => string): readonly string[] | null {
  if (line.startsWith('custom:') || line.startsWith('asn:')) return null
  const { place, carrier } = splitLine(line)
  const places: string[] = []
  for (let next = place; next !== '' && next !== '*' && places.length < 8; next = parentOf(next)) places.push(next)
  const mainland = places.includes('cn')
  const kinds = places.map(placeKind)
  // The catalogue has one parent a place; the walk has a continent for every country, and "abroad" for all but the mainland.
  if (mainland && !kinds.includes('continent')) places.push('continent-as')
  if (!mainland && kinds.some((kind) => kind === 'country' || kind === 'province') && !places.includes('abroad')) places.push('abroad')
  const keys = (name: string): readonly string[] => (carrier === '' ? [name] : [`${name}/${carrier}`, name])
  const all = [...places.flatMap(keys), ...(carrier === '' ? [] : [`*/${carrier}`]), '*']
  return inWalkOrder(
    all.map((key) => ({ line: key })),
    precedence,
  ).map((entry) => entry.line)
}
