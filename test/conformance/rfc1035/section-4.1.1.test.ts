/** RFC 1035 §4.1.1 with RFC 9619, RFC 4035 §3.1.6 and RFC 6895 §2: the header of queries and replies. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { buildQuery } from '../../support/dns-packets.ts'

const subject = makeAnswerSubject({ zones: { 'z.': `${APEX}www A 192.0.2.1\n` } })
const rows: readonly [title: string, flags: number, reply: number | undefined][] = [
  ['a query', 0x0000, 0x8400],
  ['RD is copied', 0x0100, 0x8500],
  ['CD is cleared (RFC 4035 §3.1.6)', 0x0010, 0x8400],
  ['AD in a query changes nothing', 0x0020, 0x8400],
  ['RA, AA, TC in a query change nothing', 0x0680, 0x8400],
  ['Z is passed over and comes back clear', 0x0040, 0x8400],
  ['an rcode in a query is passed over', 0x000f, 0x8400],
  ['a response is never answered', 0x8000, undefined],
  ['IQUERY (RFC 3425): NOTIMP', 0x0800, 0x8804],
  ['STATUS: NOTIMP', 0x1000, 0x9004],
  ['opcode 3: NOTIMP', 0x1800, 0x9804],
  ['DSO (RFC 8490): NOTIMP', 0x3000, 0xb004],
  ['opcode 15: NOTIMP, RD copied', 0x7900, 0xf904],
]

describe('RFC 1035 §4.1.1', () => {
  for (const [title, flags, wanted] of rows) {
    test(title, () => {
      const reply = subject.send(buildQuery({ name: 'www.z', flags }))
      assert.equal(reply?.readUInt16BE(2), wanted)
      if (reply !== undefined) assert.equal(reply.readUInt16BE(0), 0x1234)
    })
  }
  test('a message shorter than a header is not answered', () => {
    for (let length = 0; length < 12; length++) assert.equal(subject.send(buildQuery({ name: 'www.z' }).subarray(0, length)), undefined)
  })
  test('a query cut anywhere behind its header: FORMERR', () => {
    const query = buildQuery({ name: 'www.z', opts: [{ subnet: { family: 1, source: 24, octets: [192, 0, 2] } }] })
    for (let length = 12; length < query.length; length++) assert.equal(subject.send(query.subarray(0, length))![3], 1, `${length} octets`)
  })
  for (const [name, number, aa] of [
    ['HS', 4, false],
    ['NONE', 254, false],
    ['reserved 0', 0, false],
  ] as const) {
    test(`class ${name}: REFUSED`, () => {
      assert.equal(subject.send(buildQuery({ name: 'www.z', class: number }))!.readUInt16BE(2) & 0x0400, aa ? 0x0400 : 0)
      assert.equal(subject.send(buildQuery({ name: 'www.z', class: number }))![3], 5)
    })
  }
  test('class ANY: an answer without AA (§6.2 of RFC 1035)', () => {
    assert.equal(subject.send(buildQuery({ name: 'www.z', class: 255, flags: 0 }))!.readUInt16BE(2), 0x8000)
  })
})
