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
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { buildLoad } from './load/build-load.ts'
import { type AnswerCheck, checkAnswers } from './peers/ask.ts'
import { bind } from './peers/bind.ts'
import { type Block, rowsOf } from './peers/comparison.ts'
import type { Contender } from './peers/contender.ts'
import { gdnsd } from './peers/gdnsd.ts'
import { formatGoal, type Goal, goalsOfBlock, goalsOfRun, isMet } from './peers/goals.ts'
import { knot } from './peers/knot.ts'
import { measure, type Sample } from './peers/measure.ts'
import { NEARCAST_VARIANTS, nearcast } from './peers/nearcast.ts'
import { nsd } from './peers/nsd.ts'
import { pdns } from './peers/pdns.ts'
import { buildPrefixTable, LINE_COUNT } from './peers/prefix-table.ts'
import { formatAnswerChecks, formatBlock } from './peers/report.ts'
import { chooseCores, findProgram, type RunningServer, startContender, startNullServer } from './peers/servers.ts'
import { SHAPES, type Shape, WORKLOADS, type Workload } from './peers/workloads.ts'

const PEERS: readonly Contender[] = [gdnsd, knot, nsd, bind, pdns]
/** The run before the rounds, in which just-in-time compilers and caches come to rest. */
const WARM_UP_SECONDS = 0.4

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: PEERS.map(({ id }) => id).join() },
    nearcast: { type: 'string', default: NEARCAST_VARIANTS.join() },
    workloads: { type: 'string', default: WORKLOADS.map(({ id }) => id).join() },
    shapes: { type: 'string', default: SHAPES.map(({ id }) => id).join() },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    prefixes: { type: 'string', default: '600000' },
    product: { type: 'string', default: 'sources' },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

/** The named ones of a list; throws on a name that is none. */
function choose<T>(text: string, known: readonly T[], idOf: (item: T) => string, flag: string): T[] {
  return text
    .split(',')
    .filter((id) => id !== '')
    .map((id) => {
      const item = known.find((each) => idOf(each) === id)
      if (item === undefined) throw new Error(`--${flag}: "${id}" is none of ${known.map(idOf).join(', ')}`)
      return item
    })
}

function positive(text: string, flag: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${flag}: "${text}" is no positive number`)
  return number
}

/** The product's entry point: main.ts, or what `npm ci` has built of it. */
function entryPoint(product: string): string {
  if (product !== 'sources' && product !== 'dist') throw new Error(`--product: "${product}" is neither sources nor dist`)
  const entry = join(packageRoot(), product === 'dist' ? 'dist/main.js' : 'main.ts')
  if (!existsSync(entry)) throw new Error(`"${entry}" is not there; run "npm run build"`)
  return entry
}

const settings = {
  peers: choose(values.peers, PEERS, ({ id }) => id, 'peers'),
  variants: choose(values.nearcast, NEARCAST_VARIANTS, (id) => id, 'nearcast'),
  workloads: choose(values.workloads, WORKLOADS, ({ id }) => id, 'workloads'),
  shapes: choose(values.shapes, SHAPES, ({ id }) => id, 'shapes'),
  rounds: positive(values.rounds, 'rounds'),
  seconds: positive(values.seconds, 'seconds'),
  entry: entryPoint(values.product),
}
const cores = chooseCores()
const load = buildLoad()
const folder = mkdtempSync(join(tmpdir(), 'nearcast-peers-'))
const tell = (text: string): void => void process.stderr.write(`${text}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

/** Starts what is installed, all at once: loading the table takes the slowest of them some 20 s. */
async function startAll(): Promise<{ readonly servers: RunningServer[]; readonly checks: Record<string, AnswerCheck> }> {
  const table = buildPrefixTable(positive(values.prefixes, 'prefixes'))
  const contenders = [...settings.peers, ...settings.variants.map((variant) => nearcast(variant, settings.entry))]
  const starting = contenders.flatMap((contender) => {
    const program = findProgram(contender)
    if (program !== undefined) return [startContender(contender, program, join(folder, contender.id), table, cores.server)]
    tell(`${contender.id} is left out: not installed (Debian: apt-get install ${contender.packages.join(' ')})`)
    return []
  })
  const results = await Promise.allSettled(starting)
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await stopAll(servers)
    throw failed.reason
  }
  const checks: Record<string, AnswerCheck> = {}
  for (const { id, port } of servers) checks[id] = await checkAnswers(port, contenders.find((contender) => contender.id === id)!.geo, table)
  return { servers, checks }
}

async function stopAll(servers: readonly RunningServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

/** Rounds of one workload and shape over all servers, each round in another order. */
async function measureBlock(servers: readonly RunningServer[], workload: Workload, shape: Shape, rounds: number): Promise<Block> {
  const samples: Record<string, Sample[]> = {}
  const run = async (server: RunningServer, seconds: number, seed: number): Promise<Sample> => {
    // The null server's reply is right when it comes.
    const words = [...workload.words, ...shape.words, ...(server.id === 'null' ? ['-R', 'any'] : [])]
    return await measure(server.pid, cores.generator, load.generator, [
      ...['-p', String(server.port), '-t', String(seconds), '-S', String(seed), ...words],
    ])
  }
  let replyBytes = 0
  for (const server of servers) replyBytes = Math.round((await run(server, WARM_UP_SECONDS, 0)).averageBytes)
  // The last server is nearcast: the null server's replies are as long as its are.
  const nullServer = await startNullServer(load.nullServer, join(folder, 'null'), cores.server, replyBytes)
  const all = [nullServer, ...servers]
  try {
    for (const { id } of all) samples[id] = []
    await run(nullServer, WARM_UP_SECONDS, 0)
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < all.length; i++) {
        const server = all[(i + round) % all.length]!
        samples[server.id]!.push(await run(server, settings.seconds, round + 1))
      }
    }
  } finally {
    await nullServer.stop()
  }
  return { workload: workload.id, shape: shape.id, samples }
}

/** All blocks; with --check those that miss a goal are measured once more, with twice the rounds: the machine stalls now and then. */
async function measureAll(servers: readonly RunningServer[]): Promise<Block[]> {
  const blocks: Block[] = []
  for (const workload of settings.workloads) {
    for (const shape of settings.shapes) {
      if (shape.rate !== undefined && !workload.atFixedRates) continue
      tell(`measuring ${workload.id}, ${shape.id}`)
      let block = await measureBlock(servers, workload, shape, settings.rounds)
      const missed = values.check ? goalsOfBlock(block, goalPeers).filter((goal) => !isMet(goal)) : []
      if (missed.length > 0) {
        for (const goal of missed) tell(`${formatGoal(goal)}; once more`)
        block = await measureBlock(servers, workload, shape, settings.rounds * 2)
      }
      blocks.push(block)
      if (!values.json) process.stdout.write(`\n${formatBlock(block)}\n`)
    }
  }
  return blocks
}

/** Servers that goals may compare with: those asked for, installed or not. */
const goalPeers: readonly string[] = ['null', ...settings.peers.map(({ id }) => id)]

function headline(): string {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, node ${process.version}`
  return `${machine}; load ${loadavg()[0]!.toFixed(1)}; servers on core ${cores.server}, generator on core ${cores.generator}
${values.prefixes} prefixes in ${LINE_COUNT} lines; nearcast from ${values.product}; medians of ${settings.rounds} interleaved rounds of ${settings.seconds} s`
}

function tellGoals(goals: readonly Goal[]): void {
  const met = goals.filter(isMet)
  tell(['', ...goals.map(formatGoal), `# pass ${met.length}`, `# fail ${goals.length - met.length}`].join('\n'))
  if (met.length < goals.length) process.exitCode = 1
}

if (cores.server === cores.generator) tell('one core only: servers and generator share it, so that answers per second say nothing')
tell(headline())
const { servers, checks } = await startAll()
try {
  if (!values.json) process.stdout.write(`${headline()}\n\n${formatAnswerChecks(checks)}\n`)
  const blocks = await measureAll(servers)
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: headline(), answers: checks, rows: blocks.flatMap(rowsOf) })}\n`)
  if (values.check) tellGoals([...blocks.flatMap((block) => goalsOfBlock(block, goalPeers)), ...goalsOfRun(blocks, checks, goalPeers)])
} finally {
  await stopAll(servers)
}
