/** The log of a process: one JSON line an event on standard error (pino). Shell. Levels: error = act, warn = recovering by itself, info = life-cycle. */
import { readFileSync } from 'node:fs'
import { type Logger, pino } from 'pino'
import { type CommandOption, UsageError } from './command.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'

/** Log of a process. */
export type ProcessLog = Logger

const LEVELS = ['error', 'warn', 'info', 'debug', 'silent']

/** The flag of the log level. */
export const LOG_OPTION: Readonly<Record<string, CommandOption>> = {
  'log-level': { type: 'string', value: 'LEVEL', help: 'error, warn, info, debug or silent [info; warn on a terminal]' },
}

/** Makes the log of a process named `name`. */
export function createProcessLog(name: string, flags: Flags): ProcessLog {
  const level = textFlag(flags, 'log-level', process.stderr.isTTY ? 'warn' : 'info')
  if (!LEVELS.includes(level)) throw new UsageError(`--log-level must be one of ${LEVELS.join(', ')}, not "${level}"`)
  // Synchronous: these lines are few, and the last ones before an end are those that matter.
  return pino({ name, level, base: { name, pid: process.pid } }, pino.destination({ fd: 2, sync: true }))
}

/** Reads a secret from a file, without its final line end. Throws SETTINGS_SECRET. */
export function readSecretFile(path: string): string {
  let secret: string
  try {
    secret = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ProductError(
      'SETTINGS_SECRET',
      `the file "${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      'correct its path or its permissions',
      { cause },
    )
  }
  if (secret === '') throw new ProductError('SETTINGS_SECRET', `the file "${path}" is empty`, 'write the secret into it')
  return secret
}
