/** RFC 6891 §6.1.1, §6.1.3, §6.2 and §7: OPT in replies, versions, sizes, flags and options that nobody knows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { optionsOf } from '../../support/conformance.ts'
import { buildQuery, type OptDraft, type QueryDraft, type Reply, readReply } from '../../support/dns-packets.ts'

const BIG = Array.from({ length: 60 }, (_, i) => `big A 192.0.2.${i}`).join('\n')
const HUGE = Array.from({ length: 30 }, (_, i) => `huge TXT "${String(i).padStart(60, 'x')}"`).join('\n')
const subject = makeAnswerSubject({ zones: { 'z.': `${APEX}www A 192.0.2.1\n${BIG}\n${HUGE}\n` } })
const ask = (draft: Omit<QueryDraft, 'name'> & { readonly name?: string }): Reply =>
  readReply(subject.send(buildQuery({ name: 'www.z', ...draft }))!)

describe('RFC 6891', () => {
  const rows: readonly [title: string, opts: readonly OptDraft[], rcode: number, hasOpt: boolean][] = [
    ['§6.1.1 an OPT for an OPT', [{}], 0, true],
    ['§6.1.1 none without', [], 0, false],
    ['§6.1.1 two: FORMERR, with OPT', [{}, {}], 1, true],
    ['§6.1.3 version 1: BADVERS with version 0', [{ version: 1 }], 16, true],
    ['§6.1.3 version 255', [{ version: 255 }], 16, true],
    ['§6.1.3 options of another version are not read', [{ version: 1, options: [[8, [1]]] }], 16, true],
    ['§6.1.2 unknown options are passed over', [{ options: [[65001, [1, 2, 3]]] }], 0, true],
    ['§6.2.3 a size under 512 is 512', [{ udpSize: 0 }], 0, true],
  ]
  for (const [title, opts, rcode, hasOpt] of rows) {
    test(title, () => {
      const reply = ask({ opts })
      assert.deepEqual([reply.fullRcode, reply.opt !== undefined], [rcode, hasOpt])
      if (reply.opt !== undefined) assert.deepEqual([reply.opt.version, reply.opt.udpSize], [0, 1232])
      if (rcode !== 0) assert.deepEqual([reply.aa, reply.answers], [false, []])
      else assert.equal(reply.answers.length, 1)
    })
  }

  test('§6.1.1 an OPT and the question for an opcode that nobody knows', () => {
    const reply = ask({ flags: 0x1000, opts: [{ dnssecOk: true, subnet: { family: 1, source: 24, octets: [192, 0, 2] } }] })
    assert.deepEqual([reply.fullRcode, reply.opt?.version, reply.questions.length], [4, 0, 1])
    // What is not understood may be malformed in any way.
    assert.equal(readReply(subject.send(buildQuery({ name: 'www.z', flags: 0x1000 }).subarray(0, 14))!).fullRcode, 4)
  })
  test('§6.2.5 no reply is larger than the asker can take, whatever options it wants', () => {
    const tight = makeAnswerSubject({ zones: { 'z.': `${APEX}www A 192.0.2.1\n` }, identity: 'n'.repeat(255) })
    const name = `${Array.from({ length: 3 }, () => 'a'.repeat(63)).join('.')}.${'a'.repeat(59)}.z`
    const subnet = { family: 2, source: 128, octets: new Array(16).fill(1) } as const
    for (const [asked, long] of [
      [name, true],
      ['www.z', false],
    ] as const) {
      const wire = tight.send(
        buildQuery({
          name: asked,
          opts: [
            {
              udpSize: 512,
              subnet,
              options: [
                [3, []],
                [10, [1, 2, 3, 4, 5, 6, 7, 8]],
              ],
            },
          ],
        }),
      )!
      assert.ok(wire.length <= 512, `${wire.length}`)
      const codes = optionsOf(wire)!.map((option) => Number.parseInt(option, 10))
      assert.deepEqual([codes.includes(3), codes.includes(8)], [!long, true])
    }
  })
  test('§6.1.2 an option is never echoed that is not known', () => {
    assert.deepEqual(optionsOf(subject.send(buildQuery({ name: 'www.z', opts: [{ options: [[65001, [1]]] }] }))!), [])
  })
  test('§6.1.4 DO is copied, other flags are cleared', () => {
    const query = buildQuery({ name: 'www.z', opts: [{ dnssecOk: true }] })
    query[query.length - 3] = 0xff
    const reply = subject.send(query)!
    assert.deepEqual([...reply.subarray(reply.length - 4, reply.length - 2)], [0x80, 0])
  })
  test('§6.2.3 the asker’s size holds, 1232 at most, 512 without OPT', () => {
    for (const [name, udpSize, tc] of [
      ['big.z', undefined, true],
      ['big.z', 512, true],
      ['big.z', 1232, false],
      ['huge.z', 1232, true],
      ['huge.z', 65535, true],
    ] as const) {
      const reply = ask({ name, type: name === 'huge.z' ? 16 : 1, opts: udpSize === undefined ? [] : [{ udpSize }] })
      assert.equal(reply.tc, tc, `${name} ${udpSize}`)
      assert.equal(reply.opt !== undefined, udpSize !== undefined, '§7: a truncated reply keeps its OPT')
      assert.equal(reply.questions.length, 1)
    }
  })
  test('§6.1.1 an OPT outside of the additional section, or not of the root: FORMERR', () => {
    const inAnswers = buildQuery({ name: 'www.z', opts: [{}] })
    inAnswers[7] = 1
    inAnswers[11] = 0
    const owned = Buffer.concat([buildQuery({ name: 'www.z' }), Buffer.from('0161', 'hex'), Buffer.from('00002904d0000000000000', 'hex')])
    owned[11] = 1
    for (const query of [inAnswers, owned]) assert.equal(subject.send(query)![3]! & 15, 1)
  })
})
