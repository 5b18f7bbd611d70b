/** What a transfer shows of a zone: everything once, in one order, steered names and nested zones as a secondary needs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findZone, walkZone } from '../../../../resolver/transfer/zone-walk.ts'
import { parseName } from '../../../../resolver/wire/name.ts'
import { snapshotOf, textsOf, zoneText } from '../../../support/transfer-subject.ts'

function walked(snapshot: ReturnType<typeof snapshotOf>, name: string): string[] {
  return textsOf(walkZone(snapshot, findZone(snapshot.zones, parseName(name))))
}

test('all records but the SOA, names in canonical order, glue and what lies below a cut included', () => {
  const records = [
    ['www', 'A', '192.0.2.2'],
    ['www', 'A', '192.0.2.1'],
    ['*.w', 'CNAME', 'www'],
    ['sub', 'NS', 'ns.sub'],
    ['ns.sub', 'A', '192.0.2.9'],
    ['a.b.c', 'TXT', 'x'],
  ] as const
  assert.deepEqual(walked(snapshotOf(zoneText('z.test.', 1, records)), 'z.test.'), [
    'z.test. 300 NS ns1.z.test.',
    'a.b.c.z.test. 300 TXT "x"',
    'sub.z.test. 300 NS ns.sub.z.test.',
    'ns.sub.z.test. 300 A 192.0.2.9',
    '*.w.z.test. 300 CNAME www.z.test.',
    'www.z.test. 300 A 192.0.2.1',
    'www.z.test. 300 A 192.0.2.2',
  ])
})

test('a zone of ours nested in another is shown there as its delegation, and not a name of it more', () => {
  const snapshot = snapshotOf(
    zoneText('z.test.', 1, [
      ['a', 'A', '192.0.2.1'],
      ['zz', 'A', '192.0.2.2'],
    ]) +
      zoneText('in.z.test.', 1, [
        ['ns1', 'A', '192.0.2.53'],
        ['ns1', 'AAAA', '2001:db8::53'],
        ['hidden', 'A', '192.0.2.3'],
      ]) +
      zoneText('deep.in.z.test.', 1, [['ns1', 'A', '192.0.2.54']]),
  )
  assert.deepEqual(walked(snapshot, 'z.test.'), [
    'z.test. 300 NS ns1.z.test.',
    'a.z.test. 300 A 192.0.2.1',
    'in.z.test. 300 NS ns1.in.z.test.',
    'ns1.in.z.test. 300 A 192.0.2.53',
    'ns1.in.z.test. 300 AAAA 2001:db8::53',
    'zz.z.test. 300 A 192.0.2.2',
  ])
  assert.ok(walked(snapshot, 'in.z.test.').includes('deep.in.z.test. 300 NS ns1.deep.in.z.test.'))
  assert.ok(!walked(snapshot, 'in.z.test.').some((text) => text.startsWith('ns1.z.test.')))
})

test('the DS of a nested zone goes out with the zone above, and not with its own', () => {
  const snapshot = snapshotOf(
    zoneText('z.test.', 1, [
      ['in', 'NS', 'ns1.in'],
      ['in', 'DS', '2 8 253 42'],
    ]) + zoneText('in.z.test.', 1, []),
  )
  assert.ok(walked(snapshot, 'z.test.').includes('in.z.test. 300 DS 2 8 253 42'))
  assert.deepEqual(walked(snapshot, 'in.z.test.'), ['in.z.test. 300 NS ns1.in.z.test.'])
})

test('names that end in the same letters but not in the same labels are no part of the zone', () => {
  const snapshot = snapshotOf(zoneText('z.test.', 1, []) + zoneText('xz.test.', 1, [['a', 'A', '192.0.2.1']]))
  assert.deepEqual(walked(snapshot, 'z.test.'), ['z.test. 300 NS ns1.z.test.'])
})

const STEERED = `endpoints:
  - {id: e1, ipv4: 192.0.2.21, ipv6: "2001:db8::21"}
  - {id: e2, ipv4: 192.0.2.20}
  - {id: t1, target: elsewhere.test.}
pools: [{id: p1, members: [{endpoint: e1}, {endpoint: e2}]}, {id: p2, members: [{endpoint: t1}]}]
policies:
  - {id: addresses, ttlSeconds: 30, families: each, rules: [{line: "*", pools: [p1]}], fallback: [p1]}
  - {id: targets, ttlSeconds: 40, rules: [{line: "*", pools: [p2]}], fallback: [p2]}
names:
  - {name: plain.z.test., policy: addresses}
  - {name: static.z.test., types: [A], policy: addresses}
  - {name: web.z.test., types: [A, HTTPS], policy: addresses, records: {HTTPS: "1 . alpn=h2 ipv4hint={ipv4}"}}
  - {name: away.z.test., policy: targets}
`

test('a steered name goes out as its static RRset, else as the first fallback pool', () => {
  const snapshot = snapshotOf(
    zoneText('z.test.', 1, [
      ['static', 'A', '192.0.2.99'],
      ['static', 'TXT', 'kept'],
    ]),
    STEERED,
  )
  const texts = walked(snapshot, 'z.test.')
  assert.deepEqual(
    texts.filter((text) => !text.includes(' HTTPS ')),
    [
      'z.test. 300 NS ns1.z.test.',
      'away.z.test. 40 CNAME elsewhere.test.',
      'plain.z.test. 30 A 192.0.2.20',
      'plain.z.test. 30 A 192.0.2.21',
      'plain.z.test. 30 AAAA 2001:db8::21',
      'static.z.test. 300 A 192.0.2.99',
      'static.z.test. 300 TXT "kept"',
      'web.z.test. 30 A 192.0.2.20',
      'web.z.test. 30 A 192.0.2.21',
    ],
  )
  assert.equal(texts.filter((text) => text.startsWith('web.z.test. 30 HTTPS')).length, 2)
})

test('a disabled endpoint of the first fallback pool is not in the static view', () => {
  const policies = `
endpoints: [{id: one, ipv4: 192.0.2.1}, {id: two, ipv4: 192.0.2.2, enabled: false}]
pools: [{id: p, members: [{endpoint: one}, {endpoint: two}]}]
policies: [{id: edge, ttlSeconds: 30, rules: [{line: "*", pools: [p]}], fallback: [p]}]
names: [{name: edge.z.test., types: [A], policy: edge}]
`
  const shown = walked(snapshotOf(zoneText('z.test.', 1, []), policies), 'z.test.')
  assert.deepEqual(
    shown.filter((text) => text.startsWith('edge')),
    ['edge.z.test. 30 A 192.0.2.1'],
  )
})
