/** RFC 6604 §2–§3: AA speaks of the first owner, the rcode of the last name. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection(
  'RFC 6604 §2–§3',
  { zones: { 'z.': `${APEX}a CNAME b\nb CNAME nope\nc CNAME x.else.\nd CNAME e\ne TXT "t"\ns CNAME x.sub\nsub NS ns.else.\n` } },
  [
    ['the last name does not exist', { name: 'a.z' }, { rcode: 'NXDOMAIN', answers: ['a.z 300 CNAME b.z', 'b.z 300 CNAME nope.z'] }],
    ['the last name is not ours', { name: 'c.z' }, { answers: ['c.z 300 CNAME x.else'] }],
    ['the last name has no such type', { name: 'd.z' }, { answers: ['d.z 300 CNAME e.z'] }],
    ['the last name is delegated', { name: 's.z' }, { answers: ['s.z 300 CNAME x.sub.z'] }],
  ],
)
