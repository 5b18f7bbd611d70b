/**
 * One probe: shape → Probe. Pure. Which keys a kind has stands in one table here; a key of another kind is an error, because one that has no
 * effect looks like a check that is made. What is as by default is left out where the key came after the first version: digests of older
 * documents stay.
 */
import { RE2JS } from 're2js'
import { findAddress, formatAddress, formatIpv6 } from '../../geodata/address/address.ts'
import { checkProbe } from './check-probe.ts'
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import type { Probe } from './config-schema.ts'
import type { ProbeShape } from './document-schema.ts'
import { readDomainName } from './domain-name.ts'
import type { Located } from './read-shape.ts'

/** Keys of some kinds only. */
type KindKey = Exclude<keyof ProbeShape, 'id' | 'kind' | 'intervalMs' | 'retryIntervalMs' | 'fall' | 'rise' | 'windowSeconds' | 'required'>
/** What a kind has: its own keys, the port that stands in for one that is not written, and what must be written. */
type KindKeys = { readonly keys: readonly KindKey[]; readonly port: number; readonly needed: readonly KindKey[] }

const HTTP: readonly KindKey[] = [
  'port',
  'path',
  'expectStatus',
  'host',
  'method',
  'headers',
  'match',
  'matchPattern',
  'redirects',
  'httpVersion',
  'timeoutMs',
  'families',
]
const CERTIFICATE: readonly KindKey[] = ['sni', 'certificate']
const KINDS: Readonly<Record<Probe['kind'], KindKeys>> = {
  http: { keys: HTTP, port: 80, needed: [] },
  https: { keys: [...HTTP, ...CERTIFICATE], port: 443, needed: [] },
  tcp: { keys: ['port', 'timeoutMs', 'families'], port: 80, needed: ['port'] },
  tls: { keys: ['port', ...CERTIFICATE, 'timeoutMs', 'families'], port: 443, needed: [] },
  dns: {
    keys: ['port', 'queryName', 'queryType', 'expectRcode', 'expectAnswer', 'timeoutMs', 'families'],
    port: 53,
    needed: ['queryName'],
  },
  icmp: { keys: ['timeoutMs', 'families'], port: 0, needed: [] },
  grpc: { keys: ['port', 'service', 'host', 'tls', ...CERTIFICATE, 'timeoutMs', 'families'], port: 0, needed: ['port'] },
  push: { keys: ['expireSeconds'], port: 0, needed: [] },
  script: { keys: ['script', 'port', 'host', 'timeoutMs', 'families'], port: 0, needed: ['script'] },
}
const EVERY_KEY: ReadonlySet<KindKey> = new Set(Object.values(KINDS).flatMap(({ keys }) => keys))

/** `expireSeconds` when it is not written. */
const PUSH_EXPIRE_SECONDS = 60
/**
 * Steps of a compiled pattern. The time of a search grows with text × steps; with this many and 64 KiB (health/probe/judge-body.ts) it stays
 * below a fifth of a second whatever the text is, and what people write has 20.
 */
const MOST_PATTERN_STEPS = 100

/** The port of a probe that has none written; 0 = the kind has none. */
export function automaticPort(kind: Probe['kind']): number | undefined {
  return KINDS[kind].needed.includes('port') ? undefined : KINDS[kind].port
}

/** `retryIntervalMs` when it is not given: half of the interval, but longer than the timeout. */
export function automaticRetryIntervalMs(probe: { readonly intervalMs: number; readonly timeoutMs: number }): number {
  return Math.min(probe.intervalMs, Math.max(100, Math.round(probe.intervalMs / 2), probe.timeoutMs + 1))
}

/** Fills a probe in. */
export function fillProbe(located: Located<ProbeShape>, issues: IssueDraft[]): Probe {
  const { value, path } = located
  checkKeys(located, issues)
  checkIntervals(located, issues)
  checkProbe(located, issues)
  checkPattern(value.matchPattern, [...path, 'matchPattern'], issues)
  const { port } = KINDS[value.kind]
  return {
    id: value.id,
    kind: value.kind,
    port: value.port ?? port,
    path: value.path ?? '/',
    expectStatus: [...new Set(value.expectStatus ?? [200])].sort((a, b) => a - b),
    intervalMs: value.intervalMs,
    timeoutMs: value.timeoutMs,
    retryIntervalMs: value.retryIntervalMs ?? automaticRetryIntervalMs(value),
    fall: value.fall,
    rise: value.rise,
    windowSeconds: value.windowSeconds,
    required: value.required,
    host: value.host ?? '',
    sni: value.sni ?? '',
    method: value.method ?? 'GET',
    headers: Object.fromEntries(Object.entries(value.headers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    match: value.match ?? '',
    redirects: value.redirects ?? false,
    certificate: value.certificate ?? 'verify',
    ...(value.httpVersion === '2' ? { httpVersion: '2' as const } : {}),
    ...(value.matchPattern ? { matchPattern: value.matchPattern } : {}),
    ...(value.families === undefined || value.families === 'both' ? {} : { families: value.families }),
    ...(value.tls === true ? { tls: true } : {}),
    ...(value.service ? { service: value.service } : {}),
    ...fillQuestion(value, path, issues),
    ...(value.expireSeconds === undefined || value.expireSeconds === PUSH_EXPIRE_SECONDS ? {} : { expireSeconds: value.expireSeconds }),
    ...(value.script === undefined ? {} : { script: value.script }),
  }
}

function checkKeys({ value, path, written }: Located<ProbeShape>, issues: IssueDraft[]): void {
  const { keys, needed } = KINDS[value.kind]
  for (const key of EVERY_KEY) {
    if (!written.has(key)) continue
    const isClear = value.kind === 'grpc' && CERTIFICATE.includes(key) && value.tls !== true
    if (keys.includes(key) && !isClear) continue
    const reason = isClear ? 'kind: grpc without tls: true' : `kind: ${value.kind}`
    issues.push({ code: 'CONFIG_KEY_UNUSED', path: [...path, key], params: { key, reason }, atKey: true })
  }
  for (const key of needed) {
    if (!written.has(key))
      issues.push({ code: 'CONFIG_KEY_MISSING', path, params: { owner: `probe "${value.id}" of kind ${value.kind}`, key } })
  }
}

/** A probe must end before the next begins; a push probe takes no time. */
function checkIntervals({ value, path, written }: Located<ProbeShape>, issues: IssueDraft[]): void {
  if (value.kind === 'push') {
    const expireMs = 1000 * (value.expireSeconds ?? PUSH_EXPIRE_SECONDS)
    const params = { intervalMs: value.intervalMs, expireSeconds: expireMs / 1000 }
    if (value.intervalMs > expireMs) issues.push({ code: 'CONFIG_PROBE_EXPIRE', path: [...path, 'intervalMs'], params })
    return
  }
  const retryIntervalMs = value.retryIntervalMs ?? automaticRetryIntervalMs(value)
  for (const [key, intervalMs] of [
    ['intervalMs', value.intervalMs],
    ['retryIntervalMs', retryIntervalMs],
  ] as const) {
    if (intervalMs > value.timeoutMs || (key === 'retryIntervalMs' && !written.has(key))) continue
    issues.push({ code: 'CONFIG_PROBE_TIMEOUT', path: [...path, key], params: { key, intervalMs, timeoutMs: value.timeoutMs } })
  }
}

function checkPattern(pattern: string | undefined, path: ConfigPath, issues: IssueDraft[]): void {
  if (!pattern) return
  try {
    const steps = RE2JS.compile(pattern).programSize()
    if (steps <= MOST_PATTERN_STEPS) return
    issues.push({ code: 'CONFIG_PATTERN_LONG', path, params: { pattern, steps, most: MOST_PATTERN_STEPS } })
  } catch (error) {
    // What the engine complains about is a part of the pattern: its place is told with it.
    const { error: reason = 'it cannot be compiled', input } = error as { error?: string; input?: string | null }
    const at = input ? pattern.indexOf(input) : -1
    const where = at < 0 ? '' : ` at "${input}" (character ${at + 1})`
    const remedy = PATTERN_REMEDIES.find(([found]) => found.test(input || pattern))?.[1] ?? 'write it in the syntax of RE2'
    issues.push({ code: 'CONFIG_PATTERN_INVALID', path, params: { pattern, reason: `${reason}${where}`, remedy } })
  }
}

/** What other engines have and RE2 has not, and what is easily forgotten. */
const PATTERN_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, 'RE2 looks neither ahead nor behind, so that its time stays linear: match the text itself'],
  [/^\\[1-9]/, 'RE2 has no back-references: write the text again'],
  [/^\(/, 'close the bracket, or write \\( for the character itself'],
  [/^\[/, 'close the bracket, or write \\[ for the character itself'],
  [/^[*+?{]/, 'write \\ before it for the character itself'],
]

type Question = Pick<Probe, 'queryName' | 'queryType' | 'expectRcode' | 'expectAnswer'>

function fillQuestion(value: ProbeShape, path: ConfigPath, issues: IssueDraft[]): Question {
  if (value.kind !== 'dns') return {}
  const { queryType = 'A', expectRcode = 'NOERROR', expectAnswer = [] } = value
  const answers = expectAnswer.map((text, position) => canonicalRdata(text, queryType, [...path, 'expectAnswer', position], issues))
  return {
    ...(value.queryName === undefined ? {} : { queryName: nameOf(value.queryName, [...path, 'queryName'], issues) }),
    ...(queryType === 'A' ? {} : { queryType }),
    ...(expectRcode === 'NOERROR' ? {} : { expectRcode }),
    ...(answers.length === 0 ? {} : { expectAnswer: [...new Set(answers)].sort() }),
  }
}

/** How many numbers stand before the name, by type. */
const NUMBERS_BEFORE: Readonly<Record<string, number>> = { NS: 0, CNAME: 0, PTR: 0, MX: 1, SRV: 3 }

/** Rdata as answers are presented: canonical addresses, absolute names in lower case, numbers without zeros in front; texts as they are. */
function canonicalRdata(text: string, type: string, path: ConfigPath, issues: IssueDraft[]): string {
  if (type === 'A' || type === 'AAAA') {
    const found = findAddress(text.trim())
    const isRight = found !== undefined && text.includes(':') === (type === 'AAAA')
    if (isRight) return type === 'A' ? formatAddress(found) : formatIpv6(found.words)
    issues.push({ code: 'CONFIG_ADDRESS_INVALID', path, params: { value: text, family: type === 'A' ? 'IPv4' : 'IPv6' } })
    return text
  }
  if (type === 'TXT') return text
  const words = text.trim().split(/\s+/)
  const numbers = type === 'SOA' ? words.slice(2) : words.slice(0, NUMBERS_BEFORE[type]!)
  const names = type === 'SOA' ? words.slice(0, 2) : words.slice(NUMBERS_BEFORE[type]!)
  const isWhole = type === 'SOA' ? numbers.length === 5 : numbers.length === NUMBERS_BEFORE[type] && names.length === 1
  if (!isWhole || !numbers.every((word) => /^\d{1,10}$/.test(word))) {
    const remedy =
      { SOA: 'mname, rname and five numbers', SRV: 'priority, weight, port and name', MX: 'preference and name' }[type] ?? 'one name'
    issues.push({ code: 'CONFIG_FORM', path, params: { key: 'expectAnswer', value: text, remedy: `write ${remedy}` } })
    return text
  }
  const plain = numbers.map((word) => String(Number(word)))
  const absolute = names.map((name) => nameOf(name, path, issues))
  return (type === 'SOA' ? [...absolute, ...plain] : [...plain, ...absolute]).join(' ')
}

function nameOf(text: string, path: ConfigPath, issues: IssueDraft[]): string {
  const read = readDomainName(text)
  if (read.ok) return read.name
  issues.push({ code: 'CONFIG_NAME_INVALID', path, params: { name: text, reason: read.reason } })
  return '.'
}
