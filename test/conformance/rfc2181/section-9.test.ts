/** RFC 2181 §5, §9 and §10.1: RRsets whole or not at all, TC, one CNAME; every record once. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const BIG = Array.from({ length: 40 }, (_, i) => `big A 192.0.2.${i}\nmail MX 10 m${i}\nm${i} A 192.0.2.${i}`).join('\n')
/** Records that are the same but for the letters of a name in them (RFC 4343 §3). */
const CASES = `sub NS ns.sub
sub NS NS.Sub
ns.sub A 192.0.2.9
mx MX 65 m1
mx MX 65 M1
srv SRV 1 2 3 m1
srv SRV 1 2 3 M1
ptr PTR m1
ptr PTR M1
rp RP m1 m2
rp RP M1 M2
naptr NAPTR 1 1 "u" "" "" m1
naptr NAPTR 1 1 "u" "" "" M1
naptr NAPTR 1 1 "U" "" "" m1
alias CNAME m1
alias CNAME M1
dname DNAME m1
dname DNAME M1
`
checkSection('RFC 2181 §5, §9', { zones: { 'z.': `${APEX}${BIG}\ntwice A 192.0.2.1\ntwice A 192.0.2.1\ntobig CNAME big\n${CASES}` } }, [
  ['§9 an answer that does not fit: TC, no records', { name: 'big.z' }, { tc: true, answers: [] }],
  ['§9 behind a CNAME', { name: 'tobig.z' }, { tc: true, answers: [] }],
  ['§9 additional data that do not fit are no reason for TC', { name: 'mail.z', type: 'MX', udpSize: 1000 }, { tc: false }],
  ['by TCP all of it', { name: 'big.z', tcp: true }, { answers: Array.from({ length: 40 }, (_, i) => `big.z 300 A 192.0.2.${i}`) }],
  ['§5 the same record twice is one', { name: 'twice.z' }, { answers: ['twice.z 300 A 192.0.2.1'] }],
  [
    '§5 letters of names make no other record: a referral',
    { name: 'x.sub.z' },
    { aa: false, authorities: ['sub.z 300 NS NS.sub.z'], additionals: ['NS.sub.z 300 A 192.0.2.9'] },
  ],
  ['§5 MX', { name: 'mx.z', type: 'MX' }, { answers: ['mx.z 300 MX 65 M1.z'] }],
  ['§5 SRV', { name: 'srv.z', type: 'SRV' }, { answers: ['srv.z 300 SRV 1 2 3 M1.z'] }],
  ['§5 PTR', { name: 'ptr.z', type: 'PTR' }, { answers: ['ptr.z 300 PTR M1.z'] }],
  ['§5 RP', { name: 'rp.z', type: 'RP' }, { answers: ['rp.z 300 RP M1.z M2.z'] }],
  [
    '§5 NAPTR: its texts keep their letters',
    { name: 'naptr.z', type: 'NAPTR' },
    { answers: ['naptr.z 300 NAPTR 1 1 U   m1.z', 'naptr.z 300 NAPTR 1 1 u   M1.z'] },
  ],
  ['§5 CNAME', { name: 'alias.z', type: 'CNAME' }, { answers: ['alias.z 300 CNAME M1.z'] }],
  ['§5 DNAME', { name: 'dname.z', type: 'DNAME' }, { answers: ['dname.z 300 DNAME M1.z'] }],
])
