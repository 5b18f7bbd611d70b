/** A folder for one test file, removed when its process ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []

/**
 * Removed at the exit of the process and not by a hook: hooks run in order of their making, so that of a folder made before the product
 * that writes into it would run while it still writes (ENOTEMPTY, seen on a slow machine).
 */
function removeAll(): void {
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
}

/** Makes the folder; `write` puts a file into it and returns its path. */
export function temporaryFolder(): { readonly path: string; readonly write: (name: string, content: string | Uint8Array) => string } {
  const path = mkdtempSync(join(tmpdir(), 'nearcast-test-'))
  if (folders.length === 0) process.once('exit', removeAll)
  folders.push(path)
  return {
    path,
    write: (name, content) => {
      const file = join(path, name)
      writeFileSync(file, content, { mode: 0o600 })
      return file
    },
  }
}
