/** Nothing in the project depends on the machine, the registry or the tools it was written on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listFiles, readText } from './source-files.ts'

const files = listFiles('.', [
  '.ts',
  '.tsx',
  '.mjs',
  '.js',
  '.json',
  '.md',
  '.yaml',
  '.yml',
  '.sh',
  '.html',
  '.css',
  '.zone',
  '.cidr',
  'Dockerfile',
  '.ci/run',
])
// This file holds the patterns, and the fixed values of the lock file are checked below.
const checked = files.filter((path) => path !== 'test/presubmit/no-machine-paths.test.ts')

// Written in parts, so that a search for them finds real uses only.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`/(work|root)/(main|shared|\\.library)|/${'home'}/[a-z]+/|/${'Users'}/[A-Za-z]+/|[A-Z]:\\\\\\\\Users`),
    'an absolute path of a machine',
  ],
  [/\/tmp\/[a-z]/i, 'a fixed temporary path'],
]
const REGISTRY =
  /https?:\/\/([a-z0-9.-]*(npmmirror|verdaccio|artifactory|nexus|jfrog|pkgs\.dev)[a-z0-9.-]*|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|127\.0\.0\.1:\d+\/.*\.tgz)/

test('no file names a path of one machine', () => {
  const found = checked.flatMap((path) => {
    if (path === 'package-lock.json') return []
    const text = readText(path)
    return PATTERNS.flatMap(([pattern, what]) => {
      const match = pattern.exec(text)
      return match === null ? [] : [`${path}: ${what}: ${match[0]}`]
    })
  })
  assert.deepEqual(found, [])
})

test('no file names a private registry', () => {
  const found = checked.flatMap((path) => {
    const match = REGISTRY.exec(readText(path))
    return match === null ? [] : [`${path}: ${match[0]}`]
  })
  assert.deepEqual(found, [])
})

test('the lock file resolves from nowhere but the public registry', () => {
  const lock = JSON.parse(readText('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
  const hosts = new Set<string>()
  for (const { resolved } of Object.values(lock.packages)) if (resolved?.startsWith('http')) hosts.add(new URL(resolved).host)
  assert.deepEqual(
    [...hosts].filter((host) => host !== 'registry.npmjs.org'),
    [],
  )
})
