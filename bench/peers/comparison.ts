/** What the peers' comparison adds to the figures of a block (bench/answer/figures.ts): ratios to other servers than the null server. Pure. */
import { type Block, type Figure, median, type Row, rowsOf } from '../answer/figures.ts'

/** What a block says of one server. */
export type PeerRow = Row & {
  /** Median of the rounds' ratios of answers per second of CPU to gdnsd; null when it did not take part. */
  readonly timesGdnsd: number | null
  /** Replies that were not the right ones, in all rounds. */
  readonly wrong: number
  /** Right replies that echo the client subnet. */
  readonly ecsPercent: number
}

/** Median of the rounds' ratios of a figure, one server to another; undefined when one of them did not take part. */
export function ratioOf(block: Block, server: string, other: string, figure: Figure): number | undefined {
  const [ours, theirs] = [block.samples[server] ?? [], block.samples[other] ?? []]
  if (ours.length === 0 || theirs.length === 0) return undefined
  return median(ours.map((sample, round) => sample[figure] / theirs[round]![figure]))
}

/** The rows of a block, in the order of its servers. */
export function peerRowsOf(block: Block): PeerRow[] {
  return rowsOf(block).map((row) => {
    const samples = block.samples[row.server]!
    return {
      ...row,
      timesGdnsd: ratioOf(block, row.server, 'gdnsd', 'perCpuSecond') ?? null,
      wrong: samples.reduce((sum, sample) => sum + sample.wrong, 0),
      ecsPercent: median(samples.map((sample) => sample.ecsPercent)),
    }
  })
}
