/**
 * A program of this machine, run for a probe: never through a shell, with an environment of its own, in a process group of its own that is
 * killed as a whole at the time limit, so that what it started does not stay. Its output is cut.
 */
import { spawn } from 'node:child_process'
import type { ProbeRun } from './probe-kind.ts'

/** What is kept of the output; a person reads it. */
const OUTPUT_LIMIT_BYTES = 4096
/** Programs at a time, all kinds together: a process costs megabytes, and a machine full of hanging ones probes nothing any more. */
export const MOST_PROGRAMS = 256
/** What an ended program leaves running has this long to let go of its output. */
const LEFTOVER_MS = 100

let running = 0

/** How a program ended. */
export type ProgramResult = {
  /** Exit code; null when it was killed by a signal. */
  readonly code: number | null
  readonly signal: string | null
  /** Standard output and error in the order they came, cut. */
  readonly output: string
}

/** Why a program could not be started at all. */
export type ProgramRefusal = { readonly refused: 'busy' | 'start'; readonly code: string }

/** Runs it until its end; at `signal` the group is killed. Never rejects. */
export function runProgram(
  path: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  { signal }: Pick<ProbeRun, 'signal'>,
): Promise<ProgramResult | ProgramRefusal> {
  if (running >= MOST_PROGRAMS) return Promise.resolve({ refused: 'busy', code: '' })
  running++
  return new Promise<ProgramResult | ProgramRefusal>((resolve) => {
    const child = spawn(path, words, { cwd: '/', env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const kept: Buffer[] = []
    let length = 0
    const take = (chunk: Buffer): void => {
      if (length < OUTPUT_LIMIT_BYTES) kept.push(chunk.subarray(0, OUTPUT_LIMIT_BYTES - length))
      length += chunk.length
    }
    let timer: NodeJS.Timeout | undefined
    const killGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // The whole group has ended.
      }
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (error) => {
      signal.removeEventListener('abort', killGroup)
      resolve({ refused: 'start', code: (error as NodeJS.ErrnoException).code ?? error.message })
    })
    // Its own end decides; a child of it that holds the output open is not waited for.
    child.once('exit', () => {
      timer = setTimeout(() => {
        killGroup()
        child.stdout.destroy()
        child.stderr.destroy()
      }, LEFTOVER_MS)
    })
    child.once('close', (code, signalName) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', killGroup)
      resolve({ code, signal: signalName, output: Buffer.concat(kept).toString('utf8') })
    })
    if (signal.aborted) killGroup()
    signal.addEventListener('abort', killGroup)
  }).finally(() => {
    running--
  })
}
