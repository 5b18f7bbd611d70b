/**
 * The overrides of a node: taken from control, written to the state folder before they are used, and used again at the next start, so that
 * what operators force holds with control away. Shell (a small file: magic, format, length, SHA-256; temporary name, fsync, rename, one
 * older copy).
 */
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { OVERRIDE_ACTIONS, OVERRIDE_TARGET_KINDS, type Override } from '../../health/model/override.ts'
import { bodyOf, headOf } from '../../health/schedule/sealed-bytes.ts'
import type { ProcessLog } from '../process-log.ts'

const MAGIC = 'NCOVERRD'
const FORMAT = 1

/** Overrides of a node. */
export type NodeOverrides = {
  /** All that are known, on or not. */
  readonly list: () => readonly Override[]
  /** Takes the whole list of control. */
  readonly take: (overrides: readonly Override[]) => void
}

/** Loads what was kept and hands it to `use`, as every list after it. */
export function startNodeOverrides(
  path: string,
  log: Pick<ProcessLog, 'warn' | 'error'>,
  use: (overrides: readonly Override[]) => void,
): NodeOverrides {
  let overrides = load(path, log)
  let kept = JSON.stringify(overrides)
  if (overrides.length > 0) use(overrides)
  return {
    list: () => overrides,
    take: (next) => {
      const text = JSON.stringify(next)
      // Told at each connection, too.
      if (text === kept) return
      try {
        save(path, text)
        kept = text
      } catch (error) {
        // A full disk costs only the next start: what operators force holds now.
        log.error({ path, error: (error as Error).message }, 'the overrides could not be kept for the next start')
      }
      overrides = next
      use(overrides)
    },
  }
}

function save(path: string, text: string): void {
  const body = Buffer.from(text)
  const head = headOf(MAGIC, FORMAT, body)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const descriptor = openSync(`${path}.part`, 'w', 0o600)
  try {
    for (const part of [head, body]) for (let at = 0; at < part.length; ) at += writeSync(descriptor, part, at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  if (existsSync(path)) {
    rmSync(`${path}.old`, { force: true })
    linkSync(path, `${path}.old`)
  }
  renameSync(`${path}.part`, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The newest good copy; nothing when there is none. */
function load(path: string, log: Pick<ProcessLog, 'warn' | 'error'>): readonly Override[] {
  for (const candidate of [path, `${path}.old`]) {
    if (!existsSync(candidate)) continue
    try {
      return read(candidate)
    } catch (error) {
      log.warn({ path: candidate, problem: (error as Error).message }, 'kept overrides are not used')
    }
  }
  return []
}

function read(path: string): readonly Override[] {
  const body = bodyOf(readFileSync(path), MAGIC, FORMAT, 'file of overrides')
  const list: unknown = JSON.parse(body.toString())
  if (!Array.isArray(list)) throw new Error('it holds no list')
  // One of a newer version that this one does not know must not spoil the others.
  return (list as readonly Override[]).filter(
    ({ target, action }) => OVERRIDE_ACTIONS.includes(action) && OVERRIDE_TARGET_KINDS.includes(target.kind),
  )
}
