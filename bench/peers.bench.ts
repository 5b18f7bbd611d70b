/**
 * nearcast beside other DNS servers on the same machine, in the same minutes, from the same data: a zone with 10,000 names, and a steered
 * name whose answer depends on a table of 600,000 IPv4 prefixes in 128 lines. docs/benchmarks.md tells what each figure means, and what
 * each peer can do with this data.
 *
 *   npm run bench:peers [-- --peers gdnsd,knot,nsd,bind,pdns --rounds 5 --seconds 1 --check --json]
 *
 * Each server has one UDP thread, all on the first core; the load generator (bench/load) is on the last. The rounds are interleaved. A
 * peer that is not installed is left out; one line tells its Debian package. Everything that was started is stopped at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchServer } from './answer/bench-servers.ts'
import type { Block } from './answer/figures.ts'
import { buildLoad } from './load/build-load.ts'
import { chooseCores } from './load/measure-load.ts'
import { findProductEntry, type ProductEntry } from './load/product-entry.ts'
import { type AnswerCheck, checkAnswers } from './peers/ask.ts'
import { bind } from './peers/bind.ts'
import { peerRowsOf } from './peers/comparison.ts'
import type { Contender } from './peers/contender.ts'
import { gdnsd } from './peers/gdnsd.ts'
import { formatGoal, type Goal, goalsOfBlock, goalsOfRun, isMet } from './peers/goals.ts'
import { knot } from './peers/knot.ts'
import { NEARCAST_VARIANTS, nearcast } from './peers/nearcast.ts'
import { nsd } from './peers/nsd.ts'
import { pdns } from './peers/pdns.ts'
import { buildPrefixTable, LINE_COUNT, type PrefixTable } from './peers/prefix-table.ts'
import { formatAnswerChecks, formatBlock } from './peers/report.ts'
import { type Bench, measureBlock } from './peers/rounds.ts'
import { findProgram, startContender } from './peers/servers.ts'
import { SHAPES, type Shape, WORKLOADS, type Workload } from './peers/workloads.ts'

const PEERS: readonly Contender[] = [gdnsd, knot, nsd, bind, pdns]

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: PEERS.map(({ id }) => id).join() },
    nearcast: { type: 'string', default: NEARCAST_VARIANTS.join() },
    workloads: { type: 'string', default: WORKLOADS.map(({ id }) => id).join() },
    shapes: { type: 'string', default: SHAPES.map(({ id }) => id).join() },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    prefixes: { type: 'string', default: '600000' },
    product: { type: 'string' },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

/** What the flags ask for. */
type Settings = {
  readonly contenders: readonly Contender[]
  /** Servers that goals compare with: those asked for, installed or not. */
  readonly goalPeers: readonly string[]
  readonly workloads: readonly Workload[]
  readonly shapes: readonly Shape[]
  readonly rounds: number
  readonly prefixCount: number
  readonly product: ProductEntry
  readonly bench: Bench
}

function readSettings(folder: string): Settings {
  const byId = ({ id }: { readonly id: string }): string => id
  const product = findProductEntry(values.product)
  const peers = choose('peers', values.peers, PEERS, byId)
  const variants = choose('nearcast', values.nearcast, NEARCAST_VARIANTS, (id) => id)
  return {
    contenders: [...peers, ...variants.map((variant) => nearcast(variant, product.path))],
    goalPeers: ['null', ...peers.map(byId)],
    workloads: choose('workloads', values.workloads, WORKLOADS, byId),
    shapes: choose('shapes', values.shapes, SHAPES, byId),
    rounds: positive('rounds', values.rounds),
    prefixCount: positive('prefixes', values.prefixes),
    product,
    bench: { load: buildLoad(), cores: chooseCores(), folder, seconds: positive('seconds', values.seconds) },
  }
}

/** The named ones of a list; throws on a name that is none. */
function choose<T>(flag: string, text: string, known: readonly T[], idOf: (item: T) => string): T[] {
  const ids = text.split(',').filter((id) => id !== '')
  return ids.map((id) => {
    const item = known.find((each) => idOf(each) === id)
    if (item === undefined) throw new Error(`--${flag}: "${id}" is none of ${known.map(idOf).join(', ')}`)
    return item
  })
}

function positive(flag: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${flag}: "${text}" is no positive number`)
  return number
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

function headline({ product, rounds, prefixCount, bench: { cores, seconds } }: Settings): string {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, node ${process.version}`
  return `${machine}; load ${loadavg()[0]!.toFixed(1)}; servers on core ${cores.server}, generator on core ${cores.generator}
${prefixCount} prefixes in ${LINE_COUNT} lines; nearcast from ${product.form}; medians of ${rounds} interleaved rounds of ${seconds} s`
}

/** Starts what is installed, all at once: loading the table takes the slowest of them some 20 s. */
async function startAll({ contenders, bench }: Settings, table: PrefixTable): Promise<BenchServer[]> {
  const starting = contenders.flatMap((contender) => {
    const program = findProgram(contender)
    if (program !== undefined) return [startContender(contender, program, join(bench.folder, contender.id), table, bench.cores.server)]
    tell(`${contender.id} is left out: not installed (Debian: apt-get install ${contender.packages.join(' ')})`)
    return []
  })
  const results = await Promise.allSettled(starting)
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed === undefined) return servers
  await stopAll(servers)
  throw failed.reason
}

async function stopAll(servers: readonly BenchServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

async function checkAll(
  { contenders }: Settings,
  servers: readonly BenchServer[],
  table: PrefixTable,
): Promise<Record<string, AnswerCheck>> {
  const checks: Record<string, AnswerCheck> = {}
  for (const { id, port } of servers) checks[id] = await checkAnswers(port, contenders.find((contender) => contender.id === id)!.geo, table)
  return checks
}

/** All blocks; with --check those that miss a goal are measured once more, with twice the rounds: machines stall now and then. */
async function measureAll({ workloads, shapes, rounds, goalPeers, bench }: Settings, servers: readonly BenchServer[]): Promise<Block[]> {
  const blocks: Block[] = []
  for (const workload of workloads) {
    for (const shape of shapes) {
      if (shape.rate !== undefined && !workload.atFixedRates) continue
      tell(`measuring ${workload.id}, ${shape.id}`)
      let block = await measureBlock(bench, servers, workload, shape, rounds)
      const missed = values.check ? goalsOfBlock(block, goalPeers).filter((goal) => !isMet(goal)) : []
      for (const goal of missed) tell(`${formatGoal(goal)}; once more`)
      if (missed.length > 0) block = await measureBlock(bench, servers, workload, shape, rounds * 2)
      blocks.push(block)
      if (!values.json) process.stdout.write(`\n${formatBlock(block)}\n`)
    }
  }
  return blocks
}

function tellGoals(goals: readonly Goal[]): void {
  const met = goals.filter(isMet)
  tell(['', ...goals.map(formatGoal), `# pass ${met.length}`, `# fail ${goals.length - met.length}`].join('\n'))
  if (met.length < goals.length) process.exitCode = 1
}

async function main(folder: string): Promise<void> {
  const settings = readSettings(folder)
  const { bench, goalPeers, product } = settings
  if (bench.cores.server === bench.cores.generator) tell('one core only: servers and generator share it, so answers a second say nothing')
  if (product.form === 'sources' && values.product === undefined)
    tell('nearcast runs from its sources, since dist/ is missing or older: it takes more memory than a build')
  const table = buildPrefixTable(settings.prefixCount)
  const servers = await startAll(settings, table)
  try {
    const machine = headline(settings)
    const answers = await checkAll(settings, servers, table)
    if (!values.json) process.stdout.write(`${machine}\n\n${formatAnswerChecks(answers)}\n`)
    const blocks = await measureAll(settings, servers)
    if (values.json) process.stdout.write(`${JSON.stringify({ machine, answers, rows: blocks.flatMap(peerRowsOf) })}\n`)
    if (values.check) tellGoals([...blocks.flatMap((block) => goalsOfBlock(block, goalPeers)), ...goalsOfRun(blocks, answers, goalPeers)])
  } finally {
    await stopAll(servers)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'nearcast-peers-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
try {
  await main(folder)
} catch (error) {
  tell((error as Error).message)
  process.exitCode = 1
}
