/**
 * What must hold for the reply to any packet whatever. Reads the query by its own few lines, not by resolver/wire; the reply through
 * dns-packet. Throws AssertionError.
 */
import assert from 'node:assert/strict'
import { readReply } from './dns-packets.ts'

/** Offset behind the question of a message; -1 = it has no readable one. */
export function questionEnd(message: Uint8Array): number {
  let at = 12
  let octets = 0
  for (;;) {
    const label = message[at]
    if (label === undefined || label > 63) return -1
    octets += 1 + label
    at += 1 + label
    if (octets > 255 || at > message.length) return -1
    if (label === 0) return at + 4 <= message.length ? at + 4 : -1
  }
}

/** The query's own octets of the question; undefined when it has not exactly one. */
function questionOf(query: Uint8Array): Uint8Array | undefined {
  if (query.length < 12 || query[4] !== 0 || query[5] !== 1) return undefined
  const end = questionEnd(query)
  return end < 0 ? undefined : query.subarray(12, end)
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

/** Largest reply over UDP that a query allows: what its OPT says, at most 1232; 512 without one. What cannot be read may have 1232. */
export function udpLimit(query: Uint8Array): number {
  try {
    const { opt } = readReply(query)
    return opt === undefined ? 512 : Math.max(512, Math.min(1232, opt.udpSize))
  } catch {
    return 1232
  }
}

/**
 * Checks the reply to `query`; `limit` is what the transport allows. `whole`: the reply of a server that does updates and NOTIFY, and
 * may send further messages of a transfer, not of the answer path alone.
 */
export function checkReply(query: Uint8Array, reply: Uint8Array | undefined, limit: number, whole = false): void {
  const isQuery = query.length >= 12 && (query[2]! & 0x80) === 0
  assert.equal(reply !== undefined, isQuery, isQuery ? 'a query got no reply' : 'something that is no query got a reply')
  if (reply === undefined) return
  assert.ok(reply.length <= limit, `${reply.length} octets, at most ${limit} are allowed`)
  assert.ok(reply.length >= 12)
  assert.deepEqual([reply[0], reply[1]], [query[0], query[1]], 'the id is the query’s')
  assert.equal(reply[2]! & 0xf9, 0x80 | (query[2]! & 0x79), 'QR is set; opcode and RD are the query’s')
  assert.equal(reply[3]! & 0xe0, 0, 'RA, Z and AD are never set')
  const rcode = reply[3]! & 15
  const opcode = (query[2]! >> 3) & 15
  if (opcode !== 0 && !(whole && (opcode === 4 || opcode === 5))) assert.equal(rcode, 4, 'another opcode: NOTIMP')
  const question = questionOf(query)
  if (reply[5] === 1)
    assert.equal(hex(reply.subarray(12, questionEnd(reply))), hex(question), 'the question is the query’s, octet by octet')
  else assert.ok(rcode === 1 || rcode === 4 || rcode === 2, `rcode ${rcode} without a question`)
  const read = readReply(reply)
  if (question === undefined) assert.ok(rcode === 1 || rcode === 4, `rcode ${rcode} to a query without one readable question`)
  // A signed one is signed all the same (RFC 8945 §5.3).
  const records = [
    ...read.answers,
    ...read.authorities,
    ...read.additionals.filter(({ type }) => type !== 'TSIG' && type !== 'UNKNOWN_250'),
  ]
  if (read.tc) assert.deepEqual(records, [], 'a truncated reply holds no record')
  // YXDOMAIN and NXDOMAIN of an update hold nothing either.
  if ((rcode !== 0 && rcode !== 3 && rcode !== 6) || opcode === 5)
    assert.deepEqual([read.answers.length, read.authorities.length], [0, 0], `rcode ${rcode} with records`)
  if (read.opt !== undefined) {
    assert.equal(read.opt.version, 0)
    if (read.opt.subnet !== undefined) assert.ok(read.opt.subnet.scope <= (read.opt.subnet.family === 1 ? 32 : 128))
  }
}
