/** RFC 7873 §5.2 and RFC 9018: cookies in queries and replies; who has one is not limited. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, makeAnswerSubject } from '../../support/answer-subject.ts'
import { optionsOf } from '../../support/conformance.ts'
import { buildQuery, readReply } from '../../support/dns-packets.ts'
import { makeGuard, OPEN_GUARD } from '../../support/guard-subject.ts'

const CLIENT_COOKIE = [1, 2, 3, 4, 5, 6, 7, 8]
const query = (cookie: readonly number[] | undefined, name = 'www.z', extra: readonly (readonly [number, readonly number[]])[] = []) =>
  buildQuery({ name, opts: [{ options: [...(cookie === undefined ? [] : ([[10, cookie]] as const)), ...extra] }] })

function subject(settings = OPEN_GUARD) {
  const made = makeAnswerSubject({
    zones: { 'z.': `${APEX}www A 192.0.2.1\n*.w TXT "x"\n${Array.from({ length: 45 }, (_, i) => `big A 192.0.2.${i}\n`).join('')}` },
    identity: 'edge-7',
  })
  const { guard, counts } = makeGuard(settings)
  made.ctx.guard = guard
  const cookieOf = (reply: Uint8Array): number[] => {
    const text = optionsOf(reply)!.find((option) => option.startsWith('10 '))
    return text === undefined ? [] : [...Buffer.from(text.slice(3), 'hex')]
  }
  return { ...made, counts, cookieOf }
}

describe('RFC 7873 §5.2', () => {
  test('§5.2.1: a query without the option gets a reply without it', () => {
    assert.deepEqual(optionsOf(subject().send(query(undefined))!), [])
  })
  for (const length of [0, 1, 7, 9, 15, 41, 60]) {
    test(`§5.2.2: ${length} octets are FORMERR`, () => {
      const reply = subject().send(query(Array.from({ length }, () => 1)))!
      assert.equal(readReply(reply).fullRcode, 1)
      assert.deepEqual(optionsOf(reply), [])
    })
  }
  for (const [title, cookie] of [
    ['§5.2.3: the client cookie alone', CLIENT_COOKIE],
    ['§5.2.4: a server cookie that is not ours', [...CLIENT_COOKIE, ...Array.from({ length: 16 }, () => 9)]],
    ['§5.2.4: one of another length', [...CLIENT_COOKIE, ...Array.from({ length: 8 }, () => 9)]],
  ] as const) {
    test(`${title} is answered, with a server cookie of ours`, () => {
      const { send, cookieOf, counts } = subject()
      const reply = send(query(cookie))!
      assert.equal(readReply(reply).fullRcode, 0)
      const given = cookieOf(reply)
      assert.deepEqual(given.slice(0, 8), CLIENT_COOKIE)
      assert.equal(given.length, 24)
      assert.deepEqual([...counts], [0, 0, 0, 1, 0])
      // §5.2.5: and it is good from then on, echoed as it is.
      assert.deepEqual(cookieOf(send(query(given))!), given)
      assert.deepEqual([...counts], [0, 0, 1, 1, 0])
    })
  }
  test('§5.2: of several cookie options the first counts', () => {
    const { send, cookieOf } = subject()
    const reply = send(query(CLIENT_COOKIE, 'www.z', [[10, [8, 7, 6, 5, 4, 3, 2, 1]]]))!
    assert.deepEqual(cookieOf(reply).slice(0, 8), CLIENT_COOKIE)
  })
  test('NXDOMAIN, NODATA, REFUSED and truncated replies carry it too', () => {
    const { send, cookieOf } = subject()
    for (const name of ['nope.z', 'z', 'elsewhere']) assert.equal(cookieOf(send(query(CLIENT_COOKIE, name))!).length, 24, name)
  })
})

describe('RFC 7873 §5.4', () => {
  // A header with QDCOUNT 0 and the OPT alone.
  const bare = (options: readonly (readonly [number, readonly number[]])[]): Uint8Array => {
    const whole = buildQuery({ name: '', opts: [{ options }] })
    const packet = Uint8Array.from([...whole.slice(0, 12), ...whole.slice(12 + 5)])
    packet[5] = 0
    return packet
  }
  test('a query without a question gets a cookie', () => {
    const { send, cookieOf } = subject()
    const reply = send(bare([[10, CLIENT_COOKIE]]))!
    assert.equal(readReply(reply).fullRcode, 0)
    assert.equal(reply[5], 0)
    assert.equal(cookieOf(reply).length, 24)
  })
  test('RFC 9619: without a cookie it is FORMERR', () => {
    assert.equal(readReply(subject().send(bare([]))!).fullRcode, 1)
  })
})

describe('limits and cookies', () => {
  const tight = { ...OPEN_GUARD, limits: { ...OPEN_GUARD.limits, answersPerSecond: 10, negativesPerSecond: 10, errorsPerSecond: 10 } }
  test('a client without cookie is limited: dropped, or truncated to come by TCP', () => {
    const { send, counts } = subject(tight)
    const replies = Array.from({ length: 30 }, () => send(query(undefined)))
    assert.equal(replies.filter((reply) => reply !== undefined && (reply[2]! & 2) === 0).length, 10)
    const truncated = replies.filter((reply) => reply !== undefined && (reply[2]! & 2) !== 0)
    assert.equal(truncated.length, 10)
    for (const reply of truncated) assert.ok(reply!.length <= query(undefined).length, 'no larger than the query')
    assert.deepEqual([...counts], [10, 10, 0, 0, 0])
  })
  test('a client with a good cookie is not; one with a wrong cookie is', () => {
    const { send, cookieOf } = subject(tight)
    const given = cookieOf(send(query(CLIENT_COOKIE))!)
    for (let i = 0; i < 50; i++) assert.equal(send(query(given))![2]! & 2, 0)
    const wrong = [...given.slice(0, 23), given[23]! ^ 1]
    const sent = Array.from({ length: 50 }, () => send(query(wrong))).filter((reply) => reply !== undefined && (reply[2]! & 2) === 0)
    assert.equal(sent.length, 9, 'one was spent on the first query')
  })
  test('names below a wildcard are one name; random names of a zone are one', () => {
    const { send } = subject(tight)
    const answered = (make: (i: number) => Uint8Array): number =>
      Array.from({ length: 40 }, (_, i) => send(make(i))).filter((reply) => reply !== undefined && (reply[2]! & 2) === 0).length
    assert.equal(
      answered((i) => buildQuery({ name: `n${i}.w.z`, type: 16, opts: [{}] })),
      10,
    )
    assert.equal(
      answered((i) => buildQuery({ name: `n${i}.z`, opts: [{}] })),
      10,
    )
    assert.equal(
      answered((i) => buildQuery({ name: `n${i}.else`, opts: [{}] })),
      10,
    )
  })
  test('by TCP nothing is limited', () => {
    const { send } = subject(tight)
    for (let i = 0; i < 50; i++) assert.equal(send(query(undefined), { tcp: true })![2]! & 2, 0)
  })
  test('an answer above the size for clients without cookie is truncated, with a cookie it is whole', () => {
    const { send, cookieOf } = subject({ ...OPEN_GUARD, sizeWithoutCookieBytes: 512 })
    assert.equal(send(query(undefined, 'big.z'))![2]! & 2, 2)
    const given = cookieOf(send(query(CLIENT_COOKIE, 'big.z'))!)
    const whole = send(query(given, 'big.z'))!
    assert.equal(whole[2]! & 2, 0)
    assert.ok(whole.length > 512)
  })
})

describe('RFC 5001', () => {
  test('NSID is given to those who ask for it', () => {
    const { send } = subject()
    assert.deepEqual(optionsOf(send(query(undefined, 'www.z', [[3, []]]))!), [`3 ${Buffer.from('edge-7').toString('hex')}`])
    assert.deepEqual(optionsOf(send(query(undefined))!), [])
  })
})
