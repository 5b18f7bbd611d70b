/** What `--check` asks of nearcast beside its peers, and whether a run's figures meet it. Pure. */
import { type Block, median, medianOf } from '../answer/figures.ts'
import type { AnswerCheck } from './ask.ts'
import { ratioOf } from './comparison.ts'

/** One goal and what was measured. */
export type Goal = {
  /** What is asked, with workload and shape. */
  readonly name: string
  /** The figure; undefined or NaN when a server that it needs was not measured. */
  readonly value: number | undefined
  readonly least?: number
  readonly most?: number
  /** Where it was measured; undefined: nowhere in particular. */
  readonly block?: Block
}

const LEAST_TIMES_GDNSD = 0.95
const LEAST_TIMES_NULL = 0.8
const LEAST_TIMES_NULL_WITH_SUBNETS = 0.75
const LEAST_TIMES_KNOT = 1.5
const LEAST_TIMES_PDNS = 5
const MOST_SCOPE_BITS_FROM_GDNSD = 1
const MOST_MB_OVER_GDNSD = 60
const MOST_P50_OF_GDNSD = 1.1
const MOST_CPU_OF_GDNSD_AT_LOW_LOAD = 1.3

/** Goals about speed and latency in one block. */
export function goalsOfBlock(block: Block, peers: readonly string[]): Goal[] {
  const name = `${block.workload}, ${block.shape}`
  const speed = (other: string): number | undefined => ratioOf(block, 'nearcast', other, 'perCpuSecond')
  const goals: Goal[] = [{ name: `${name}: wrong replies`, value: wrongReplies(block), most: 0, block }]
  const against = (peer: string, goal: Omit<Goal, 'block'>): void => {
    if (peers.includes(peer)) goals.push({ ...goal, block })
  }
  if (block.shape === '50000/s') {
    const value = ratioOf(block, 'nearcast', 'gdnsd', 'p50Us')
    against('gdnsd', { name: `${name}: p50, times gdnsd's`, value, most: MOST_P50_OF_GDNSD })
  } else if (block.shape === '16000/s') {
    const value = ratioOf(block, 'gdnsd', 'nearcast', 'perCpuSecond')
    against('gdnsd', { name: `${name}: CPU per answer, times gdnsd's`, value, most: MOST_CPU_OF_GDNSD_AT_LOW_LOAD })
  } else {
    against('gdnsd', { name: `${name}: times gdnsd`, value: speed('gdnsd'), least: LEAST_TIMES_GDNSD })
    if (block.workload === 'steered') against('null', { name: `${name}: times null`, value: speed('null'), least: LEAST_TIMES_NULL })
    if (block.workload === 'ecs') {
      against('null', { name: `${name}: times null`, value: speed('null'), least: LEAST_TIMES_NULL_WITH_SUBNETS })
      // Only where replies can leave as bursts: without, 5 times PowerDNS is beyond the null server.
      if (block.shape === '16x16') {
        against('knot', { name: `${name}: times knot`, value: speed('knot'), least: LEAST_TIMES_KNOT })
        against('pdns', { name: `${name}: times pdns`, value: speed('pdns'), least: LEAST_TIMES_PDNS })
      }
    }
  }
  if (block.workload === 'ecs')
    against('gdnsd', {
      name: `${name}: mean scope, bits from gdnsd's`,
      value: Math.abs(medianOf(block, 'nearcast', 'meanScope') - medianOf(block, 'gdnsd', 'meanScope')),
      most: MOST_SCOPE_BITS_FROM_GDNSD,
    })
  return goals
}

/** Goals about the whole run: memory, and answers that are those of the table. */
export function goalsOfRun(blocks: readonly Block[], checks: Readonly<Record<string, AnswerCheck>>, peers: readonly string[]): Goal[] {
  const goals: Goal[] = []
  if (peers.includes('gdnsd')) {
    const [ours, theirs] = [rssMb(blocks, 'nearcast'), rssMb(blocks, 'gdnsd')]
    const value = ours === undefined || theirs === undefined ? undefined : ours - theirs
    goals.push({ name: "resident memory, MB over gdnsd's", value, most: MOST_MB_OVER_GDNSD })
  }
  for (const [server, { bySubnet, bySource }] of Object.entries(checks)) {
    if (bySubnet !== undefined) {
      goals.push({ name: `${server}: answers by client subnet that are not the table's`, value: bySubnet.asked - bySubnet.right, most: 0 })
      if (server.startsWith('nearcast'))
        goals.push({ name: `${server}: scopes that are too short`, value: bySubnet.scopesTooShort, most: 0 })
    }
    if (bySource !== undefined) {
      goals.push({ name: `${server}: answers by source address that are not the table's`, value: bySource.asked - bySource.right, most: 0 })
    }
  }
  return goals
}

/** Whether a goal is met; one that could not be measured is not. */
export function isMet({ value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Goal): boolean {
  return value !== undefined && value >= least && value <= most
}

/** A goal in one line. */
export function formatGoal(goal: Goal): string {
  const asked = goal.least === undefined ? `at most ${goal.most}` : `at least ${goal.least}`
  const value = Number.isFinite(goal.value ?? Number.NaN) ? Number(goal.value!.toFixed(3)) : 'not measured'
  return `${isMet(goal) ? 'ok    ' : 'FAILED'}  ${goal.name}: ${value}, ${asked} is asked`
}

function wrongReplies(block: Block): number | undefined {
  return block.samples.nearcast?.reduce((sum, sample) => sum + sample.wrong, 0)
}

/** Median resident memory over all rounds. */
function rssMb(blocks: readonly Block[], server: string): number | undefined {
  const samples = blocks.flatMap((block) => block.samples[server] ?? [])
  return samples.length === 0 ? undefined : median(samples.map((sample) => sample.rssBytes)) / 1e6
}
