/** RFC 1034 §3.6.2: CNAMEs are followed, to a limit: NOERROR with the chain so far. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

/** c20 is the address; `links` CNAMEs lead to it from c(20 - links). */
const CHAIN = Array.from({ length: 20 }, (_, i) => `c${i} CNAME c${i + 1}\n`).join('')
const chainFrom = (first: number, links: number): string[] =>
  Array.from({ length: links }, (_, i) => `c${first + i}.z 300 CNAME c${first + i + 1}.z`)

checkSection('RFC 1034 §3.6.2', { zones: { 'z.': `${APEX}${CHAIN}c20 A 192.0.2.1\n` } }, [
  ['16 CNAMEs are followed', { name: 'c4.z' }, { answers: [...chainFrom(4, 16), 'c20.z 300 A 192.0.2.1'] }],
  ['a 17th is given and not followed', { name: 'c3.z' }, { answers: chainFrom(3, 17), authorities: [] }],
  ['more are left out', { name: 'c0.z' }, { answers: chainFrom(0, 17), authorities: [] }],
])
