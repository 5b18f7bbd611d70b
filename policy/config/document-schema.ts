/**
 * The shape of the document as operators write it (DESIGN.md section 10): keys, types, ranges, defaults. Pure.
 * References between parts, names, addresses and lines are read in fill-config.ts, checked in check-config.ts. The JSON Schema is made from this file,
 * and docs/document.md must describe every key here (test/presubmit/document-keys.test.ts).
 */
import { z } from 'zod'
import type { AllDownKind, ChooseKind, Families, Precedence, Probe, QueryTypeWord, RcodeWord, TsigAlgorithmWord } from './config-schema.ts'
import { geodataSchema } from './geodata-schema.ts'
import { WEBHOOKS_MAX, type WebhookShape, webhookSchema } from './webhook-schema.ts'

type Given<T> = T | undefined

/** `zones[]` as written, defaults of plain keys filled in. */
export type ZoneShape = {
  name: string
  ttlSeconds: number
  soa?: Given<{
    mname: string
    rname: string
    serial: number
    refreshSeconds: number
    retrySeconds: number
    expireSeconds: number
    minimumSeconds: number
  }>
  nameservers?: Given<string[]>
  records?: Given<{ name: string; type: string; ttlSeconds?: Given<number>; data: string[] }[]>
  file?: Given<string>
  serial: 'auto' | 'keep'
  ecs: 'use' | 'ignore'
  allowTransfer: (string | { prefix?: Given<string>; tsigKey?: Given<string> })[]
  notify: (string | { address: string; port: number; tsigKey?: Given<string> })[]
  primaries?: Given<
    (
      | string
      | {
          address: string
          port?: Given<number>
          tsigKey?: Given<string>
          tls?: Given<{ name: string; caRef?: Given<string> }>
        }
    )[]
  >
  allowUpdate: { tsigKey: string; names: string[]; types: string[] }[]
  dynamicRecords?: Given<{ name: string; type: string; ttlSeconds?: Given<number>; data?: Given<string[]>; removed?: Given<string[]> }[]>
}
/** `tsigKeys[]` as written. */
export type TsigKeyShape = { name: string; algorithm: TsigAlgorithmWord; secretRef: string }
/** `probes[]` as written. */
export type ProbeShape = {
  id: string
  kind: Probe['kind']
  port?: Given<number>
  path?: Given<string>
  expectStatus?: Given<number[]>
  intervalMs: number
  timeoutMs: number
  retryIntervalMs?: Given<number>
  fall: number
  rise: number
  windowSeconds: number
  required: boolean
  host?: Given<string>
  sni?: Given<string>
  method?: Given<'GET' | 'HEAD' | 'POST' | 'OPTIONS'>
  headers?: Given<Record<string, string>>
  match?: Given<string>
  redirects?: Given<boolean>
  certificate?: Given<'verify' | 'ignore'>
  httpVersion?: Given<'1.1' | '2'>
  matchPattern?: Given<string>
  families?: Given<'both' | 'ipv4' | 'ipv6'>
  tls?: Given<boolean>
  service?: Given<string>
  queryName?: Given<string>
  queryType?: Given<QueryTypeWord>
  expectRcode?: Given<RcodeWord>
  expectAnswer?: Given<string[]>
  expireSeconds?: Given<number>
  script?: Given<string>
}
/** `endpoints[]` as written. */
export type EndpointShape = {
  id: string
  ipv4?: Given<string>
  ipv6?: Given<string>
  target?: Given<string>
  place?: Given<string>
  carrier?: Given<string>
  coordinates?: Given<[number, number]>
  probes: string[]
  site: string
  labels: Record<string, string>
  capacity?: Given<{ requestsPerSecond: number; softPercent: number; hardPercent: number }>
  enabled: boolean
}
/** `pools[]` as written. */
export type PoolShape = {
  id: string
  members: { endpoint: string; weight: number }[]
  minimumUp: number
  choose: ChooseKind
  sticky: boolean
  maxAnswers: number
  slowStartSeconds: number
  tolerancePercent: number
  dwellSeconds: number
}
/** `lines[]` as written. */
export type LineShape = {
  id: string
  label?: Given<string | { en?: Given<string>; 'zh-CN'?: Given<string> }>
  prefixes?: Given<string[]>
  file?: Given<string>
  union?: Given<string[]>
  except?: Given<string[]>
}
/** `policies[]` as written. */
export type PolicyShape = {
  id: string
  precedence: Precedence
  inherit: boolean
  ttlSeconds?: Given<number>
  ttlFloorSeconds?: Given<number>
  gates: { maxErrorRatePercent: number; maxLatencyMs: number }
  score: {
    profile: 'weighted' | 'expected-time'
    latencyWeight: number
    successWeight: number
    floorMs: number
    retryPenaltyMs: number
  }
  rules?: Given<{ line: string; pools: string[] }[]>
  fallback?: Given<string[]>
  allDown: AllDownKind
  families?: Given<Families>
  hashPrefix?: Given<{ ipv4?: Given<number>; ipv6?: Given<number> }>
  guards: { maxMovedPercent: number }
  vantageSharePercent: number
  latency: { by: 'region' | 'city'; explorePercent: number; minimumSamples: number; maxAgeSeconds: number; bandPercent: number }
}
/** `names[]` as written. */
export type NameShape = { name: string; types: string[]; policy: string; records: Record<string, string> }

const id = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
  .describe('Id, unique in its list: letters, digits, ".", "_", "-"; at most 63.')
const ttl = z.int().min(0).max(2_147_483_647)
const text = (limit: number): z.ZodString => z.string().max(limit)
const fileName = text(255)
  .min(1)
  .describe('Name of a file below the folder of the document; its content travels with the document as an attachment.')

const secretRef = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?$/)

/** One element of `zones`. */
export const zoneSchema: z.ZodType<ZoneShape> = z.strictObject({
  name: text(1024).min(1).describe('Apex of the zone, e.g. "yourcompany.com.".'),
  ttlSeconds: ttl.default(300).describe('TTL of SOA, NS and of inline records that have none, in seconds.'),
  soa: z
    .strictObject({
      mname: text(1024).min(1).describe('Primary name server.'),
      rname: text(1024).min(1).describe('Mailbox of the person in charge, as a name: hostmaster.example.com.'),
      serial: z.int().min(0).max(4_294_967_295).default(0).describe('Serial, used with `serial: keep`.'),
      refreshSeconds: ttl.default(3600).describe('Secondaries ask for changes after this many seconds.'),
      retrySeconds: ttl.default(600).describe('… again after a failure.'),
      expireSeconds: ttl.default(604_800).describe('… and stop answering after this many seconds without an answer.'),
      minimumSeconds: ttl.default(300).describe('TTL of negative answers in seconds (RFC 2308).'),
    })
    .optional()
    .describe('Start of authority of an inline zone.'),
  nameservers: z.array(text(1024).min(1)).min(1).max(64).optional().describe('Names of the NS records at the apex.'),
  records: z
    .array(
      z.strictObject({
        name: text(1024).min(1).describe('Owner name; relative to the zone unless it ends in a dot; "@" is the apex.'),
        type: text(16).min(1).describe('Record type, e.g. A, TXT, TYPE65280.'),
        ttlSeconds: ttl.optional().describe("TTL in seconds; the zone's when not given."),
        data: z.array(text(65_535)).min(1).max(1000).describe('Rdata in presentation form, one text a record.'),
      }),
    )
    .max(200_000)
    .optional()
    .describe('Static RRsets of an inline zone, one entry a name and type.'),
  file: fileName.optional().describe('Master file (RFC 1035 §5) instead of soa, nameservers and records.'),
  serial: z.enum(['auto', 'keep']).default('auto').describe('auto: control gives the serial at publish; keep: the one written.'),
  ecs: z.enum(['use', 'ignore']).default('use').describe('ignore: the client subnet of queries is not used in this zone.'),
  allowTransfer: z
    .array(
      z.union([
        text(64),
        z.strictObject({
          prefix: text(64).optional().describe('Network of the asker; any when not given.'),
          tsigKey: text(1024).optional().describe('Key that the request must be signed with; none when not given.'),
        }),
      ]),
    )
    .max(1000)
    .default([])
    .describe('Who may transfer the zone: networks, or mappings in which both must hold.'),
  notify: z
    .array(
      z.union([
        text(64),
        z.strictObject({
          address: text(64).min(1).describe('Address of a secondary.'),
          port: z.int().min(1).max(65_535).default(53).describe('Its port.'),
          tsigKey: text(1024).optional().describe('Key that the message is signed with; unsigned when not given.'),
        }),
      ]),
    )
    .max(100)
    .default([])
    .describe('Who is told of a new serial: addresses, mappings, or the word "nameservers" for the addresses of the NS records.'),
  primaries: z
    .array(
      z.union([
        text(64),
        z.strictObject({
          address: text(64).min(1).describe('Address of a primary.'),
          port: z.int().min(1).max(65_535).optional().describe('Its port [53; with tls 853].'),
          tsigKey: text(1024).optional().describe('Key that requests are signed with and answers must be; unsigned when not given.'),
          tls: z
            .strictObject({
              name: text(255).min(1).describe("Name that the primary's certificate must have."),
              caRef: secretRef.optional().describe("File in the folder of secrets with the CA in PEM [the system's CAs]."),
            })
            .optional()
            .describe('Transfers over TLS 1.3 (RFC 9103); TCP when not given.'),
        }),
      ]),
    )
    .min(1)
    .max(16)
    .optional()
    .describe('Makes it a secondary zone: transferred from the first of these that answers, instead of soa, nameservers, records or file.'),
  allowUpdate: z
    .array(
      z.strictObject({
        tsigKey: text(1024).min(1).describe('Key that the update must be signed with.'),
        names: z
          .array(text(1024).min(1))
          .max(1000)
          .default([])
          .describe('Names it may change, relative to the zone; a label "*" stands for one or more labels. None: every name.'),
        types: z.array(text(16).min(1)).max(100).default([]).describe('Types it may change; ANY is all. None: all but SOA and NS.'),
      }),
    )
    .max(1000)
    .default([])
    .describe('Who may change the zone by dynamic updates (RFC 2136).'),
  dynamicRecords: z
    .array(
      z.strictObject({
        name: text(1024).min(1).describe('Owner name, as in records.'),
        type: text(16).min(1).describe('Record type.'),
        ttlSeconds: ttl.optional().describe("TTL in seconds of what was added; the zone's when not given."),
        data: z.array(text(65_535)).max(1000).optional().describe('Rdata that updates added.'),
        removed: z.array(text(65_535)).max(1000).optional().describe('Rdata of the document that updates removed.'),
      }),
    )
    .max(1_000_000)
    .optional()
    .describe('What updates did to the zone, written by `export`; takes effect only with `apply --replace-dynamic`.'),
})

/** One element of `tsigKeys`. */
export const tsigKeySchema: z.ZodType<TsigKeyShape> = z.strictObject({
  name: text(1024).min(1).describe('Name of the key, the same on both sides.'),
  algorithm: z
    .enum(['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'])
    .default('hmac-sha256')
    .describe('Algorithm of the key.'),
  secretRef: secretRef.describe(
    'File in the folder of secrets (`--secrets DIR`) that holds the secret in base64; the secret itself is never in the document.',
  ),
})

/** One element of `probes`. */
export const probeSchema: z.ZodType<ProbeShape> = z.strictObject({
  id,
  kind: z.enum(['http', 'https', 'tcp', 'tls', 'dns', 'icmp', 'grpc', 'push', 'script']).describe('What a probe does.'),
  port: z.int().min(1).max(65_535).optional().describe('Port [http 80, https and tls 443, dns 53]; tcp and grpc must name one.'),
  path: text(2048)
    .regex(/^\/[\x21-\x7e]*$/)
    .optional()
    .describe('Path and query of http and https [/].'),
  expectStatus: z
    .array(z.int().min(200).max(599))
    .min(1)
    .max(500)
    .optional()
    .describe('Status codes that count as success, without interim ones (1xx) [[200]].'),
  intervalMs: z.int().min(200).max(3_600_000).default(5000).describe('Time from one probe to the next, in ms.'),
  timeoutMs: z.int().min(10).max(60_000).default(1000).describe('A probe that takes longer has failed, in ms.'),
  retryIntervalMs: z.int().min(100).max(3_600_000).optional().describe('Interval after a first failure, in ms [half of intervalMs].'),
  fall: z.int().min(1).max(100).default(3).describe('Failures in a row that lose the place.'),
  rise: z.int().min(1).max(100).default(2).describe('Successes in a row that regain it.'),
  windowSeconds: z.int().min(10).max(3600).default(300).describe('Shortest window of latency and error rate, in seconds.'),
  required: z.boolean().default(true).describe('false: a failure counts in the error rate only.'),
  host: text(255)
    .regex(/^[\x21-\x7e]*$/)
    .optional()
    .describe("Host header [the endpoint's address]."),
  sni: text(255)
    .regex(/^[\x21-\x7e]*$/)
    .optional()
    .describe('TLS server name [host].'),
  method: z.enum(['GET', 'HEAD', 'POST', 'OPTIONS']).optional().describe('HTTP method [GET].'),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/), text(4096).regex(/^[\t\x20-\x7e]*$/))
    .optional()
    .describe('More request headers.'),
  match: text(1024).optional().describe('Text that the first megabyte of the body must contain [any body].'),
  matchPattern: text(200).optional().describe('RE2 pattern that the first 64 KiB of the body must match [any body].'),
  httpVersion: z
    .enum(['1.1', '2'])
    .optional()
    .describe('HTTP version of http and https: 2 by ALPN over TLS, by prior knowledge in clear text [1.1].'),
  redirects: z.boolean().optional().describe('Follow redirects to the same address, port and scheme [false].'),
  certificate: z
    .enum(['verify', 'ignore'])
    .optional()
    .describe('Whether the certificate is verified (https, tls, grpc over TLS) [verify].'),
  families: z.enum(['both', 'ipv4', 'ipv6']).optional().describe('Addresses of an endpoint that it measures [both].'),
  tls: z.boolean().optional().describe('grpc: over TLS [false].'),
  service: text(255)
    .regex(/^[\x21-\x7e]*$/)
    .optional()
    .describe('grpc: name of the service that is asked for [the server as a whole].'),
  queryName: text(1024).min(1).optional().describe('dns: name in question; must be given.'),
  queryType: z.enum(['A', 'AAAA', 'NS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'SRV']).optional().describe('dns: type in question [A].'),
  expectRcode: z
    .enum(['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'])
    .optional()
    .describe('dns: response code of a success [NOERROR].'),
  expectAnswer: z.array(text(1024).min(1)).max(16).optional().describe('dns: rdata that must all be in the answer [none].'),
  expireSeconds: z.int().min(1).max(86_400).optional().describe('push: a report counts for this long, in seconds [60].'),
  script: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/)
    .optional()
    .describe('script: base name of an executable in the folder of --script-folder; must be given.'),
})

/** One element of `endpoints`. */
export const endpointSchema: z.ZodType<EndpointShape> = z.strictObject({
  id,
  ipv4: text(64).optional().describe('IPv4 address.'),
  ipv6: text(64).optional().describe('IPv6 address.'),
  target: text(1024).min(1).optional().describe('Host name instead of addresses; answered as CNAME.'),
  place: text(100).optional().describe('Where it stands: place key such as cn-3302, jp, us-ca.'),
  carrier: text(100).optional().describe('Whose network it is on, e.g. telecom.'),
  coordinates: z
    .tuple([z.number().min(-90).max(90), z.number().min(-180).max(180)])
    .optional()
    .describe("[latitude, longitude] in degrees [the place's own]."),
  probes: z.array(z.string()).max(16).default([]).describe('Ids of its probes; none: always counts as up.'),
  site: text(63).default('').describe('Data centre it stands in.'),
  labels: z.record(z.string().max(63), text(255)).default({}).describe('Free labels.'),
  capacity: z
    .strictObject({
      requestsPerSecond: z.number().gt(0).max(1e9).describe('Requests a second that it can take.'),
      softPercent: z.number().gt(0).max(1000).default(80).describe('From this share of it on clients are shed, in percent.'),
      hardPercent: z.number().gt(0).max(1000).default(100).describe('From this share of it on the endpoint is not eligible, in percent.'),
    })
    .optional()
    .describe('What it can take [as much as comes].'),
  enabled: z.boolean().default(true).describe('false: neither probed nor answered.'),
})

/** One element of `pools`. */
export const poolSchema: z.ZodType<PoolShape> = z.strictObject({
  id,
  members: z
    .array(
      z.strictObject({
        endpoint: z.string().describe('Endpoint id.'),
        weight: z.int().min(0).max(65_535).default(1).describe('Share of `choose: weighted`.'),
      }),
    )
    .max(4096)
    .describe('Endpoints in declared order.'),
  minimumUp: z.int().min(1).max(4096).default(1).describe('With fewer eligible members the pool is passed over.'),
  choose: z.enum(['best', 'weighted', 'all', 'nearest', 'latency', 'auto']).default('best').describe('How one member is picked.'),
  sticky: z.boolean().default(true).describe('true: fractional choices hash the scope block; false: drawn at random.'),
  maxAnswers: z.int().min(1).max(64).default(8).describe('Most addresses in an answer of `choose: all`.'),
  slowStartSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .describe('Time in which a returning member gets its clients back, in ten steps; 0 = at once.'),
  tolerancePercent: z.number().min(0).max(100).default(10).describe('Band of `choose: best`.'),
  dwellSeconds: z.int().min(0).max(86_400).default(60).describe('A challenger must be better for longer than this.'),
})

/** One element of `lines`. */
export const lineSchema: z.ZodType<LineShape> = z.strictObject({
  id,
  label: z
    .union([
      text(200),
      z.strictObject({ en: text(200).optional().describe('English.'), 'zh-CN': text(200).optional().describe('Simplified Chinese.') }),
    ])
    .optional()
    .describe('Text for people, one or by language (en, zh-CN).'),
  prefixes: z
    .array(text(100))
    .max(500_000)
    .optional()
    .describe('Networks of the line: prefixes, addresses, ranges first-last; IPv4 and IPv6.'),
  file: fileName.optional().describe('Prefix list or CSV: one network a row, # begins a comment.'),
  union: z.array(text(100)).max(10_000).optional().describe('Lines (custom:<id>) and networks that it holds besides its own.'),
  except: z.array(text(100)).max(10_000).optional().describe('Lines (custom:<id>) and networks that it does not hold.'),
})

/** One element of `policies`. */
export const policySchema: z.ZodType<PolicyShape> = z.strictObject({
  id,
  precedence: z.enum(['place-first', 'carrier-first']).default('place-first').describe("Order in which an asker's lines are tried."),
  inherit: z.boolean().default(true).describe('A rule with no eligible endpoint hands over to the next rule of the chain.'),
  ttlSeconds: z.int().min(1).max(604_800).optional().describe('TTL of its answers in seconds; must be given.'),
  ttlFloorSeconds: z.int().min(1).max(65_535).optional().describe('Lowest TTL that health may bring about, in seconds [5].'),
  gates: z
    .strictObject({
      maxErrorRatePercent: z.number().gt(0).max(100).default(5).describe('Error rate from which an endpoint is not eligible.'),
      maxLatencyMs: z.number().gt(0).max(60_000).default(500).describe('Latency from which an endpoint is not eligible.'),
    })
    .prefault({})
    .describe('Beyond a gate an endpoint is not eligible.'),
  score: z
    .strictObject({
      profile: z.enum(['weighted', 'expected-time']).default('weighted').describe('Formula of the score.'),
      latencyWeight: z.number().min(0).max(1).default(0.6).describe('Weight of the latency term.'),
      successWeight: z.number().min(0).max(1).default(0.4).describe('Weight of the success term.'),
      floorMs: z.number().min(0.1).max(10_000).default(10).describe('Latencies below this count as this.'),
      retryPenaltyMs: z.number().min(0).max(600_000).default(1000).describe('Cost of one error in `expected-time`.'),
    })
    .prefault({})
    .describe('How endpoints are compared.'),
  rules: z
    .array(
      z.strictObject({
        line: text(200).min(1).describe('Line key.'),
        pools: z.array(z.string()).min(1).max(64).describe('Pools in order.'),
      }),
    )
    .max(20_000)
    .optional()
    .describe('Line → pools [one rule: `*` → pools edges, central].'),
  fallback: z.array(z.string()).max(64).optional().describe('Pools in order for when no rule has an eligible endpoint; must be given.'),
  allDown: z.enum(['fallback', 'last-good', 'all', 'servfail']).default('fallback').describe('Answer when nothing is eligible at all.'),
  families: z
    .enum(['same-endpoint', 'each'])
    .optional()
    .describe('Whether A and AAAA lead to the same endpoint [same-endpoint when all endpoints agree in families, else each].'),
  hashPrefix: z
    .strictObject({
      ipv4: z.int().min(0).max(32).optional().describe('Prefix length for IPv4.'),
      ipv6: z.int().min(0).max(64).optional().describe('Prefix length for IPv6.'),
    })
    .optional()
    .describe(
      'Finest blocks of fractional choices [24 and 56 for clients who can come to a pool that is weighted, slow starting or of members with a capacity, else 0].',
    ),
  guards: z
    .strictObject({
      maxMovedPercent: z
        .number()
        .min(0)
        .max(100)
        .default(30)
        .describe('A publish that moves more addresses than this must be acknowledged.'),
    })
    .prefault({})
    .describe('Limits of a publish.'),
  latency: z
    .strictObject({
      by: z.enum(['region', 'city']).default('region').describe('Lines of the matrix: province or region, or city; with carrier.'),
      explorePercent: z
        .number()
        .min(0)
        .max(20)
        .default(2)
        .describe('Share of scope blocks led to little known endpoints; 0 explores none.'),
      minimumSamples: z.int().min(1).max(1000).default(10).describe('With fewer samples, distance has a part in the estimate.'),
      maxAgeSeconds: z.int().min(60).max(21_600).default(3600).describe('Older measurements count for nothing, in seconds.'),
      bandPercent: z.number().min(1).max(100).default(15).describe('Latencies this near are equal; then distance decides.'),
    })
    .prefault({})
    .describe('How pools with `choose: latency` read what was measured.'),
  vantageSharePercent: z
    .number()
    .min(0)
    .lt(100)
    .default(18)
    .describe('An endpoint is in place when more than this share of the vantages see it so, in percent.'),
})

/** One element of `names`. */
export const nameSchema: z.ZodType<NameShape> = z.strictObject({
  name: text(1024).min(1).describe('Steered name; may begin with "*.".'),
  types: z.array(text(16)).min(1).max(16).default(['A', 'AAAA']).describe('Types that the policy answers.'),
  policy: z.string().describe('Policy id.'),
  records: z
    .record(z.string().max(16), text(4096))
    .default({})
    .describe('Rdata by type with {ipv4}, {ipv6}, {target}, for types other than A and AAAA.'),
})

/** Shape of `options`. */
export type OptionsShape = {
  ecsTrust: 'all' | string[]
  scopeGranularity?: Given<{ ipv4: number; ipv6: number }>
  isolation?: Given<{ reference: string[] }>
  webhooks?: Given<WebhookShape[]>
  retention?: Given<{ megabytes: number; rawHours: number; minuteDays: number; hourDays: number }>
}

/** `options`. */
export const optionsSchema: z.ZodType<OptionsShape> = z
  .strictObject({
    ecsTrust: z
      .union([z.literal('all'), z.array(text(64)).max(10_000)])
      .default('all')
      .describe('Resolvers whose client subnets are used: networks, or all; [] = nobody.'),
    scopeGranularity: z
      .strictObject({
        ipv4: z.int().min(8).max(32).default(24).describe('Longest scope that lines make for IPv4.'),
        ipv6: z.int().min(16).max(128).default(56).describe('Longest scope that lines make for IPv6.'),
      })
      .optional()
      .describe('Blocks of this size are answered as one [as fine as lines are].'),
    isolation: z
      .strictObject({
        reference: z
          .array(text(64).min(1))
          .max(16)
          .default([])
          .describe(
            'Addresses outside, ADDRESS or ADDRESS:PORT [port 53], that are connected to; none: a lone node never counts as isolated.',
          ),
      })
      .optional()
      .describe('How a node finds out that it is cut off itself.'),
    webhooks: z.array(webhookSchema).max(WEBHOOKS_MAX).optional().describe('Who is told of events [nobody].'),
    retention: z
      .strictObject({
        megabytes: z
          .int()
          .min(8)
          .max(100_000)
          .default(256)
          .describe('Size that the history of health never exceeds; the oldest is coarsened first.'),
        rawHours: z.int().min(1).max(168).default(6).describe('How long points of 10 s are kept, in hours.'),
        minuteDays: z.int().min(1).max(366).default(30).describe('How long points of a minute are kept, in days.'),
        hourDays: z.int().min(1).max(3660).default(730).describe('How long points of an hour are kept, in days.'),
      })
      .optional()
      .describe('How much history of health control keeps.'),
  })
  .describe('Settings of the whole document.')

/** `files`. */
export const filesSchema: z.ZodType<Record<string, string>> = z
  .record(z.string().min(1).max(255), z.string())
  .describe('Contents of named files, inline; what `export --single` writes.')

/** The whole document; used for the JSON Schema, while reading goes section by section so that one mistake hides no other. */
export const documentSchema: z.ZodType = z.strictObject({
  apiVersion: z.literal('nearcast/v1').describe('Version of this format.'),
  zones: z.array(zoneSchema).max(100_000).optional().describe('Zones we are authoritative for.'),
  probes: z.array(probeSchema).max(1000).optional().describe('How endpoints are measured.'),
  endpoints: z.array(endpointSchema).max(20_000).optional().describe('Addresses that may be answered.'),
  pools: z.array(poolSchema).max(10_000).optional().describe('Named sets of endpoints.'),
  lines: z.array(lineSchema).max(10_000).optional().describe('Custom lines: clients by network.'),
  policies: z.array(policySchema).max(10_000).optional().describe('Which endpoints for which line.'),
  names: z.array(nameSchema).max(100_000).optional().describe('Names that policies answer.'),
  tsigKeys: z.array(tsigKeySchema).max(10_000).optional().describe('Keys of transfers and NOTIFY; their secrets are files of the node.'),
  geodata: geodataSchema.optional(),
  options: optionsSchema.optional(),
  files: filesSchema.optional(),
})

/** The lists of the document with the schema of their elements and how many there may be. */
export const SECTIONS: Readonly<Record<string, { readonly schema: z.ZodType; readonly limit: number }>> = {
  zones: { schema: zoneSchema, limit: 100_000 },
  probes: { schema: probeSchema, limit: 1000 },
  endpoints: { schema: endpointSchema, limit: 20_000 },
  pools: { schema: poolSchema, limit: 10_000 },
  lines: { schema: lineSchema, limit: 10_000 },
  policies: { schema: policySchema, limit: 10_000 },
  names: { schema: nameSchema, limit: 100_000 },
  tsigKeys: { schema: tsigKeySchema, limit: 10_000 },
}

/**
 * Keys of the design that do not take effect yet: refused, because a key that is silently passed over is a trap. Delete a row when the key works
 * (and add it to the schema). Section "" is the top of the document.
 */
export const UNSUPPORTED_KEYS: readonly (readonly [section: string, key: string])[] = [['zones', 'dnssec']]

/** Values of the design that do not take effect yet, in the same way. */
export const UNSUPPORTED_VALUES: readonly (readonly [section: string, key: string, value: string])[] = []
