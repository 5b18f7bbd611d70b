/** Section `geodata` of the document: every mistake with its place, the canonical form, and export → apply. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GeodataSettings } from '../../../../policy/config/config-schema.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

const document = (geodata: string): string => `apiVersion: nearcast/v1\ngeodata: ${geodata}\n`

const REFUSED: readonly { readonly name: string; readonly given: string; readonly expected: readonly string[] }[] = [
  { name: 'a source without file or url', given: '{sources: [{kind: mmdb}]}', expected: ['CONFIG_GEODATA_SOURCE geodata.sources.0'] },
  {
    name: 'both file and url',
    given: '{sources: [{kind: mmdb, file: a, url: "https://a.example/"}]}',
    expected: ['CONFIG_GEODATA_SOURCE geodata.sources.0'],
  },
  { name: 'too many files', given: '{sources: [{kind: snapshot, files: [a, b]}]}', expected: ['CONFIG_GEODATA_SOURCE geodata.sources.0'] },
  {
    name: 'a file for what has none',
    given: '{sources: [{kind: numbering-plan, file: a}]}',
    expected: ['CONFIG_GEODATA_SOURCE geodata.sources.0'],
  },
  {
    name: 'a file outside',
    given: '{sources: [{kind: csv, file: ../a}, {kind: xdb, files: [/etc/passwd]}]}',
    expected: ['CONFIG_GEODATA_FILE geodata.sources.0.file', 'CONFIG_GEODATA_FILE geodata.sources.1.files.0'],
  },
  {
    name: 'a licence key in the URL',
    given: '{sources: [{kind: mmdb, url: "https://a.example/x?license_key=1"}]}',
    expected: ['CONFIG_FORM geodata.sources.0.url'],
  },
  {
    name: 'a password in the URL',
    given: '{sources: [{kind: mmdb, url: "https://me:pw@a.example/x"}]}',
    expected: ['CONFIG_FORM geodata.sources.0.url'],
  },
  {
    name: 'a secret over http',
    given: '{sources: [{kind: mmdb, url: "http://a.example/x", auth: {secretRef: k}}]}',
    expected: ['CONFIG_FORM geodata.sources.0.url'],
  },
  {
    name: 'a URL of another kind',
    given: '{sources: [{kind: mmdb, url: "file:///etc/passwd"}]}',
    expected: ['CONFIG_FORM geodata.sources.0.url'],
  },
  {
    name: 'a key of another kind',
    given: '{sources: [{kind: mmdb, file: a, columns: [prefix]}]}',
    expected: ['CONFIG_KEY_UNUSED geodata.sources.0.columns'],
  },
  {
    name: 'two sources of one name',
    given: '{sources: [{kind: mmdb, file: a}, {kind: mmdb, file: b}]}',
    expected: ['CONFIG_ID_DUPLICATE geodata.sources.1'],
  },
  {
    name: 'the name of something else',
    given: '{sources: [{kind: mmdb, name: corrections, file: a}]}',
    expected: ['CONFIG_GEODATA_SOURCE geodata.sources.0'],
  },
  { name: 'an unknown word', given: '{sources: [deflaut]}', expected: ['CONFIG_TYPE geodata.sources.0'] },
  { name: 'an unknown format', given: '{sources: [{kind: mmbd, file: a}]}', expected: ['CONFIG_VALUE geodata.sources.0.kind'] },
  {
    name: 'an unknown key of a source',
    given: '{sources: [{kind: mmdb, file: a, fiel: a}]}',
    expected: ['CONFIG_UNKNOWN_KEY geodata.sources.0.fiel'],
  },
  {
    name: 'an unknown source in an order',
    given: '{fieldOrder: {carrier: [asn]}}',
    expected: ['CONFIG_REFERENCE_UNKNOWN geodata.fieldOrder.carrier.0'],
  },
  {
    name: 'a correction with host bits',
    given: '{corrections: [{prefix: 192.0.2.1/24, place: ningbo, reason: own}]}',
    expected: ['CONFIG_PREFIX_INVALID geodata.corrections.0.prefix'],
  },
  {
    name: 'a correction of nothing',
    given: '{corrections: [{prefix: 192.0.2.0/24, reason: own}]}',
    expected: ['CONFIG_GEODATA_CORRECTION geodata.corrections.0'],
  },
  {
    name: 'a correction without reason',
    given: '{corrections: [{prefix: 192.0.2.0/24, asn: 1, reason: " "}]}',
    expected: ['CONFIG_GEODATA_CORRECTION geodata.corrections.0'],
  },
  {
    name: 'a correction twice',
    given: '{corrections: [{prefix: 192.0.2.0/24, asn: 1, reason: a}, {prefix: 192.0.2.0/24, asn: 2, reason: a}]}',
    expected: ['CONFIG_ID_DUPLICATE geodata.corrections.1'],
  },
  {
    name: 'an unknown place and carrier',
    given: '{corrections: [{prefix: 192.0.2.0/24, place: ninbgo, carrier: telcom, reason: a}]}',
    expected: ['CONFIG_FORM geodata.corrections.0.place', 'CONFIG_FORM geodata.corrections.0.carrier'],
  },
  { name: 'a minute too many', given: '{refresh: {cron: "60 * * * *"}}', expected: ['CONFIG_FORM geodata.refresh.cron'] },
  { name: 'six fields', given: '{refresh: {cron: "0 0 * * * *"}}', expected: ['CONFIG_FORM geodata.refresh.cron'] },
  { name: 'a range backwards', given: '{refresh: {cron: "0 9-5 * * *"}}', expected: ['CONFIG_FORM geodata.refresh.cron'] },
  { name: 'an unknown time zone', given: '{refresh: {timeZone: Mars/Olympus}}', expected: ['CONFIG_FORM geodata.refresh.timeZone'] },
  {
    name: 'a known address that is none',
    given: '{guards: {knownAddresses: [{address: 192.0.2.0/24, line: cn-33}]}}',
    expected: ['CONFIG_FORM geodata.guards.knownAddresses.0.address'],
  },
  {
    name: 'a custom line of a known address',
    given: '{guards: {knownAddresses: [{address: 192.0.2.1, line: "custom:a"}]}}',
    expected: ['CONFIG_FORM geodata.guards.knownAddresses.0.line'],
  },
]

for (const { name, given, expected } of REFUSED) {
  test(`refused: ${name}`, () => {
    const { issues } = parseConfig(document(given))
    assert.deepEqual(
      issues.map(({ code, path }) => `${code} ${path.join('.')}`),
      expected,
    )
    assert.ok(issues.every(({ suggestion, where }) => suggestion !== '' && where.line === 2))
  })
}

test('a secret of a URL is not repeated in the message', () => {
  const { issues } = parseConfig(document('{sources: [{kind: mmdb, url: "https://me:hidden@a.example/x?token=hidden"}]}'))
  assert.ok(!JSON.stringify(issues).includes('hidden'))
})

const FULL = `{
  sources: [{kind: mmdb, name: city, url: "https://a.example/x.tar.gz", auth: {secretRef: key, user: "1"}, licenceFile: LICENSE.txt, fields: [country]},
    {kind: cidr-list, file: own.txt, place: 宁波, carrier: 电信}, default],
  fieldOrder: {carrier: [default, city]},
  corrections: [{prefix: "2001:DB8::/32", place: ningbo, carrier: 移动, reason: own site, author: li, date: 2026-11-20}],
  refresh: {cron: "*/5 1-4,9 * * 0", timeZone: Asia/Shanghai, watchSeconds: 1},
  guards: {maxMovedPercent: 3, minCoveragePercent: {province: 80}, knownAddresses: [{address: 202.96.104.15, line: 浙江/电信}]}}`

test('the section is brought into canonical form', () => {
  const parsed = parseConfig(document(FULL))
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  const { geodata } = parsed.config
  const [city, own, shipped] = geodata.sources as unknown as [Record<string, unknown>, Record<string, unknown>, unknown]
  assert.deepEqual([city.name, city.urls, city.files], ['city', ['https://a.example/x.tar.gz'], []])
  assert.deepEqual([own.name, own.place, own.carrier], ['cidr-list', 'cn-3302', 'telecom'])
  assert.deepEqual(shipped, { kind: 'default' })
  assert.deepEqual(geodata.corrections, [
    { prefix: '2001:db8::/32', place: 'cn-3302', carrier: 'mobile', reason: 'own site', author: 'li', date: '2026-11-20' },
  ])
  assert.deepEqual(geodata.guards.knownAddresses, [{ address: '202.96.104.15', line: 'cn-33/telecom' }])
})

test('export and apply keep meaning and digest', () => {
  const parsed = parseConfig(document(FULL))
  assert.ok(parsed.ok)
  const written = writeConfig(parsed.config)
  const again = parseConfig(written.document)
  assert.ok(again.ok, JSON.stringify(again.issues))
  assert.equal(again.digest, parsed.digest)
  assert.deepEqual(again.config.geodata, parsed.config.geodata)
})

test('what is left out, or written as it is by default, does not show in the digest', () => {
  const digestOf = (text: string): string => {
    const parsed = parseConfig(text)
    assert.ok(parsed.ok)
    return parsed.digest
  }
  const plain = digestOf('apiVersion: nearcast/v1\n')
  for (const given of ['{}', '{sources: [default]}', '{corrections: [], refresh: {watchSeconds: 10}, guards: {maxMovedPercent: 10}}'])
    assert.equal(digestOf(document(given)), plain)
  assert.notEqual(digestOf(document('{corrections: [{prefix: 192.0.2.0/24, asn: 1, reason: a}]}')), plain)
  // Written before there was more than `sources`.
  const { geodata } = (parseConfig('apiVersion: nearcast/v1\n') as { config: { geodata: GeodataSettings } }).config
  assert.deepEqual(geodata.sources, [{ kind: 'default' }])
})
