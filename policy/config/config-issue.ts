/**
 * What can be wrong with a document: the catalogue of codes with severity, wording and remedy, in one place for CLI, API and console. Pure.
 * Wording is made from code + params only, so the console can word the same issue in another language. docs/errors.md has an entry a code.
 * Messages: lower-case fragment, the offending value in quotes, then (apart) the remedy.
 */

/** A code: AREA_WHAT, the key of the catalogue below (or of another folder's own). */
export type IssueCode = string

/** error blocks publish; a warning needs an acknowledgement that is stored; a note is shown. */
export type Severity = 'error' | 'warning' | 'note'

/** Keys and list positions from the top of the document. */
export type ConfigPath = readonly (string | number)[]

/** A place in a file; line and column count from 1. */
export type Where = { readonly file: string; readonly line: number; readonly column: number }

/** Line number of a path, for "the first is at line …". */
export type LineOf = (path: ConfigPath) => number

/** Values that the wording is made of. */
export type IssueParams = Readonly<Record<string, string | number | readonly string[]>>

/** One problem of a document. */
export type ConfigIssue = {
  readonly code: IssueCode
  readonly severity: Severity
  readonly path: ConfigPath
  readonly where: Where
  readonly params: IssueParams
  /** English wording, made from code and params. */
  readonly message: string
  /** What to do about it, made from code and params. */
  readonly suggestion: string
}

/** An issue before its place is known. */
export type IssueDraft = {
  readonly code: IssueCode
  readonly path: ConfigPath
  readonly params: IssueParams
  /** At the key instead of its value. */
  readonly atKey?: boolean
  /** A place outside the document (an attachment). */
  readonly where?: Where
  /** Severity and wording of a code that is not in this catalogue (zone files, compile). */
  readonly wording?: CatalogueEntry
}

/** Makes a text out of params. */
export type Wording = (params: Record<string, string>) => string
/** Severity and wording of one code. */
export type CatalogueEntry = { readonly severity: Severity; readonly message: Wording; readonly remedy: Wording }

const entry = (severity: Severity, message: Wording, remedy: Wording): CatalogueEntry => ({ severity, message, remedy })
const didYouMean = (p: Record<string, string>, otherwise: string): string => (p.nearest ? `did you mean "${p.nearest}"?` : otherwise)
const boundWords = (p: Record<string, string>): string =>
  `${{ least: 'of at least', most: 'of at most', above: 'above', below: 'below' }[p.bound ?? ''] ?? ''} ${p.limit}`
const remedyOr = (p: Record<string, string>, otherwise: string): string => p.remedy || otherwise

const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  // The text
  CONFIG_SYNTAX: entry(
    'error',
    (p) => `the document cannot be read: ${p.detail}`,
    () => 'correct the YAML or JSON at this place',
  ),
  CONFIG_TOO_LARGE: entry(
    'error',
    (p) => `"${p.what}" has ${p.sizeBytes} bytes, the limit is ${p.limitBytes}`,
    () => 'split it, or move long lists into files',
  ),
  CONFIG_ALIASES: entry(
    'error',
    () => 'the aliases of the document expand to too much',
    () => 'write the repeated parts out, or name fewer of them by alias',
  ),
  CONFIG_DUPLICATE_KEY: entry(
    'error',
    (p) => `key "${p.key}" stands here twice`,
    () => 'delete one of them',
  ),
  CONFIG_VERSION: entry(
    'error',
    (p) => `apiVersion "${p.value}" is not known`,
    () => 'write apiVersion: nearcast/v1',
  ),
  // Keys and plain values
  CONFIG_UNKNOWN_KEY: entry(
    'error',
    (p) => `unknown key "${p.key}"`,
    (p) => didYouMean(p, p.known ? `known keys are ${p.known}` : 'remove it'),
  ),
  CONFIG_NOT_SUPPORTED: entry(
    'error',
    (p) => `${p.what} is not supported by this version`,
    () => 'remove it',
  ),
  CONFIG_KEY_MISSING: entry(
    'error',
    (p) => `${p.owner} has no "${p.key}"`,
    (p) => `add ${p.key}: …`,
  ),
  CONFIG_KEY_UNUSED: entry(
    'error',
    (p) => `"${p.key}" has no effect with ${p.reason}`,
    () => 'remove it',
  ),
  CONFIG_TYPE: entry(
    'error',
    (p) => `"${p.key}" must be ${p.expected}, not ${p.found}`,
    (p) => p.remedy || `write ${p.expected}`,
  ),
  CONFIG_VALUE: entry(
    'error',
    (p) => `"${p.value}" is no value of "${p.key}"`,
    (p) => (p.nearest ? `did you mean "${p.nearest}"? Possible: ${p.possible}` : `possible: ${p.possible}`),
  ),
  CONFIG_FORM: entry(
    'error',
    (p) => `"${p.key}" has a wrong form: "${p.value}"`,
    (p) => p.remedy || 'see docs/document.md for the form of this key',
  ),
  CONFIG_RANGE: entry(
    'error',
    (p) => `"${p.key}" is out of range: ${p.value}`,
    (p) => `write a number ${boundWords(p)}`,
  ),
  CONFIG_COUNT: entry(
    'error',
    (p) => `${p.owner} has ${p.count === '0' ? 'no' : p.count} ${p.key}`,
    (p) => (p.bound === 'least' ? `give it at least ${p.limit}` : `leave at most ${p.limit}`),
  ),
  CONFIG_LENGTH: entry(
    'error',
    (p) => (p.count === '0' ? `"${p.key}" is empty` : `"${p.key}" has ${p.count} character${p.count === '1' ? '' : 's'}`),
    (p) => `write ${boundWords(p).slice('of '.length)} character${p.limit === '1' ? '' : 's'}`,
  ),
  // Ids and references
  CONFIG_ID_INVALID: entry(
    'error',
    (p) => `"${p.value}" is no id`,
    () => 'use letters, digits, ".", "_" and "-", beginning and ending with a letter or digit, at most 63 characters',
  ),
  CONFIG_ID_DUPLICATE: entry(
    'error',
    (p) => `${p.kind} "${p.id}" is declared twice; the first is at line ${p.firstLine}`,
    () => 'give one of them another id, or merge them',
  ),
  CONFIG_REFERENCE_UNKNOWN: entry(
    'error',
    (p) => `there is no ${p.kind} "${p.id}"`,
    (p) => didYouMean(p, `declare it under ${p.section}`),
  ),
  CONFIG_REFERENCE_TWICE: entry(
    'error',
    (p) => `${p.kind} "${p.id}" stands twice in ${p.owner}`,
    () => 'delete one of them',
  ),
  // Files
  CONFIG_FILE_MISSING: entry(
    'error',
    (p) => `file "${p.file}" did not come with the document`,
    () => 'send it as an attachment, or put its content under files:',
  ),
  CONFIG_FILE_NAME: entry(
    'error',
    (p) => `file "${p.file}" does not lie below the folder of the document`,
    () => 'name a file below that folder, with "/" between folders and without ".."',
  ),
  CONFIG_FILE_CONFLICT: entry(
    'error',
    (p) => `file "${p.file}" came as an attachment and stands under files: with another content`,
    () => 'delete one of the two',
  ),
  CONFIG_FILE_UNUSED: entry(
    'note',
    (p) => `file "${p.file}" is named nowhere in the document`,
    () => 'remove it, or name it with file:',
  ),
  // Geodata
  CONFIG_GEODATA_SOURCE: entry(
    'error',
    (p) => `a geodata source of kind "${p.kind}" ${p.problem}`,
    (p) => p.remedy ?? '',
  ),
  CONFIG_GEODATA_FILE: entry(
    'error',
    (p) => `"${p.file}" does not lie in the folder of geodata files`,
    () => 'put it into that folder (--geodata-folder) and write its name, with "/" between folders and without ".."',
  ),
  CONFIG_GEODATA_CORRECTION: entry(
    'error',
    (p) => `the correction of "${p.prefix}" ${p.problem}`,
    (p) => p.remedy ?? '',
  ),
  // Names and zones
  CONFIG_NAME_INVALID: entry(
    'error',
    (p) => `"${p.name}" is no domain name: ${p.reason}`,
    () => 'write labels of at most 63 octets with dots between them, e.g. edge-api.yourcompany.com.',
  ),
  CONFIG_ZONE_FORM: entry(
    'error',
    (p) => `zone "${p.zone}" has both file and "${p.key}"`,
    () => 'keep either the master file or the inline form',
  ),
  CONFIG_ZONE_DUPLICATE: entry(
    'error',
    (p) => `zone "${p.zone}" is declared twice; the first is at line ${p.firstLine}`,
    () => 'merge them',
  ),
  CONFIG_SERIAL_MISSING: entry(
    'error',
    (p) => `zone "${p.zone}" keeps its serial but soa has none`,
    () => 'add soa.serial, or write serial: auto',
  ),
  CONFIG_TRANSFER_OPEN: entry(
    'error',
    () => 'the entry names neither a network nor a key, so everybody might transfer the zone',
    () => 'give prefix or tsigKey; 0.0.0.0/0 and ::/0 mean everybody',
  ),
  CONFIG_TRANSFER_NAMESERVER: entry(
    'warning',
    (p) => `"${p.name}" may transfer "${p.zone}", is one of its name servers, and would answer its steered names for everybody alike`,
    () => 'take it out of nameservers, or run nearcast there too; an answer without a scope fills the caches of all clients',
  ),
  CONFIG_TRANSFER_OVERLAY: entry(
    'warning',
    (p) =>
      `"${p.zone}" has the serial of its primary: who transfers it from here sees a change of its steered names only with the next one`,
    () => 'let them transfer it from the primary, or make it a zone of its own with serial: auto',
  ),
  CONFIG_NOTIFY_TARGET: entry(
    'error',
    (p) => `"${p.value}" cannot be notified: ${p.reason}`,
    () => 'write the address of a secondary, or the word nameservers',
  ),
  CONFIG_ZONE_SECONDARY: entry(
    'error',
    (p) => `zone "${p.zone}" has primaries and ${p.key}`,
    () => 'keep one: a secondary zone is what its primary says',
  ),
  CONFIG_PRIMARY: entry(
    'error',
    (p) => `"${p.value}" cannot be a primary: ${p.reason}`,
    () => 'write the address of the primary',
  ),
  CONFIG_UPDATE_SERIAL: entry(
    'error',
    (p) => `zone "${p.zone}" takes updates but keeps its own serial`,
    () => 'leave serial: auto: every update needs a new one',
  ),
  CONFIG_UPDATE_NAME: entry(
    'error',
    (p) => `"${p.name}" of allowUpdate is not in zone "${p.zone}"`,
    () => 'write it relative to the zone',
  ),
  CONFIG_RECORD_OUTSIDE: entry(
    'error',
    (p) => `record "${p.name}" is not in zone "${p.zone}"`,
    () => 'leave out the final dot to write it relative to the zone, or move it to its own zone',
  ),
  CONFIG_RECORD_DUPLICATE: entry(
    'error',
    (p) => `the records ${p.name} ${p.type} stand here twice; the first are at line ${p.firstLine}`,
    () => 'put all rdata of a name and type into one data list',
  ),
  CONFIG_RECORD_TYPE: entry(
    'error',
    (p) => `records of type "${p.type}" cannot be written here: ${p.reason}`,
    (p) => didYouMean(p, p.remedy || 'use another type'),
  ),
  CONFIG_RECORD_COUNT: entry(
    'error',
    (p) => `${p.name} has ${p.count} ${p.type} records`,
    (p) => `a name can have one ${p.type} record`,
  ),
  CONFIG_CNAME_CONFLICT: entry(
    'error',
    (p) => `"${p.name}" has a CNAME beside ${p.other}`,
    () => 'delete the CNAME or the other records: a name with a CNAME can have nothing else (RFC 1034 §3.6.2)',
  ),
  CONFIG_CNAME_LOOP: entry(
    'error',
    (p) => `the CNAME of "${p.name}" leads back to itself over ${p.chain}`,
    () => 'let one of them lead to a name with addresses',
  ),
  CONFIG_BELOW_CUT: entry(
    'warning',
    (p) => `"${p.name}" ${p.type} lies below the delegation or DNAME "${p.cut}" and is never served`,
    () => 'delete it, or delete the delegation',
  ),
  CONFIG_GLUE_MISSING: entry(
    'warning',
    (p) => `name server "${p.name}" lies in its zone but has no address there`,
    () => 'add an A or AAAA record for it, or clients cannot reach it',
  ),
  CONFIG_ADDRESS_INVALID: entry(
    'error',
    (p) => `"${p.value}" is no ${p.family} address`,
    (p) =>
      p.family === 'IPv6' ? 'write it as in 2001:db8::1, without zone or port' : 'write four decimal numbers as in 192.0.2.1, without port',
  ),
  CONFIG_TTL_MISSING: entry(
    'error',
    (p) => `${p.owner} has no TTL`,
    () => 'add ttlSeconds: 30, or what your failover time allows',
  ),
  CONFIG_TTL_FLOOR: entry(
    'error',
    (p) => `ttlFloorSeconds ${p.floorSeconds} is above ttlSeconds ${p.ttlSeconds}`,
    () => 'lower the floor, or raise the TTL',
  ),
  // Steered names
  CONFIG_STEERED_OUTSIDE: entry(
    'error',
    (p) => `"${p.name}" lies in no zone of the document`,
    (p) => didYouMean(p, 'add its zone under zones:'),
  ),
  CONFIG_STEERED_BELOW_CUT: entry(
    'error',
    (p) => `"${p.name}" lies at or below the delegation or DNAME "${p.cut}", so it would never be served`,
    () => 'choose a name outside, or delete the delegation',
  ),
  CONFIG_STEERED_TWICE: entry(
    'error',
    (p) => `"${p.name}" ${p.type} is steered twice; the first time at line ${p.firstLine}`,
    () => 'keep one of the two',
  ),
  CONFIG_STEERED_TYPE: entry(
    'error',
    (p) => `type "${p.type}" of "${p.name}" cannot be steered: ${p.reason}`,
    (p) => p.remedy || 'remove it from types',
  ),
  CONFIG_STEERED_RECORD_UNUSED: entry(
    'error',
    (p) => `records.${p.type} of "${p.name}" has no effect: ${p.reason}`,
    () => 'remove it, or add its type to types',
  ),
  CONFIG_STEERED_STATIC: entry(
    'note',
    (p) => `the static records "${p.name}" ${p.type} are never served, because the name is steered; transfers show them`,
    () => 'delete them if transfers shall show the addresses of the first fallback pool',
  ),
  CONFIG_STEERED_NO_ADDRESS: entry(
    'note',
    (p) => `"${p.name}" ${p.type} is always empty: no endpoint of policy "${p.policy}" has such an address`,
    (p) => `remove ${p.type} from types, or give endpoints such addresses`,
  ),
  CONFIG_TARGET_CONFLICT: entry(
    'error',
    (p) => `policy "${p.policy}" has endpoint "${p.endpoint}" with a target, but "${p.name}" ${p.reason}`,
    () => 'a target is answered as CNAME: steer a name of its own that is not the apex, or give the endpoint addresses',
  ),
  // Probes and endpoints
  CONFIG_PROBE_TIMEOUT: entry(
    'error',
    (p) => `${p.key} ${p.intervalMs} is not longer than timeoutMs ${p.timeoutMs}`,
    () => 'raise the interval or lower the timeout: a probe must end before the next begins',
  ),
  CONFIG_PROBE_EXPIRE: entry(
    'error',
    (p) => `intervalMs ${p.intervalMs} is longer than expireSeconds ${p.expireSeconds}`,
    () => 'lower the interval: it says how often the age of the newest report is looked at',
  ),
  CONFIG_PROBE_ADDRESS: entry(
    'error',
    (p) => `endpoint "${p.id}" has no ${p.family} address, the only one that its probe "${p.probe}" measures`,
    (p) => `give the endpoint an ${p.family} address, or change families of the probe`,
  ),
  CONFIG_ADDRESS_UNPROBED: entry(
    'note',
    (p) => `no probe of endpoint "${p.id}" measures its ${p.family} address: it always counts as up`,
    () => 'leave families of one of its probes out, or add a probe for it',
  ),
  CONFIG_PATTERN_INVALID: entry(
    'error',
    (p) => `the pattern "${p.pattern}" does not compile: ${p.reason}`,
    (p) => String(p.remedy),
  ),
  CONFIG_PATTERN_LONG: entry(
    'error',
    (p) => `the pattern "${p.pattern}" takes ${p.steps} steps, more than ${p.most}: looking for it would hold up other probes`,
    () => 'shorten counts such as {100}, or look for a shorter text',
  ),
  CONFIG_PROBE_NEVER: entry(
    'error',
    (p) => `probe "${p.probe}" can never pass: ${p.reason}`,
    (p) => String(p.remedy),
  ),
  CONFIG_PROBE_HEADER: entry(
    'error',
    (p) => `the header "${p.name}" cannot be given: ${p.reason}`,
    (p) => String(p.remedy),
  ),
  CONFIG_ENDPOINT_EMPTY: entry(
    'error',
    (p) => `endpoint "${p.id}" has no address`,
    () => 'add ipv4, ipv6, or target',
  ),
  CONFIG_ENDPOINT_NO_HOST: entry(
    'error',
    (p) => `endpoint "${p.id}" has ${p.kind}, ${p.value}, which is no host`,
    () => 'write the address that clients are to be sent to',
  ),
  CONFIG_ENDPOINT_UNREACHABLE: entry(
    'warning',
    (p) => `endpoint "${p.id}" has ${p.kind}, ${p.value}: clients elsewhere cannot reach it, and nodes do not probe it`,
    () => 'write an address that clients can reach',
  ),
  CONFIG_PROBE_OWN_PORT: entry(
    'warning',
    (p) => `probe "${p.probe}" of endpoint "${p.id}" asks ${p.target}, where nearcast itself has ${p.own} by default; nodes refuse that`,
    () => 'probe the port of the service, or give nearcast another port with --api-listen or --metrics-listen',
  ),
  CONFIG_ENDPOINT_MIX: entry(
    'error',
    (p) => `endpoint "${p.id}" has a target and addresses`,
    () => 'make two endpoints of it',
  ),
  CONFIG_PLACE_UNKNOWN: entry(
    'error',
    (p) => `"${p.value}" is no place`,
    (p) => remedyOr(p, 'write a place key such as cn-3302 (city), cn-33 (province), jp (country), us-ca'),
  ),
  CONFIG_CARRIER_UNKNOWN: entry(
    'error',
    (p) => `"${p.value}" is no carrier`,
    (p) => remedyOr(p, 'write a carrier such as telecom, unicom, mobile, edu, cbn'),
  ),
  // Pools
  CONFIG_SCORE_ZERO: entry(
    'error',
    (p) => `latencyWeight and successWeight of policy "${p.policy}" are both 0: every score would be 0`,
    () => 'give one of them a weight, e.g. the defaults latencyWeight: 0.6 and successWeight: 0.4',
  ),
  CONFIG_POOL_EMPTY: entry(
    'error',
    (p) => `pool "${p.id}" has no members`,
    () => 'add members, or delete the pool and its uses',
  ),
  CONFIG_POOL_DISABLED: entry(
    'warning',
    (p) => `all endpoints of pool "${p.id}" are disabled`,
    () => 'enable one, or delete the pool and its uses',
  ),
  CONFIG_POOL_MINIMUM: entry(
    'error',
    (p) => `pool "${p.id}" wants ${p.minimumUp} members up but has ${p.count}`,
    () => 'lower minimumUp or add members',
  ),
  CONFIG_POOL_WEIGHTS: entry(
    'error',
    (p) => `the weights of pool "${p.id}" sum up to 0`,
    () => 'give at least one member a weight',
  ),
  // Lines and policies
  CONFIG_PREFIX_INVALID: entry(
    'error',
    (p) => `"${p.value}" is no network: ${p.reason}`,
    (p) => p.remedy || 'write it as 192.0.2.0/24 or 2001:db8::/32',
  ),
  CONFIG_PREFIX_TWICE: entry(
    'warning',
    (p) =>
      `${p.count} networks stand twice in line "${p.id}", the first of them "${p.value}"${p.firstLine ? ` (first in row ${p.firstLine})` : ''}`,
    () => 'delete the doubles',
  ),
  CONFIG_ECS_TRUST_TWICE: entry(
    'note',
    (p) => `"${p.value}" is trusted by "${p.by}" already (line ${p.firstLine})`,
    () => 'delete it',
  ),
  CONFIG_PREFIX_FILE: entry(
    'error',
    (p) => `file "${p.file}" is no list of networks: ${p.reason}`,
    (p) => p.remedy ?? '',
  ),
  CONFIG_PREFIX_ERRORS: entry(
    'error',
    (p) => `${p.count} more rows of file "${p.file}" are wrong; the first ${p.shown} are shown`,
    () => 'correct those shown and check again',
  ),
  CONFIG_PREFIX_MANY: entry(
    'error',
    (p) => `with line "${p.id}" the custom lines have more than ${p.limit} networks`,
    () => 'join networks that lie side by side, or leave lines out',
  ),
  CONFIG_LINE_MEMBER: entry(
    'error',
    (p) => `"${p.value}" can stand in no ${p.key}: it is neither a custom line nor a network`,
    (p) => p.remedy || 'name custom lines as custom:<id>, and networks; what places and carriers hold changes with the geodata',
  ),
  CONFIG_LINE_LOOP: entry(
    'error',
    (p) => `line "${p.id}" is made of itself: ${p.chain}`,
    () => 'take one of these references out',
  ),
  CONFIG_LINE_ALGEBRA: entry(
    'error',
    (p) => `with line "${p.id}" union and except look at more than ${p.limit} networks`,
    () => 'let fewer lines take in large ones',
  ),
  CONFIG_LINE_NOTHING_LEFT: entry(
    'warning',
    (p) => `nothing is left of line "${p.id}": except takes all of it away`,
    () => 'correct except, or delete the line and its rules',
  ),
  CONFIG_CAPACITY_MARKS: entry(
    'error',
    (p) => `softPercent ${p.softPercent} is not below hardPercent ${p.hardPercent}`,
    () => 'lower softPercent: clients are shed between the two',
  ),
  CONFIG_ISOLATION_REFERENCE: entry(
    'error',
    (p) => `"${p.value}" is no address to connect to`,
    () => 'write ADDRESS or ADDRESS:PORT, IPv6 with a port in brackets: [2001:db8::1]:53',
  ),
  CONFIG_ISOLATION_TWICE: entry(
    'error',
    (p) => `"${p.value}" is a reference twice; first in line ${p.firstLine}`,
    () => 'delete one of them',
  ),
  CONFIG_SCOPE_FINER: entry(
    'warning',
    (p) =>
      `${p.count} networks of custom lines are finer than scopeGranularity, the first of them ${p.value} of line "${p.id}": they count only where they are most of their block`,
    () => 'widen these networks, or make scopeGranularity finer',
  ),
  CONFIG_LINE_EMPTY: entry(
    'error',
    (p) => `line "${p.id}" has no networks`,
    () => 'add prefixes: […], file: … or union: […]',
  ),
  POLICY_LINE_UNKNOWN: entry(
    'error',
    (p) => `"${p.value}" is no line`,
    (p) => remedyOr(p, 'write a line key such as cn-3302/telecom, cn-33, */telecom, jp, asn:4134, custom:<id> or *'),
  ),
  POLICY_RULE_DUPLICATE: entry(
    'error',
    (p) => `policy "${p.policy}" has two rules for line "${p.line}"; the first is at line ${p.firstLine}`,
    () => 'merge their pools into one rule',
  ),
  POLICY_DEFAULT_MISSING: entry(
    'error',
    (p) => `policy "${p.policy}" has no rule for line "*"`,
    () => 'add {line: "*", pools: […]} for everybody whom no other rule matches',
  ),
  POLICY_FALLBACK_MISSING: entry(
    'error',
    (p) => `policy "${p.policy}" has no fallback`,
    () => 'add fallback: [central], the pools that answer when no rule has an eligible endpoint',
  ),
  POLICY_RULE_UNREACHABLE: entry(
    'warning',
    (p) => `the rule is never used: line "${p.line}" is covered by ${p.by}`,
    () => 'delete it, widen its line, or set inherit: true',
  ),
  POLICY_LINE_WITHOUT_ADDRESSES: entry(
    'note',
    (p) => `no address of the loaded geodata is on line "${p.line}": its rule answers nobody`,
    () => 'check the line; geodata that knows it (cities abroad, AS numbers, carriers) would give it addresses',
  ),
  POLICY_PREFIX_CONFLICT: entry(
    'error',
    (p) => `lines "${p.first}" and "${p.second}" of policy "${p.policy}" both have the network ${p.prefix}`,
    () => 'keep it in one of them: equal networks leave no order between the lines',
  ),
  POLICY_FAMILIES_DIFFER: entry(
    'warning',
    (p) =>
      `endpoints of policy "${p.policy}" differ in address families: "${p.first}" has ${p.firstFamilies}, "${p.second}" ${p.secondFamilies}`,
    () => 'give all the same families, or decide with families: same-endpoint or families: each',
  ),
  POLICY_FAMILY_GAP: entry(
    'warning',
    (p) => `policy "${p.policy}" decides per family, but its fallback has no ${p.family} address while "${p.endpoint}" has`,
    () =>
      'add one to the fallback: a client whose rules lead to no such endpoint gets an empty answer that its resolver keeps for everybody',
  ),
  POLICY_LATENCY_BY_DISTANCE: entry(
    'warning',
    (p) =>
      `pool "${p.pool}" chooses by latency, but its lines × members are more than the ${p.cap} places of a ranking: ordered by distance`,
    () => 'write latency: {by: region}, use fewer pools or members, or accept it',
  ),
  POLICY_UNUSED: entry(
    'note',
    (p) => `no name uses policy "${p.policy}"`,
    () => 'use it under names:, or delete it',
  ),
  POLICY_UNPROBED: entry(
    'note',
    (p) => `${p.count} endpoints of policy "${p.policy}" have no probe and always count as up, e.g. "${p.first}"`,
    () => 'add probes: […] to them if they can fail',
  ),
}

/** Every code with its severity, in the order of the catalogue. */
export const ISSUE_CODES: readonly { readonly code: IssueCode; readonly severity: Severity }[] = Object.entries(CATALOGUE).map(
  ([code, { severity }]) => ({ code, severity }),
)

/** Severity of a draft. */
export function severityOf(draft: IssueDraft): Severity {
  return (CATALOGUE[draft.code] ?? draft.wording ?? missing(draft.code)).severity
}

/** Gives a draft its place and wording. */
export function makeIssue(draft: IssueDraft, where: Where): ConfigIssue {
  const { severity, message, remedy } = CATALOGUE[draft.code] ?? draft.wording ?? missing(draft.code)
  const words: Record<string, string> = {}
  for (const [key, value] of Object.entries(draft.params)) words[key] = shown(value)
  return {
    code: draft.code,
    severity,
    path: draft.path,
    where,
    params: draft.params,
    message: message(words),
    suggestion: remedy(words),
  }
}

function missing(code: string): never {
  throw new Error(`issue code ${code} is in no catalogue`)
}

/** Whether any of them blocks a publish. */
export function hasErrors(issues: readonly ConfigIssue[]): boolean {
  return issues.some((issue) => issue.severity === 'error')
}

/** One line for terminals: file:line:column severity code message. */
export function formatIssue(issue: ConfigIssue): string {
  const { file, line, column } = issue.where
  return `${file}:${line}:${column} ${issue.severity} ${issue.code} ${issue.message}`
}

/** "endpoints[3].ipv4": a path for people. */
export function formatPath(path: ConfigPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}

/** Values of a document may be long and may hold control characters, which must not reach a terminal. */
function shown(value: string | number | readonly string[]): string {
  const text = typeof value === 'object' ? value.join(', ') : String(value)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const clean = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  return clean.length > 400 ? `${clean.slice(0, 400)}…` : clean
}
