/**
 * Short code and colour of every endpoint: the code is the initials of the place and the letter of the carrier (NB-T), the colour a
 * stable hash of the id. Endpoints without a carrier (central ones) are grey and carry their number (BJ-1). Pure.
 */

/** What the look is made of. */
export type LookSource = { readonly id: string; readonly placeEn: string; readonly carrier: string }
/** Code, and colour slot: 0 = grey, 1–8, -1 = hollow. */
export type EndpointLook = { readonly code: string; readonly colour: number }

/** Colours there are. */
const COLOURS = 8
const CARRIER_LETTERS: Readonly<Record<string, string>> = { telecom: 'T', unicom: 'U', mobile: 'M', edu: 'E', cbn: 'B' }
const SYLLABLE =
  /^(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|üan|an|ao|ai|en|ei|er|ou|in|iu|ie|ia|un|uo|ui|ue|ua|a|o|e|i|u|v|ü)/

/** Looks by endpoint id, in the order given; equal codes get a number. */
export function endpointLooks(endpoints: readonly LookSource[]): ReadonlyMap<string, EndpointLook> {
  const byId = [...endpoints].sort((a, b) => (a.id < b.id ? -1 : 1))
  const taken = new Set<number>()
  const colours = new Map<string, number>()
  for (const { id, carrier } of byId) {
    if (carrier === '') colours.set(id, 0)
    else colours.set(id, takeColour(id, taken))
  }
  const wanted = new Map(byId.map((endpoint) => [endpoint.id, codeOf(endpoint)]))
  const counts = Map.groupBy(wanted.values(), (code) => code)
  return new Map(
    endpoints.map(({ id, carrier }) => {
      const code = wanted.get(id)!
      const number = /(\d{1,2})$/.exec(id)?.[1]
      const unique = number !== undefined && (carrier === '' || counts.get(code)!.length > 1) ? withNumber(code, number, carrier) : code
      return [id, { code: unique, colour: colours.get(id)! }]
    }),
  )
}

/** Initials of a place: "Ningbo" → NB, "Shanghai" → SH, "Frankfurt am Main" → FA, "Tokyo" → TO. */
export function placeInitials(name: string): string {
  const words = name
    .replace(/[^\p{L}\s]/gu, '')
    .split(/\s+/)
    .filter(Boolean)
  if (words.length > 1) return (words[0]![0]! + words[1]![0]!).toUpperCase()
  const word = words[0] ?? ''
  const syllables = cutPinyin(word.toLowerCase())
  return (syllables !== undefined && syllables.length > 1 ? syllables[0]![0]! + syllables[1]![0]! : word.slice(0, 2)).toUpperCase()
}

function codeOf({ id, placeEn, carrier }: LookSource): string {
  const place = placeEn === '' ? id.slice(0, 2).toUpperCase() : placeInitials(placeEn)
  return carrier === '' ? place : `${place}-${CARRIER_LETTERS[carrier] ?? carrier.slice(0, 1).toUpperCase()}`
}

function withNumber(code: string, number: string, carrier: string): string {
  return carrier === '' ? `${code}-${number}` : `${code}${number}`
}

/** Cuts pinyin into syllables, the longest first, with a way back; undefined = it is none. */
function cutPinyin(text: string): readonly string[] | undefined {
  if (text === '') return []
  const longest = SYLLABLE.exec(text)?.[0]
  if (longest === undefined) return undefined
  for (let length = longest.length; length > 0; length--) {
    const head = text.slice(0, length)
    if (SYLLABLE.exec(head)?.[0] !== head) continue
    const rest = cutPinyin(text.slice(length))
    if (rest !== undefined) return [head, ...rest]
  }
  return undefined
}

function takeColour(id: string, taken: Set<number>): number {
  let hash = 2166136261
  for (const letter of id) hash = Math.imul(hash ^ letter.codePointAt(0)!, 16777619) >>> 0
  for (let step = 0; step < COLOURS; step++) {
    const slot = ((hash + step) % COLOURS) + 1
    if (taken.has(slot)) continue
    taken.add(slot)
    return slot
  }
  return -1
}
