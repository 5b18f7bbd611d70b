/** What the columns hold: nodes, cuts, empty non-terminals, nested zones; and that order of input does not matter. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatName, parseName } from '../../../../resolver/wire/name.ts'
import { typeWord } from '../../../../resolver/wire/registry.ts'
import { compileZones, type SteeredInput } from '../../../../resolver/zone/compile-zones.ts'
import { NODE_ALIAS, NODE_APEX, NODE_CUT, NODE_EMPTY, NONE, type ZoneColumns } from '../../../../resolver/zone/zone-columns.ts'
import { countNodes, nodeName } from '../../../../resolver/zone/zone-rows.ts'
import { APEX, zoneInputs } from '../../../support/answer-subject.ts'
import { withPlainRows } from '../../../support/plain-rows.ts'

/** Nodes in words: name, zone, flags, types, cut, wildcard. */
function nodesOf(zones: ZoneColumns): string[] {
  const columns = withPlainRows(zones)
  const nameOf = (node: number): string => formatName(columns.names, columns.nodeNameFirst[node]!)
  return Array.from(columns.nodeZone, (zone, node) => {
    const flags = columns.nodeFlags[node]!
    const types = Array.from(columns.rrsetType.subarray(columns.nodeRRsetFirst[node], columns.nodeRRsetFirst[node + 1]), typeWord)
    const words = [
      nameOf(node),
      `zone ${nameOf(columns.zoneApex[zone]!)}`,
      ...(flags & NODE_APEX ? ['apex'] : []),
      ...(flags & NODE_CUT ? ['cut'] : []),
      ...(flags & NODE_EMPTY ? ['empty'] : []),
      ...(flags & NODE_ALIAS ? ['alias'] : []),
      ...(types.length > 0 ? [types.join('+')] : []),
      ...(columns.nodeCut[node] === NONE ? [] : [`below ${nameOf(columns.nodeCut[node]!)}`]),
      ...(columns.nodeWildcard[node] === NONE ? [] : [`wildcard ${nameOf(columns.nodeWildcard[node]!)}`]),
      ...(columns.nodeSteer[node] === NONE ? [] : [`steer ${columns.nodeSteer[node]}`]),
    ]
    return words.join(', ')
  })
}

const ZONES = {
  'z.': `${APEX}sub NS ns.sub
ns.sub A 192.0.2.1
deep.er A 192.0.2.2
alias CNAME deep.er
*.w TXT "w"
b.child A 192.0.2.3
child NS ns.child
ns.child A 192.0.2.4
child DS \\# 5 000108fdaa
gap.child2 NS ns.else.
x.sub2 TXT "occluded"
`,
  'child.z.': `${APEX}www A 192.0.2.9
@ DS \\# 5 000108fdbb
`,
  'gap.child2.z.': APEX,
  'far.sub.z.': APEX,
}

describe('compileZones', () => {
  const { columns } = compileZones(zoneInputs(ZONES), [])

  test('nodes in canonical order, with every empty non-terminal', () => {
    assert.deepEqual(nodesOf(columns), [
      'z., zone z., apex, NS+SOA',
      'alias.z., zone z., alias, CNAME',
      'child.z., zone child.z., apex, NS+SOA+DS',
      'ns1.child.z., zone child.z., A',
      'www.child.z., zone child.z., A',
      'child2.z., zone z., empty',
      'gap.child2.z., zone gap.child2.z., apex, NS+SOA',
      'ns1.gap.child2.z., zone gap.child2.z., A',
      'er.z., zone z., empty',
      'deep.er.z., zone z., A',
      'ns1.z., zone z., A',
      'sub.z., zone z., cut, NS, below sub.z.',
      'far.sub.z., zone far.sub.z., apex, NS+SOA',
      'ns1.far.sub.z., zone far.sub.z., A',
      'ns.sub.z., zone z., A, below sub.z.',
      'sub2.z., zone z., empty',
      'x.sub2.z., zone z., TXT',
      'w.z., zone z., empty, wildcard *.w.z.',
      '*.w.z., zone z., TXT',
    ])
  })

  test('the DS of a nested zone is the parent zone’s, not its own', () => {
    const bytes = Buffer.from(columns.rdata).toString('hex')
    assert.ok(bytes.includes('0108fdaa') && !bytes.includes('0108fdbb'))
  })

  test('parents of zones: only those with authority above the apex', () => {
    const name = (zone: number): string => formatName(nodeName(columns, columns.zoneApex[zone]!))
    const parents = Object.fromEntries(
      Array.from(columns.zoneParent, (parent, zone) => [name(zone), parent === NONE ? 'none' : name(parent)]),
    )
    assert.deepEqual(parents, { 'z.': 'none', 'child.z.': 'z.', 'gap.child2.z.': 'z.', 'far.sub.z.': 'none' })
  })

  test('order of zones, records and steered names does not change a byte', () => {
    const steered = (name: string, type: number): SteeredInput => ({
      name: parseName(name),
      types: [
        {
          type: 16,
          policy: 1,
          rows: [
            { endpoint: 2, rdata: Uint8Array.of(1, 66) },
            { endpoint: 1, rdata: Uint8Array.of(1, 65) },
          ],
        },
        { type, policy: 0, rows: [] },
      ],
      targets: false,
    })
    const turned = (input: SteeredInput): SteeredInput => ({
      ...input,
      types: input.types.map((type) => ({ ...type, rows: [...type.rows].reverse() })).reverse(),
    })
    const zones = zoneInputs({ ...ZONES, 'y.': `${APEX}m A 192.0.2.2\nm A 192.0.2.1\nm TXT "x"\nm A 192.0.2.3\n` })
    const names = [steered('s.y.', 1), steered('*.t.y.', 28)]
    const one = compileZones(zones, names).columns
    const other = compileZones(
      [...zones].reverse().map((zone) => ({ ...zone, records: [...zone.records].reverse() })),
      [...names].reverse().map(turned),
    ).columns
    assert.deepEqual(Object.keys(one), Object.keys(other))
    for (const [column, values] of Object.entries(one)) assert.deepEqual(values, other[column as keyof ZoneColumns], column)
  })

  test('a record given twice is one; the smallest TTL of a set is served', () => {
    const { columns: compiled } = compileZones(zoneInputs({ 'y.': `${APEX}m 9 A 192.0.2.2\nm 8 A 192.0.2.2\nm 10 A 192.0.2.1\n` }), [])
    const made = withPlainRows(compiled)
    const set = Array.from(made.rrsetTtlSeconds).indexOf(8)
    assert.equal(made.rrsetCount[set], 2)
    assert.deepEqual(
      [...made.rdata.subarray(made.rrsetDataFirst[set], made.rrsetDataFirst[set + 1])],
      [0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, 2],
    )
  })

  test('the TTL of negative answers is the smaller of SOA TTL and minimum (RFC 2308 §3)', () => {
    const of = (ttl: number, minimum: number): number =>
      compileZones(zoneInputs({ 'y.': `$TTL 5\n@ ${ttl} SOA a. b. 1 2 3 4 ${minimum}\n@ NS ns.else.\n` }), []).columns
        .zoneNegativeTtlSeconds[0]!
    assert.deepEqual([of(60, 300), of(300, 60)], [60, 60])
  })

  test('steered names: their nodes, types in order, rows by endpoint', () => {
    const { columns: made } = compileZones(zoneInputs({ 'y.': APEX }), [
      {
        name: parseName('*.e.y.'),
        types: [
          { type: 28, policy: 1, rows: [] },
          {
            type: 16,
            policy: 2,
            rows: [
              { endpoint: 7, rdata: Uint8Array.of(1, 66) },
              { endpoint: 3, rdata: Uint8Array.of(1, 65) },
            ],
          },
          { type: 1, policy: 1, rows: [] },
        ],
        targets: true,
      },
    ])
    assert.deepEqual(nodesOf(made).slice(1, 3), ['e.y., zone y., empty, wildcard *.e.y.', '*.e.y., zone y., steer 0'])
    assert.deepEqual([...made.steerTypes], [1, 16, 28])
    assert.deepEqual([...made.steerTypePolicy], [1, 2, 1])
    assert.deepEqual([...made.steerTemplate], [NONE, 0, NONE])
    assert.deepEqual([...made.templateEndpoint], [3, 7])
    assert.deepEqual([...made.templateRdata], [1, 65, 1, 66])
    assert.deepEqual([...made.steerFlags], [1])
  })

  test('columns longer than their first memory', () => {
    const texts = Array.from({ length: 800 }, (_, i) => `t${i}.${'x'.repeat(60)} TXT "${String(i).padStart(200, '.')}"`)
    const { columns: made } = compileZones(zoneInputs({ 'y.': `${APEX}${texts.join('\n')}\n` }), [])
    assert.ok(made.names.length > 1 << 15 && made.rdata.length > 1 << 17)
    assert.equal(
      Buffer.from(made.rdata)
        .toString('latin1')
        .match(/\.{197}[0-9]{3}/g)?.length,
      700,
    )
  })

  test('nothing at all', () => {
    const { columns: made, issues } = compileZones([], [])
    assert.deepEqual([countNodes(made), issues.length], [0, 0])
  })

  test('the root as a zone', () => {
    const { columns: made } = compileZones(zoneInputs({ '.': `${APEX}a.b TXT "x"\n` }), [])
    assert.deepEqual(nodesOf(made), ['., zone ., apex, NS+SOA', 'b., zone ., empty', 'a.b., zone ., TXT', 'ns1., zone ., A'])
  })
})

test('flags and columns of DNAME, DS and types with additional data', () => {
  const text = `$TTL 5
@ SOA ns1 h 1 2 3 4 5
@ NS ns1
d DNAME x.
e.d A 192.0.2.1
c.d NS ns1
b.c.d A 192.0.2.1
cut NS ns1
cut DS 1 8 253 00
f.cut DNAME y.
g.f.cut A 192.0.2.1
m MX 10 ns1
s HTTPS 1 .
t TXT "x"
`
  const zone = withPlainRows(compileZones(zoneInputs({ 'z.': text }), []).columns)
  const nodeNames = Array.from(zone.nodeZone, (_, node) => formatName(zone.names, zone.nodeNameFirst[node]!))
  const nameOf = (node: number): string => (node === NONE ? '' : nodeNames[node]!)
  const words = { apex: 1, cut: 2, empty: 4, alias: 8, dname: 16, ds: 32, additional: 64 }
  assert.deepEqual(
    nodeNames.map((name, node) => {
      const flags = Object.entries(words).filter(([, bit]) => (zone.nodeFlags[node]! & bit) !== 0)
      return `${name} ${flags.map(([word]) => word).join('+')} cut=${nameOf(zone.nodeCut[node]!)} dname=${nameOf(zone.nodeDname[node]!)}`
    }),
    [
      'z. apex+additional cut= dname=',
      'cut.z. cut+additional cut=cut.z. dname=',
      'f.cut.z. dname cut=cut.z. dname=',
      'g.f.cut.z.  cut=cut.z. dname=',
      'd.z. dname cut= dname=',
      'c.d.z. cut+additional cut= dname=d.z.',
      'b.c.d.z.  cut= dname=d.z.',
      'e.d.z.  cut= dname=d.z.',
      'm.z. additional cut= dname=',
      's.z. additional cut= dname=',
      't.z.  cut= dname=',
    ],
  )
})
