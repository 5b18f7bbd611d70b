/** What a snapshot says about one address, for people: explain, the lookup command, the API. Not for the query path. Pure. */
import { type Address, type AddressWords, formatAddress, MAPPED_WORD } from '../address/address.ts'
import type { Geodata } from '../geodata.ts'
import type { Location } from '../line/location.ts'
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from './find-range.ts'

/** Result of a look-up. */
export type LocationLookup = {
  readonly location: Location
  /** First and last address with this location, in text. */
  readonly range: readonly [string, string]
  /** Number of the range in the family's table. */
  readonly rangeNumber: number
  /** Length of the largest network around the address with this location. */
  readonly scope: number
}

/** Looks an address up. */
export function lookupLocation(geodata: Geodata, address: Address): LocationLookup {
  const [word0, word1, word2, word3] = address.words
  if (address.family === 4) {
    const { starts, values } = geodata.v4
    const range = findRange4(geodata.v4, word3)
    const last = range + 1 < values.length ? starts[range + 1]! - 1 : 0xffffffff
    return {
      location: geodata.locations[values[range]!]!,
      range: [ipv4Text(starts[range]!), ipv4Text(last)],
      rangeNumber: range,
      scope: scopeOfRange4(geodata.v4, range, word3),
    }
  }
  const { starts, values } = geodata.v6
  const range = findRange6(geodata.v6, word0, word1, word2, word3)
  const start = (at: number): AddressWords => [starts[at * 4]!, starts[at * 4 + 1]!, starts[at * 4 + 2]!, starts[at * 4 + 3]!]
  const last: AddressWords = range + 1 < values.length ? minusOne(start(range + 1)) : [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]
  return {
    location: geodata.locations[values[range]!]!,
    range: [formatAddress({ family: 6, words: start(range) }), formatAddress({ family: 6, words: last })],
    rangeNumber: range,
    scope: scopeOfRange6(geodata.v6, range, word0, word1, word2, word3),
  }
}

function ipv4Text(number: number): string {
  return formatAddress({ family: 4, words: [0, 0, MAPPED_WORD, number] })
}

/** The address before; the first address of all has none and is never asked for. */
function minusOne(words: AddressWords): AddressWords {
  const result: [number, number, number, number] = [...words]
  let word = 3
  while (result[word] === 0) result[word--] = 0xffffffff
  result[word]!--
  return result
}
