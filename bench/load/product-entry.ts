/**
 * Which form of the product takes part. Operators run dist/, which `npm ci` builds; from the sources the same code takes some 60 MB
 * more, since Node strips the types at the start. So dist/ is measured where it is as new as the sources. Shell.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../cli/package-root.ts'

/** The product's entry point and what it is. */
export type ProductEntry = { readonly path: string; readonly form: 'dist' | 'sources' }

const SOURCES = ['main.ts', 'cli', 'geodata', 'health', 'policy', 'resolver', 'cluster']

/** Finds the entry point; `form` undefined: dist when it is as new as the sources, else the sources. Throws on a form that cannot be had. */
export function findProductEntry(form: string | undefined): ProductEntry {
  const root = packageRoot()
  const built = join(root, 'dist/main.js')
  const builtAtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const fresh = builtAtMs > 0 && SOURCES.every((source) => newestMs(join(root, source)) <= builtAtMs)
  if (form === 'dist' && !fresh)
    throw new Error('dist/ is missing or older than the sources; run "npm run build", or measure --product sources')
  if (form !== undefined && form !== 'dist' && form !== 'sources') throw new Error(`--product: "${form}" is neither dist nor sources`)
  return form === 'sources' || !fresh ? { path: join(root, 'main.ts'), form: 'sources' } : { path: built, form: 'dist' }
}

/** Time of the newest TypeScript file at or below a path. */
function newestMs(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return path.endsWith('.ts') ? stat.mtimeMs : 0
  return readdirSync(path).reduce((newest, entry) => Math.max(newest, newestMs(join(path, entry))), 0)
}
