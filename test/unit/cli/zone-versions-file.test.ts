import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { openZoneVersions, writeZoneVersions } from '../../../cli/zone-versions-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-versions-'))
after(() => rmSync(folder, { recursive: true }))
const SHARED = 'www A 192.0.2.80\n'.repeat(1000)

describe('versions of zones in a file', () => {
  const versions = new Map(
    Array.from({ length: 50 }, (_, i) => [
      `z${i}.test.`,
      {
        file: `z${i}.zone`,
        files: new Map([
          [`z${i}.zone`, `; ${i}\n`],
          ['shared.inc', SHARED],
        ]),
      },
    ]),
  )
  const path = join(folder, 'versions')
  writeZoneVersions(path, versions)

  test('come back as they were', () => {
    const read = openZoneVersions(path)
    for (const [name, version] of versions) assert.deepEqual(read.get(name), version)
    assert.equal(read.get('other.test.'), undefined)
  })

  test('a text that all of them include is there once', () => {
    assert.ok(statSync(path).size < 2 * SHARED.length)
  })

  test('the file is read when the first zone is asked for, not before', () => {
    const later = join(folder, 'later')
    const read = openZoneVersions(later)
    writeZoneVersions(later, new Map([['a.test.', { file: 'a', files: new Map([['a', '']]) }]]))
    assert.equal(read.get('a.test.')?.file, 'a')
    writeFileSync(later, '')
    assert.equal(read.get('a.test.')?.file, 'a')
  })
})
