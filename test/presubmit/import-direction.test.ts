/**
 * The one direction of imports (docs/architecture.md). An area may import itself and what ALLOWED names; anything else fails.
 * `import type` counts as well: a type is a dependency of design, only not of run time; where it alone is wanted it is listed as "type:".
 */
import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { listSources, readText } from './source-files.ts'

/** Areas by path; the longest prefix counts. */
const AREAS: readonly string[] = [
  'main.ts',
  'cli',
  'admin-ui/api',
  'admin-ui/contract',
  'admin-ui/web',
  'cluster',
  'resolver',
  'resolver/wire',
  'policy',
  'geodata',
  'geodata/address',
  'health/model',
  'health/score',
  'health',
  'examples',
]

const EVERYTHING = AREAS.filter((area) => area !== 'admin-ui/web' && area !== 'main.ts')
const HEALTH_PURE = ['health/model', 'health/score']
const POLICY_SIDE = ['policy', 'geodata', 'geodata/address', ...HEALTH_PURE]
const RESOLVER_SIDE = ['resolver', 'resolver/wire', ...POLICY_SIDE]

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'main.ts': EVERYTHING,
  // cli holds the wiring of each command, for which main.ts only finds the command.
  cli: EVERYTHING,
  examples: ['examples'],
  'admin-ui/api': ['admin-ui/api', 'admin-ui/contract', 'cluster', ...RESOLVER_SIDE],
  // The contract is what both sides of the API share, so it stands alone.
  'admin-ui/contract': ['admin-ui/contract'],
  'admin-ui/web': ['admin-ui/web', 'admin-ui/contract', 'type:geodata', 'geodata/address', 'geodata'],
  cluster: ['cluster', ...POLICY_SIDE],
  // Explain answers in the words of the contract: types only.
  resolver: [...RESOLVER_SIDE, 'type:admin-ui/contract'],
  // Addresses have one text form in the whole product; geodata/address imports nothing itself.
  'resolver/wire': ['resolver/wire', 'geodata/address'],
  policy: POLICY_SIDE,
  geodata: ['geodata', 'geodata/address'],
  'geodata/address': ['geodata/address'],
  'health/model': ['health/model'],
  'health/score': ['health/model', 'health/score'],
  // Scores are served in the words of the contract: types only. Addresses have one text form in the whole product.
  health: ['health', ...HEALTH_PURE, 'geodata/address', 'type:admin-ui/contract'],
}

/** Folders whose files are pure: no time, randomness, network, files. Exceptions name what they may import. */
const PURE_FOLDERS: readonly string[] = [
  'geodata/address/',
  'geodata/line/',
  'geodata/compile/',
  'geodata/lookup/',
  'health/model/',
  'health/score/',
  'policy/model/',
  'policy/config/',
  'policy/compile/',
  'policy/decide/',
  'policy/reference/',
  'policy/simulate/',
  'resolver/wire/',
  'resolver/zone/',
  'resolver/answer/',
  'resolver/guard/',
  'admin-ui/contract/',
]
/** Hashes are functions of their input; buffers and text coders are data. */
const PURE_NODE_MODULES = new Set(['node:crypto', 'node:buffer', 'node:util'])
/** Shell folders and files: a pure file imports none of them. Counters are plain arithmetic on arrays that are passed in. */
const SHELL =
  /^(cli|cluster|policy\/store|resolver\/transport|resolver\/observe\/(?!(client-ring|counters)\.ts)|health\/(probe|schedule|history|events)|geodata\/(source|refresh)|admin-ui\/api|examples)\b/

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean }

function importsOf(path: string): Import[] {
  const found: Import[] = []
  const text = readText(path).replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
  const pattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  for (const [, typeWord, named, dynamic] of text.matchAll(pattern)) {
    const to = named ?? dynamic!
    found.push({ from: path, to: to.startsWith('.') ? posix.join(posix.dirname(path), to) : to, typeOnly: typeWord !== undefined })
  }
  return found
}

function areaOf(path: string): string | undefined {
  return AREAS.filter((area) => path === area || path.startsWith(`${area}/`)).sort((a, b) => b.length - a.length)[0]
}

const sources = listSources()
const imports = sources.flatMap(importsOf)

test('every source file belongs to an area', () => {
  assert.deepEqual(
    sources.filter((path) => areaOf(path) === undefined),
    [],
  )
  assert.ok(imports.length > 100, 'imports were found')
})

test('imports point the allowed way', () => {
  const wrong = imports
    .filter(({ to }) => areaOf(to) !== undefined)
    .filter(({ from, to, typeOnly }) => {
      const allowed = ALLOWED[areaOf(from)!]!
      return !allowed.includes(areaOf(to)!) && !(typeOnly && allowed.includes(`type:${areaOf(to)}`))
    })
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} must not import ${to}`),
    [],
  )
})

test('pure files import neither node modules nor shell', () => {
  const wrong = imports
    .filter(({ from, typeOnly }) => !typeOnly && PURE_FOLDERS.some((folder) => from.startsWith(folder)))
    .filter(({ to }) => (to.startsWith('node:') && !PURE_NODE_MODULES.has(to)) || SHELL.test(to))
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} is pure and must not import ${to}`),
    [],
  )
})

test('pure files do not look at clock, randomness or network', () => {
  const forbidden = /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|crypto\.random\w*|randomBytes|randomUUID|fetch)\s*\(?/
  const wrong = sources
    .filter((path) => PURE_FOLDERS.some((folder) => path.startsWith(folder)))
    .flatMap((path) =>
      readText(path)
        .split('\n')
        .flatMap((line, position) => {
          const code = line.replace(/\/\/.*$|^\s*\*.*$|\/\*.*?\*\//g, '').replaceAll(/'[^']*'|`[^`]*`/g, "''")
          return forbidden.test(code) ? [`${path}:${position + 1} ${line.trim()}`] : []
        }),
    )
  assert.deepEqual(wrong, [])
})

test('there are no barrels, no catch-all folders and no imports without their ending', () => {
  assert.deepEqual(
    sources.filter((path) => /(^|\/)(utils?|common|helpers?|shared|misc)\//.test(path)),
    [],
  )
  const barrels = sources.filter((path) => /(^|\/)index\.ts$/.test(path))
  assert.deepEqual(barrels, [])
  const bare = imports.filter(
    ({ to }) => areaOf(to) !== undefined && !to.startsWith('admin-ui/web/') && !/\.(ts|tsx|js|mjs|json|css)$/.test(to),
  )
  assert.deepEqual(
    bare.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})
