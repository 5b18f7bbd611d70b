/** Contract of a kind of field: words ↔ octets. Codecs throw RdataError for words, and never for octets. Pure. */
import type { Octets } from '../octets.ts'
import type { RdataField } from './rdata-type.ts'
import type { WordReader } from './word-reader.ts'

/** The field of a kind. */
export type FieldOf<K extends RdataField['kind']> = Extract<RdataField, { readonly kind: K }>

/** One kind of field. */
export type FieldCodec<F extends RdataField> = {
  /** Takes the field's words and writes its octets. */
  readonly parse: (field: F, words: WordReader, out: Octets) => void
  /** Octets of the field that begins at `at`; -1 when they are not of this kind. The rdata ends at `end`. */
  readonly lengthAt: (field: F, rdata: Uint8Array, at: number, end: number) => number
  /** Words of the field's octets, which are of this kind; '' = no word. */
  readonly format: (field: F, octets: Uint8Array) => string
}
