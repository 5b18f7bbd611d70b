/** PTR: name of an address (RFC 1035 §3.3.12). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type PTR. */
export const PTR: RdataType = { word: 'PTR', number: 12, fields: [{ kind: 'name', compress: true, lower: true }] }
