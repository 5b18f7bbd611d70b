/** Where names stand: RFC 1034 §4.3.2 and the examples of RFC 4592 §2.2.1. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalName, formatName, parseName } from '../../../../resolver/wire/name.ts'
import { compileZones } from '../../../../resolver/zone/compile-zones.ts'
import {
  FOUND_CUT,
  FOUND_MISS,
  FOUND_NODE,
  FOUND_NOTHING,
  findName,
  findNode,
  findRRset,
  makeNameFound,
} from '../../../../resolver/zone/find-name.ts'
import { NONE } from '../../../../resolver/zone/zone-columns.ts'
import { nodeName } from '../../../../resolver/zone/zone-rows.ts'
import { APEX, zoneInputs } from '../../../support/answer-subject.ts'

const ZONES = {
  // RFC 4592 §2.2.1, its zone word for word but for the addresses.
  'example.': `$TTL 3600
@ SOA ns.example.com. h. 1 2 3 4 5
@ NS ns.example.com.
*.example. TXT "this is a wildcard"
*.example. MX 10 host1.example.
sub.*.example. TXT "this is not a wildcard"
host1.example. A 192.0.2.1
_ssh._tcp.host1.example. SRV 0 0 22 host1
_ssh._tcp.host2.example. SRV 0 0 22 host2
subdel.example. NS ns.example.com.
subdel.example. NS ns.example.net.
`,
  'z.': `${APEX}sub NS ns.sub
ns.sub A 192.0.2.1
*.sub TXT "below the cut"
*.w CNAME x
b.child TXT "occluded"
*.wild NS ns.else.
`,
  'child.z.': `${APEX}www A 192.0.2.9
`,
  'deep.sub.z.': APEX,
}
const { columns } = compileZones(zoneInputs(ZONES), [])

function find(text: string): string {
  const name = canonicalName(parseName(text))
  const found = makeNameFound()
  findName(columns, name, name.length, found)
  if (found.kind === FOUND_NOTHING) return 'nothing'
  const at = formatName(nodeName(columns, found.node))
  const zone = formatName(nodeName(columns, columns.zoneApex[found.zone]!))
  const kind = { [FOUND_NODE]: 'node', [FOUND_CUT]: 'cut', [FOUND_MISS]: 'miss' }[found.kind]
  return `${kind} ${at} in ${zone}${found.isWildcard ? ' by wildcard' : ''}${found.isAtCut ? ' itself' : ''}`
}

const ROWS: readonly [name: string, found: string][] = [
  ['host1.example.', 'node host1.example. in example.'],
  ['HOST1.Example.', 'node host1.example. in example.'],
  ['example.', 'node example. in example.'],
  // RFC 4592 §2.2.1: the wildcard stands for host3, not for names that exist or lie below ones that do.
  ['host3.example.', 'node *.example. in example. by wildcard'],
  ['foo.bar.example.', 'node *.example. in example. by wildcard'],
  ['_telnet._tcp.host1.example.', 'miss _tcp.host1.example. in example.'],
  ['_tcp.host1.example.', 'node _tcp.host1.example. in example.'],
  ['host2.example.', 'node host2.example. in example.'],
  ['host.subdel.example.', 'cut subdel.example. in example.'],
  ['ghost.*.example.', 'miss *.example. in example.'],
  ['sub.*.example.', 'node sub.*.example. in example.'],
  ['*.example.', 'node *.example. in example.'],
  ['sub.z.', 'cut sub.z. in z. itself'],
  ['ns.sub.z.', 'cut sub.z. in z.'],
  ['a.b.sub.z.', 'cut sub.z. in z.'],
  ['*.sub.z.', 'cut sub.z. in z.'],
  // The deepest zone answers, below a cut of ours too.
  ['www.child.z.', 'node www.child.z. in child.z.'],
  ['b.child.z.', 'miss child.z. in child.z.'],
  ['child.z.', 'node child.z. in child.z.'],
  ['x.deep.sub.z.', 'miss deep.sub.z. in deep.sub.z.'],
  ['x.w.z.', 'node *.w.z. in z. by wildcard'],
  ['w.z.', 'node w.z. in z.'],
  ['x.y.w.z.', 'node *.w.z. in z. by wildcard'],
  ['x.wild.z.', 'node *.wild.z. in z. by wildcard'],
  ['nope.z.', 'miss z. in z.'],
  ['a.b.c.nope.z.', 'miss z. in z.'],
  ['elsewhere.', 'nothing'],
  ['.', 'nothing'],
  ['xz.', 'nothing'],
  ['zz.example.z.', 'miss z. in z.'],
]

describe('findName', () => {
  for (const [name, found] of ROWS) test(name, () => assert.equal(find(name), found))

  test('names with as many labels as fit', () => {
    assert.equal(find(`${'a.'.repeat(126)}z.`), 'miss z. in z.')
    assert.equal(find(`${'a.'.repeat(127)}`), 'nothing')
    assert.equal(find(`${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(58)}.z.`.replace(/aa\.z\.$/, '.z.')), 'miss z. in z.')
  })

  test('with no zones nothing is found', () => {
    const found = makeNameFound()
    findName(compileZones([], []).columns, parseName('a.'), 3, found)
    assert.equal(found.kind, FOUND_NOTHING)
  })
})

test('findNode and findRRset take exactly what is asked', () => {
  const scratch = makeNameFound()
  const name = parseName('www.child.z.')
  const node = findNode(columns, name, name.length, scratch)
  assert.notEqual(findRRset(columns, node, 1), NONE)
  assert.equal(findRRset(columns, node, 28), NONE)
  const missing = parseName('x.w.z.')
  assert.equal(findNode(columns, missing, missing.length, scratch), NONE)
})
