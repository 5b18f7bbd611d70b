/** SRV: priority, weight, port, target (RFC 2782); the target is never compressed. Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type SRV. */
export const SRV: RdataType = {
  word: 'SRV',
  number: 33,
  fields: [
    { kind: 'number', bytes: 2 },
    { kind: 'number', bytes: 2 },
    { kind: 'number', bytes: 2 },
    { kind: 'name', compress: false, lower: true },
  ],
}
