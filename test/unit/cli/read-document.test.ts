/** Documents that cannot be read, and files that they name. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { explainMissingFiles, readDocument } from '../../../cli/read-document.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-document-'))
after(() => rmSync(root, { recursive: true, force: true }))
const path = join(root, 'nearcast.yaml')
writeFileSync(
  path,
  'lines:\n  - {id: a, file: here.cidr}\n  - {id: b, file: gone.cidr}\n  - {id: c, file: folder}\n  - {id: d, file: link.cidr}\n',
)
writeFileSync(join(root, 'here.cidr'), '198.51.100.0/24\n')
mkdirSync(join(root, 'folder'))
symlinkSync('/etc/hostname', join(root, 'link.cidr'))

test('files below the folder come with it; of the others it is known why not', () => {
  const document = readDocument(path)
  assert.deepEqual([...document.files.keys()], ['here.cidr'])
  assert.deepEqual(Object.fromEntries(document.missing), {
    'gone.cidr': `there is no file "${join(root, 'gone.cidr')}"`,
    folder: 'it is a folder',
    'link.cidr': 'it is a link out of the folder of the document',
  })
  const issue = { code: 'CONFIG_FILE_MISSING', message: 'file "gone.cidr" did not come with the document', suggestion: 'send it' }
  const [explained] = explainMissingFiles([issue], document)
  assert.match(explained!.message, /^file "gone.cidr" cannot be read: there is no file/)
  assert.match(explained!.suggestion, /put it below the folder of/)
})

for (const [name, given, reason] of [
  ['a folder', root, /it is a folder/],
  ['a device', '/dev/zero', /no regular file/],
  ['nothing', join(root, 'none.yaml'), /there is no such file/],
] as const) {
  test(`${name} is refused as a document`, () => {
    assert.throws(() => readDocument(given), reason)
  })
}
