/**
 * The query log in a file: appended to, rotated by size, opened anew on SIGHUP or when something moved it away (logrotate). Shell.
 * Writes are synchronous: this is the log's own thread, and a slow disk makes only the log slow. A chunk stands in the file whole or not
 * at all, so that a full disk leaves no torn line or frame behind.
 *
 *   FILE ─ full ─► FILE.1 ─► FILE.2 … ─► FILE.<keep>, the oldest goes
 */
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import type { LogSink, SinkEvents } from './query-log-sink.ts'

/** How a file is kept. */
export type LogFileOptions = {
  readonly path: string
  /** A chunk that would make the file larger goes into the next one; 0 = never. */
  readonly maxBytes: number
  /** Older files that are kept. */
  readonly keep: number
  /** What each file begins and ends with. */
  readonly begin: Uint8Array
  readonly end: Uint8Array
  /** A file with content is not continued but rotated away at the start: a frame stream ends at its STOP. */
  readonly isFresh: boolean
}

/** How often it is looked whether the path is still our file. */
const LOOK_MS = 1000
const MODE = 0o640

/** Opens the file. Throws the system's error when it cannot be opened; later failures are told and tried again. */
export function openLogFile(options: LogFileOptions, events: SinkEvents): LogSink {
  const { path, begin, end } = options
  let fd = -1
  let size = 0
  let isRegular = true
  let failing = false
  let lookedAt = 0

  function open(): void {
    fd = openSync(path, 'a', MODE)
    const stat = fstatSync(fd)
    isRegular = stat.isFile()
    size = isRegular ? stat.size : 0
    if (options.isFresh && size > 0) {
      closeSync(fd)
      shift()
      fd = openSync(path, 'a', MODE)
      size = 0
    }
    if (begin.length > 0 && size === 0) put(begin)
  }

  /** FILE.1 becomes FILE.2 and so on; FILE becomes FILE.1, or goes when none is kept. */
  function shift(): void {
    const { keep } = options
    for (let number = keep; number > 0; number--) {
      const from = number === 1 ? path : `${path}.${number - 1}`
      try {
        renameSync(from, `${path}.${number}`)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    if (keep === 0) closeSync(openSync(path, 'w', MODE))
  }

  /** Writes all of it or nothing. */
  function put(bytes: Uint8Array): void {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done)
    } catch (error) {
      if (isRegular && done > 0) ftruncateSync(fd, size)
      throw error
    }
    size += bytes.length
  }

  function finish(): void {
    if (fd < 0) return
    try {
      if (end.length > 0) put(end)
    } catch {
      // The reader sees the end of the file instead.
    }
    closeSync(fd)
    fd = -1
  }

  function attempt(what: string, action: () => void): boolean {
    try {
      action()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (!failing) events.problem(`the query log "${path}" cannot be ${what} (${code ?? message})`, false)
      failing = true
      return false
    }
    return true
  }

  function recovered(): void {
    if (failing) events.problem(`the query log "${path}" is written again`, true)
    failing = false
  }

  function reopen(): void {
    finish()
    attempt('opened', open)
  }

  open()
  return {
    // A file that cannot be opened has no room: the rings count what is lost meanwhile.
    hasRoom: () => fd >= 0,
    write: (chunk, count) => {
      if (isRegular && options.maxBytes > 0 && size > begin.length && size + chunk.length + end.length > options.maxBytes) {
        finish()
        attempt('rotated', shift)
        attempt('opened', open)
      }
      if (fd >= 0 && attempt('written', () => put(chunk))) {
        events.written(count)
        recovered()
      } else events.lost(count)
    },
    tick: (nowMs) => {
      if (nowMs - lookedAt < LOOK_MS) return
      lookedAt = nowMs
      if (fd < 0) reopen()
      else if (isRegular && !isOurs(fd, path)) reopen()
    },
    reopen,
    close: async () => finish(),
  }
}

/** True while the path leads to the open file. */
function isOurs(fd: number, path: string): boolean {
  try {
    const now = statSync(path)
    const ours = fstatSync(fd)
    return now.ino === ours.ino && now.dev === ours.dev
  } catch {
    return false
  }
}
