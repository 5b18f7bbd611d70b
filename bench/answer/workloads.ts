/** What is asked, how, and of whom: the tables of answer.bench.ts and guard.bench.ts. Pure. */

/** How the product is run. */
export type Variant = {
  readonly id: string
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly udpThreads: number
}

/** Ways to run the product: as it is by default, without reply bursts, without foreign calls, with two answer threads. */
export const VARIANTS: readonly Variant[] = [
  { id: 'nearcast', flags: [], environment: {}, udpThreads: 1 },
  { id: 'no bursts', flags: ['--reply-bursts', 'off'], environment: {}, udpThreads: 1 },
  { id: 'dgram', flags: [], environment: { NEARCAST_NO_FFI: '1' }, udpThreads: 1 },
  { id: '2 threads', flags: [], environment: {}, udpThreads: 2 },
]

/** The null server's name in tables. */
export const NULL_SERVER = 'null'

/** Data that the servers hold: the zone with 10,000 names, or that with 1,000,000. */
export type DataSize = 'small' | 'large'

/** One kind of query. */
export type Workload = {
  readonly id: string
  readonly title: string
  /** Words for the load generator. */
  readonly words: readonly string[]
  readonly data: DataSize
  /** Ids of the variants that are measured: a path that is another's is not measured twice. */
  readonly variants: readonly string[]
  /** Whether latency and CPU per answer are measured at fixed rates too. */
  readonly isOpenLoopToo: boolean
}

/** Names of the zone; `%d` is a number. */
export const ZONE = 'bench.test'
const STATIC = `www.${ZONE}`
const STEERED = `edge.${ZONE}`
const NUMBERED = `host%d.${ZONE}`
/** Counts of numbered names. */
export const NAME_COUNTS: Readonly<Record<DataSize, number>> = { small: 10_000, large: 1_000_000 }

const UDP_PATHS = ['nearcast', 'no bursts', 'dgram']
const BATCHED_PATHS = ['nearcast', 'no bursts']

function workload(id: string, title: string, words: readonly string[], more: Partial<Workload> = {}): Workload {
  return { id, title, words, data: 'small', variants: BATCHED_PATHS, isOpenLoopToo: false, ...more }
}

/** All workloads. */
export const WORKLOADS: readonly Workload[] = [
  workload('static', 'static', ['-q', STATIC], { variants: UDP_PATHS }),
  workload('steered', 'steered, no EDNS', ['-q', STEERED], { variants: [...UDP_PATHS, '2 threads'], isOpenLoopToo: true }),
  workload('cookie', 'steered, client cookie', ['-q', STEERED, '-e', 'cookie']),
  workload('ecs4', 'steered, random ECS /24', ['-q', STEERED, '-e', 'ecs4'], {
    variants: [...UDP_PATHS, '2 threads'],
    isOpenLoopToo: true,
  }),
  workload('ecs6', 'steered, random ECS IPv6 /56', ['-q', STEERED, '-e', 'ecs6']),
  workload('nxdomain', 'NXDOMAIN', ['-q', `none%d.${ZONE}`, '-N', '10000', '-R', 'nxdomain']),
  workload('names', '10,000 names', ['-q', NUMBERED, '-N', '10000']),
  workload('large', '1,000,000 names', ['-q', NUMBERED, '-N', '1000000'], { data: 'large' }),
  workload('junk', 'steered, ECS /24, 5 % junk', ['-q', STEERED, '-e', 'ecs4', '-j', '5']),
  workload('tcp', 'steered, TCP', ['-q', STEERED, '-x', 'tcp'], { variants: ['nearcast'] }),
]

/** Clients, and queries under way of each. */
export type Shape = {
  readonly id: string
  readonly words: readonly string[]
}

/**
 * Clients that have many queries under way from one port (forwarders, load balancers), where replies can leave as bursts; and unrelated
 * clients with one query each, as resolvers with random ports are.
 */
export const SHAPES: readonly Shape[] = [
  { id: '16x16', words: ['-n', '16', '-w', '16'] },
  { id: '256x1', words: ['-n', '256', '-w', '1'] },
]

/** Open loop: shares of the rate that closed loop gave. Wide windows: a stall must not hold back the schedule. */
export const OPEN_LOOP_SHARES: readonly number[] = [0.05, 0.25, 0.5]
/** Words of the clients of open loop. */
export const OPEN_LOOP_WORDS: readonly string[] = ['-n', '16', '-w', '64']
