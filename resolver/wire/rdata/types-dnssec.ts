/** Types of DNSSEC and of parents and children that keep each other up to date. Pure. */
import { ALGORITHM, BASE64, HEX, PLAIN_NAME, U8, U16, U32 } from './fields.ts'
import type { RdataType } from './rdata-type.ts'
import { SIGNATURE_FIELDS } from './types-classic.ts'

const DIGEST_BYTES: Readonly<Record<number, number>> = { 1: 20, 2: 32, 3: 32, 4: 48 }

/** DS and its like: key tag, algorithm, digest type, digest (RFC 4034 §5). */
const DELEGATION: readonly RdataType['fields'][number][] = [
  U16,
  ALGORITHM,
  { kind: 'mnemonic', bytes: 1, words: { 'SHA-1': 1, SHA1: 1, 'SHA-256': 2, SHA256: 2, GOST: 3, 'SHA-384': 4, SHA384: 4 } },
  HEX,
]

function checkDigest(rdata: Uint8Array): string | undefined {
  const length = DIGEST_BYTES[rdata[3]!]
  return length === undefined || rdata.length === 4 + length
    ? undefined
    : `a digest of type ${rdata[3]} has ${length} octets, ${rdata.length - 4} are given`
}

/** Flags, protocol, algorithm, key (RFC 4034 §2). */
const KEY: RdataType['fields'] = [U16, U8, ALGORITHM, BASE64]

const SALTED: RdataType['fields'] = [U8, U8, U16, { kind: 'salt' }]

/** The types. */
export const DNSSEC_TYPES: readonly RdataType[] = [
  // RFC 4034 §5
  { word: 'DS', number: 43, fields: DELEGATION, check: checkDigest },
  // RFC 4034 §3
  { word: 'RRSIG', number: 46, fields: SIGNATURE_FIELDS },
  // RFC 4034 §4; the next name keeps its case in canonical form (RFC 6840 §5.1).
  { word: 'NSEC', number: 47, fields: [PLAIN_NAME, { kind: 'type-bitmap' }] },
  // RFC 4034 §2
  { word: 'DNSKEY', number: 48, fields: KEY },
  // RFC 5155
  { word: 'NSEC3', number: 50, fields: [...SALTED, { kind: 'hash' }, { kind: 'type-bitmap', mayBeEmpty: true }] },
  { word: 'NSEC3PARAM', number: 51, fields: SALTED },
  // draft-ietf-dnsop-dnssec-trust-history
  { word: 'RKEY', number: 57, fields: KEY },
  { word: 'TALINK', number: 58, fields: [PLAIN_NAME, PLAIN_NAME] },
  // RFC 7344
  { word: 'CDS', number: 59, fields: DELEGATION, check: checkDigest },
  { word: 'CDNSKEY', number: 60, fields: KEY },
  // RFC 7477
  { word: 'CSYNC', number: 62, fields: [U32, U16, { kind: 'type-bitmap', mayBeEmpty: true }] },
  // RFC 8976
  {
    word: 'ZONEMD',
    number: 63,
    fields: [U32, U8, U8, HEX],
    check: (rdata) => {
      const given = rdata.length - 6
      const needed = rdata[4] === 1 ? ({ 1: 48, 2: 64 } as Readonly<Record<number, number>>)[rdata[5]!] : undefined
      if (needed !== undefined && given !== needed) return `a digest of hash ${rdata[5]} has ${needed} octets, ${given} are given`
      return given < 12 ? `a digest has at least 12 octets, ${given} are given` : undefined
    },
  },
  // RFC 9859
  {
    word: 'DSYNC',
    number: 66,
    fields: [{ kind: 'type' }, { kind: 'mnemonic', bytes: 1, words: { NOTIFY: 1 }, print: true }, U16, PLAIN_NAME],
  },
  // IANA: DNSSEC Trust Authorities; RFC 4431
  { word: 'TA', number: 32768, fields: DELEGATION, check: checkDigest },
  { word: 'DLV', number: 32769, fields: DELEGATION, check: checkDigest },
]
