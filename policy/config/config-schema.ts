/**
 * The configuration as the rest of the program sees it: the parsed document with every default filled in, every name absolute and
 * lower-cased, every line key, place, carrier, address and prefix in canonical form, and the contents of named files at hand.
 * Pure types. Made by parse-config.ts out of the shape in document-schema.ts; an empty string means "not given".
 *
 *   zones ◄─ names ─► policies ─► rules ─► pools ─► members ─► endpoints ─► probes
 *                                 rules ─► lines (custom)
 */
import type { PrefixSet } from '../../geodata/address/prefix-list.ts'
import type { MatrixBy } from '../../geodata/line/matrix-line.ts'
import type { LatencySettings } from '../../health/model/latency-matrix.ts'
import type { GeodataField, GeodataKind } from './geodata-schema.ts'
import type { WebhookFormat } from './webhook-schema.ts'

/** How a pool picks among its eligible members. */
export type ChooseKind = 'best' | 'weighted' | 'all' | 'nearest' | 'latency' | 'auto'
/** What a policy answers when nothing at all is eligible. */
export type AllDownKind = 'fallback' | 'last-good' | 'all' | 'servfail'
/** In which order an asker's lines are tried. */
export type Precedence = 'place-first' | 'carrier-first'
/** Whether the address types of a name must lead to the same endpoint. */
export type Families = 'same-endpoint' | 'each'
/** Text for people in both languages of the console; an empty one falls back to the other, then to the id. */
export type Label = { readonly en: string; readonly 'zh-CN': string }

/** Start of authority of an inline zone. */
export type Soa = {
  /** Primary name server, absolute and lower-case. */
  readonly mname: string
  /** Mailbox of the person in charge as a name, absolute and lower-case. */
  readonly rname: string
  /** Serial of the document, used with `serial: keep`; 0 = none. */
  readonly serial: number
  readonly refreshSeconds: number
  readonly retrySeconds: number
  readonly expireSeconds: number
  /** TTL of negative answers (RFC 2308 §4). */
  readonly minimumSeconds: number
}

/** One inline RRset. */
export type RecordSet = {
  /** Owner name, absolute and lower-case. */
  readonly name: string
  /** Type word in upper case, or TYPEnnn. */
  readonly type: string
  readonly ttlSeconds: number
  /** Rdata in presentation form, one text a record; names in it may be relative to the zone. */
  readonly data: readonly string[]
  /** Place in the document's list, for the paths of issues; not part of the canonical form. */
  readonly position?: number
}

/** Algorithms of `tsigKeys`. */
export type TsigAlgorithmWord = 'hmac-sha1' | 'hmac-sha224' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'

/** A key shared with another server; its secret is a file of the node, never here. */
export type TsigKeyReference = {
  /** Absolute and lower-case. */
  readonly name: string
  readonly algorithm: TsigAlgorithmWord
  /** Base name of the file in the folder of secrets. */
  readonly secretRef: string
}

/** One permission to transfer a zone; all that is given must hold. */
export type TransferRule = {
  /** Network in canonical form; empty = any. */
  readonly prefix: string
  /** Name of a key; empty = none needed. */
  readonly tsigKey: string
}

/** One secondary that is told of a new serial. */
export type NotifyTarget = {
  /** Address in canonical form; `nameservers` = the addresses of the zone's NS records that are known here. */
  readonly address: string
  readonly port: number
  /** Name of a key; empty = unsigned. */
  readonly tsigKey: string
}

/** A server that a secondary zone is transferred from. */
export type Primary = {
  /** Address in canonical form. */
  readonly address: string
  readonly port: number
  /** Name of a key; empty = unsigned. */
  readonly tsigKey: string
  /** Name that its certificate must have; empty = plain TCP. */
  readonly tlsName: string
  /** File of the folder of secrets with the CA; empty = the system's. */
  readonly tlsCaRef: string
}

/** One permission to change a zone by updates. */
export type UpdatePermission = {
  /** Name of a key, absolute and lower-case. */
  readonly tsigKey: string
  /** Absolute and lower-case; a label "*" stands for one or more labels. Empty = every name of the zone. */
  readonly names: readonly string[]
  /** Type words in upper case; ANY = all. Empty = all but SOA and NS. */
  readonly types: readonly string[]
}

/** What updates did to one RRset, as `export` writes it. */
export type DynamicSet = {
  /** Owner name, absolute and lower-case. */
  readonly name: string
  /** Type word in upper case, or TYPEnnn. */
  readonly type: string
  readonly ttlSeconds: number
  /** Rdata added, in presentation form. */
  readonly data: readonly string[]
  /** Rdata of the document that is hidden. */
  readonly removed: readonly string[]
}

/** One zone: inline (`soa`, `nameservers`, `records`), a master file (`file`), or a secondary zone (`primaries`). */
export type Zone = {
  /** Apex, absolute and lower-case. */
  readonly name: string
  /** TTL of the SOA, the NS records and of every inline record that has none. */
  readonly ttlSeconds: number
  /** Null exactly when `file` or `primaries` is given. */
  readonly soa: Soa | null
  /** Names of the NS records at the apex, absolute and lower-case. */
  readonly nameservers: readonly string[]
  /** Sorted by name, then type, in byte order; without SOA and apex NS. */
  readonly records: readonly RecordSet[]
  /** Name of the master file in `Config.files`; empty = inline. */
  readonly file: string
  /** `auto`: control gives the serial at publish; `keep`: the document's or file's own. */
  readonly serial: 'auto' | 'keep'
  /** `ignore`: the client subnet of queries is not used in this zone. */
  readonly ecs: 'use' | 'ignore'
  /** Who may transfer it; none = nobody. */
  readonly allowTransfer: readonly TransferRule[]
  readonly notify: readonly NotifyTarget[]
  /** In the order they are asked; none = it is no secondary zone. */
  readonly primaries: readonly Primary[]
  /** Who may change it by updates; none = nobody. */
  readonly allowUpdate: readonly UpdatePermission[]
  /** Dynamic layer written in the document; not part of the canonical form, used by `apply --replace-dynamic` alone. */
  readonly dynamicRecords: readonly DynamicSet[]
}

/** How to measure an endpoint. */
export type Probe = {
  readonly id: string
  readonly kind: 'http' | 'https' | 'tcp' | 'tls' | 'dns' | 'icmp' | 'grpc' | 'push' | 'script'
  /** 0 for kinds that have none. */
  readonly port: number
  /** Path of http and https; begins with "/". */
  readonly path: string
  /** Status codes that count as success. */
  readonly expectStatus: readonly number[]
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Interval after a first failure. */
  readonly retryIntervalMs: number
  /** Failures in a row that lose the place. */
  readonly fall: number
  /** Successes in a row that regain it. */
  readonly rise: number
  readonly windowSeconds: number
  /** A failing probe that is not required counts in the error rate only. */
  readonly required: boolean
  /** Host header; empty = the endpoint's address or target. */
  readonly host: string
  /** TLS server name; empty = `host`. */
  readonly sni: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
  readonly headers: Readonly<Record<string, string>>
  /** Text that the body must contain; empty = any body. */
  readonly match: string
  readonly redirects: boolean
  readonly certificate: 'verify' | 'ignore'
  /** http, https; absent = 1.1. */
  readonly httpVersion?: '2'
  /** RE2 pattern that the first 64 KiB of the body must match; absent = any body. */
  readonly matchPattern?: string
  /** Addresses that it measures; absent = both families. */
  readonly families?: 'ipv4' | 'ipv6'
  /** grpc: over TLS; absent = clear text. */
  readonly tls?: true
  /** grpc: name of the service; absent = the server as a whole. */
  readonly service?: string
  /** dns: name in question, canonical. */
  readonly queryName?: string
  /** dns: type in question; absent = A. */
  readonly queryType?: QueryTypeWord
  /** dns: response code of a success; absent = NOERROR. */
  readonly expectRcode?: RcodeWord
  /** dns: rdata in canonical presentation form that must all be in the answer, sorted; absent = none. */
  readonly expectAnswer?: readonly string[]
  /** push: a report counts for this long; absent = 60. */
  readonly expireSeconds?: number
  /** script: base name in the folder of `--script-folder`. */
  readonly script?: string
}

/** Types that a dns probe may ask for. */
export type QueryTypeWord = 'A' | 'AAAA' | 'NS' | 'CNAME' | 'SOA' | 'PTR' | 'MX' | 'TXT' | 'SRV'
/** Response codes that a dns probe may expect. */
export type RcodeWord = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED'

/** An address (or host name) that may be answered. */
export type Endpoint = {
  readonly id: string
  /** Dotted IPv4 address; empty = none. */
  readonly ipv4: string
  /** IPv6 address in the form of RFC 5952; empty = none. */
  readonly ipv6: string
  /** Host name answered as CNAME, absolute and lower-case; empty = none. Never together with an address. */
  readonly target: string
  /** Canonical place code, e.g. "cn-3302", "jp", "us-ca"; empty = unknown. */
  readonly place: string
  /** Canonical carrier id, e.g. "telecom"; empty = unknown. */
  readonly carrier: string
  /** [latitude, longitude] in degrees; null = the place's own. */
  readonly coordinates: readonly [number, number] | null
  /** Ids of its probes; the first gives the latency. Empty: always counts as up. */
  readonly probes: readonly string[]
  /** Name of the data centre it stands in; empty = none. */
  readonly site: string
  /** Free labels, for overrides and display. */
  readonly labels: Readonly<Record<string, string>>
  /** Absent: as much as comes. */
  readonly capacity?: {
    readonly requestsPerSecond: number
    /** From this share of it on clients are shed. */
    readonly softPercent: number
    /** From this share of it on the endpoint is not eligible. */
    readonly hardPercent: number
  }
  /** A disabled endpoint is neither probed nor answered. */
  readonly enabled: boolean
}

/** An endpoint in a pool. */
export type Member = {
  /** Endpoint id. */
  readonly endpoint: string
  /** Share of `weighted`, 0–65535; 0 = never picked by weight. */
  readonly weight: number
}

/** A named set of endpoints. */
export type Pool = {
  readonly id: string
  /** In declared order, which breaks ties. */
  readonly members: readonly Member[]
  /** Fewer eligible members than this and the pool is passed over. */
  readonly minimumUp: number
  readonly choose: ChooseKind
  /** True: fractional choices hash the scope block; false: drawn at random. */
  readonly sticky: boolean
  /** Most addresses in one answer of `choose: all`. */
  readonly maxAnswers: number
  /** Time in which a returning member's weight grows to its full value; 0 = at once. */
  readonly slowStartSeconds: number
  /** Band of `best`: a challenger must be better by more than this. */
  readonly tolerancePercent: number
  /** Time for which a challenger must stay better. */
  readonly dwellSeconds: number
}

/** A custom line: clients by network. */
export type Line = {
  /** Id; rules name it as "custom:<id>". */
  readonly id: string
  readonly label: Label
  /** Networks written in the document itself. */
  readonly inline: PrefixSet
  /** Its own networks: those written in the document and those of the file; ranges as the prefixes that make them up. */
  readonly own: PrefixSet
  /** Networks that it holds: its own and those of `union` without those of `except`, the fewest possible; `own` when it has neither. */
  readonly prefixes: PrefixSet
  /** Lines ("custom:<id>") and networks that it holds besides its own, sorted. */
  readonly union: readonly string[]
  /** Lines and networks that are taken away from it, sorted. */
  readonly except: readonly string[]
  /** Name of the prefix list in `Config.files`; empty = inline. */
  readonly file: string
}

/** One rule of a policy. */
export type Rule = {
  /** Canonical line key, e.g. "cn-3302/telecom", "*", "custom:park-a". */
  readonly line: string
  /** Pool ids in order. */
  readonly pools: readonly string[]
}

/** Which endpoints for which line. */
export type Policy = {
  readonly id: string
  readonly precedence: Precedence
  /** A rule with no eligible endpoint hands over to the next rule of the asker's chain. */
  readonly inherit: boolean
  readonly ttlSeconds: number
  readonly ttlFloorSeconds: number
  /** Beyond a gate an endpoint is not eligible in this policy. */
  readonly gates: { readonly maxErrorRatePercent: number; readonly maxLatencyMs: number }
  readonly score: {
    readonly profile: 'weighted' | 'expected-time'
    /** Weight of the latency term of `weighted`. */
    readonly latencyWeight: number
    /** Weight of the success term of `weighted`. */
    readonly successWeight: number
    /** Latencies below this count as this. */
    readonly floorMs: number
    /** Cost of one error in `expected-time`. */
    readonly retryPenaltyMs: number
  }
  /** In the order of the document; one of them is `*`. */
  readonly rules: readonly Rule[]
  /** Pool ids in order: the central cloud. */
  readonly fallback: readonly string[]
  readonly allDown: AllDownKind
  /** Decided: when not given, `same-endpoint` if all endpoints have the same families, else `each`. */
  readonly families: Families
  /** Blocks of fractional choices are at least this fine; decided: 24/56 when a pool has shares (is-shared.ts), else 0. */
  readonly hashPrefix: { readonly ipv4: number; readonly ipv6: number }
  /** Families whose `hashPrefix` is that default and not 0: it counts only for clients whose chain leads to such a pool. Absent = none. */
  readonly automaticHashPrefix?: readonly ('ipv4' | 'ipv6')[]
  readonly guards: {
    /** More addresses moved than this by a publish is a warning to acknowledge. */
    readonly maxMovedPercent: number
  }
  /** In place when more than this share of the vantages see it so; absent = 18. */
  readonly vantageSharePercent?: number
  /** How its pools with `choose: latency` read the matrix (health/model/latency-matrix.ts) [by region, the usual settings]. */
  readonly latency?: LatencyReading
}

/** How a policy reads the latency matrix. */
export type LatencyReading = { readonly by: MatrixBy } & LatencySettings

/** A name whose answer for some types comes from a policy. */
export type SteeredName = {
  /** Absolute and lower-case; may begin with "*.". */
  readonly name: string
  /** Type words in upper case, sorted, without doubles. */
  readonly types: readonly string[]
  /** Policy id. */
  readonly policy: string
  /** Rdata by type with placeholders {ipv4}, {ipv6}, {target}; for types other than A and AAAA. */
  readonly records: Readonly<Record<string, string>>
}

/** A source of geodata that is read from files or downloads. */
export type GeodataFileSource = {
  readonly kind: GeodataKind
  /** Unique among the sources. */
  readonly name: string
  /** Names below control's folder of geodata files; empty when it is downloaded. */
  readonly files: readonly string[]
  /** Where it is downloaded from; empty when it is read from files. */
  readonly urls: readonly string[]
  /** How to sign in for downloads; null = without. */
  readonly auth: { readonly secretRef: string; readonly user: string; readonly header: string } | null
  /** Licence text that must come along; empty = none. */
  readonly licenceFile: string
  readonly fields?: readonly GeodataField[]
  readonly version?: string
  readonly date?: string
  readonly licence?: string
  readonly attribution?: string
  readonly inferred?: boolean
  readonly ignore?: readonly { readonly country: string; readonly prefix: string }[]
  readonly place?: string
  readonly carrier?: string
  readonly columns?: readonly string[]
  readonly layout?: string
  readonly language?: string
}
/** Where locations come from. */
export type GeodataSource = { readonly kind: 'default' } | GeodataFileSource
/** A network of which the operator knows better. */
export type GeodataCorrection = {
  readonly prefix: string
  readonly place?: string
  readonly carrier?: string
  readonly asn?: number
  readonly reason: string
  readonly author?: string
  readonly date?: string
}
/** Section `geodata`: what locations are made of, when it is looked at again, and what new data must keep to. */
export type GeodataSettings = {
  readonly sources: readonly GeodataSource[]
  readonly fieldOrder: { readonly [Field in GeodataField]?: readonly string[] | undefined }
  readonly corrections: readonly GeodataCorrection[]
  readonly refresh: {
    readonly cron: string
    readonly timeZone: string
    readonly watchSeconds: number
    readonly keepDays: number
    readonly timeoutSeconds: number
    readonly maxMegabytes: number
  }
  readonly guards: {
    readonly maxMovedPercent: number
    readonly maxShrinkPercent: number
    readonly minCoveragePercent: { readonly [Field in GeodataField]?: number | undefined }
    readonly knownAddresses: readonly { readonly address: string; readonly line: string }[]
  }
}

/** Settings of the whole document; what is as by default is left out, so that digests of older documents stay. */
export type Options = {
  /** Networks of the resolvers whose client subnets are used; absent = all. */
  readonly ecsTrust?: readonly string[]
  /** Blocks of this size have one answer class each, so that scopes are not longer; absent = as long as answers differ. */
  readonly scopeGranularity?: ScopeGranularity
  /** Addresses outside that tell whether a node is cut off itself, sorted; absent = none. */
  readonly isolation?: { readonly reference: readonly { readonly address: string; readonly port: number }[] }
  /** Who is told of events, by id; absent = nobody. */
  readonly webhooks?: readonly Webhook[]
  /** How much history of health control keeps; absent = as by default. */
  readonly retention?: { readonly megabytes: number; readonly rawHours: number; readonly minuteDays: number; readonly hourDays: number }
}

/** Somebody who is told of events. */
export type Webhook = {
  readonly id: string
  /** Either this, or a file with it in the folder of secrets. */
  readonly url?: string
  readonly urlRef?: string
  /** File with the key of the signature; absent = not signed. */
  readonly secretRef?: string
  readonly format: WebhookFormat
  /** Absent = all. */
  readonly kinds?: readonly string[]
  readonly minimumSeverity: 'info' | 'warning' | 'critical'
  readonly enabled: boolean
}

/** Longest scopes that classes of answers make, by family. */
export type ScopeGranularity = { readonly ipv4: number; readonly ipv6: number }

/** The whole document. Lists with ids are in the order of the document (order of zones, pools … has no meaning). */
export type Config = {
  readonly apiVersion: 'nearcast/v1'
  readonly zones: readonly Zone[]
  readonly probes: readonly Probe[]
  readonly endpoints: readonly Endpoint[]
  readonly pools: readonly Pool[]
  readonly lines: readonly Line[]
  readonly policies: readonly Policy[]
  readonly names: readonly SteeredName[]
  readonly tsigKeys: readonly TsigKeyReference[]
  readonly geodata: GeodataSettings
  readonly options: Options
  /** Contents of the files that the document names ($INCLUDE of zone files too), by the name used there. */
  readonly files: Readonly<Record<string, string>>
}
