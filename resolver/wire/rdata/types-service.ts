/** Types that say how to reach or trust a service, and the newest ones. Pure. */
import { BASE64, HEX, PLAIN_NAME, TEXT, TEXTS, U8, U16, U32 } from './fields.ts'
import type { RdataType } from './rdata-type.ts'

const CERTIFICATE: RdataType['fields'] = [U8, U8, U8, HEX]
const SERVICE: RdataType['fields'] = [U16, PLAIN_NAME, { kind: 'svc-params' }]
const SSHFP_BYTES: Readonly<Record<number, number>> = { 1: 20, 2: 32 }

/** The types. */
export const SERVICE_TYPES: readonly RdataType[] = [
  // RFC 4255, RFC 6594
  {
    word: 'SSHFP',
    number: 44,
    fields: [U8, U8, HEX],
    check: (rdata) => {
      const length = SSHFP_BYTES[rdata[1]!]
      return length === undefined || rdata.length === 2 + length
        ? undefined
        : `a fingerprint of type ${rdata[1]} has ${length} octets, ${rdata.length - 2} are given`
    },
  },
  // RFC 4025
  { word: 'IPSECKEY', number: 45, fields: [{ kind: 'ipseckey' }] },
  // RFC 4701
  { word: 'DHCID', number: 49, fields: [BASE64] },
  // RFC 6698, RFC 8162
  { word: 'TLSA', number: 52, fields: CERTIFICATE },
  { word: 'SMIMEA', number: 53, fields: CERTIFICATE },
  // RFC 8005
  { word: 'HIP', number: 55, fields: [{ kind: 'hip' }] },
  // draft-reid-dnsext-zs
  { word: 'NINFO', number: 56, fields: [TEXTS] },
  // RFC 7929
  { word: 'OPENPGPKEY', number: 61, fields: [BASE64] },
  // RFC 9460
  { word: 'SVCB', number: 64, fields: SERVICE },
  { word: 'HTTPS', number: 65, fields: SERVICE },
  // RFC 9886
  { word: 'HHIT', number: 67, fields: [BASE64] },
  { word: 'BRID', number: 68, fields: [BASE64] },
  // RFC 6742
  { word: 'NID', number: 104, fields: [U16, { kind: 'hextets' }] },
  { word: 'L32', number: 105, fields: [U16, { kind: 'ipv4' }] },
  { word: 'L64', number: 106, fields: [U16, { kind: 'hextets' }] },
  { word: 'LP', number: 107, fields: [U16, PLAIN_NAME] },
  // RFC 7043
  { word: 'EUI48', number: 108, fields: [{ kind: 'eui', bytes: 6 }] },
  { word: 'EUI64', number: 109, fields: [{ kind: 'eui', bytes: 8 }] },
  // RFC 7553; a target has at least one octet.
  {
    word: 'URI',
    number: 256,
    fields: [U16, U16, { kind: 'rest-text' }],
    check: (rdata) => (rdata.length > 4 ? undefined : 'the target of URI is empty'),
  },
  // Cisco: Application Visibility and Control
  { word: 'AVC', number: 258, fields: [TEXTS] },
  // draft-durand-doa-over-dns
  { word: 'DOA', number: 259, fields: [U32, U32, U8, TEXT, { kind: 'base64', mayBeEmpty: true, dash: true }] },
  // RFC 8777
  { word: 'AMTRELAY', number: 260, fields: [{ kind: 'amtrelay' }] },
  // RFC 9606
  { word: 'RESINFO', number: 261, fields: [TEXTS] },
  // Public wallet address; draft-johnson-dns-ipn-cla
  { word: 'WALLET', number: 262, fields: [TEXTS] },
  { word: 'CLA', number: 263, fields: [TEXTS] },
  { word: 'IPN', number: 264, fields: [{ kind: 'number64' }] },
]
