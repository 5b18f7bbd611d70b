/** The RR types whose rdata has a presentation form of its own; every other type is written by RFC 3597 (\# length hex). Pure. */
import { A } from './a.ts'
import { AAAA } from './aaaa.ts'
import { CAA } from './caa.ts'
import { CNAME } from './cname.ts'
import { MX } from './mx.ts'
import { NS } from './ns.ts'
import { PTR } from './ptr.ts'
import type { RdataType } from './rdata-type.ts'
import { SOA } from './soa.ts'
import { SRV } from './srv.ts'
import { TXT } from './txt.ts'
import { CLASSIC_TYPES } from './types-classic.ts'
import { DNSSEC_TYPES } from './types-dnssec.ts'
import { SERVICE_TYPES } from './types-service.ts'

/** All of them. */
export const RDATA_TYPES: readonly RdataType[] = [
  ...[A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT],
  ...CLASSIC_TYPES,
  ...DNSSEC_TYPES,
  ...SERVICE_TYPES,
]

const TYPES: ReadonlyMap<number, RdataType> = new Map(RDATA_TYPES.map((type) => [type.number, type]))

/** The type with this number; undefined = only the generic form. */
export function findRdataType(number: number): RdataType | undefined {
  return TYPES.get(number)
}
