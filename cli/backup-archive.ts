/**
 * The backup archive: several files as one, with a digest over all. Shell. Written to a temporary name, synced, renamed; read back
 * only after the digest was checked, so that a cut or changed archive never leaves a half restored folder.
 *
 *   "NCBACKUP" │ u32 format version │ u64 payload length │ SHA-256 of the payload │ payload
 *   payload:  u32 name length │ name │ u64 size │ bytes, once a file
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { ProductError } from './product-error.ts'

const MAGIC = 'NCBACKUP'
/** Format version that is written, and the newest that is read. */
const FORMAT_VERSION = 1
const HEAD_BYTES = 8 + 4 + 8 + 32
const CHUNK_BYTES = 1 << 20
const NAME_MAX_BYTES = 200

/** A file to put in: its name in the archive and where it lies. */
export type ArchiveSource = { readonly name: string; readonly path: string }

/** Writes an archive. Throws BACKUP_WRITE; what was there before stays then. */
export function writeArchive(path: string, sources: readonly ArchiveSource[]): void {
  const temporary = `${path}.${process.pid}.part`
  try {
    const target = openSync(temporary, 'w', 0o600)
    try {
      writeAll(target, Buffer.alloc(HEAD_BYTES))
      const hash = createHash('sha256')
      let length = 0
      const put = (bytes: Buffer): void => {
        writeAll(target, bytes)
        hash.update(bytes)
        length += bytes.length
      }
      for (const source of sources) putFile(source, put)
      const head = Buffer.alloc(HEAD_BYTES)
      head.write(MAGIC, 'latin1')
      head.writeUInt32LE(FORMAT_VERSION, 8)
      head.writeBigUInt64LE(BigInt(length), 12)
      hash.digest().copy(head, 20)
      writeSync(target, head, 0, head.length, 0)
      fsyncSync(target)
    } finally {
      closeSync(target)
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    if (cause instanceof ProductError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw new ProductError(
      'BACKUP_WRITE',
      `the backup "${path}" cannot be written (${code ?? message})`,
      'check the folder and its free space',
      { cause },
    )
  }
}

/** Unpacks an archive into a folder; returns the names. Throws BACKUP_DAMAGED, BACKUP_FORMAT. */
export function readArchive(path: string, folder: string): readonly string[] {
  let source: number
  try {
    source = openSync(path, 'r')
  } catch (cause) {
    throw new ProductError(
      'BACKUP_DAMAGED',
      `the backup "${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      'name the file that "nearcast backup" wrote',
      { cause },
    )
  }
  try {
    checkArchive(source, path)
    makeFolder(folder, 0o700)
    const names: string[] = []
    const end = fstatSync(source).size
    let at = HEAD_BYTES
    while (at < end) {
      const nameLength = readAt(source, at, 4, path).readUInt32LE(0)
      if (nameLength === 0 || nameLength > NAME_MAX_BYTES) throw damaged(path, 'a file in it has no proper name')
      const name = readAt(source, at + 4, nameLength, path).toString('utf8')
      if (name !== basename(name) || name.startsWith('.')) throw damaged(path, 'a file in it would lie outside the folder')
      const size = Number(readAt(source, at + 4 + nameLength, 8, path).readBigUInt64LE(0))
      at += 4 + nameLength + 8
      if (at + size > end) throw damaged(path, 'a file in it is cut')
      copyOut(source, at, size, join(folder, name), path)
      names.push(name)
      at += size
    }
    return names
  } finally {
    closeSync(source)
  }
}

function checkArchive(source: number, path: string): void {
  const { size } = fstatSync(source)
  const head = readAt(source, 0, Math.min(HEAD_BYTES, size), path)
  if (head.toString('latin1', 0, 8) !== MAGIC)
    throw new ProductError('BACKUP_FORMAT', `"${path}" is not a backup of nearcast`, 'name the file that "nearcast backup" wrote')
  if (head.length < HEAD_BYTES) throw damaged(path, 'it ends in its head')
  const version = head.readUInt32LE(8)
  if (version > FORMAT_VERSION) {
    throw new ProductError(
      'BACKUP_FORMAT',
      `"${path}" has format ${version}, this version reads up to ${FORMAT_VERSION}`,
      'use the version of nearcast that wrote it',
    )
  }
  if (Number(head.readBigUInt64LE(12)) !== size - HEAD_BYTES) throw damaged(path, 'its length is not the one that its head names')
  const hash = createHash('sha256')
  for (let at = HEAD_BYTES; at < size; at += CHUNK_BYTES) hash.update(readAt(source, at, Math.min(CHUNK_BYTES, size - at), path))
  if (!hash.digest().equals(head.subarray(20, 52))) throw damaged(path, 'it does not have the SHA-256 that its head names')
}

function damaged(path: string, problem: string): ProductError {
  return new ProductError('BACKUP_DAMAGED', `the backup "${path}" is damaged: ${problem}`, 'use another backup')
}

function putFile({ name, path }: ArchiveSource, put: (bytes: Buffer) => void): void {
  const source = openSync(path, 'r')
  try {
    const { size } = fstatSync(source)
    const nameBytes = Buffer.from(name, 'utf8')
    const head = Buffer.alloc(4 + nameBytes.length + 8)
    head.writeUInt32LE(nameBytes.length, 0)
    nameBytes.copy(head, 4)
    head.writeBigUInt64LE(BigInt(size), 4 + nameBytes.length)
    put(head)
    for (let at = 0; at < size; at += CHUNK_BYTES) put(readAt(source, at, Math.min(CHUNK_BYTES, size - at), path))
  } finally {
    closeSync(source)
  }
}

function copyOut(source: number, from: number, size: number, target: string, path: string): void {
  const file = openSync(target, 'w', 0o600)
  try {
    for (let at = 0; at < size; at += CHUNK_BYTES) writeAll(file, readAt(source, from + at, Math.min(CHUNK_BYTES, size - at), path))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function readAt(file: number, position: number, length: number, path: string): Buffer {
  const bytes = Buffer.alloc(length)
  let got = 0
  while (got < length) {
    const count = readSync(file, bytes, got, length - got, position + got)
    if (count === 0) throw damaged(path, 'it ends too early')
    got += count
  }
  return bytes
}

function writeAll(file: number, bytes: Buffer): void {
  let at = 0
  while (at < bytes.length) at += writeSync(file, bytes, at)
}

function syncFolder(folder: string): void {
  if (!statSync(folder).isDirectory()) return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
