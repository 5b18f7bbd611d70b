/**
 * `nearcast zones [NAME…]`: the zones that are live: serials, who may transfer and update them, how secondary zones are; with names, each in
 * full with the records that updates added or hid.
 */
import type { ZoneAnswer, ZoneSummary } from '../admin-ui/contract/zone.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, type ControlClient, openControlClient } from './control-client.ts'

/** Zones and records asked for at one time. */
const PAGE = '10000'

/** The command. */
export const command: Command = {
  name: 'zones',
  summary:
    'Shows the live zones: serials, transfers, updates, state of secondary zones; with names also the records that updates added or hid.',
  positionals: '[NAME…]',
  options: {
    secondary: { type: 'boolean', help: 'only secondary zones' },
    json: { type: 'boolean', help: 'prints JSON' },
    ...CLIENT_OPTIONS,
  },
  run: async (args) => {
    if (args.positionals.length > 0 && args.flags.secondary === true) throw new UsageError('--secondary is for the list, without names')
    const client = openControlClient(args.flags, process.env)
    return args.positionals.length === 0 ? list(client, args) : show(client, args)
  },
}

async function list(client: ControlClient, args: CommandArgs): Promise<number> {
  const zones: ZoneSummary[] = []
  let generation = 0
  for (let after = ''; ; ) {
    const page = await client.call('zones', { query: { after, limit: PAGE } })
    generation = page.generation
    zones.push(...page.zones)
    if (!page.more) break
    after = page.zones.at(-1)!.zone
  }
  const shown = args.flags.secondary === true ? zones.filter(({ secondary }) => secondary !== null) : zones
  const rows = shown.map((zone) => [
    zone.zone,
    zone.kind,
    zone.serial === null ? '-' : String(zone.serial),
    zone.secondary === null ? '' : zone.secondary.standing,
    zone.secondary === null ? countOf(zone) : timesOf(zone.secondary),
  ])
  print(args, { generation, zones: shown }, rows.length === 0 ? ['no zones'] : table([['zone', 'kind', 'serial', 'state', ''], ...rows]))
  return 0
}

/** What is worth a word in a list. */
function countOf({ dynamicCount, allowTransfer, notify }: ZoneSummary): string {
  return [
    dynamicCount === 0 ? '' : `${dynamicCount} dynamic`,
    allowTransfer.length === 0 ? '' : `transfers: ${allowTransfer.map(textOfAccess).join(', ')}`,
    notify.length === 0 ? '' : `notify: ${notify.map(({ address }) => address).join(', ')}`,
  ]
    .filter((text) => text !== '')
    .join('; ')
}

function timesOf({ refreshedAt, nextRefreshAt, expiresAt, lastError }: NonNullable<ZoneSummary['secondary']>): string {
  return [
    refreshedAt === null ? '' : `refreshed ${refreshedAt}`,
    nextRefreshAt === null ? '' : `next ${nextRefreshAt}`,
    expiresAt === null ? '' : `expires ${expiresAt}`,
    lastError,
  ]
    .filter((text) => text !== '')
    .join(', ')
}

async function show(client: ControlClient, args: CommandArgs): Promise<number> {
  const shown: ZoneAnswer[] = []
  for (const zone of args.positionals) {
    const first = await client.call('zone', { params: { zone }, query: { limit: PAGE } })
    const dynamic = [...first.dynamic]
    for (let more = first.more; more; ) {
      const page = await client.call('zone', { params: { zone }, query: { limit: PAGE, skip: String(dynamic.length) } })
      dynamic.push(...page.dynamic)
      more = page.more && page.dynamic.length > 0
    }
    shown.push({ ...first, dynamic, more: false })
  }
  print(
    args,
    shown.length === 1 ? shown[0] : shown,
    shown.flatMap((zone, position) => [...(position === 0 ? [] : ['']), ...textOfZone(zone)]),
  )
  return 0
}

function textOfZone({
  zone,
  kind,
  serial,
  serialMode,
  generation,
  secondary,
  allowTransfer,
  notify,
  allowUpdate,
  dynamic,
}: ZoneAnswer): string[] {
  const rows: (readonly [string, string])[] = [
    [
      'serial',
      serial === null ? 'none: it was never transferred' : `${serial} (${serialMode === 'auto' ? 'given by control' : 'its own'})`,
    ],
    ...allowTransfer.map((rule) => ['transfer to', textOfAccess(rule)] as const),
    ...notify.map((target) => ['notify', textOfServer(target)] as const),
    ...allowUpdate.map((rule) => ['update by', textOfUpdate(rule)] as const),
  ]
  if (secondary !== null) {
    const { transferredFrom, transferredAt } = secondary
    rows.push(
      ['state', secondary.refreshing ? `${secondary.standing}, asking its primaries` : secondary.standing],
      ...secondary.primaries.map((primary) => ['primary', `${textOfServer(primary)}${primary.tls ? ', TLS' : ''}`] as const),
      ['transferred', transferredAt === null ? 'never' : `${transferredAt} from ${transferredFrom}`],
      ['refreshed', secondary.refreshedAt ?? 'never'],
      ['next refresh', secondary.nextRefreshAt ?? 'now'],
      ['expires', secondary.expiresAt ?? '-'],
    )
    if (secondary.lastError !== '') {
      const times = `${secondary.failures} ${secondary.failures === 1 ? 'try' : 'tries'}`
      rows.push(['last error', `${secondary.lastErrorAt}, ${times}: ${secondary.lastError}`])
    }
  }
  return [
    `${zone}  ${kind}, generation ${generation}`,
    ...rows.map(([name, text]) => `  ${name.padEnd(13)} ${text}`),
    ...(dynamic.length === 0 ? [] : [`  ${'dynamic'.padEnd(13)} ${dynamic.length} ${dynamic.length === 1 ? 'record' : 'records'}`]),
    ...dynamic.map(({ name, type, ttlSeconds, data, change }) =>
      change === 'added' ? `    + ${name} ${ttlSeconds} ${type} ${data}` : `    - ${name} ${type} ${data}`,
    ),
  ]
}

function textOfAccess({ prefix, tsigKey }: ZoneSummary['allowTransfer'][number]): string {
  return [prefix, tsigKey === '' ? '' : `key ${tsigKey}`].filter((text) => text !== '').join(' with ')
}

function textOfServer({ address, port, tsigKey }: { readonly address: string; readonly port: number; readonly tsigKey: string }): string {
  return `${address}${address === 'nameservers' ? '' : ` port ${port}`}${tsigKey === '' ? '' : `, key ${tsigKey}`}`
}

function textOfUpdate({ tsigKey, names, types }: ZoneSummary['allowUpdate'][number]): string {
  return `key ${tsigKey}${names.length === 0 ? '' : `, names ${names.join(' ')}`}${types.length === 0 ? '' : `, types ${types.join(' ')}`}`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

function print({ flags }: CommandArgs, value: unknown, lines: readonly string[]): void {
  process.stdout.write(flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}
