/**
 * Contract of an RR type: a list of fields says how its rdata is written in a master file and on the wire. Adding a type is one row
 * with its fields in one of the types-*.ts (or a file of its own) and, for a new file, one line in rdata-registry.ts. A new kind of
 * field is one codec and one line in field-registry.ts. Pure.
 */

/** How one field looks. */
export type RdataField =
  /**
   * A domain name. `compress` only for the types of RFC 1035 (RFC 3597 §4); `lower` = lower-cased in the canonical form of DNSSEC
   * (RFC 4034 §6.2 as amended by RFC 6840 §5.1).
   */
  | { readonly kind: 'name'; readonly compress: boolean; readonly lower?: boolean }
  /** Domain names up to the end, perhaps none. */
  | { readonly kind: 'names' }
  /** Unsigned number. */
  | { readonly kind: 'number'; readonly bytes: 1 | 2 | 4 }
  /** Unsigned number of 8 octets. */
  | { readonly kind: 'number64' }
  /** A number that also has words; `print` = the word is its canonical form. */
  | { readonly kind: 'mnemonic'; readonly bytes: 1 | 2; readonly words: Readonly<Record<string, number>>; readonly print?: boolean }
  /** A time in seconds, TTL units allowed, 4 octets. */
  | { readonly kind: 'seconds' }
  /** A point in time, YYYYMMDDHHmmSS or seconds since 1970, 4 octets (RFC 4034 §3.2). */
  | { readonly kind: 'time' }
  | { readonly kind: 'ipv4' }
  | { readonly kind: 'ipv6' }
  /** 64 bits as four groups of hexadecimal digits (RFC 6742). */
  | { readonly kind: 'hextets' }
  /** 6 or 8 octets with hyphens (RFC 7043). */
  | { readonly kind: 'eui'; readonly bytes: 6 | 8 }
  /** One character-string. */
  | { readonly kind: 'text' }
  /** One character-string at the end that may be missing. */
  | { readonly kind: 'optional-text' }
  /** One or more character-strings up to the end. */
  | { readonly kind: 'texts' }
  /** Letters and digits with a length octet (CAA tag, RFC 8659 §4.1). */
  | { readonly kind: 'tag' }
  /** A quoted text without a length octet, up to the end (CAA value). */
  | { readonly kind: 'rest-text' }
  /** Hexadecimal digits up to the end. */
  | { readonly kind: 'hex'; readonly mayBeEmpty?: boolean }
  /** Base64 up to the end; `dash` = "-" stands for nothing (DOA). */
  | { readonly kind: 'base64'; readonly mayBeEmpty?: boolean; readonly dash?: boolean }
  /** Hexadecimal digits with a length octet, "-" for none (NSEC3 salt, RFC 5155 §3.3). */
  | { readonly kind: 'salt' }
  /** Base32 with extended hex alphabet and a length octet (NSEC3 next owner, RFC 5155 §3.3). */
  | { readonly kind: 'hash' }
  /** The number of an RR type, written as its word. */
  | { readonly kind: 'type' }
  /** RR types up to the end (RFC 4034 §4.1.2). */
  | { readonly kind: 'type-bitmap'; readonly mayBeEmpty?: boolean }
  /** Location of RFC 1876. */
  | { readonly kind: 'loc' }
  /** Address prefixes of RFC 3123. */
  | { readonly kind: 'apl' }
  /** Address, protocol and services of RFC 1035 §3.4.2. */
  | { readonly kind: 'wks' }
  /** Octets as 0x and hexadecimal digits, dots anywhere (RFC 1706). */
  | { readonly kind: 'nsap' }
  /** Gateway and key of RFC 4025, relay of RFC 8777. */
  | { readonly kind: 'ipseckey' }
  | { readonly kind: 'amtrelay' }
  /** Host identity, key, servers of RFC 8005. */
  | { readonly kind: 'hip' }
  /** Service parameters of RFC 9460 §2.1. */
  | { readonly kind: 'svc-params' }

/** One RR type. */
export type RdataType = {
  readonly word: string
  readonly number: number
  readonly fields: readonly RdataField[]
  /** What is wrong with octets whose fields are right each alone; undefined = nothing. */
  readonly check?: (rdata: Uint8Array) => string | undefined
}
