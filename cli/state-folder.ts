/**
 * The state folder: made if missing, checked for writing, and locked, so that two supervisors never share a store. Shell.
 * The lock is flock(2): the kernel drops it when the process dies, however it dies, so a stale lock does not exist there. Without
 * koffi the process number in the file decides; a dead or re-used number (other start time) is taken over.
 */
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { getLibc, libcUnavailable } from '../resolver/transport/libc.ts'
import { makeFolder } from './make-folder.ts'
import { ProductError } from './product-error.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** A held lock. */
export type StateLock = { readonly release: () => void }

/** Makes the folder (0700) if it is missing and checks that it can be written; returns its absolute path. Throws STATE_FOLDER. */
export function prepareStateFolder(folder: string): string {
  const path = resolve(folder)
  try {
    makeFolder(path, 0o700)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new ProductError(
      'STATE_FOLDER',
      `the state folder "${path}" cannot be written (${code})`,
      'make it writable for this user, or choose another one with --state',
      {
        cause,
      },
    )
  }
  return path
}

/** Locks a state folder for this process. Throws STATE_LOCKED naming the process that holds it. */
export function lockStateFolder(folder: string): StateLock {
  const path = join(folder, 'up.lock')
  return libcUnavailable() === undefined ? lockByKernel(folder, path) : lockByProcess(folder, path)
}

function lockedError(folder: string, holder: string): ProductError {
  return new ProductError(
    'STATE_LOCKED',
    `the state folder "${folder}" is in use by another nearcast (process ${holder})`,
    'stop that one first, or choose another folder with --state',
  )
}

function lockByKernel(folder: string, path: string): StateLock {
  // Node opens with O_CLOEXEC: the children do not hold the lock.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  if (getLibc().flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const holder = readFileSync(path, 'utf8').split(' ')[0] || 'unknown'
    closeSync(fd)
    throw lockedError(folder, holder)
  }
  writeFileSync(path, `${process.pid} ${startTime(process.pid)}\n`)
  return { release: () => closeSync(fd) }
}

/** Start time of a process in clock ticks since boot; empty when it cannot be read. */
function startTime(pid: number): string {
  try {
    // The second field, the command, may hold spaces: count from behind its bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[19] ?? ''
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Locks by process number: for systems without flock. Exported for its test. */
export function lockByProcess(folder: string, path: string): StateLock {
  const mine = `${process.pid} ${startTime(process.pid)}\n`
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 })
      return { release: () => rmSync(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const [pidText = '', started = ''] = readFileSync(path, 'utf8').trim().split(' ')
    const pid = Number(pidText)
    if (pid > 0 && pid !== process.pid && isAlive(pid) && (started === '' || startTime(pid) === started)) throw lockedError(folder, pidText)
    // Moved aside before it is deleted: of two that take over at once, one rename fails.
    try {
      renameSync(path, `${path}.stale-${process.pid}`)
      rmSync(`${path}.stale-${process.pid}`, { force: true })
    } catch {
      // Somebody else took it over: the next attempt reads their number.
    }
  }
  throw lockedError(folder, 'unknown')
}
