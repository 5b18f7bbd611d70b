/** docs/rfc-compliance.md and the RFCs that the source cites: each cited one is listed, and each test folder of one too. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../cli/package-root.ts'
import { listSources, readText } from './source-files.ts'

const page = readText('docs/rfc-compliance.md')
const listed = new Set([...page.matchAll(/\b(\d{4})\b/g)].map(([, number]) => number!))

test('every RFC that the source cites is listed', () => {
  const cited = new Set(listSources().flatMap((path) => [...readText(path).matchAll(/RFC (\d{4})/g)].map(([, number]) => number!)))
  assert.deepEqual([...cited].filter((number) => !listed.has(number)).sort(), [])
})

test('every folder of conformance tests is named in its row', () => {
  const folders = readdirSync(join(packageRoot(), 'test/conformance')).filter((name) => name.startsWith('rfc'))
  const unnamed = folders.filter((name) => !page.includes(`test/conformance/${name}`) && !listed.has(name.slice(3)))
  assert.deepEqual(unnamed, [])
})

test('every test that the page names is there', () => {
  const named = [...page.matchAll(/\btest\/[\w/.-]+/g)].map(([path]) => path.replace(/[.,]$/, ''))
  assert.deepEqual(
    named.filter((path) => !existsSync(join(packageRoot(), path))),
    [],
  )
})
