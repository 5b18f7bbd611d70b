/**
 * Keeps one child process running: starts it again when it ends, with growing pauses, until it is told to stop. Shell.
 * A child that was never ready and ends is not started again, unless it may come later: what it said last tells what to correct.
 */
import type { ChildProcess } from 'node:child_process'

/** A child serves. */
export type ReadyMessage = {
  readonly type: 'ready'
  /** Where, when the kernel chose the port (metrics of node, API of control). */
  readonly address?: string
  /** Of control: newest generation of its store, 0 = it is empty. */
  readonly generation?: number
}

/** Messages of a child to its supervisor, over node's channel. */
export type ChildMessage =
  | ReadyMessage
  /** A node made a generation live. */
  | { readonly type: 'live'; readonly generation: number }
  | { readonly type: 'first-password'; readonly user: string; readonly password: string }
  /** Why the child ends: the line that it would print if nobody supervised it. */
  | { readonly type: 'failed'; readonly line: string }

/** How a child ended. */
export type ChildEnd = {
  /** Code or signal, in words. */
  readonly reason: string
  /** What it said about it; undefined when it said nothing. */
  readonly line: string | undefined
  /** False: it did not serve before it ended. */
  readonly hasServed: boolean
}

/** What is supervised. */
export type SupervisedOptions = {
  readonly name: string
  readonly spawn: () => ChildProcess
  /** Told each time the child is ready. */
  readonly onReady: (message: ReadyMessage) => void
  /** Told of every other message but `failed`. */
  readonly onMessage: (message: ChildMessage) => void
  /** True: it is started again, with pauses, even when it was never ready [false]. */
  readonly mayComeLater?: boolean
  /** Told when the child ended before it was ready for the first time: the supervisor gives up. */
  readonly onFailedStart: (code: number, end: ChildEnd) => void
  /** Told when the child ended and will be started again after `waitMs`. */
  readonly onRestart: (end: ChildEnd, waitMs: number) => void
}

/** A supervised child. */
export type Supervised = {
  /** Asks it to end (SIGTERM), kills it after `timeoutMs`; resolves when it has ended. */
  readonly stop: (timeoutMs: number) => Promise<void>
  readonly pid: () => number | undefined
}

/** A child that ran this long is started again at once. */
const STABLE_MS = 10_000
const WAIT_FIRST_MS = 100
const WAIT_LAST_MS = 10_000

/** Variable that holds the process number of the supervisor: a channel alone may be that of another process manager. */
export const SUPERVISOR_VARIABLE = 'NEARCAST_SUPERVISOR'

/** Tells the supervisor why this process ends; false when there is none and the line must be printed. */
export function tellSupervisor(line: string): Promise<boolean> {
  if (process.send === undefined || !process.connected || process.env[SUPERVISOR_VARIABLE] !== String(process.ppid))
    return Promise.resolve(false)
  return new Promise((resolve) => {
    process.send!({ type: 'failed', line } satisfies ChildMessage, (error: Error | null) => resolve(error === null))
  })
}

/** Pause before start number `failures` in a row: none for the first, then doubling. */
export function restartWaitMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(WAIT_FIRST_MS * 2 ** (failures - 2), WAIT_LAST_MS)
}

/** Starts the child and keeps it running. */
export function superviseChild(options: SupervisedOptions): Supervised {
  let child: ChildProcess | undefined
  let wasReady = false
  let failures = 0
  let stopping = false
  let timer: NodeJS.Timeout | undefined

  function start(): void {
    const startedAt = performance.now()
    const started = options.spawn()
    let hasServed = false
    let line: string | undefined
    child = started
    started.on('message', (message: ChildMessage) => {
      if (message.type === 'ready') {
        wasReady = true
        hasServed = true
        options.onReady(message)
      } else if (message.type === 'failed') {
        line = message.line
      } else {
        options.onMessage(message)
      }
    })
    let ended = false
    const end = (reason: string, code: number): void => {
      if (ended) return
      ended = true
      child = undefined
      if (stopping) return
      const childEnd: ChildEnd = { reason, line, hasServed }
      if (!wasReady && options.mayComeLater !== true) {
        options.onFailedStart(code, childEnd)
        return
      }
      failures = hasServed && performance.now() - startedAt >= STABLE_MS ? 1 : failures + 1
      const waitMs = restartWaitMs(failures)
      options.onRestart(childEnd, waitMs)
      if (waitMs === 0) start()
      else timer = setTimeout(start, waitMs)
    }
    started.on('error', (error) => end(`it could not be started: ${error.message}`, 1))
    // `close` comes after the last message, `exit` may come before it.
    started.on('close', (code, signal) => end(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`, code ?? 1))
  }
  start()

  return {
    pid: () => child?.pid,
    stop: async (timeoutMs) => {
      stopping = true
      clearTimeout(timer)
      const running = child
      if (running === undefined) return
      await new Promise<void>((resolve) => {
        const kill = setTimeout(() => running.kill('SIGKILL'), timeoutMs)
        running.once('exit', () => {
          clearTimeout(kill)
          resolve()
        })
        running.kill('SIGTERM')
      })
    },
  }
}
