/**
 * RFC 7871 §7.2.1 and §7.1.2 at steered names: the scope of every branch, whose client subnets are used, and who decides when they are
 * not. Scopes are written by hand: with the uniform range [s, e] around an address, the first bit in which it differs from what is
 * beside the range.
 */

import { APEX } from '../../support/answer-subject.ts'
import { type ConformanceRow, checkSection } from '../../support/conformance.ts'

const ZONE = `${APEX}www A 192.0.2.1
tofine CNAME fine
tochain CNAME tofine
`
const base = {
  zones: { 'z.': ZONE, 'i.': `${APEX}toz CNAME edge.z.\n` },
  ignoreEcs: ['i.'],
  ranges: [
    ['202.96.104.0', 'cn/33/3302/telecom'],
    ['202.96.106.0', 'cn/33//unicom'],
    ['202.96.107.0', 'us'],
    ['2001:db8:1::', 'cn/33/3302/telecom'],
    ['2001:db8:2::', 'us'],
  ] as const,
  config: {
    endpoints: [
      { id: 'near', ipv4: '192.0.2.11' },
      { id: 'far', ipv4: '192.0.2.21', target: '' },
      { id: 'alias', target: 'fine.z.' },
    ],
    lines: { park: ['202.96.104.128/26'] },
    pools: [
      { id: 'near', members: ['near'] },
      { id: 'far', members: ['far'] },
      { id: 'alias', members: ['alias'] },
    ],
    policies: [
      { id: 'edge', ttlSeconds: 30, rules: [{ line: 'cn-33/telecom', pools: ['near'] }], fallback: ['far'] },
      {
        id: 'apart',
        ttlSeconds: 30,
        inherit: false,
        rules: [
          { line: 'cn-33', pools: ['near'] },
          { line: 'cn-33/telecom', pools: ['near'] },
        ],
        fallback: ['far'],
      },
      {
        id: 'blocks',
        ttlSeconds: 30,
        rules: [{ line: 'cn-33/telecom', pools: ['near'] }],
        fallback: ['far'],
        hashPrefix: { ipv4: 28, ipv6: 60 },
      },
      { id: 'all', ttlSeconds: 30, rules: [{ line: '*', pools: ['far'] }], fallback: ['far'] },
      { id: 'park', ttlSeconds: 30, rules: [{ line: 'custom:park', pools: ['near'] }], fallback: ['far'] },
      { id: 'to', ttlSeconds: 30, rules: [{ line: 'cn', pools: ['alias'] }], fallback: ['far'] },
      { id: 'none', ttlSeconds: 30, rules: [{ line: 'cn-33/telecom', pools: ['near'] }], fallback: ['far'], allDown: 'servfail' as const },
    ],
  },
  names: [
    { name: 'edge.z.', types: ['A', 'AAAA'], policy: 'edge' },
    { name: 'apart.z.', types: ['A'], policy: 'apart' },
    { name: 'blocks.z.', types: ['A'], policy: 'blocks' },
    { name: 'all.z.', types: ['A'], policy: 'all' },
    { name: 'fine.z.', types: ['A'], policy: 'park' },
    { name: 'to.z.', types: ['A'], policy: 'to' },
    { name: 'down.z.', types: ['A'], policy: 'none' },
    { name: 'ign.i.', types: ['A', 'AAAA'], policy: 'edge' },
  ],
}
const NEAR = (name: string): readonly string[] => [`${name} 30 A 192.0.2.11`]
const FAR = (name: string): readonly string[] => [`${name} 30 A 192.0.2.21`]
const near = '202.96.104.0/24'

checkSection('RFC 7871 §7.2.1 scopes of steered answers', base, [
  ['a client of the rule', { name: 'edge.z', subnet: near }, { answers: NEAR('edge.z'), ecs: '202.96.104.0/24 23' }],
  [
    'a client of no rule has its true scope',
    { name: 'edge.z', subnet: '202.96.107.0/24' },
    { answers: FAR('edge.z'), ecs: '202.96.107.0/24 23' },
  ],
  ['one far away from every rule', { name: 'edge.z', subnet: '9.9.9.9/32' }, { answers: FAR('edge.z'), ecs: '9.9.9.9/32 1' }],
  ['one without a place, IPv6', { name: 'edge.z', subnet: '2001:db8:3::/48' }, { answers: FAR('edge.z'), ecs: '2001:db8:3::/48 47' }],
  ['IPv6 of the rule', { name: 'edge.z', subnet: '2001:db8:1::/48' }, { answers: NEAR('edge.z'), ecs: '2001:db8:1::/48 48' }],
  [
    'a source shorter than the scope is decided at its network address',
    { name: 'edge.z', subnet: '202.96.104.0/21' },
    { answers: NEAR('edge.z'), ecs: '202.96.104.0/21 23' },
  ],
  ['everybody alike: scope 0', { name: 'all.z', subnet: near }, { answers: FAR('all.z'), ecs: '202.96.104.0/24 0' }],
  ['inherit: false', { name: 'apart.z', subnet: near }, { answers: NEAR('apart.z'), ecs: '202.96.104.0/24 23' }],
  [
    'inherit: false, the wider rule',
    { name: 'apart.z', subnet: '202.96.106.0/24' },
    { answers: NEAR('apart.z'), ecs: '202.96.106.0/24 24' },
  ],
  [
    'inherit: false, a client of no rule',
    { name: 'apart.z', subnet: '202.96.107.0/24' },
    { answers: FAR('apart.z'), ecs: '202.96.107.0/24 24' },
  ],
  ['hashPrefix makes the scope finer', { name: 'blocks.z', subnet: near }, { answers: NEAR('blocks.z'), ecs: '202.96.104.0/24 28' }],
  ['hashPrefix, a client of no rule', { name: 'blocks.z', subnet: '9.9.9.9/32' }, { answers: FAR('blocks.z'), ecs: '9.9.9.9/32 28' }],
  ['a chain that ends at a steered name', { name: 'tochain.z', subnet: '202.96.104.128/32' }, { ecs: '202.96.104.128/32 26' }],
  [
    'a chain from one steered name to another: the larger scope',
    { name: 'to.z', subnet: '202.96.104.128/32' },
    { ecs: '202.96.104.128/32 26' },
  ],
  ['and where the first is the larger', { name: 'to.z', subnet: '202.96.106.0/24' }, { ecs: '202.96.106.0/24 24' }],
  [
    'AAAA where no endpoint has one: NODATA of this client',
    { name: 'edge.z', type: 'AAAA', subnet: near },
    { answers: [], ecs: '202.96.104.0/24 23' },
  ],
  ['AAAA of a client of no rule', { name: 'edge.z', type: 'AAAA', subnet: '9.9.9.9/32' }, { answers: [], ecs: '9.9.9.9/32 1' }],
  [
    'an address that is IPv4 in IPv6 stays IPv6: no place, and a true scope',
    { name: 'edge.z', subnet: '::ffff:202.96.104.0/120' },
    { answers: FAR('edge.z') },
  ],
])

checkSection('RFC 7871 §7.2.1 everything is down', { ...base, ranking: { standings: { near: 'down', far: 'down' } } }, [
  ['SERVFAIL carries the option', { name: 'down.z', subnet: near }, { rcode: 'SERVFAIL', aa: false, ecs: '202.96.104.0/24 23' }],
])

const resolver = '202.96.104.7'
/** Rows of a client whose subnet is not used: the resolver decides, the option is echoed with scope 0. */
const notUsed = (zone: string, from: string, answers: readonly string[]): readonly ConformanceRow[] => [
  ['IPv4', { name: zone, subnet: '202.96.107.0/24', from }, { answers, ecs: '202.96.107.0/24 0' }],
  ['IPv6', { name: zone, subnet: '2001:db8:2::/48', from }, { answers, ecs: '2001:db8:2::/48 0' }],
  ['NODATA', { name: zone, type: 'AAAA', subnet: '202.96.107.0/24', from }, { answers: [], ecs: '202.96.107.0/24 0' }],
  ['no option, no option back', { name: zone, udpSize: 1232, from }, { answers, ecs: undefined }],
  ['source /0', { name: zone, subnet: '0.0.0.0/0', from }, { answers, ecs: '0.0.0.0/0 0' }],
  ['source ::/0', { name: zone, subnet: '::/0', from }, { answers, ecs: '::/0 0' }],
]

checkSection('RFC 7871 §7.2.1 ecs: ignore of the zone', base, [
  ...notUsed('ign.i', resolver, NEAR('ign.i')),
  ...notUsed('ign.i', '9.9.9.9', FAR('ign.i')),
  ['a chain into a zone that uses it', { name: 'toz.i', subnet: near, from: '9.9.9.9' }, { ecs: '202.96.104.0/24 23' }],
])

const listed = { ...base, ecsTrust: ['198.51.100.0/24', '2001:db8:53::/48'] }
checkSection('RFC 7871 §7.2.1 ecsTrust: a resolver that is not listed', listed, [
  ...notUsed('edge.z', resolver, NEAR('edge.z')),
  ...notUsed('edge.z', '198.51.101.0', FAR('edge.z')),
  ...notUsed('edge.z', '2001:db8:1::53', NEAR('edge.z')),
  // How a socket for both families names an IPv4 resolver.
  ...notUsed('edge.z', `::ffff:${resolver}`, NEAR('edge.z')),
  ['a static answer', { name: 'www.z', subnet: near }, { ecs: '202.96.104.0/24 0' }],
  ['NXDOMAIN', { name: 'nope.z', subnet: near }, { rcode: 'NXDOMAIN', ecs: '202.96.104.0/24 0' }],
  ['REFUSED', { name: 'www.else', subnet: near }, { rcode: 'REFUSED', aa: false, ecs: '202.96.104.0/24 0' }],
  ['a chain', { name: 'tochain.z', subnet: '202.96.104.128/32' }, { ecs: '202.96.104.128/32 0' }],
])
const trusted = (from: string): readonly ConformanceRow[] => [
  [`${from}: its client subnets decide`, { name: 'edge.z', subnet: near, from }, { answers: NEAR('edge.z'), ecs: '202.96.104.0/24 23' }],
  [`${from}: without one it decides`, { name: 'edge.z', udpSize: 1232, from }, { answers: FAR('edge.z'), ecs: undefined }],
  [`${from}: source /0`, { name: 'edge.z', subnet: '0.0.0.0/0', from }, { answers: FAR('edge.z'), ecs: '0.0.0.0/0 0' }],
]
checkSection('RFC 7871 §7.2.1 ecsTrust: a listed resolver', listed, [
  ...trusted('198.51.100.53'),
  ...trusted('::ffff:198.51.100.53'),
  ...trusted('2001:db8:53::53'),
  [
    'the zone’s ecs: ignore goes first',
    { name: 'ign.i', subnet: near, from: '198.51.100.53' },
    { answers: FAR('ign.i'), ecs: '202.96.104.0/24 0' },
  ],
])
checkSection('RFC 7871 §7.2.1 ecsTrust: [] trusts nobody', { ...base, ecsTrust: [] }, notUsed('edge.z', resolver, NEAR('edge.z')))
