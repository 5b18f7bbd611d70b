import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOCUMENT_MAX_LENGTH } from '../../../../admin-ui/contract/document.ts'
import { DOCUMENT_LIMIT_BYTES, readYaml } from '../../../../policy/config/read-yaml.ts'

/** Issues as "CODE line:column path detail". */
function told(text: string): readonly string[] {
  return readYaml(text, 'f').issues.map(({ code, where, path, params }) =>
    `${code} ${where?.line ?? 1}:${where?.column ?? 1} ${path.join('.')} ${params.detail ?? ''}`.replace(/ +/g, ' ').trim(),
  )
}

const accepted: readonly { readonly name: string; readonly given: string; readonly expected: unknown }[] = [
  { name: 'an empty text', given: '', expected: null },
  { name: 'nothing but comments', given: '# a\n\n# b\n', expected: null },
  { name: 'a byte order mark before YAML and JSON', given: '\ufeffa: 1', expected: { a: 1 } },
  { name: 'JSON with spaces around it', given: '\n\t {"a": [1, {"b": null}]} \r\n', expected: { a: [1, { b: null }] } },
  {
    name: 'JSON with numbers beyond what is exact',
    given: '[12345678901234567890, 1e999, -0]',
    expected: [12345678901234567000, Infinity, -0],
  },
  {
    name: 'the same numbers in YAML',
    given: 'a: [12345678901234567890, 1e999, -0]',
    expected: { a: [12345678901234567000, Infinity, -0] },
  },
  { name: 'JSON with a comma too many, which is YAML', given: '{"a": 1,}', expected: { a: 1 } },
  {
    name: 'keys that are numbers, null and true',
    given: '1: a\nnull: b\ntrue: c\n1.50: d\n',
    expected: { 1: 'a', null: 'b', true: 'c', '1.50': 'd' },
  },
  {
    name: 'words of YAML 1.1',
    given: '[yes, no, on, off, 012, 1_000, 1:30, 2001-01-01]',
    expected: ['yes', 'no', 'on', 'off', 12, '1_000', '1:30', '2001-01-01'],
  },
  { name: 'numbers in other bases', given: '[0x1F, 0o17, 0b1, +.5, 5., -.inf, .NaN]', expected: [31, 15, '0b1', 0.5, 5, -Infinity, NaN] },
  { name: 'a merge key as any other', given: 'a: &x {k: 1}\nb: {<<: *x}\n', expected: { a: { k: 1 }, b: { '<<': { k: 1 } } } },
  {
    name: 'aliases of texts, lists and mappings',
    given: 'a: &x [1]\nb: *x\nc: &y t\nd: *y\n',
    expected: { a: [1], b: [1], c: 't', d: 't' },
  },
  { name: 'an anchor that is given again', given: '- &x 1\n- *x\n- &x 2\n- *x\n', expected: [1, 1, 2, 2] },
  {
    name: 'tags of the core schema',
    given: '[!!str 1, ! 2, !!int "3", !!float 4, !!null "", !!bool "true", !!seq [], !!map {}]',
    expected: ['1', '2', 3, 4, null, true, [], {}],
  },
  { name: 'a tag by a handle of its own', given: '%TAG !c! tag:yaml.org,2002:\n---\na: !c!str 1\n', expected: { a: '1' } },
  {
    name: 'blocks of text',
    given: 'a: |\n  x\n   y\n\n  z\nb: >-\n  x\n  y\n\n  z\nc: |2+\n   x\n\n',
    expected: { a: 'x\n y\n\nz\n', b: 'x y\nz', c: ' x\n\n' },
  },
  { name: 'closing brackets below their keys', given: 'a: [\n  1,\n]\nb: {\n  c: 2\n}\n', expected: { a: [1], b: { c: 2 } } },
  { name: 'tabs before a bracket', given: 'a:\t[1]\n', expected: { a: [1] } },
  { name: 'lists that are not indented', given: 'a:\n- 1\n- 2\nb: 3\n', expected: { a: [1, 2], b: 3 } },
  { name: 'an end of document', given: '--- \na: 1\n...\n', expected: { a: 1 } },
  { name: 'a marker with nothing behind it', given: 'a: 1\n---\n', expected: { a: 1 } },
  { name: 'lines that end as on Windows', given: 'a: 1\r\nb:\r\n  - x\r\n', expected: { a: 1, b: ['x'] } },
]

for (const { name, given, expected } of accepted) {
  test(`readYaml reads ${name}`, () => {
    const read = readYaml(given, 'f')
    assert.deepEqual(read.issues, [])
    assert.deepEqual(read.value, expected)
  })
}

const refused: readonly { readonly name: string; readonly given: string; readonly expected: readonly string[] }[] = [
  {
    name: 'a duplicate key of JSON',
    given: '{"a": [{"b": 1,\n "\\u0062": 2}], "a": 3}',
    expected: ['CONFIG_DUPLICATE_KEY 2:2 a.0.b', 'CONFIG_DUPLICATE_KEY 2:17 a'],
  },
  {
    name: 'duplicate keys of YAML, all of them',
    given: 'a: 1\nb: [{c: 1, c: 2}]\na: {d: 1}\n',
    expected: ['CONFIG_DUPLICATE_KEY 2:12 b.0.c', 'CONFIG_DUPLICATE_KEY 3:1 a'],
  },
  { name: 'a duplicate key called __proto__', given: '{__proto__: 1, __proto__: 2}', expected: ['CONFIG_DUPLICATE_KEY 1:16 __proto__'] },
  { name: 'duplicate keys where brackets stand below', given: 'a: [\n]\na: 1\n', expected: ['CONFIG_DUPLICATE_KEY 3:1 a'] },
  { name: 'a tag of its own', given: 'a: 1\nb: !x 2\n', expected: ['CONFIG_SYNTAX 2:4 the tag "!x" is not part of the format'] },
  { name: 'a tag of another kind', given: 'a: !!seq {}\n', expected: ['CONFIG_SYNTAX 1:4 the tag "!!seq" is not part of the format'] },
  { name: 'a value that its tag denies', given: 'a: !!int x\n', expected: ['CONFIG_SYNTAX 1:4 "x" is not what its tag says'] },
  { name: 'a key that is a list', given: '? [1]\n: 2\n', expected: ['CONFIG_SYNTAX 1:3 a key must be a text'] },
  { name: 'a key that is an alias', given: 'a: &x b\n*x : 2\n', expected: ['CONFIG_SYNTAX 2:1 a key must be a text'] },
  { name: 'an alias of nothing', given: 'a: *x\n', expected: ['CONFIG_SYNTAX 1:4 there is no "&x" before this alias'] },
  { name: 'an alias of what it stands in', given: 'a: &x [*x]\n', expected: ['CONFIG_ALIASES 1:8'] },
  { name: 'a second document', given: 'a: 1\n---\nb: 2\n', expected: ['CONFIG_SYNTAX 2:1 there is a second document behind "---"'] },
  {
    name: 'several mistakes of syntax at once',
    given: 'a: "x\\q"\nb: @x\n',
    expected: ['CONFIG_SYNTAX 1:6 Invalid escape sequence \\q', 'CONFIG_SYNTAX 2:4 Plain value cannot start with reserved character @'],
  },
  {
    name: 'JSON that ends early',
    given: '{"a": [1,\n 2',
    expected: ['CONFIG_SYNTAX 2:3 Flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
]

for (const { name, given, expected } of refused)
  test(`readYaml refuses ${name}`, () => assert.deepEqual(told(given).slice(0, expected.length), expected))

test('readYaml tells places of keys and values, and of what encloses a path that leads nowhere', () => {
  const texts = [
    'a:\n  - {b: "x", c: &q [1, 2]}\n  - *q\n"k\\u0065y": |\n  text\n',
    '{"a":\n  [{"b": "x", "c": [1, 2]},\n [1, 2]],\n"k\\u0065y": "text"}',
  ]
  const paths: readonly (readonly [path: readonly (string | number)[], atKey: boolean, yaml: string, json: string])[] = [
    [[], false, '1:1', '1:1'],
    [['a'], true, '1:1', '1:2'],
    [['a'], false, '2:3', '2:3'],
    [['a', 0, 'b'], true, '2:6', '2:5'],
    [['a', 0, 'b'], false, '2:9', '2:10'],
    [['a', 0, 'c', 1], false, '2:24', '2:24'],
    [['a', 1, 1], false, '2:24', '3:6'],
    [['key'], true, '4:1', '4:1'],
    [['key'], false, '4:13', '4:13'],
    [['a', 7, 'x'], false, '2:3', '2:3'],
    [['none', 'x'], false, '1:1', '1:1'],
    [['a', 0, 'b', 'x'], false, '2:9', '2:10'],
  ]
  for (const [at, text] of texts.entries()) {
    const { locate } = readYaml(text, 'f')
    for (const [path, atKey, ...expected] of paths) {
      const { line, column } = locate(path, atKey)
      assert.equal(`${line}:${column}`, expected[at], `${JSON.stringify(path)} of text ${at}`)
    }
  }
})

test('readYaml ends soon with hostile texts', () => {
  const fill = (piece: string, sizeBytes = 9_000_000): string => piece.repeat(Math.floor(sizeBytes / piece.length))
  const deep = /^CONFIG_SYNTAX 1:\d+ it is nested more than 40 levels deep$/
  const many = /^CONFIG_SYNTAX \d+:\d+ it has more than 4000000 parts/
  const cases: readonly (readonly [text: string, expected: RegExp])[] = [
    [fill('[', DOCUMENT_LIMIT_BYTES), deep],
    [fill('{"a":'), deep],
    [`a: ${fill('[', 3_900_000)}`, deep],
    [fill('- ', 7_000_000), deep],
    [`${fill('? ', 1_000_000)}`, deep],
    [fill('[],', 20_000_000), many],
    [`a: ${fill('a: ', 10_000)}`, /CONFIG_SYNTAX/],
    [fill('a:\n', 20_000_000), many],
    [fill('-\n'), many],
    [fill('"'), /CONFIG_SYNTAX/],
    [fill('\\'), /^$/],
    [fill('&a '), /CONFIG_SYNTAX/],
    [fill('#'), /^$/],
    [fill('\n'), /^$/],
    [`a: |\n${fill(' x\n')}`.slice(0, DOCUMENT_LIMIT_BYTES), /^$/],
  ]
  for (const [text, expected] of cases) assert.match(told(text)[0] ?? '', expected, `${text.slice(0, 12)}…`)
})

test('readYaml bounds what aliases stand for, and how deep they go', () => {
  const names = 'abcdefgh'
  const bomb = [...names].map((name, at) => `${name}: &${name} [${at === 0 ? 'x,'.repeat(9) : `*${names[at - 1]},`.repeat(9)}]`).join('\n')
  assert.deepEqual(told(bomb), ['CONFIG_ALIASES 7:8'])
  const chain = Array.from({ length: 10 }, (_, at) => `k${at}: &k${at} [[[[[${at === 0 ? 1 : `*k${at - 1}`}]]]]]`).join('\n')
  assert.match(told(chain)[0]!, /^CONFIG_SYNTAX 8:\d+ it is nested more than 40 levels deep$/)
})

test('the API takes a document of any size that is read', () => assert.equal(DOCUMENT_MAX_LENGTH, DOCUMENT_LIMIT_BYTES))
