import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readArchive, writeArchive } from '../../../cli/backup-archive.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const a = folder.write(
  'a.bin',
  new Uint8Array(3_000_000).map((_byte, position) => position % 251),
)
const b = folder.write('b.txt', '')
const archive = join(folder.path, 'backup.nc')
writeArchive(archive, [
  { name: 'a.bin', path: a },
  { name: 'b.txt', path: b },
])

test('an archive gives back what was put in', () => {
  const target = join(folder.path, 'out')
  assert.deepEqual(readArchive(archive, target), ['a.bin', 'b.txt'])
  assert.ok(readFileSync(join(target, 'a.bin')).equals(readFileSync(a)))
  assert.equal(readFileSync(join(target, 'b.txt'), 'utf8'), '')
})

test('a changed, cut or foreign file is refused before anything is written', () => {
  const whole = readFileSync(archive)
  const flipped = Buffer.from(whole)
  flipped[1_000_000]! ^= 1
  const newer = Buffer.from(whole)
  newer.writeUInt32LE(99, 8)
  const cases = [
    { name: 'changed', bytes: flipped, code: 'BACKUP_DAMAGED' },
    { name: 'cut', bytes: whole.subarray(0, whole.length - 1), code: 'BACKUP_DAMAGED' },
    { name: 'cut in its head', bytes: whole.subarray(0, 20), code: 'BACKUP_DAMAGED' },
    { name: 'longer', bytes: Buffer.concat([whole, Buffer.from('x')]), code: 'BACKUP_DAMAGED' },
    { name: 'foreign', bytes: Buffer.from('something else entirely'), code: 'BACKUP_FORMAT' },
    { name: 'empty', bytes: Buffer.alloc(0), code: 'BACKUP_FORMAT' },
    { name: 'newer', bytes: newer, code: 'BACKUP_FORMAT' },
  ]
  for (const { name, bytes, code } of cases) {
    const path = join(folder.path, 'bad.nc')
    writeFileSync(path, bytes)
    const target = join(folder.path, `bad-${name}`)
    assert.throws(() => readArchive(path, target), { code }, name)
    assert.equal(existsSync(target), false, name)
  }
  assert.throws(() => readArchive(join(folder.path, 'none'), folder.path), { code: 'BACKUP_DAMAGED' })
})

test('a name that leads out of the folder is refused', () => {
  const path = join(folder.path, 'evil.nc')
  writeArchive(path, [{ name: '../evil', path: b }])
  assert.throws(() => readArchive(path, join(folder.path, 'evil-out')), { code: 'BACKUP_DAMAGED' })
})

test('a failed write leaves the archive of before', () => {
  const kept = readFileSync(archive)
  assert.throws(() => writeArchive(archive, [{ name: 'x', path: join(folder.path, 'missing') }]), { code: 'BACKUP_WRITE' })
  assert.ok(readFileSync(archive).equals(kept))
})
