/** `nearcast geodata ACTION`: builds snapshot files, shows what one knows; geodata-live.ts has what control is asked for. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { type Address, findAddress, formatAddress } from '../geodata/address/address.ts'
import { buildGeodata } from '../geodata/build-geodata.ts'
import { addressShareByLine } from '../geodata/compile/address-share.ts'
import { diffGeodata } from '../geodata/compile/diff-geodata.ts'
import type { FieldCoverage, Geodata, GeodataSource } from '../geodata/geodata.ts'
import { LOCATION_FIELDS } from '../geodata/geodata.ts'
import { loadGeodata, saveGeodata } from '../geodata/geodata-file.ts'
import { formatLine, lineLabel } from '../geodata/line/line.ts'
import { lineChain } from '../geodata/line/line-precedence.ts'
import type { Location } from '../geodata/line/location.ts'
import { type FieldProvenance, provenanceOf } from '../geodata/lookup/field-provenance.ts'
import { lookupLocation } from '../geodata/lookup/lookup-location.ts'
import { findPublicResolver, publicResolverNote } from '../geodata/resolver/find-public-resolver.ts'
import { parseRecipe } from '../geodata/source/parse-recipe.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { textOfDifference } from './geodata-difference.ts'
import { LIVE_ACTIONS } from './geodata-live.ts'
import { packageRoot } from './package-root.ts'
import { textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { statePaths } from './state-paths.ts'

/** Moves that `diff` lists. */
const MAX_MOVES = 20
/** Lines that `info` lists. */
const MAX_SHARES = 15

const JSON_OPTION: Readonly<Record<string, CommandOption>> = { json: { type: 'boolean', help: 'prints JSON' } }
const FILE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  file: { type: 'string', value: 'FILE', help: 'geodata file to read [the one in use on this machine, else the default geodata]' },
  state: { type: 'string', value: 'DIR', help: 'state folder that tells which file is in use [./var]' },
  ...JSON_OPTION,
}

const action = (
  name: string,
  positionals: string,
  summary: string,
  options: Command['options'],
  run: (args: CommandArgs, operands: readonly string[]) => Promise<number> | number,
): Command => ({ name: `geodata ${name}`, positionals, summary, options, run: async (args) => run(args, args.positionals) })

const ACTIONS: Readonly<Record<string, Command>> = {
  lookup: action('lookup', 'ADDR…', 'says where addresses are, which lines they match, and who says so', FILE_OPTIONS, lookup),
  info: action('info', '', 'shows sources, licences and coverage of a geodata file', FILE_OPTIONS, info),
  diff: action('diff', 'OLD NEW', 'compares two geodata files: what moved, by province and carrier', JSON_OPTION, diff),
  build: action(
    'build',
    'RECIPE',
    'builds a geodata file from a recipe',
    {
      out: { type: 'string', value: 'FILE', help: 'file to write' },
      compression: { type: 'string', value: '0-11', help: 'brotli quality, 11 is smallest and slowest [9]' },
      ...JSON_OPTION,
    },
    build,
  ),
  ...LIVE_ACTIONS,
}

/** The command. */
export const command: Command = {
  name: 'geodata',
  summary: 'Where addresses are: looks them up, compares, builds, refreshes and corrects geodata.',
  positionals: 'ACTION',
  options: {},
  actions: ACTIONS,
  run: async (args) => {
    const [name] = args.positionals
    throw new UsageError(name === undefined ? `say what to do: ${Object.keys(ACTIONS).join(', ')}` : `unknown action "${name}"`)
  },
}

/** Path of the geodata that ships with nearcast. */
export function defaultGeodataFile(): string {
  return join(packageRoot(), 'geodata', 'default', 'default.geodata')
}

async function build(args: CommandArgs, operands: readonly string[]): Promise<number> {
  const [recipeFile] = operands
  const out = args.flags.out
  if (recipeFile === undefined || operands.length > 1) throw new UsageError('build takes one recipe file')
  if (typeof out !== 'string') throw new UsageError('build needs --out FILE')
  const quality = Number(args.flags.compression ?? 9)
  if (!Number.isInteger(quality) || quality < 0 || quality > 11) throw new UsageError('--compression is a number from 0 to 11')
  const geodata = await buildGeodata(parseRecipe(readRecipe(recipeFile), recipeFile), {
    folder: dirname(resolve(recipeFile)),
    defaultFile: defaultGeodataFile(),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  saveGeodata(out, geodata, quality)
  const summary = { file: out, ...summarize(geodata) }
  print(args, summary, [`wrote ${out}`, `digest ${geodata.digest}`])
  return 0
}

function readRecipe(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new ProductError('GEODATA_SOURCE_INVALID', `recipe "${file}" ${reason}`, 'name a YAML or JSON file with a list "sources"', {
      cause: error,
    })
  }
  try {
    return parse(text)
  } catch (error) {
    const [problem] = (error as Error).message.split('\n')
    throw new ProductError('GEODATA_SOURCE_INVALID', `recipe "${file}" is neither YAML nor JSON: ${problem}`, 'correct it', {
      cause: error,
    })
  }
}

function lookup(args: CommandArgs, operands: readonly string[]): number {
  if (operands.length === 0) throw new UsageError('lookup takes at least one address')
  const addresses = operands.map((text): Address => {
    const address = findAddress(text)
    if (address === undefined) throw new UsageError(`"${text}" is not an IP address`)
    return address
  })
  const geodata = loadGeodata(fileOf(args))
  const results = addresses.map((address) => describeAddress(geodata, address))
  print(
    args,
    results.length === 1 ? results[0] : results,
    results.flatMap((result) => textOfAddress(result)),
  )
  return 0
}

function describeAddress(geodata: Geodata, address: Address) {
  const found = lookupLocation(geodata, address)
  const { sources: _, ...location } = found.location
  const publicResolver = findPublicResolver(address)
  return {
    address: formatAddress(address),
    location,
    label: { en: labelOf(found.location, 'en'), 'zh-CN': labelOf(found.location, 'zh-CN') },
    sources: provenanceOf(geodata, address, found.location),
    range: found.range,
    scope: found.scope,
    ...(publicResolver === undefined ? {} : { publicResolver }),
    lines: { placeFirst: lineChain(found.location, 'place-first'), carrierFirst: lineChain(found.location, 'carrier-first') },
  }
}

function textOfAddress(result: ReturnType<typeof describeAddress>): string[] {
  const { location, sources } = result
  const codes = [location.country, location.province, location.region, location.city, location.carrier].filter((code) => code !== undefined)
  const fields = LOCATION_FIELDS.filter((field) => location[field] !== undefined)
  return [
    result.address,
    `  location  ${result.label['zh-CN']} · ${result.label.en}${codes.length > 0 ? ` [${codes.join(' ')}]` : ''}`,
    ...fields.map(
      (field) => `  ${(field === 'asn' ? 'origin AS' : field).padEnd(9)} ${location[field]}${textOfProvenance(sources[field])}`,
    ),
    ...(result.publicResolver === undefined ? [] : [`  note      ${publicResolverNote(result.publicResolver)}`]),
    `  range     ${result.range.join(' – ')}, scope /${result.scope}`,
    `  lines     ${result.lines.placeFirst.join(' > ')}`,
  ]
}

function textOfProvenance(provenance: FieldProvenance | undefined): string {
  if (provenance === undefined) return ''
  const { source, date, inferred, correction } = provenance
  if (correction === undefined) return ` (from ${source}${date ? ` of ${date}` : ''}${inferred ? ', inferred' : ''})`
  const by = [correction.author, correction.date].filter((part) => part !== undefined).join(', ')
  return ` (corrected for ${correction.prefix}: ${correction.reason}${by ? `; ${by}` : ''})`
}

/** Name of the narrowest line of a location that is not an AS. */
function labelOf(location: Location, language: 'en' | 'zh-CN'): string {
  if (location.country === undefined && location.carrier === undefined) return language === 'en' ? 'unknown' : '未知'
  const places = lineChain({ ...location, carrier: undefined, asn: undefined }, 'place-first')
  return lineLabel(formatLine(places[0]!, location.carrier), language)
}

function info(args: CommandArgs, operands: readonly string[]): number {
  if (operands.length > 0) throw new UsageError('info takes no operand; name the file with --file')
  const geodata = loadGeodata(fileOf(args))
  const shares = [...addressShareByLine(geodata)].sort((a, b) => b[1].share - a[1].share || (a[0] < b[0] ? -1 : 1))
  const domestic = shares.filter(([line]) => /^(cn-\d\d|cn|abroad|\*\/\w+)$/.test(line)).slice(0, MAX_SHARES)
  const summary = { file: fileOf(args), ...summarize(geodata), shares: Object.fromEntries(domestic) }
  print(args, summary, [
    `file       ${summary.file}`,
    `digest     ${geodata.digest}`,
    `ranges     ${summary.ranges.ipv4} IPv4, ${summary.ranges.ipv6} IPv6`,
    `locations  ${summary.locations}`,
    '',
    'sources, first wins',
    ...geodata.header.sources.flatMap(textOfSource),
    '',
    'share of located IPv4 addresses by line',
    ...domestic.map(
      ([line, { share }]) => `  ${(share * 100).toFixed(2).padStart(6)} %  ${line}  ${lineLabel(line, 'zh-CN')} · ${lineLabel(line, 'en')}`,
    ),
  ])
  return 0
}

function textOfSource(source: GeodataSource): string[] {
  const decided = LOCATION_FIELDS.filter((field) => isCovered(source.coverage[field])).map((field) => {
    const { ipv4Addresses, ipv6Networks48 } = source.coverage[field]
    return `${field} ${millions(ipv4Addresses)} M IPv4, ${millions(ipv6Networks48)} M IPv6 /48`
  })
  const lines = [
    `  ${source.name} ${source.version}${source.inferred ? ' (inferred)' : ''}`,
    ...(source.corrections === undefined ? [] : [`    rows      ${source.corrections.length}`]),
    ...(source.inferredFields === undefined ? [] : [`    infers    ${source.inferredFields.join(', ')}`]),
    `    data of   ${source.date || 'unknown'}`,
    `    licence   ${source.licence || 'not stated'}`,
  ]
  if (source.attribution) lines.push(`    credit    ${source.attribution}`)
  return [...lines, ...decided.map((text, position) => `    ${position === 0 ? 'decides' : '       '}   ${text}`)]
}

function isCovered(coverage: FieldCoverage): boolean {
  return coverage.ipv4Addresses > 0 || coverage.ipv6Networks48 > 0
}

function millions(count: number): string {
  return (count / 1e6).toFixed(1)
}

function diff(args: CommandArgs, operands: readonly string[]): number {
  const [before, after] = operands
  if (before === undefined || after === undefined || operands.length > 2) throw new UsageError('diff takes two geodata files')
  const result = diffGeodata(loadGeodata(before), loadGeodata(after), args.flags.json === true ? 1000 : MAX_MOVES)
  print(args, result, textOfDifference(result))
  return 0
}

function summarize(geodata: Geodata) {
  return {
    digest: geodata.digest,
    ranges: { ipv4: geodata.v4.values.length, ipv6: geodata.v6.values.length },
    locations: geodata.locations.length,
    sources: geodata.header.sources,
    coverage: geodata.header.coverage,
  }
}

function fileOf(args: CommandArgs): string {
  if (typeof args.flags.file === 'string') return args.flags.file
  const { nodeGeodata } = statePaths(textFlag(args.flags, 'state', './var'))
  const inUse = existsSync(nodeGeodata) ? readFileSync(nodeGeodata, 'utf8') : ''
  return inUse !== '' && existsSync(inUse) ? inUse : defaultGeodataFile()
}

function print(args: CommandArgs, value: unknown, lines: readonly string[]): void {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)
}
