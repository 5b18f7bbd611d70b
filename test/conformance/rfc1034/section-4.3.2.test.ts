/** RFC 1034 §4.3.2: the algorithm, step by step. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const SOA = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
checkSection(
  'RFC 1034 §4.3.2',
  {
    zones: {
      'z.': `${APEX}www A 192.0.2.1\nalias CNAME www\naway CNAME www.else.\nsub NS ns.sub\nns.sub A 192.0.2.2\nns.sub AAAA 2001:db8::2
x.ns.sub TXT "occluded"\n*.w A 192.0.2.3\nmail MX 10 www\nsrv SRV 1 2 3 www\nloop CNAME pool\npool CNAME loop\ntosub CNAME a.sub\ndeep.er TXT "x"\n`,
      'deep.z.': `${APEX}www A 192.0.2.9\n`,
    },
  },
  [
    ['step 2: the zone nearest to the name', { name: 'www.deep.z' }, { answers: ['www.deep.z 300 A 192.0.2.9'] }],
    ['step 2: no zone', { name: 'www.else' }, { rcode: 'REFUSED', aa: false, answers: [], authorities: [] }],
    ['step 3a: the whole name matches', { name: 'www.z' }, { answers: ['www.z 300 A 192.0.2.1'], authorities: [] }],
    ['step 3a: a CNAME is followed', { name: 'alias.z' }, { answers: ['alias.z 300 CNAME www.z', 'www.z 300 A 192.0.2.1'] }],
    ['step 3a: unless it is asked for', { name: 'alias.z', type: 'CNAME' }, { answers: ['alias.z 300 CNAME www.z'] }],
    ['step 3a: out of our zones the resolver goes on', { name: 'away.z' }, { answers: ['away.z 300 CNAME www.else'], authorities: [] }],
    ['step 3a: a loop ends with the chain so far', { name: 'loop.z' }, { answers: ['loop.z 300 CNAME pool.z', 'pool.z 300 CNAME loop.z'] }],
    ['step 3a: no such type', { name: 'www.z', type: 'MX' }, { answers: [], authorities: [SOA] }],
    ['an empty non-terminal has no type', { name: 'er.z' }, { answers: [], authorities: [SOA] }],
    [
      'step 3b: a referral with glue, not authoritative',
      { name: 'a.b.sub.z' },
      {
        aa: false,
        answers: [],
        authorities: ['sub.z 300 NS ns.sub.z'],
        additionals: ['ns.sub.z 300 A 192.0.2.2', 'ns.sub.z 300 AAAA 2001:db8::2'],
      },
    ],
    ['step 3b: at the cut too', { name: 'sub.z', type: 'NS' }, { aa: false, answers: [], authorities: ['sub.z 300 NS ns.sub.z'] }],
    ['step 3b: glue is no answer', { name: 'ns.sub.z' }, { aa: false, answers: [], authorities: ['sub.z 300 NS ns.sub.z'] }],
    [
      'step 3b: what stands below the cut is occluded',
      { name: 'x.ns.sub.z', type: 'TXT' },
      { aa: false, answers: [], authorities: ['sub.z 300 NS ns.sub.z'] },
    ],
    ['step 3b behind a CNAME', { name: 'tosub.z' }, { answers: ['tosub.z 300 CNAME a.sub.z'], authorities: ['sub.z 300 NS ns.sub.z'] }],
    ['step 3c: no such name', { name: 'nope.z' }, { rcode: 'NXDOMAIN', answers: [], authorities: [SOA] }],
    ['step 3c: a wildcard', { name: 'q.w.z' }, { answers: ['q.w.z 300 A 192.0.2.3'] }],
    ['step 6: addresses of an MX', { name: 'mail.z', type: 'MX' }, { additionals: ['www.z 300 A 192.0.2.1'] }],
    ['step 6: addresses of an SRV', { name: 'srv.z', type: 'SRV' }, { additionals: ['www.z 300 A 192.0.2.1'] }],
  ],
)
