/**
 * The baseline of bench:guard: for each workload, shape and path the ratio of its answers per second of CPU to the null server's in the
 * same round. Ratios hold on other machines of the same kind; absolute figures would not. Pure.
 */
import { type Block, median, medianRatio } from './figures.ts'
import { NULL_SERVER } from './workloads.ts'

/** What baseline.json holds. */
export type Baseline = {
  /** Where and how it was measured, for people. */
  readonly machine: string
  /** By "workload, shape" and path: a median ratio to the null server for each run. The baseline is their median. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

/** One ratio beside its baseline. */
export type Comparison = {
  /** "workload, shape". */
  readonly block: string
  readonly path: string
  /** Undefined: the baseline has no such row. */
  readonly baseline: number | undefined
  /** Undefined: not measured. */
  readonly measured: number | undefined
  readonly verdict: 'ok' | 'dropped' | 'not in the baseline' | 'not measured'
}

/** A drop below this share of the baseline fails. */
export const LEAST_SHARE_OF_BASELINE = 0.8
/** Runs that a row keeps, the newest last. */
const MOST_RUNS = 9
const DIGITS = 3

/** Key of a block in the baseline. */
export const blockKey = (block: Pick<Block, 'workload' | 'shape'>): string => `${block.workload}, ${block.shape}`

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads baseline.json. Throws with the place of what is wrong. */
export function parseBaseline(text: string): Baseline {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value) || typeof value.machine !== 'string' || !isRecord(value.ratios)) {
    throw new Error('the baseline has no "machine" and "ratios"; write it again with --update')
  }
  for (const [block, paths] of Object.entries(value.ratios)) {
    if (!isRecord(paths)) throw new Error(`the baseline of "${block}" is no object of paths`)
    for (const [path, runs] of Object.entries(paths)) {
      if (!Array.isArray(runs) || runs.length === 0 || !runs.every((ratio) => Number.isFinite(ratio) && ratio > 0)) {
        throw new Error(`the baseline of "${block}", "${path}" is no list of ratios above 0`)
      }
    }
  }
  return value as Baseline
}

/** Text of baseline.json: a line a block, so that a change shows what changed. */
export function formatBaseline({ machine, ratios }: Baseline): string {
  const lines = Object.entries(ratios).map(
    ([block, paths]) => `    ${JSON.stringify(block)}: ${JSON.stringify(paths).replaceAll(/([,:])/g, '$1 ')}`,
  )
  return `{\n  "machine": ${JSON.stringify(machine)},\n  "ratios": {\n${lines.join(',\n')}\n  }\n}\n`
}

/** Ratios of the products of a block to the null server: medians over its rounds. */
export function ratiosOf(block: Block): Record<string, number> {
  const paths = Object.keys(block.samples).filter((id) => id !== NULL_SERVER)
  return Object.fromEntries(paths.map((path) => [path, medianRatio(block, path, NULL_SERVER)]))
}

/**
 * A baseline with the rows of these blocks measured anew: in place of the old ones, or as one run more (`keep`). Other rows stay.
 */
export function updateBaseline(old: Baseline | undefined, blocks: readonly Block[], machine: string, keep: boolean): Baseline {
  const ratios: Record<string, Record<string, readonly number[]>> = {}
  for (const [key, paths] of Object.entries(old?.ratios ?? {})) ratios[key] = { ...paths }
  for (const block of blocks) {
    const before = ratios[blockKey(block)] ?? {}
    const after = Object.entries(ratiosOf(block)).map(([path, ratio]): [string, readonly number[]] => {
      const runs = [...(keep ? (before[path] ?? []) : []), Number(ratio.toFixed(DIGITS))]
      return [path, runs.slice(-MOST_RUNS)]
    })
    ratios[blockKey(block)] = Object.fromEntries(after)
  }
  return { machine, ratios }
}

/** Sets what was measured beside the baseline. `wanted` are the keys of the blocks that should have been measured. */
export function compareWithBaseline(baseline: Baseline, blocks: readonly Block[], wanted: readonly string[]): Comparison[] {
  const measured = new Map(blocks.map((block) => [blockKey(block), ratiosOf(block)]))
  return wanted.flatMap((block) => {
    const [now, before] = [measured.get(block) ?? {}, baseline.ratios[block] ?? {}]
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].map((path) => compare(block, path, before[path], now[path]))
  })
}

function compare(block: string, path: string, runs: readonly number[] | undefined, measured: number | undefined): Comparison {
  const baseline = runs === undefined ? undefined : median(runs)
  const verdict = (): Comparison['verdict'] => {
    if (baseline === undefined) return 'not in the baseline'
    if (measured === undefined || !Number.isFinite(measured)) return 'not measured'
    return measured >= LEAST_SHARE_OF_BASELINE * baseline ? 'ok' : 'dropped'
  }
  return { block, path, baseline, measured, verdict: verdict() }
}

/** The comparison as a table. */
export function formatComparison(rows: readonly Comparison[]): string {
  const line = (cells: readonly string[]): string =>
    `${cells[0]!.padEnd(36)}${cells[1]!.padEnd(12)}${cells
      .slice(2, 5)
      .map((cell) => cell.padStart(10))
      .join('')}  ${cells[5]!}`.trimEnd()
  const body = rows.map(({ block, path, baseline, measured, verdict }) => {
    const change = baseline === undefined || measured === undefined ? '-' : `${(100 * (measured / baseline - 1)).toFixed(1)} %`
    return line([block, path, baseline?.toFixed(2) ?? '-', measured?.toFixed(2) ?? '-', change, verdict === 'ok' ? '' : verdict])
  })
  return `${[line(['x null server', 'path', 'baseline', 'now', 'change', '']), ...body].join('\n')}\n`
}
