/** The log of a process: one JSON line an event on standard error (pino). Shell. Levels: error = act, warn = recovering by itself, info = life-cycle. */
import { readFileSync } from 'node:fs'
import { type DestinationStream, type Logger, pino } from 'pino'
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

/** Log of a part that `up` starts. */
export type StartLog = {
  readonly log: ProcessLog
  /** The part serves: what was held is written, and nothing is held from now on. */
  readonly release: () => void
}

/** Lines of a start are held at most so long: a start that takes longer is one that operators look at. */
const HOLD_MS = 5000
/** pino's own level number of `error`. */
const ERROR_LEVEL = 50

/**
 * Makes the log of a part. Under a supervisor lines below `error` are held until the part serves: a start that is refused is the one
 * line that says why, not the first steps before it too. With level debug nothing is held.
 */
export function createStartLog(name: string, flags: Flags): StartLog {
  const out = pino.destination({ fd: 2, sync: true })
  let held: string[] | undefined = process.send === undefined || flags['log-level'] === 'debug' ? undefined : []
  const release = (): void => {
    clearTimeout(timer)
    for (const line of held ?? []) out.write(line)
    held = undefined
  }
  const timer = setTimeout(release, HOLD_MS).unref()
  const destination = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      if (held === undefined || destination.lastLevel >= ERROR_LEVEL) out.write(line)
      else held.push(line)
    },
  }
  return { log: createProcessLog(name, flags, destination), release }
}

/** Makes the log of a process named `name`. */
export function createProcessLog(
  name: string,
  flags: Flags,
  // Synchronous: these lines are few, and the last ones before an end are those that matter.
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): ProcessLog {
  const level = textFlag(flags, 'log-level', process.stderr.isTTY ? 'warn' : 'info')
  if (!LEVELS.includes(level)) throw new UsageError(`--log-level must be one of ${LEVELS.join(', ')}, not "${level}"`)
  return pino({ name, level, base: { name, pid: process.pid } }, destination)
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
