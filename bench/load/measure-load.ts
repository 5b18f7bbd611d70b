/**
 * One run of the load generator against one server: what the generator tells, and what the run cost the server: CPU time of all threads of
 * its process and of those below it, and memory. Shell; Linux.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** What the generator tells (dns-load.c). */
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

/** One run. */
export type LoadSample = LoadFigures & {
  /** Right answers divided by the server's CPU time in seconds: what one whole core would answer. */
  readonly perCpuSecond: number
  /** Cores that the server used. */
  readonly cores: number
  /** Resident memory of the server's processes after the run, in bytes. */
  readonly rssBytes: number
}

/** The cores for server and generator: the first and the last that this process may use. */
export function chooseCores(): { readonly all: readonly number[]; readonly server: number; readonly generator: number } {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const all = list.split(',').flatMap((range) => {
    const [first, last] = range.split('-').map(Number) as [number, number | undefined]
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  })
  return { all, server: all[0]!, generator: all.at(-1)! }
}

/** A process and all below it. */
export function processTree(pid: number): number[] {
  const below = tasksOf(pid).flatMap((task) => (readText(`/proc/${pid}/task/${task}/children`) ?? '').trim().split(' '))
  return [pid, ...below.filter((text) => text !== '').flatMap((text) => processTree(Number(text)))]
}

/** Asks a server for a while; `core` is the generator's. */
export async function measureLoad(pid: number, core: number, generator: string, words: readonly string[]): Promise<LoadSample> {
  const pids = processTree(pid)
  const cpuBefore = cpuNs(pids)
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(core), generator, ...words])
  const usedNs = cpuNs(pids) - cpuBefore
  const { seconds, ...figures } = JSON.parse(stdout) as LoadFigures & { readonly seconds: number }
  return {
    ...figures,
    perCpuSecond: figures.received / (usedNs / 1e9),
    // Of the time in which it was asked: the generator needs a while to make its queries.
    cores: usedNs / 1e9 / seconds,
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
