import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { packColumns } from '../../../../resolver/snapshot/arena.ts'
import {
  digestOfBlock,
  keepSnapshotFile,
  loadKeptSnapshot,
  loadSnapshot,
  loadSnapshotInSlices,
  saveSnapshot,
} from '../../../../resolver/snapshot/snapshot-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nearcast-snapshot-'))
  path = join(folder, 'live.snapshot')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A snapshot with no policy and one column, whose meta names `note`. */
function snapshotOf(generation: number, note: string, moreColumns: Readonly<Record<string, Uint8Array>> = {}) {
  const policyColumns = Object.fromEntries(
    ['tableFirst4', 'tableCount4', 'tableIndexFirst4', 'tableStarts4', 'tableClass4', 'tableIndex4', 'policyRuleFirst'].map((name) => [
      `policy.${name}`,
      new Uint32Array(0),
    ]),
  )
  policyColumns['policy.classSlotFirst'] = Uint32Array.from([0, 1, 2])
  const block = packColumns({
    'zone.names': Uint8Array.from([1, 2, 3]),
    ...policyColumns,
    ...moreColumns,
    meta: new TextEncoder().encode(JSON.stringify({ format: 1, note })),
  })
  return { generation, block, digest: digestOfBlock(block) }
}

describe('snapshot file', () => {
  test('what is saved is loaded: generation, digest, columns, names', async () => {
    const saved = snapshotOf(7, 'ü')
    await saveSnapshot(path, saved)
    const loaded = loadSnapshot(path)
    assert.equal(loaded.generation, 7)
    assert.equal(loaded.digest, saved.digest)
    assert.deepEqual(loaded.zones.names, Uint8Array.from([1, 2, 3]))
    assert.deepEqual(loaded.meta, { format: 1, note: 'ü' })
  })

  test('a snapshot of an older version is complete: nobody is laid out, hashPrefix counts for every class', async () => {
    await saveSnapshot(path, snapshotOf(7, ''))
    const { columns } = loadSnapshot(path).policies
    assert.equal(columns.classSpans4.length, 0)
    assert.deepEqual([...columns.classFlags].slice(0, 2), [0, 0])
  })

  test('memory that is larger than the block can be used for it', async () => {
    const saved = snapshotOf(7, 'x')
    await saveSnapshot(path, saved)
    let asked = 0
    const memory = new SharedArrayBuffer(1 << 20)
    const loaded = loadSnapshot(path, (sizeBytes) => {
      asked = sizeBytes
      return memory
    })
    assert.equal(asked, saved.block.byteLength)
    assert.equal(loaded.block, memory)
    assert.deepEqual(loaded.zones.names, Uint8Array.from([1, 2, 3]))
  })

  const damages: readonly {
    readonly name: string
    readonly code: string
    readonly message: RegExp
    readonly damage: (bytes: Buffer) => Buffer | undefined
  }[] = [
    {
      name: 'a changed byte of the block',
      code: 'SNAPSHOT_DAMAGED',
      message: /SHA-256/,
      damage: (b) => Buffer.concat([b.subarray(0, -1), Buffer.from([b.at(-1)! ^ 1])]),
    },
    {
      name: 'a changed digest',
      code: 'SNAPSHOT_DAMAGED',
      message: /SHA-256/,
      damage: (b) => Buffer.concat([b.subarray(0, 40), Buffer.from([b[40]! ^ 1]), b.subarray(41)]),
    },
    { name: 'a missing end', code: 'SNAPSHOT_DAMAGED', message: /bytes instead of/, damage: (b) => b.subarray(0, -1) },
    {
      name: 'bytes behind the end',
      code: 'SNAPSHOT_DAMAGED',
      message: /bytes instead of/,
      damage: (b) => Buffer.concat([b, Buffer.from('x')]),
    },
    { name: 'half a header', code: 'SNAPSHOT_NOT_ONE', message: /not a snapshot/, damage: (b) => b.subarray(0, 20) },
    { name: 'an empty file', code: 'SNAPSHOT_NOT_ONE', message: /not a snapshot/, damage: () => Buffer.alloc(0) },
    {
      name: 'another kind of file',
      code: 'SNAPSHOT_NOT_ONE',
      message: /not a snapshot/,
      damage: (b) => Buffer.concat([Buffer.from('NEARGEOD'), b.subarray(8)]),
    },
    {
      name: 'a newer format',
      code: 'SNAPSHOT_FORMAT',
      message: /format 2, this version reads format 1/,
      damage: (b) => Buffer.concat([b.subarray(0, 8), Buffer.from([2]), b.subarray(9)]),
    },
    { name: 'no file', code: 'SNAPSHOT_MISSING', message: /ENOENT/, damage: () => undefined },
  ]
  for (const { name, code, message, damage } of damages) {
    test(`${name} is refused with its reason, and the older copy is taken`, async () => {
      await saveSnapshot(path, snapshotOf(1, 'older'))
      await saveSnapshot(path, snapshotOf(2, 'newer'))
      const bytes = damage(readFileSync(path))
      if (bytes === undefined) rmSync(path)
      else writeFileSync(path, bytes)
      assert.throws(() => loadSnapshot(path), { code, message })
      const kept = loadKeptSnapshot(path)!
      assert.equal(kept.snapshot.generation, 1)
      assert.equal(kept.path, `${path}.old`)
      if (bytes === undefined) assert.equal(kept.problem, undefined)
      else assert.match(kept.problem!.message, message)
    })
  }

  test('nothing kept is no failure; two damaged copies are', async () => {
    assert.equal(loadKeptSnapshot(path), undefined)
    await saveSnapshot(path, snapshotOf(1, 'a'))
    await saveSnapshot(path, snapshotOf(2, 'b'))
    truncateSync(path, 10)
    truncateSync(`${path}.old`, 10)
    assert.throws(() => loadKeptSnapshot(path), { code: 'SNAPSHOT_NOT_ONE', message: /live\.snapshot"/ })
  })

  test('keepSnapshotFile keeps what was loaded elsewhere, and the copy before', async () => {
    const published = join(folder, 'generations', '3.snapshot')
    await saveSnapshot(published, snapshotOf(3, 'c'))
    await keepSnapshotFile(published, path)
    await saveSnapshot(published, snapshotOf(4, 'd'))
    await keepSnapshotFile(published, path)
    assert.equal(loadSnapshot(path).generation, 4)
    assert.equal(loadSnapshot(`${path}.old`).generation, 3)
  })

  test('a file that is kept is not copied, and keeping it again loses no older copy', async () => {
    const published = join(folder, 'generations', '3.snapshot')
    await saveSnapshot(published, snapshotOf(2, 'b'))
    await keepSnapshotFile(published, path)
    await saveSnapshot(published, snapshotOf(3, 'c'))
    await keepSnapshotFile(published, path)
    await keepSnapshotFile(published, path)
    assert.equal(statSync(path).ino, statSync(published).ino)
    rmSync(published)
    assert.equal(loadSnapshot(path).generation, 3)
    assert.equal(loadSnapshot(`${path}.old`).generation, 2)
    assert.ok(!existsSync(`${path}.${process.pid}.copy`))
  })

  test('loadSnapshotInSlices gives what loadSnapshot gives, and lets others run between slices', async () => {
    const columns = { 'zone.filler': new Uint8Array(9 << 20).fill(7) }
    await saveSnapshot(path, snapshotOf(5, 'e', columns))
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    const loaded = await loadSnapshotInSlices(path)
    clearInterval(timer)
    assert.equal(loaded.digest, loadSnapshot(path).digest)
    assert.ok(turns > 0)
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    await assert.rejects(loadSnapshotInSlices(path), { code: 'SNAPSHOT_DAMAGED' })
  })

  test('a write that fails leaves no temporary file and the file as it was', async () => {
    await saveSnapshot(path, snapshotOf(1, 'a'))
    await assert.rejects(keepSnapshotFile(join(folder, 'none'), path))
    assert.equal(loadSnapshot(path).generation, 1)
    assert.ok(!existsSync(`${path}.${process.pid}.copy`))
  })
})
