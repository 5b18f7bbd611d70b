/** TXT: one or more character-strings (RFC 1035 §3.3.14). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type TXT. */
export const TXT: RdataType = { word: 'TXT', number: 16, fields: [{ kind: 'texts' }] }
