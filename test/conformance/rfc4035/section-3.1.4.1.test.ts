/** RFC 4035 §2.5, §3.1.4 and §3.1.4.1: DS at the parent's side of a cut, NSEC and RRSIG beside a CNAME. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const SOA = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
checkSection(
  'RFC 4035 §3.1.4',
  {
    zones: {
      'z.': `${APEX}@ DNSKEY 256 3 13 AAAA\nsub NS ns.else.\nsub DS 1 8 253 41\nplain NS ns.else.\nchild NS ns1.child\nns1.child A 192.0.2.53\nchild DS 2 8 253 42\nnods NS ns1.nods\nwww A 192.0.2.1\nalias CNAME www\nalias NSEC www.z. CNAME NSEC\ndeleg NS ns.else.\ndn DNAME www\ndo DNAME else.\n`,
      'below.dn.z.': APEX,
      'deep.er.do.z.': APEX,
      'child.z.': APEX,
      'nods.z.': APEX,
      'below.deleg.z.': APEX,
      'alone.': APEX,
      'u.': `${APEX}sub NS ns.else.\nsub DS 1 8 253 41\n`,
    },
  },
  [
    ['DS at a cut is the parent’s, with authority', { name: 'sub.z', type: 'DS' }, { answers: ['sub.z 300 DS 1 8 253 A'] }],
    ['no DS at a cut: NODATA of the parent', { name: 'plain.z', type: 'DS' }, { answers: [], authorities: [SOA] }],
    ['DS below a cut: a referral', { name: 'a.sub.z', type: 'DS' }, { aa: false, answers: [] }],
    ['both zones ours: the parent answers', { name: 'child.z', type: 'DS' }, { answers: ['child.z 300 DS 2 8 253 B'] }],
    ['both ours, no DS: the parent’s SOA', { name: 'nods.z', type: 'DS' }, { answers: [], authorities: [SOA] }],
    [
      'the parent is delegated by a zone of ours: its referral',
      { name: 'below.deleg.z', type: 'DS' },
      { aa: false, answers: [], authorities: ['deleg.z 300 NS ns.else'] },
    ],
    [
      'RFC 6672 §2.4 the parent’s side is redirected: DNAME, CNAME and what is there',
      { name: 'below.dn.z', type: 'DS' },
      {
        rcode: 'NXDOMAIN',
        answers: ['dn.z 300 DNAME www.z', 'below.dn.z 300 CNAME below.www.z'],
        authorities: [SOA],
      },
    ],
    [
      'deeper below a DNAME too',
      { name: 'deep.er.do.z', type: 'DS' },
      { answers: ['do.z 300 DNAME else', 'deep.er.do.z 300 CNAME deep.er.else'], authorities: [] },
    ],
    ['other types are the nested zone’s', { name: 'ns1.below.dn.z' }, { answers: ['ns1.below.dn.z 300 A 192.0.2.53'] }],
    [
      'nothing known of the parent: NODATA of the zone itself',
      { name: 'alone', type: 'DS' },
      { answers: [], authorities: ['alone 60 SOA ns1.alone hostmaster.alone 7 3600 600 604800 60'] },
    ],
    [
      '§3.1.4 a referral of a signed zone has the DS for DO',
      { name: 'a.sub.z', dnssecOk: true },
      { aa: false, authorities: ['sub.z 300 NS ns.else', 'sub.z 300 DS 1 8 253 A'] },
    ],
    ['§3.1.4 not without DO', { name: 'a.sub.z' }, { aa: false, authorities: ['sub.z 300 NS ns.else'] }],
    ['§3.1.4 not of a zone that is not signed', { name: 'a.sub.u', dnssecOk: true }, { aa: false, authorities: ['sub.u 300 NS ns.else'] }],
    ['§2.5 RRSIG at an alias is not followed', { name: 'alias.z', type: 'RRSIG' }, { answers: [], authorities: [SOA] }],
  ],
)
