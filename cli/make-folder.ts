/** Makes folders one level at a time: the recursive mkdir of Node 24 never ends below /proc, where a missing folder cannot be made. Shell. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Makes the folder and those above it, as far as they are missing. Throws what mkdir throws. */
export function makeFolder(folder: string, mode: number = 0o777): void {
  const path = resolve(folder)
  if (existsSync(path)) return
  makeFolder(dirname(path), mode)
  mkdirSync(path, { mode })
}
