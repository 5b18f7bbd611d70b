/** Kept health on disk: magic, format version, length, SHA-256, JSON; temporary name, fsync, rename, one older copy. */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeptHealth } from './rank-keeper.ts'

const MAGIC = 'NCHEALTH'
const FORMAT = 1
/** Magic 8, format u32, length u32, SHA-256. */
const HEAD_BYTES = 8 + 4 + 4 + 32

/** Outcome of loading. */
export type LoadedHealth =
  | { readonly ok: true; readonly kept: KeptHealth; readonly path: string }
  | { readonly ok: false; readonly reasons: readonly string[] }

/** Writes; throws the file system's error. */
export function saveHealth(path: string, kept: KeptHealth): void {
  const body = Buffer.from(JSON.stringify(kept))
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 0, 'latin1')
  head.writeUInt32LE(FORMAT, 8)
  head.writeUInt32LE(body.length, 12)
  createHash('sha256').update(body).digest().copy(head, 16)
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    writeSync(fd, head)
    writeSync(fd, body)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  if (existsSync(path)) {
    rmSync(`${path}.old`, { force: true })
    linkSync(path, `${path}.old`)
  }
  renameSync(`${path}.tmp`, path)
}

/** Loads the newest good copy. No file at all is no reason. */
export function loadHealth(path: string): LoadedHealth {
  const reasons: string[] = []
  for (const candidate of [path, `${path}.old`]) {
    if (!existsSync(candidate)) continue
    try {
      return { ok: true, kept: readOne(candidate), path: candidate }
    } catch (error) {
      reasons.push(`"${candidate}" is not used: ${(error as Error).message}`)
    }
  }
  return { ok: false, reasons }
}

function readOne(path: string): KeptHealth {
  const bytes = readFileSync(path)
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) throw new Error('it is no health file')
  const format = bytes.readUInt32LE(8)
  if (format !== FORMAT) throw new Error(`it has format ${format}, this version reads ${FORMAT}`)
  const body = bytes.subarray(HEAD_BYTES)
  if (body.length !== bytes.readUInt32LE(12)) throw new Error('it is truncated')
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(16, HEAD_BYTES))) throw new Error('its checksum is wrong')
  return JSON.parse(body.toString()) as KeptHealth
}
