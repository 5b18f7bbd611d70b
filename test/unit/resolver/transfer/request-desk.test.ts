/** UPDATE at a node: a signed message is done once, whoever sends it again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequestDesk } from '../../../../resolver/transfer/request-desk.ts'
import { findTsig, makeTsigKey, signRequest, verifyRequest } from '../../../../resolver/wire/tsig.ts'
import { snapshotOf, zoneText } from '../../../support/transfer-subject.ts'
import { updateMessage } from '../../../support/update-message.ts'

const KEY = makeTsigKey('k.', 'hmac-sha256', Buffer.alloc(32, 1).toString('base64'))
const CLIENT = Uint32Array.of(0, 0, 0xffff, 0xc0000201)
const OTHER = Uint32Array.of(0, 0, 0xffff, 0xc0000202)
const AT = 1_800_000_000

function makeDesk(ask: () => Promise<{ rcode: number; generation: number; reason: string }>) {
  const clock = { seconds: AT, asked: 0, problems: [] as string[] }
  const plan = { keys: [], zones: [{ name: 'z.test.', allow: [], notify: [], updateKeys: ['k.'] }] }
  const desk = createRequestDesk({
    nowSeconds: () => clock.seconds,
    nowMonotonicMs: () => clock.seconds * 1000,
    keys: () => [KEY],
    live: () => ({ tables: snapshotOf(zoneText('z.test.', 1, [])), plan }),
    askUpdate: () => {
      clock.asked++
      return ask()
    },
    tellNotify: () => Promise.resolve(undefined),
    whenLive: () => Promise.resolve(true),
    onProblem: (what) => void clock.problems.push(what),
  })
  return { desk, clock }
}

function signed(seconds: number = AT, fudgeSeconds: number = 300): Uint8Array {
  const message = updateMessage('z.test.', [], ['www 60 IN A 192.0.2.1'])
  const mem = new Uint8Array(1024)
  mem.set(message)
  const { length } = signRequest(mem, message.length, KEY, seconds, fudgeSeconds)
  return mem.slice(0, length)
}

test('a signed update that comes again is not done again, from any address, with any id, until its time is over', async () => {
  const { desk, clock } = makeDesk(() => Promise.resolve({ rcode: 0, generation: 1, reason: '' }))
  const message = signed()
  const first = await desk.answer(message, CLIENT)
  assert.equal(first[3]! & 15, 0)
  clock.seconds += 299
  assert.deepEqual(await desk.answer(message, OTHER), first)
  const renumbered = Uint8Array.from(message)
  renumbered[0] = 0x77
  assert.equal((await desk.answer(renumbered, OTHER))[0], 0x77)
  assert.equal(clock.asked, 1)
  clock.seconds += 2
  assert.equal((await desk.answer(message, OTHER))[3]! & 15, 9)
  assert.equal(clock.asked, 1)
  // The same change at another time is another message.
  await desk.answer(signed(clock.seconds), CLIENT)
  assert.equal(clock.asked, 2)
})

test('a fudge of hours is taken as 300 s', () => {
  const message = signed(AT, 36_000)
  const found = findTsig(message)
  assert.ok(found.kind === 'found')
  const { record } = found
  for (const [late, ok] of [
    [300, true],
    [301, false],
  ] as const)
    assert.equal(verifyRequest(message, record, () => KEY, AT + late).ok, ok)
})

test('when control gives no answer, nothing is claimed, and the next try asks again', async () => {
  const { desk, clock } = makeDesk(() => Promise.reject(new Error('control gave no answer within 30000 ms')))
  const message = signed()
  for (let time = 1; time <= 2; time++) {
    assert.equal((await desk.answer(message, CLIENT))[3]! & 15, 2)
    assert.equal(clock.asked, time)
  }
  assert.match(clock.problems[0]!, /was not answered/)
})
