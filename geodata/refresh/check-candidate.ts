/** What new data must keep to before anybody is asked: sizes of its sources, coverage, known addresses. Pure. */
import { findAddress } from '../address/address.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { SPECIAL_PREFIXES } from '../address/special-prefixes.ts'
import { finestLine } from '../compile/diff-geodata.ts'
import { sizeOfRange } from '../compile/flat-ranges.ts'
import { type Geodata, LOCATION_FIELDS, type LocationField } from '../geodata.ts'
import { lineChain } from '../line/line-precedence.ts'
import { lookupLocation } from '../lookup/lookup-location.ts'
import type { SourceReading } from '../source/source-kind.ts'

/** How much of the address space a source knows anything about. */
export type SourceSize = { readonly name: string; readonly ipv4Addresses: number; readonly ipv6Networks48: number }

/** Limits (document key `geodata.guards`). */
export type CandidateGuards = {
  readonly maxShrinkPercent: number
  readonly minCoveragePercent: { readonly [Field in LocationField]?: number | undefined }
  readonly knownAddresses: readonly { readonly address: string; readonly line: string }[]
}

/** What the candidate is compared with. */
export type CandidateBase = {
  /** Sizes of the sources when the data in use was built; empty = not known. */
  readonly sizes: readonly SourceSize[]
  /** The data in use. */
  readonly geodata: Geodata
  /** False: the document names other sources now, so a field may well know less. */
  readonly isSameRecipe: boolean
  /** True: it is the data in use but for its corrections. Then it is not asked what the data in use does not keep to either. */
  readonly isCorrection: boolean
}

/** Size of what a source said. */
export function sizeOfReading(name: string, { ranges }: SourceReading): SourceSize {
  const sum = (family: SourceReading['ranges']['v4']): number => {
    let total = 0
    for (let range = 0; range < family.values.length; range++) if (family.values[range] !== 0) total += sizeOfRange(family, range)
    return Math.ceil(total)
  }
  return { name, ipv4Addresses: sum(ranges.v4), ipv6Networks48: sum(ranges.v6) }
}

/** Throws GEODATA_SHRUNKEN, GEODATA_COVERAGE or GEODATA_KNOWN_ADDRESS for data that must not go live. */
export function checkCandidate(candidate: Geodata, sizes: readonly SourceSize[], base: CandidateBase, guards: CandidateGuards): void {
  for (const size of sizes) {
    const before = base.sizes.find(({ name }) => name === size.name)
    if (before === undefined) continue
    refuseLoss(`source "${size.name}"`, 'IPv4 addresses', before.ipv4Addresses, size.ipv4Addresses, guards)
    refuseLoss(`source "${size.name}"`, 'IPv6 /48 networks', before.ipv6Networks48, size.ipv6Networks48, guards)
  }
  if (base.isSameRecipe) {
    for (const field of LOCATION_FIELDS) {
      const [before, after] = [base.geodata.header.coverage[field], candidate.header.coverage[field]]
      if (before === undefined || after === undefined) continue
      refuseLoss(`field "${field}"`, 'IPv4 addresses', before.ipv4Addresses, after.ipv4Addresses, guards)
      refuseLoss(`field "${field}"`, 'IPv6 /48 networks', before.ipv6Networks48, after.ipv6Networks48, guards)
    }
  }
  if (!base.isCorrection) checkCoverage(candidate, guards)
  checkKnownAddresses(candidate, base, guards)
}

function refuseLoss(what: string, unit: string, before: number, after: number, { maxShrinkPercent }: CandidateGuards): void {
  const lostPercent = before === 0 ? 0 : (100 * (before - after)) / before
  if (lostPercent <= maxShrinkPercent) return
  const message = `${what} has shrunk from ${before} to ${after} ${unit}, by ${lostPercent.toFixed(1)} %; the limit is ${maxShrinkPercent} %`
  throw new GeodataError(
    'GEODATA_SHRUNKEN',
    message,
    'fetch it again; if it is right, raise geodata.guards.maxShrinkPercent for one refresh',
  )
}

function checkCoverage(candidate: Geodata, { minCoveragePercent }: CandidateGuards): void {
  const special = SPECIAL_PREFIXES.filter(({ family }) => family === 4).reduce((sum, { length }) => sum + 2 ** (32 - length), 0)
  for (const field of LOCATION_FIELDS) {
    const least = minCoveragePercent[field]
    if (least === undefined) continue
    const known = candidate.header.coverage[field]?.ipv4Addresses ?? 0
    const isOfAll = field === 'country' || field === 'asn'
    const whole = isOfAll ? 2 ** 32 - special : countAddresses(candidate, ({ country }) => country === 'CN')
    const inChina = isOfAll ? known : countAddresses(candidate, (location) => location.country === 'CN' && location[field] !== undefined)
    const percent = whole === 0 ? 0 : (100 * inChina) / whole
    if (percent >= least) continue
    const message = `${field} is known for ${percent.toFixed(1)} % of the ${isOfAll ? 'public' : 'Chinese'} IPv4 addresses, less than ${least} %`
    throw new GeodataError('GEODATA_COVERAGE', message, 'check the sources, or lower geodata.guards.minCoveragePercent')
  }
}

function countAddresses(geodata: Geodata, isMeant: (location: Geodata['locations'][number]) => boolean): number {
  const flags = Uint8Array.from(geodata.locations, (location) => Number(isMeant(location)))
  const ranges = { width: 1 as const, starts: geodata.v4.starts, values: geodata.v4.values }
  let sum = 0
  for (let range = 0; range < ranges.values.length; range++) if (flags[ranges.values[range]!] === 1) sum += sizeOfRange(ranges, range)
  return sum
}

function checkKnownAddresses(candidate: Geodata, { geodata, isCorrection }: CandidateBase, { knownAddresses }: CandidateGuards): void {
  for (const { address: text, line } of knownAddresses) {
    const address = findAddress(text)
    if (address === undefined) continue
    const chain = lineChain(lookupLocation(candidate, address).location, 'place-first')
    if (chain.includes(line)) continue
    const { location } = lookupLocation(geodata, address)
    const wasThere = lineChain(location, 'place-first').includes(line)
    if (isCorrection && !wasThere) continue
    const [before, after] = [finestLine(location), finestLine(lookupLocation(candidate, address).location)]
    const now = before === after ? 'where it is in the data in use, too' : `in the data in use it is on "${before}"`
    throw new GeodataError(
      'GEODATA_KNOWN_ADDRESS',
      `the known address ${text} would be on "${after}", not on "${line}" (${now})`,
      'check the source; if the address moved, correct geodata.guards.knownAddresses',
    )
  }
}
