/** `nearcast explain NAME --client ADDR`: why a client gets its answer, as text that reads from top to bottom. */
import type { ExplainAnswer, ExplainCandidate, ExplainClientSubnet, ExplainPool } from '../admin-ui/contract/explain.ts'
import { publicResolverNote } from '../geodata/resolver/find-public-resolver.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'

/** The command. */
export const command: Command = {
  name: 'explain',
  summary: 'Explains what a client would be answered now, and why.',
  positionals: 'NAME',
  options: {
    client: { type: 'string', value: 'ADDR', help: 'client address or prefix, as a resolver sends it by EDNS client subnet' },
    resolver: { type: 'string', value: 'ADDR', help: 'resolver address; decides when the client subnet is not given or not used' },
    type: { type: 'string', value: 'TYPE', help: 'record type [A]' },
    node: { type: 'string', value: 'ID', help: 'node to ask [the first]' },
    json: { type: 'boolean', help: 'prints the explanation as JSON' },
    ...CLIENT_OPTIONS,
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const [name] = args.positionals
  const { client, resolver, type, node } = args.flags as Readonly<Record<string, string | undefined>>
  if (name === undefined || args.positionals.length > 1) throw new UsageError('name one domain name to explain')
  if (client === undefined && resolver === undefined) throw new UsageError('say for whom with --client ADDR (or --resolver ADDR)')
  const answer = await openControlClient(args.flags, process.env).call('explain', { query: { name, client, resolver, type, node } })
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : formatExplanation(answer))
  return 0
}

/** The explanation as text. Exported for its test. */
export function formatExplanation(answer: ExplainAnswer): string {
  const lines = [answer.sentence, '', ...formatLocation(answer), ...formatWalk(answer), ...formatOutcome(answer)]
  return `${lines.join('\n')}\n`
}

function row(label: string, text: string): string {
  return `${label.padEnd(11)}${text}`
}

/** Why a client subnet that was sent did not decide. */
const NOT_USED: Readonly<Partial<Record<ExplainClientSubnet, string>>> = {
  'not-wanted': 'client subnet /0: the client asks not to be located',
  'ignored-by-zone': 'client subnet not used: the zone has ecs: ignore',
  'untrusted-resolver': 'client subnet not used: the resolver is not in options.ecsTrust',
}

function formatLocation(answer: ExplainAnswer): string[] {
  const { name, type, addressUsed, addressSource, clientSubnet, publicResolver, location, policy, chain } = answer
  const notUsed = clientSubnet === undefined ? undefined : NOT_USED[clientSubnet]
  const lines = [
    row('question', `${name} ${type}`),
    row('address', `${addressUsed} (${addressSource === 'client-subnet' ? 'client subnet' : 'resolver'})`),
    ...(notUsed === undefined ? [] : [row('', notUsed)]),
    ...(publicResolver === undefined ? [] : [row('', publicResolverNote(publicResolver))]),
  ]
  if (location === null) {
    lines.push(row('location', 'unknown: only custom lines and "*" can match'))
  } else {
    const codes = [location.country, location.province, location.city, location.carrier].map((code) => code ?? '–').join(' / ')
    lines.push(row('location', `${location.labelEn} ${location.labelZh} (${codes})`))
    lines.push(row('', `place from ${location.placeSource ?? 'no source'}, carrier from ${location.carrierSource ?? 'no source'}`))
    for (const [field, { source, inferred, correction }] of Object.entries(location.fields ?? {})) {
      if (inferred) lines.push(row('', `${field} is inferred (${source})`))
      if (correction === undefined) continue
      const by = [correction.author, correction.date].filter((part) => part !== undefined).join(', ')
      lines.push(row('', `${field} is corrected for ${correction.prefix}: ${correction.reason}${by ? ` (${by})` : ''}`))
    }
    lines.push(row('', `${location.range[0]} – ${location.range[1]} are in one piece`))
  }
  lines.push(row('policy', policy ?? 'none: the name is not steered for this type'))
  if (chain.length > 0)
    lines.push(
      row('chain', chain.map(({ line, rule }) => (rule ? `[${line}]` : line)).join(' → ')),
      row('', 'in brackets: the policy has a rule for it'),
    )
  return lines
}

function formatWalk({ rules, fallback }: ExplainAnswer): string[] {
  const lines: string[] = []
  for (const [number, rule] of rules.entries()) {
    lines.push('', `rule ${number + 1}  ${rule.line}  ${rule.labelEn} ${rule.labelZh}: ${rule.verdict.replaceAll('-', ' ')}`)
    for (const pool of rule.pools) lines.push(...formatPool(pool))
  }
  if (fallback.length > 0) lines.push('', 'fallback')
  for (const pool of fallback) lines.push(...formatPool(pool))
  return lines
}

function formatPool(pool: ExplainPool): string[] {
  const head = `  pool ${pool.pool} (${pool.choose}, ${pool.eligible} eligible, at least ${pool.minimumUp} needed): ${pool.verdict.replaceAll('-', ' ')}`
  if (pool.candidates.length === 0) return [head]
  const measured = pool.candidates.some((candidate) => candidate.measured !== undefined)
  const table = [
    ['endpoint', 'address', 'standing', 'latency', 'errors', 'score', 'samples', 'age', ...(measured ? ['from this line'] : []), 'verdict'],
    ...pool.candidates.map((candidate) => formatCandidate(candidate, measured)),
  ]
  const widths = table[0]!.map((_cell, column) => Math.max(...table.map((cells) => cells[column]!.length)))
  return [
    head,
    ...(pool.latency === undefined ? [] : [`    ${latencyText(pool.latency)}`]),
    ...table.map(
      (cells) =>
        `    ${cells
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}`,
    ),
  ]
}

function formatCandidate(candidate: ExplainCandidate, measured: boolean): string[] {
  const known = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value))
  return [
    candidate.endpoint,
    candidate.address,
    candidate.standing,
    known(candidate.latencyMs, (value) => `${value.toFixed(1)} ms`),
    known(candidate.errorRatePercent, (value) => `${value.toFixed(1)} %`),
    known(candidate.score, (value) => value.toFixed(1)),
    String(candidate.sampleCount),
    known(candidate.ageSeconds, (value) => `${value.toFixed(0)} s`),
    ...(measured ? [measuredText(candidate)] : []),
    `${verdictText(candidate)}${overrideText(candidate)}`,
  ]
}

function measuredText({ measured }: ExplainCandidate): string {
  if (measured === undefined) return '–'
  const { medianMs, samples, ageSeconds, confidencePercent, bandMs } = measured
  return `${medianMs.toFixed(1)} ms (band ${bandMs.toFixed(1)} ms, ${samples} samples, ${ageSeconds} s old, counts ${confidencePercent} %)`
}

function latencyText({ line, by, order }: NonNullable<ExplainPool['latency']>): string {
  if (by === 'distance') return `nothing is measured ${line === '' ? 'for this client' : `for ${line}`}: by distance`
  const words = by === 'explored' ? 'explored: this block measures a little known endpoint' : 'as measured'
  return `line ${line}, ${words}; order ${order.join(', ')}`
}

function verdictText({ verdict, keepPercent, keepPosition }: ExplainCandidate): string {
  const text = verdict === 'behind-incumbent' ? 'scores higher, the incumbent stays' : verdict.replaceAll('-', ' ')
  if (keepPercent === undefined) return text
  const kept = `${text}: kept share ${keepPercent.toFixed(0)} %`
  return keepPosition === undefined ? kept : `${kept}, this client's position ${keepPosition.toFixed(2)}`
}

function overrideText({ override }: ExplainCandidate): string {
  if (override === undefined) return ''
  const { id, action, owner, reason, until, sharePercent } = override
  const share = sharePercent === undefined ? '' : ` at ${sharePercent} %`
  return ` (override ${id}: ${action}${share} by ${owner}${until === null ? '' : ` until ${until}`}: ${reason})`
}

/** Words of the four decision steps. */
const STEPS = { 1: 'rules', 2: 'fallback', 3: 'last resort', 4: 'all down' } as const

function formatOutcome(answer: ExplainAnswer): string[] {
  const lines = ['', row('answer', answer.records.length === 0 ? answer.rcode : answer.records[0]!)]
  for (const record of answer.records.slice(1)) lines.push(row('', record))
  if (answer.picked.length > 0) lines.push(row('picked', answer.picked.join(', ')))
  if (answer.step !== null) lines.push(row('step', `${answer.step} (${STEPS[answer.step]})`))
  lines.push(row('ttl', answer.ttlSeconds === null ? '–' : `${answer.ttlSeconds} s`))
  const isUsed = answer.clientSubnet === undefined || answer.clientSubnet === 'used'
  const whose = isUsed ? 'every client in it gets this answer' : 'caches give this answer to every client of the resolver'
  lines.push(row('scope', answer.scope === null ? '–' : `${answer.scope} (${whose})`))
  const age = answer.rankingAgeSeconds === null ? '' : `, ranking ${answer.rankingId} of ${answer.rankingAgeSeconds.toFixed(1)} s ago`
  const hasShares = [...answer.rules.flatMap((rule) => rule.pools), ...answer.fallback].some(
    (pool) => pool.choose === 'weighted' || pool.candidates.some(({ keepPercent }) => keepPercent !== undefined),
  )
  if (hasShares && answer.hashBlock !== undefined) lines.push(row('hash block', `${answer.hashBlock} (shares of clients go by its hash)`))
  lines.push(row('generation', `${answer.generation} on node ${answer.node}${age}`))
  return lines
}
