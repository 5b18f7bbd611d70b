/**
 * Regret of `choose: latency` beside geography alone, in a network whose truth is known (test/support/latency-simulation.ts): 50 endpoints,
 * 300 lines, routes that change every half hour, devices that report a part of what they measure, some of them lies. No sockets.
 *
 *   node bench/latency.bench.ts [--minutes N] [--requests N] [--reports PERCENT] [--lies PERCENT] [--seeds N] [--check]
 *
 * `--check` fails when the gain is below 30 %, when the first ten minutes are worse than geography, or when a start without samples differs.
 */
import { parseArgs } from 'node:util'
import { type LatencyOutcome, simulateLatency } from '../test/support/latency-simulation.ts'

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '180' },
    requests: { type: 'string', default: '10000' },
    reports: { type: 'string', default: '20' },
    lies: { type: 'string', default: '2' },
    seeds: { type: 'string', default: '5' },
    check: { type: 'boolean', default: false },
  },
})
const LEAST_GAIN_PERCENT = 30
const COLD_MINUTES = 10

const minutes = Number(flags.minutes)
const rows: string[][] = []
let failed = false
for (let seed = 1; seed <= Number(flags.seeds); seed++) {
  const startedMs = performance.now()
  const outcome = simulateLatency({
    seed,
    minutes,
    requestsPerMinute: Number(flags.requests),
    reportShare: Number(flags.reports) / 100,
    lieShare: Number(flags.lies) / 100,
  })
  const gain = gainPercent(outcome)
  const cold = meanOf(outcome.regretByMinute.latency, 0, COLD_MINUTES) <= meanOf(outcome.regretByMinute.nearest, 0, COLD_MINUTES)
  if (gain < LEAST_GAIN_PERCENT || !cold || outcome.coldDifferences > 0) failed = true
  rows.push([
    String(seed),
    outcome.meanNearest.toFixed(2),
    outcome.meanAuto.toFixed(2),
    outcome.meanLatency.toFixed(2),
    `${gain.toFixed(0)} %`,
    `${pairOf(outcome, 0, 1)}`,
    `${pairOf(outcome, 1, COLD_MINUTES)}`,
    `${pairOf(outcome, Math.min(60, minutes / 2), minutes)}`,
    String(outcome.coldDifferences),
    String(outcome.cells),
    outcome.orderChangesPerRowHour.toFixed(2),
    ((performance.now() - startedMs) / 1000).toFixed(1),
  ])
  if (seed === 1)
    process.stdout.write(
      `${outcome.endpoints} endpoints, ${outcome.lines} lines, ${outcome.rows} rows of ${outcome.entryBytes / 1024} KiB in a ranking slot; ` +
        `${minutes} minutes of ${flags.requests} requests, ${flags.reports} % reported, ${flags.lies} % of these lies\n` +
        'mean regret in ms (latency of the answer minus that of the best endpoint); latency / nearest\n\n',
    )
}
print([
  [
    'seed',
    'nearest',
    'auto',
    'latency',
    'gain',
    'minute 1',
    '2–10',
    'late',
    'cold differences',
    'cells',
    'changes a row and hour',
    'seconds',
  ],
  ...rows,
])
if (flags.check) process.stdout.write(failed ? '\nFAILED\n' : '\nok\n')
process.exitCode = flags.check && failed ? 1 : 0

/** What `latency` spares of the regret of geography, percent. */
function gainPercent({ meanLatency, meanNearest }: LatencyOutcome): number {
  return 100 * (1 - meanLatency / meanNearest)
}

function pairOf({ regretByMinute }: LatencyOutcome, from: number, to: number): string {
  return `${meanOf(regretByMinute.latency, from, to).toFixed(1)} / ${meanOf(regretByMinute.nearest, from, to).toFixed(1)}`
}

function meanOf(list: readonly number[], from: number, to: number): number {
  const part = list.slice(from, to)
  return part.reduce((sum, value) => sum + value, 0) / part.length
}

function print(table: readonly (readonly string[])[]): void {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  for (const row of table) process.stdout.write(`${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}\n`)
}
