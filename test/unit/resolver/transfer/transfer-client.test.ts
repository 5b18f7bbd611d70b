/** Transfers from primaries that do not behave, over loopback: one sentence each, and nothing is left behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { serialOfSoa } from '../../../../resolver/transfer/serial.ts'
import { transferZone } from '../../../../resolver/transfer/transfer-client.ts'
import type { HeldZone } from '../../../../resolver/transfer/transfer-reader.ts'
import { canonicalName, parseName } from '../../../../resolver/wire/name.ts'
import { readMessage } from '../../../../resolver/wire/read-message.ts'
import { drawTransferAnswer } from '../../../fuzz/transfer-answers.ts'
import { drawFrom, mutatePacket } from '../../../support/hostile-packets.ts'

const APEX = canonicalName(parseName('sec.test.'))
const LIMITS = { connectMs: 5000, idleMs: 5000, totalMs: 3_600_000, leastBytes: 10_240, rateMs: 60_000 }

const framed = (message: Uint8Array, length: number = message.length): Buffer =>
  Buffer.concat([Uint8Array.of(length >> 8, length & 255), message])

/** Asks a primary that does `answer` with each query. */
async function transferFrom(
  answer: (socket: Socket, query: Buffer) => void,
  limits = LIMITS,
  held?: HeldZone,
  signal?: AbortSignal,
): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => answer(socket, chunk.subarray(2)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  try {
    const source = { address: '127.0.0.1', port, key: undefined, tls: undefined }
    return (await transferZone(source, APEX, held, signal, limits)).kind
  } catch (error) {
    return (error as Error).message
  } finally {
    server.close()
    await once(server, 'close')
  }
}

/** A reply to the SOA query, then `rest` for the query of the zone. */
function afterSoa(rest: (socket: Socket, query: Buffer) => void): (socket: Socket, query: Buffer) => void {
  const draw = drawFrom(1)
  return (socket, query) => {
    const type = query.readUInt16BE(12 + APEX.length)
    if (type !== 6) rest(socket, query)
    else {
      const [reply] = drawTransferAnswer(draw, 'sec.test', query.readUInt16BE(0), 6)
      reply![3] = 0
      socket.write(framed(reply!))
    }
  }
}

const rows: readonly (readonly [name: string, answer: (socket: Socket, query: Buffer) => void, said: RegExp, limits?: typeof LIMITS])[] = [
  ['closes at once', (socket) => socket.destroy(), /closed the connection|ECONNRESET/],
  ['gives its query back', (socket, query) => socket.write(framed(query)), /no SOA|malformed/],
  ['says nothing', () => undefined, /no answer within 50 ms/, { ...LIMITS, idleMs: 50 }],
  [
    'a length that lies, then nothing',
    (socket, query) => socket.write(framed(query, 0xffff)),
    /no answer within 50 ms/,
    { ...LIMITS, idleMs: 50 },
  ],
  ['a message without octets', (socket) => socket.write(Uint8Array.of(0, 0)), /malformed/],
  ['closes within the zone', afterSoa((socket) => socket.end(Uint8Array.of(0, 50, 1))), /closed the connection|ECONNRESET/],
  [
    'noise instead of the zone',
    afterSoa((socket) => socket.write(framed(Uint8Array.from({ length: 300 }, (_, n) => n & 255)))),
    /malformed/,
  ],
  [
    'drips',
    afterSoa((socket, query) => {
      const [soa] = drawTransferAnswer(drawFrom(1), 'sec.test', query.readUInt16BE(0), 6)
      soa![3] = 0
      socket.write(framed(soa!))
      const one = Buffer.concat([
        soa!.subarray(0, 2),
        Buffer.from('84000000000100000000', 'hex'),
        APEX,
        Buffer.from('0001000100000001000401020304', 'hex'),
      ])
      const drip = setInterval(() => socket.write(framed(one)), 5).unref()
      socket.on('close', () => clearInterval(drip))
    }),
    /less than 1000000 octets came in 100 ms/,
    { ...LIMITS, leastBytes: 1_000_000, rateMs: 100 },
  ],
  [
    'passes on what it was told elsewhere',
    (socket, query) => {
      const [reply] = drawTransferAnswer(drawFrom(1), 'sec.test', query.readUInt16BE(0), 6)
      reply![2] = reply![2]! & ~4
      reply![3] = 0
      socket.write(framed(reply!))
    },
    /not authoritative/,
  ],
]

for (const [name, answer, said, limits] of rows)
  test(`a primary that ${name}`, async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    assert.match(await transferFrom(answer, limits), said)
    assert.ok(timers() <= before, 'a timer is left')
  })

test('a primary behind us confirms nothing', async () => {
  const [reply] = drawTransferAnswer(drawFrom(1), 'sec.test', 1, 6)
  const message = readMessage(reply!)!
  const serial = serialOfSoa(message.records[0]!.rdata)
  reply![3] = 0
  // The same serial whenever it asks.
  const answer = (socket: Socket, query: Buffer): void => {
    const message = Buffer.from(reply!)
    query.copy(message, 0, 0, 2)
    socket.write(framed(message))
  }
  const held = (ours: number): HeldZone => ({ serial: ours >>> 0, records: new Uint8Array() })
  assert.equal(await transferFrom(answer, LIMITS, held(serial)), 'current')
  assert.match(await transferFrom(answer, LIMITS, held(serial + 1)), /has serial \d+, which is older than our/)
})

test('a transfer that nobody wants any more ends', async () => {
  const wanted = new AbortController()
  const said = transferFrom(
    afterSoa(() => wanted.abort()),
    LIMITS,
    undefined,
    wanted.signal,
  )
  assert.match(await said, /not wanted any more/)
})

test('a primary that is not there', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const source = { address: '127.0.0.1', port, key: undefined, tls: undefined }
  await assert.rejects(transferZone(source, APEX, undefined, undefined, LIMITS), /ECONNREFUSED/)
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'), 'a timer is left')
})

test('300 transfers spoiled by chance end, each in a zone or a sentence', async () => {
  const draw = drawFrom(7)
  const outcomes = new Set<string>()
  for (let n = 0; n < 300; n++) {
    const answer = afterSoa((socket, query) => {
      for (const message of drawTransferAnswer(draw, 'sec.test', query.readUInt16BE(0), 252))
        socket.write(framed(draw(3) === 0 ? mutatePacket(message, draw) : message))
      socket.end()
    })
    outcomes.add(await transferFrom(answer))
  }
  assert.ok(outcomes.has('axfr'), [...outcomes].join('\n'))
  assert.ok(outcomes.size > 5, [...outcomes].join('\n'))
  for (const outcome of outcomes) assert.doesNotMatch(outcome, /undefined|is not a function|Cannot read|Offset|Invalid/)
})
