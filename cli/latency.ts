/** `nearcast latency`: the latency matrix as a policy reads it: what the clients of each line measured to each endpoint. */
import type { LatencyCellView, LatencyMatrix } from '../admin-ui/contract/latency.ts'
import { type Command, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'

/** The command. */
export const command: Command = {
  name: 'latency',
  summary: 'Shows what the clients of each line measured to each endpoint, and what that counts in a policy.',
  positionals: '',
  options: {
    policy: { type: 'string', value: 'POLICY', help: 'its settings and endpoints [the usual settings, all endpoints]' },
    line: { type: 'string', value: 'LINE', help: 'only this line, e.g. cn-33/telecom' },
    json: { type: 'boolean', help: 'prints JSON' },
    ...CLIENT_OPTIONS,
  },
  run: async ({ positionals, flags }) => {
    if (positionals.length > 0) throw new UsageError('latency takes no operand')
    const client = openControlClient(flags, process.env)
    const policy = typeof flags.policy === 'string' ? flags.policy : ''
    const matrix = await client.call('latencyMatrix', { query: { policy } })
    const cells = typeof flags.line === 'string' ? matrix.cells.filter(({ line }) => line === flags.line) : matrix.cells
    const text = flags.json === true ? JSON.stringify({ ...matrix, cells }, null, 2) : textOf(matrix, cells).join('\n')
    process.stdout.write(`${text}\n`)
    return 0
  },
}

function textOf(matrix: LatencyMatrix, cells: readonly LatencyCellView[]): string[] {
  const { accepted, dropped, total, by, minimumSamples, maxAgeSeconds, bandPercent, explorePercent } = matrix
  const reasons = Object.entries(dropped).map(([reason, count]) => `${reason} ${count}`)
  const head = [
    `by ${by}; believed from ${minimumSamples} samples on, for ${maxAgeSeconds} s; bands of ${bandPercent} %; ${explorePercent} % of blocks explore`,
    `${accepted} samples taken since control started, dropped: ${reasons.length === 0 ? 'none' : reasons.join(', ')}`,
  ]
  if (cells.length === 0) return [...head, 'nothing is measured: endpoints are answered by distance']
  const table = [
    ['line', '', 'endpoint', 'median', 'p90', 'samples', 'age', 'counts'],
    ...cells.map((cell) => [
      cell.line,
      cell.labelEn,
      cell.endpoint,
      `${cell.medianMs.toFixed(1)} ms`,
      `${cell.p90Ms.toFixed(1)} ms`,
      String(cell.samples),
      `${cell.ageSeconds} s`,
      `${Math.round(100 * cell.confidence)} %`,
    ]),
  ]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const rows = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  return [...head, '', ...rows, ...(total > matrix.cells.length ? [`… ${total - matrix.cells.length} more`] : [])]
}
