/** RFC 4034 §3: a signature has the TTL of the RRset that it covers, whatever the other signatures at the name have. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const rrsig = (type: string, ttlSeconds: number): string => `RRSIG ${type} 13 2 ${ttlSeconds} 20300101000000 20260101000000 7 z. AAAA`
checkSection(
  'RFC 4034 §3',
  { zones: { 'z.': `${APEX}www 300 A 192.0.2.1\nwww 300 ${rrsig('A', 300)}\nwww 60 NSEC z. A RRSIG NSEC\nwww 60 ${rrsig('NSEC', 60)}\n` } },
  [
    [
      'each its own',
      { name: 'www.z', type: 'RRSIG' },
      {
        answers: [
          'www.z 300 RRSIG A 13 2 300 1893456000 1767225600 7 z \x00\x00\x00',
          'www.z 60 RRSIG NSEC 13 2 60 1893456000 1767225600 7 z \x00\x00\x00',
        ],
      },
    ],
  ],
)
