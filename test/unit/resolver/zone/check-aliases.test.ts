/** CNAMEs that lead nowhere, by the smallest zones that have them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalName, parseName } from '../../../../resolver/wire/name.ts'
import { compileZones, type SteeredInput } from '../../../../resolver/zone/compile-zones.ts'
import { MAX_ZONE_ISSUES } from '../../../../resolver/zone/zone-record.ts'
import { zoneInputs } from '../../../support/answer-subject.ts'

const TOP = '$TTL 60\n@ SOA ns1.else. h.else. 1 2 3 4 5\n@ NS ns1.else.\n'

function issuesOf(zones: Readonly<Record<string, string>>, steered: readonly SteeredInput[] = []): string[] {
  return compileZones(zoneInputs(zones), steered).issues.map(({ severity, code, file, line }) => `${severity} ${code} ${file}:${line}`)
}

const LOOP = (place: string): string => `warning ZONE_CNAME_LOOP ${place}`
const DANGLING = (place: string): string => `note ZONE_CNAME_DANGLING ${place}`

const ROWS: readonly [title: string, zones: Readonly<Record<string, string>>, issues: readonly string[]][] = [
  ['two that lead to each other', { 'z.': `${TOP}a CNAME b\nb CNAME a\n` }, [LOOP('z.:4')]],
  ['one that leads to itself, in other letters', { 'z.': `${TOP}a CNAME A\n` }, [LOOP('z.:4')]],
  ['a way into a circle is the same circle', { 'z.': `${TOP}x CNAME y\ny CNAME a\na CNAME b\nb CNAME a\n` }, [LOOP('z.:6')]],
  ['a circle over two zones, once', { 'y.': `${TOP}a CNAME a.z.\n`, 'z.': `${TOP}a CNAME a.y.\n` }, [LOOP('y.:4')]],
  ['a chain that ends', { 'z.': `${TOP}a CNAME b\nb CNAME c\nc A 192.0.2.1\n` }, []],
  ['a chain that leads out', { 'z.': `${TOP}a CNAME b\nb CNAME c.else.\n` }, []],
  ['a target that nobody owns', { 'z.': `${TOP}a CNAME no\n` }, [DANGLING('z.:4')]],
  ['a target below a name that exists', { 'z.': `${TOP}a CNAME x.b\nb A 192.0.2.1\n` }, [DANGLING('z.:4')]],
  ['a target in another zone of ours', { 'y.': `${TOP}a CNAME no.z.\n`, 'z.': TOP }, [DANGLING('y.:4')]],
  ['a target in a zone below', { 'z.': `${TOP}a CNAME w.k\n`, 'k.z.': `${TOP}w A 192.0.2.1\n` }, []],
  ['a target that a wildcard stands for', { 'z.': `${TOP}a CNAME x.w\n*.w A 192.0.2.1\n` }, []],
  ['a target that a deeper name takes from the wildcard', { 'z.': `${TOP}a CNAME x.y\n* A 192.0.2.1\ny TXT x\n` }, [DANGLING('z.:4')]],
  ['a target that is an empty non-terminal', { 'z.': `${TOP}a CNAME e\nx.e A 192.0.2.1\n` }, []],
  ['a target that is delegated', { 'z.': `${TOP}a CNAME x.y.d\nd NS ns.else.\n` }, []],
  ['a target below a DNAME', { 'z.': `${TOP}a CNAME x.y.d\nd DNAME else.\n` }, []],
  ['a CNAME that is never answered', { 'z.': `${TOP}d NS ns.else.\na.d CNAME no\n` }, ['note ZONE_OCCLUDED z.:5']],
  ['a circle through a wildcard is not looked for', { 'z.': `${TOP}*.w CNAME x.w\n` }, []],
]

describe('CNAMEs that lead nowhere', () => {
  for (const [title, zones, issues] of ROWS) test(title, () => assert.deepEqual(issuesOf(zones), issues))

  test('a steered name is a target that exists', () => {
    const name = canonicalName(parseName('api.z.'))
    const zones = { 'z.': `${TOP}a CNAME api\n` }
    assert.deepEqual(issuesOf(zones, [{ name, types: [{ type: 1, policy: 0, rows: [] }], targets: false }]), [])
    assert.deepEqual(issuesOf(zones), [DANGLING('z.:4')])
  })

  test('messages name the way around, cut when it is long', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `n${i} CNAME n${(i + 1) % 9}`)
    const { message } = compileZones(zoneInputs({ 'z.': `${TOP}${lines.join('\n')}\n` }), []).issues[0]!
    assert.equal(message, 'CNAMEs lead in a circle: "n0.z." to "n1.z." to "n2.z." to "n3.z." to "n4.z." to "n5.z." to … to "n0.z."')
  })

  test('of many in one zone the first are kept, circles before all', () => {
    const lines = Array.from({ length: MAX_ZONE_ISSUES + 5 }, (_, i) => `n${i} CNAME no`)
    const issues = issuesOf({ 'z.': `${TOP}${lines.join('\n')}\nz CNAME z\n` })
    assert.equal(issues.length, MAX_ZONE_ISSUES + 1)
    assert.match(issues[0]!, /ZONE_CNAME_LOOP/)
    assert.match(issues.at(-1)!, /ZONE_TOO_MANY_ISSUES/)
  })
})
