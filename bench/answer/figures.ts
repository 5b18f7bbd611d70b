/**
 * From rounds to rows: medians, and medians of the ratios to the null server of the same round. Ratios within a round are what a shared
 * machine resolves; absolute figures of different moments are not comparable. Pure.
 */
import type { LoadSample } from '../load/measure-load.ts'
import { NULL_SERVER } from './workloads.ts'

/** All rounds of one workload and shape. */
export type Block = {
  readonly workload: string
  /** The shape's id, or the rate of open loop in words. */
  readonly shape: string
  readonly isOpenLoop: boolean
  /** Samples by server, in order of rounds. */
  readonly samples: Readonly<Record<string, readonly LoadSample[]>>
}

/** What a block says of one server: medians over the rounds. */
export type Row = {
  readonly workload: string
  readonly shape: string
  readonly server: string
  readonly rounds: number
  /** Right answers per second of server CPU, with the least and the largest of the rounds. */
  readonly perCpuSecond: number
  readonly perCpuSecondLeast: number
  readonly perCpuSecondMost: number
  /** Share of the null server's answers per second of CPU in the same round. */
  readonly timesNull: number
  /** CPU time of an answer in microseconds. */
  readonly cpuUs: number
  readonly answersPerSecond: number
  /** Cores that the server used. */
  readonly cores: number
  readonly lossPercent: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly averageBytes: number
  readonly rssMb: number
  /** Mean scope prefix length; null where no client subnet was sent. */
  readonly meanScope: number | null
  /** Receive calls of the generator that found nothing. */
  readonly idlePercent: number
}

/** A figure of a sample. */
export type Figure = { readonly [Key in keyof LoadSample]: LoadSample[Key] extends number ? Key : never }[keyof LoadSample]

/** The median; NaN of nothing. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

/** Median of a figure of a server; NaN when it did not take part. */
export function medianOf(block: Block, server: string, figure: Figure): number {
  return median((block.samples[server] ?? []).map((sample) => sample[figure]))
}

/** Median of the rounds' ratios of answers per second of CPU, one server to another; NaN when one of them did not take part. */
export function medianRatio(block: Block, server: string, other: string): number {
  const [ours, theirs] = [block.samples[server] ?? [], block.samples[other] ?? []]
  return theirs.length === 0 ? Number.NaN : median(ours.map((sample, round) => sample.perCpuSecond / theirs[round]!.perCpuSecond))
}

/** The rows of a block, in the order of its servers. */
export function rowsOf(block: Block): Row[] {
  return Object.entries(block.samples).map(([server, samples]) => {
    const of = (figure: Figure): number => medianOf(block, server, figure)
    const speeds = samples.map(({ perCpuSecond }) => perCpuSecond)
    return {
      workload: block.workload,
      shape: block.shape,
      server,
      rounds: samples.length,
      perCpuSecond: median(speeds),
      perCpuSecondLeast: Math.min(...speeds),
      perCpuSecondMost: Math.max(...speeds),
      timesNull: medianRatio(block, server, NULL_SERVER),
      cpuUs: median(speeds.map((speed) => 1e6 / speed)),
      answersPerSecond: of('qps'),
      cores: of('cores'),
      lossPercent: median(samples.map(({ lost, sent }) => (100 * lost) / sent)),
      p50Us: of('p50Us'),
      p99Us: of('p99Us'),
      p999Us: of('p999Us'),
      averageBytes: of('averageBytes'),
      rssMb: of('rssBytes') / 1e6,
      meanScope: of('ecsPercent') === 0 || server === NULL_SERVER ? null : of('meanScope'),
      idlePercent: of('idlePercent'),
    }
  })
}

/** A ratio of two paths that must hold on every machine (decision 0007). */
export type PathGuard = {
  readonly name: string
  readonly ratio: number
  readonly least: number
}

/** Where bursts can be made, as times of the dgram path. */
const LEAST_OF_DGRAM = 3
const LEAST_OF_DGRAM_WITHOUT_BURSTS = 2
/** Where none can be made: the default path as a share of the path that does not look for them. */
const LEAST_OF_NO_BURSTS = 0.8

/** The guards of decision 0007 that a block can tell: none when the dgram path did not take part. */
export function pathGuardsOf(block: Block): PathGuard[] {
  if (block.isOpenLoop || block.samples.dgram === undefined) return []
  const name = (server: string, other: string): string => `${block.workload}, ${block.shape}: ${server} to ${other}`
  if (block.shape !== '16x16') {
    return [{ name: name('nearcast', 'no bursts'), ratio: medianRatio(block, 'nearcast', 'no bursts'), least: LEAST_OF_NO_BURSTS }]
  }
  return [
    { name: name('nearcast', 'dgram'), ratio: medianRatio(block, 'nearcast', 'dgram'), least: LEAST_OF_DGRAM },
    { name: name('no bursts', 'dgram'), ratio: medianRatio(block, 'no bursts', 'dgram'), least: LEAST_OF_DGRAM_WITHOUT_BURSTS },
  ]
}
