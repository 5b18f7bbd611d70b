/** RFC 2181 §5, §9 and §10.1: RRsets whole or not at all, TC, one CNAME; every record once. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

const BIG = Array.from({ length: 40 }, (_, i) => `big A 192.0.2.${i}\nmail MX 10 m${i}\nm${i} A 192.0.2.${i}`).join('\n')
checkSection('RFC 2181 §5, §9', { zones: { 'z.': `${APEX}${BIG}\ntwice A 192.0.2.1\ntwice A 192.0.2.1\ntobig CNAME big\n` } }, [
  ['§9 an answer that does not fit: TC, no records', { name: 'big.z' }, { tc: true, answers: [] }],
  ['§9 behind a CNAME', { name: 'tobig.z' }, { tc: true, answers: [] }],
  ['§9 additional data that do not fit are no reason for TC', { name: 'mail.z', type: 'MX', udpSize: 1000 }, { tc: false }],
  ['by TCP all of it', { name: 'big.z', tcp: true }, { answers: Array.from({ length: 40 }, (_, i) => `big.z 300 A 192.0.2.${i}`) }],
  ['§5 the same record twice is one', { name: 'twice.z' }, { answers: ['twice.z 300 A 192.0.2.1'] }],
])
