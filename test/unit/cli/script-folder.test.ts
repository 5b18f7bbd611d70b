import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { scriptFolderOf } from '../../../cli/script-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'script-folder-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('scriptFolderOf takes a folder of trusted people only, and none when none is given', () => {
  const good = join(root, 'good')
  const open = join(root, 'open')
  const file = join(root, 'file')
  for (const folder of [good, open]) mkdirSync(folder, { mode: 0o755 })
  chmodSync(open, 0o777)
  writeFileSync(file, '')
  assert.equal(scriptFolderOf({}), undefined)
  assert.equal(scriptFolderOf({ 'script-folder': good }), good)
  const cases = [
    { folder: open, message: /may be written to by everybody/ },
    { folder: file, message: /is no folder/ },
    { folder: join(root, 'none'), message: /cannot be read \(ENOENT\)/ },
  ]
  for (const { folder, message } of cases)
    assert.throws(() => scriptFolderOf({ 'script-folder': folder }), { code: 'SETTINGS_SCRIPT_FOLDER', message })
})
