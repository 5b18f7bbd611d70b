/**
 * Generations to swap between, as snapshot files, and the questions that tell them apart: a document of steered names whose rules lead to a
 * first and a second endpoint each, the same with other addresses, and the first under other geodata. Used by bench/swap.bench.ts and
 * test/e2e/swap-under-load.test.ts.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { defaultGeodataFile } from '../../cli/geodata.ts'
import { formatAddress } from '../../geodata/address/address.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { parseConfig } from '../../policy/config/parse-config.ts'
import { compileSnapshot } from '../../resolver/snapshot/compile-snapshot.ts'
import { saveSnapshot } from '../../resolver/snapshot/snapshot-file.ts'

/** How large the generations are. */
export type SwapCaseSize = {
  readonly policies: number
  /** Rules of a policy besides the one for everybody; each has two endpoints. */
  readonly linesPerPolicy: number
  readonly steeredNames: number
  readonly staticNames: number
}

/** A generation on disk. */
export type PreparedGeneration = { readonly path: string; readonly digest: string; readonly blockBytes: number }

/** What the node is asked: a steered name, for a client of a subnet. */
export type SwapQuestion = { readonly name: string; readonly subnet: string }

/** Prepared generations: `base`; `moved` with another address of every endpoint; `relocated` with other geodata. */
export type SwapCase = {
  readonly generations: Readonly<Record<'base' | 'moved' | 'relocated', PreparedGeneration>>
  readonly questions: readonly SwapQuestion[]
  readonly geodataPath: string
}

/** Site of the first endpoint of every rule: forced down, every answer changes to the second. */
export const FIRST_SITE = 'first'
/** Pattern of the steered names, for the load generator. */
export const STEERED_PATTERN = 's%d.edge.swap.test'

const PROVINCES = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(' ')
const CARRIERS = ['telecom', 'unicom', 'mobile'] as const
/** Static names go into zones of this many. */
const NAMES_PER_ZONE = 10_000
/** Offset of the generation in a snapshot file (snapshot-file.ts); no digest covers it. */
const GENERATION_AT = 16

/** The lines that rules are for, in an order that mixes provinces and carriers. */
const LINES = PROVINCES.flatMap((province, at) => CARRIERS.map((_, shift) => `cn-${province}/${CARRIERS[(at + shift) % 3]!}`))

function makeDocument(size: SwapCaseSize, variant: number, zones: readonly { readonly name: string; readonly file: string }[]): string {
  const endpoints: unknown[] = []
  const pools: unknown[] = []
  const policies: unknown[] = []
  const addPool = (id: string, site: string): string => {
    const number = endpoints.length
    endpoints.push({ id, ipv4: `10.${variant}.${number >> 8}.${number & 255}`, site, place: 'cn-11' })
    pools.push({ id, members: [{ endpoint: id }] })
    return id
  }
  for (let p = 0; p < size.policies; p++) {
    const rule = (line: string, k: number) => ({ line, pools: [addPool(`p${p}-${k}-a`, FIRST_SITE), addPool(`p${p}-${k}-b`, 'second')] })
    const rules = Array.from({ length: size.linesPerPolicy }, (_, k) => rule(LINES[(7 * p + k) % LINES.length]!, k))
    const last = rule('*', size.linesPerPolicy)
    policies.push({ id: `policy-${p}`, ttlSeconds: 30, rules: [...rules, last], fallback: [last.pools[1]] })
  }
  const names = Array.from({ length: size.steeredNames }, (_, i) => ({
    name: `s${i}.edge.swap.test.`,
    types: ['A'],
    policy: `policy-${i % size.policies}`,
  }))
  return JSON.stringify({ apiVersion: 'nearcast/v1', zones, endpoints, pools, policies, names })
}

function makeZones(staticNames: number): {
  readonly zones: { readonly name: string; readonly file: string }[]
  readonly files: Map<string, string>
} {
  const head = '$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 604800 60\n@ IN NS ns1\nns1 IN A 192.0.2.53\n'
  const files = new Map([['swap.test.zone', head]])
  for (let first = 0, zone = 0; first < staticNames; first += NAMES_PER_ZONE, zone++) {
    const rows: string[] = []
    for (let i = 0; i < Math.min(NAMES_PER_ZONE, staticNames - first); i++) rows.push(`h${i} IN A 192.0.2.${i & 255}`)
    files.set(`z${zone}.swap-static.test.zone`, `${head}${rows.join('\n')}\n`)
  }
  return { zones: [...files.keys()].map((file) => ({ name: `${file.slice(0, -'.zone'.length)}.`, file })), files }
}

/** Numbers of the locations that a rule may be for: a province and a carrier of China. */
function steeredLocations({ locations }: Geodata): number[] {
  return [...locations.keys()].filter((number) => locations[number]!.province !== undefined && locations[number]!.carrier !== undefined)
}

/** The same networks, each in the place of another. */
function relocate(geodata: Geodata): Geodata {
  const known = steeredLocations(geodata)
  const next = Uint32Array.from(geodata.locations.keys())
  for (const [at, number] of known.entries()) next[number] = known[(at + 37) % known.length]!
  const values = geodata.v4.values.map((number) => next[number]!)
  return {
    ...geodata,
    digest: geodata.digest.replace(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)),
    v4: { ...geodata.v4, values },
  }
}

/** Client subnets, one a location, spread over the table. */
function subnetsOf(geodata: Geodata, count: number): string[] {
  const wanted = new Set(steeredLocations(geodata))
  const { starts, values } = geodata.v4
  const subnets: string[] = []
  for (let i = 0; i < starts.length && subnets.length < count; i++) {
    // A /24 that lies in this range whole.
    const first = Math.ceil(starts[i]! / 256) * 256
    if (!wanted.has(values[i]!) || first + 255 >= (starts[i + 1] ?? 2 ** 32)) continue
    wanted.delete(values[i]!)
    subnets.push(`${formatAddress({ family: 4, words: [0, 0, 0xffff, first] })}/24`)
  }
  return subnets
}

/** Compiles the generations into `folder`. */
export async function prepareSwapCase(folder: string, size: SwapCaseSize, questionCount: number): Promise<SwapCase> {
  const geodataPath = defaultGeodataFile()
  const geodata = loadGeodata(geodataPath)
  const { zones, files } = makeZones(size.staticNames)
  const prepare = async (key: string, variant: number, used: Geodata): Promise<PreparedGeneration> => {
    const parsed = parseConfig(makeDocument(size, variant, zones), files)
    if (!parsed.ok) throw new Error(`the document of "${key}" has errors: ${parsed.issues[0]?.message}`)
    const { snapshot, issues } = compileSnapshot({
      config: parsed.config,
      documentDigest: parsed.digest,
      geodata: used,
      serials: new Map(),
      moreZones: [],
      generation: 1,
    })
    if (snapshot === undefined) throw new Error(`"${key}" cannot be compiled: ${JSON.stringify(issues[0])}`)
    const path = join(folder, `${key}.snapshot`)
    await saveSnapshot(path, snapshot)
    return { path, digest: snapshot.digest, blockBytes: snapshot.block.byteLength }
  }
  const generations = {
    base: await prepare('base', 1, geodata),
    moved: await prepare('moved', 2, geodata),
    relocated: await prepare('relocated', 1, relocate(geodata)),
  }
  const subnets = subnetsOf(geodata, 300)
  const questions = Array.from({ length: questionCount }, (_, i) => ({
    // A prime step: the questions spread over names and policies, whatever their numbers.
    name: STEERED_PATTERN.replace('%d', String((i * 7919) % size.steeredNames)),
    subnet: subnets[(i * 31) % subnets.length]!,
  }))
  return { generations, questions, geodataPath }
}

/** Gives a prepared file the number of the generation that it is published as. */
export function numberGeneration(path: string, generation: number): void {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(generation)
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, 8, GENERATION_AT)
  closeSync(fd)
}
