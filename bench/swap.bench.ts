/**
 * Swaps under load: a node with one answer thread that gets generations, rankings and geodata while it answers all that a generator can
 * ask (closed loop) or 50,000 queries a second (open loop). Rounds of each kind of swap alternate with quiet ones.
 *
 *   npm run bench:swap [-- --size small|large --loops closed,open --kinds publish,ranking,geodata --rounds 9 --seconds 2 --cores split|free --prepared DIR --json --check]
 *
 * `--cores split`: the whole node has core 0 and everything else core 1, so that all of the node's other threads (loading, hashing, ranking)
 * take their time from the answer thread: worse than a machine with a core to spare. `free`: the scheduler decides.
 * `--prepared DIR`: the generations are kept there and used again by the next run.
 *
 * A watch (test/support/swap-watch.ts) asks beside the generator and judges every answer: it must be that of the old or of the new state,
 * and none of the old may come after one of the new. It also tells how long a swap takes from its cause (publish told, override told) to the
 * first answer that shows it; for rankings from the moment the rank worker began to compute it, too.
 *
 * --check exits 1 when a query is lost or answered wrongly, when an answer of a round with swaps takes longer than 50 ms, when the median of
 * the rounds' p50 under full load (closed loop) is over 1.2 times that of the quiet rounds beside them, or when a ranking takes more than 50 ms from being computed.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { prepareSwapCase, STEERED_PATTERN, type SwapCase, type SwapCaseSize } from '../test/support/swap-case.ts'
import { type SwapNode, startSwapNode } from '../test/support/swap-node.ts'
import { judgeAnswers, monotonicMs, type SwapWatch, startSwapWatch, type Transition } from '../test/support/swap-watch.ts'
import { median } from './answer/figures.ts'
import { buildLoad } from './load/build-load.ts'

const SIZES: Readonly<Record<string, SwapCaseSize>> = {
  small: { policies: 10, linesPerPolicy: 30, steeredNames: 1000, staticNames: 10_000 },
  large: { policies: 1000, linesPerPolicy: 4, steeredNames: 100_000, staticNames: 1_000_000 },
}
const LOOPS: Readonly<Record<string, readonly string[]>> = { closed: [], open: ['-r', '50000'] }
const KINDS = ['publish', 'ranking', 'geodata'] as const
type Kind = (typeof KINDS)[number]

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'small' },
    loops: { type: 'string', default: 'closed,open' },
    kinds: { type: 'string', default: KINDS.join() },
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    cores: { type: 'string', default: availableParallelism() > 1 ? 'split' : 'free' },
    prepared: { type: 'string' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
})
const MOST_MS = 50
const MOST_RATIO = 1.2
/** The first swap of a round comes after this share of it, the second after half a round more: every round ends where it began. */
const FIRST_SHARE = 0.15
/** Questions of the watch that are under way at a time. */
const WATCH_SOCKETS = 4
const QUESTIONS = 500

/** What the generator says of a run. */
type LoadFigures = {
  readonly sent: number
  readonly lost: number
  readonly wrong: number
  readonly qps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
}
/** One round. Times in ms. */
type Round = LoadFigures & {
  readonly watched: number
  readonly watchLost: number
  readonly watchWrong: number
  /** From cause to first answer, of each swap. */
  readonly shownMs: readonly number[]
  /** From the beginning of the computing of a ranking to the first answer. */
  readonly computedToShownMs: readonly number[]
  /** Swaps that no answer showed. */
  readonly notShown: number
  /** From a publish told to its acknowledgement. */
  readonly acknowledgedMs: readonly number[]
}
type States = Readonly<Record<'base' | Kind, readonly string[]>>

const run = promisify(execFile)
const pinned = (core: number): readonly string[] => (values.cores === 'split' ? ['taskset', '-c', String(core)] : [])

/** Makes another state, or the way back, ready; the result brings the node there. */
function stageChange(node: SwapNode, given: SwapCase, kind: Kind, isBack: boolean): () => Promise<void> {
  if (kind === 'ranking') return async () => node.forceFirstDown(!isBack)
  const { base, moved, relocated } = given.generations
  return node.stage(isBack ? base : kind === 'publish' ? moved : relocated)
}

/** What the node answers in each state, asked at rest. */
async function learnStates(node: SwapNode, given: SwapCase, watch: SwapWatch, kinds: readonly Kind[]): Promise<States> {
  const states: Partial<Record<'base' | Kind, readonly string[]>> = { base: await watch.learn() }
  for (const kind of kinds) {
    await stageChange(node, given, kind, false)()
    // A ranking is swapped at most once a second.
    await sleep(1500)
    states[kind] = await watch.learn()
    await stageChange(node, given, kind, true)()
    await sleep(1500)
  }
  return states as States
}

/** Both changes of a round, there and back. */
async function makeChanges(node: SwapNode, staged: readonly (() => Promise<void>)[], kind: Kind, states: States, roundMs: number) {
  const transitions: Transition[] = []
  const acknowledgedMs: number[] = []
  const computedMs: number[] = []
  const startedMs = monotonicMs()
  for (const [number, makeChange] of staged.entries()) {
    const isBack = number === 1
    await sleep(Math.max(0, startedMs + (FIRST_SHARE + number / 2) * roundMs - monotonicMs()))
    const [from, to] = isBack ? [states[kind], states.base] : [states.base, states[kind]]
    const causedMs = monotonicMs()
    transitions.push({ causedMs, from, to })
    await makeChange()
    if (kind !== 'ranking') {
      acknowledgedMs.push(monotonicMs() - causedMs)
      continue
    }
    await sleep(0.45 * roundMs)
    computedMs.push((await node.rankingComputedAt()) - Date.now() + monotonicMs())
  }
  return { transitions, acknowledgedMs, computedMs }
}

async function load(generator: string, node: SwapNode, given: SwapCaseSize, loop: string, seconds: number): Promise<LoadFigures> {
  const words = ['-p', String(node.port), '-t', String(seconds), '-q', STEERED_PATTERN, '-N', String(given.steeredNames), '-e', 'ecs4']
  const command = [...pinned(1), generator, ...words, ...LOOPS[loop]!]
  return JSON.parse((await run(command[0]!, command.slice(1))).stdout) as LoadFigures
}

async function measure(parts: Parts, loop: string, kind: Kind | 'quiet', seconds: number): Promise<Round> {
  const { node, given, watch, states, generator, size } = parts
  // Files are written before the load begins: that is control's work.
  const staged = kind === 'quiet' ? [] : [stageChange(node, given, kind, false), stageChange(node, given, kind, true)]
  const loaded = load(generator, node, size, loop, seconds)
  watch.begin()
  const changes =
    kind === 'quiet'
      ? { transitions: [], acknowledgedMs: [], computedMs: [] }
      : await makeChanges(node, staged, kind, states, 1000 * seconds)
  const figures = await loaded
  const verdict = judgeAnswers(await watch.end(), states.base, changes.transitions)
  const shownMs = verdict.transitions.flatMap(({ firstNewMs }) => firstNewMs ?? [])
  const computedToShownMs = verdict.transitions.flatMap(({ firstNewMs }, at) => {
    const computedMs = changes.computedMs[at]
    const { causedMs } = changes.transitions[at]!
    // A ranking that was begun before the cause is not the one that shows it: that came too late to be asked for.
    return firstNewMs === undefined || computedMs === undefined || computedMs < causedMs - 1 ? [] : [causedMs + firstNewMs - computedMs]
  })
  return {
    ...figures,
    watched: verdict.asked,
    watchLost: verdict.lost,
    watchWrong: verdict.wrong.length,
    shownMs,
    computedToShownMs,
    notShown: verdict.transitions.length - shownMs.length,
    acknowledgedMs: changes.acknowledgedMs,
  }
}

/** What a run works with. */
type Parts = {
  readonly node: SwapNode
  readonly given: SwapCase
  readonly watch: SwapWatch
  readonly states: States
  readonly generator: string
  readonly size: SwapCaseSize
}

async function prepareOnce(caseFolder: string): Promise<SwapCase> {
  mkdirSync(caseFolder, { recursive: true })
  const path = join(caseFolder, 'case.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as SwapCase
  const prepared = await prepareSwapCase(caseFolder, size, QUESTIONS)
  writeFileSync(path, JSON.stringify(prepared))
  return prepared
}

const most = (numbers: readonly number[]): number => Math.max(...numbers, Number.NEGATIVE_INFINITY)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Summary of the rounds of a kind, beside the quiet ones of the same places. */
function summarize(loop: string, kind: string, rounds: readonly Round[], quiet: readonly Round[]) {
  const pick = (key: keyof LoadFigures): number[] => rounds.map((round) => round[key])
  const shown = rounds.flatMap(({ shownMs }) => shownMs)
  const computed = rounds.flatMap(({ computedToShownMs }) => computedToShownMs)
  return {
    loop,
    kind,
    queriesPerSecond: Math.round(median(pick('qps'))),
    sent: sum(pick('sent')) + sum(rounds.map(({ watched }) => watched)),
    lost: sum(pick('lost')) + sum(rounds.map(({ watchLost }) => watchLost)),
    wrong: sum(pick('wrong')) + sum(rounds.map(({ watchWrong }) => watchWrong)),
    swaps: shown.length,
    notShown: sum(rounds.map(({ notShown }) => notShown)),
    p50Us: median(pick('p50Us')),
    p50Ratio: median(rounds.map(({ p50Us }, at) => p50Us / quiet[at]!.p50Us)),
    p99Us: median(pick('p99Us')),
    p999Us: median(pick('p999Us')),
    maxMs: most(pick('maxUs')) / 1000,
    shownMs: shown.length === 0 ? undefined : median(shown),
    shownMostMs: shown.length === 0 ? undefined : most(shown),
    computedToShownMs: computed.length === 0 ? undefined : median(computed),
    computedToShownMostMs: computed.length === 0 ? undefined : most(computed),
    acknowledgedMs: rounds[0]!.acknowledgedMs.length === 0 ? undefined : median(rounds.flatMap(({ acknowledgedMs }) => acknowledgedMs)),
  }
}
type Row = ReturnType<typeof summarize>

/** Limits of the issue that a row misses, in words. */
function failuresOf(row: Row): string[] {
  const name = `${row.loop} loop, ${row.kind}`
  const failures: string[] = []
  if (row.lost > 0) failures.push(`${name}: ${row.lost} queries lost`)
  if (row.wrong > 0) failures.push(`${name}: ${row.wrong} answers wrong`)
  if (row.kind === 'quiet') return failures
  if (row.notShown > 0) failures.push(`${name}: ${row.notShown} swaps were shown by no answer`)
  if (row.maxMs > MOST_MS) failures.push(`${name}: an answer took ${row.maxMs.toFixed(1)} ms`)
  if (row.loop === 'closed' && row.p50Ratio > MOST_RATIO)
    failures.push(`${name}: p50 is ${row.p50Ratio.toFixed(2)} times that of quiet rounds`)
  if ((row.computedToShownMostMs ?? 0) > MOST_MS) failures.push(`${name}: a ranking took ${row.computedToShownMostMs!.toFixed(1)} ms`)
  return failures
}

function print(rows: readonly Row[]): void {
  const ms = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(1))
  const table = [
    [
      'loop',
      'kind',
      'queries/s',
      'lost',
      'wrong',
      'p50 µs',
      'ratio',
      'p99 µs',
      'p99.9 µs',
      'max ms',
      'swaps',
      'shown ms',
      'most',
      'computed→shown',
      'most',
      'ack ms',
    ],
    ...rows.map((row) => [
      row.loop,
      row.kind,
      row.queriesPerSecond.toLocaleString('en'),
      String(row.lost),
      String(row.wrong),
      row.p50Us.toFixed(0),
      row.kind === 'quiet' ? '' : row.p50Ratio.toFixed(2),
      row.p99Us.toFixed(0),
      row.p999Us.toFixed(0),
      row.maxMs.toFixed(1),
      String(row.swaps),
      ms(row.shownMs),
      ms(row.shownMostMs),
      ms(row.computedToShownMs),
      ms(row.computedToShownMostMs),
      ms(row.acknowledgedMs),
    ]),
  ]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)))
  for (const cells of table) process.stdout.write(`${cells.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}\n`)
}

async function runLoop(parts: Parts, loop: string, kinds: readonly Kind[]): Promise<Row[]> {
  const seconds = Number(values.seconds)
  const rounds = new Map<Kind | 'quiet', Round[]>([['quiet', []], ...kinds.map((kind): [Kind, Round[]] => [kind, []])])
  // Cold code, and the first deoptimisations, are no matter of swaps.
  for (const kind of rounds.keys()) await measure(parts, loop, kind, seconds)
  for (let number = 0; number < Number(values.rounds); number++) {
    for (const [kind, list] of rounds) list.push(await measure(parts, loop, kind, seconds))
  }
  return [...rounds].map(([kind, list]) => summarize(loop, kind, list, rounds.get('quiet')!))
}

const size = SIZES[values.size]!
const kinds = KINDS.filter((kind) => values.kinds.split(',').includes(kind))
const folder = mkdtempSync(join(tmpdir(), 'nearcast-swap-'))
let node: SwapNode | undefined
let watch: SwapWatch | undefined
try {
  const given = await prepareOnce(values.prepared ?? folder)
  const { generator } = buildLoad()
  node = await startSwapNode(join(folder, 'state'), given.generations.base, given.geodataPath, ['--udp-threads', '1'], pinned(0))
  watch = startSwapWatch(node.port, given.questions, WATCH_SOCKETS)
  const states = await learnStates(node, given, watch, kinds)
  const parts: Parts = { node, given, watch, states, generator, size }
  const rows: Row[] = []
  for (const loop of values.loops.split(',')) rows.push(...(await runLoop(parts, loop, kinds)))
  const failures = rows.flatMap(failuresOf)
  if (values.json) process.stdout.write(`${JSON.stringify({ size: values.size, cores: values.cores, rows, failures }, null, 2)}\n`)
  else {
    const { blockBytes } = given.generations.base
    process.stdout.write(
      `${values.rounds} interleaved rounds of ${values.seconds} s, two swaps in each; ${values.size}: ${size.steeredNames.toLocaleString('en')} steered and ` +
        `${size.staticNames.toLocaleString('en')} static names, ${size.policies} policies, snapshot ${(blockBytes / 2 ** 20).toFixed(0)} MiB; ` +
        `cores ${values.cores}; load ${loadavg()[0]!.toFixed(1)}; node ${process.version}\n\n`,
    )
    print(rows)
    for (const failure of failures) process.stdout.write(`\n${failure}`)
    if (values.check) process.stdout.write(failures.length > 0 ? '\n\nFAILED\n' : '\nok\n')
  }
  if (values.check && failures.length > 0) process.exitCode = 1
} finally {
  await watch?.close()
  await node?.stop()
  rmSync(folder, { recursive: true, force: true })
}
