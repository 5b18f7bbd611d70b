/** RFC 9824 §3.5 and RFC 6895 §3.1: types that are asked for only, or never. */
import { APEX } from '../../support/answer-subject.ts'
import { checkSection } from '../../support/conformance.ts'

checkSection('RFC 9824 §3.5', { zones: { 'z.': `${APEX}www A 192.0.2.1\nalias CNAME www\n` } }, [
  ['NXNAME: FORMERR', { name: 'www.z', type: 'NXNAME' }, { rcode: 'FORMERR', aa: false, answers: [], authorities: [] }],
  ['NXNAME of a name that does not exist', { name: 'nope.z', type: 'NXNAME' }, { rcode: 'FORMERR', aa: false }],
  ['OPT', { name: 'www.z', type: 'OPT' }, { rcode: 'FORMERR', aa: false }],
  ['MAILB: no name has it', { name: 'www.z', type: 'MAILB' }, { answers: [] }],
  ['TSIG', { name: 'www.z', type: 'TSIG' }, { answers: [] }],
  ['a type that nobody has defined', { name: 'www.z', type: 'TYPE200' }, { answers: [] }],
  ['type 0', { name: 'www.z', type: 'TYPE0' }, { answers: [] }],
  ['type 65535', { name: 'www.z', type: 'TYPE65535' }, { answers: [] }],
  ['a CNAME is followed for them', { name: 'alias.z', type: 'TYPE200' }, { answers: ['alias.z 300 CNAME www.z'] }],
])
