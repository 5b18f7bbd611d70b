/** Finds the package's own folder, for files that are not code (default geodata, examples, built console). Works from source and from dist/. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json. Throws when the installation is incomplete. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the installation has no package.json; install nearcast again')
    folder = parent
  }
  return folder
}
