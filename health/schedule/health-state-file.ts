/**
 * Kept health on disk: magic, format version, length, SHA-256, JSON; written to a temporary name, fsync, rename, one older copy. Writing
 * is asynchronous: a slow disk must not hold up the ranking. The file carries the clocks of its saving, so that its age is told by the
 * kernel's monotonic clock as long as the machine was not started anew, and a jump of the wall clock expires nothing.
 */
import { existsSync, readFileSync } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { KeptHealth } from './kept-health.ts'
import { bodyOf, headOf } from './sealed-bytes.ts'

const MAGIC = 'NCHEALTH'
const FORMAT = 1
const BOOT_ID_PATH = '/proc/sys/kernel/random/boot_id'

/** Clocks of this machine at one moment. */
export type MachineClocks = {
  /** Name of this run of the kernel; empty where there is none. */
  readonly bootId: string
  /** Kernel's monotonic clock, ms: the same for all processes. */
  readonly kernelMs: number
  readonly wallMs: number
}

/** What stands in the file. */
export type HealthFile = { readonly clocks: MachineClocks; readonly health: KeptHealth }

/** Outcome of loading. */
export type LoadedHealth =
  | { readonly ok: true; readonly file: HealthFile; readonly path: string }
  | { readonly ok: false; readonly reasons: readonly string[] }

/** Clocks now. */
export function readMachineClocks(): MachineClocks {
  let bootId = ''
  try {
    bootId = readFileSync(BOOT_ID_PATH, 'latin1').trim()
  } catch {
    // Not Linux: the wall clock alone tells the age then.
  }
  return { bootId, kernelMs: Number(process.hrtime.bigint() / 1_000_000n), wallMs: Date.now() }
}

/** Time between two readings, ms; never negative. */
export function elapsedBetween(from: MachineClocks, to: MachineClocks): number {
  const isSameRun = from.bootId !== '' && from.bootId === to.bootId
  return Math.max(0, isSameRun ? to.kernelMs - from.kernelMs : to.wallMs - from.wallMs)
}

/** Writes; rejects with the file system's error. Not to be called again before it has ended. */
export async function saveHealth(path: string, file: HealthFile): Promise<void> {
  const body = Buffer.from(JSON.stringify(file))
  const head = headOf(MAGIC, FORMAT, body)
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writev([head, body])
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (existsSync(path)) {
    await rm(`${path}.old`, { force: true })
    await link(path, `${path}.old`)
  }
  await rename(`${path}.tmp`, path)
}

/** Loads the newest good copy. No file at all is no reason to tell. */
export function loadHealth(path: string): LoadedHealth {
  const reasons: string[] = []
  for (const candidate of [path, `${path}.old`]) {
    if (!existsSync(candidate)) continue
    try {
      return { ok: true, file: readOne(candidate), path: candidate }
    } catch (error) {
      reasons.push(`"${candidate}" is not used: ${(error as Error).message}`)
    }
  }
  return { ok: false, reasons }
}

function readOne(path: string): HealthFile {
  const body = bodyOf(readFileSync(path), MAGIC, FORMAT, 'health file')
  const file = JSON.parse(body.toString()) as Partial<HealthFile>
  if (file.clocks === undefined || file.health === undefined) throw new Error('it lacks its parts')
  return file as HealthFile
}
