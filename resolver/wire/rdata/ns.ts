/** NS: name server (RFC 1035 §3.3.11). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type NS. */
export const NS: RdataType = { word: 'NS', number: 2, fields: [{ kind: 'name', compress: true, lower: true }] }
