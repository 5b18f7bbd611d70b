/**
 * Builds dist/: the server with tsc, the console with vite. Runs at `npm ci` (prepare), there perhaps under the machine's own,
 * older Node: so it only starts the tools of node_modules, with the node of node_modules when that is there.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'node_modules', '.bin')
const windows = process.platform === 'win32' ? '.cmd' : ''

function run(tool, words) {
  const path = join(bin, tool + windows)
  if (!existsSync(path)) {
    // `npm ci --omit=dev` of a packed release: there is nothing to build with, and dist/ came with the package.
    if (existsSync(join(root, 'dist', 'main.js'))) process.exit(0)
    console.error(`build: ${tool} is not installed; run "npm ci" with development dependencies`)
    process.exit(1)
  }
  const { status } = spawnSync(path, words, {
    cwd: root,
    stdio: 'inherit',
    shell: windows !== '',
    env: { ...process.env, PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}` },
  })
  if (status !== 0) process.exit(status ?? 1)
}

// Files of deleted sources must not live on; the console is built by vite into its own folder, which it empties itself.
const dist = join(root, 'dist')
if (existsSync(dist)) {
  for (const entry of readdirSync(dist)) if (entry !== 'admin-ui') rmSync(join(dist, entry), { recursive: true, force: true })
  for (const part of ['api', 'contract']) rmSync(join(dist, 'admin-ui', part), { recursive: true, force: true })
}
run('tsc', ['-p', 'tsconfig.build.json'])
chmodSync(join(dist, 'main.js'), 0o755)
const web = join(root, 'admin-ui', 'web')
const config = ['vite.config.ts', 'vite.config.js', 'vite.config.mjs'].map((name) => join(web, name)).find((path) => existsSync(path))
if (config !== undefined)
  run('vite', ['build', web, '--config', config, '--outDir', join(dist, 'admin-ui', 'web'), '--emptyOutDir', '--logLevel', 'warn'])
