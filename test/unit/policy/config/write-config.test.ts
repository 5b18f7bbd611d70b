import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalText } from '../../../../policy/config/canonical-config.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

const example = (name: string): string => readFileSync(new URL(`../../../../examples/edge-api/${name}`, import.meta.url), 'utf8')
const FILES = ['park-a.cidr', 'devices.yourcompany.com.zone']

function loadExample(): ReturnType<typeof parseConfig> {
  return parseConfig(example('nearcast.yaml'), new Map(FILES.map((name) => [name, example(name)])))
}

test('writeConfig then parseConfig is the identity for the example, as a folder and as a single file', () => {
  const source = loadExample()
  assert.ok(source.ok)
  for (const single of [false, true]) {
    const written = writeConfig(source.config, { single })
    assert.deepEqual(Object.keys(written.files).sort(), single ? [] : [...FILES].sort())
    const again = parseConfig(written.document, new Map(Object.entries(written.files)))
    assert.deepEqual(again.issues, [])
    assert.ok(again.ok)
    assert.equal(again.digest, source.digest)
    assert.equal(canonicalText(again.config), canonicalText(source.config))
  }
})

test('writeConfig leaves defaults out', () => {
  const source = parseConfig(readFileSync(new URL('../../../support/design-example.yaml', import.meta.url), 'utf8'))
  assert.ok(source.ok)
  const { document } = writeConfig(source.config)
  for (const key of ['enabled', 'windowSeconds', 'dwellSeconds', 'hashPrefix', 'families', 'precedence', 'geodata']) {
    assert.ok(!document.includes(`${key}:`), key)
  }
})

const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/)
const document = fc.record({
  ttlSeconds: fc.integer({ min: 5, max: 600 }),
  ids: fc.uniqueArray(id, { minLength: 3, maxLength: 6 }),
  choose: fc.constantFrom('best', 'weighted', 'all', 'nearest', 'auto'),
  weight: fc.integer({ min: 1, max: 1000 }),
  intervalMs: fc.integer({ min: 200, max: 20_000 }),
  txt: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  label: fc.string({ maxLength: 20, unit: 'grapheme' }),
  header: fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
  list: fc.string({ maxLength: 30, unit: 'grapheme' }).map((text) => `10.0.0.0/8\n# ${text.replaceAll('\n', ' ')}\r\n2001:db8::/32`),
  dual: fc.boolean(),
})

test('writeConfig then parseConfig is the identity for generated documents', () => {
  fc.assert(
    fc.property(document, (given) => {
      const [first, ...others] = given.ids
      const text = JSON.stringify({
        apiVersion: 'nearcast/v1',
        zones: [
          {
            name: 'example.com.',
            soa: { mname: 'ns1.example.com.', rname: 'host.master@example.com' },
            nameservers: ['ns.example.org.'],
            records: [{ name: 'T', type: 'TXT', data: [given.txt, '"; #'] }],
          },
        ],
        probes: [{ id: 'p', kind: 'http', intervalMs: given.intervalMs, timeoutMs: 100, headers: { 'x-a': given.header } }],
        endpoints: given.ids.map((name, position) => ({
          id: name,
          ipv4: `192.0.2.${position + 1}`,
          ...(given.dual ? { ipv6: `2001:DB8::${position + 1}` } : {}),
          probes: ['p'],
          labels: { rack: given.label },
        })),
        pools: [
          { id: 'edge', choose: given.choose, members: others.map((endpoint) => ({ endpoint, weight: given.weight })) },
          { id: 'central', members: [{ endpoint: first }] },
        ],
        lines: [{ id: 'net', label: { en: given.label }, file: 'net.cidr', prefixes: ['192.168.0.0/16'] }],
        policies: [
          {
            id: 'p',
            ttlSeconds: given.ttlSeconds,
            rules: [
              { line: 'custom:net', pools: ['edge'] },
              { line: '*', pools: ['central'] },
            ],
            fallback: ['central'],
          },
        ],
        names: [{ name: '*.example.com', policy: 'p' }],
      })
      const source = parseConfig(text, new Map([['net.cidr', given.list]]))
      assert.ok(source.ok, JSON.stringify(source.issues))
      for (const single of [false, true]) {
        const written = writeConfig(source.config, { single })
        const again = parseConfig(written.document, new Map(Object.entries(written.files)))
        assert.ok(again.ok, `${JSON.stringify(again.issues)}\n${written.document}`)
        assert.equal(canonicalText(again.config), canonicalText(source.config))
      }
    }),
    { numRuns: 60 },
  )
})

test('the digest ignores key order, comments and the order of lists without meaning, and sees the rest', () => {
  const digest = (text: string): string => {
    const result = parseConfig(text)
    assert.ok(result.ok, JSON.stringify(result.issues))
    return result.digest
  }
  const one = digest('apiVersion: nearcast/v1\nendpoints:\n  - {id: a, ipv4: 192.0.2.1}\n  - {id: b, ipv4: 192.0.2.2, site: x}\n')
  assert.equal(
    digest(
      '# c\nendpoints:\n  - {site: x, ipv4: 192.0.2.2, id: b, enabled: true}\n  - {ipv4: 192.0.2.1, id: a}\napiVersion: nearcast/v1\n',
    ),
    one,
  )
  assert.notEqual(digest('apiVersion: nearcast/v1\nendpoints:\n  - {id: a, ipv4: 192.0.2.1}\n  - {id: b, ipv4: 192.0.2.2, site: y}\n'), one)
})

test('the digest of the example is the same on every machine', () => {
  const source = loadExample()
  assert.ok(source.ok)
  assert.match(source.digest, /^[0-9a-f]{64}$/)
  assert.equal(source.digest, (loadExample() as { digest?: string }).digest)
})
