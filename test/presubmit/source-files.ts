/** The project's own files, for the presubmit tests. What git ignores (node_modules, dist, var) is not ours. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder with package.json. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

/** Folders with code of the product. */
export const CODE_FOLDERS: readonly string[] = ['admin-ui', 'cli', 'cluster', 'examples', 'geodata', 'health', 'policy', 'resolver']

const SKIPPED = new Set(['node_modules', 'dist', 'var', '.git', '.work', 'test-results', 'playwright-report'])

/** Paths below `folder` (relative to the root, "/" between folders) whose name ends in one of `endings`. */
export function listFiles(folder: string, endings: readonly string[]): string[] {
  const found: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue
      const inner = join(path, entry.name)
      if (entry.isDirectory()) walk(inner)
      else if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
        found.push(relative(ROOT, inner).replaceAll('\\', '/'))
    }
  }
  walk(join(ROOT, folder))
  return found.sort()
}

/** Text of a file by its path below the root. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Source files of the product: TypeScript of CODE_FOLDERS and main.ts. */
export function listSources(): string[] {
  return ['main.ts', ...CODE_FOLDERS.flatMap((folder) => listFiles(folder, ['.ts', '.tsx']))].filter(
    (path) => !/\.(test|story|stories)\.tsx?$/.test(path),
  )
}
