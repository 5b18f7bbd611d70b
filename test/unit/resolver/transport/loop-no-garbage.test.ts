/**
 * DESIGN.md section 3: an answer thread makes no garbage, with all that stands around an answer. Counted in a process of its own: ten million
 * answers in full batches, and fewer where each batch has one message, or comes through the system's calls.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { packageRoot } from '../../../../cli/package-root.ts'
import { libcUnavailable } from '../../../../resolver/transport/libc.ts'

const RUNS = [
  { name: 'full batches', words: ['10000000', '64'], needsFfi: false },
  { name: 'one message a batch', words: ['2000000', '1'], needsFfi: false },
  { name: 'batched sockets', words: ['300000', '64', 'ffi'], needsFfi: true },
]

for (const { name, words, needsFfi } of RUNS) {
  test(`nothing is collected while an answer thread answers: ${name}`, { skip: needsFfi ? libcUnavailable() : false }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(packageRoot(), 'test/support/answer-loop-millions.ts'), ...words])
    const { collections, passes } = JSON.parse(stdout) as { collections: number; passes: number }
    assert.equal(collections, 0, `the heap was collected in each of ${passes} passes`)
  })
}
