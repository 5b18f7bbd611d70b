/**
 * Starts the servers of the comparison and stops them: each in a folder of its own, on one core, on a high port of 127.0.0.1. What a
 * server writes goes to a log in its folder, whose end is told when it does not start. Shell; Linux.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, globSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/product.ts'
import type { BenchServer } from '../answer/bench-servers.ts'
import { processTree } from '../load/measure-load.ts'
import { askOnce, hasAddress } from './ask.ts'
import type { Contender } from './contender.ts'
import type { PrefixTable } from './prefix-table.ts'
import { STATIC_NAME } from './zone-data.ts'

/** How long a server may take to load the table. */
const START_TIMEOUT_MS = 120_000
/** How long a server may take to end before it is killed. */
const STOP_TIMEOUT_MS = 10_000
/** Folders of system programs, which are not in everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Path of a contender's program; undefined when it, or another file that it needs, is not installed. */
export function findProgram({ program, files }: Contender): string | undefined {
  if (files.some((pattern) => globSync(pattern).length === 0)) return undefined
  if (program.includes('/')) return program
  const folders = [...(process.env.PATH ?? '').split(':'), ...SYSTEM_FOLDERS].filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Writes a contender's data into its folder, starts it, and waits until it answers the static name. */
export async function startContender(
  contender: Contender,
  program: string,
  folder: string,
  table: PrefixTable,
  core: number,
): Promise<BenchServer> {
  const port = await freePort()
  mkdirSync(folder)
  contender.write(folder, table, port)
  const words = contender.words(folder, port)
  const { id, environment } = contender
  return await startServer({ id, port, folder, core, program, words, environment })
}

type Start = {
  readonly id: string
  readonly port: number
  readonly folder: string
  readonly core: number
  readonly program: string
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

async function startServer({ id, port, folder, core, program, words, environment }: Start): Promise<BenchServer> {
  const log = join(folder, 'log')
  const file = openSync(log, 'w')
  const child = spawn('taskset', ['-c', String(core), program, ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  const killAll = (): void => kill(child, 'SIGKILL')
  // Before the folder is removed.
  process.prependListener('exit', killAll)
  const stop = async (): Promise<void> => {
    await end(child)
    process.off('exit', killAll)
  }
  try {
    await waitForAnswer(child, port)
  } catch (cause) {
    await stop()
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
    throw new Error(`${id} does not answer: ${(cause as Error).message}; the end of its log:\n${lines}`, { cause })
  }
  return { id, port, pid: child.pid!, stop }
}

async function waitForAnswer(child: ChildProcess, port: number): Promise<void> {
  const failed = new AbortController()
  child.once('error', (error) => failed.abort(error))
  child.once('exit', (code, signal) => failed.abort(new Error(`it ended with ${code ?? signal}`)))
  const timer = setTimeout(() => failed.abort(new Error(`no answer within ${START_TIMEOUT_MS / 1000} s`)), START_TIMEOUT_MS)
  try {
    for (;;) {
      const reply = await askOnce(port, { name: STATIC_NAME })
      if (reply !== undefined && hasAddress(reply)) return
      failed.signal.throwIfAborted()
    }
  } finally {
    clearTimeout(timer)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const timer = setTimeout(() => kill(child, 'SIGKILL'), STOP_TIMEOUT_MS)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

/** Ends a server's process and those that it has started. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  for (const pid of processTree(child.pid)) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has just ended.
    }
  }
}
