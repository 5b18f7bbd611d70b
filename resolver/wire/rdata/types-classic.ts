/** Types of RFC 1035 that have no file of their own, and those of the nineties. Pure. */
import { ALGORITHM, BASE64, LOWER_NAME, OLD_NAME, PLAIN_NAME, TEXT, TEXTS, U8, U16 } from './fields.ts'
import type { RdataType } from './rdata-type.ts'

/** Signature of RFC 2535 §4 and RFC 4034 §3: type, algorithm, labels, TTL, expiration, inception, key tag, signer, signature. */
const SIGNATURE: RdataType['fields'] = [
  { kind: 'type' },
  ALGORITHM,
  U8,
  { kind: 'seconds' },
  { kind: 'time' },
  { kind: 'time' },
  U16,
  LOWER_NAME,
  BASE64,
]

/** The types. */
export const CLASSIC_TYPES: readonly RdataType[] = [
  // RFC 1035 §3.3.4, §3.3.5, §3.3.3, §3.3.6, §3.3.8
  { word: 'MD', number: 3, fields: [OLD_NAME] },
  { word: 'MF', number: 4, fields: [OLD_NAME] },
  { word: 'MB', number: 7, fields: [OLD_NAME] },
  { word: 'MG', number: 8, fields: [OLD_NAME] },
  { word: 'MR', number: 9, fields: [OLD_NAME] },
  // RFC 1035 §3.4.2
  { word: 'WKS', number: 11, fields: [{ kind: 'wks' }] },
  // RFC 1035 §3.3.2
  { word: 'HINFO', number: 13, fields: [TEXT, TEXT] },
  // RFC 1035 §3.3.7
  { word: 'MINFO', number: 14, fields: [OLD_NAME, OLD_NAME] },
  // RFC 1183
  { word: 'RP', number: 17, fields: [LOWER_NAME, LOWER_NAME] },
  { word: 'AFSDB', number: 18, fields: [U16, LOWER_NAME] },
  { word: 'X25', number: 19, fields: [TEXT] },
  { word: 'ISDN', number: 20, fields: [TEXT, { kind: 'optional-text' }] },
  { word: 'RT', number: 21, fields: [U16, LOWER_NAME] },
  // RFC 1706; NSAP-PTR RFC 1348
  { word: 'NSAP', number: 22, fields: [{ kind: 'nsap' }] },
  { word: 'NSAP-PTR', number: 23, fields: [PLAIN_NAME] },
  // RFC 2535
  { word: 'SIG', number: 24, fields: SIGNATURE },
  { word: 'KEY', number: 25, fields: [U16, U8, ALGORITHM, { kind: 'base64', mayBeEmpty: true }] },
  // RFC 2163
  { word: 'PX', number: 26, fields: [U16, LOWER_NAME, LOWER_NAME] },
  // RFC 1712
  { word: 'GPOS', number: 27, fields: [TEXT, TEXT, TEXT] },
  // RFC 1876
  { word: 'LOC', number: 29, fields: [{ kind: 'loc' }] },
  // Nimrod (draft-ietf-nimrod-dns-01)
  { word: 'EID', number: 31, fields: [{ kind: 'hex' }] },
  { word: 'NIMLOC', number: 32, fields: [{ kind: 'hex' }] },
  // RFC 3403
  { word: 'NAPTR', number: 35, fields: [U16, U16, TEXT, TEXT, TEXT, LOWER_NAME] },
  // RFC 2230
  { word: 'KX', number: 36, fields: [U16, LOWER_NAME] },
  // RFC 4398
  {
    word: 'CERT',
    number: 37,
    fields: [
      {
        kind: 'mnemonic',
        bytes: 2,
        words: { PKIX: 1, SPKI: 2, PGP: 3, IPKIX: 4, ISPKI: 5, IPGP: 6, ACPKIX: 7, IACPKIX: 8, URI: 253, OID: 254 },
        print: true,
      },
      U16,
      ALGORITHM,
      BASE64,
    ],
  },
  // RFC 6672
  { word: 'DNAME', number: 39, fields: [LOWER_NAME] },
  // RFC 3123
  { word: 'APL', number: 42, fields: [{ kind: 'apl' }] },
  // RFC 7208 §3.1: no longer used, still served.
  { word: 'SPF', number: 99, fields: [TEXTS] },
]

/** Fields of SIG and RRSIG. */
export const SIGNATURE_FIELDS: RdataType['fields'] = SIGNATURE
