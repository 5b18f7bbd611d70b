/** Line keys, places and carriers of documents → canonical keys, or the nearest known one. Pure; the catalogue is geodata's. */
import { CARRIERS, findCarrier, findPlace, listPlaces } from '../../geodata/line/line-catalogue.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** A canonical key, or what may have been meant. */
export type KeyResult = { readonly key: string } | { readonly nearest: string | undefined }

/** Reads the key of a line: place, place/carrier, asn:…, custom:…, or a vendor's alias. */
export function readLineKey(text: string): KeyResult {
  const word = text.trim()
  if (/^custom:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(word)) return { key: word }
  const asn = /^asn:(?:as)?([1-9]\d{0,9})$/i.exec(word)
  if (asn !== null && Number(asn[1]) < 2 ** 32) return { key: `asn:${asn[1]}` }
  const [place = '', carrier, ...more] = word.split('/')
  if (more.length > 0 || place === '') return { nearest: undefined }
  const readP = place === '*' ? { key: '*' } : readAnyPlace(place)
  const readC = carrier === undefined ? { key: '' } : readCarrier(carrier)
  if ('key' in readP && 'key' in readC) return { key: readC.key === '' ? readP.key : `${readP.key}/${readC.key}` }
  const left = 'key' in readP ? readP.key : readP.nearest
  const right = 'key' in readC ? readC.key : readC.nearest
  if (left === undefined || right === undefined) return { nearest: undefined }
  return { nearest: right === '' ? left : `${left}/${right}` }
}

/** Reads where an endpoint stands: a country, region, province or city. */
export function readPlace(text: string): KeyResult {
  const read = readAnyPlace(text)
  if (!('key' in read)) return read
  const kind = findPlace(read.key)?.kind
  return kind === 'any' || kind === 'abroad' || kind === 'continent' ? { nearest: undefined } : read
}

/** Reads a carrier by id or alias. */
export function readCarrier(text: string): KeyResult {
  const word = text.trim().toLowerCase()
  const found = findCarrier(word) ?? CARRIERS.find((carrier) => carrier.aliases.includes(word) || carrier.label['zh-CN'] === word)
  return found === undefined
    ? {
        nearest: suggestNearest(
          word,
          CARRIERS.map((carrier) => carrier.id),
        ),
      }
    : { key: found.id }
}

function readAnyPlace(text: string): KeyResult {
  const word = text.trim().toLowerCase()
  const found = findPlace(word)
  if (found !== undefined) return { key: found.key }
  const named = listPlaces().find(
    (place) => place.label.en.toLowerCase() === word || place.label['zh-CN'] === word || place.fullName === word,
  )
  return named === undefined
    ? {
        nearest: suggestNearest(
          word,
          listPlaces().map((place) => place.key),
        ),
      }
    : { key: named.key }
}
