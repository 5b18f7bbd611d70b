/**
 * Snapshots on disk. Shell. A write goes to a temporary name, is forced to disk, and renamed; the file before it stays as PATH.old,
 * which `loadKeptSnapshot` falls back to when PATH is damaged (a power cut in the middle of a disk write, a bad sector).
 *
 *   "NEARSNAP" │ u32 format │ u32 0 │ f64 generation │ f64 block length │ SHA-256 of the block (32) │ block
 *
 * The digest is the snapshot's own: equal document and geodata give equal bytes, so nodes and control compare it.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { attachSnapshot } from './attach-snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'

const MAGIC = 'NEARSNAP'
const FORMAT = 1
const HEADER_BYTES = 64
const AGAIN = 'publish again, or restore a backup with "nearcast restore"'

/** Memory for a block of at least `sizeBytes`; the default makes a new one. */
export type BlockSource = (sizeBytes: number) => SharedArrayBuffer

/** What the header of a snapshot file says. */
export type SnapshotHeader = { readonly generation: number; readonly blockBytes: number; readonly digest: string }

/** SHA-256 of the first `sizeBytes` bytes of a block, hex. */
export function digestOfBlock(block: SharedArrayBuffer, sizeBytes: number = block.byteLength): string {
  return createHash('sha256')
    .update(new Uint8Array(block, 0, sizeBytes))
    .digest('hex')
}

function encodeHeader(header: SnapshotHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeUInt32LE(FORMAT, 8)
  bytes.writeDoubleLE(header.generation, 16)
  bytes.writeDoubleLE(header.blockBytes, 24)
  bytes.write(header.digest, 32, 'hex')
  return bytes
}

function decodeHeader(bytes: Buffer, path: string, fileBytes: number): SnapshotHeader {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw new SnapshotError('SNAPSHOT_NOT_ONE', `"${path}" is not a snapshot file`, AGAIN)
  }
  const format = bytes.readUInt32LE(8)
  if (format !== FORMAT) {
    throw new SnapshotError(
      'SNAPSHOT_FORMAT',
      `"${path}" has format ${format}, this version reads format ${FORMAT}`,
      format > FORMAT ? 'use the nearcast version that wrote it, or publish again with this one' : AGAIN,
    )
  }
  const header = { generation: bytes.readDoubleLE(16), blockBytes: bytes.readDoubleLE(24), digest: bytes.toString('hex', 32, 64) }
  if (header.blockBytes !== fileBytes - HEADER_BYTES) {
    throw new SnapshotError('SNAPSHOT_DAMAGED', `"${path}" has ${fileBytes} bytes instead of ${header.blockBytes + HEADER_BYTES}`, AGAIN)
  }
  return header
}

/** Read and hashed in one go: some 10 ms. */
const SLICE_BYTES = 4 << 20

/**
 * Loads and verifies a snapshot file. The block comes from `blockSource`, so that a node re-uses its memory.
 * Throws SNAPSHOT_MISSING, SNAPSHOT_NOT_ONE, SNAPSHOT_FORMAT or SNAPSHOT_DAMAGED.
 */
export function loadSnapshot(path: string, blockSource: BlockSource = newBlock): Snapshot {
  const loading = loadInSlices(path, blockSource)
  for (;;) {
    const { done, value } = loading.next()
    if (done) return value
  }
}

/** The same for a thread that has other things to do: between slices its loop turns. */
export async function loadSnapshotInSlices(path: string, blockSource: BlockSource = newBlock): Promise<Snapshot> {
  const loading = loadInSlices(path, blockSource)
  for (;;) {
    const { done, value } = loading.next()
    if (done) return value
    await setImmediate()
  }
}

function newBlock(sizeBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(sizeBytes)
}

/** Loads, and pauses after each slice. */
function* loadInSlices(path: string, blockSource: BlockSource): Generator<undefined, Snapshot> {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    throw new SnapshotError('SNAPSHOT_MISSING', `"${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`, AGAIN, { cause })
  }
  try {
    const bytes = Buffer.alloc(HEADER_BYTES)
    const got = readSync(fd, bytes, 0, HEADER_BYTES, 0)
    const header = decodeHeader(bytes.subarray(0, got), path, fstatSync(fd).size)
    const block = blockSource(header.blockBytes)
    const target = new Uint8Array(block, 0, header.blockBytes)
    const hash = createHash('sha256')
    let at = 0
    while (at < target.length) {
      const count = readSync(fd, target, at, Math.min(SLICE_BYTES, target.length - at), HEADER_BYTES + at)
      if (count === 0) throw new SnapshotError('SNAPSHOT_DAMAGED', `"${path}" ends after ${at} bytes of its block`, AGAIN)
      // While it is in the caches.
      hash.update(target.subarray(at, at + count))
      at += count
      yield
    }
    if (hash.digest('hex') !== header.digest) {
      throw new SnapshotError('SNAPSHOT_DAMAGED', `"${path}" does not have the SHA-256 that its header names`, AGAIN)
    }
    return attachSnapshot(block, header.generation, header.digest)
  } finally {
    closeSync(fd)
  }
}

/** A kept snapshot, and why an older copy had to be taken. */
export type KeptSnapshot = { readonly snapshot: Snapshot; readonly path: string; readonly problem: Error | undefined }

/** Loads PATH, or PATH.old when PATH is damaged; undefined when neither can be used and neither exists. Throws when both are damaged. */
export function loadKeptSnapshot(path: string, blockSource?: BlockSource): KeptSnapshot | undefined {
  let problem: Error | undefined
  for (const candidate of [path, `${path}.old`]) {
    try {
      return { snapshot: loadSnapshot(candidate, blockSource), path: candidate, problem }
    } catch (error) {
      if ((error as SnapshotError).code !== 'SNAPSHOT_MISSING') problem ??= error as Error
    }
  }
  if (problem !== undefined) throw problem
  return undefined
}

/** Gives a finished file its name; the one before stays as PATH.old. PATH exists at every moment. */
async function moveInPlace(temporary: string, path: string): Promise<void> {
  await rm(`${path}.old`, { force: true })
  // Fails when there was no file before, or on a file system without hard links: then there is no older copy.
  await link(path, `${path}.old`).catch(() => undefined)
  await rename(temporary, path)
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}

async function replaceFile(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await write(handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await moveInPlace(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Saves a snapshot; its block must be exactly what was packed (not re-used memory: copy the file then, `keepSnapshotFile`). */
export async function saveSnapshot(path: string, snapshot: Pick<Snapshot, 'block' | 'generation' | 'digest'>): Promise<void> {
  const header = encodeHeader({ generation: snapshot.generation, blockBytes: snapshot.block.byteLength, digest: snapshot.digest })
  await replaceFile(path, async (handle) => {
    await handle.write(header)
    const bytes = new Uint8Array(snapshot.block)
    let at = 0
    while (at < bytes.length) at += (await handle.write(bytes, at, bytes.length - at, HEADER_BYTES + at)).bytesWritten
  })
}

/** Writes a snapshot file that another process is to load at once and remove: without the guarantees of saveSnapshot. */
export function writeSnapshotFile(path: string, snapshot: Pick<Snapshot, 'block' | 'generation' | 'digest'>): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    writeSync(fd, encodeHeader({ generation: snapshot.generation, blockBytes: snapshot.block.byteLength, digest: snapshot.digest }))
    const bytes = new Uint8Array(snapshot.block)
    let at = 0
    while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, HEADER_BYTES + at)
  } finally {
    closeSync(fd)
  }
}

/**
 * Keeps a snapshot file that was loaded from elsewhere, with the same guarantees as saveSnapshot: by a second name where the file system
 * allows it (such files are replaced, never written to), else as a copy.
 */
export async function keepSnapshotFile(from: string, path: string): Promise<void> {
  if (await isSameFile(from, path)) return
  const temporary = `${path}.${process.pid}.copy`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await rm(temporary, { force: true })
    await link(from, temporary).catch(() => copyDurably(from, temporary))
    await moveInPlace(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** True when both names lead to one file: it is kept already, and a rename would do nothing. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true }).catch(() => undefined)))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  const handle = await open(to, 'r+')
  await handle.sync().finally(() => handle.close())
}
