/** Logging a query makes no garbage in the thread that answers it. Measured in a process of its own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../../../cli/package-root.ts'

/** What is left is the engine's own, as in no-garbage.test.ts of the answers. */
const MAX_BYTES_PER_QUERY = 2
const QUERIES = 200_000

test('the heap does not grow with logged queries: full, sampled, and with a full ring', () => {
  const script = join(packageRoot(), 'test/support/query-tap-million.ts')
  const output = execFileSync(process.execPath, ['--expose-gc', script, String(QUERIES)], { encoding: 'utf8' })
  const rows = JSON.parse(output) as { workload: string; bytesPerQuery: number }[]
  assert.equal(rows.length, 3)
  for (const { workload, bytesPerQuery } of rows)
    assert.ok(bytesPerQuery < MAX_BYTES_PER_QUERY, `${workload}: ${bytesPerQuery.toFixed(2)} bytes a query`)
})
