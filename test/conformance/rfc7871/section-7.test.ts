/** RFC 7871 §6, §7.1.2, §7.2.1 and §7.4: the client subnet of a query, and that of every reply to it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'
import { buildQuery, readReply } from '../../support/dns-packets.ts'

const draft = {
  zones: {
    'z.': `${APEX}www A 192.0.2.1\nsub NS ns.else.\nalias CNAME www\nd DNAME t\ntoedge CNAME edge.ent\nmail MX 10 edge.ent\n`,
  },
  ranges: [
    ['202.96.104.0', 'cn/33/3302/telecom'],
    ['202.96.106.0', 'us'],
  ] as const,
  config: {
    endpoints: [
      { id: 'near', ipv4: '192.0.2.11' },
      { id: 'far', ipv4: '192.0.2.21' },
    ],
    pools: [
      { id: 'near', members: ['near'] },
      { id: 'far', members: ['far'] },
    ],
    policies: [{ id: 'edge', ttlSeconds: 30, rules: [{ line: 'cn-33/telecom', pools: ['near'] }], fallback: ['far'] }],
  },
  names: [{ name: 'edge.ent.z.', types: ['A'], policy: 'edge' }],
}
const subnet = '202.96.104.0/24'
const STATIC = '202.96.104.0/24 0'
checkSection('RFC 7871 §7.2.1', draft, [
  ['a static answer: scope 0', { name: 'www.z', subnet }, { ecs: STATIC }],
  ['NODATA', { name: 'www.z', type: 'MX', subnet }, { ecs: STATIC, answers: [] }],
  ['NXDOMAIN', { name: 'nope.z', subnet }, { rcode: 'NXDOMAIN', ecs: STATIC }],
  ['a referral', { name: 'x.sub.z', subnet }, { aa: false, ecs: STATIC }],
  ['REFUSED', { name: 'www.else', subnet }, { rcode: 'REFUSED', aa: false, ecs: STATIC }],
  ['a DNAME', { name: 'x.d.z', subnet }, { rcode: 'NXDOMAIN', ecs: STATIC }],
  ['the apex', { name: 'z', type: 'SOA', subnet }, { ecs: STATIC }],
  ['no option, no option', { name: 'www.z', udpSize: 1232 }, { ecs: undefined }],
  ['A at the empty non-terminal above a steered name (§7.4)', { name: 'ent.z', subnet }, { ecs: STATIC, answers: [] }],
  ['NS there, as minimising resolvers ask', { name: 'ent.z', type: 'NS', subnet }, { ecs: STATIC, answers: [] }],
  ['another type of the steered name', { name: 'edge.ent.z', type: 'MX', subnet }, { ecs: STATIC, answers: [] }],
  ['steered addresses are never additional data', { name: 'mail.z', type: 'MX', subnet }, { ecs: STATIC, additionals: [] }],
  ['family 0 is echoed', { name: 'www.z', subnet: '0.0.0.0/0' }, { ecs: '0.0.0.0/0 0' }],
])

describe('RFC 7871 §7.1.2, §7.2.1 with a steered name', () => {
  const subject = makeAnswerSubject(draft)
  test('the client subnet decides, and the scope is not 0', () => {
    const near = subject.ask({ name: 'edge.ent.z', subnet })
    const far = subject.ask({ name: 'edge.ent.z', subnet: '202.96.106.0/24' })
    assert.deepEqual([near.answers, far.answers], [['edge.ent.z 30 A 192.0.2.11'], ['edge.ent.z 30 A 192.0.2.21']])
    assert.match(near.ecs!, / (2[0-4]|1[0-9])$/)
    assert.match(subject.ask({ name: 'toedge.z', subnet }).ecs!, / (2[0-4]|1[0-9])$/)
  })
  test('source /0: the resolver’s address decides, scope 0', () => {
    const reply = subject.ask({ name: 'edge.ent.z', subnet: '0.0.0.0/0', from: '202.96.104.7' })
    assert.deepEqual([reply.answers, reply.ecs], [['edge.ent.z 30 A 192.0.2.11'], '0.0.0.0/0 0'])
  })
  const malformed: readonly [title: string, octets: readonly number[]][] = [
    ['too short', [0, 1, 24]],
    ['an octet missing', [0, 1, 24, 0, 202, 96]],
    ['an octet too many', [0, 1, 24, 0, 202, 96, 104, 0]],
    ['bits beyond the prefix', [0, 1, 23, 0, 202, 96, 105]],
    ['a scope in a query', [0, 1, 24, 24, 202, 96, 104]],
    ['IPv4 /33', [0, 1, 33, 0, 202, 96, 104, 1, 0]],
    ['IPv6 /129', [0, 2, 129, 0, ...new Array<number>(17).fill(0)]],
    ['family 3', [0, 3, 24, 0, 202, 96, 104]],
    ['family 0 with a prefix', [0, 0, 8, 0, 10]],
  ]
  for (const [title, octets] of malformed) {
    test(`§7.1.2 ${title}: FORMERR`, () => {
      const reply = readReply(subject.send(buildQuery({ name: 'edge.ent.z', opts: [{ options: [[8, octets]] }] }))!)
      assert.deepEqual([reply.fullRcode, reply.answers.length, reply.opt?.subnet], [1, 0, undefined])
    })
  }
  test('two options: FORMERR', () => {
    const one = [8, [0, 1, 24, 0, 202, 96, 104]] as const
    assert.equal(readReply(subject.send(buildQuery({ name: 'www.z', opts: [{ options: [one, one] }] }))!).fullRcode, 1)
  })
})
