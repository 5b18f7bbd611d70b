/** RFC 2136 §3 as a table: a zone, an update, its rcode and the zone after it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applyUpdate, type UpdateScope } from '../../../../resolver/update/apply-update.ts'
import { readUpdate } from '../../../../resolver/update/update-message.ts'
import { type SetRecord, WorkingZone } from '../../../../resolver/update/working-zone.ts'
import { canonicalName, formatName, parseName } from '../../../../resolver/wire/name.ts'
import { formatRdata, parseRdata, splitRdata } from '../../../../resolver/wire/rdata/rdata-text.ts'
import { findType, RCODE_WORDS, typeWord } from '../../../../resolver/wire/registry.ts'
import { octetsKey } from '../../../../resolver/zone/dynamic-layer.ts'
import { updateMessage } from '../../../support/update-message.ts'

const ORIGIN = canonicalName(parseName('example.'))
const DOCUMENT = [
  '@ SOA ns1 hostmaster 100 3600 600 86400 300',
  '@ NS ns1',
  '@ NS ns2',
  '@ MX 10 mail',
  'ns1 A 192.0.2.53',
  'www A 192.0.2.1',
  'www A 192.0.2.2',
  'www TXT "one"',
  'alias CNAME www',
  'ent.below A 192.0.2.9',
  // The static view of a steered name.
  'edge A 192.0.2.77',
  'edge TXT "beside"',
]

const SCOPE: UpdateScope = {
  rules: [
    { tsigKey: 'all.', names: [], types: ['ANY'] },
    { tsigKey: 'plain.', names: [], types: [] },
    { tsigKey: 'text.', names: ['edge.example.'], types: ['TXT'] },
    { tsigKey: 'acme.', names: ['_acme-challenge.*.example.', '_acme-challenge.example.'], types: ['TXT'] },
  ],
  keyName: 'all.',
  steeredTypes: (owner) => (formatName(owner) === 'edge.example.' ? new Set([1, 28]) : new Set()),
  hasSteeredBelow: (owner) => formatName(owner) === 'example.',
}

function documentSets(): (owner: Uint8Array) => ReadonlyMap<number, readonly SetRecord[]> | undefined {
  const sets = new Map<string, Map<number, SetRecord[]>>()
  for (const text of DOCUMENT) {
    const [owner, word, ...rdata] = text.split(' ')
    const name = octetsKey(owner === '@' ? ORIGIN : canonicalName(parseName(owner!, ORIGIN)))
    const type = findType(word!)!
    const types = sets.get(name) ?? new Map<number, SetRecord[]>()
    sets.set(name, types)
    types.set(type, [...(types.get(type) ?? []), { rdata: parseRdata(type, splitRdata(rdata.join(' ')), ORIGIN), ttlSeconds: 300 }])
  }
  return (owner) => sets.get(octetsKey(owner))
}

function makeZone(added: readonly string[] = []): WorkingZone {
  const rows = added.map((text) => {
    const [owner, word, ...rdata] = text.split(' ')
    const type = findType(word!)!
    const data = parseRdata(type, splitRdata(rdata.join(' ')), ORIGIN)
    return { zone: 'example.', owner: `${owner}.example.`, type, rdata: data, kind: 'added' as const, ttlSeconds: 60 }
  })
  return new WorkingZone('example.', ORIGIN, documentSets(), rows)
}

/** "TYPE ttl rdata" of a name, sorted. */
function shown(zone: WorkingZone, owner: string): string[] {
  const name = owner === '@' ? ORIGIN : canonicalName(parseName(owner, ORIGIN))
  return zone
    .types(name)
    .flatMap((type) => zone.records(name, type).map((r) => `${typeWord(type)} ${r.ttlSeconds} ${formatRdata(type, r.rdata)}`))
    .sort()
}

type Row = {
  readonly name: string
  readonly prerequisites?: readonly string[]
  readonly updates?: readonly string[]
  readonly key?: string
  /** What updates added before: "owner TYPE rdata". */
  readonly rows?: readonly string[]
  readonly rcode: string
  /** A name and what it has afterwards. */
  readonly after?: readonly [owner: string, records: readonly string[]]
}

const WWW = ['A 300 192.0.2.1', 'A 300 192.0.2.2', 'TXT 300 "one"']
const EDGE = ['A 300 192.0.2.77', 'TXT 300 "beside"']
const ADD = ['new 60 IN A 192.0.2.7']

const ROWS: readonly Row[] = [
  // §3.2 prerequisites
  { name: '§3.2.1 a TTL that is not 0', prerequisites: ['www 1 ANY A'], rcode: 'FORMERR' },
  { name: '§3.2.1 out of the zone', prerequisites: ['www.other. 0 ANY A'], rcode: 'NOTZONE' },
  { name: '§3.2.1 rdata with class ANY', prerequisites: ['www 0 ANY A 192.0.2.1'], rcode: 'FORMERR' },
  { name: '§3.2.1 rdata with class NONE', prerequisites: ['www 0 NONE A 192.0.2.1'], rcode: 'FORMERR' },
  { name: '§3.2.1 another class', prerequisites: ['www 0 CH TXT "one"'], rcode: 'FORMERR' },
  { name: '§3.2.3 value dependent, type ANY', prerequisites: ['www 0 IN ANY'], rcode: 'FORMERR' },
  { name: '§2.4.1 RRset exists', prerequisites: ['www 0 ANY A'], updates: ADD, rcode: 'NOERROR', after: ['new', ['A 60 192.0.2.7']] },
  { name: '§2.4.1 RRset does not exist', prerequisites: ['www 0 ANY AAAA'], updates: ADD, rcode: 'NXRRSET', after: ['new', []] },
  {
    name: '§2.4.2 RRset has this value, in any order and case',
    prerequisites: ['www 0 IN A 192.0.2.2', 'WWW 0 IN A 192.0.2.1'],
    rcode: 'NOERROR',
  },
  { name: '§2.4.2 names in rdata compare without case', prerequisites: ['alias 0 IN CNAME WWW'], rcode: 'NOERROR' },
  { name: '§2.4.2 the RRset has more', prerequisites: ['www 0 IN A 192.0.2.2'], rcode: 'NXRRSET' },
  { name: '§2.4.2 the RRset has less', prerequisites: ['www 0 IN TXT "one"', 'www 0 IN TXT "two"'], rcode: 'NXRRSET' },
  { name: '§2.4.2 a record given twice is one', prerequisites: ['www 0 IN TXT "one"', 'www 0 IN TXT "one"'], rcode: 'NOERROR' },
  { name: '§2.4.3 RRset must not exist', prerequisites: ['www 0 NONE A'], rcode: 'YXRRSET' },
  { name: '§2.4.3 and does not', prerequisites: ['www 0 NONE AAAA'], rcode: 'NOERROR' },
  { name: '§2.4.4 name in use', prerequisites: ['www 0 ANY ANY'], rcode: 'NOERROR' },
  { name: '§2.4.4 name not in use', prerequisites: ['nobody 0 ANY ANY'], rcode: 'NXDOMAIN' },
  { name: '§2.4.4 an empty non-terminal is not in use', prerequisites: ['below 0 ANY ANY'], rcode: 'NXDOMAIN' },
  { name: '§2.4.5 name must not be in use', prerequisites: ['www 0 NONE ANY'], rcode: 'YXDOMAIN' },
  { name: '§2.4.5 and is not', prerequisites: ['below 0 NONE ANY'], rcode: 'NOERROR' },
  { name: 'a steered name is in use', prerequisites: ['edge 0 NONE ANY'], rcode: 'YXDOMAIN' },
  { name: 'a steered type exists', prerequisites: ['edge 0 ANY A'], rcode: 'NOERROR' },
  { name: 'the SOA compares with its serial', prerequisites: ['example. 0 IN SOA ns1 hostmaster 99 3600 600 86400 300'], rcode: 'NXRRSET' },
  // §3.4.1 prescan
  { name: '§3.4.1.1 out of the zone', updates: ['www.other. 60 IN A 192.0.2.1'], rcode: 'NOTZONE' },
  { name: '§3.4.1.2 add of type ANY', updates: ['www 60 IN ANY'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 add of type AXFR', updates: ['www 60 IN 252 \\# 0'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 class ANY with TTL', updates: ['www 60 ANY A'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 class ANY with rdata', updates: ['www 0 ANY A 192.0.2.1'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 class NONE with TTL', updates: ['www 60 NONE A 192.0.2.1'], rcode: 'FORMERR' },
  { name: '§3.2.1 a TTL beyond RFC 2181', prerequisites: ['www 2147483648 ANY A'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 class ANY with a TTL beyond RFC 2181', updates: ['www 2147483648 ANY A'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 class NONE with a TTL beyond RFC 2181', updates: ['www 2147483648 NONE A 192.0.2.1'], rcode: 'FORMERR' },
  ...['A', 'MX', 'NS', 'CNAME'].map((type) => ({
    name: `§2.5.4 class NONE names a record: ${type} without rdata`,
    updates: [`www 0 NONE ${type}`],
    rcode: 'FORMERR',
    after: ['www', WWW] as const,
  })),
  { name: '§2.5.4 class NONE of a type that may be empty', updates: ['www 0 NONE NULL'], rcode: 'NOERROR', after: ['www', WWW] },
  {
    name: 'RFC 2181 §8 an added record with a TTL beyond it has TTL 0',
    updates: ['new 2147483648 IN A 192.0.2.7'],
    rcode: 'NOERROR',
    after: ['new', ['A 0 192.0.2.7']],
  },
  { name: '§3.4.1.2 class NONE with type ANY', updates: ['www 0 NONE ANY'], rcode: 'FORMERR' },
  { name: '§3.4.1.2 another class', updates: ['www 60 CH TXT "x"'], rcode: 'FORMERR' },
  {
    name: '§3.4.1 nothing of an update that fails happens',
    updates: [...ADD, 'www.other. 60 IN A 192.0.2.1'],
    rcode: 'NOTZONE',
    after: ['new', []],
  },
  // §3.4.2.2 add
  { name: '§3.4.2.2 to an RRset', updates: ['www 300 IN A 192.0.2.3'], rcode: 'NOERROR', after: ['www', [...WWW, 'A 300 192.0.2.3']] },
  { name: '§3.4.2.2 a duplicate is ignored', updates: ['www 300 IN A 192.0.2.1'], rcode: 'NOERROR', after: ['www', WWW] },
  {
    name: '§3.4.2.2 a duplicate with another TTL gives the RRset that TTL',
    updates: ['www 60 IN A 192.0.2.1'],
    rcode: 'NOERROR',
    after: ['www', ['A 60 192.0.2.1', 'A 60 192.0.2.2', 'TXT 300 "one"']],
  },
  { name: '§3.4.2.2 a CNAME beside others is ignored', updates: ['www 60 IN CNAME x'], rcode: 'NOERROR', after: ['www', WWW] },
  {
    name: '§3.4.2.2 others beside a CNAME are ignored',
    updates: ['alias 60 IN A 192.0.2.1'],
    rcode: 'NOERROR',
    after: ['alias', ['CNAME 300 www.example.']],
  },
  {
    name: '§3.4.2.2 a CNAME takes the place of another',
    updates: ['alias 60 IN CNAME x'],
    rcode: 'NOERROR',
    after: ['alias', ['CNAME 60 x.example.']],
  },
  {
    name: '§3.4.2.2 a SOA with an older serial is ignored',
    updates: ['example. 60 IN SOA ns9 h 99 1 1 1 1'],
    rcode: 'NOERROR',
    after: [
      '@',
      [
        'MX 300 10 mail.example.',
        'NS 300 ns1.example.',
        'NS 300 ns2.example.',
        `SOA 300 ns1.example. hostmaster.example. 100 3600 600 86400 300`,
      ],
    ],
  },
  {
    name: '§3.4.2.2 a SOA with a later serial takes its place',
    updates: ['example. 60 IN SOA ns9 h 101 1 1 1 1'],
    rcode: 'NOERROR',
    after: ['@', ['MX 300 10 mail.example.', 'NS 300 ns1.example.', 'NS 300 ns2.example.', `SOA 60 ns9.example. h.example. 101 1 1 1 1`]],
  },
  { name: '§3.4.2.2 a SOA below the apex is ignored', updates: ['www 60 IN SOA ns9 h 101 1 1 1 1'], rcode: 'NOERROR', after: ['www', WWW] },
  {
    name: '§3.4.2.2 WKS of one address and protocol is one',
    updates: ['wks 60 IN WKS 192.0.2.1 6 25', 'wks 60 IN WKS 192.0.2.1 6 80', 'wks 60 IN WKS 192.0.2.1 17 53'],
    rcode: 'NOERROR',
    after: ['wks', ['WKS 60 192.0.2.1 17 53', 'WKS 60 192.0.2.1 6 80']],
  },
  // §3.4.2.3, §3.4.2.4 delete
  { name: '§2.5.2 an RRset', updates: ['www 0 ANY A'], rcode: 'NOERROR', after: ['www', ['TXT 300 "one"']] },
  { name: '§2.5.2 an RRset that is not there', updates: ['www 0 ANY AAAA'], rcode: 'NOERROR', after: ['www', WWW] },
  { name: '§2.5.3 all at a name', updates: ['www 0 ANY ANY'], rcode: 'NOERROR', after: ['www', []] },
  {
    name: '§3.4.2.3 all at the apex but SOA and NS',
    updates: ['example. 0 ANY ANY'],
    rcode: 'NOERROR',
    after: ['@', ['NS 300 ns1.example.', 'NS 300 ns2.example.', 'SOA 300 ns1.example. hostmaster.example. 100 3600 600 86400 300']],
  },
  {
    name: '§3.4.2.3 NS and SOA of the apex stay',
    updates: ['example. 0 ANY NS', 'example. 0 ANY SOA', 'example. 0 ANY MX'],
    rcode: 'NOERROR',
    after: ['@', ['NS 300 ns1.example.', 'NS 300 ns2.example.', 'SOA 300 ns1.example. hostmaster.example. 100 3600 600 86400 300']],
  },
  { name: '§2.5.4 a record', updates: ['www 0 NONE A 192.0.2.1'], rcode: 'NOERROR', after: ['www', ['A 300 192.0.2.2', 'TXT 300 "one"']] },
  { name: '§2.5.4 a record that is not there', updates: ['www 0 NONE A 192.0.2.77'], rcode: 'NOERROR', after: ['www', WWW] },
  {
    name: '§3.4.2.4 the last NS stays',
    updates: ['example. 0 NONE NS ns1', 'example. 0 NONE NS ns2', 'example. 0 ANY MX'],
    rcode: 'NOERROR',
    after: ['@', ['NS 300 ns2.example.', 'SOA 300 ns1.example. hostmaster.example. 100 3600 600 86400 300']],
  },
  {
    name: '§3.4.2 in order: deleted, then added',
    updates: ['www 0 ANY ANY', 'www 60 IN CNAME other'],
    rcode: 'NOERROR',
    after: ['www', ['CNAME 60 other.example.']],
  },
  { name: 'added and removed again', updates: [...ADD, 'new 0 NONE A 192.0.2.7'], rcode: 'NOERROR', after: ['new', []] },
  // §3.3 permission
  { name: 'a key without a rule', key: 'nobody.', updates: ADD, rcode: 'REFUSED', after: ['new', []] },
  { name: 'types that are not named', key: 'plain.', updates: ['example. 60 IN NS ns3'], rcode: 'REFUSED' },
  { name: 'types that are', key: 'plain.', updates: ADD, rcode: 'NOERROR', after: ['new', ['A 60 192.0.2.7']] },
  {
    name: 'a pattern of names',
    key: 'acme.',
    updates: ['_acme-challenge.a.b 60 IN TXT "x"'],
    rcode: 'NOERROR',
    after: ['_acme-challenge.a.b', ['TXT 60 "x"']],
  },
  { name: 'a pattern of names, at the apex', key: 'acme.', updates: ['_acme-challenge 60 IN TXT "x"'], rcode: 'NOERROR' },
  { name: 'a name outside of the pattern', key: 'acme.', updates: ['x.acme-challenge 60 IN TXT "x"'], rcode: 'REFUSED' },
  { name: 'another type at a name of the pattern', key: 'acme.', updates: ['_acme-challenge.a 60 IN A 192.0.2.1'], rcode: 'REFUSED' },
  { name: 'all at a name, of types that may not go', key: 'acme.', updates: ['www 0 ANY ANY'], rcode: 'REFUSED', after: ['www', WWW] },
  { name: 'a steered type', updates: ['edge 60 IN A 192.0.2.1'], rcode: 'REFUSED' },
  { name: 'deleting a steered type', updates: ['edge 0 ANY A'], rcode: 'REFUSED' },
  { name: 'a CNAME at a steered name', updates: ['edge 60 IN CNAME x'], rcode: 'REFUSED' },
  {
    name: 'another type at a steered name',
    updates: ['edge 60 IN TXT "x"'],
    rcode: 'NOERROR',
    after: ['edge', ['A 300 192.0.2.77', 'TXT 60 "beside"', 'TXT 60 "x"']],
  },
  {
    name: 'everything at a steered name but what is steered',
    updates: ['edge 0 ANY ANY'],
    rcode: 'NOERROR',
    after: ['edge', ['A 300 192.0.2.77']],
  },
  {
    name: 'everything at a steered name, with a key for the other types',
    key: 'text.',
    updates: ['edge 0 ANY ANY'],
    rcode: 'NOERROR',
    after: ['edge', ['A 300 192.0.2.77']],
  },
  { name: 'a record of the document at a steered type', updates: ['edge 0 NONE A 192.0.2.77'], rcode: 'REFUSED', after: ['edge', EDGE] },
  {
    name: 'records of updates from before a name was steered go, all of them',
    rows: ['edge A 192.0.2.88', 'edge A 192.0.2.89'],
    updates: ['edge 0 ANY A'],
    rcode: 'NOERROR',
    after: ['edge', EDGE],
  },
  {
    name: 'records of updates from before a name was steered go, one of them',
    rows: ['edge A 192.0.2.88', 'edge A 192.0.2.89'],
    updates: ['edge 0 NONE A 192.0.2.88'],
    rcode: 'NOERROR',
    after: ['edge', ['A 60 192.0.2.77', 'A 60 192.0.2.89', 'TXT 300 "beside"']],
  },
  {
    name: 'with a key that may not',
    key: 'text.',
    rows: ['edge A 192.0.2.88'],
    updates: ['edge 0 ANY A'],
    rcode: 'REFUSED',
  },
  { name: 'a DNAME above a steered name', updates: ['example. 60 IN DNAME other.test.'], rcode: 'REFUSED' },
  { name: 'a delegation of a steered name', updates: ['edge 60 IN NS ns1'], rcode: 'REFUSED' },
  { name: 'NSEC', updates: ['www 60 IN NSEC x A'], rcode: 'REFUSED' },
]

describe('applyUpdate, RFC 2136 §3', () => {
  for (const row of ROWS) {
    test(row.name, () => {
      const zone = makeZone(row.rows)
      const message = readUpdate(updateMessage('example.', row.prerequisites ?? [], row.updates ?? []))
      const rcode = typeof message === 'number' ? message : applyUpdate(zone, message, { ...SCOPE, keyName: row.key ?? 'all.' }).rcode
      assert.equal(RCODE_WORDS[rcode], row.rcode)
      if (row.after !== undefined) assert.deepEqual(shown(zone, row.after[0]), [...row.after[1]].sort())
    })
  }

  test('rows hold what is left, and only that', () => {
    const zone = makeZone()
    const run = (...updates: string[]): void => {
      const message = readUpdate(updateMessage('example.', [], updates))
      assert.ok(typeof message !== 'number')
      assert.equal(applyUpdate(zone, message, SCOPE).rcode, 0)
    }
    run('new 60 IN A 192.0.2.7', 'www 0 ANY A')
    assert.equal(zone.rows().length, 3)
    run('new 0 ANY ANY', 'www 300 IN A 192.0.2.1', 'www 300 IN A 192.0.2.2')
    // Records of the document that an update removed and gave again are rows, so that they stay when the document drops them.
    assert.deepEqual(
      zone.rows().map(({ kind }) => kind),
      ['added', 'added'],
    )
    const again = new WorkingZone('example.', ORIGIN, documentSets(), zone.rows())
    assert.deepEqual(shown(again, 'www'), WWW)
  })

  test('a zone section that is none is FORMERR', () => {
    for (const options of [{ zoneType: 1 }]) assert.equal(readUpdate(updateMessage('example.', [], [], options)), 1)
    const two = updateMessage('example.', [], [])
    two[5] = 2
    assert.equal(readUpdate(two), 1)
    // A name that goes on in the header: "example." with a pointer to offset 10, where two zeros stand.
    const compressed = updateMessage('example.', [], [])
    const pointing = Uint8Array.from([...compressed.subarray(0, 20), 0xc0, 10, ...compressed.subarray(21)])
    assert.equal(readUpdate(pointing), 1)
    const bad = updateMessage('example.', [], ['www 60 IN A 192.0.2.1'])
    assert.equal(readUpdate(bad.subarray(0, bad.length - 1)), 1)
    bad[bad.length - 5] = 3
    assert.equal(readUpdate(bad.subarray(0, bad.length - 1)), 1)
  })
})
