/** MX: mail exchange, preference and host (RFC 1035 §3.3.9). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type MX. */
export const MX: RdataType = {
  word: 'MX',
  number: 15,
  fields: [
    { kind: 'number', bytes: 2 },
    { kind: 'name', compress: true, lower: true },
  ],
}
