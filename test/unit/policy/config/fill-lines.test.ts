/** Custom lines of a document: files, union and except, loops, limits, what is exported again, and digests that stay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOfIpv4 } from '../../../../geodata/address/address.ts'
import { longestPrefixAround, prefixTexts } from '../../../../geodata/address/prefix-list.ts'
import type { Config } from '../../../../policy/config/config-schema.ts'
import { type ParseResult, parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

function parse(lines: readonly string[], files: Readonly<Record<string, string>> = {}, more = ''): ParseResult {
  return parseConfig(
    `apiVersion: nearcast/v1\nlines:\n${lines.map((line) => `  - ${line}\n`).join('')}${more}`,
    new Map(Object.entries(files)),
  )
}

function configOf(result: ParseResult): Config {
  assert.ok(result.ok, JSON.stringify(result.issues))
  return result.config
}

const formatPath = (path: readonly (string | number)[]): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('')
const heldBy = (config: Config, id: string): string => [...prefixTexts(config.lines.find((line) => line.id === id)!.prefixes)].join(' ')
const told = (result: ParseResult): string[] =>
  result.issues.map(({ code, where, path }) => `${code} ${where.file}:${where.line} ${formatPath(path)}`)

test('union and except of lines and networks, in any order of the document', () => {
  const config = configOf(
    parse([
      '{id: all, union: [custom:a, custom:b, "10.3.0.0/16"], except: [custom:office, "10.1.0.1"]}',
      '{id: a, prefixes: [10.0.0.0/16]}',
      '{id: b, prefixes: [10.1.0.0/16, "2001:db8::/32"]}',
      '{id: office, union: [custom:a], except: [10.0.128.0/17]}',
      '{id: others, prefixes: [0.0.0.0/0, "::/0"], except: [custom:all]}',
    ]),
  )
  assert.equal(heldBy(config, 'a'), '10.0.0.0/16')
  assert.equal(heldBy(config, 'office'), '10.0.0.0/17')
  assert.ok(heldBy(config, 'all').startsWith('10.0.128.0/17 10.1.0.0/32 10.1.0.2/31 '))
  assert.ok(heldBy(config, 'all').endsWith(' 10.1.128.0/17 10.3.0.0/16 2001:db8::/32'))
  const within = (id: string, number: number): boolean =>
    longestPrefixAround(config.lines.find((line) => line.id === id)!.prefixes, addressOfIpv4(number)) >= 0
  for (const number of [0, 0x0a000000, 0x0a008000, 0x0a010001, 0x0a010002, 0x0a03ffff, 0xffffffff])
    assert.notEqual(within('all', number), within('others', number))
})

test('a line that is made of itself is refused with the way round; lines that only lead there are not told', () => {
  const cases: [lines: string[], expected: string[]][] = [
    [['{id: a, union: [custom:a]}'], ['custom:a → custom:a']],
    [['{id: a, union: [custom:b]}', '{id: b, prefixes: [10.0.0.0/8], except: [custom:a]}'], ['custom:a → custom:b → custom:a']],
    [
      [
        '{id: x, union: [custom:c]}',
        '{id: c, union: [custom:d]}',
        '{id: d, union: [custom:e]}',
        '{id: e, union: [custom:c, custom:f]}',
        '{id: f, prefixes: [10.0.0.0/8]}',
      ],
      ['custom:c → custom:d → custom:e → custom:c'],
    ],
    [
      ['{id: a, union: [custom:b]}', '{id: b, union: [custom:a]}', '{id: c, union: [custom:c]}'],
      ['custom:a → custom:b → custom:a', 'custom:c → custom:c'],
    ],
  ]
  for (const [lines, expected] of cases) {
    const { issues, ok } = parse(lines)
    assert.equal(ok, false)
    const loops = issues.filter(({ code }) => code === 'CONFIG_LINE_LOOP')
    assert.deepEqual(
      loops.map(
        ({ message }) =>
          message.split(': ')[1]! +
          message
            .split(': ')
            .slice(2)
            .map((part) => `: ${part}`)
            .join(''),
      ),
      expected,
    )
    assert.deepEqual(issues.length, loops.length)
  }
})

test('ten thousand lines each of the one before are combined without a deep stack', () => {
  const lines = ['{id: l0, prefixes: [10.0.0.0/8]}', ...Array.from({ length: 9999 }, (_, n) => `{id: l${n + 1}, union: [custom:l${n}]}`)]
  assert.equal(heldBy(configOf(parse(lines.toReversed())), 'l9999'), '10.0.0.0/8')
})

const BAD: [name: string, lines: string[], files: Record<string, string>, expected: string[]][] = [
  [
    'an unknown line',
    ['{id: a, prefixes: [10.0.0.0/8]}', '{id: b, union: [custom:aa]}'],
    {},
    ['CONFIG_REFERENCE_UNKNOWN nearcast.yaml:4 lines[1].union[0]'],
  ],
  [
    'a line without custom:',
    ['{id: a, prefixes: [10.0.0.0/8]}', '{id: b, union: [a]}'],
    {},
    ['CONFIG_LINE_MEMBER nearcast.yaml:4 lines[1].union[0]'],
  ],
  ['a line of the catalogue', ['{id: b, union: [cn-33/telecom]}'], {}, ['CONFIG_LINE_MEMBER nearcast.yaml:3 lines[0].union[0]']],
  [
    'host bits in except',
    ['{id: b, prefixes: [10.0.0.0/8], except: [10.0.0.1/24]}'],
    {},
    ['CONFIG_LINE_MEMBER nearcast.yaml:3 lines[0].except[0]'],
  ],
  ['except alone', ['{id: b, except: [10.0.0.0/8]}'], {}, ['CONFIG_LINE_EMPTY nearcast.yaml:3 lines[0]']],
  [
    'nothing that is left',
    ['{id: b, prefixes: [10.0.0.0/8], except: [0.0.0.0/0]}'],
    {},
    ['CONFIG_LINE_NOTHING_LEFT nearcast.yaml:3 lines[0]'],
  ],
  [
    'a line twice in union',
    ['{id: a, prefixes: [10.0.0.0/8]}', '{id: b, union: [custom:a, custom:a]}'],
    {},
    ['CONFIG_REFERENCE_TWICE nearcast.yaml:4 lines[1].union[1]'],
  ],
  [
    'wrong rows of a file',
    ['{id: a, file: a.csv}'],
    { 'a.csv': 'cidr\n10.0.0.1/8\n10.0.0.0/8\n::ffff:1.2.3.4\n' },
    ['CONFIG_PREFIX_INVALID a.csv:2 lines[0].file', 'CONFIG_PREFIX_INVALID a.csv:4 lines[0].file'],
  ],
  ['a web page for a file', ['{id: a, file: a.csv}'], { 'a.csv': '<html>' }, ['CONFIG_PREFIX_FILE a.csv:1 lines[0].file']],
  ['a file of comments', ['{id: a, file: a.csv}'], { 'a.csv': '# none\n' }, ['CONFIG_LINE_EMPTY nearcast.yaml:3 lines[0]']],
  [
    'doubles in a file',
    ['{id: a, file: a.csv}'],
    { 'a.csv': '10.0.0.0/8\n11.0.0.0/8\n10.0.0.0/8\n11.0.0.0/8\n' },
    ['CONFIG_PREFIX_TWICE a.csv:3 lines[0].file'],
  ],
  [
    'doubles of list and file',
    ['{id: a, prefixes: [10.0.0.0/8], file: a.csv}'],
    { 'a.csv': '10.0.0.0/8\n' },
    ['CONFIG_PREFIX_TWICE nearcast.yaml:3 lines[0]'],
  ],
]

for (const [name, lines, files, expected] of BAD) {
  test(`parseConfig tells ${name} of a custom line`, () => assert.deepEqual(told(parse(lines, files)), expected))
}

test('of many wrong rows the first hundred are told, and how many more there are', () => {
  const { issues } = parse(['{id: a, file: a.csv}'], { 'a.csv': '10.0.0.1/8\n'.repeat(150) })
  assert.equal(issues.filter(({ code }) => code === 'CONFIG_PREFIX_INVALID').length, 100)
  assert.match(issues.find(({ code }) => code === 'CONFIG_PREFIX_ERRORS')!.message, /^50 more rows of file "a\.csv"/)
})

test('a document has at most a million networks in its custom lines, union counted', () => {
  const half = Array.from({ length: 500_001 }, (_, n) => `10.${(n >> 15) & 255}.${(n >> 7) & 255}.${2 * (n & 127)}`).join('\n')
  const files = { 'a.cidr': half, 'b.cidr': half.replaceAll(/^10/gm, '11') }
  const many = parse(['{id: a, file: a.cidr}', '{id: b, file: b.cidr}'], files)
  assert.deepEqual(told(many), ['CONFIG_PREFIX_MANY nearcast.yaml:4 lines[1]'])
  const made = parse(['{id: a, file: a.cidr}', '{id: b, union: [custom:a]}', '{id: c, union: [custom:a]}'], { 'a.cidr': half })
  assert.deepEqual(
    told(made).map((text) => text.split(' ')[0]),
    ['CONFIG_PREFIX_MANY'],
  )
})

test('a difference of more than a million networks is told without being made', () => {
  const scattered = Array.from({ length: 10_000 }, (_, n) => `${((n * 0x9e3b) & 0xffff).toString(16)}:${n.toString(16)}::1`).join('\n')
  const lines = ['{id: a, file: a.cidr}', '{id: b, prefixes: ["::/0"], except: [custom:a]}']
  assert.deepEqual(told(parse(lines, { 'a.cidr': scattered })), ['CONFIG_PREFIX_MANY nearcast.yaml:4 lines[1]'])
})

test('export and apply again give the same digest, files, ranges, union and except included', () => {
  const lines = [
    '{id: a, prefixes: [10.0.0.1-10.0.0.6, "2001:db8::/32"], file: a.csv}',
    '{id: b, label: B, union: [custom:a, 192.0.2.0/24], except: [10.0.0.2]}',
    '{id: c, prefixes: [10.9.0.0/16], except: [custom:b]}',
  ]
  const first = parse(lines, { 'a.csv': 'network;note\n172.16.0.0/12;x\n' }, 'options: {scopeGranularity: {ipv6: 48}}\n')
  const config = configOf(first)
  for (const single of [false, true]) {
    const written = writeConfig(config, { single })
    const again = parseConfig(written.document, new Map(Object.entries(written.files)))
    assert.equal(again.ok && again.digest, first.ok && first.digest, written.document)
  }
})

test('the digest of a document without the new keys is what it was before there were any', () => {
  const result = parse(['{id: b, label: {en: B}, prefixes: ["2001:db8::/32", 10.0.0.0/8]}', '{id: a, prefixes: [192.0.2.1]}'])
  assert.equal(result.ok && result.digest, 'c20eded285cb9d4a24dd07d1d02c1bcf628f8233f8372fdad913ff914747a94d')
})

test('scopeGranularity: finer networks are told once with the first of them', () => {
  const { issues } = parse(
    ['{id: a, prefixes: [10.0.0.0/25, 10.1.0.0/24, "2001:db8::/57", "2001:db8:1::/56"]}'],
    {},
    'options: {scopeGranularity: {}}\n',
  )
  assert.deepEqual(
    issues.map(({ code, message }) => `${code} ${message.slice(0, 10)}`),
    ['CONFIG_SCOPE_FINER 2 networks'],
  )
})

test('an address is on a line exactly when its networks, union and except say so', () => {
  const network = fc
    .tuple(fc.nat(63), fc.integer({ min: 26, max: 32 }))
    .map(([low, length]) => `10.0.0.${Math.floor(low / 2 ** (32 - length)) * 2 ** (32 - length)}/${length}`)
  const member = (n: number): fc.Arbitrary<string> =>
    n === 0
      ? network
      : fc.oneof(
          network,
          fc.nat(n - 1).map((other) => `custom:l${other}`),
        )
  const line = (n: number) =>
    fc.record({
      prefixes: fc.array(network, { minLength: 1, maxLength: 4 }),
      union: fc.uniqueArray(member(n), { maxLength: 3 }),
      except: fc.uniqueArray(member(n), { maxLength: 3 }),
    })
  fc.assert(
    fc.property(fc.tuple(line(0), line(1), line(2), line(3)), (lines) => {
      const document = { apiVersion: 'nearcast/v1', lines: lines.map((given, n) => ({ id: `l${n}`, ...given })) }
      const config = configOf(parseConfig(JSON.stringify(document)))
      const inNetwork = (text: string, low: number): boolean => {
        const [address, length] = text.split('/')
        const first = Number(address!.split('.')[3])
        return low >= first && low < first + 2 ** (32 - Number(length))
      }
      const isOn = (n: number, low: number): boolean => {
        const holds = (entry: string): boolean => (entry.startsWith('custom:l') ? isOn(Number(entry.slice(8)), low) : inNetwork(entry, low))
        const { prefixes, union, except } = lines[n]!
        return [...prefixes, ...union].some(holds) && !except.some(holds)
      }
      for (const n of [0, 1, 2, 3]) {
        for (let low = 0; low < 64; low++) {
          assert.equal(
            longestPrefixAround(config.lines[n]!.prefixes, addressOfIpv4(0x0a000000 + low)) >= 0,
            isOn(n, low),
            `l${n} at ${low}`,
          )
        }
      }
    }),
    { numRuns: 150, seed: 20261121 },
  )
})
