import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { CommandOption } from '../../../cli/command.ts'
import { applySettingsFile, type Flags, listenFlags, numberFlag } from '../../../cli/process-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-settings-'))
after(() => rmSync(folder, { recursive: true }))

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  state: { type: 'string', help: '' },
  listen: { type: 'string', multiple: true, help: '' },
  example: { type: 'boolean', help: '' },
  settings: { type: 'string', help: '' },
}

/** Settings of a file with this text, beside these flags. */
function settingsOf(text: string, flags: Flags = {}): Flags {
  const path = join(folder, 'settings.yaml')
  writeFileSync(path, text)
  const { settings: _, ...rest } = applySettingsFile(OPTIONS, { ...flags, settings: path })
  return rest
}

describe('applySettingsFile', () => {
  const cases: readonly { readonly name: string; readonly text: string; readonly flags?: Flags; readonly expected: Flags }[] = [
    { name: 'keys are flags', text: 'state: /var/lib/x\nexample: true\n', expected: { state: '/var/lib/x', example: true } },
    { name: 'a flag wins', text: 'state: a\n', flags: { state: 'b' }, expected: { state: 'b' } },
    {
      name: 'a list and a single value of a repeated flag',
      text: 'listen: [127.0.0.1:1, "[::1]:1"]\n',
      expected: { listen: ['127.0.0.1:1', '[::1]:1'] },
    },
    { name: 'one text for a repeated flag', text: 'listen: 127.0.0.1:1\n', expected: { listen: ['127.0.0.1:1'] } },
    { name: 'an empty file', text: '', expected: {} },
  ]
  for (const { name, text, flags, expected } of cases) test(name, () => assert.deepEqual(settingsOf(text, flags), expected))

  const failures: readonly { readonly name: string; readonly text: string; readonly code: string; readonly message: RegExp }[] = [
    { name: 'an unknown key', text: 'stat: x\n', code: 'SETTINGS_KEY', message: /"stat".*is not a setting/ },
    { name: 'a wrong type', text: 'example: maybe\n', code: 'SETTINGS_KEY', message: /"example".*wrong type/ },
    { name: 'a list', text: '- a\n', code: 'SETTINGS_FILE', message: /not a map/ },
    { name: 'broken YAML', text: 'a: [\n', code: 'SETTINGS_FILE', message: /cannot be read/ },
  ]
  for (const { name, text, code, message } of failures)
    test(`${name} is refused`, () => assert.throws(() => settingsOf(text), { code, message }))

  test('a missing file is named', () => {
    assert.throws(() => applySettingsFile(OPTIONS, { settings: join(folder, 'none.yaml') }), {
      code: 'SETTINGS_FILE',
      message: /none\.yaml.*ENOENT/,
    })
  })
})

test('numberFlag takes whole numbers inside its bounds', () => {
  assert.equal(numberFlag({ n: '4' }, 'n', 1, 1, 64), 4)
  assert.equal(numberFlag({}, 'n', 1, 1, 64), 1)
  for (const n of ['0', '65', '1.5', 'x', '-1', '']) assert.throws(() => numberFlag({ n }, 'n', 1, 1, 64), /whole number from 1 to 64/)
})

test('listenFlags takes both families, with the default port', () => {
  const texts = ['127.0.0.1:5353', '[::1]:5353', '192.0.2.1', '::1', '[::]']
  assert.deepEqual(
    listenFlags({ listen: texts }, 'listen', [], 53).map(({ address, port }) => [address.family, port]),
    [
      [4, 5353],
      [6, 5353],
      [4, 53],
      [6, 53],
      [6, 53],
    ],
  )
  for (const text of ['localhost:53', '127.0.0.1:65536', '127.0.0.1:x', '']) {
    assert.throws(() => listenFlags({ listen: [text] }, 'listen', [], 53), { code: 'TRANSPORT_ADDRESS_INVALID' })
  }
})
