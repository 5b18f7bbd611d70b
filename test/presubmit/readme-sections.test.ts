/** Each top-level folder of code explains itself in the same six sections. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT, readText } from './source-files.ts'

const SECTIONS = ['Purpose', 'Words', 'Data in and out', 'Invariants', 'Entry points', 'How it is tested']

for (const folder of ['admin-ui', 'cli', 'cluster', 'geodata', 'health', 'policy', 'resolver']) {
  test(`${folder}/README.md has the fixed sections, each with a text`, () => {
    const path = `${folder}/README.md`
    assert.ok(existsSync(join(ROOT, path)), `${path} is missing`)
    const text = readText(path)
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!.trim())
    assert.deepEqual(
      headings.filter((heading) => SECTIONS.includes(heading)),
      SECTIONS,
    )
    for (const part of text.split(/^## /m).slice(1)) assert.ok(part.split('\n').slice(1).join('').trim() !== '', part)
  })

  test(`${folder}/README.md names only files that are there`, () => {
    const path = join(ROOT, folder, 'README.md')
    if (!existsSync(path)) return
    for (const [, link] of readText(`${folder}/README.md`).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      assert.ok(existsSync(join(ROOT, folder, link!)), `${folder}/README.md links to ${link}`)
    }
  })
}
