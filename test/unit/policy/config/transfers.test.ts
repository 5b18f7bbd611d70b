/** Transfers in the document: keys, permissions, secondaries; what is wrong with them, and that export keeps them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestConfig } from '../../../../policy/config/canonical-config.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

function document(zone: string): string {
  return `apiVersion: nearcast/v1
tsigKeys:
  - {name: Key1, secretRef: key1}
  - {name: key2., algorithm: hmac-sha512, secretRef: key2.b64}
zones:
  - name: z.test.
    soa: {mname: ns1.z.test., rname: h.z.test.}
    nameservers: [ns1.z.test., ns2.z.test.]
    records: [{name: ns1, type: A, data: [192.0.2.53]}, {name: ns2, type: A, data: [192.0.2.54]}]
${zone}`
}

test('every way to write permissions and secondaries, in canonical form; export keeps the meaning', () => {
  const text = document(`    allowTransfer: [192.0.2.0/24, "2001:DB8::1", {tsigKey: KEY1}, {prefix: 10.0.0.0/8, tsigKey: key2}]
    notify: [192.0.2.54, {address: "2001:DB8::53", port: 5353, tsigKey: key1}, nameservers]
`)
  const parsed = parseConfig(text)
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  const [zone] = parsed.config.zones
  assert.deepEqual(zone!.allowTransfer, [
    { prefix: '192.0.2.0/24', tsigKey: '' },
    { prefix: '2001:db8::1/128', tsigKey: '' },
    { prefix: '', tsigKey: 'key1.' },
    { prefix: '10.0.0.0/8', tsigKey: 'key2.' },
  ])
  assert.deepEqual(zone!.notify, [
    { address: '192.0.2.54', port: 53, tsigKey: '' },
    { address: '2001:db8::53', port: 5353, tsigKey: 'key1.' },
    { address: 'nameservers', port: 53, tsigKey: '' },
  ])
  const again = parseConfig(writeConfig(parsed.config).document)
  assert.ok(again.ok)
  assert.equal(digestConfig(again.config), digestConfig(parsed.config))
})

const cases: readonly { readonly name: string; readonly zone: string; readonly codes: readonly string[] }[] = [
  { name: 'an entry with nothing in it', zone: '    allowTransfer: [{}]\n', codes: ['CONFIG_TRANSFER_OPEN'] },
  { name: 'no network', zone: '    allowTransfer: [192.0.2.1/24]\n', codes: ['CONFIG_PREFIX_INVALID'] },
  { name: 'an unknown key', zone: '    allowTransfer: [{tsigKey: key3}]\n', codes: ['CONFIG_REFERENCE_UNKNOWN'] },
  {
    name: 'an unknown key of a secondary',
    zone: '    notify: [{address: 192.0.2.1, tsigKey: key3}]\n',
    codes: ['CONFIG_REFERENCE_UNKNOWN'],
  },
  { name: 'a secondary at a metadata address', zone: '    notify: [169.254.169.254]\n', codes: ['CONFIG_NOTIFY_TARGET'] },
  { name: 'a secondary at a link-local address', zone: '    notify: ["fe80::1"]\n', codes: ['CONFIG_NOTIFY_TARGET'] },
  { name: 'a secondary by name', zone: '    notify: [ns2.z.test]\n', codes: ['CONFIG_NOTIFY_TARGET'] },
]
for (const { name, zone, codes } of cases) {
  test(name, () => {
    const { issues } = parseConfig(document(zone))
    assert.deepEqual(
      issues.filter(({ severity }) => severity !== 'note').map(({ code }) => code),
      codes,
    )
  })
}

test('a secret in the document is refused, and a file outside the folder of secrets cannot be named', () => {
  for (const key of ['{name: k, secretRef: ../k}', '{name: k, secretRef: k, secret: AAAA}', '{name: k, secretRef: a/b}']) {
    assert.equal(parseConfig(`apiVersion: nearcast/v1\ntsigKeys: [${key}]\n`).ok, false, key)
  }
})

test('a key twice', () => {
  const { issues } = parseConfig('apiVersion: nearcast/v1\ntsigKeys: [{name: k, secretRef: a}, {name: K., secretRef: b}]\n')
  assert.deepEqual(
    issues.map(({ code }) => code),
    ['CONFIG_ID_DUPLICATE'],
  )
})
