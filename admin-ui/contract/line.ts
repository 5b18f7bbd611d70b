/** Lines: search in Chinese, English, initials and codes; the catalogue the picker loads; the chain of an address. Pure. */
import { z } from 'zod'

/** A line for people. */
export type LineLabel = {
  /** Canonical key, e.g. "cn-3302/telecom", "*", "custom:park-a". */
  readonly line: string
  readonly labelEn: string
  readonly labelZh: string
  /** Share of IPv4 addresses on it, percent: of mainland China's for a line there, else of the world's; null = not known. */
  readonly sharePercent: number | null
}
/** One hit of a search. */
export type LineHit = LineLabel & {
  /** Why it was found. */
  readonly match: 'exact' | 'name' | 'initials' | 'code' | 'substring' | 'address' | 'custom'
  /** Province of a city, to tell equal names apart; empty = none. */
  readonly withinEn: string
  readonly withinZh: string
}
/** Answer of `GET /lines/search?q=`. */
export type LineSearch = { readonly query: string; readonly hits: readonly LineHit[] }

/** A place in the catalogue. */
export type CataloguePlace = {
  /** "cn-33", "cn-3302", "jp". */
  readonly code: string
  readonly en: string
  readonly zh: string
  readonly kind: 'class' | 'continent' | 'country' | 'big-region' | 'region' | 'province' | 'city'
  /** Code of the place it lies in; empty = none. */
  readonly within: string
}
/** A carrier in the catalogue. */
export type CatalogueCarrier = { readonly id: string; readonly en: string; readonly zh: string }
/** Answer of `GET /lines`: places (regions of other countries only by search) and carriers; pairs are built by the client. */
export type LineCatalogue = {
  readonly places: readonly CataloguePlace[]
  readonly carriers: readonly CatalogueCarrier[]
  readonly custom: readonly LineLabel[]
}
/** Kinds of lines that a listing can be narrowed to; `carrier` = any line with a carrier. */
export const LINE_KINDS: readonly ['class', 'continent', 'country', 'big-region', 'province', 'region', 'city', 'carrier', 'custom'] = [
  'class',
  'continent',
  'country',
  'big-region',
  'province',
  'region',
  'city',
  'carrier',
  'custom',
]
export type LineKind = (typeof LINE_KINDS)[number]

/** Where a line stands in one order. */
export type LineOrder = {
  readonly precedence: 'place-first' | 'carrier-first'
  /** "city/carrier", "region", … */
  readonly step: string
  /** Number of the step, from 1. */
  readonly position: number
  /** Number of steps. */
  readonly of: number
  /** Lines that a client on it can match, most specific first; empty for custom and AS lines. */
  readonly chain: readonly LineLabel[]
}
/** Answer of `GET /lines/:key`: one line in full. */
export type LineDescription = LineLabel & {
  readonly kind: LineKind | 'asn'
  /** Place around its place; null = none. */
  readonly within: string | null
  /** Names it can be written by: Chinese, official, English, pinyin, initials. */
  readonly names: readonly string[]
  readonly formerNames: readonly string[]
  /** What vendors call it; null = they have no such line, or have not published its name. */
  readonly dnspod: string | null
  readonly dnspodId: string | null
  readonly alibaba: string | null
  readonly huawei: string | null
  /** IPv4 addresses on it in the loaded geodata; null = none, or a custom line. */
  readonly ipv4Addresses: number | null
  /** Latitude and longitude of its place in degrees; null = not known. */
  readonly coordinates: readonly [number, number] | null
  /** Both published orders. */
  readonly order: readonly LineOrder[]
}

/** Answer of `GET /lines/chain?address=`: keys a client there can match, most specific first. */
export type LineChain = {
  readonly address: string
  readonly location: {
    readonly country: string | null
    readonly province: string | null
    readonly city: string | null
    readonly carrier: string | null
    readonly labelEn: string
    readonly labelZh: string
    readonly range: readonly [string, string]
  } | null
  readonly chain: readonly LineLabel[]
}

const lineLabelFields = {
  line: z.string(),
  labelEn: z.string(),
  labelZh: z.string(),
  sharePercent: z.number().nullable(),
}
/** Schema of LineLabel. */
export const lineLabelSchema: z.ZodType<LineLabel> = z.object(lineLabelFields).meta({ id: 'LineLabel' })
/** Schema of LineSearch. */
export const lineSearchSchema: z.ZodType<LineSearch> = z
  .object({
    query: z.string(),
    hits: z.array(
      z.object({
        ...lineLabelFields,
        match: z.enum(['exact', 'name', 'initials', 'code', 'substring', 'address', 'custom']),
        withinEn: z.string(),
        withinZh: z.string(),
      }),
    ),
  })
  .meta({ id: 'LineSearch' })
/** Schema of LineCatalogue. */
export const lineCatalogueSchema: z.ZodType<LineCatalogue> = z
  .object({
    places: z.array(
      z.object({
        code: z.string(),
        en: z.string(),
        zh: z.string(),
        kind: z.enum(['class', 'continent', 'country', 'big-region', 'region', 'province', 'city']),
        within: z.string(),
      }),
    ),
    carriers: z.array(z.object({ id: z.string(), en: z.string(), zh: z.string() })),
    custom: z.array(lineLabelSchema),
  })
  .meta({ id: 'LineCatalogue' })
/** Schema of LineDescription. */
export const lineDescriptionSchema: z.ZodType<LineDescription> = z
  .object({
    ...lineLabelFields,
    kind: z.enum([...LINE_KINDS, 'asn']),
    within: z.string().nullable(),
    names: z.array(z.string()),
    formerNames: z.array(z.string()),
    dnspod: z.string().nullable(),
    dnspodId: z.string().nullable(),
    alibaba: z.string().nullable(),
    huawei: z.string().nullable(),
    ipv4Addresses: z.number().nullable(),
    coordinates: z.tuple([z.number(), z.number()]).nullable(),
    order: z.array(
      z.object({
        precedence: z.enum(['place-first', 'carrier-first']),
        step: z.string(),
        position: z.number(),
        of: z.number(),
        chain: z.array(lineLabelSchema),
      }),
    ),
  })
  .meta({ id: 'LineDescription' })
/** Schema of LineChain. */
export const lineChainSchema: z.ZodType<LineChain> = z
  .object({
    address: z.string(),
    location: z
      .object({
        country: z.string().nullable(),
        province: z.string().nullable(),
        city: z.string().nullable(),
        carrier: z.string().nullable(),
        labelEn: z.string(),
        labelZh: z.string(),
        range: z.tuple([z.string(), z.string()]),
      })
      .nullable(),
    chain: z.array(lineLabelSchema),
  })
  .meta({ id: 'LineChain' })
