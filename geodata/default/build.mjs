/**
 * Recipe of the default geodata: installs the pinned raw data (package-lock.json, checked by integrity hash) into a temporary folder,
 * compiles it with recipe.json, and writes default.geodata beside this file.
 *
 *   npm run geodata:default              rebuilds the file
 *   npm run geodata:default -- --check   rebuilds it elsewhere and fails when the content differs from the file here
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const target = join(here, 'default.geodata')
const folder = mkdtempSync(join(tmpdir(), 'nearcast-geodata-'))
try {
  for (const file of ['package.json', 'package-lock.json', 'recipe.json']) copyFileSync(join(here, file), join(folder, file))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' })
  const built = join(folder, 'default.geodata')
  const main = join(here, '..', '..', 'main.ts')
  // Smallest file: it is in the repository and in every installation.
  execFileSync(process.execPath, [main, 'geodata', 'build', join(folder, 'recipe.json'), '--out', built, '--compression', '11'], {
    stdio: 'inherit',
  })
  if (!process.argv.includes('--check')) copyFileSync(built, target)
  else if (readFileSync(built).equals(readFileSync(target)))
    process.stdout.write('default.geodata is what the recipe builds, byte by byte\n')
  else if (contentDigest(built) === contentDigest(target)) {
    process.stdout.write('default.geodata has the content that the recipe builds; another brotli compressed it\n')
  } else {
    process.stderr.write('default.geodata differs from what the recipe builds; run "npm run geodata:default"\n')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}

/** SHA-256 of the content before compression, which stands in the file's head (geodata/geodata-file.ts). */
function contentDigest(file) {
  return readFileSync(file).toString('hex', 20, 52)
}
