/** A: one IPv4 address (RFC 1035 §3.4.1). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type A. */
export const A: RdataType = { word: 'A', number: 1, fields: [{ kind: 'ipv4' }] }
