/** docs/document.md describes every key of the document and no other; docs/nearcast.schema.json is the present schema; the examples pass. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocument } from '../../cli/read-document.ts'
import { UNSUPPORTED_KEYS } from '../../policy/config/document-schema.ts'
import { documentJsonSchema } from '../../policy/config/json-schema.ts'
import { parseConfig } from '../../policy/config/parse-config.ts'
import { ROOT, readText } from './source-files.ts'

type Node = { properties?: Record<string, Node>; items?: Node; anyOf?: Node[]; default?: unknown; description?: string; type?: string }

const objectIn = (node: Node): Node => node.anyOf?.find((choice) => choice.properties !== undefined) ?? node

/** Keys of an object and everything below it, as docs/document.md writes them. */
function keysOf(node: Node, prefix: string): Map<string, Node> {
  const keys = new Map<string, Node>()
  for (const [key, value] of Object.entries(objectIn(node).properties ?? {})) {
    keys.set(prefix + key, value)
    for (const [path, inner] of keysOf(value, `${prefix}${key}.`)) keys.set(path, inner)
    if (value.items !== undefined) for (const [path, inner] of keysOf(value.items, `${prefix}${key}[].`)) keys.set(path, inner)
  }
  return keys
}

const schema = documentJsonSchema() as Node
const sections = new Map<string, Node>(
  Object.entries(schema.properties ?? {}).map(([key, node]) => [key, node.items === undefined ? node : objectIn(node.items)]),
)
/** Rows of docs/document.md by the section that its heading names. */
const documented = new Map<string, Map<string, string>>()
for (const part of readText('docs/document.md').split(/^## /m).slice(1)) {
  const section = /`(\w+)(?:\[\])?`$/.exec(part.split('\n')[0]!)?.[1] ?? part.split('\n')[0]!
  const rows = new Map<string, string>()
  for (const [line, key] of part.matchAll(/^\| `([\w.[\]-]+)`\s*\|.*$/gm)) rows.set(key!, line)
  documented.set(section, rows)
}

test('docs/document.md lists the keys of the top', () => {
  assert.deepEqual([...documented.get('Top level')!.keys()].sort(), [...sections.keys()].sort())
})

for (const [section, node] of sections) {
  if (['apiVersion', 'files'].includes(section)) continue
  test(`docs/document.md has every key of ${section} with its default, and no other`, () => {
    const keys = keysOf(node, '')
    const rows = documented.get(section)
    assert.ok(rows, `there is no section for ${section}`)
    assert.deepEqual([...rows.keys()].sort(), [...keys.keys()].sort())
    for (const [key, { default: value, description, type }] of keys) {
      assert.ok(description, `${section}.${key} has no description in document-schema.ts`)
      if (value !== undefined && type !== 'object')
        assert.ok(rows.get(key)!.includes(`\`${JSON.stringify(value)}\``), `${key}: default ${JSON.stringify(value)}`)
    }
  })
}

test('docs/document.md lists the refused keys', () => {
  const text = readText('docs/document.md')
  for (const [section, key] of UNSUPPORTED_KEYS) {
    const path = section === '' ? key : section === 'options' ? `options.${key}` : `${section}[].${key}`
    assert.ok(text.includes(`- \`${path}\``), path)
  }
})

test('docs/nearcast.schema.json is what nearcast check --schema prints', () => {
  assert.deepEqual(JSON.parse(readText('docs/nearcast.schema.json')), JSON.parse(JSON.stringify(documentJsonSchema())))
})

for (const path of ['examples/edge-api/nearcast.yaml', 'test/support/design-example.yaml']) {
  test(`${path} passes without an issue`, () => {
    const { text, files } = readDocument(join(ROOT, path))
    const result = parseConfig(text, files)
    assert.deepEqual(result.issues, [])
    assert.ok(result.ok)
  })
}
