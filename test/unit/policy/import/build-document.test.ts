/** Records → document: what becomes static, what is steered, what is left out and why. The whole texts stand in test/golden. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRange } from '../../../../geodata/address/prefixes-of-range.ts'
import { buildDocument, type ImportedDocument } from '../../../../policy/import/build-document.ts'
import type { Vendor, VendorExport, VendorRecord } from '../../../../policy/import/vendor-export.ts'

type Row = readonly [name: string, type: string, line: string, value: string, more?: Partial<VendorRecord>]

function build(
  rows: readonly Row[],
  more: Partial<VendorExport> = {},
  vendor: Vendor = 'dnspod',
): ImportedDocument & { readonly doc: Doc } {
  const records = rows.map(
    ([name, type, line, value, extra], number): VendorRecord => ({
      where: `row ${number + 1}`,
      zone: 'example.com',
      name,
      type,
      line,
      lineId: '',
      value,
      weight: undefined,
      priority: undefined,
      ttlSeconds: 600,
      isEnabled: true,
      ...extra,
    }),
  )
  const options = { vendor, precedence: 'place-first', zone: undefined, nameservers: [] } as const
  const made = buildDocument({ vendor, records, lines: [], groups: [], problems: [], ...more }, options)
  return { ...made, doc: made.document as Doc }
}
type Doc = {
  readonly zones: readonly { readonly records?: readonly { name: string; type: string; data: string[]; ttlSeconds: number }[] }[]
  readonly endpoints?: readonly Readonly<Record<string, string>>[]
  readonly pools?: readonly { id: string; members: { endpoint: string; weight?: number }[]; choose: string; maxAnswers?: number }[]
  readonly lines?: readonly { id: string; prefixes: string[] }[]
  readonly policies?: readonly { id: string; rules: { line: string; pools: string[] }[]; fallback: string[] }[]
  readonly names?: readonly { name: string; types: string[]; policy: string }[]
}
const leftOut = (made: ImportedDocument): string[] =>
  made.problems.filter(({ kind }) => kind === 'left-out').map(({ where, reason }) => `${where}: ${reason}`)

test('rdata of every usual type', () => {
  const rows: readonly (readonly [Row, string])[] = [
    [['a', 'A', '默认', '192.0.2.1'], 'A 192.0.2.1'],
    [['b', 'AAAA', '默认', '2001:DB8:0::1'], 'AAAA 2001:db8::1'],
    [['c', 'CNAME', '默认', 'cdn.example.org'], 'CNAME cdn.example.org.'],
    [['d', 'MX', '默认', 'mx.example.org', { priority: 5 }], 'MX 5 mx.example.org.'],
    [['e', 'MX', '默认', '20 mx.example.org.'], 'MX 20 mx.example.org.'],
    [['f', 'TXT', '默认', 'say "hi" \\ 你'], 'TXT "say \\"hi\\" \\\\ \\228\\189\\160"'],
    [['g', 'TXT', '默认', '"already" "quoted"'], 'TXT "already" "quoted"'],
    [['h', 'TXT', '默认', 'x'.repeat(300)], `TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`],
    [['_sip._tcp', 'SRV', '默认', '0 5 5060 sip.example.org'], 'SRV 0 5 5060 sip.example.org.'],
    [['_x._tcp', 'SRV', '默认', '5 5060 sip.example.org', { priority: 1 }], 'SRV 1 5 5060 sip.example.org.'],
    [['i', 'CAA', '默认', '0 issue "ca.example"'], 'CAA 0 issue "ca.example"'],
    [['j', 'NS', '默认', 'ns.example.org'], 'NS ns.example.org.'],
    [['k', 'SPF', '默认', 'v=spf1 -all'], 'TXT "v=spf1 -all"'],
    [['l', 'CNAME', '默认', '例子.example.org'], 'CNAME xn--fsqu00a.example.org.'],
  ]
  for (const [row, expected] of rows) {
    const { doc, problems } = build([row])
    const [record] = doc.zones[0]!.records!
    assert.equal(`${record!.type} ${record!.data[0]}`, expected)
    assert.deepEqual(
      problems.filter(({ kind }) => kind === 'left-out'),
      [],
    )
  }
})

test('what is left out, and why', () => {
  const cases: readonly (readonly [readonly Row[], RegExp])[] = [
    [[['a', 'A', '默认', '192.0.2.256']], /"192\.0\.2\.256" is no IPv4 address/],
    [[['a', 'A', '默认', '2001:db8::1']], /is no IPv4 address/],
    [[['a', '显性URL', '默认', 'http://x/']], /HTTP redirection/],
    [[['a', 'ALIAS', '默认', 'x.example.org']], /is no DNS record/],
    [[['a', 'A', '谷歌', '192.0.2.1']], /line of search engines/],
    [[['a', 'A', '火星', '192.0.2.1']], /no line is called "火星"/],
    [[['a', 'A', 'suzhou', '192.0.2.1']], /no line is called "suzhou"/],
    [[['@', 'CNAME', '默认', 'x.example.org']], /CNAME at the apex/],
    [[['a', 'TXT', '电信', 'x']], /TXT records cannot differ by line/],
    [
      [
        ['a', 'CNAME', '默认', 'x.example.org'],
        ['a', 'TXT', '默认', 'x'],
      ],
      /row 2: a name that has a CNAME owns nothing else/,
    ],
    [
      [
        ['a', 'CNAME', '默认', 'x.example.org'],
        ['a', 'CNAME', '默认', 'y.example.org'],
      ],
      /row 2: the name has a CNAME already/,
    ],
    [[['a', 'A', '默认', '192.0.2.1', { isEnabled: false }]], /it is paused/],
    [[['a', 'A', '默认', '192.0.2.1', { zone: undefined }]], /its zone is not known/],
    [[['@', 'NS', '默认', 'ns.vendor.example']], /name servers are the vendor's/],
    [[['foo bar', 'A', '默认', '192.0.2.1']], /"foo bar" is no name: it has a space/],
    [[['a..b', 'A', '默认', '192.0.2.1']], /"a\.\.b" is no name: it has an empty label/],
    [[['x'.repeat(64), 'A', '电信', '192.0.2.1']], /is no name: a label is longer/],
    [[['宁波', 'A', '默认', '192.0.2.1']], /is no name: .*write "xn--/],
    [[['a', 'A', '默认', '192.0.2.1', { zone: 'exa mple.com' }]], /its zone "exa mple\.com" is no name/],
    [[['a', 'SRV', '默认', 'x']], /not priority, weight, port and host/],
  ]
  for (const [rows, reason] of cases) assert.match(leftOut(build(rows)).join('\n'), reason)
})

test('several lines make a policy: a pool a line, an endpoint a value, the default line is rule and fallback', () => {
  const { doc, counts } = build([
    ['www', 'A', '默认', '192.0.2.1'],
    ['www', 'A', '电信', '192.0.2.2'],
    ['www', 'A', '10=1', '192.0.2.1'],
    ['api', 'A', '默认', '192.0.2.1'],
    ['api', 'A', '境外', '192.0.2.2'],
  ])
  assert.deepEqual(doc.endpoints, [
    { id: 'ip-192-0-2-1', ipv4: '192.0.2.1' },
    { id: 'ip-192-0-2-2', ipv4: '192.0.2.2' },
  ])
  const [, www] = doc.policies!
  assert.deepEqual(
    www!.rules.map(({ line, pools }) => `${line} ${pools}`),
    ['*/telecom www-example-com-any-telecom', '*/unicom www-example-com-any-unicom', '* www-example-com-default'],
  )
  assert.deepEqual(www!.fallback, ['www-example-com-default'])
  assert.deepEqual([counts.steeredRecords, counts.policies, counts.pools, counts.endpoints], [5, 2, 5, 2])
})

test('A and AAAA have policies of their own; a type on the default line alone stays static', () => {
  const { doc } = build([
    ['www', 'A', '默认', '192.0.2.1'],
    ['www', 'A', '电信', '192.0.2.2'],
    ['www', 'AAAA', '默认', '2001:db8::1'],
    ['www', 'AAAA', '移动', '2001:db8::2'],
    ['api', 'A', '电信', '192.0.2.2'],
    ['api', 'A', '默认', '192.0.2.1'],
    ['api', 'AAAA', '默认', '2001:db8::1'],
  ])
  assert.deepEqual(
    doc.names!.map(({ name, types, policy }) => `${name} ${types} ${policy}`),
    ['api.example.com. A api-example-com', 'www.example.com. A www-example-com', 'www.example.com. AAAA www-example-com-aaaa'],
  )
  assert.deepEqual(
    doc.zones[0]!.records!.map(({ name, type }) => `${name} ${type}`),
    ['api AAAA'],
  )
})

test('weights: DNSPod writes them only where they are on, the others write 1 everywhere', () => {
  const two = (a: number | undefined, b: number | undefined): Row[] => [
    ['www', 'A', '默认', '192.0.2.1', { weight: a }],
    ['www', 'A', '默认', '192.0.2.2', { weight: b }],
  ]
  const poolOf = (a: number | undefined, b: number | undefined, vendor: Vendor) => build(two(a, b), {}, vendor).doc.pools?.[0]
  assert.equal(poolOf(undefined, undefined, 'dnspod'), undefined)
  assert.equal(poolOf(1, 1, 'alibaba'), undefined)
  assert.equal(poolOf(1, 1, 'dnspod')!.choose, 'weighted')
  assert.deepEqual(
    poolOf(2, 8, 'alibaba')!.members.map(({ weight }) => weight),
    [2, 8],
  )
  assert.deepEqual(
    poolOf(0, 0, 'dnspod')!.members.map(({ weight }) => weight),
    [1, 1],
  )
})

test('several addresses without weights are all answered, more than eight too', () => {
  const rows = Array.from({ length: 12 }, (_, n): Row => ['www', 'A', '电信', `192.0.2.${n + 1}`])
  const { doc } = build([...rows, ['www', 'A', '默认', '192.0.2.100']])
  const pool = doc.pools!.find(({ id }) => id.endsWith('any-telecom'))!
  assert.deepEqual([pool.choose, pool.maxAnswers, pool.members.length], ['all', 12, 12])
})

test('without a default line the widest line stands for it, and that is said', () => {
  const { doc, problems } = build([
    ['www', 'A', '浙江电信', '192.0.2.1'],
    ['www', 'A', '电信', '192.0.2.2'],
  ])
  assert.deepEqual(doc.policies![0]!.fallback, ['www-example-com-any-telecom'])
  assert.ok(problems.some(({ kind, reason }) => kind === 'changed' && /no record on the default line/.test(reason)))
})

test('Asia is without China at the vendors', () => {
  const rules = (lines: readonly string[]): string[] =>
    build(lines.map((line, n): Row => ['www', 'A', line, `192.0.2.${n + 1}`])).doc.policies![0]!.rules.map(
      ({ line, pools }) => `${line} ${pools}`,
    )
  assert.ok(rules(['默认', '亚洲']).includes('cn www-example-com-default'))
  assert.ok(rules(['默认', '亚洲', '境内']).includes('cn www-example-com-cn'))
})

test('custom lines by name, code or id; groups; equal and broken ranges', () => {
  const lines = [
    { where: 'l1', names: ['园区', 'park-7', '7'], ranges: ['198.51.100.0-198.51.100.255', '2001:db8::-2001:db8::ffff'] },
    { where: 'l2', names: ['other'], ranges: ['198.51.100.0/24', '10.0.0.1-10.0.0.1', 'nonsense', '10.0.0.9-10.0.0.1'] },
  ]
  const groups = [{ where: 'g1', names: ['两网', 'g-1'], lines: ['电信', '园区'] }]
  const made = build(
    [
      ['www', 'A', '默认', '192.0.2.1'],
      ['www', 'A', '两网', '192.0.2.2'],
      ['api', 'A', '默认', '192.0.2.1'],
      ['api', 'A', 'park-7', '192.0.2.3'],
    ],
    { lines, groups },
  )
  assert.deepEqual(
    made.doc.lines!.map(({ id, prefixes }) => `${id} ${prefixes}`),
    ['park-7 198.51.100.0/24,2001:db8::/112', 'other 10.0.0.1/32'],
  )
  assert.deepEqual(
    made.doc.policies!.map(({ rules }) => rules.map(({ line }) => line)),
    [
      ['custom:park-7', '*'],
      ['*/telecom', 'custom:park-7', '*'],
    ],
  )
  assert.match(leftOut(made).join('\n'), /198\.51\.100\.0\/24 is in custom line "园区" too/)
  assert.match(leftOut(made).join('\n'), /"nonsense"/)
  assert.match(leftOut(made).join('\n'), /ends before it begins/)
})

test('parseRange gives exactly the addresses of the range', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['192.0.2.0-192.0.2.255', '192.0.2.0/24'],
    ['192.0.2.1-192.0.2.4', '192.0.2.1/32 192.0.2.2/31 192.0.2.4/32'],
    ['0.0.0.0-255.255.255.255', '0.0.0.0/0'],
    ['255.255.255.255', '255.255.255.255/32'],
    ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0'],
    ['2001:db8::1 - 2001:db8::2', '2001:db8::1/128 2001:db8::2/128'],
    ['192.0.2.0/25', '192.0.2.0/25'],
  ]
  for (const [text, prefixes] of cases) assert.equal((parseRange(text) as readonly string[]).join(' '), prefixes, text)
  for (const text of ['192.0.2.0-2001:db8::', 'a-b', '1-2-3', '192.0.2.1/24', '']) assert.ok('reason' in parseRange(text), text)
})
