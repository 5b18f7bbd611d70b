/** CNAME: canonical name (RFC 1035 §3.3.1). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type CNAME. */
export const CNAME: RdataType = { word: 'CNAME', number: 5, fields: [{ kind: 'name', compress: true, lower: true }] }
