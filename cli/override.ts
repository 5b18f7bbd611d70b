/**
 * `nearcast override ACTION`: what operators force on endpoints: up, down or drained, by whom, why and until when. Goes through control, by
 * its socket or --server.
 */
import type { Override, OverrideAdd, OverrideChange, OverrideCheck, OverrideSchedule } from '../admin-ui/contract/override.ts'
import { DRAIN_SECONDS_DEFAULT, OVERRIDE_ACTIONS, OVERRIDE_TARGETS } from '../admin-ui/contract/override-limits.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient, ProblemError } from './control-client.ts'
import { type Flags, listFlag, numberFlag, textFlag } from './process-settings.ts'

const JSON_OPTION: Readonly<Record<string, CommandOption>> = { json: { type: 'boolean', help: 'prints JSON instead of text' } }
const TIME_OPTIONS: Readonly<Record<string, CommandOption>> = {
  for: { type: 'string', value: 'TIME', help: 'how long it holds, e.g. 90s, 30m, 2h, 3d [until it is ended]' },
  until: { type: 'string', value: 'TIME', help: 'when it ends, e.g. 2026-12-01T04:00:00Z' },
  from: { type: 'string', value: 'TIME', help: 'when it begins [now]' },
  drain: { type: 'string', value: 'TIME', help: `drain: time over which the share falls to 0 [${DRAIN_SECONDS_DEFAULT}s]` },
  cron: {
    type: 'string',
    value: 'CRON',
    help: 'holds in windows that come back: minute hour day month weekday of their start, e.g. "0 2 * * 6"',
  },
  window: { type: 'string', value: 'TIME', help: 'length of each window; needed with --cron' },
  zone: { type: 'string', value: 'ZONE', help: 'time zone of --cron, e.g. Asia/Shanghai [UTC]' },
  accept: { type: 'string', value: 'CODE', multiple: true, help: 'accepts what else is refused: OVERRIDE_LEAVES_FALLBACK' },
}
const NEW_OPTIONS: Readonly<Record<string, CommandOption>> = {
  reason: { type: 'string', value: 'TEXT', help: 'why, for the others; needed' },
  owner: { type: 'string', value: 'NAME', help: 'who answers for it [the account]' },
  ...TIME_OPTIONS,
}
const TARGET = 'KIND VALUE ACTION'
const TARGET_HELP = `kinds are ${OVERRIDE_TARGETS.join(', ')}, actions ${OVERRIDE_ACTIONS.join(', ')}`

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A time as people write it, in seconds; without a unit it is seconds. Throws UsageError. */
export function parseTimeFlag(name: string, text: string): number {
  const found = /^(\d{1,9})([smhd]?)$/.exec(text)
  if (found === null) throw new UsageError(`--${name} "${text}" is no time; write it as 90s, 30m, 2h or 3d`)
  return Number(found[1]) * (UNIT_SECONDS[found[2]!] ?? 1)
}

function print(args: CommandArgs, value: unknown, text: string): void {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : text)
}

type Times = Pick<OverrideAdd, 'startsAt' | 'endsAt' | 'durationSeconds' | 'drainSeconds' | 'schedule' | 'accept'>

function timesOf(flags: Flags): Times {
  const text = (name: string): string | undefined => (flags[name] === undefined ? undefined : textFlag(flags, name, ''))
  const [length, until, from, drain, cron, window, zone] = ['for', 'until', 'from', 'drain', 'cron', 'window', 'zone'].map(text)
  if (length !== undefined && until !== undefined) throw new UsageError('--for and --until both say when it ends: give one')
  if (cron === undefined && (window !== undefined || zone !== undefined)) throw new UsageError('--window and --zone belong to --cron')
  if (cron !== undefined && window === undefined) throw new UsageError('--cron needs --window TIME')
  const accept = listFlag(flags, 'accept', [])
  return {
    ...(length === undefined ? {} : { durationSeconds: parseTimeFlag('for', length) }),
    ...(until === undefined ? {} : { endsAt: parseDate('until', until) }),
    ...(from === undefined ? {} : { startsAt: parseDate('from', from) }),
    ...(drain === undefined ? {} : { drainSeconds: parseTimeFlag('drain', drain) }),
    ...(cron === undefined ? {} : { schedule: { cron, durationSeconds: parseTimeFlag('window', window!), timeZone: zone ?? 'UTC' } }),
    ...(accept.length === 0 ? {} : { accept }),
  }
}

/** A point in time; without an offset it is that of this machine. */
function parseDate(name: string, text: string): string {
  const at = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at))
    throw new UsageError(`--${name} "${text}" is no time; write it as 2026-12-01T04:00:00Z`)
  return new Date(at).toISOString()
}

function wishOf({ flags, positionals }: CommandArgs, name: string): OverrideAdd {
  const [kindWord, value, actionWord, ...rest] = positionals
  if (actionWord === undefined || rest.length > 0) throw new UsageError(`${name} takes ${TARGET}: ${TARGET_HELP}`)
  const kind = OVERRIDE_TARGETS.find((known) => known === kindWord)
  if (kind === undefined) throw new UsageError(`"${kindWord}" is none of ${OVERRIDE_TARGETS.join(', ')}`)
  const action = OVERRIDE_ACTIONS.find((known) => known === actionWord)
  if (action === undefined) throw new UsageError(`"${actionWord}" is none of ${OVERRIDE_ACTIONS.join(', ')}`)
  const owner = flags.owner === undefined ? {} : { owner: textFlag(flags, 'owner', '') }
  return { target: { kind, value: value! }, action, reason: textFlag(flags, 'reason', ''), ...owner, ...timesOf(flags) }
}

/** Runs a call; the lines of a refusal go to standard error before the one line that says why. */
async function telling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ProblemError && (error.code.startsWith('OVERRIDE_') || error.code === 'API_BODY_INVALID'))
      for (const issue of error.problem.issues ?? [])
        if (issue.message !== error.message)
          process.stderr.write(
            `${issue.path === '' ? '' : `${issue.path}: `}${issue.message}${issue.suggestion === '' ? '' : `; ${issue.suggestion}`}\n`,
          )
    throw error
  }
}

const set: Command = {
  name: 'override set',
  summary: `Forces endpoints; asks first when a line would be left on the fallback. ${TARGET_HELP[0]!.toUpperCase()}${TARGET_HELP.slice(1)}.`,
  positionals: TARGET,
  options: { ...NEW_OPTIONS, ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: async (args) => {
    const body = wishOf(args, 'override set')
    if (body.reason === '') throw new UsageError('say why with --reason TEXT: others must know')
    const client = openControlClient(args.flags, process.env)
    const added = await telling(() => client.call('addOverride', { body }))
    print(args, added, `override ${added.id} set: ${lineOf(added)}\n`)
    return 0
  },
}

const check: Command = {
  name: 'override check',
  summary: 'Says which endpoints and lines an override would hit, and sets nothing; exit code 1 when it would be refused.',
  positionals: TARGET,
  options: { ...NEW_OPTIONS, ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: async (args) => {
    const wish = wishOf(args, 'override check')
    const body = { ...wish, reason: wish.reason === '' ? 'a check' : wish.reason }
    const client = openControlClient(args.flags, process.env)
    const found = await telling(() => client.call('checkOverride', { body }))
    print(args, found, textOfCheck(found))
    return found.needs.every((code) => (wish.accept ?? []).includes(code)) ? 0 : 1
  },
}

const list: Command = {
  name: 'override list',
  summary: 'Shows the overrides that have not ended, newest first.',
  positionals: '',
  options: {
    ended: { type: 'string', value: 'N', help: 'shows this many ended ones too, 0-500 [0]' },
    ...JSON_OPTION,
    ...CLIENT_OPTIONS,
  },
  run: async (args) => {
    const ended = String(numberFlag(args.flags, 'ended', 0, 0, 500))
    const { overrides } = await openControlClient(args.flags, process.env).call('overrides', { query: { ended } })
    print(
      args,
      overrides,
      overrides.length === 0 ? 'no overrides\n' : overrides.map((one) => `${one.id.padEnd(5)} ${lineOf(one)}\n`).join(''),
    )
    return 0
  },
}

const show: Command = {
  name: 'override show',
  summary: 'Shows one override: what it holds, by whom, why, from when until when.',
  positionals: 'ID',
  options: { ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: async (args) => {
    const override = await openControlClient(args.flags, process.env).call('override', { params: { id: idOf(args, 'override show') } })
    print(args, override, textOf(override))
    return 0
  },
}

const change: Command = {
  name: 'override change',
  summary: 'Changes an override that has not ended, e.g. how long it holds; --for counts from now when it has begun.',
  positionals: 'ID',
  options: {
    action: { type: 'string', value: 'ACTION', help: `another action: ${OVERRIDE_ACTIONS.join(', ')}` },
    open: { type: 'boolean', help: 'without an end: until it is ended' },
    ...NEW_OPTIONS,
    reason: { type: 'string', value: 'TEXT', help: 'another reason' },
    owner: { type: 'string', value: 'NAME', help: 'another owner' },
    ...JSON_OPTION,
    ...CLIENT_OPTIONS,
  },
  run: async (args) => {
    const id = idOf(args, 'override change')
    const body = changeOf(args.flags)
    const client = openControlClient(args.flags, process.env)
    const { etag } = await client.call('override', { params: { id } })
    const changed = await telling(() => client.call('changeOverride', { params: { id }, body, headers: { 'If-Match': `"${etag}"` } }))
    print(args, changed, `override ${id} changed: ${lineOf(changed)}\n`)
    return 0
  },
}

function changeOf(flags: Flags): OverrideChange {
  const times = timesOf(flags)
  if (flags.open === true && (times.endsAt !== undefined || times.durationSeconds !== undefined))
    throw new UsageError('--open says that it has no end: give no other')
  const word = flags.action === undefined ? undefined : textFlag(flags, 'action', '')
  const action = OVERRIDE_ACTIONS.find((known) => known === word)
  if (word !== undefined && action === undefined) throw new UsageError(`"${word}" is none of ${OVERRIDE_ACTIONS.join(', ')}`)
  const body: OverrideChange = {
    ...times,
    ...(flags.open === true ? { endsAt: null } : {}),
    ...(action === undefined ? {} : { action }),
    ...(flags.reason === undefined ? {} : { reason: textFlag(flags, 'reason', '') }),
    ...(flags.owner === undefined ? {} : { owner: textFlag(flags, 'owner', '') }),
  }
  if (Object.keys(body).every((key) => key === 'accept')) throw new UsageError('say what is to change, e.g. --for 2h')
  return body
}

const end: Command = {
  name: 'override end',
  summary: 'Ends overrides at once.',
  positionals: 'ID…',
  options: { reason: { type: 'string', value: 'TEXT', help: 'why it is ended' }, ...JSON_OPTION, ...CLIENT_OPTIONS },
  run: async (args) => {
    if (args.positionals.length === 0) throw new UsageError('override end takes ids; "nearcast override list" shows them')
    const client = openControlClient(args.flags, process.env)
    const reason = args.flags.reason === undefined ? undefined : textFlag(args.flags, 'reason', '')
    for (const id of args.positionals) await client.call('endOverride', { params: { id }, query: { reason } })
    const ids = args.positionals
    print(args, { ended: ids }, ids.map((id) => `override ${id} ended\n`).join(''))
    return 0
  },
}

function idOf({ positionals }: CommandArgs, name: string): string {
  const [id, ...rest] = positionals
  if (id === undefined || rest.length > 0) throw new UsageError(`${name} takes one id; "nearcast override list" shows them`)
  return id
}

/** One override in a line. */
function lineOf(override: Override): string {
  const { target, action, state, owner, reason, endsAt, window, nextWindow, sharePercent, endpoints, holds, endedAt, endedBy } = override
  const words = [
    `${action}${sharePercent === null ? '' : ` (${sharePercent} % left)`}`,
    state === 'ended' ? `ended ${endedAt ?? endsAt} by ${endedBy === '' ? 'control' : endedBy}` : state,
    ...(state === 'active' ? [window?.until == null ? 'no end' : `until ${window.until}`] : []),
    ...(state === 'waiting' && nextWindow !== null
      ? [`from ${nextWindow.from}${nextWindow.until === null ? '' : ` until ${nextWindow.until}`}`]
      : []),
    ...(state === 'active' && holds.length < endpoints.length ? [`decides on ${holds.length} of ${endpoints.length}`] : []),
    ...(state !== 'ended' && endpoints.length === 0 ? ['holds nobody: the target is not in the live document'] : []),
    `by ${owner}`,
  ]
  return `${target.kind} ${target.value}: ${words.join(', ')}: ${reason}`
}

function textOf(override: Override): string {
  const { id, target, action, drainSeconds, owner, reason, createdBy, createdAt, startsAt, endsAt, schedule, state } = override
  const rows: (readonly [string, string])[] = [
    ['override', `${id}, ${state}`],
    ['target', `${target.kind} ${target.value}`],
    [
      'action',
      `${action}${drainSeconds > 0 ? ` in ${drainSeconds} s` : ''}${override.sharePercent === null ? '' : `, ${override.sharePercent} % left`}`,
    ],
    ['owner', owner],
    ['reason', reason],
    ['set', `${createdAt} by ${createdBy}`],
    ['starts', startsAt ?? '–'],
    ['ends', endsAt ?? 'when somebody ends it'],
    ...(schedule === null ? [] : [['windows', textOfSchedule(schedule)] as const]),
    ...(override.window === null ? [] : [['on', `${override.window.from} – ${override.window.until ?? 'open'}`] as const]),
    ...(override.nextWindow === null ? [] : [['next', `${override.nextWindow.from} – ${override.nextWindow.until ?? 'open'}`] as const]),
    ['endpoints', override.endpoints.join(', ') || 'none'],
    ['decides on', override.holds.join(', ') || 'none'],
    ...(override.endedAt === null
      ? []
      : [['ended', `${override.endedAt} by ${override.endedBy}${override.endReason === '' ? '' : `: ${override.endReason}`}`] as const]),
  ]
  return rows.map(([label, text]) => `${label.padEnd(12)}${text}\n`).join('')
}

function textOfSchedule({ cron, durationSeconds, timeZone }: OverrideSchedule): string {
  return `"${cron}" ${timeZone}, ${durationSeconds} s each`
}

function textOfCheck({ endpoints, lines, windows, needs }: OverrideCheck): string {
  const rows = endpoints.map(({ endpoint, decides, heldBy }) => {
    const held = heldBy === null ? '' : `, held ${heldBy.action} now by override ${heldBy.id} (${heldBy.owner}: ${heldBy.reason})`
    return `  ${endpoint}${decides ? '' : ': a stronger override decides'}${held}\n`
  })
  const left = lines.map(({ policy, line, labelEn, before, after, pool, health }) => {
    const when = health === 'now' ? '' : ', when every endpoint is up'
    return `  policy ${policy}, line ${line}${labelEn === '' || labelEn === line ? '' : ` (${labelEn})`}: ${before} → ${after}${pool === '' ? '' : `, pool ${pool}`}${when}\n`
  })
  const times = windows.map(({ from, until }) => `  ${from} – ${until ?? 'open'}\n`)
  return [
    `${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}:\n`,
    ...rows,
    'holds:\n',
    ...times,
    lines.length === 0
      ? 'no line is left on the fallback\n'
      : `${lines.length} ${lines.length === 1 ? 'line' : 'lines'} left without an endpoint of their own:\n`,
    ...left,
    ...needs.map((code) => `setting it needs --accept ${code}\n`),
  ].join('')
}

/** The command. */
export const command: Command = {
  name: 'override',
  summary: 'Forces endpoints up or down, or drains them: sets, checks, lists, changes, ends.',
  positionals: 'set … | check … | list | show ID | change ID | end ID…',
  options: CLIENT_OPTIONS,
  actions: { set, check, list, show, change, end },
  run: async ({ positionals: [word] }) => {
    const actions = 'set, check, list, show, change, end'
    throw new UsageError(word === undefined ? `name an action: ${actions}` : `"${word}" is none of ${actions}`)
  },
}
