/** Each problem of a zone by the smallest zone that has it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseName } from '../../../../resolver/wire/name.ts'
import { compileZones, type SteeredInput } from '../../../../resolver/zone/compile-zones.ts'
import { readZoneFile } from '../../../../resolver/zone/zone-file-parser.ts'
import { MAX_ZONE_ISSUES, type ZoneInput } from '../../../../resolver/zone/zone-record.ts'
import { APEX, zoneInputs } from '../../../support/answer-subject.ts'

const SOA = '@ 60 SOA ns1.else. h.else. 1 2 3 4 5\n'
const NS = '@ 60 NS ns1.else.\n'
const TOP = `$TTL 60\n${SOA}${NS}`

function issuesOf(zones: Readonly<Record<string, string>>, steered: readonly SteeredInput[] = []): string[] {
  return compileZones(zoneInputs(zones), steered).issues.map(({ severity, code, file, line }) => `${severity} ${code} ${file}:${line}`)
}

const ROWS: readonly [title: string, text: string, issues: readonly string[]][] = [
  ['a good zone', `${APEX}www A 192.0.2.1\n`, []],
  ['nothing', '', ['error ZONE_NO_SOA z.:0', 'error ZONE_NO_NS z.:0']],
  ['two SOA', `${TOP}${SOA.replace(' 1 ', ' 9 ')}`, ['error ZONE_DUPLICATE_SOA z.:4']],
  ['an SOA given twice, as in a saved zone transfer', `${TOP}${SOA}`, []],
  ['a record given twice', `${TOP}a CNAME b.\na CNAME b.`, ['note ZONE_DUPLICATE_RECORD z.:5']],
  ['an SOA given twice, names in other letters', `${TOP}${SOA.replace('ns1.else', 'NS1.Else')}`, []],
  ['a CNAME given twice, in other letters', `${TOP}a CNAME b.\na CNAME B.`, ['note ZONE_DUPLICATE_RECORD z.:5']],
  ['a DNAME given twice, in other letters', `${TOP}a DNAME b.\na DNAME B.`, ['note ZONE_DUPLICATE_RECORD z.:5']],
  ['texts in other letters are two', `${TOP}a TXT b\na TXT B\na HTTPS 1 b.\nb NAPTR 1 1 "u" "" "" b\nb NAPTR 1 1 "U" "" "" b`, []],
  ['an SOA below the apex', `${TOP}a SOA a. b. 1 2 3 4 5`, ['error ZONE_SOA_BELOW_APEX z.:4']],
  ['out of the zone', `${TOP}a.y. A 192.0.2.1\naz. A 192.0.2.1`, ['error ZONE_OUT_OF_ZONE z.:4', 'error ZONE_OUT_OF_ZONE z.:5']],
  ['a delegation out of the zone is that and nothing more', `${TOP}a.y. NS ns.a.y.`, ['error ZONE_OUT_OF_ZONE z.:4']],
  ['two CNAME', `${TOP}a CNAME b.\na CNAME c.`, ['error ZONE_CNAME_MULTIPLE z.:5']],
  ['a CNAME beside others', `${TOP}a CNAME b.\na A 192.0.2.1\na TXT "x"`, ['error ZONE_CNAME_BESIDE_OTHERS z.:5']],
  ['a CNAME at the apex', `${TOP}@ CNAME b.`, ['error ZONE_CNAME_BESIDE_OTHERS z.:2']],
  ['a CNAME beside its signature', `${TOP}a CNAME b.\na RRSIG CNAME 8 2 60 20300101000000 20200101000000 1 z. AAAA\na NSEC b CNAME`, []],
  ['different TTLs in a set', `${TOP}a 5 A 192.0.2.1\na 6 A 192.0.2.2\na 7 TXT "x"`, ['warning ZONE_TTL_DIFFERS z.:5']],
  ['no glue for a delegation', `${TOP}sub NS ns.sub`, ['warning ZONE_MISSING_GLUE z.:4']],
  ['glue for a delegation', `${TOP}sub NS NS.sub\nns.sub AAAA 2001:db8::1`, []],
  [
    'an address by a wildcard',
    `$TTL 60\n${SOA}@ NS ns1\n@ NS a.b\n* A 192.0.2.1\n*.c A 192.0.2.1\nb TXT x`,
    ['warning ZONE_MISSING_GLUE z.:4'],
  ],
  ['a name server elsewhere', `${TOP}sub NS ns.else.\nsub NS ns.other`, []],
  ['no address for the own name server', `$TTL 60\n${SOA}@ NS ns1`, ['warning ZONE_MISSING_GLUE z.:3']],
  ['a name server that is a CNAME', `$TTL 60\n${SOA}@ NS ns1\nns1 CNAME x.`, ['warning ZONE_NS_IS_ALIAS z.:3']],
  ['a DS without delegation', `${TOP}sub DS 1 8 253 00`, ['warning ZONE_DS_WITHOUT_NS z.:4']],
  ['a DS at the apex', `${TOP}@ DS 1 8 253 00`, ['warning ZONE_DS_AT_APEX z.:4']],
  ['two DNAME', `${TOP}a DNAME b\na DNAME c`, ['error ZONE_DNAME_MULTIPLE z.:5']],
  ['a DNAME beside a CNAME', `${TOP}a DNAME b\na CNAME c.`, ['error ZONE_CNAME_BESIDE_OTHERS z.:4']],
  ['a DNAME beside NS', `${TOP}a DNAME b\na NS ns.else.`, ['error ZONE_DNAME_BESIDE_NS z.:4', 'note ZONE_OCCLUDED z.:4']],
  [
    'names below a DNAME',
    `${TOP}a DNAME b.\nx.a A 192.0.2.1\ny.x.a TXT "x"\nab A 192.0.2.1`,
    ['warning ZONE_BELOW_DNAME z.:5', 'warning ZONE_BELOW_DNAME z.:6'],
  ],
  [
    'data at and below a cut',
    `${TOP}a NS ns.else.\na TXT "x"\nx.a MX 10 y\nx.a A 192.0.2.1\nb.a NS ns.else.`,
    ['note ZONE_OCCLUDED z.:5', 'note ZONE_OCCLUDED z.:6'],
  ],
  [
    'MX and SRV that name an alias',
    `${TOP}@ MX 10 m\n_s SRV 1 2 3 M\nm CNAME x.`,
    ['warning ZONE_TARGET_IS_ALIAS z.:4', 'warning ZONE_TARGET_IS_ALIAS z.:5'],
  ],
  ['a delegation that names an alias elsewhere in the zone', `${TOP}sub NS m\nm CNAME x.`, ['warning ZONE_NS_IS_ALIAS z.:4']],
  [
    'wildcards that servers differ on',
    `${TOP}*.a NS ns.else.\n*.b DNAME x.`,
    ['warning ZONE_WILDCARD_TYPE z.:4', 'warning ZONE_WILDCARD_TYPE z.:5'],
  ],
  [
    'types of the apex below it',
    `${TOP}a NSEC3PARAM 1 0 0 -\na CDS 0 0 0 00`,
    ['warning ZONE_APEX_TYPE_BELOW z.:5', 'warning ZONE_APEX_TYPE_BELOW z.:4'].reverse(),
  ],
  ['services in both modes', `${TOP}a SVCB 0 b.\na SVCB 1 . port=1`, ['warning ZONE_SVCB_MODES z.:4']],
  ['an alias with parameters', `${TOP}a HTTPS 0 b. port=1`, ['warning ZONE_SVCB_ALIAS_PARAMS z.:4']],
  [
    'signatures may differ in TTL',
    `${TOP}a 5 RRSIG A 8 2 60 20300101000000 20200101000000 1 z. AAAA\na 6 RRSIG MX 8 2 60 20300101000000 20200101000000 1 z. AAAA`,
    [],
  ],
  ['a DS at a delegation', `${TOP}sub DS 1 8 253 00\nsub NS ns.else.`, []],
]

describe('checkZone', () => {
  for (const [title, text, issues] of ROWS) test(title, () => assert.deepEqual(issuesOf({ 'z.': text }), issues))

  test('an RRset that no message can hold', () => {
    const fits = Array.from({ length: 240 }, (_, i) => `a TXT "${String(i).padStart(250, 'x')}"`).join('\n')
    assert.deepEqual(issuesOf({ 'z.': `${TOP}${fits}` }), [])
    const over = Array.from({ length: 250 }, (_, i) => `a TXT "${String(i).padStart(250, 'x')}"`).join('\n')
    assert.deepEqual(issuesOf({ 'z.': `${TOP}${over}` }), ['error ZONE_RRSET_TOO_LARGE z.:4'])
  })

  test('a zone given twice', () => {
    const [zone] = zoneInputs({ 'z.': TOP })
    const { issues } = compileZones([zone!, { ...zone!, file: 'again' } as ZoneInput], [])
    assert.deepEqual(
      issues.map(({ code }) => code),
      ['ZONE_DUPLICATE'],
    )
  })

  test('a zone below a DNAME of the zone above', () => {
    const zones = { 'z.': `${TOP}d DNAME x.\ne TXT "x"`, 'a.b.d.z.': TOP, 'e.z.': TOP, 'd.y.': TOP }
    assert.deepEqual(issuesOf(zones), ['warning ZONE_BELOW_DNAME a.b.d.z.:0'])
  })

  test('after the limit the rest is counted, errors first', () => {
    const warnings = Array.from({ length: MAX_ZONE_ISSUES + 5 }, (_, i) => `s${i} NS ns.s${i}`).join('\n')
    const only = compileZones(zoneInputs({ 'z.': `${TOP}${warnings}` }), []).issues
    assert.equal(only.length, MAX_ZONE_ISSUES + 1)
    assert.deepEqual([only.at(-1)!.severity, only.at(-1)!.message], ['warning', '5 more problems are not shown'])
    const mixed = compileZones(zoneInputs({ 'z.': `${TOP}${warnings}\na.y. A 192.0.2.1` }), []).issues
    assert.deepEqual([mixed[0]!.code, mixed.at(-1)!.severity], ['ZONE_OUT_OF_ZONE', 'warning'])
    const errors = Array.from({ length: MAX_ZONE_ISSUES + 1 }, (_, i) => `a${i}.y. A 192.0.2.1`).join('\n')
    assert.equal(compileZones(zoneInputs({ 'z.': `${TOP}${errors}` }), []).issues.at(-1)!.severity, 'error')
  })
})

describe('places of issues', () => {
  test('file, line and column of the record, in included files too', () => {
    const origin = parseName('z.')
    const { table, issues } = readZoneFile(`${TOP}$INCLUDE more\n`, origin, 'z.zone', () => ({
      ok: true,
      text: '\na 5 IN CNAME b.\na A 192.0.2.1\n',
    }))
    assert.deepEqual(issues, [])
    const found = compileZones([{ origin, records: [], table, useClientSubnet: true, file: 'z.zone' }], []).issues
    assert.deepEqual(
      found.map(({ code, file, line, column }) => `${code} ${file}:${line}:${column}`),
      ['ZONE_CNAME_BESIDE_OTHERS more:3:3'],
    )
  })
})

describe('steered names in master files', () => {
  const steer = (name: string, targets: boolean = false): SteeredInput => ({
    name: parseName(name),
    types: [{ type: 1, policy: 0, rows: [] }],
    targets,
  })
  const rows: readonly [title: string, text: string, steered: SteeredInput, issues: readonly string[]][] = [
    ['alone', TOP, steer('e.z.'), []],
    ['beside records of other types', `${TOP}e TXT "x"`, steer('e.z.'), []],
    ['in no zone', TOP, steer('e.y.'), ['error ZONE_STEERED_OUTSIDE :0']],
    ['at a delegation', `${TOP}e NS ns.else.`, steer('e.z.'), ['error ZONE_STEERED_BELOW_CUT z.:4']],
    ['below a delegation', `${TOP}e NS ns.else.`, steer('a.b.e.z.'), ['error ZONE_STEERED_BELOW_CUT z.:4']],
    ['below a DNAME', `${TOP}d DNAME x.`, steer('e.d.z.'), ['error ZONE_STEERED_BELOW_DNAME z.:4']],
    ['at a DNAME', `${TOP}e DNAME x.`, steer('e.z.'), []],
    ['beside a CNAME', `${TOP}e CNAME x.`, steer('e.z.'), ['error ZONE_STEERED_CNAME z.:4']],
    ['with a static set of its type', `${TOP}e A 192.0.2.1`, steer('e.z.'), ['note ZONE_STEERED_STATIC z.:4']],
    ['with a target, alone', TOP, steer('e.z.', true), []],
    ['with a target, beside records', `${TOP}e TXT "x"`, steer('e.z.', true), ['error ZONE_STEERED_TARGET z.:4']],
    ['with a target, at the apex', TOP, steer('z.', true), ['error ZONE_STEERED_TARGET z.:3', 'error ZONE_STEERED_TARGET z.:2']],
    ['at the apex', TOP, steer('z.'), []],
  ]
  for (const [title, text, steered, issues] of rows) test(title, () => assert.deepEqual(issuesOf({ 'z.': text }, [steered]), issues))

  test('inline records (no line) have been judged by the document already', () => {
    const inline = zoneInputs({ 'z.': `${TOP}e CNAME x.` }).map((zone) => ({
      ...zone,
      records: zone.records.map((record) => ({ ...record, line: 0 })),
    }))
    assert.deepEqual(compileZones(inline, [steer('e.z.')]).issues, [])
  })
})
