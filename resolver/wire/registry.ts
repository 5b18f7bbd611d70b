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
export const TYPE_AAAA = 28
export const TYPE_SRV = 33
export const TYPE_DNAME = 39
export const TYPE_OPT = 41
export const TYPE_DS = 43
export const TYPE_RRSIG = 46
export const TYPE_TSIG = 250
export const TYPE_IXFR = 251
export const TYPE_AXFR = 252
export const TYPE_ANY = 255
export const TYPE_CAA = 257

/** Classes. */
export const CLASS_IN = 1
export const CLASS_CH = 3
export const CLASS_ANY = 255

/** Response codes (RFC 1035 §4.1.1, RFC 6891 §9). */
export const RCODE_NOERROR = 0
export const RCODE_FORMERR = 1
export const RCODE_SERVFAIL = 2
export const RCODE_NXDOMAIN = 3
export const RCODE_NOTIMP = 4
export const RCODE_REFUSED = 5
export const RCODE_BADVERS = 16

/** Words of the rcodes, by number. */
export const RCODE_WORDS: readonly string[] = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

/** EDNS option: client subnet (RFC 7871). */
export const OPTION_CLIENT_SUBNET = 8

/** Words of RR types that have one, by number. Types without a row are written TYPEnnn (RFC 3597 §5). */
const TYPE_WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [12, 'PTR'],
  [13, 'HINFO'],
  [15, 'MX'],
  [16, 'TXT'],
  [17, 'RP'],
  [18, 'AFSDB'],
  [28, 'AAAA'],
  [29, 'LOC'],
  [33, 'SRV'],
  [35, 'NAPTR'],
  [39, 'DNAME'],
  [42, 'APL'],
  [43, 'DS'],
  [44, 'SSHFP'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [50, 'NSEC3'],
  [51, 'NSEC3PARAM'],
  [52, 'TLSA'],
  [53, 'SMIMEA'],
  [59, 'CDS'],
  [60, 'CDNSKEY'],
  [61, 'OPENPGPKEY'],
  [62, 'CSYNC'],
  [63, 'ZONEMD'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [99, 'SPF'],
  [108, 'EUI48'],
  [109, 'EUI64'],
  [251, 'IXFR'],
  [252, 'AXFR'],
  [255, 'ANY'],
  [256, 'URI'],
  [257, 'CAA'],
])
const TYPE_NUMBERS: ReadonlyMap<string, number> = new Map([...TYPE_WORDS].map(([number, word]) => [word, number]))

/** Word of a type number. */
export function typeWord(type: number): string {
  return TYPE_WORDS.get(type) ?? `TYPE${type}`
}

/** Number of a type word in any case, or of TYPEnnn; undefined when it is neither. */
export function findType(word: string): number | undefined {
  const upper = word.toUpperCase()
  const known = TYPE_NUMBERS.get(upper)
  if (known !== undefined) return known
  const match = /^TYPE([0-9]{1,5})$/.exec(upper)
  return match !== null && Number(match[1]) <= 0xffff ? Number(match[1]) : undefined
}
