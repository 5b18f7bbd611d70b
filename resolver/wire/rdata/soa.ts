/** SOA: start of authority (RFC 1035 §3.3.13); minimum is the TTL of negative answers (RFC 2308 §4). Pure. */
import type { RdataType } from './rdata-type.ts'

/** Type SOA: mname, rname, serial, refresh, retry, expire, minimum. */
export const SOA: RdataType = {
  word: 'SOA',
  number: 6,
  fields: [
    { kind: 'name', compress: true, lower: true },
    { kind: 'name', compress: true, lower: true },
    { kind: 'number', bytes: 4 },
    { kind: 'seconds' },
    { kind: 'seconds' },
    { kind: 'seconds' },
    { kind: 'seconds' },
  ],
}
