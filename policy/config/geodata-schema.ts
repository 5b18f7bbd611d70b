/** Schema of the document's section `geodata`: sources, corrections, refresh and guards. Pure. What zod cannot say is in fill-geodata.ts. */
import { z } from 'zod'

/** Formats that a source can have (geodata/source/source-kinds.ts), and the fewest and most files each takes. */
export const GEODATA_KINDS = {
  mmdb: [1, 2],
  xdb: [1, 2],
  ipdb: [1, 2],
  csv: [1, 16],
  'cidr-list': [1, 16],
  'asn-csv': [1, 2],
  'country-csv': [1, 2],
  'numbering-plan': [0, 0],
  snapshot: [1, 1],
} as const

/** Name of such a format. */
export type GeodataKind = keyof typeof GEODATA_KINDS

/** Fields of a location that a source can give. */
export const GEODATA_FIELDS = ['country', 'province', 'region', 'city', 'carrier', 'asn'] as const

/** Name of such a field. */
export type GeodataField = (typeof GEODATA_FIELDS)[number]

type Given<T> = T | undefined

/** A source as written. */
export type GeodataSourceShape = {
  kind: GeodataKind
  name?: Given<string>
  file?: Given<string>
  files?: Given<string[]>
  url?: Given<string>
  urls?: Given<string[]>
  auth?: Given<{ secretRef: string; user: string; header: string }>
  licenceFile?: Given<string>
  fields?: Given<GeodataField[]>
  version?: Given<string>
  date?: Given<string>
  licence?: Given<string>
  attribution?: Given<string>
  inferred?: Given<boolean>
  ignore?: Given<{ country: string; prefix: string }[]>
  place?: Given<string>
  carrier?: Given<string>
  columns?: Given<string[]>
  layout?: Given<string>
  language?: Given<string>
}

/** A correction as written. */
export type CorrectionShape = {
  prefix: string
  place?: Given<string>
  carrier?: Given<string>
  asn?: Given<number>
  reason: string
  author?: Given<string>
  date?: Given<string>
}

/** Shares by field; absent = not asked for. */
type FieldShares = { [Field in GeodataField]?: Given<number> }

/** `geodata` as written. */
export type GeodataShape = {
  sources: ('default' | GeodataSourceShape)[]
  fieldOrder: { [Field in GeodataField]?: Given<string[]> }
  corrections: CorrectionShape[]
  refresh: { cron: string; timeZone: string; watchSeconds: number; keepDays: number; timeoutSeconds: number; maxMegabytes: number }
  guards: {
    maxMovedPercent: number
    maxShrinkPercent: number
    minCoveragePercent: FieldShares
    knownAddresses: { address: string; line: string }[]
  }
}

const text = (limit: number): z.ZodString => z.string().max(limit)
const fileName = text(255).min(1)
const url = text(2048).min(1)
const percent = z.number().min(0).max(100)
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const perField = <Value extends z.ZodType>(value: (field: GeodataField) => Value): Record<GeodataField, Value> =>
  Object.fromEntries(GEODATA_FIELDS.map((field) => [field, value(field)])) as Record<GeodataField, Value>

const sourceSchema: z.ZodType<GeodataSourceShape> = z.strictObject({
  kind: z.enum(Object.keys(GEODATA_KINDS) as [GeodataKind, ...GeodataKind[]]).describe('Format of its files.'),
  name: text(63).min(1).optional().describe('Name, unique among the sources [its kind]; `default` is the shipped file.'),
  file: fileName.optional().describe("File in control's folder of geodata files (`--geodata-folder`); read again when it changes."),
  files: z.array(fileName).min(1).max(16).optional().describe('Several files of one source, e.g. IPv4 and IPv6.'),
  url: url.optional().describe('Where it is downloaded from, at the times of `refresh.cron`; `.gz` and `.tar.gz` are unpacked.'),
  urls: z.array(url).min(1).max(16).optional().describe('Several downloads of one source.'),
  auth: z
    .strictObject({
      secretRef: z
        .string()
        .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?$/)
        .describe('File in the folder of secrets that holds password, key or token; never in the document.'),
      user: text(255).default('').describe('Sends user and secret as HTTP basic authentication (MaxMind: the account id).'),
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]{0,64}$/)
        .default('')
        .describe('Sends the secret in this header [`Authorization: Bearer …`].'),
    })
    .optional()
    .describe('How a download is asked for where it needs a sign-in.'),
  licenceFile: text(255)
    .min(1)
    .optional()
    .describe('Name of the licence text that must come along: in the `.tar.gz`, or beside the file; without it the data is refused.'),
  fields: z.array(z.enum(GEODATA_FIELDS)).min(1).max(6).optional().describe('Takes only these fields from it [all that it has].'),
  version: text(255).optional().describe('Version, shown with results.'),
  date: day.optional().describe('Day that the data is of [what the file says].'),
  licence: text(1000).optional().describe('Licence, shown with results.'),
  attribution: text(1000).optional().describe('Line to show with results where the licence asks for one.'),
  inferred: z.boolean().optional().describe('Whether it is deduced, and shown as such.'),
  ignore: z
    .array(z.strictObject({ country: text(2).describe('Country that is stated.'), prefix: text(64).describe('Network it is stated for.') }))
    .max(1000)
    .optional()
    .describe('country-csv: statements known to be wrong.'),
  place: text(100).optional().describe('cidr-list: place of all its networks.'),
  carrier: text(100).optional().describe('cidr-list: carrier of all its networks.'),
  columns: z
    .array(text(100))
    .min(1)
    .max(100)
    .optional()
    .describe('csv: names of the columns of a file without a first line that names them.'),
  layout: text(255).optional().describe('xdb: order of its texts [recognised].'),
  language: text(20).optional().describe('ipdb: language of its names [CN, else its first].'),
})

const correctionSchema: z.ZodType<CorrectionShape> = z.strictObject({
  prefix: text(64).min(1).describe('Network, e.g. 192.0.2.0/24.'),
  place: text(100).optional().describe('Place where it really is.'),
  carrier: text(100).optional().describe('Carrier whose it really is.'),
  asn: z.int().min(1).max(4_294_967_295).optional().describe('Its origin AS.'),
  reason: text(1000).min(1).describe('How this is known; shown by lookup and explain.'),
  author: text(255).optional().describe('Who says so.'),
  date: day.optional().describe('Since when.'),
})

/** `geodata`. */
export const geodataSchema: z.ZodType<GeodataShape> = z
  .strictObject({
    sources: z
      .array(z.union([z.literal('default'), sourceSchema]))
      .min(1)
      .max(32)
      .default(['default'])
      .describe('Sources in order; the first that has a field gives it. `default` is the file that ships with nearcast.'),
    fieldOrder: z
      .strictObject(perField((field) => z.array(text(63)).max(32).optional().describe(`Names of the sources asked first for ${field}.`)))
      .prefault({})
      .describe('For a field the sources that are asked first; the others follow in their order.'),
    corrections: z
      .array(correctionSchema)
      .max(100_000)
      .default([])
      .describe('Networks of which you know better: they win over every source.'),
    refresh: z
      .strictObject({
        cron: text(100).default('17 4 * * *').describe('When URLs and files are looked at: minute hour day month weekday.'),
        timeZone: text(64).default('UTC').describe('Time zone of `cron`.'),
        watchSeconds: z.int().min(1).max(86_400).default(10).describe('Files are looked at for changes this often.'),
        keepDays: z.int().min(1).max(365).default(28).describe('The data before is kept this long for a rollback, then deleted.'),
        timeoutSeconds: z.int().min(1).max(3600).default(300).describe('A download takes at most this long.'),
        maxMegabytes: z.int().min(1).max(1024).default(512).describe('A download, and what it unpacks to, has at most this size.'),
      })
      .prefault({})
      .describe('When new data is fetched and read.'),
    guards: z
      .strictObject({
        maxMovedPercent: percent.default(10).describe('New data that moves a larger share waits for confirmation.'),
        maxShrinkPercent: percent.default(20).describe('A source, or a field, that lost a larger share of its networks is refused.'),
        minCoveragePercent: z
          .strictObject(
            perField((field) =>
              percent
                .optional()
                .describe(
                  field === 'country' || field === 'asn'
                    ? `Least share of the public IPv4 addresses with ${field}.`
                    : `Least IPv4 addresses with ${field}, in percent of those in China.`,
                ),
            ),
          )
          .prefault({})
          .describe('Data that knows less is refused.'),
        knownAddresses: z
          .array(
            z.strictObject({
              address: text(64).min(1).describe('Address of which you are certain.'),
              line: text(255).min(1).describe('Line that it must match, e.g. cn-33/telecom.'),
            }),
          )
          .max(1000)
          .default([])
          .describe('Data that places one of these elsewhere is refused.'),
      })
      .prefault({})
      .describe('What new data must keep to.'),
  })
  .prefault({})
  .describe('Where locations come from.')

/** The section when nothing is written. */
export const GEODATA_DEFAULTS: GeodataShape & { corrections: never[] } = { ...geodataSchema.parse({}), corrections: [] }
