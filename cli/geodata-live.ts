/** The actions of `nearcast geodata` that control is asked for: refresh, status, confirm, reject, rollback, correct, corrections. */
import { userInfo } from 'node:os'
import type { GeodataPending, GeodataRefreshAnswer, GeodataStatus } from '../admin-ui/contract/geodata.ts'
import { formatPrefix, parsePrefix } from '../geodata/address/prefix.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { CLIENT_OPTIONS, type ControlClient, openControlClient, ProblemError } from './control-client.ts'
import { textOfDifference } from './geodata-difference.ts'
import { listFlag, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'

type Run = (client: ControlClient, args: CommandArgs) => Promise<number>
type Correction = GeodataStatus['corrections'][number]

const OPTIONS: Readonly<Record<string, CommandOption>> = { json: { type: 'boolean', help: 'prints JSON' }, ...CLIENT_OPTIONS }
const CONFIRM: Readonly<Record<string, CommandOption>> = {
  confirm: { type: 'boolean', help: 'what moves more than guards.maxMovedPercent goes live without waiting' },
}
const ACCEPT: Readonly<Record<string, CommandOption>> = {
  accept: { type: 'string', multiple: true, value: 'CODE', help: 'acknowledges the warnings of this code' },
}

const action = (name: string, positionals: string, summary: string, options: Command['options'], run: Run): Command => ({
  name: `geodata ${name}`,
  positionals,
  summary,
  options: { ...options, ...OPTIONS },
  run: (args) => run(openControlClient(args.flags, process.env), args),
})

/** The actions. */
export const LIVE_ACTIONS: Readonly<Record<string, Command>> = {
  status: action('status', '', 'shows the geodata in use, and what waits for confirmation with its difference', {}, status),
  refresh: action(
    'refresh',
    '',
    'looks for new geodata now: downloads, builds, checks, and makes it live or lets it wait',
    CONFIRM,
    refresh,
  ),
  confirm: action('confirm', '', 'makes the geodata that waits live', {}, confirm),
  reject: action('reject', '', 'drops the geodata that waits; the same data is not proposed again', {}, reject),
  rollback: action('rollback', '', 'brings the geodata before back', {}, rollBack),
  correct: action(
    'correct',
    'PREFIX',
    'says what is really true of a network: it wins over every source',
    {
      place: { type: 'string', value: 'PLACE', help: 'place, e.g. cn-3302 or 宁波' },
      carrier: { type: 'string', value: 'CARRIER', help: 'carrier, e.g. telecom or 电信' },
      asn: { type: 'string', value: 'N', help: 'origin AS number' },
      reason: { type: 'string', value: 'TEXT', help: 'how this is known; shown by lookup and explain' },
      author: { type: 'string', value: 'NAME', help: 'who says so [this user]' },
      ...CONFIRM,
      ...ACCEPT,
    },
    correct,
  ),
  corrections: action('corrections', 'list | remove PREFIX', 'lists corrections, or removes one', { ...CONFIRM, ...ACCEPT }, corrections),
}

async function status(client: ControlClient, args: CommandArgs): Promise<number> {
  takeNone(args)
  const answer = await client.call('geodata', {})
  const pending = answer.pending === null ? null : await client.call('geodataPending', {})
  print(args, { ...answer, pending: pending === null ? null : { ...answer.pending, ...pending } }, [
    ...textOfStatus(answer),
    ...(pending === null ? [] : textOfPending(pending)),
  ])
  return 0
}

async function refresh(client: ControlClient, args: CommandArgs): Promise<number> {
  takeNone(args)
  return tellRefresh(client, args, await client.call('refreshGeodata', { body: { confirm: args.flags.confirm === true } }))
}

async function confirm(client: ControlClient, args: CommandArgs): Promise<number> {
  takeNone(args)
  const { digest } = await client.call('geodataPending', {})
  // What was shown is what goes live: other data may have come meanwhile.
  const answer = await client.call('confirmGeodata', { headers: { 'If-Match': `"${digest}"` } })
  print(args, answer, [`live: geodata ${short(answer.digest)}, generation ${answer.generation}`])
  return 0
}

async function reject(client: ControlClient, args: CommandArgs): Promise<number> {
  takeNone(args)
  const { digest } = await client.call('geodataPending', {})
  const answer = await client.call('rejectGeodata', { headers: { 'If-Match': `"${digest}"` } })
  print(args, answer, [`rejected: geodata ${short(digest)}; in use stays ${short(answer.digest)}`])
  return 0
}

async function rollBack(client: ControlClient, args: CommandArgs): Promise<number> {
  takeNone(args)
  const answer = await client.call('rollBackGeodata', {})
  print(args, answer, [`live: geodata ${short(answer.digest)}, generation ${answer.generation}`])
  return 0
}

async function correct(client: ControlClient, args: CommandArgs): Promise<number> {
  const { flags, positionals } = args
  const [prefix] = positionals
  if (prefix === undefined || positionals.length > 1) throw new UsageError('name one network to correct')
  const reason = textFlag(flags, 'reason', '')
  if (reason === '') throw new UsageError('say with --reason how this is known')
  const { place, carrier, asn } = flags
  if (asn !== undefined && !/^\d{1,10}$/.test(String(asn))) throw new UsageError('--asn is a number, e.g. 4134')
  const correction = {
    prefix: formatPrefix(parsePrefix(prefix)),
    ...(typeof place === 'string' ? { place } : {}),
    ...(typeof carrier === 'string' ? { carrier } : {}),
    ...(asn === undefined ? {} : { asn: Number(asn) }),
    reason,
    author: textFlag(flags, 'author', userInfo().username),
    date: new Date().toISOString().slice(0, 10),
  }
  const before = await client.call('geodata', {})
  const comment = `geodata: ${correction.prefix} corrected: ${reason}`
  await editCorrections(client, args, comment, (list) => [...list.filter((other) => other.prefix !== correction.prefix), correction])
  return takeUp(client, args, before)
}

async function corrections(client: ControlClient, args: CommandArgs): Promise<number> {
  const [word, text, ...more] = args.positionals
  if (word === 'list' && text === undefined) {
    const { corrections: list } = await client.call('geodata', {})
    print(args, list, list.length === 0 ? ['no corrections'] : list.map(textOfCorrection))
    return 0
  }
  if (word !== 'remove' || text === undefined || more.length > 0) throw new UsageError('say "list" or "remove PREFIX"')
  const prefix = formatPrefix(parsePrefix(text))
  const before = await client.call('geodata', {})
  await editCorrections(client, args, `geodata: correction of ${prefix} removed`, (list) => {
    if (list.some((correction) => correction.prefix === prefix)) return list.filter((correction) => correction.prefix !== prefix)
    throw new ProductError(
      'GEODATA_CORRECTION_UNKNOWN',
      `there is no correction of "${prefix}"`,
      '"nearcast geodata corrections list" shows them',
    )
  })
  return takeUp(client, args, before)
}

/** Waits until the edited list is taken up: control began with it when the document was published, and may be done already. */
async function takeUp(client: ControlClient, args: CommandArgs, before: GeodataStatus): Promise<number> {
  try {
    const answer = await client.call('refreshGeodata', { body: { confirm: args.flags.confirm === true } })
    return tellRefresh(client, args, answer.digest === before.digest ? answer : { ...answer, outcome: 'live' })
  } catch (error) {
    // Corrections are merged over what is in use although a source is broken; what is live is told, and what is not.
    const now = await client.call('geodata', {}).catch(() => before)
    const { failure } = now.refresh
    if (now.digest === before.digest || failure === null) throw error
    const broken = `the sources stay as they were: ${failure.message}; ${failure.suggestion} [${failure.code}]`
    print(args, now, [`live: geodata ${short(now.digest)}, generation ${now.generation}`, broken])
    return 0
  }
}

/** Edits the list in the live document, by a draft that is published at once. */
async function editCorrections(
  client: ControlClient,
  { flags }: CommandArgs,
  comment: string,
  edit: (list: readonly Correction[]) => readonly Correction[],
): Promise<void> {
  const draft = await client.call('draft', {})
  if (draft.exists) {
    throw new ProductError(
      'GEODATA_DRAFT_OPEN',
      'this account has a draft, which the correction would be mixed with',
      'publish or discard it first',
    )
  }
  const live = await client.call('document', {})
  const value = live.text === '' ? { apiVersion: 'nearcast/v1' } : (JSON.parse(live.text) as { geodata?: { corrections?: Correction[] } })
  const geodata = 'geodata' in value ? (value.geodata ?? {}) : {}
  const { corrections: list = [], ...rest } = geodata as { corrections?: Correction[] }
  const edited = edit(list)
  const text = JSON.stringify({ ...value, geodata: { ...rest, ...(edited.length === 0 ? {} : { corrections: edited }) } })
  const accepted = live.generation === 0 ? [] : (await client.call('generation', { params: { generation: live.generation } })).accepted
  await client.call('putDraftDocument', { body: { text, files: live.files }, headers: { 'If-Match': `"${draft.etag}"` } })
  try {
    await client.call('publish', { body: { comment, accept: [...new Set([...accepted, ...listFlag(flags, 'accept', [])])] } })
  } catch (error) {
    await client.call('discardDraft', {})
    if (error instanceof ProblemError && error.problem.issues !== undefined) {
      for (const issue of error.problem.issues)
        process.stderr.write(`${issue.severity} ${issue.code} ${issue.message}; ${issue.suggestion}\n`)
    }
    throw error
  }
}

async function tellRefresh(client: ControlClient, args: CommandArgs, answer: GeodataRefreshAnswer): Promise<number> {
  const moved = answer.movedPercent === null ? '' : `, ${answer.movedPercent.toFixed(2)} % moved`
  const text = {
    unchanged: `nothing new: geodata ${short(answer.digest)} stays in use`,
    live: `live: geodata ${short(answer.digest)}, generation ${answer.generation}${moved}`,
    pending: `waits for confirmation${moved}: "nearcast geodata confirm" or "reject"; geodata ${short(answer.digest)} stays in use`,
    rejected: `the same data was rejected before: geodata ${short(answer.digest)} stays in use ("--confirm" takes it all the same)`,
  }[answer.outcome]
  const pending = answer.outcome === 'pending' ? await client.call('geodataPending', {}) : undefined
  print(args, answer, [text, ...(pending === undefined ? [] : textOfPending(pending))])
  return 0
}

function textOfStatus(answer: GeodataStatus): string[] {
  const { refresh: last, previous } = answer
  return [
    `in use     ${short(answer.digest)}${answer.shipped ? ', the default geodata as it is' : ''}${answer.at === null ? '' : `, since ${answer.at} by ${answer.by}`}`,
    `ranges     ${answer.ranges.ipv4} IPv4, ${answer.ranges.ipv6} IPv6, ${answer.locations} locations`,
    ...answer.sources.map(
      ({ name, version, date, ageSeconds, licence }) =>
        `source     ${[name, version].filter((part) => part !== '').join(' ')}${date === '' ? '' : `, data of ${date} (${Math.floor((ageSeconds ?? 0) / 86_400)} days old)`}${licence === '' ? '' : `, ${licence}`}`,
    ),
    ...answer.corrections.map((correction) => `corrected  ${textOfCorrection(correction)}`),
    `before     ${previous === null ? 'nothing kept' : `${short(previous.digest)}, kept until ${previous.until}`}`,
    `refresh    ${last.running ? 'running' : `last ${last.lastAt ?? 'never'}${last.lastOutcome === null ? '' : `, ${last.lastOutcome}`}`}; cron "${last.cron}"; ${last.failuresTotal} failed`,
    ...(last.failure === null
      ? []
      : [`failed     ${last.failure.at} ${last.failure.message}; ${last.failure.suggestion} [${last.failure.code}]`]),
  ]
}

function textOfPending({ digest, at, limitPercent, difference }: GeodataPending): string[] {
  const { movedPercent, recent, policies, endpointMoves } = difference
  return [
    '',
    `waits      ${short(digest)}, built ${at}: ${movedPercent.toFixed(2)} % would move, the limit is ${limitPercent} %`,
    ...policies.map((moved) => `  policy ${moved.policy}: ${moved.movedPercent.toFixed(2)} % of the addresses get another endpoint`),
    ...endpointMoves.slice(0, 10).map((move) => `    ${move.addressPercent.toFixed(2)} %  ${move.from} → ${move.to}`),
    recent.queries === 0
      ? '  recent queries: none seen'
      : `  recent queries: ${recent.queries} seen, ${recent.lineChangedPercent.toFixed(2)} % on another line${recent.policies.map((moved) => `, ${moved.movedPercent.toFixed(2)} % at other endpoints of ${moved.policy}`).join('')}`,
    ...textOfDifference(difference),
  ]
}

function textOfCorrection({ prefix, place, carrier, asn, reason, author, date }: Correction): string {
  const said = [place, carrier, asn === undefined ? undefined : `AS${asn}`].filter((part) => part !== undefined).join(' ')
  const by = [author, date].filter((part) => part !== undefined).join(', ')
  return `${prefix} → ${said}: ${reason}${by === '' ? '' : ` (${by})`}`
}

function takeNone({ positionals }: CommandArgs): void {
  if (positionals.length > 0) throw new UsageError(`takes no operand, not "${positionals[0]}"`)
}

function short(digest: string): string {
  return digest.slice(0, 12)
}

function print(args: CommandArgs, value: unknown, lines: readonly string[]): void {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}
