/** What is asked of the servers, and how: words for the load generator (bench/load/dns-load.c). Pure. */
import { HOST_COUNT, ORIGIN, STATIC_NAME, STEERED_NAME } from './zone-data.ts'

/** A kind of question. */
export type Workload = {
  /** Name, as in --workloads. */
  readonly id: string
  /** Words for the generator. */
  readonly words: readonly string[]
  /** Whether it has client subnets. */
  readonly subnets: boolean
  /** Whether it is also asked at fixed rates. */
  readonly atFixedRates: boolean
}

/** How many clients ask how much at once. */
export type Shape = {
  /** Name, as in --shapes. */
  readonly id: string
  /** Words for the generator. */
  readonly words: readonly string[]
  /** Queries a second where the rate is fixed; undefined in closed loop, where each answer lets the next query out. */
  readonly rate: number | undefined
}

/** All workloads. */
export const WORKLOADS: readonly Workload[] = [
  { id: 'static', words: ['-q', STATIC_NAME], subnets: false, atFixedRates: false },
  { id: 'steered', words: ['-q', STEERED_NAME], subnets: false, atFixedRates: true },
  { id: 'ecs', words: ['-q', STEERED_NAME, '-e', 'ecs4'], subnets: true, atFixedRates: true },
  { id: 'names', words: ['-q', `h%d.${ORIGIN}`, '-N', String(HOST_COUNT)], subnets: false, atFixedRates: false },
  { id: 'nxdomain', words: ['-q', `missing%d.${ORIGIN}`, '-N', String(HOST_COUNT), '-R', 'nxdomain'], subnets: false, atFixedRates: false },
]

/** All shapes: 16 clients with 16 queries under way each, 256 with one each, and two rates. */
export const SHAPES: readonly Shape[] = [
  { id: '16x16', words: ['-n', '16', '-w', '16'], rate: undefined },
  { id: '256x1', words: ['-n', '256', '-w', '1'], rate: undefined },
  { id: '50000/s', words: ['-n', '16', '-w', '16', '-r', '50000'], rate: 50_000 },
  { id: '16000/s', words: ['-n', '16', '-w', '16', '-r', '16000'], rate: 16_000 },
]
