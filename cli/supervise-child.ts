/**
 * Keeps one child process running: starts it again when it ends, with growing pauses, until it is told to stop. Shell.
 * A child that was never ready and ends with a failure is not started again: its line on standard error says what to correct.
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

/** What is supervised. */
export type SupervisedOptions = {
  readonly name: string
  readonly spawn: () => ChildProcess
  /** Told each time the child is ready. */
  readonly onReady: (message: ReadyMessage) => void
  /** Told of every other message. */
  readonly onMessage: (message: ChildMessage) => void
  /** Told when the child ended before it was ready for the first time: the supervisor gives up. */
  readonly onFailedStart: (code: number) => void
  /** Told when the child ended and will be started again after `waitMs`. */
  readonly onRestart: (reason: string, waitMs: number) => void
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
    child = started
    started.on('message', (message: ChildMessage) => {
      if (message.type === 'ready') {
        wasReady = true
        options.onReady(message)
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
      if (!wasReady) {
        options.onFailedStart(code)
        return
      }
      failures = performance.now() - startedAt >= STABLE_MS ? 1 : failures + 1
      const waitMs = restartWaitMs(failures)
      options.onRestart(reason, waitMs)
      if (waitMs === 0) start()
      else timer = setTimeout(start, waitMs)
    }
    started.on('error', (error) => end(`it could not be started: ${error.message}`, 1))
    started.on('exit', (code, signal) => end(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`, code ?? 1))
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
