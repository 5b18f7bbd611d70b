/** RFC 8482 §4.1, §4.4: ANY by UDP gives one RRset, by TCP all. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection(
  'RFC 8482 §4',
  {
    zones: {
      'z.': `${APEX}www A 192.0.2.1\nwww A 192.0.2.2\nwww TXT "t"\nalias CNAME www\n*.w TXT "w"\n*.w A 192.0.2.3\na.e A 192.0.2.4\nchild NS ns1.child\nns1.child A 192.0.2.53\nchild DS 2 8 253 42\n`,
      'child.z.': APEX,
      'own.': `${APEX}@ DS 2 8 253 42\n`,
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
    [
      'RFC 4035 §2.4 the DS of a nested zone is not its own data',
      { name: 'child.z', type: 'ANY', tcp: true },
      { answers: ['child.z 300 NS ns1.child.z', 'child.z 3600 SOA ns1.child.z hostmaster.child.z 7 3600 600 604800 60'] },
    ],
    [
      'what a zone has of its own it gives',
      { name: 'own', type: 'ANY', tcp: true },
      { answers: ['own 300 DS 2 8 253 B', 'own 300 NS ns1.own', 'own 3600 SOA ns1.own hostmaster.own 7 3600 600 604800 60'] },
    ],
    ['nothing there', { name: 'e.z', type: 'ANY' }, { answers: [] }],
    ['no such name', { name: 'nope.z', type: 'ANY', tcp: true }, { rcode: 'NXDOMAIN', answers: [] }],
  ],
)
