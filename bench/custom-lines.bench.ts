/**
 * Guards custom lines at their limit: 1,000,000 networks in 10,000 lines (files of a document), one policy that names them all, on the
 * geodata that ships. Prints the time and memory of reading and compiling, bytes a network, and the cost of a decision beside that of
 * the same policy without custom lines (medians of interleaved rounds in one process).
 *
 *   node --expose-gc bench/custom-lines.bench.ts [--lines N] [--prefixes N] [--check]      --check: fails beyond the limits below
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { formatIpv4, formatIpv6 } from '../geodata/address/address.ts'
import { countPrefixes } from '../geodata/address/prefix-list.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from '../geodata/lookup/find-range.ts'
import { type CompiledConfig, compilePolicies } from '../policy/compile/compile-policies.ts'
import type { Config } from '../policy/config/config-schema.ts'
import { parseConfig } from '../policy/config/parse-config.ts'
import { type CompiledPolicies, viewPolicies } from '../policy/decide/compiled-policies.ts'
import { decide } from '../policy/decide/decide.ts'
import { makeDecision } from '../policy/model/decision.ts'
import { fillRanking, makePlainRanking } from '../test/support/synthetic-ranking.ts'

/** Limits of --check: compiling, reading and compiling together, growth of the process, lookups against the default table. */
const MOST_COMPILE_SECONDS = 5
const MOST_SECONDS = 10
const MOST_MEGABYTES = 300
const MOST_TIMES = 2
const ROUNDS = 41
const CALLS = 65_536

const { values: flags } = parseArgs({
  options: {
    lines: { type: 'string', default: '10000' },
    prefixes: { type: 'string', default: '1000000' },
    check: { type: 'boolean', default: false },
  },
})
const lineCount = Number(flags.lines)
const prefixCount = Number(flags.prefixes)
const random = makeRandom(20261121)

const geodata = loadGeodata(join(packageRoot(), 'geodata/default/default.geodata'))
const plain = compilePolicies(read(documentText([]), new Map()), geodata)
const files = makeFiles()
const text = documentText([...files.keys()])
gc!()
const before = process.memoryUsage()
resetPeak()

const readCost = startCost()
const config = read(text, files)
const readSeconds = readCost()
const compileCost = startCost()
const compiled = compilePolicies(config, geodata)
const compileSeconds = compileCost()
const peak = readPeak()
const count = config.lines.reduce((sum, line) => sum + countPrefixes(line.prefixes), 0)
// Of the processor: the clock counts neighbours, too. Garbage collection in threads of its own is in it.
const seconds = readSeconds.processor + compileSeconds.processor
// Geodata and the texts of the files were there before.
const megabytes = peak - before.rss / 2 ** 20
// Once is not always enough for what the last pass has just let go.
for (let n = 0; n < 4; n++) gc!()
const after = process.memoryUsage()
const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
const tables =
  compiled.columns.tableStarts4.byteLength +
  compiled.columns.tableClass4.byteLength +
  compiled.columns.tableStarts6.byteLength +
  compiled.columns.tableClass6.byteLength +
  compiled.columns.tableIndex4.byteLength +
  compiled.columns.tableIndex6.byteLength
const classes = compiled.columns.classSlots.byteLength + compiled.columns.classSlotFirst.byteLength
const packed = config.lines.reduce(
  (sum, { prefixes: { v4, v6 } }) => sum + v4.starts.byteLength + v4.lengths.byteLength + v6.starts.byteLength + v6.lengths.byteLength,
  0,
)
console.log(
  `${count} networks in ${config.lines.length} lines, ${compiled.columns.tableClass4.length} IPv4 and ${compiled.columns.tableClass6.length} IPv6 ranges, ${compiled.columns.classOrderFirst.length} classes`,
)
console.log(
  `read ${showCost(readSeconds)}, compile ${showCost(compileSeconds)}, together ${seconds.toFixed(2)} s of the processor; load of the machine ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`,
)
console.log(
  `peak of the process ${peak.toFixed(0)} MB, ${megabytes.toFixed(0)} MB more than before; held afterwards ${(held / 2 ** 20).toFixed(0)} MB`,
)
console.log(
  `bytes a network: document ${(packed / count).toFixed(1)}, compiled tables ${(tables / count).toFixed(1)}, classes ${(classes / count).toFixed(1)}, all that stays ${(held / count).toFixed(1)}`,
)

const defaultView = { tables4: [geodata.v4], tables6: [geodata.v6] }
const customView = viewPolicies(compiled.columns)
const defaultConfig = read(documentText([]), new Map())
console.log(`default table: ${geodata.v4.values.length} IPv4 and ${geodata.v6.values.length} IPv6 ranges`)
let worst = 0
/** Results go here, so that nothing is left out. */
let sink = 0
for (const [where, addresses] of makeAddresses()) {
  for (const family of [4, 6] as const) {
    const given = addresses[family]
    const ratio = compare(
      `IPv${family}, ${where}, range and scope`,
      () => lookUp(defaultView, family, given),
      () => lookUp(customView, family, given),
    )
    worst = Math.max(worst, ratio)
    compare(
      `IPv${family}, ${where}, whole decision`,
      makeRun(plain, defaultConfig, family, given),
      makeRun(compiled, config, family, given),
    )
  }
}
const failures = [
  ...(compileSeconds.processor > MOST_COMPILE_SECONDS
    ? [`compiling took ${compileSeconds.processor.toFixed(2)} s, the limit is ${MOST_COMPILE_SECONDS}`]
    : []),
  ...(seconds > MOST_SECONDS ? [`reading and compiling took ${seconds.toFixed(2)} s, the limit is ${MOST_SECONDS}`] : []),
  ...(megabytes > MOST_MEGABYTES ? [`it took ${megabytes.toFixed(0)} MB, the limit is ${MOST_MEGABYTES}`] : []),
  ...(worst > MOST_TIMES ? [`a lookup costs ${worst.toFixed(2)} times that of the default table, the limit is ${MOST_TIMES}`] : []),
]
for (const failure of failures) console.log(`beyond the limit: ${failure}`)
if (sink < 0) console.log(sink)
if (flags.check && failures.length > 0) process.exitCode = 1

/** Linux forgets the peak of memory when told so; elsewhere it is that of the whole run. */
function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    console.log('the peak of memory includes the making of the lists')
  }
}

function readPeak(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

type Cost = { readonly clock: number; readonly processor: number }

function startCost(): () => Cost {
  const clock = performance.now()
  const processor = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(processor)
    return { clock: (performance.now() - clock) / 1000, processor: (user + system) / 1e6 }
  }
}

function showCost({ clock, processor }: Cost): string {
  return `${processor.toFixed(2)} s (${clock.toFixed(2)} s by the clock)`
}

function read(document: string, attached: ReadonlyMap<string, string>): Config {
  const result = parseConfig(document, attached)
  if (!result.ok) throw new Error(JSON.stringify(result.issues.slice(0, 3)))
  return result.config
}

function perSecond(ns: number): string {
  return `${(1000 / ns).toFixed(1)} M/s`
}

function documentText(names: readonly string[]): string {
  const lines = names.map((name, n) => `  - {id: l${n}, file: ${name}}`)
  const rules = names.map((_, n) => `      - {line: "custom:l${n}", pools: [edge]}`)
  return `apiVersion: nearcast/v1
endpoints:
  - {id: edge-1, ipv4: 192.0.2.1}
  - {id: central-1, ipv4: 192.0.2.2}
pools:
  - {id: edge, members: [{endpoint: edge-1}]}
  - {id: central, members: [{endpoint: central-1}]}
${lines.length > 0 ? `lines:\n${lines.join('\n')}\n` : ''}policies:
  - id: p
    ttlSeconds: 30
    rules:
${rules.join('\n')}
      - {line: cn-3302/telecom, pools: [edge]}
      - {line: cn-33/telecom, pools: [edge]}
      - {line: cn-33, pools: [edge]}
      - {line: cn, pools: [central]}
      - {line: "*", pools: [central]}
    fallback: [central]
`
}

/** Lists as operators have them: two thirds IPv4, networks of all usual lengths, some of them in others of the same or another line. */
function makeFiles(): Map<string, string> {
  const made = new Map<string, string>()
  const used = new Set<string>()
  const each = Math.ceil(prefixCount / lineCount)
  for (let line = 0; line < lineCount; line++) {
    let list = '# networks\n'
    for (let n = 0; n < each; n++) {
      let network = ''
      do network = random() % 3 === 0 ? makeNetwork6() : makeNetwork4()
      while (used.has(network))
      used.add(network)
      list += `${network}\n`
    }
    // As bytes first: a text that was put together piece by piece is kept as its pieces.
    made.set(`l${line}.cidr`, Buffer.from(list).toString())
  }
  return made
}

/** Custom networks are where networks are: around a random range of the geodata. */
function makeNetwork4(): string {
  const length = [20, 22, 24, 24, 24, 26, 28, 29, 30, 32][random() % 10]!
  const address = clientIn4()
  return `${formatIpv4((Math.floor(address / 2 ** (32 - length)) * 2 ** (32 - length)) >>> 0)}/${length}`
}

function makeNetwork6(): string {
  const length = [32, 40, 48, 48, 56, 64][random() % 6]!
  const [word0, word1] = clientIn6()
  return `${formatIpv6([word0, length <= 32 ? 0 : ((word1 >>> (64 - length)) << (64 - length)) >>> 0, 0, 0])}/${length}`
}

/** An address in a random known range: big ranges are not likelier than small ones, as clients are not. */
function clientIn4(): number {
  const { starts, values } = geodata.v4
  for (;;) {
    const range = random() % (values.length - 1)
    if (geodata.locations[values[range]!]!.country === undefined) continue
    return starts[range]! + (random() % (starts[range + 1]! - starts[range]!))
  }
}

function clientIn6(): readonly [number, number] {
  const { starts, values } = geodata.v6
  for (;;) {
    const range = random() % (values.length - 1)
    if (geodata.locations[values[range]!]!.country === undefined) continue
    const size = starts[4 * range + 4]! - starts[4 * range]!
    if (size > 0) return [starts[4 * range]! + (random() % size), random()]
    return [starts[4 * range]!, starts[4 * range + 1]! + (random() % Math.max(1, starts[4 * range + 5]! - starts[4 * range + 1]!))]
  }
}

/** Clients of known networks, and clients of custom networks. */
function makeAddresses(): [string, Record<4 | 6, Uint32Array>][] {
  const everywhere = { 4: new Uint32Array(65_536), 6: new Uint32Array(2 * 65_536) }
  const inside = { 4: new Uint32Array(65_536), 6: new Uint32Array(2 * 65_536) }
  for (let n = 0; n < 65_536; n++) {
    everywhere[4][n] = clientIn4()
    everywhere[6].set(clientIn6(), 2 * n)
    const { v4, v6 } = config.lines[random() % config.lines.length]!.prefixes
    if (v4.lengths.length > 0) inside[4][n] = v4.starts[random() % v4.lengths.length]!
    const at = v6.lengths.length === 0 ? 0 : random() % v6.lengths.length
    inside[6][2 * n] = v6.starts[4 * at] ?? 0
    inside[6][2 * n + 1] = v6.starts[4 * at + 1] ?? 0
  }
  return [
    ['clients everywhere', everywhere],
    ['clients of custom lines', inside],
  ]
}

/** Interleaved rounds; prints the medians of both and gives how many times the second costs the first. */
function compare(what: string, byDefault: () => number, custom: () => number): number {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) for (const [side, run] of [byDefault, custom].entries()) times[side]!.push(run())
  const [first, second] = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!) as [number, number]
  const ratio = second / first
  console.log(
    `${what}: default ${first.toFixed(0)} ns (${perSecond(first)}), custom ${second.toFixed(0)} ns (${perSecond(second)}), ${ratio.toFixed(2)} times`,
  )
  return ratio
}

/** ns of a lookup in the first table of a family. */
function lookUp({ tables4, tables6 }: Pick<CompiledPolicies, 'tables4' | 'tables6'>, family: 4 | 6, addresses: Uint32Array): number {
  const table4 = tables4[0]!
  const table6 = tables6[0]!
  const startedAt = performance.now()
  for (let n = 0; n < CALLS; n++) {
    const i = n & 65_535
    if (family === 4) {
      const ip = addresses[i]! | 0
      const range = findRange4(table4, ip)
      sink += table4.values[range]! + scopeOfRange4(table4, range, ip)
    } else {
      const word0 = addresses[2 * i]! | 0
      const word1 = addresses[2 * i + 1]! | 0
      const range = findRange6(table6, word0, word1, 0, 0)
      sink += table6.values[range]! + scopeOfRange6(table6, range, word0, word1, 0, 0)
    }
  }
  return ((performance.now() - startedAt) * 1e6) / CALLS
}

/** ns of a decision. */
function makeRun(given: CompiledConfig, of: Config, family: 4 | 6, addresses: Uint32Array): () => number {
  const view = viewPolicies(given.columns)
  const ranking = fillRanking(of, makePlainRanking(of))
  const out = makeDecision()
  return () => {
    const startedAt = performance.now()
    for (let i = 0; i < CALLS; i++) {
      const n = i & 65_535
      if (family === 4) decide(view, ranking, 0, 0, 4, addresses[n]! | 0, 0, 0, 0, i, out)
      else decide(view, ranking, 0, 0, 6, addresses[2 * n]! | 0, addresses[2 * n + 1]! | 0, 0, 0, i, out)
    }
    return ((performance.now() - startedAt) * 1e6) / CALLS
  }
}

/** Small deterministic generator (xorshift32). */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
