/** The comparison as a table. Pure. */
import type { Block } from '../answer/figures.ts'
import type { AnswerCheck } from './ask.ts'
import { type PeerRow, peerRowsOf } from './comparison.ts'

/** Below this share of empty receive calls the generator may have been the limit. */
const LEAST_IDLE_PERCENT = 5

const COLUMNS: readonly (readonly [title: string, width: number, cell: (row: PeerRow) => string])[] = [
  ['k/cpu-s', 9, (row) => (row.perCpuSecond / 1e3).toFixed(1)],
  ['least-most', 14, (row) => `${(row.perCpuSecondLeast / 1e3).toFixed(0)}-${(row.perCpuSecondMost / 1e3).toFixed(0)}`],
  ['x gdnsd', 9, (row) => row.timesGdnsd?.toFixed(3) ?? '-'],
  ['x null', 8, (row) => row.timesNull.toFixed(3)],
  ['k/s', 8, (row) => (row.answersPerSecond / 1e3).toFixed(1)],
  ['cores', 7, (row) => row.cores.toFixed(2)],
  ['loss %', 8, (row) => row.lossPercent.toFixed(3)],
  ['p50 us', 8, (row) => row.p50Us.toFixed(1)],
  ['p99 us', 8, (row) => row.p99Us.toFixed(0)],
  ['p99.9 us', 9, (row) => row.p999Us.toFixed(0)],
  ['bytes', 7, (row) => row.averageBytes.toFixed(0)],
  ['RSS MB', 8, (row) => row.rssMb.toFixed(0)],
  // The null server sends the query's own option back.
  ['ecs %', 7, (row) => (row.server === 'null' ? '-' : row.ecsPercent.toFixed(0))],
  ['scope', 7, (row) => row.meanScope?.toFixed(2) ?? '-'],
  ['idle %', 8, (row) => row.idlePercent.toFixed(0)],
]

/** One workload and shape. */
export function formatBlock(block: Block): string {
  const rows = peerRowsOf(block)
  const title = `${block.workload}, ${block.shape}`.padEnd(20) + COLUMNS.map(([name, width]) => name.padStart(width)).join('')
  const lines = rows.map((row) => row.server.padEnd(20) + COLUMNS.map(([, width, cell]) => cell(row).padStart(width)).join(''))
  return [title, ...lines, ...rows.flatMap((row) => remarks(row, block.isOpenLoop))].join('\n')
}

/** What makes a row's figures doubtful. */
function remarks(row: PeerRow, isOpenLoop: boolean): string[] {
  const found: string[] = []
  if (!isOpenLoop && row.idlePercent < LEAST_IDLE_PERCENT)
    found.push(`  ${row.server}: the generator was busy, k/s is a floor (k/cpu-s holds: it counts the server's time only)`)
  if (row.wrong > 0) found.push(`  ${row.server}: ${row.wrong} replies were wrong`)
  return found
}

/** Whether the servers' answers are those of the table. */
export function formatAnswerChecks(checks: Readonly<Record<string, AnswerCheck>>): string {
  const line = (server: string, cells: readonly string[]): string => server.padEnd(20) + cells.map((cell) => cell.padStart(18)).join('')
  const share = (part: { right: number; asked: number } | undefined): string =>
    part === undefined ? 'no such choice' : `${part.right} of ${part.asked}`
  const rows = Object.entries(checks).map(([server, { bySubnet, bySource }]) => {
    const scopes = bySubnet === undefined ? ['-', '-'] : [String(bySubnet.scopesTooShort), String(bySubnet.scopesTooLong)]
    return line(server, [share(bySubnet), ...scopes, share(bySource)])
  })
  return [line('answers as the table', ['by client subnet', 'scope too short', 'scope too long', 'by source']), ...rows].join('\n')
}
