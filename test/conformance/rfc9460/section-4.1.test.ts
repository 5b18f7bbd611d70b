/** RFC 9460 §4.1: additional data of SVCB and HTTPS; RFC 3403 §4.3 NAPTR; hosts of other types. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const HTTPS = 'UNKNOWN_65'
checkSection(
  'RFC 9460 §4.1',
  {
    zones: {
      'z.': `${APEX}h A 192.0.2.1\nh AAAA 2001:db8::1\nown HTTPS 1 .\nown A 192.0.2.2\nsvc HTTPS 1 h\nto HTTPS 0 own\nnone HTTPS 0 .\nnone A 192.0.2.3
far HTTPS 1 h.else.\n*.w HTTPS 1 .\n*.w A 192.0.2.4\nns NAPTR 1 1 "S" "x" "" _s._tcp\n_s._tcp SRV 1 2 3 h\nna NAPTR 1 1 "A" "x" "" h\nnu NAPTR 1 1 "U" "x" "!a!b!" .
afs AFSDB 1 h\nkx KX 1 h\nmx MX 10 nothere\nmw MX 10 mail.w\nself HTTPS 0 self\nself A 192.0.2.5\n*.v HTTPS 0 b.v\ntoself CNAME self\n`,
    },
  },
  [
    [
      'a service: addresses of its target',
      { name: 'svc.z', type: 'HTTPS' },
      { additionals: ['h.z 300 A 192.0.2.1', 'h.z 300 AAAA 2001:db8::1'] },
    ],
    ['§2.5.2 the target "." of a service is its owner', { name: 'own.z', type: 'HTTPS' }, { additionals: ['own.z 300 A 192.0.2.2'] }],
    ['by a wildcard too', { name: 'q.w.z', type: 'HTTPS' }, { additionals: ['q.w.z 300 A 192.0.2.4'] }],
    [
      'an alias: the services of its target, and addresses',
      { name: 'to.z', type: 'HTTPS' },
      { additionals: [`own.z 300 ${HTTPS} 000100`, 'own.z 300 A 192.0.2.2'] },
    ],
    ['§2.5.1 the target "." of an alias: no service', { name: 'none.z', type: 'HTTPS' }, { additionals: [] }],
    ['RFC 2181 §5.5 an alias to itself: not once more', { name: 'SELF.z', type: 'HTTPS' }, { additionals: ['SELF.z 300 A 192.0.2.5'] }],
    ['behind a CNAME', { name: 'toself.z', type: 'HTTPS' }, { additionals: ['self.z 300 A 192.0.2.5'] }],
    ['an alias by a wildcard to itself', { name: 'b.v.z', type: 'HTTPS' }, { additionals: [] }],
    [
      'an alias by a wildcard to another name',
      { name: 'a.v.z', type: 'HTTPS' },
      { additionals: [`b.v.z 300 ${HTTPS} 000001620176017a00`] },
    ],
    ['a target elsewhere', { name: 'far.z', type: 'HTTPS' }, { additionals: [] }],
    ['NAPTR with S: the services', { name: 'ns.z', type: 'NAPTR' }, { additionals: ['_s._tcp.z 300 SRV 1 2 3 h.z'] }],
    ['NAPTR with A: the addresses', { name: 'na.z', type: 'NAPTR' }, { additionals: ['h.z 300 A 192.0.2.1', 'h.z 300 AAAA 2001:db8::1'] }],
    ['NAPTR with U: nothing', { name: 'nu.z', type: 'NAPTR' }, { additionals: [] }],
    ['AFSDB', { name: 'afs.z', type: 'AFSDB' }, { additionals: ['h.z 300 A 192.0.2.1', 'h.z 300 AAAA 2001:db8::1'] }],
    ['KX', { name: 'kx.z', type: 'KX' }, { additionals: ['h.z 300 A 192.0.2.1', 'h.z 300 AAAA 2001:db8::1'] }],
    ['MX to a name that does not exist', { name: 'mx.z', type: 'MX' }, { additionals: [] }],
    ['MX to a host by a wildcard', { name: 'mw.z', type: 'MX' }, { additionals: ['mail.w.z 300 A 192.0.2.4'] }],
  ],
)
