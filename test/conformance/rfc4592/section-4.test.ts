/** RFC 4592 §3.3.3, §4.3 and §4.4: CNAME, and DNAME, at a wildcard; wildcards in rdata. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const SOA = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
checkSection(
  'RFC 4592 §4',
  {
    zones: {
      'z.': `${APEX}www A 192.0.2.1\n*.c CNAME www\n*.l CNAME a.l\n*.self CNAME q.*.self\n*.d DNAME elsewhere.\n*.d TXT "t"\nx.c.c TXT "x"\nptr CNAME *.t\n*.t A 192.0.2.4\n`,
    },
  },
  [
    ['CNAME by a wildcard, any type', { name: 'q.c.z', type: 'AAAA' }, { answers: ['q.c.z 300 CNAME www.z'], authorities: [SOA] }],
    [
      'CNAME by a wildcard is followed',
      { name: 'a.b.c.z' },
      { rcode: 'NOERROR', answers: ['a.b.c.z 300 CNAME www.z', 'www.z 300 A 192.0.2.1'] },
    ],
    ['an empty non-terminal below blocks it', { name: 'c.c.z' }, { answers: [], authorities: [SOA] }],
    ['and what is below that', { name: 'y.c.c.z' }, { rcode: 'NXDOMAIN', answers: [] }],
    ['a loop through a wildcard ends', { name: 'b.l.z' }, { answers: ['b.l.z 300 CNAME a.l.z', 'a.l.z 300 CNAME a.l.z'] }],
    ['a wildcard that leads below itself', { name: 'b.self.z' }, { rcode: 'NXDOMAIN', answers: ['b.self.z 300 CNAME q.*.self.z'] }],
    ['a wildcard as a target is a name like others', { name: 'ptr.z' }, { answers: ['ptr.z 300 CNAME *.t.z', '*.t.z 300 A 192.0.2.4'] }],
    ['DNAME at a wildcard redirects nothing that it stands for', { name: 'q.d.z' }, { answers: [], authorities: [SOA] }],
    ['nor below that', { name: 'p.q.d.z', type: 'TXT' }, { answers: ['p.q.d.z 300 TXT "t"'] }],
    [
      'DNAME of the wildcard as it stands',
      { name: 'p.*.d.z' },
      { answers: ['*.d.z 300 DNAME elsewhere', 'p.*.d.z 300 CNAME p.elsewhere'] },
    ],
  ],
)
