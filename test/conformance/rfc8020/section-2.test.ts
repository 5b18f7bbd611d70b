/** RFC 8020 §2: NXDOMAIN only where nothing is below. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection('RFC 8020 §2', { zones: { 'z.': `${APEX}a.b.c A 192.0.2.1\nsub.d NS ns.else.\n*.e TXT "x"\n`, 'x.y.z.': APEX } }, [
  ['above a name', { name: 'c.z' }, { answers: [] }],
  ['above a name, twice', { name: 'b.c.z' }, { answers: [] }],
  ['above a cut', { name: 'd.z' }, { answers: [] }],
  ['above a wildcard', { name: 'e.z' }, { answers: [] }],
  ['above a zone of ours', { name: 'y.z' }, { answers: [] }],
  ['below a name', { name: 'q.a.b.c.z' }, { rcode: 'NXDOMAIN' }],
  ['beside a name', { name: 'q.b.c.z' }, { rcode: 'NXDOMAIN' }],
])
