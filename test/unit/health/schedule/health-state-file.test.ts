import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  elapsedBetween,
  type HealthFile,
  loadHealth,
  readMachineClocks,
  saveHealth,
} from '../../../../health/schedule/health-state-file.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const file = (rankingId: number): HealthFile => ({
  clocks: { bootId: 'b', kernelMs: 5, wallMs: 6 },
  health: { rankingId, addresses: [], incumbents: [] },
})

const idOf = (path: string): number | undefined => {
  const loaded = loadHealth(path)
  return loaded.ok ? loaded.file.health.rankingId : undefined
}

test('saveHealth keeps the newest and one older copy', async () => {
  const path = join(temporaryFolder().path, 'node', 'health')
  for (const rankingId of [1, 2, 3]) await saveHealth(path, file(rankingId))
  assert.equal(idOf(path), 3)
  assert.equal(idOf(`${path}.old`), 2)
})

test('loadHealth refuses what is damaged, with the reason, and takes the older copy', async () => {
  const cases = [
    { name: 'cut', change: (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), reason: /truncated/ },
    {
      name: 'one bit',
      change: (bytes: Buffer) => Buffer.from(bytes).fill(bytes.at(-2)! ^ 1, bytes.length - 2, bytes.length - 1),
      reason: /checksum/,
    },
    { name: 'another file', change: () => Buffer.from('{}'), reason: /no health file/ },
    { name: 'empty', change: () => Buffer.alloc(0), reason: /no health file/ },
    {
      name: 'newer format',
      change: (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([9, 0, 0, 0]), bytes.subarray(12)]),
      reason: /format 9, this version reads 1/,
    },
  ]
  for (const { name, change, reason } of cases) {
    const path = join(temporaryFolder().path, 'health')
    await saveHealth(path, file(1))
    writeFileSync(path, change(readFileSync(path)))
    const alone = loadHealth(path)
    assert.ok(!alone.ok && reason.test(alone.reasons.join()), `${name}: ${JSON.stringify(alone)}`)
    writeFileSync(`${path}.old`, '')
    await saveHealth(`${path}.good`, file(7))
    writeFileSync(`${path}.old`, readFileSync(`${path}.good`))
    assert.equal(idOf(path), 7, name)
  }
})

test('loadHealth of nothing gives no reason to complain', () => {
  assert.deepEqual(loadHealth(join(temporaryFolder().path, 'health')), { ok: false, reasons: [] })
})

test('elapsedBetween: a jump of the wall clock changes nothing while the machine runs', () => {
  const cases = [
    {
      name: 'same run',
      from: { bootId: 'b', kernelMs: 1000, wallMs: 5000 },
      to: { bootId: 'b', kernelMs: 3000, wallMs: 7000 },
      expected: 2000,
    },
    {
      name: 'wall clock a year on',
      from: { bootId: 'b', kernelMs: 1000, wallMs: 5000 },
      to: { bootId: 'b', kernelMs: 3000, wallMs: 3e10 },
      expected: 2000,
    },
    {
      name: 'started anew',
      from: { bootId: 'b', kernelMs: 9000, wallMs: 5000 },
      to: { bootId: 'c', kernelMs: 100, wallMs: 65_000 },
      expected: 60_000,
    },
    {
      name: 'started anew with the clock set back',
      from: { bootId: 'b', kernelMs: 9000, wallMs: 5000 },
      to: { bootId: 'c', kernelMs: 1, wallMs: 10 },
      expected: 0,
    },
    { name: 'no boot id', from: { bootId: '', kernelMs: 1, wallMs: 5000 }, to: { bootId: '', kernelMs: 2, wallMs: 6000 }, expected: 1000 },
  ]
  for (const { name, from, to, expected } of cases) assert.equal(elapsedBetween(from, to), expected, name)
  const now = readMachineClocks()
  assert.equal(elapsedBetween(now, now), 0)
})
