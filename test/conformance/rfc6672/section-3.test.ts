/** RFC 6672 §2.3–§3.2: DNAME beside other data, what is below it, the CNAME made of it, names that grow too long, chains and loops. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const SOA = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
const LONG = Array.from({ length: 3 }, () => 'y'.repeat(63)).join('.')
checkSection(
  'RFC 6672 §2.3–§3.2',
  {
    zones: {
      'z.': `${APEX}d 77 DNAME t.else.\nd TXT "beside"\nd A 192.0.2.7\nin DNAME to\nx.to A 192.0.2.8\n*.w.to A 192.0.2.9\ntoo DNAME ${LONG}.
one DNAME two\ntwo DNAME one\nalias CNAME x.in\nhop CNAME y.d\nagain DNAME back\nq.back CNAME r.again\nr.back A 192.0.2.10\nsub NS ns.else.\nintosub DNAME sub\na.turn DNAME turn\n`,
      'occ.': `${APEX}d DNAME t.else.\nx.d A 192.0.2.1\nns.d A 192.0.2.2\nsub NS ns.d\n`,
      'apex.': `$TTL 300\n@ SOA ns.else. h.else. 1 3600 600 86400 60\n@ NS ns.else.\n@ MX 10 mail.else.\n@ DNAME z.\n`,
    },
  },
  [
    ['§2.3 the owner is not redirected', { name: 'd.z' }, { answers: ['d.z 300 A 192.0.2.7'] }],
    ['§2.3 other types stand beside it', { name: 'd.z', type: 'TXT' }, { answers: ['d.z 300 TXT "beside"'] }],
    ['§2.3 it is asked for by its type', { name: 'd.z', type: 'DNAME' }, { answers: ['d.z 77 DNAME t.else'] }],
    ['§2.3 at an apex, beside SOA, NS and MX', { name: 'apex', type: 'MX' }, { answers: ['apex 300 MX 10 mail.else'] }],
    [
      '§2.3 at an apex, below it',
      { name: 'x.in.apex' },
      {
        answers: [
          'apex 300 DNAME z',
          'x.in.apex 300 CNAME x.in.z',
          'in.z 300 DNAME to.z',
          'x.in.z 300 CNAME x.to.z',
          'x.to.z 300 A 192.0.2.8',
        ],
      },
    ],
    ['§2.4 names below it are occluded', { name: 'x.d.occ' }, { answers: ['d.occ 300 DNAME t.else', 'x.d.occ 300 CNAME x.t.else'] }],
    ['§2.4 occluded addresses are no glue', { name: 'a.sub.occ' }, { aa: false, additionals: [] }],
    ['§3.1 the CNAME has the TTL of the DNAME', { name: 'a.b.d.z' }, { answers: ['d.z 77 DNAME t.else', 'a.b.d.z 77 CNAME a.b.t.else'] }],
    ['§3.1 letters of the question are kept', { name: 'A.b.D.z' }, { answers: ['D.z 77 DNAME t.else', 'A.b.D.z 77 CNAME A.b.t.else'] }],
    [
      '§3.2 led to its own owner, the DNAME that was asked for is given once (RFC 2181 §5)',
      { name: 'a.a.turn.z', type: 'DNAME' },
      { answers: ['a.turn.z 300 DNAME turn.z', 'a.a.turn.z 300 CNAME a.turn.z'] },
    ],
    [
      '§3.2 the same for ANY',
      { name: 'a.a.turn.z', type: 'ANY' },
      { answers: ['a.turn.z 300 DNAME turn.z', 'a.a.turn.z 300 CNAME a.turn.z'] },
    ],
    [
      '§3.2 the new name is looked up',
      { name: 'x.in.z' },
      { answers: ['in.z 300 DNAME to.z', 'x.in.z 300 CNAME x.to.z', 'x.to.z 300 A 192.0.2.8'] },
    ],
    [
      '§3.2 by a wildcard too',
      { name: 'q.w.in.z' },
      { answers: ['in.z 300 DNAME to.z', 'q.w.in.z 300 CNAME q.w.to.z', 'q.w.to.z 300 A 192.0.2.9'] },
    ],
    [
      '§3.2 no such type there',
      { name: 'x.in.z', type: 'MX' },
      { answers: ['in.z 300 DNAME to.z', 'x.in.z 300 CNAME x.to.z'], authorities: [SOA] },
    ],
    [
      '§3.2 no such name there: NXDOMAIN (RFC 6604)',
      { name: 'nope.in.z' },
      { rcode: 'NXDOMAIN', answers: ['in.z 300 DNAME to.z', 'nope.in.z 300 CNAME nope.to.z'], authorities: [SOA] },
    ],
    [
      '§3.2 a referral there',
      { name: 'x.intosub.z' },
      { answers: ['intosub.z 300 DNAME sub.z', 'x.intosub.z 300 CNAME x.sub.z'], authorities: ['sub.z 300 NS ns.else'] },
    ],
    [
      '§3.2 QTYPE=CNAME: the CNAME that is made is the answer',
      { name: 'x.in.z', type: 'CNAME' },
      { answers: ['in.z 300 DNAME to.z', 'x.in.z 300 CNAME x.to.z'] },
    ],
    [
      '§3.2 too long: YXDOMAIN with the DNAME',
      { name: `${'x'.repeat(62)}.too.z`, udpSize: 1232 },
      { rcode: 'YXDOMAIN', answers: [`too.z 300 DNAME ${LONG}`], authorities: [] },
    ],
    [
      '§3.2 as long as a name may be',
      { name: `${'x'.repeat(60)}.too.z`, udpSize: 1232 },
      { answers: [`too.z 300 DNAME ${LONG}`, `${'x'.repeat(60)}.too.z 300 CNAME ${'x'.repeat(60)}.${LONG}`] },
    ],
    [
      'a CNAME that leads below a DNAME',
      { name: 'alias.z' },
      { answers: ['alias.z 300 CNAME x.in.z', 'in.z 300 DNAME to.z', 'x.in.z 300 CNAME x.to.z', 'x.to.z 300 A 192.0.2.8'] },
    ],
    ['and out of our zones', { name: 'hop.z' }, { answers: ['hop.z 300 CNAME y.d.z', 'd.z 77 DNAME t.else', 'y.d.z 77 CNAME y.t.else'] }],
    [
      'two DNAMEs that lead to each other end',
      { name: 'x.one.z' },
      { answers: ['one.z 300 DNAME two.z', 'x.one.z 300 CNAME x.two.z', 'two.z 300 DNAME one.z', 'x.two.z 300 CNAME x.one.z'] },
    ],
    [
      'one DNAME twice in a chain stands there once',
      { name: 'q.again.z' },
      {
        answers: [
          'again.z 300 DNAME back.z',
          'q.again.z 300 CNAME q.back.z',
          'q.back.z 300 CNAME r.again.z',
          'r.again.z 300 CNAME r.back.z',
          'r.back.z 300 A 192.0.2.10',
        ],
      },
    ],
  ],
)
