/** DESIGN.md section 3: an answer makes no garbage. Measured in a process of its own, whatever the machine's load is. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../../../cli/package-root.ts'

/** Below one small object in ten answers; what is left is compiled code and counters of the engine itself. */
const MAX_BYTES_PER_ANSWER = 2
const ANSWERS = 200_000

test('the heap does not grow with answers, and nothing is collected while they are made', () => {
  const output = execFileSync(process.execPath, ['--expose-gc', join(packageRoot(), 'test/support/answer-million.ts'), String(ANSWERS)], {
    encoding: 'utf8',
  })
  const rows = JSON.parse(output) as { workload: string; bytesPerAnswer: number; collections: number }[]
  assert.ok(rows.length > 10)
  for (const { workload, bytesPerAnswer, collections } of rows) {
    assert.ok(bytesPerAnswer < MAX_BYTES_PER_ANSWER, `${workload}: ${bytesPerAnswer.toFixed(2)} bytes an answer`)
    assert.equal(collections, 0, `${workload}: the heap was collected`)
  }
})
