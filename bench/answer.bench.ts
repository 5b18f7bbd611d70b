/**
 * Answers per second of server CPU, beside the kernel's limit: a null server in C (bench/load/null-server.c), the product as it is by
 * default, without reply bursts, and with node:dgram instead of foreign calls, in interleaved rounds on one machine. Also latency and CPU
 * per answer at fixed rates, and two answer threads beside one. docs/benchmarks.md tells what the figures mean.
 *
 *   npm run bench [-- --workloads static,steered,… --shapes 16x16,256x1 --rounds 5 --seconds 1 --closed --quick --large --json --check]
 *
 * Everything that is on by default is on: cookies, response rate limiting (every response is counted), metrics, client sampling. The
 * steered name has a policy of more than a hundred lines over the default geodata. Server on the first core, generator on the last.
 *
 * --closed leaves out the fixed rates; --quick is 3 short rounds of the main workloads; --large adds 1,000,000 names. --check exits 1 when,
 * with 16x16, the default path is less than 3 times the dgram path or less than 2 times without bursts, or when, with 256x1, looking for
 * bursts costs more than a fifth (decision 0007). Needs a C compiler, taskset, Linux.
 */
import { cpus, loadavg, release } from 'node:os'
import { parseArgs } from 'node:util'
import { LINE_COUNT } from './answer/bench-data.ts'
import { chooseById, positiveNumber } from './answer/bench-options.ts'
import { formatBlock, formatPathGuards, formatSummary } from './answer/bench-table.ts'
import { pathGuardsOf, rowsOf } from './answer/figures.ts'
import { runBlocks } from './answer/run-blocks.ts'
import { SHAPES, VARIANTS, WORKLOADS } from './answer/workloads.ts'
import { chooseCores } from './load/measure-load.ts'
import { findProductEntry } from './load/product-entry.ts'

const { values } = parseArgs({
  options: {
    workloads: { type: 'string' },
    shapes: { type: 'string', default: SHAPES.map(({ id }) => id).join() },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    closed: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})
const QUICK = ['static', 'steered', 'ecs4']
const usual = WORKLOADS.filter(({ id, data }) => (data === 'large' ? values.large : !values.quick || QUICK.includes(id)))
const rounds = positiveNumber(values.rounds ?? (values.quick ? '3' : '5'), 'rounds')
const seconds = positiveNumber(values.seconds ?? (values.quick ? '0.4' : '1'), 'seconds')
const cores = chooseCores()
const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, node ${process.version}; load ${loadavg()[0]!.toFixed(1)}`

/** What a reader must know to judge the figures. */
function headline(): string {
  const shared = cores.all.length <= 2 ? ", one of them the generator's: k/cpu-s counts, k/s does not" : ''
  return [
    `${machine}; server on core ${cores.server}, generator on core ${cores.generator}`,
    ...(cores.all.length === 1 ? ['one core only: server and generator share it, so that k/s and latencies say nothing'] : []),
    `medians of ${rounds} interleaved rounds of ${seconds} s; policy of ${LINE_COUNT + 1} lines, default geodata; nearcast from ${findProductEntry(undefined).form}`,
    'cookies, rate limiting (each response is counted), metrics and client sampling on',
    'reply bursts (nearcast, 2 threads) help only clients with several queries under way from one port: 16x16, not 256x1',
    `2 threads: on two cores${shared}`,
  ].join('\n')
}

if (!values.json) process.stdout.write(`${headline()}\n\n`)
const blocks = await runBlocks({
  workloads: values.workloads === undefined ? usual : chooseById(values.workloads, WORKLOADS, 'workloads'),
  shapes: chooseById(values.shapes, SHAPES, 'shapes'),
  rounds,
  seconds,
  isOpenLoopToo: !values.closed && !values.quick,
  variants: VARIANTS.map(({ id }) => id),
  async onBlock(block) {
    if (!values.json) process.stdout.write(`${formatBlock(block)}\n`)
    return block
  },
})
process.stdout.write(
  values.json ? `${JSON.stringify({ machine, rounds, seconds, rows: blocks.flatMap(rowsOf) })}\n` : formatSummary(blocks),
)
if (values.check) {
  const guards = blocks.flatMap(pathGuardsOf)
  const failed = guards.filter(({ ratio, least }) => !(ratio >= least))
  process.stdout.write(`\n${formatPathGuards(guards)}# pass ${guards.length - failed.length}\n# fail ${failed.length}\n`)
  if (failed.length > 0) process.exitCode = 1
}
