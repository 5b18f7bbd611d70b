/** RFC 9619 §4: a query has one question; anything else is FORMERR. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { buildQuery } from '../../support/dns-packets.ts'

const subject = makeAnswerSubject({ zones: { 'z.': APEX } })
describe('RFC 9619 §4', () => {
  for (const [count, rcode] of [
    [0, 1],
    [1, 0],
    [2, 1],
    [256, 1],
    [65535, 1],
  ] as const) {
    test(`QDCOUNT ${count}`, () => {
      const one = buildQuery({ name: 'z', type: 6 })
      const query = Buffer.concat([one, one.subarray(12)]).subarray(0, count === 1 ? one.length : undefined)
      query.writeUInt16BE(count, 4)
      assert.equal(subject.send(query)![3]! & 15, rcode)
    })
  }
})
