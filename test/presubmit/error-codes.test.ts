/** docs/errors.md and the codes of the source, compared both ways. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ISSUE_CODES } from '../../policy/config/config-issue.ts'
import { listSources, readText } from './source-files.ts'

/** AREA_WHAT with an area of ours; system codes (ERR_…, LISTEN_FDS) are none. */
const CODE =
  /(['"`])((?:API|AUTH|CLI|CONFIG|DOCUMENT|DRAFT|EXPLAIN|FLEET|GENERATION|GEODATA|HEALTH|IMPORT|INIT|METRICS|NODE|OVERRIDE|POLICY|PROBE|PUBLISH|RESTORE|BACKUP|SERVE|SESSION|SETTINGS|SNAPSHOT|STATE|STORE|SUPERVISOR|TOKEN|TRANSFER|TRANSPORT|USER|WEBHOOK|ZONE|EXPORT|APPLY|CONTROL|UP)(?:_[A-Z0-9]+)+)\1/g

/** Constants of the source that look like codes. */
const NOT_CODES = new Set<string>([])

const documented = new Map<string, string>()
for (const [, code, severity] of readText('docs/errors.md').matchAll(/^\| `([A-Z0-9_]+)`\s*\| ([^|]*) \|/gm))
  documented.set(code!, severity!.trim())

const used = new Set<string>(ISSUE_CODES.map(({ code }) => code))
for (const path of listSources()) {
  for (const [, , code] of readText(path).matchAll(CODE)) if (!NOT_CODES.has(code!)) used.add(code!)
}

test('every code of the source is in docs/errors.md', () => {
  assert.deepEqual([...used].filter((code) => !documented.has(code)).sort(), [])
})

test('every code of docs/errors.md is in the source', () => {
  assert.deepEqual([...documented.keys()].filter((code) => !used.has(code)).sort(), [])
})

test('docs/errors.md has the severity of each document issue', () => {
  for (const { code, severity } of ISSUE_CODES) assert.equal(documented.get(code), severity, code)
})

test('every entry has cause and remedy', () => {
  for (const line of readText('docs/errors.md').split('\n')) {
    if (line.startsWith('| `'))
      assert.ok(
        line
          .split('|')
          .slice(1, -1)
          .every((cell) => cell.trim() !== ''),
        line,
      )
  }
})
