/** One round with one server: the load generator's figures, and what it cost the server. Shell; Linux. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** What the generator tells (bench/load/dns-load.c). */
export type LoadFigures = {
  readonly sent: number
  readonly received: number
  readonly lost: number
  readonly wrong: number
  readonly qps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly averageBytes: number
  readonly ecsPercent: number
  readonly meanScope: number
  readonly idlePercent: number
}

/** One round. */
export type Sample = LoadFigures & {
  /** Answers divided by the CPU time of all the server's threads, in s: what one whole core would answer. */
  readonly perCpuSecond: number
  /** Cores that the server used. */
  readonly cores: number
  /** Resident memory after the round, all processes of the server. */
  readonly rssBytes: number
}

/** A process and all below it. */
export function processTree(pid: number): number[] {
  const below = tasksOf(pid).flatMap((task) => (readText(`/proc/${pid}/task/${task}/children`) ?? '').trim().split(' '))
  return [pid, ...below.filter((text) => text !== '').flatMap((text) => processTree(Number(text)))]
}

/** Asks a server for a while. `cpu` is the core of the generator. */
export async function measure(pid: number, cpu: number, generator: string, words: readonly string[]): Promise<Sample> {
  const pids = processTree(pid)
  const [cpuBefore, startedAt] = [cpuNs(pids), process.hrtime.bigint()]
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(cpu), generator, ...words])
  const usedNs = cpuNs(pids) - cpuBefore
  const figures = JSON.parse(stdout) as LoadFigures
  return {
    ...figures,
    perCpuSecond: figures.received / (usedNs / 1e9),
    cores: usedNs / Number(process.hrtime.bigint() - startedAt),
    rssBytes: pids.reduce((sum, each) => sum + rssBytes(each), 0),
  }
}

/** CPU time of all threads, user and system: schedstat counts ns where the clock ticks of stat are 10 ms. */
function cpuNs(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids)
    for (const task of tasksOf(pid)) sum += Number((readText(`/proc/${pid}/task/${task}/schedstat`) ?? '0').split(' ')[0])
  return sum
}

function rssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Text of a file of /proc; undefined when its process or thread has just ended. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
