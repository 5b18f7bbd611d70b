/** docs/metrics.md and the metrics of the source, compared both ways; names by the rules of Prometheus. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSources, readText } from './source-files.ts'

const documented = new Map<string, { readonly type: string; readonly labels: string }>()
for (const [, name, type, labels] of readText('docs/metrics.md').matchAll(
  /^\| `([a-z0-9_]+)`\s*\| (counter|gauge|histogram|summary)\s*\| ([^|]*) \|/gm,
)) {
  documented.set(name!, { type: type!, labels: labels!.replaceAll(/[`– ]/g, '') })
}

/** A metric is declared as `name: { type: …, help: …, labels: [...] }`. */
const declared = new Map<string, { readonly type: string; readonly labels: string }>()
for (const path of listSources()) {
  const pattern = /^\s*'?((?:nearcast|process|nodejs)_[a-z0-9_]+)'?: \{\s*type: '(\w+)',[\s\S]*?labels: \[([^\]]*)\]/gm
  for (const [, name, type, labels] of readText(path).matchAll(pattern))
    declared.set(name!, { type: type!, labels: labels!.replaceAll(/[' ]/g, '').replace(/,$/, '').trim() })
}

test('docs/metrics.md has every metric with its type and labels, and no other', () => {
  assert.ok(declared.size > 0)
  assert.deepEqual(Object.fromEntries([...documented].sort()), Object.fromEntries([...declared].sort()))
})

test('metric names follow the rules: own prefix, base units, _total for counters only', () => {
  for (const [name, { type }] of declared) {
    assert.match(name, /^(nearcast|process|nodejs)_[a-z][a-z0-9_]*[a-z0-9]$/, name)
    assert.equal(name.endsWith('_total'), type === 'counter', `${name}: _total is for counters`)
    assert.doesNotMatch(name, /_(ms|milliseconds|minutes|hours|kb|mb|kilobytes|percent)(_|$)/, `${name}: base units`)
  }
})
