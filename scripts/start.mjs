/**
 * `npm start`: the whole product with the example scenario. Builds first when dist/ is missing or older than the sources (install
 * scripts may be off), then runs `up --example` in this same process; words after `npm start --` go to `up`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const built = join(root, 'dist', 'main.js')
const sources = [
  'main.ts',
  'cli',
  'geodata',
  'health',
  'policy',
  'resolver',
  'cluster',
  'admin-ui',
  'examples',
  'package.json',
  'tsconfig.build.json',
]

/** Time of the newest source below a path. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return /\.(tsx?|json|css|html|svg)$/.test(path) ? stat.mtimeMs : 0
  let time = 0
  for (const entry of readdirSync(path)) if (entry !== 'node_modules') time = Math.max(time, newest(join(path, entry)))
  return time
}

if (Number(process.versions.node.split('.')[0]) < 24) {
  const node = join(root, 'node_modules', '.bin', 'node')
  if (!existsSync(node)) {
    console.error(`nearcast: needs Node 24 or newer, this is ${process.version}; run "npm ci" first, which brings its own`)
    process.exit(1)
  }
  // The node of node_modules takes over; it gets our signals, and its end is ours.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  const code = await new Promise((resolve) => child.on('exit', (status) => resolve(status ?? 1)))
  process.exit(code)
}

const builtAt = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
if (sources.some((source) => newest(join(root, source)) > builtAt)) {
  console.log('building …')
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit', cwd: root })
  if (status !== 0) process.exit(status ?? 1)
}
process.argv = [process.argv[0], built, 'up', '--example', ...process.argv.slice(2)]
await import(pathToFileURL(built).href)
