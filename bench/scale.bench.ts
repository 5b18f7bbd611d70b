/**
 * Scale: the large case (bench/large-case.ts: 1,000,000 static and 100,000 steered names, 1,000 policies, 10,000 endpoints) beside a small
 * one. Needs a C compiler, Linux, two cores.
 *
 *   npm run bench:scale [-- --rounds 5 --seconds 1 --publishes 200 --product dist --check --json]
 *
 *   compile   from files: seconds, peak memory, bytes of the snapshot; what one name, policy and endpoint more takes
 *   start     of a node on the kept snapshot: process start to first answer, resident memory (least of three)
 *   answers   a second of server CPU with random names over all of them, rounds interleaved: large as a share of small
 *   publishes of two large snapshots in turn: resident memory at the end as times of that after three
 *
 * --check exits 1 beyond the limits of LIMITS.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { statePaths } from '../cli/state-paths.ts'
import { median } from './answer/figures.ts'
import { type CaseSizes, LARGE_SIZES, SMALL_SIZES, writeLargeCase } from './large-case.ts'
import { buildLoad } from './load/build-load.ts'
import { chooseCores, measureLoad } from './load/measure-load.ts'
import { findProductEntry } from './load/product-entry.ts'
import type { CompileFigures } from './scale/compile-case.ts'
import type { PublishFigures } from './scale/publish-case.ts'
import { type StartedNode, startNode } from './scale/start-case.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    publishes: { type: 'string', default: '200' },
    product: { type: 'string' },
    check: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})

/** What the project promises. */
const LIMITS = { smallStartMs: 1000, largeStartMs: 5000, leastShare: 0.9, mostGrowth: 1.1, compileSeconds: 10, compileBytes: 1 << 30 }
/** Cases between, each with one size raised, for what one more of it takes. */
const STEPS: readonly (readonly [what: keyof CaseSizes, sizes: CaseSizes])[] = [
  ['names', { ...SMALL_SIZES, names: 210_000 }],
  ['steered', { ...SMALL_SIZES, steered: 51_000 }],
  ['policies', { ...SMALL_SIZES, policies: 510 }],
  ['endpoints', { ...SMALL_SIZES, endpoints: 5100 }],
]
const MEGABYTE = 1 << 20

type OneMore = {
  readonly what: string
  readonly blockBytes: number
  readonly metaBytes: number
  readonly compileUs: number
  readonly peakBytes: number
}
type Share = { readonly workload: string; readonly small: number; readonly large: number; readonly share: number }

const work = mkdtempSync(join(tmpdir(), 'nearcast-scale-'))
const script = (name: string): string => fileURLToPath(new URL(`./scale/${name}.ts`, import.meta.url))
/** As `up` starts a node: with the nursery of the default size, garbage that waits for its collection looks like growth. */
const NODE_FLAGS = ['--max-semi-space-size=4']

/** Runs a script of bench/scale in a process of its own; what it prints. */
function run<T>(name: string, words: readonly string[], flags: readonly string[] = []): T {
  const all = [...flags, script(name), ...words]
  return JSON.parse(execFileSync(process.execPath, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as T
}

/** Makes and compiles a case; its snapshot becomes the kept one of a state folder of that name. */
function compileCase(name: string, sizes: CaseSizes, seed: number = 0): CompileFigures & { readonly state: string; readonly path: string } {
  const folder = join(work, `${name}-files`)
  writeLargeCase(folder, sizes, seed)
  const state = join(work, name)
  const path = statePaths(state).nodeSnapshot
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  return { ...run<CompileFigures>('compile-case', [folder, path]), state, path }
}

function oneMore(base: CompileFigures): OneMore[] {
  return STEPS.map(([what, sizes]) => {
    const step = compileCase(what, sizes)
    const count = (sizes[what] as number) - (SMALL_SIZES[what] as number)
    return {
      what,
      blockBytes: (step.blockBytes - step.metaBytes - base.blockBytes + base.metaBytes) / count,
      metaBytes: (step.metaBytes - base.metaBytes) / count,
      compileUs: ((step.seconds - base.seconds) * 1e6) / count,
      peakBytes: (step.peakBytes - base.peakBytes) / count,
    }
  })
}

async function measureStart(entry: string, state: string): Promise<{ readonly ms: number; readonly rssBytes: number }> {
  const starts: { ms: number; rssBytes: number }[] = []
  for (let n = 0; n < 3; n++) {
    const node = await startNode(entry, state, 'h7.bench.test')
    starts.push({ ms: node.firstAnswerMs, rssBytes: node.rssBytes() })
    await node.stop()
  }
  return starts.sort((a, b) => a.ms - b.ms)[0]!
}

async function measureAnswers(entry: string, smallState: string, largeState: string): Promise<Share[]> {
  const { generator } = buildLoad()
  const cores = chooseCores()
  const small = await startNode(entry, smallState, 'h7.bench.test', cores.server)
  const large = await startNode(entry, largeState, 'h7.bench.test', cores.server)
  const workloads: readonly (readonly [string, keyof CaseSizes, readonly string[]])[] = [
    ['static', 'names', ['-q', 'h%d.bench.test']],
    ['steered', 'steered', ['-q', 's%d.edge.bench.test']],
    ['steered, random ECS /24', 'steered', ['-q', 's%d.edge.bench.test', '-e', 'ecs4']],
  ]
  const measure = async (node: StartedNode, count: number, words: readonly string[], seconds: string): Promise<number> => {
    const load = [...words, '-N', String(count), '-p', String(node.port), '-t', seconds]
    const sample = await measureLoad(node.pid, cores.generator, generator, load)
    if (sample.wrong > 0) throw new Error(`${sample.wrong} of ${sample.received} replies to ${words[1]} were not answers`)
    return sample.perCpuSecond
  }
  try {
    const shares: Share[] = []
    for (const [workload, size, words] of workloads) {
      const pairs: (readonly [number, number])[] = []
      for (let round = 0; round <= Number(values.rounds); round++) {
        const seconds = round === 0 ? '0.5' : values.seconds
        const ofSmall = await measure(small, SMALL_SIZES[size] as number, words, seconds)
        const ofLarge = await measure(large, LARGE_SIZES[size] as number, words, seconds)
        // The first one warms the code.
        if (round > 0) pairs.push([ofSmall, ofLarge])
      }
      const share = median(pairs.map(([ofSmall, ofLarge]) => ofLarge / ofSmall))
      shares.push({ workload, small: median(pairs.map(([each]) => each)), large: median(pairs.map(([, each]) => each)), share })
    }
    return shares
  } finally {
    await small.stop()
    await large.stop()
  }
}

const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(0)

async function main(): Promise<void> {
  const entry = findProductEntry(values.product)
  const small = compileCase('small', SMALL_SIZES)
  const more = oneMore(small)
  const large = compileCase('large', LARGE_SIZES)
  const starts = { small: await measureStart(entry.path, small.state), large: await measureStart(entry.path, large.state) }
  const answers = await measureAnswers(entry.path, small.state, large.state)
  const publishes = Number(values.publishes)
  const other = publishes < 4 ? undefined : compileCase('other', LARGE_SIZES, 1)
  const published = other && run<PublishFigures>('publish-case', [String(publishes), large.path, other.path], NODE_FLAGS)
  const growth = published && published.atEndBytes / published.afterThreeBytes
  const failures = [
    starts.small.ms > LIMITS.smallStartMs && 'start of the small case',
    starts.large.ms > LIMITS.largeStartMs && 'start of the large case',
    ...answers.map(({ workload, share }) => share < LIMITS.leastShare && `answers, ${workload}`),
    growth !== undefined && growth > LIMITS.mostGrowth && 'memory over publishes',
    large.seconds > LIMITS.compileSeconds && 'seconds of the compile',
    large.peakBytes > LIMITS.compileBytes && 'memory of the compile',
  ].filter((failure) => failure !== false)
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ product: entry.form, small, large, more, starts, answers, published, failures })}\n`)
  } else {
    const line = (text: string): boolean => process.stdout.write(`${text}\n`)
    line(`${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(2)}, Node ${process.version}, ${entry.form}`)
    for (const [name, { seconds, peakBytes, blockBytes, metaBytes }] of Object.entries({ small, large })) {
      line(
        `compile ${name}: ${seconds.toFixed(1)} s, peak ${megabytes(peakBytes)} MB, snapshot ${megabytes(blockBytes)} MB (meta ${megabytes(metaBytes)} MB)`,
      )
    }
    for (const { what, blockBytes, metaBytes, compileUs, peakBytes } of more) {
      const meta = `${metaBytes.toFixed(0)} B of meta`
      line(
        `one more of ${what}: ${blockBytes.toFixed(0)} B of tables, ${meta}; compile ${compileUs.toFixed(1)} us, ${peakBytes.toFixed(0)} B of peak`,
      )
    }
    for (const [name, { ms, rssBytes }] of Object.entries(starts))
      line(`start ${name}: first answer after ${ms.toFixed(0)} ms, ${megabytes(rssBytes)} MB resident`)
    for (const { workload, small: ofSmall, large: ofLarge, share } of answers) {
      line(
        `${workload}: ${(ofSmall / 1000).toFixed(0)} and ${(ofLarge / 1000).toFixed(0)} thousand answers a second of CPU, large/small ${share.toFixed(2)}`,
      )
    }
    if (published !== undefined) {
      const { afterThreeBytes, atEndBytes, publishMs } = published
      line(
        `${publishes} publishes: ${megabytes(afterThreeBytes)} MB after 3, ${megabytes(atEndBytes)} MB at the end (x ${growth!.toFixed(3)}), ${publishMs.toFixed(0)} ms each`,
      )
    }
    for (const failure of failures) line(`over the limit: ${failure}`)
  }
  if (values.check === true && failures.length > 0) process.exitCode = 1
}

try {
  await main()
} finally {
  rmSync(work, { recursive: true })
}
