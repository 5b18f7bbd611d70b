/** Which transfer clients of zones with steered names are public name servers of them: a warning, whatever the zone is written in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileText } from '../../../support/transfer-subject.ts'

const STEERED = `
tsigKeys: [{name: key1., secretRef: key1}]
endpoints: [{id: e, ipv4: 192.0.2.1}]
pools: [{id: p, members: [{endpoint: e}]}]
policies: [{id: p, ttlSeconds: 30, rules: [{line: "*", pools: [p]}], fallback: [p]}]
`
const NAME = 'names: [{name: edge.z.test., types: [A], policy: p}]\n'
const INLINE = `soa: {mname: ns1.z.test., rname: h.z.test.}, nameservers: [ns1.z.test., ns2.z.test., ns3.elsewhere.test.],
    records: [{name: ns1, type: A, data: [192.0.2.53]}, {name: ns2, type: A, data: [192.0.2.54]}, {name: ns2, type: AAAA, data: ["2001:db8::54"]}]`
const FILE = 'file: z.zone'
const files = new Map([
  [
    'z.zone',
    '$TTL 300\n@ SOA ns1 h 1 3600 600 86400 60\n@ NS ns1\n@ NS ns2\n@ NS ns3.elsewhere.test.\nns1 A 192.0.2.53\nns2 A 192.0.2.54\nns2 AAAA 2001:db8::54\n',
  ],
])

const rows: readonly (readonly [what: string, allow: string, warned: readonly string[]])[] = [
  ['nobody transfers', '', []],
  ['a name server is told', 'notify: [192.0.2.54]', ['ns2.z.test.']],
  ['a name server by its IPv6 address', 'notify: ["2001:db8::54"]', ['ns2.z.test.']],
  ['all name servers are told', 'notify: [nameservers]', ['ns2.z.test.', 'ns3.elsewhere.test.']],
  ['a network with a name server', 'allowTransfer: [192.0.2.0/24]', ['ns2.z.test.']],
  ['a key alone: whoever has it', 'allowTransfer: [{tsigKey: key1.}]', ['ns2.z.test.', 'ns3.elsewhere.test.']],
  ['a key in another network', 'allowTransfer: [{tsigKey: key1., prefix: 198.51.100.0/24}]', []],
  ['a secondary that is no name server', 'notify: [192.0.2.99]', []],
  ['the primary itself', 'notify: [192.0.2.53]', []],
]
for (const [what, allow, warned] of rows) {
  for (const [written, content] of [
    ['inline', INLINE],
    ['in a master file', FILE],
  ] as const) {
    test(`${what}, the zone ${written}`, () => {
      const zone = `  - {name: z.test., ${content}${allow === '' ? '' : `, ${allow}`}}\n`
      const named = ({ issues }: ReturnType<typeof compileText>): unknown[] =>
        issues.filter(({ code }) => code === 'CONFIG_TRANSFER_NAMESERVER').map(({ params }) => params.name)
      assert.deepEqual(named(compileText(zone, STEERED + NAME, files)), warned)
      assert.deepEqual(named(compileText(zone, STEERED, files)), [], 'without a steered name')
    })
  }
}

test('a secondary zone with steered names that others transfer on', () => {
  const overlaid = (more: string, names: string): number =>
    compileText(`  - {name: z.test., primaries: [192.0.2.9]${more}}\n`, `${STEERED}${names}`).issues.filter(
      ({ code }) => code === 'CONFIG_TRANSFER_OVERLAY',
    ).length
  assert.equal(overlaid(', allowTransfer: [192.0.2.0/24]', NAME), 1)
  assert.equal(overlaid(', allowTransfer: [192.0.2.0/24]', ''), 0)
  assert.equal(overlaid('', NAME), 0)
})
