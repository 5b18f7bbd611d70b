/**
 * Explains one answer: the question goes through answerQuery itself, with the live snapshot and ranking, so that what is explained is
 * what is served; the trace is read off the decision that was made. Pure; not hot.
 */
import type { ExplainAnswer, ExplainClientSubnet, ExplainRequest } from '../../admin-ui/contract/explain.ts'
import { type Address, findAddress, formatAddress } from '../../geodata/address/address.ts'
import { formatPrefix, type Prefix, parsePrefix, prefixAround } from '../../geodata/address/prefix.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { lineLabel, placeLabel } from '../../geodata/line/line.ts'
import { cityPlaceKey, findCarrier } from '../../geodata/line/line-catalogue.ts'
import { lineChain } from '../../geodata/line/line-precedence.ts'
import { type FieldProvenance, type LocationProvenance, provenanceOf } from '../../geodata/lookup/field-provenance.ts'
import { lookupLocation } from '../../geodata/lookup/lookup-location.ts'
import { findPublicResolver } from '../../geodata/resolver/find-public-resolver.ts'
import type { RankingColumns } from '../../health/model/ranking.ts'
import { hashBlock4, hashBlock6 } from '../../policy/decide/hash-block.ts'
import { STEP_LAST_RESORT, STEP_RULE } from '../../policy/model/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { formatName, NameError, parseName } from '../wire/name.ts'
import { formatRdata } from '../wire/rdata/rdata-text.ts'
import { type Message, readMessage } from '../wire/read-message.ts'
import { findType, OPTION_CLIENT_SUBNET, RCODE_WORDS, TYPE_AAAA, TYPE_OPT, typeWord } from '../wire/registry.ts'
import { EVERYBODY, isTrusted } from '../zone/ecs-trust.ts'
import { type AnswerContext, answerQuery, createAnswerContext, TRANSPORT_TCP } from './answer-query.ts'
import { type ExplainedCandidate, type ExplainedPool, type ExplainedRule, explainPolicy } from './explain-policy.ts'

/** What is explained from. */
export type ExplainInput = {
  readonly request: ExplainRequest
  readonly snapshot: Snapshot
  readonly ranking: RankingColumns
  readonly geodata: Geodata
  readonly nodeId: string
  readonly nowMs: number
}

/** A request that cannot be explained: a code, what is wrong, and the remedy. */
export class ExplainError extends Error {
  readonly code = 'EXPLAIN_BAD_REQUEST'
  readonly suggestion: string

  constructor(message: string, suggestion: string) {
    super(message)
    this.suggestion = suggestion
  }
}

const REPLY_ROOM = 65_535

/** Explains what this node would answer now. Throws ExplainError when the request itself is wrong. */
export function explainAnswer(input: ExplainInput): ExplainAnswer {
  const { request, snapshot, ranking, nodeId, nowMs } = input
  const name = readName(request.name)
  const type = findType(request.type)
  if (type === undefined) throw new ExplainError(`"${request.type}" is not a record type`, 'give a type like A, AAAA or HTTPS')
  const client = request.client === '' ? undefined : readClient(request.client)
  const resolver = request.resolver === undefined || request.resolver === '' ? undefined : readAddress(request.resolver)
  if (client === undefined && resolver === undefined)
    throw new ExplainError('there is no client', 'give a client address or prefix, or a resolver address')
  const { context, message } = ask(snapshot, ranking, name, type, client, resolver)
  const used: Address =
    context.client.isClientSubnet || resolver === undefined ? { family: client!.family, words: client!.words } : resolver
  const isLocated = context.decisionPolicy >= 0
  const { geodata } = input
  const lookup = lookupLocation(geodata, used)
  const policy = isLocated ? snapshot.meta.names.policies[context.decisionPolicy]! : null
  const walked = isLocated
    ? explainPolicy({
        columns: snapshot.policies.columns,
        names: snapshot.meta.names,
        plan: snapshot.meta.rankPlan,
        ranking,
        policy: context.decisionPolicy,
        decision: context.decision,
        seed: seedOf(context, snapshot),
        ipv6: type === TYPE_AAAA,
        nowMs,
      })
    : { rules: [], fallback: [] }
  const picked = isLocated ? pickedEndpoints(context, snapshot) : []
  const answers = message.records.filter((record) => record.section === 'answer')
  const records = answers.map(
    (record) => `${formatName(record.owner)} ${record.ttlSeconds} IN ${typeWord(record.type)} ${formatRdata(record.type, record.rdata)}`,
  )
  const scopeLength = client === undefined ? null : context.scope
  const steeredTtl = isLocated ? context.decision.ttlSeconds : null
  const publicResolver = findPublicResolver(used)
  const location = locationOf(lookup, provenanceOf(geodata, used, lookup.location))
  const base = {
    name: formatName(name),
    type: typeWord(type),
    node: nodeId,
    rcode: RCODE_WORDS[context.rcode] ?? `RCODE${context.rcode}`,
    records,
    addressUsed:
      context.client.isClientSubnet && client !== undefined && client.length < (client.family === 4 ? 32 : 128)
        ? formatPrefix(client)
        : formatAddress(used),
    addressSource: context.client.isClientSubnet ? ('client-subnet' as const) : ('resolver' as const),
    ...(isLocated ? { clientSubnet: fateOfSubnet(context, snapshot, client, resolver) } : {}),
    ...(publicResolver === undefined ? {} : { publicResolver }),
    location,
    policy,
    chain: isLocated ? chainOf(lookup.location, context, snapshot) : [],
    rules: walked.rules.map((rule) => ({ ...rule, labelEn: labelOf(rule.line, 0, snapshot), labelZh: labelOf(rule.line, 1, snapshot) })),
    fallback: walked.fallback,
    step: isLocated ? (context.decision.step as 1 | 2 | 3 | 4) : null,
    picked,
    ttlSeconds: steeredTtl ?? answers[0]?.ttlSeconds ?? null,
    scope: scopeLength === null ? null : formatPrefix(prefixAround(used, scopeLength)),
    scopePrefixLength: scopeLength,
    ...(isLocated ? { hashBlock: formatPrefix(prefixAround(used, context.decision.scope)) } : {}),
    generation: snapshot.generation,
    rankingId: ranking.header[1]!,
    rankingAgeSeconds: ranking.header[2] === 0 ? null : Math.max(0, (nowMs - ranking.header[2]!) / 1000),
  }
  return { ...base, sentence: sentenceOf(base, walked) }
}

function readName(text: string): Uint8Array {
  try {
    return parseName(text.endsWith('.') ? text : `${text}.`)
  } catch (error) {
    if (error instanceof NameError) throw new ExplainError(error.message, 'give a domain name')
    throw error
  }
}

function readAddress(text: string): Address {
  const address = findAddress(text)
  if (address === undefined) throw new ExplainError(`"${text}" is not an IP address`, 'give one like 202.96.104.15 or 240e:380::1')
  return address
}

function readClient(text: string): Prefix {
  if (!text.includes('/')) {
    const address = readAddress(text)
    return prefixAround(address, address.family === 4 ? 32 : 128)
  }
  try {
    return parsePrefix(text)
  } catch (error) {
    throw new ExplainError((error as Error).message, (error as { suggestion?: string }).suggestion ?? 'give a prefix like 202.96.104.0/24')
  }
}

/** Asks the answer path, over a private context, as a resolver would by TCP. */
function ask(
  snapshot: Snapshot,
  ranking: RankingColumns,
  name: Uint8Array,
  type: number,
  client: Prefix | undefined,
  resolver: Address | undefined,
): { readonly context: AnswerContext; readonly message: Message } {
  const context = createAnswerContext({ identity: '', seed: 1 })
  // Without a resolver the client asks by itself, as one that is trusted would for it.
  context.zones = resolver === undefined ? { ...snapshot.zones, ecsTrust: EVERYBODY } : snapshot.zones
  context.policies = snapshot.policies
  context.ranking = ranking
  const mem = new Uint8Array(REPLY_ROOM)
  const length = writeQuestion(mem, name, type, client)
  const source = Uint32Array.from((resolver ?? client!).words)
  const replyLength = answerQuery(context, mem, 0, length, REPLY_ROOM, source, 0, TRANSPORT_TCP)
  const message = readMessage(mem.subarray(0, replyLength))
  if (message === undefined) throw new Error('the answer path wrote a reply that cannot be read')
  return { context, message }
}

/** What became of the client subnet. */
function fateOfSubnet(
  context: AnswerContext,
  snapshot: Snapshot,
  client: Prefix | undefined,
  resolver: Address | undefined,
): ExplainClientSubnet {
  if (client === undefined) return 'none'
  if (client.length === 0) return 'not-wanted'
  if (context.client.isClientSubnet) return 'used'
  const isKnown = resolver === undefined || isTrusted(snapshot.zones.ecsTrust, Uint32Array.from(resolver.words), 0)
  return isKnown ? 'ignored-by-zone' : 'untrusted-resolver'
}

function writeQuestion(mem: Uint8Array, name: Uint8Array, type: number, client: Prefix | undefined): number {
  mem[5] = 1
  mem[11] = client === undefined ? 0 : 1
  mem.set(name, 12)
  let at = 12 + name.length
  mem.set([type >> 8, type & 255, 0, 1], at)
  at += 4
  if (client === undefined) return at
  const octets = (client.length + 7) >> 3
  mem.set(
    [
      0,
      0,
      TYPE_OPT,
      4,
      0xd0,
      0,
      0,
      0,
      0,
      0,
      8 + octets,
      0,
      OPTION_CLIENT_SUBNET,
      0,
      4 + octets,
      0,
      client.family === 4 ? 1 : 2,
      client.length,
      0,
    ],
    at,
  )
  at += 19
  const words = client.family === 4 ? [client.words[3]] : client.words
  for (let i = 0; i < octets; i++) mem[at + i] = (words[i >> 2]! >>> (24 - 8 * (i & 3))) & 255
  return at + octets
}

/** Hash of the block that shares of clients go by, as decide() made it. */
function seedOf({ client, decision, decisionPolicy }: AnswerContext, { policies }: Snapshot): number {
  const salt = policies.columns.policySalt[decisionPolicy]! | 0
  const { family, w0, w1, w2, w3 } = client
  return family === 4 ? hashBlock4(salt, w0, decision.scope) : hashBlock6(salt, w0, w1, w2, w3, decision.scope)
}

function pickedEndpoints(context: AnswerContext, snapshot: Snapshot): string[] {
  const ids: string[] = []
  for (let i = 0; i < context.decision.memberCount; i++) {
    ids.push(snapshot.meta.names.endpoints[snapshot.policies.columns.memberEndpoint[context.decision.members[i]!]!]!)
  }
  return ids
}

/** Custom lines that hold the client, as the class has them, then every line its location can match. */
function chainOf(
  location: ReturnType<typeof lookupLocation>['location'],
  context: AnswerContext,
  snapshot: Snapshot,
): ExplainAnswer['chain'] {
  const { columns } = snapshot.policies
  const { ruleLines } = snapshot.meta.names
  const policy = context.decisionPolicy
  const first = columns.policyRuleFirst[policy]!
  const lines = new Set(ruleLines.slice(first, columns.policyRuleFirst[policy + 1]!))
  const custom: string[] = []
  for (let slot = columns.classSlotFirst[context.decision.class]!; slot < columns.classSlotFirst[context.decision.class + 1]!; slot++) {
    const line = ruleLines[first + columns.classSlots[slot]!]!
    if (line.startsWith('custom:')) custom.push(line)
  }
  return [...custom, ...lineChain(location, snapshot.meta.precedences[policy]!)].map((line) => ({ line, rule: lines.has(line) }))
}

function labelOf(line: string, language: 0 | 1, snapshot: Snapshot): string {
  const own = snapshot.meta.lineLabels[line]
  if (own !== undefined) return own[language] || own[1 - language] || line
  return line.startsWith('custom:') ? line : lineLabel(line, language === 0 ? 'en' : 'zh-CN')
}

function locationOf({ location, range }: ReturnType<typeof lookupLocation>, provenance: LocationProvenance): ExplainAnswer['location'] {
  const { country, province, region, city, carrier } = location
  if (country === undefined && carrier === undefined) return null
  const place =
    city !== undefined ? cityPlaceKey(city) : province !== undefined ? `cn-${province}` : (region ?? country ?? '').toLowerCase()
  const label = (language: 'en' | 'zh-CN'): string => {
    const parts = [place === '' ? '' : placeLabel(place, language)]
    if (carrier !== undefined) parts.push(findCarrier(carrier)?.label[language] ?? carrier)
    return parts.filter((part) => part !== '').join(' · ')
  }
  const nameOf = (field: FieldProvenance | undefined): string | null =>
    field === undefined ? null : `${field.source}${field.date === '' ? '' : ` ${field.date}`}${field.inferred ? ' (inferred)' : ''}`
  return {
    country: country ?? null,
    province: province ?? null,
    city: city ?? null,
    carrier: carrier ?? null,
    labelEn: label('en'),
    labelZh: label('zh-CN'),
    placeSource: nameOf(provenance.city ?? provenance.region ?? provenance.province ?? provenance.country),
    carrierSource: nameOf(provenance.carrier),
    fields: provenance,
    range,
  }
}

/** One sentence, made of the trace. */
function sentenceOf(
  answer: Omit<ExplainAnswer, 'sentence'>,
  walked: { readonly rules: readonly ExplainedRule[]; readonly fallback: readonly ExplainedPool[] },
): string {
  const who = answer.location === null ? answer.addressUsed : `${answer.addressUsed} (${answer.location.labelEn})`
  if (answer.rcode === 'REFUSED') return 'REFUSED: no zone here holds this name.'
  if (answer.step === null)
    return answer.records.length > 0
      ? `Everybody gets the same ${answer.type} records: the name is not steered.`
      : `${answer.rcode}: there is no ${answer.type} record at ${answer.name}`
  if (answer.picked.length === 0)
    return `${who} gets ${answer.rcode === 'NOERROR' ? 'no record' : answer.rcode}: every endpoint is down and the policy says so.`
  const answeringRule = walked.rules.find((rule) => rule.verdict === 'answered')
  const answeringPool = [...walked.rules.flatMap((rule) => rule.pools), ...walked.fallback].find((pool) => pool.verdict === 'answered')
  const where =
    answer.step === STEP_RULE || answer.step === STEP_LAST_RESORT
      ? `rule ${answeringRule?.line ?? '*'}, pool ${answeringPool?.pool}`
      : answeringPool === undefined
        ? 'the last resort'
        : `the fallback, pool ${answeringPool.pool}`
  const passed = walked.rules
    .flatMap((rule) => rule.pools)
    .filter((pool) => pool.verdict === 'none-eligible' || pool.verdict === 'too-few-eligible' || pool.verdict === 'passed-on')
    .flatMap((pool) => pool.candidates)
    .filter((candidate) => candidate.verdict !== 'picked')
  const reasons = [
    ...new Set(
      passed.map((candidate) => `${candidate.endpoint} is ${REASONS[candidate.verdict] ?? candidate.verdict}${shareText(candidate)}`),
    ),
  ]
  const why =
    reasons.length === 0 ? '' : ` because ${reasons.slice(0, 3).join(', ')}${reasons.length > 3 ? ` and ${reasons.length - 3} more` : ''}`
  return `${who} gets ${answer.picked.join(', ')} by ${where}${why}.`
}

/** What a share of clients has to do with it. */
function shareText({ verdict, keepPercent, keepPosition }: ExplainedCandidate): string {
  if (keepPercent === undefined || keepPosition === undefined || !(verdict in SHARES)) return ''
  return ` (${SHARES[verdict]}: it keeps ${keepPercent.toFixed(0)} % of its clients, this one stands at ${(100 * keepPosition).toFixed(0)} %)`
}

const SHARES: Readonly<Record<string, string>> = { draining: 'draining', 'slow-start': 'slow start', shed: 'shedding load' }

const REASONS: Readonly<Record<string, string>> = {
  'gate-error-rate': 'out by its error rate',
  'gate-latency': 'out by its latency',
  'over-capacity': 'beyond its capacity',
  'override-down': 'held down',
  'no-address-of-family': 'without an address of this family',
  draining: 'left by this client',
  'slow-start': 'left by this client',
  shed: 'left by this client',
}
