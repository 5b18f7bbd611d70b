/** Section `geodata` of the document: shape → GeodataSettings, with everything that is wrong as an issue. Pure. */
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { formatPrefix, parsePrefix } from '../../geodata/address/prefix.ts'
import { isLoopbackAddress } from '../../geodata/address/private-addresses.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { GeodataCorrection, GeodataFileSource, GeodataSettings, GeodataSource } from './config-schema.ts'
import { GEODATA_FIELDS, GEODATA_KINDS, type GeodataShape, type GeodataSourceShape } from './geodata-schema.ts'
import { readCarrier, readLineKey, readPlace } from './read-line.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** Name of the source that corrections are merged as. */
const CORRECTIONS = 'corrections'
/** Query parameters that are secrets with the services that give geodata. */
const SECRET_PARAMETERS = /[?&](license_key|licence_key|token|api_?key|key|password|secret)=/i
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  ignore: ['country-csv'],
  place: ['cidr-list'],
  carrier: ['cidr-list'],
  columns: ['csv'],
  layout: ['xdb'],
  language: ['ipdb'],
}

/** Fills the section. `isComplete`: nothing was cut out of its sources, so a name that is not there is wrong. */
export function fillGeodata(shape: GeodataShape, isComplete: boolean, lineOf: LineOf, issues: IssueDraft[]): GeodataSettings {
  const sources = shape.sources.map((source, position) => fillSource(source, ['geodata', 'sources', position], issues))
  checkNames(sources, lineOf, issues)
  if (isComplete) checkFieldOrder(shape, sources.map(nameOfSource), issues)
  checkRefresh(shape.refresh, issues)
  return {
    sources,
    fieldOrder: shape.fieldOrder,
    corrections: fillCorrections(shape.corrections, lineOf, issues),
    refresh: shape.refresh,
    guards: { ...shape.guards, knownAddresses: shape.guards.knownAddresses.map((known, position) => fillKnown(known, position, issues)) },
  }
}

/** Name by which `fieldOrder` means a source. */
export function nameOfSource(source: GeodataSource): string {
  return source.kind === 'default' ? 'default' : source.name
}

function fillSource(source: 'default' | GeodataSourceShape, path: ConfigPath, issues: IssueDraft[]): GeodataSource {
  if (source === 'default') return { kind: 'default' }
  const { kind, name, file, files, url, urls, auth, licenceFile, ...rest } = source
  checkOrigin(source, path, issues)
  for (const key of [...(file === undefined ? [] : ['file']), ...(files ?? []).map((_, position) => ['files', position] as const)]) {
    const at = typeof key === 'string' ? [key] : key
    const text = typeof key === 'string' ? file! : files![key[1]]!
    if (isOutside(text)) issues.push({ code: 'CONFIG_GEODATA_FILE', path: [...path, ...at], params: { file: text } })
  }
  if (url !== undefined) checkUrl(url, auth !== undefined, [...path, 'url'], issues)
  for (const [position, text] of (urls ?? []).entries()) checkUrl(text, auth !== undefined, [...path, 'urls', position], issues)
  for (const [key, kinds] of Object.entries(LIST_KEYS)) {
    if (rest[key as keyof typeof rest] === undefined || kinds.includes(kind)) continue
    issues.push({ code: 'CONFIG_KEY_UNUSED', path: [...path, key], params: { key, reason: `a source of kind "${kind}"` }, atKey: true })
  }
  const canonical = canonicalKeys(rest, path, issues)
  const filled: GeodataFileSource = {
    kind,
    name: name ?? kind,
    files: files ?? (file === undefined ? [] : [file]),
    urls: urls ?? (url === undefined ? [] : [url]),
    auth: auth ?? null,
    licenceFile: licenceFile ?? '',
    ...canonical,
  }
  return filled
}

/** Networks, place and carrier in canonical form; undefined values left out. */
function canonicalKeys(
  { ignore, place, carrier, ...rest }: Partial<GeodataSourceShape>,
  path: ConfigPath,
  issues: IssueDraft[],
): Partial<GeodataFileSource> {
  const value = {
    ...rest,
    ignore: ignore?.map(({ country, prefix }, position) => ({
      country,
      prefix: readPrefix(prefix, [...path, 'ignore', position, 'prefix'], issues),
    })),
    place: place === undefined ? undefined : readKey(readPlace, place, 'place', [...path, 'place'], issues),
    carrier: carrier === undefined ? undefined : readKey(readCarrier, carrier, 'carrier', [...path, 'carrier'], issues),
  }
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Partial<GeodataFileSource>
}

/** Where its bytes come from: exactly one of the four keys, as many as the kind takes. */
function checkOrigin(source: GeodataSourceShape, path: ConfigPath, issues: IssueDraft[]): void {
  const { kind, auth, licenceFile } = source
  const [fewest, most] = GEODATA_KINDS[kind]
  const given = (['file', 'files', 'url', 'urls'] as const).filter((key) => source[key] !== undefined)
  const problem = (problem: string, remedy: string): void =>
    void issues.push({ code: 'CONFIG_GEODATA_SOURCE', path, params: { kind, problem, remedy } })
  const count = source.files?.length ?? source.urls?.length ?? given.length
  if (most === 0) {
    if (given.length > 0) problem(`takes no file, but has "${given[0]}"`, 'remove that key')
    return
  }
  if (given.length === 0) problem('has neither a file nor a url', 'add file: or url:')
  else if (given.length > 1) problem(`has both "${given[0]}" and "${given[1]}"`, 'keep one of them')
  else if (count < fewest || count > most)
    problem(`has ${count} files, it takes ${fewest === most ? most : `${fewest} to ${most}`}`, 'make them several sources')
  if (auth !== undefined && source.url === undefined && source.urls === undefined) problem('has "auth" without a url', 'remove auth:')
  if (auth !== undefined && auth.user !== '' && auth.header !== '') problem('has both auth.user and auth.header', 'keep one of them')
  if (licenceFile !== undefined && /[/\\]/.test(licenceFile)) problem('has a path as licenceFile', 'write only its name, e.g. LICENSE.txt')
}

function isOutside(name: string): boolean {
  return name.startsWith('/') || name.includes('\\') || name.includes('\0') || name.split('/').some((part) => part === '..' || part === '')
}

function checkUrl(text: string, hasSecret: boolean, path: ConfigPath, issues: IssueDraft[]): void {
  const refuse = (remedy: string, shown = text): void =>
    void issues.push({ code: 'CONFIG_FORM', path, params: { key: 'url', value: shown, remedy } })
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    refuse('write it as https://example.com/data.mmdb.gz')
    return
  }
  const withoutSecret = `${url.origin}${url.pathname}`
  if (url.username !== '' || url.password !== '' || SECRET_PARAMETERS.test(url.search)) {
    refuse('put the secret into a file and name it with auth.secretRef', withoutSecret)
    return
  }
  const address = findAddress(url.hostname.replace(/^\[|\]$/g, ''))
  const isHere = url.hostname === 'localhost' || (address !== undefined && isLoopbackAddress(address))
  if (hasSecret && url.protocol === 'http:' && !isHere) refuse('use https: the secret would go over the network in clear')
}

function checkNames(sources: readonly GeodataSource[], lineOf: LineOf, issues: IssueDraft[]): void {
  const first = new Map<string, number>()
  for (const [position, source] of sources.entries()) {
    const name = nameOfSource(source)
    const path = ['geodata', 'sources', position]
    const earlier = first.get(name)
    if (name === CORRECTIONS || (name === 'default' && source.kind !== 'default')) {
      const params = { kind: source.kind, problem: `is named "${name}", which means something else`, remedy: 'give it another name' }
      issues.push({ code: 'CONFIG_GEODATA_SOURCE', path, params })
    } else if (earlier === undefined) first.set(name, position)
    else {
      const params = { kind: 'geodata source', id: name, firstLine: lineOf(['geodata', 'sources', earlier]) }
      issues.push({ code: 'CONFIG_ID_DUPLICATE', path, params })
    }
  }
}

function checkFieldOrder(shape: GeodataShape, names: readonly string[], issues: IssueDraft[]): void {
  for (const field of GEODATA_FIELDS) {
    const seen = new Set<string>()
    for (const [position, name] of (shape.fieldOrder[field] ?? []).entries()) {
      const path = ['geodata', 'fieldOrder', field, position]
      if (!names.includes(name)) {
        const params = { kind: 'geodata source', id: name, section: 'geodata.sources', nearest: suggestNearest(name, names) ?? '' }
        issues.push({ code: 'CONFIG_REFERENCE_UNKNOWN', path, params })
      }
      if (seen.has(name))
        issues.push({ code: 'CONFIG_REFERENCE_TWICE', path, params: { kind: 'geodata source', id: name, owner: `fieldOrder of ${field}` } })
      seen.add(name)
    }
  }
}

function fillCorrections(list: GeodataShape['corrections'], lineOf: LineOf, issues: IssueDraft[]): readonly GeodataCorrection[] {
  const first = new Map<string, number>()
  return list.map((correction, position) => {
    const path = ['geodata', 'corrections', position]
    const { place, carrier, asn, reason, author, date } = correction
    const prefix = readPrefix(correction.prefix, [...path, 'prefix'], issues)
    const refuse = (problem: string, remedy: string): void =>
      void issues.push({ code: 'CONFIG_GEODATA_CORRECTION', path, params: { prefix, problem, remedy } })
    if (place === undefined && carrier === undefined && asn === undefined) refuse('corrects nothing', 'add place, carrier or asn')
    if (reason.trim() === '') refuse('has no reason', 'say how this is known')
    const earlier = first.get(prefix)
    if (earlier === undefined) first.set(prefix, position)
    else
      issues.push({
        code: 'CONFIG_ID_DUPLICATE',
        path,
        params: { kind: 'correction', id: prefix, firstLine: lineOf(['geodata', 'corrections', earlier]) },
      })
    return {
      prefix,
      ...(place === undefined ? {} : { place: readKey(readPlace, place, 'place', [...path, 'place'], issues) }),
      ...(carrier === undefined ? {} : { carrier: readKey(readCarrier, carrier, 'carrier', [...path, 'carrier'], issues) }),
      ...(asn === undefined ? {} : { asn }),
      reason,
      ...(author === undefined ? {} : { author }),
      ...(date === undefined ? {} : { date }),
    }
  })
}

function fillKnown(
  known: { readonly address: string; readonly line: string },
  position: number,
  issues: IssueDraft[],
): { readonly address: string; readonly line: string } {
  const path = ['geodata', 'guards', 'knownAddresses', position]
  const address = findAddress(known.address)
  if (address === undefined)
    issues.push({
      code: 'CONFIG_FORM',
      path: [...path, 'address'],
      params: { key: 'address', value: known.address, remedy: 'write one address, e.g. 202.96.104.15' },
    })
  const line = readKey(readLineKey, known.line, 'line', [...path, 'line'], issues)
  if (line.startsWith('custom:'))
    issues.push({
      code: 'CONFIG_FORM',
      path: [...path, 'line'],
      params: { key: 'line', value: known.line, remedy: 'name a line of the catalogue: custom lines do not come from geodata' },
    })
  return { address: address === undefined ? known.address : formatAddress(address), line }
}

function readPrefix(text: string, path: ConfigPath, issues: IssueDraft[]): string {
  try {
    return formatPrefix(parsePrefix(text))
  } catch (error) {
    const { message, suggestion } = error as { message: string; suggestion?: string }
    const reason = message.replace(/^"[^"]*" /, 'it ')
    issues.push({ code: 'CONFIG_PREFIX_INVALID', path, params: { value: text, reason, remedy: suggestion ?? '' } })
    return text
  }
}

function readKey(read: typeof readPlace, text: string, key: string, path: ConfigPath, issues: IssueDraft[]): string {
  const result = read(text)
  if ('key' in result) return result.key
  issues.push({ code: 'CONFIG_FORM', path, params: { key, value: text, remedy: result.remedy } })
  return text
}

function checkRefresh({ cron, timeZone }: GeodataShape['refresh'], issues: IssueDraft[]): void {
  const remedy = cronRemedy(cron)
  if (remedy !== undefined)
    issues.push({ code: 'CONFIG_FORM', path: ['geodata', 'refresh', 'cron'], params: { key: 'cron', value: cron, remedy } })
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    const params = { key: 'timeZone', value: timeZone, remedy: 'write UTC or a name such as Asia/Shanghai' }
    issues.push({ code: 'CONFIG_FORM', path: ['geodata', 'refresh', 'timeZone'], params })
  }
}

const CRON_FIELDS = [
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day', 1, 31],
  ['month', 1, 12],
  ['weekday', 0, 7],
] as const

/** What is wrong with five fields of cron; numbers, lists, ranges and steps are understood. */
function cronRemedy(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== CRON_FIELDS.length) return 'write five fields: minute hour day month weekday, e.g. "17 4 * * *"'
  for (const [position, [name, least, most]] of CRON_FIELDS.entries()) {
    for (const part of fields[position]!.split(',')) {
      const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part)
      const [, from, to, step] = match ?? []
      const inRange = (text: string | undefined): boolean => text === undefined || (Number(text) >= least && Number(text) <= most)
      if (match === null || !inRange(from) || !inRange(to) || Number(to ?? most) < Number(from ?? least) || step === '0')
        return `the ${name} is a number from ${least} to ${most}, a range, a list, a step, or *`
    }
  }
  return undefined
}
