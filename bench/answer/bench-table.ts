/** Blocks and the whole run as text. Pure. */
import { type Block, medianRatio, type PathGuard, type Row, rowsOf } from './figures.ts'
import { NULL_SERVER, VARIANTS } from './workloads.ts'

/** Below this share of receive calls that found nothing the generator may have been the limit. */
const LEAST_IDLE_PERCENT = 5
const SERVER_WIDTH = 14

const COLUMNS: readonly (readonly [title: string, width: number, cell: (row: Row) => string])[] = [
  ['k/cpu-s', 9, (row) => (row.perCpuSecond / 1e3).toFixed(1)],
  ['least-most', 12, (row) => `${(row.perCpuSecondLeast / 1e3).toFixed(0)}-${(row.perCpuSecondMost / 1e3).toFixed(0)}`],
  ['x null', 8, (row) => row.timesNull.toFixed(2)],
  ['cpu us', 8, (row) => row.cpuUs.toFixed(2)],
  ['k/s', 8, (row) => (row.answersPerSecond / 1e3).toFixed(1)],
  ['cores', 7, (row) => row.cores.toFixed(2)],
  ['loss %', 8, (row) => row.lossPercent.toFixed(3)],
  ['p50 us', 8, (row) => row.p50Us.toFixed(0)],
  ['p99 us', 8, (row) => row.p99Us.toFixed(0)],
  ['p99.9 us', 10, (row) => row.p999Us.toFixed(0)],
  ['bytes', 7, (row) => row.averageBytes.toFixed(0)],
  ['scope', 7, (row) => row.meanScope?.toFixed(1) ?? '-'],
  ['RSS MB', 8, (row) => row.rssMb.toFixed(0)],
  ['idle %', 8, (row) => row.idlePercent.toFixed(0)],
]

/** One workload and shape, a line a server. */
export function formatBlock(block: Block): string {
  const rows = rowsOf(block)
  const head = ''.padEnd(SERVER_WIDTH) + COLUMNS.map(([name, width]) => name.padStart(width)).join('')
  const lines = rows.map(
    (row) => `  ${row.server}`.padEnd(SERVER_WIDTH) + COLUMNS.map(([, width, cell]) => cell(row).padStart(width)).join(''),
  )
  return `${[`${block.workload}, ${block.shape}`, head, ...lines, ...remarksOf(block, rows)].join('\n')}\n`
}

function remarksOf(block: Block, rows: readonly Row[]): string[] {
  const busy = block.isOpenLoop ? [] : rows.filter(({ idlePercent }) => idlePercent < LEAST_IDLE_PERCENT)
  const threads = medianRatio(block, 'nearcast', '2 threads')
  return [
    ...(busy.length === 0
      ? []
      : [`  the generator was busy with ${busy.map(({ server }) => server).join(', ')}: k/s is a floor, k/cpu-s counts the server alone`]),
    ...(Number.isNaN(threads) ? [] : [`  2 answer threads: CPU per answer ${threads.toFixed(2)} times that of one`]),
  ]
}

/** All closed-loop blocks, a line each: thousand answers per second of CPU and share of the null server, by path. */
export function formatSummary(blocks: readonly Block[]): string {
  const paths = VARIANTS.map(({ id }) => id).filter((id) => blocks.some(({ samples }) => samples[id] !== undefined))
  const line = (title: string, cells: readonly string[]): string => title.padEnd(36) + cells.map((cell) => cell.padStart(11)).join('')
  const head = line('k answers per CPU second (x null)', [
    ...[NULL_SERVER, ...paths].flatMap((id) => (id === NULL_SERVER ? [id] : [id, 'x null'])),
  ])
  const body = blocks
    .filter(({ isOpenLoop }) => !isOpenLoop)
    .map((block) => {
      const rows = new Map(rowsOf(block).map((row) => [row.server, row]))
      const speed = (id: string): string => ((rows.get(id)?.perCpuSecond ?? Number.NaN) / 1e3).toFixed(1).replace('NaN', '-')
      const share = (id: string): string => rows.get(id)?.timesNull.toFixed(2) ?? '-'
      return line(`${block.workload}, ${block.shape}`, [speed(NULL_SERVER), ...paths.flatMap((id) => [speed(id), share(id)])])
    })
  return `${[head, ...body].join('\n')}\n`
}

/** The guards, and the counts that .ci/run reads. */
export function formatPathGuards(guards: readonly PathGuard[]): string {
  return guards
    .map(({ name, ratio, least }) => `${ratio >= least ? 'ok  ' : 'FAIL'} ${name}: ${ratio.toFixed(2)}, at least ${least}\n`)
    .join('')
}
