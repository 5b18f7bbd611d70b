/** RFC 2308 §2–§3: negative answers hold the SOA with the smaller of its TTL and its minimum. */
import { checkSection } from '../../support/conformance.ts'

const zone = (ttl: number, minimum: number): string =>
  `@ ${ttl} SOA ns.else. h.else. 1 3600 600 86400 ${minimum}\n@ 300 NS ns.else.\nwww 300 A 192.0.2.1\ndead 300 CNAME nope\ntonodata 300 CNAME www\n`
const soa = (name: string, ttl: number, minimum: number): string => `${name} ${ttl} SOA ns.else h.else 1 3600 600 86400 ${minimum}`
checkSection('RFC 2308 §3', { zones: { 'a.': zone(3600, 60), 'b.': zone(20, 60), 'c.': zone(0, 0) } }, [
  ['§2.1 NXDOMAIN, minimum under the TTL', { name: 'x.a' }, { rcode: 'NXDOMAIN', answers: [], authorities: [soa('a', 60, 60)] }],
  ['§2.1 NXDOMAIN, TTL under the minimum', { name: 'x.b' }, { rcode: 'NXDOMAIN', authorities: [soa('b', 20, 60)] }],
  ['§2.2 NODATA', { name: 'www.a', type: 'MX' }, { answers: [], authorities: [soa('a', 60, 60)] }],
  [
    '§2.1 NXDOMAIN behind a CNAME',
    { name: 'dead.a' },
    { rcode: 'NXDOMAIN', answers: ['dead.a 300 CNAME nope.a'], authorities: [soa('a', 60, 60)] },
  ],
  [
    '§2.2 NODATA behind a CNAME',
    { name: 'tonodata.b', type: 'MX' },
    { answers: ['tonodata.b 300 CNAME www.b'], authorities: [soa('b', 20, 60)] },
  ],
  ['nothing is cached', { name: 'x.c' }, { rcode: 'NXDOMAIN', authorities: [soa('c', 0, 0)] }],
  ['the SOA asked for has its own TTL', { name: 'a', type: 'SOA' }, { answers: [soa('a', 3600, 60)], authorities: [] }],
])
