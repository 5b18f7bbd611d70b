/** Fields that many types share, so that their rows stay short. Pure. */
import type { RdataField } from './rdata-type.ts'

/** A number of 1, 2 or 4 octets. */
export const U8: RdataField = { kind: 'number', bytes: 1 }
export const U16: RdataField = { kind: 'number', bytes: 2 }
export const U32: RdataField = { kind: 'number', bytes: 4 }
/** A name of a type of RFC 1035: compressed in messages, lower-cased in canonical form. */
export const OLD_NAME: RdataField = { kind: 'name', compress: true, lower: true }
/** A name that is never compressed, lower-cased in canonical form (RFC 3597 §4, RFC 4034 §6.2). */
export const LOWER_NAME: RdataField = { kind: 'name', compress: false, lower: true }
/** A name that is never compressed and keeps its case. */
export const PLAIN_NAME: RdataField = { kind: 'name', compress: false }
export const TEXT: RdataField = { kind: 'text' }
export const TEXTS: RdataField = { kind: 'texts' }
export const HEX: RdataField = { kind: 'hex' }
export const BASE64: RdataField = { kind: 'base64' }

/** Words of DNSSEC algorithms (IANA "DNS Security Algorithm Numbers"). */
export const ALGORITHM: RdataField = {
  kind: 'mnemonic',
  bytes: 1,
  words: {
    DELETE: 0,
    RSAMD5: 1,
    DH: 2,
    DSA: 3,
    RSASHA1: 5,
    'DSA-NSEC3-SHA1': 6,
    NSEC3DSA: 6,
    'RSASHA1-NSEC3-SHA1': 7,
    NSEC3RSASHA1: 7,
    RSASHA256: 8,
    RSASHA512: 10,
    'ECC-GOST': 12,
    ECCGOST: 12,
    ECDSAP256SHA256: 13,
    ECDSA256: 13,
    ECDSAP384SHA384: 14,
    ECDSA384: 14,
    ED25519: 15,
    ED448: 16,
    SM2SM3: 17,
    'ECC-GOST12': 23,
    INDIRECT: 252,
    PRIVATEDNS: 253,
    PRIVATEOID: 254,
  },
}
