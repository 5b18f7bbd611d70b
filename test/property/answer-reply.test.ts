/** Whatever comes in: a reply that any resolver can read, with the query's id and question, under its limit, with its OPT; and no throw. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkReply } from '../support/check-reply.ts'
import { buildQuery, readReply, subnetOf, wireName } from '../support/dns-packets.ts'
import { drawFrom, drawName, drawPacket } from '../support/hostile-packets.ts'
import { hostileSubject } from '../support/hostile-zones.ts'
import { askOf } from '../support/packet-subject.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'

const UDP = 0
const TCP = 1
const subject = hostileSubject()

test('20,000 hostile packets: no throw, no octet outside the room, readable replies', () => {
  const draw = drawFrom(PROPERTY_SEED)
  const rcodes = new Set<number>()
  for (let n = 0; n < 20_000; n++) {
    const packet = drawPacket(draw)
    const transport = draw(2)
    const room = transport === TCP ? 4096 : [512, 1232, 4096][draw(3)]!
    let reply: Uint8Array | undefined
    try {
      // A copy: the room around the original is compared octet by octet.
      reply = subject.ask(packet.slice(0, room), { room, transport })
      checkReply(packet.slice(0, room), reply, transport === TCP ? room : Math.min(room, 1232))
    } catch (error) {
      throw new Error(`packet ${n} of seed ${PROPERTY_SEED}: ${Buffer.from(packet).toString('hex')}`, { cause: error })
    }
    if (reply !== undefined) rcodes.add(reply[3]! & 15)
  }
  assert.deepEqual([...rcodes].sort(), [0, 1, 3, 4, 5])
})

test('a good query gets a reply under the limit of its OPT; what is truncated keeps the OPT and its subnet', () => {
  let truncated = 0
  const sizes = fc.oneof(fc.constantFrom(0, 512, 1232, 65535), fc.integer({ min: 500, max: 1300 }))
  fc.assert(
    fc.property(
      fc.noBias(fc.nat()),
      fc.option(sizes, { nil: undefined }),
      fc.nat(32),
      fc.nat(0xffff),
      fc.boolean(),
      (seed, udpSize, source, id, dnssecOk) => {
        const draw = drawFrom(seed)
        const isLong = draw(5) === 0
        const name = isLong ? `${['many', 'big', 'MANY', 'big'][draw(4)]}.hostile.test` : drawName(draw)
        const type = isLong ? [1, 16, 255][draw(3)]! : [1, 1, 28, 5, 2, 6, 15, 16, 33, 43, 255, 257, 65280][draw(13)]!
        const subnet = draw(4) > 0 ? subnetOf(4, 0x01020304n, source) : undefined
        const query = buildQuery({ name, type, id, opts: udpSize === undefined ? [] : [{ udpSize, dnssecOk, subnet }] })
        const reply = subject.ask(query, { transport: UDP })!
        const limit = udpSize === undefined ? 512 : Math.max(512, Math.min(1232, udpSize))
        checkReply(query, reply, limit)
        const read = readReply(reply)
        assert.equal(read.opt !== undefined, udpSize !== undefined, 'an OPT for an OPT')
        if (read.opt !== undefined) {
          assert.equal(read.opt.dnssecOk, dnssecOk)
          assert.deepEqual(read.opt.subnet === undefined, subnet === undefined, 'a subnet for a subnet')
          if (subnet !== undefined) assert.deepEqual([read.opt.subnet!.source, [...read.opt.subnet!.octets]], [source, subnet.octets])
        }
        const whole = subject.ask(query, { transport: TCP })!
        assert.equal(readReply(whole).tc, false, 'nothing here is too long for TCP')
        if (read.tc) truncated++
        // ANY gives one RRset by UDP and all by TCP (RFC 8482 §4.4).
        else if (udpSize !== undefined && type !== 255) assert.deepEqual(reply, whole)
      },
    ),
    { seed: PROPERTY_SEED, numRuns: 5000 },
  )
  assert.ok(truncated > 50, `${truncated} replies were truncated`)
})

const hasDname = (reply: Uint8Array): boolean => readReply(reply).answers.some(({ type }) => type === 'DNAME')

test('the case of the question is kept, and changes nothing else', () => {
  fc.assert(
    fc.property(fc.noBias(fc.nat()), fc.noBias(fc.nat()), (seed, flips) => {
      const draw = drawFrom(seed)
      const lower = wireName(drawName(draw).toLowerCase())
      const coin = drawFrom(flips)
      const mixed = Uint8Array.from(lower, (octet) => (octet >= 0x61 && octet <= 0x7a && coin(2) === 0 ? octet - 0x20 : octet))
      const [plain, cased] = [lower, mixed].map(
        (name) => subject.ask(buildQuery({ name, opts: [{ subnet: subnetOf(4, 0x01020304n, 24) }] }))!,
      )
      assert.deepEqual(cased!.subarray(12, 12 + mixed.length), mixed)
      assert.equal(cased!.length, plain!.length)
      // A CNAME made by a DNAME has labels of the question, in the question's letters (RFC 6672 §3.1): those are compared without case.
      const rest = (reply: Uint8Array): Buffer => {
        const octets = Buffer.from(reply.subarray(12 + lower.length))
        return hasDname(reply) ? Buffer.from(octets.toString('latin1').toLowerCase(), 'latin1') : octets
      }
      assert.deepEqual(rest(cased!), rest(plain!))
    }),
    { seed: PROPERTY_SEED, numRuns: 2000 },
  )
})

test('a TCP reply fills the room to the last octet and is truncated one octet below', () => {
  const ask = askOf(subject.context, 65535)
  const query = buildQuery({ name: 'many.hostile.test', opts: [{ subnet: subnetOf(4, 0n, 0) }] })
  const whole = ask(query, { transport: TCP, room: 65535 })!
  assert.equal(readReply(whole).answers.length, 121)
  assert.deepEqual(ask(query, { transport: TCP, room: whole.length }), whole)
  const cut = readReply(ask(query, { transport: TCP, room: whole.length - 1 })!)
  assert.deepEqual([cut.tc, cut.answers.length, cut.opt?.subnet?.scope], [true, 0, 0])
})
