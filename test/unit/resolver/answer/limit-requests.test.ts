/** What goes to the transfer desk by UDP is limited too: updates, NOTIFYs, signed and transfer queries, and what of them fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnswerContext } from '../../../../resolver/answer/answer-context.ts'
import { answerQuery } from '../../../../resolver/answer/answer-query.ts'
import { buildQuery } from '../../../support/dns-packets.ts'
import { makeGuard, OPEN_GUARD } from '../../../support/guard-subject.ts'

const UDP = 0
const TCP = 1
const TYPE_AXFR = 252
const SOURCE = Uint32Array.of(0, 0, 0xffff, 0xc6336401)

/** How many of 100 messages of one client are answered when the desk answers each with `rcode`. */
function answered(message: Uint8Array, rcode: number, transport: number): number {
  const limits = { ...OPEN_GUARD.limits, answersPerSecond: 40, errorsPerSecond: 10 }
  const ctx = createAnswerContext({ identity: 'node', seed: 1 })
  ctx.guard = makeGuard({ ...OPEN_GUARD, limits }).guard
  ctx.special = (mem, off, len) => {
    mem[off + 3] = rcode
    return len
  }
  let count = 0
  for (let n = 0; n < 100; n++) {
    const mem = new Uint8Array(2048)
    mem.set(message)
    if (answerQuery(ctx, mem, 0, message.length, 1232, SOURCE, 0, transport) > 0) count++
  }
  return count
}

const transferQuery = buildQuery({ name: 'example.test', type: TYPE_AXFR })
const withOpcode = (opcode: number): Uint8Array => {
  const message = Uint8Array.from(buildQuery({ name: 'example.test', type: 6 }))
  message[2] = opcode << 3
  return message
}

for (const [what, message, rcode, wanted] of [
  ['updates', withOpcode(5), 0, 10],
  ['NOTIFYs', withOpcode(4), 9, 10],
  ['transfer queries', transferQuery, 0, 40],
  ['transfer queries that are refused', transferQuery, 5, 10],
] as const) {
  test(`${what} by UDP: ${wanted} of 100 at once are answered, by TCP all`, () => {
    assert.equal(answered(message, rcode, UDP), wanted)
    assert.equal(answered(message, rcode, TCP), 100)
  })
}
