/** AAAA: one IPv6 address (RFC 3596 §2.2). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type AAAA. */
export const AAAA: RdataType = { word: 'AAAA', number: 28, fields: [{ kind: 'ipv6' }] }
