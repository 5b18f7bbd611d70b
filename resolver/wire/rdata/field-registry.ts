/** All kinds of fields. Pure. */

import type { FieldCodec, FieldOf } from './field-codec.ts'
import { SVC_PARAMS_FIELD } from './field-svc-params.ts'
import { BASE64_FIELD, HASH_FIELD, HEX_FIELD, NSAP_FIELD, SALT_FIELD } from './fields-encoded.ts'
import { AMTRELAY_FIELD, HIP_FIELD, IPSECKEY_FIELD } from './fields-gateway.ts'
import { APL_FIELD, LOC_FIELD, WKS_FIELD } from './fields-location.ts'
import {
  EUI_FIELD,
  HEXTETS_FIELD,
  IPV4_FIELD,
  IPV6_FIELD,
  MNEMONIC_FIELD,
  NAME_FIELD,
  NAMES_FIELD,
  NUMBER_FIELD,
  NUMBER64_FIELD,
  OPTIONAL_TEXT_FIELD,
  REST_TEXT_FIELD,
  SECONDS_FIELD,
  TAG_FIELD,
  TEXT_FIELD,
  TEXTS_FIELD,
  TIME_FIELD,
  TYPE_BITMAP_FIELD,
  TYPE_FIELD,
} from './fields-plain.ts'
import type { RdataField } from './rdata-type.ts'

const CODECS: { readonly [K in RdataField['kind']]: FieldCodec<FieldOf<K>> } = {
  name: NAME_FIELD,
  names: NAMES_FIELD,
  number: NUMBER_FIELD,
  number64: NUMBER64_FIELD,
  mnemonic: MNEMONIC_FIELD,
  seconds: SECONDS_FIELD,
  time: TIME_FIELD,
  ipv4: IPV4_FIELD,
  ipv6: IPV6_FIELD,
  hextets: HEXTETS_FIELD,
  eui: EUI_FIELD,
  text: TEXT_FIELD,
  'optional-text': OPTIONAL_TEXT_FIELD,
  texts: TEXTS_FIELD,
  tag: TAG_FIELD,
  'rest-text': REST_TEXT_FIELD,
  hex: HEX_FIELD,
  base64: BASE64_FIELD,
  salt: SALT_FIELD,
  hash: HASH_FIELD,
  type: TYPE_FIELD,
  'type-bitmap': TYPE_BITMAP_FIELD,
  loc: LOC_FIELD,
  apl: APL_FIELD,
  wks: WKS_FIELD,
  nsap: NSAP_FIELD,
  ipseckey: IPSECKEY_FIELD,
  amtrelay: AMTRELAY_FIELD,
  hip: HIP_FIELD,
  'svc-params': SVC_PARAMS_FIELD,
}

/** The codec of a field. */
export function codecOf(field: RdataField): FieldCodec<RdataField> {
  return CODECS[field.kind] as FieldCodec<RdataField>
}
