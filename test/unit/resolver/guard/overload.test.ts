/** Shedding: when it begins and ends, and whom it passes over. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePrefix } from '../../../../geodata/address/prefix.ts'
import { shedsNext } from '../../../../resolver/guard/overload.ts'
import { APEX, makeAnswerSubject } from '../../../support/answer-subject.ts'
import { optionsOf } from '../../../support/conformance.ts'
import { buildQuery } from '../../../support/dns-packets.ts'
import { makeGuard, OPEN_GUARD } from '../../../support/guard-subject.ts'

describe('shedsNext', () => {
  test('begins at half of the queue, ends below three eighths', () => {
    for (const [sheds, waiting, expected] of [
      [false, 0, false],
      [false, 499, false],
      [false, 500, true],
      [true, 499, true],
      [true, 375, true],
      [true, 374, false],
      [true, 0, false],
    ] as const)
      assert.equal(shedsNext(sheds, waiting, 1000), expected, `${sheds} ${waiting}`)
  })
})

describe('a thread that sheds', () => {
  const COOKIE = 10
  const query = (cookie: readonly number[] | undefined): Uint8Array =>
    buildQuery({ name: 'www.z', opts: [{ options: cookie === undefined ? [] : [[COOKIE, cookie]] }] })

  function subject(exempt: string | undefined) {
    const made = makeAnswerSubject({ zones: { 'z.': `${APEX}www A 192.0.2.1\n` } })
    const { guard, counts } = makeGuard({ ...OPEN_GUARD, exempt: exempt === undefined ? [] : [parsePrefix(exempt)] })
    made.ctx.guard = guard
    const text = optionsOf(made.send(query([1, 2, 3, 4, 5, 6, 7, 8]))!)!.find((option) => option.startsWith(`${COOKIE} `))!
    made.ctx.sheds = true
    return { ...made, counts, cookie: [...Buffer.from(text.slice(3), 'hex')] }
  }

  test('answers who has a good cookie, and nobody else by UDP', () => {
    const { send, counts, cookie } = subject(undefined)
    const rows: readonly (readonly [title: string, query: Uint8Array, isAnswered: boolean])[] = [
      ['a good cookie', query(cookie), true],
      ['no cookie', query(undefined), false],
      ['a client cookie alone', query(cookie.slice(0, 8)), false],
      ['a forged one', query([...cookie.slice(0, 23), cookie[23]! ^ 1]), false],
      ['one too old', query([...cookie.slice(0, 12), 0, 0, 0, 1, ...cookie.slice(16)]), false],
      ['a malformed query', buildQuery({ name: 'www.z', trailing: [1] }), false],
      ['another opcode', buildQuery({ name: 'www.z', flags: 0x1000 }), false],
      ['an update', buildQuery({ name: 'z', flags: 0x2800 }), false],
      ['a transfer', buildQuery({ name: 'z', type: 251 }), false],
    ]
    for (const [title, packet, isAnswered] of rows) assert.equal(send(packet) !== undefined, isAnswered, title)
    assert.equal(counts[4], rows.length - 1)
  })

  test('answers TCP, and exempt clients', () => {
    assert.notEqual(subject(undefined).send(query(undefined), { tcp: true }), undefined)
    const { send } = subject('0.0.0.0/0')
    assert.notEqual(send(query(undefined)), undefined)
  })
})
