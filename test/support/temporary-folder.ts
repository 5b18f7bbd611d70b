/** A folder for one test file, removed at its end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** Makes the folder; `write` puts a file into it and returns its path. */
export function temporaryFolder(): { readonly path: string; readonly write: (name: string, content: string | Uint8Array) => string } {
  const path = mkdtempSync(join(tmpdir(), 'nearcast-test-'))
  after(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    write: (name, content) => {
      const file = join(path, name)
      writeFileSync(file, content, { mode: 0o600 })
      return file
    },
  }
}
