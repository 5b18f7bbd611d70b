/**
 * Contract of an RR type: a list of fields says how its rdata is written in a master file and on the wire. Adding a type is one file
 * with its fields and one line in rdata-registry.ts. Pure.
 */

/** How one field looks. */
export type RdataField =
  /** A domain name; `compress` only for the types of RFC 1035 (RFC 3597 §4). */
  | { readonly kind: 'name'; readonly compress: boolean }
  /** Unsigned number of 1, 2 or 4 octets. */
  | { readonly kind: 'number'; readonly bytes: 1 | 2 | 4 }
  /** A time in seconds, TTL units allowed, 4 octets. */
  | { readonly kind: 'seconds' }
  | { readonly kind: 'ipv4' }
  | { readonly kind: 'ipv6' }
  /** One or more character-strings up to the end. */
  | { readonly kind: 'texts' }
  /** Letters and digits with a length octet (CAA tag, RFC 8659 §4.1). */
  | { readonly kind: 'tag' }
  /** A quoted text without a length octet, up to the end (CAA value). */
  | { readonly kind: 'rest-text' }

/** One RR type. */
export type RdataType = {
  readonly word: string
  readonly number: number
  readonly fields: readonly RdataField[]
}
