/**
 * Numbers of the DNS protocol: RR types, classes, rcodes, opcodes, EDNS options (IANA "Domain Name System (DNS) Parameters"). Pure.
 */

/** RR type numbers. */
export const TYPE_A = 1
export const TYPE_NS = 2
export const TYPE_CNAME = 5
export const TYPE_SOA = 6
export const TYPE_PTR = 12
export const TYPE_MX = 15
export const TYPE_TXT = 16
export const TYPE_AFSDB = 18
export const TYPE_RT = 21
export const TYPE_AAAA = 28
export const TYPE_SRV = 33
export const TYPE_NAPTR = 35
export const TYPE_KX = 36
export const TYPE_DNAME = 39
export const TYPE_OPT = 41
export const TYPE_DS = 43
export const TYPE_RRSIG = 46
export const TYPE_NSEC = 47
export const TYPE_DNSKEY = 48
export const TYPE_NSEC3 = 50
export const TYPE_NSEC3PARAM = 51
export const TYPE_SVCB = 64
export const TYPE_HTTPS = 65
export const TYPE_L32 = 105
export const TYPE_L64 = 106
export const TYPE_LP = 107
export const TYPE_NXNAME = 128
export const TYPE_TSIG = 250
export const TYPE_IXFR = 251
export const TYPE_AXFR = 252
export const TYPE_ANY = 255
export const TYPE_CAA = 257

/** Classes. */
export const CLASS_IN = 1
export const CLASS_CH = 3
/** Of updates: the RRset or record is not there, or is to go (RFC 2136 §2.4, §2.5). */
export const CLASS_NONE = 254
export const CLASS_ANY = 255

/** Response codes (RFC 1035 §4.1.1, RFC 6891 §9). */
export const RCODE_NOERROR = 0
export const RCODE_FORMERR = 1
export const RCODE_SERVFAIL = 2
export const RCODE_NXDOMAIN = 3
export const RCODE_NOTIMP = 4
export const RCODE_REFUSED = 5
export const RCODE_YXDOMAIN = 6
/** Of updates (RFC 2136 §2.2); NOTAUTH is in tsig.ts. */
export const RCODE_YXRRSET = 7
export const RCODE_NXRRSET = 8
export const RCODE_NOTZONE = 10
export const RCODE_BADVERS = 16

/** Words of the rcodes, by number. */
export const RCODE_WORDS: readonly string[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
]

/** EDNS option: client subnet (RFC 7871). */
/** NSID (RFC 5001). */
export const OPTION_NSID = 3
export const OPTION_CLIENT_SUBNET = 8
/** Cookie (RFC 7873). */
export const OPTION_COOKIE = 10

/** Idle time-out of a connection (RFC 7828). */
export const OPTION_KEEPALIVE = 11
/** Padding (RFC 7830). */
export const OPTION_PADDING = 12

/** Words of RR types that have one, by number. Types without a row are written TYPEnnn (RFC 3597 §5). */
const TYPE_WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [3, 'MD'],
  [4, 'MF'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [7, 'MB'],
  [8, 'MG'],
  [9, 'MR'],
  [10, 'NULL'],
  [11, 'WKS'],
  [12, 'PTR'],
  [13, 'HINFO'],
  [14, 'MINFO'],
  [15, 'MX'],
  [16, 'TXT'],
  [17, 'RP'],
  [18, 'AFSDB'],
  [19, 'X25'],
  [20, 'ISDN'],
  [21, 'RT'],
  [22, 'NSAP'],
  [23, 'NSAP-PTR'],
  [24, 'SIG'],
  [25, 'KEY'],
  [26, 'PX'],
  [27, 'GPOS'],
  [28, 'AAAA'],
  [29, 'LOC'],
  [30, 'NXT'],
  [31, 'EID'],
  [32, 'NIMLOC'],
  [33, 'SRV'],
  [34, 'ATMA'],
  [35, 'NAPTR'],
  [36, 'KX'],
  [37, 'CERT'],
  [38, 'A6'],
  [39, 'DNAME'],
  [40, 'SINK'],
  [41, 'OPT'],
  [42, 'APL'],
  [43, 'DS'],
  [44, 'SSHFP'],
  [45, 'IPSECKEY'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [49, 'DHCID'],
  [50, 'NSEC3'],
  [51, 'NSEC3PARAM'],
  [52, 'TLSA'],
  [53, 'SMIMEA'],
  [55, 'HIP'],
  [56, 'NINFO'],
  [57, 'RKEY'],
  [58, 'TALINK'],
  [59, 'CDS'],
  [60, 'CDNSKEY'],
  [61, 'OPENPGPKEY'],
  [62, 'CSYNC'],
  [63, 'ZONEMD'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [66, 'DSYNC'],
  [67, 'HHIT'],
  [68, 'BRID'],
  [99, 'SPF'],
  [100, 'UINFO'],
  [101, 'UID'],
  [102, 'GID'],
  [103, 'UNSPEC'],
  [104, 'NID'],
  [105, 'L32'],
  [106, 'L64'],
  [107, 'LP'],
  [108, 'EUI48'],
  [109, 'EUI64'],
  [128, 'NXNAME'],
  [249, 'TKEY'],
  [250, 'TSIG'],
  [251, 'IXFR'],
  [252, 'AXFR'],
  [253, 'MAILB'],
  [254, 'MAILA'],
  [255, 'ANY'],
  [256, 'URI'],
  [257, 'CAA'],
  [258, 'AVC'],
  [259, 'DOA'],
  [260, 'AMTRELAY'],
  [261, 'RESINFO'],
  [262, 'WALLET'],
  [263, 'CLA'],
  [264, 'IPN'],
  [32768, 'TA'],
  [32769, 'DLV'],
])
const TYPE_NUMBERS: ReadonlyMap<string, number> = new Map([...TYPE_WORDS].map(([number, word]) => [word, number]))

/** Word of a type number. */
export function typeWord(type: number): string {
  return TYPE_WORDS.get(type) ?? `TYPE${type}`
}

/** True for types that are only asked for or belong to the protocol: they cannot be stored in a zone (RFC 6895 §3.1). */
export function isMetaType(type: number): boolean {
  return type === 0 || type === TYPE_OPT || (type >= 128 && type <= 255)
}

/** Number of a type word in any case, or of TYPEnnn; undefined when it is neither. */
export function findType(word: string): number | undefined {
  const asWritten = TYPE_NUMBERS.get(word)
  if (asWritten !== undefined) return asWritten
  const upper = word.toUpperCase()
  const known = TYPE_NUMBERS.get(upper)
  if (known !== undefined) return known
  const match = /^TYPE([0-9]{1,5})$/.exec(upper)
  return match !== null && Number(match[1]) <= 0xffff ? Number(match[1]) : undefined
}

/** Number of a class word in any case, or of CLASSnnn; undefined when it is neither. */
export function findClass(word: string): number | undefined {
  const upper = word.toUpperCase()
  const known = CLASS_NUMBERS.get(upper)
  if (known !== undefined) return known
  const match = /^CLASS([0-9]{1,5})$/.exec(upper)
  return match !== null && Number(match[1]) <= 0xffff ? Number(match[1]) : undefined
}

const CLASS_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['IN', 1],
  ['CS', 2],
  ['CH', 3],
  ['HS', 4],
  ['NONE', 254],
  ['ANY', 255],
])
