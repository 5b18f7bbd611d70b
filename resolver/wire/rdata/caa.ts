/** CAA: which certification authorities may issue (RFC 8659 §4). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type CAA. */
export const CAA: RdataType = {
  word: 'CAA',
  number: 257,
  fields: [{ kind: 'number', bytes: 1 }, { kind: 'tag' }, { kind: 'rest-text' }],
}
