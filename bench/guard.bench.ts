/**
 * Fails when the product became slower: answers per second of server CPU as ratios to the null server of the same rounds, beside
 * bench/baseline.json. A drop of more than a fifth of any ratio fails, if it shows again in a second measurement with twice the rounds;
 * so do the guards of decision 0007 (bench/answer/figures.ts).
 *
 *   npm run bench:guard [-- --workloads … --shapes … --rounds 5 --seconds 0.4] [--update | --append]
 *
 * --update measures the rows anew and writes them to the baseline; --append adds a run to each row, whose median counts: a baseline
 * should be of several quiet runs. The rows that are not measured stay.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type Baseline,
  blockKey,
  compareWithBaseline,
  formatBaseline,
  formatComparison,
  parseBaseline,
  updateBaseline,
} from './answer/baseline.ts'
import { chooseById, positiveNumber } from './answer/bench-options.ts'
import { formatPathGuards } from './answer/bench-table.ts'
import { type Block, pathGuardsOf } from './answer/figures.ts'
import { runBlocks } from './answer/run-blocks.ts'
import { SHAPES, VARIANTS, WORKLOADS } from './answer/workloads.ts'

const { values } = parseArgs({
  options: {
    workloads: {
      type: 'string',
      default: WORKLOADS.filter(({ data }) => data === 'small')
        .map(({ id }) => id)
        .join(),
    },
    shapes: { type: 'string', default: SHAPES.map(({ id }) => id).join() },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.4' },
    update: { type: 'boolean', default: false },
    append: { type: 'boolean', default: false },
  },
})
const FILE = fileURLToPath(new URL('baseline.json', import.meta.url))
const isWriting = values.update || values.append
if (!isWriting && !existsSync(FILE)) throw new Error(`there is no baseline "${FILE}"; measure it with --update`)
const baseline: Baseline | undefined = existsSync(FILE) ? parseBaseline(readFileSync(FILE, 'utf8')) : undefined
const workloads = chooseById(values.workloads, WORKLOADS, 'workloads')
const shapes = chooseById(values.shapes, SHAPES, 'shapes')
const rounds = positiveNumber(values.rounds, 'rounds')

/** What a block misses, in words. */
function complaintsOf(block: Block): string[] {
  if (baseline === undefined) return []
  return [
    ...compareWithBaseline(baseline, [block], [blockKey(block)]).flatMap(({ block: key, path, verdict }) =>
      verdict === 'dropped' ? [`${key}, ${path}: dropped`] : [],
    ),
    ...pathGuardsOf(block).flatMap(({ name, ratio, least }) => (ratio >= least ? [] : [`${name}: ${ratio.toFixed(2)}`])),
  ]
}

const blocks = await runBlocks({
  workloads,
  shapes,
  rounds,
  seconds: positiveNumber(values.seconds, 'seconds'),
  isOpenLoopToo: false,
  // Two threads need cores that not every machine has to spare.
  variants: VARIANTS.flatMap(({ id, udpThreads }) => (udpThreads === 1 ? [id] : [])),
  async onBlock(block, again) {
    process.stderr.write(`${blockKey(block)}\n`)
    const complaints = isWriting ? [] : complaintsOf(block)
    if (complaints.length === 0) return block
    process.stdout.write(`${complaints.join('\n')}\nonce more, with ${2 * rounds} rounds\n`)
    return await again(2 * rounds)
  },
})
if (isWriting) {
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, node ${process.version}`
  const next = updateBaseline(baseline, blocks, machine, values.append)
  writeFileSync(FILE, formatBaseline(next))
  // Beside what was there before, where there was something.
  process.stdout.write(formatComparison(compareWithBaseline(baseline ?? next, blocks, blocks.map(blockKey))))
} else {
  const rows = compareWithBaseline(baseline!, blocks, blocks.map(blockKey))
  const guards = blocks.flatMap(pathGuardsOf)
  const passed = rows.filter(({ verdict }) => verdict === 'ok').length + guards.filter(({ ratio, least }) => ratio >= least).length
  const failed = rows.length + guards.length - passed
  process.stdout.write(`${formatComparison(rows)}\n${formatPathGuards(guards)}# pass ${passed}\n# fail ${failed}\n`)
  if (failed > 0) process.exitCode = 1
}
