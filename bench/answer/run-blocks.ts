/**
 * Measures workloads: starts the servers that they need, warms each up, and runs interleaved rounds, so that what disturbs the machine
 * disturbs all of them. Shell; Linux.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildLoad, type LoadPrograms } from '../load/build-load.ts'
import { chooseCores, type LoadSample, measureLoad } from '../load/measure-load.ts'
import { writeBenchData } from './bench-data.ts'
import { type BenchServer, startNullServer, startProduct } from './bench-servers.ts'
import { type Block, medianOf } from './figures.ts'
import {
  type DataSize,
  NAME_COUNTS,
  NULL_SERVER,
  OPEN_LOOP_SHARES,
  OPEN_LOOP_WORDS,
  type Shape,
  VARIANTS,
  type Workload,
} from './workloads.ts'

/** What is measured, and how long. */
export type BenchPlan = {
  readonly workloads: readonly Workload[]
  readonly shapes: readonly Shape[]
  readonly rounds: number
  readonly seconds: number
  readonly isOpenLoopToo: boolean
  /** Ids of the variants that take part. */
  readonly variants: readonly string[]
  /** Gets each block as soon as it is measured; what it gives back stands for the block (a repetition, see `again`). */
  readonly onBlock: (block: Block, again: (rounds: number) => Promise<Block>) => Promise<Block>
}

/** Just-in-time compilers and caches come to rest: after the start, and before each block. */
const FIRST_WARM_UP_SECONDS = 1
const WARM_UP_SECONDS = 0.25

type Bench = {
  readonly plan: BenchPlan
  readonly load: LoadPrograms
  readonly cores: ReturnType<typeof chooseCores>
  readonly servers: readonly BenchServer[]
}

/** Measures all that the plan asks for; everything started is stopped and everything written removed, also on a signal. */
export async function runBlocks(plan: BenchPlan): Promise<Block[]> {
  const load = buildLoad()
  const cores = chooseCores()
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  const blocks: Block[] = []
  for (const data of ['small', 'large'] as const) {
    const workloads = plan.workloads.filter((workload) => workload.data === data)
    if (workloads.length === 0) continue
    const servers = await startProducts(plan, workloads, data, join(folder, data), cores.all)
    const bench = { plan, load, cores, servers }
    try {
      for (const server of servers) await ask(bench, firstRun(workloads[0]!), server, FIRST_WARM_UP_SECONDS, 0)
      for (const workload of workloads) blocks.push(...(await measureWorkload(bench, workload)))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return blocks
}

async function startProducts(
  plan: BenchPlan,
  workloads: readonly Workload[],
  data: DataSize,
  folder: string,
  cores: readonly number[],
): Promise<readonly BenchServer[]> {
  writeBenchData(folder, NAME_COUNTS[data])
  const servers: BenchServer[] = []
  for (const variant of VARIANTS) {
    if (!plan.variants.includes(variant.id) || !workloads.some(({ variants }) => variants.includes(variant.id))) continue
    servers.push(await startProduct(variant, folder, cores.slice(0, variant.udpThreads)))
  }
  return servers
}

/** All shapes of a workload, then the fixed rates, which follow from what closed loop gave. */
async function measureWorkload(bench: Bench, workload: Workload): Promise<Block[]> {
  const { plan } = bench
  const blocks: Block[] = []
  const measure = async (run: Run): Promise<Block> => {
    const block = await plan.onBlock(await measureBlock(bench, run, plan.rounds), (rounds) => measureBlock(bench, run, rounds))
    blocks.push(block)
    return block
  }
  for (const shape of plan.shapes) await measure({ workload, shape: shape.id, words: shape.words })
  const closed = blocks.at(-1)
  if (closed === undefined || !plan.isOpenLoopToo || !workload.isOpenLoopToo) return blocks
  const quickest = medianOf(closed, closed.samples['no bursts'] === undefined ? 'nearcast' : 'no bursts', 'qps')
  for (const share of OPEN_LOOP_SHARES) {
    // One rate for all, but for a server that could not keep up with it.
    const rateOf = (server: string): number => Math.round(share * Math.min(quickest, medianOf(closed, server, 'qps')))
    await measure({ workload, shape: `${100 * share} % load`, words: OPEN_LOOP_WORDS, rateOf })
  }
  return blocks
}

type Run = {
  readonly workload: Workload
  readonly shape: string
  readonly words: readonly string[]
  /** Open loop: the rate for a server. */
  readonly rateOf?: (server: string) => number
}

/** What warms a server up after its start: 16 clients with windows. */
const firstRun = (workload: Workload): Run => ({ workload, shape: 'first', words: ['-n', '16', '-w', '16'] })

async function measureBlock(bench: Bench, run: Run, rounds: number): Promise<Block> {
  const { plan, load, cores } = bench
  const products = bench.servers.filter(({ id }) => run.workload.variants.includes(id))
  let replyBytes = 0
  for (const server of products) replyBytes = Math.round((await ask(bench, run, server, WARM_UP_SECONDS, 0)).averageBytes)
  // The null server's replies are as long as the answers.
  const nullServer = await startNullServer(load.nullServer, cores.server, replyBytes)
  const servers = [nullServer, ...products]
  const samples: Record<string, LoadSample[]> = Object.fromEntries(servers.map(({ id }) => [id, []]))
  try {
    await ask(bench, run, nullServer, WARM_UP_SECONDS, 0)
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < servers.length; i++) {
        const server = servers[(i + round) % servers.length]!
        samples[server.id]!.push(await ask(bench, run, server, plan.seconds, round + 1))
      }
    }
  } finally {
    await nullServer.stop()
  }
  return { workload: run.workload.title, shape: run.shape, isOpenLoop: run.rateOf !== undefined, samples }
}

/** One run. Throws when a reply is not the right one: what is wrong is not worth measuring. */
async function ask(bench: Bench, run: Run, server: BenchServer, seconds: number, seed: number): Promise<LoadSample> {
  const isNull = server.id === NULL_SERVER
  const rate = run.rateOf === undefined ? [] : ['-r', String(run.rateOf(server.id))]
  const sample = await measureLoad(server.pid, bench.cores.generator, bench.load.generator, [
    ...['-p', String(server.port), '-t', String(seconds), '-S', String(seed), '-m', ...rate],
    ...[...run.words, ...run.workload.words, ...(isNull ? ['-R', 'any'] : [])],
  ])
  const subnetWanted = run.workload.words.some((word) => word.startsWith('ecs'))
  if (sample.wrong > 0 || sample.received === 0 || (subnetWanted && sample.ecsPercent < 100 && !isNull)) {
    throw new Error(`${run.workload.title}: "${server.id}" gave wrong answers: ${JSON.stringify(sample)}`)
  }
  return sample
}
