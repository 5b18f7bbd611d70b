/** RFC 8914 §2–§4 and RFC 9824 §3.5: extended errors, for askers with EDNS alone, as far as there is room. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAnswerContext } from '../../../resolver/answer/answer-context.ts'
import { answerQuery } from '../../../resolver/answer/answer-query.ts'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { optionsOf } from '../../support/conformance.ts'
import { buildQuery, type QueryDraft, readReply } from '../../support/dns-packets.ts'

const subject = makeAnswerSubject({
  zones: { 'z.': `${APEX}www A 192.0.2.1\n` },
  config: {
    endpoints: [{ id: 'one', ipv4: '192.0.2.11', enabled: false }],
    pools: [{ id: 'p', members: ['one'] }],
    policies: [{ id: 'down', rules: [{ line: '*', pools: ['p'] }], fallback: ['p'], allDown: 'servfail' }],
  },
  names: [{ name: 'down.z.', types: ['A'], policy: 'down' }],
})
const NOT_AUTHORITATIVE = '15 0014'
const NOT_SUPPORTED = '15 0015'
const QUERY_TYPE = '15 001e'
const OTHER = `15 0000${Buffer.from('no endpoint is up').toString('hex')}`
const rows: readonly [title: string, query: QueryDraft, rcode: number, options: readonly string[]][] = [
  ['20, not authoritative: out of our zones', { name: 'www.else' }, 5, [NOT_AUTHORITATIVE]],
  ['21, not supported: class HS', { name: 'www.z', class: 4 }, 5, [NOT_SUPPORTED]],
  ['21: class NONE', { name: 'www.z', class: 254 }, 5, [NOT_SUPPORTED]],
  ['30, invalid query type: NXNAME (RFC 9824 §3.5)', { name: 'www.z', type: 128 }, 1, [QUERY_TYPE]],
  ['30: OPT', { name: 'www.z', type: 41 }, 1, [QUERY_TYPE]],
  ['0 with its reason: a policy without an endpoint', { name: 'down.z' }, 2, [OTHER]],
  ['none with an answer', { name: 'www.z' }, 0, []],
  ['none with NXDOMAIN', { name: 'nope.z' }, 3, []],
]

describe('RFC 8914 §4', () => {
  for (const [title, query, rcode, options] of rows) {
    test(title, () => {
      const reply = subject.send(buildQuery({ ...query, opts: [{}] }))!
      assert.equal(readReply(reply).fullRcode, rcode)
      assert.deepEqual(optionsOf(reply), options)
      assert.equal(optionsOf(subject.send(buildQuery(query))!), undefined, '§3: not without EDNS')
    })
  }
  test('14, not ready: before the first zones are there', () => {
    const query = buildQuery({ name: 'www.z', opts: [{}] })
    const mem = new Uint8Array(512)
    mem.set(query)
    const length = answerQuery(createAnswerContext({ identity: '', seed: 1 }), mem, 0, query.length, 512, new Uint32Array(4), 0, 0)
    assert.deepEqual([mem[3]! & 15, optionsOf(mem.subarray(0, length))], [2, ['15 000e']])
  })
  test('24, invalid data: a secondary zone that has expired; a chain ends before it', () => {
    const secondary = makeAnswerSubject({
      zones: { 'a.': `${APEX}alias CNAME www.b.\n`, 'b.': `${APEX}www A 192.0.2.1\nsub NS ns.else.\n` },
    })
    secondary.ctx.expired = Uint8Array.of(0, 1)
    for (const name of ['www.b', 'nope.b', 'x.sub.b', 'b']) {
      const reply = secondary.send(buildQuery({ name, opts: [{}] }))!
      const { fullRcode, aa, answers, authorities } = readReply(reply)
      assert.deepEqual([fullRcode, aa, answers.length, authorities.length], [2, false, 0, 0], name)
      assert.deepEqual(optionsOf(reply), [`15 0018${Buffer.from('the zone has expired, or was not transferred yet').toString('hex')}`])
    }
    const chain = secondary.ask({ name: 'alias.a' })
    assert.deepEqual([chain.rcode, chain.answers], ['NOERROR', ['alias.a 300 CNAME www.b']])
  })
  test('left out where there is no room for it', () => {
    const query = buildQuery({ name: 'down.z', opts: [{}] })
    for (let room = query.length; room < query.length + 30; room++) {
      const reply = subject.send(query, { room })!
      assert.ok(reply.length <= room)
      assert.deepEqual(optionsOf(reply), room >= query.length + 4 + 2 + 17 ? [OTHER] : [])
    }
  })
})
