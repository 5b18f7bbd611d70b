/**
 * Extended DNS errors (RFC 8914) as whole options, ready to be copied behind an OPT record. Pure. Texts are short and the same for
 * every asker: an error must not be worth a reflector's while, nor tell what the rcode hides.
 */

/** EDNS option of an extended error (RFC 8914 §2). */
export const OPTION_EXTENDED_ERROR = 15

/** An option made for one reply; its text is cut to 200 octets. */
export function makeExtendedError(infoCode: number, text: string): Uint8Array {
  return option(infoCode, text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200))
}

function option(infoCode: number, text: string): Uint8Array {
  const octets = new TextEncoder().encode(text)
  return Uint8Array.of(0, OPTION_EXTENDED_ERROR, 0, 2 + octets.length, infoCode >> 8, infoCode & 255, ...octets)
}

/** SERVFAIL by a policy without an endpoint to answer with: 22 is a resolver's, so that it is "other" with its reason (§4.1). */
export const ERROR_NO_ENDPOINT: Uint8Array = option(0, 'no endpoint is up')
/** SERVFAIL before the first zones are there: "not ready" (§4.15). */
export const ERROR_NOT_READY: Uint8Array = option(14, '')
/** REFUSED for a transfer that this asker may not have: "prohibited" (§4.19). */
export const ERROR_PROHIBITED: Uint8Array = option(18, '')
/** REFUSED for what stands in none of our zones: "not authoritative" (§4.21). */
export const ERROR_NOT_AUTHORITATIVE: Uint8Array = option(20, '')
/** REFUSED or NOTIMP for a class, type or operation that we do not have: "not supported" (§4.22). */
export const ERROR_NOT_SUPPORTED: Uint8Array = option(21, '')
/** SERVFAIL for a secondary zone that has expired ("invalid data" names that very case, §4.25), or was never there. */
export const ERROR_ZONE_EXPIRED: Uint8Array = option(24, 'the zone has expired, or was not transferred yet')
/** FORMERR for a type that cannot be asked for: "invalid query type" (RFC 9824 §9). */
export const ERROR_QUERY_TYPE: Uint8Array = option(30, '')
