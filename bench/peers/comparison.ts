/**
 * From rounds to rows: medians, and medians of the ratios of servers measured in the same round. Ratios within a round are what a
 * shared machine resolves; absolute figures of different moments are not comparable. Pure.
 */
import type { LoadSample } from '../load/measure-load.ts'

/** All rounds of one workload and shape: the samples of each server, in order of rounds. */
export type Block = {
  readonly workload: string
  readonly shape: string
  readonly samples: Readonly<Record<string, readonly LoadSample[]>>
}

/** A figure of a sample. */
export type Figure = { readonly [Key in keyof LoadSample]: LoadSample[Key] extends number ? Key : never }[keyof LoadSample]

/** What a block says of one server. Undefined ratios: the other server did not take part. */
export type Row = {
  readonly workload: string
  readonly shape: string
  readonly server: string
  readonly rounds: number
  /** Median, least and largest answers per second of server CPU. */
  readonly perCpuSecond: number
  readonly perCpuSecondLeast: number
  readonly perCpuSecondMost: number
  /** Median of the rounds' ratios of answers per second of server CPU. */
  readonly timesGdnsd: number | undefined
  readonly timesNull: number | undefined
  /** The rest are medians, but for wrong: a sum. */
  readonly answersPerSecond: number
  readonly cores: number
  readonly lossPercent: number
  readonly wrong: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly averageBytes: number
  readonly rssMb: number
  readonly ecsPercent: number
  readonly meanScope: number
  readonly idlePercent: number
}

/** The median; NaN of nothing. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** Median of the rounds' ratios of a figure, one server to another; undefined when one of them did not take part. */
export function medianRatio(block: Block, server: string, other: string, figure: Figure): number | undefined {
  const [ours, theirs] = [block.samples[server] ?? [], block.samples[other] ?? []]
  if (ours.length === 0 || theirs.length === 0) return undefined
  return median(ours.map((sample, round) => sample[figure] / theirs[round]![figure]))
}

/** Median of a figure; undefined when the server did not take part. */
export function medianOf(block: Block, server: string, figure: Figure): number | undefined {
  const samples = block.samples[server] ?? []
  return samples.length === 0 ? undefined : median(samples.map((sample) => sample[figure]))
}

/** The rows of a block, in the order of its servers. */
export function rowsOf(block: Block): Row[] {
  return Object.entries(block.samples).map(([server, samples]) => {
    const of = (figure: Figure): number => median(samples.map((sample) => sample[figure]))
    const speeds = samples.map((sample) => sample.perCpuSecond)
    return {
      workload: block.workload,
      shape: block.shape,
      server,
      rounds: samples.length,
      perCpuSecond: median(speeds),
      perCpuSecondLeast: Math.min(...speeds),
      perCpuSecondMost: Math.max(...speeds),
      timesGdnsd: medianRatio(block, server, 'gdnsd', 'perCpuSecond'),
      timesNull: medianRatio(block, server, 'null', 'perCpuSecond'),
      answersPerSecond: of('qps'),
      cores: of('cores'),
      lossPercent: median(samples.map(({ lost, sent }) => (100 * lost) / sent)),
      wrong: samples.reduce((sum, sample) => sum + sample.wrong, 0),
      p50Us: of('p50Us'),
      p99Us: of('p99Us'),
      p999Us: of('p999Us'),
      averageBytes: of('averageBytes'),
      rssMb: of('rssBytes') / 1e6,
      ecsPercent: of('ecsPercent'),
      meanScope: of('meanScope'),
      idlePercent: of('idlePercent'),
    }
  })
}
