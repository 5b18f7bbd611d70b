/**
 * Exports of vendors → documents and reports, word for word. After a wanted change: UPDATE_GOLDEN=1 node --test test/golden/lines-import.test.ts
 * writes the expected files anew; read the difference before you keep it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FOLDER = join(import.meta.dirname, 'lines-import')
const MAIN = join(import.meta.dirname, '../../main.ts')
const folder = temporaryFolder()

const cases: readonly { name: string; words: readonly string[] }[] = [
  {
    name: 'dnspod-json',
    words: [
      'dnspod-records.json',
      '--zone',
      'example.com',
      '--custom-lines',
      'dnspod-custom-lines.json',
      '--nameserver',
      'ns1.example.net',
    ],
  },
  { name: 'dnspod-csv', words: ['dnspod-console.csv', '--zone', 'example.com'] },
  {
    name: 'alibaba-json',
    words: ['alibaba-records.json', '--custom-lines', 'alibaba-custom-lines.json', '--nameserver', 'ns1.example.net'],
  },
  { name: 'alibaba-csv', words: ['alibaba-console.csv', '--zone', 'example.com', '--nameserver', 'ns1.example.net'] },
  { name: 'huawei-json', words: ['huawei-recordsets.json', '--custom-lines', 'huawei-lines.json', '--nameserver', 'ns1.example.net'] },
]

for (const { name, words } of cases) {
  test(`lines import: ${name}`, () => {
    const out = join(folder.path, `${name}.yaml`)
    const run = spawnSync(process.execPath, [MAIN, 'lines', 'import', ...words, '--out', out], { encoding: 'utf8', cwd: FOLDER })
    assert.equal(run.status, 0, run.stderr)
    const document = readFileSync(out, 'utf8')
    for (const [ending, found] of [
      ['yaml', document],
      ['report.txt', run.stderr],
    ] as const) {
      const path = join(FOLDER, `${name}.expected.${ending}`)
      if (process.env.UPDATE_GOLDEN === '1' || !existsSync(path)) writeFileSync(path, found)
      assert.equal(found, readFileSync(path, 'utf8'), path)
    }
    const check = spawnSync(process.execPath, [MAIN, 'check', out], { encoding: 'utf8' })
    assert.equal(check.status, 0, check.stdout)
  })
}
