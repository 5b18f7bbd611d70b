/** RFC 8482 §4.1, §4.4: ANY by UDP gives one RRset, by TCP all. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection(
  'RFC 8482 §4',
  {
    zones: {
      'z.': `${APEX}www A 192.0.2.1\nwww A 192.0.2.2\nwww TXT "t"\nalias CNAME www\n*.w TXT "w"\n*.w A 192.0.2.3\na.e A 192.0.2.4\n`,
    },
  },
  [
    ['§4.1 by UDP the first RRset, whole', { name: 'www.z', type: 'ANY' }, { answers: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'] }],
    [
      '§4.4 by TCP all',
      { name: 'www.z', type: 'ANY', tcp: true },
      { answers: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2', 'www.z 300 TXT "t"'] },
    ],
    ['a CNAME is not followed', { name: 'alias.z', type: 'ANY', tcp: true }, { answers: ['alias.z 300 CNAME www.z'] }],
    ['by a wildcard', { name: 'q.w.z', type: 'ANY', tcp: true }, { answers: ['q.w.z 300 A 192.0.2.3', 'q.w.z 300 TXT "w"'] }],
    ['nothing there', { name: 'e.z', type: 'ANY' }, { answers: [] }],
    ['no such name', { name: 'nope.z', type: 'ANY', tcp: true }, { rcode: 'NXDOMAIN', answers: [] }],
  ],
)
