/** NOTIFY to a secondary of the test's own, over loopback: the message, repetitions, replies that count and those that do not. */
import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { findAddress } from '../../../../geodata/address/address.ts'
import { createNotifySender, type NotifyJob, type NotifySenderOptions } from '../../../../resolver/transfer/notify-sender.ts'
import { parseName } from '../../../../resolver/wire/name.ts'
import { parseRdata, splitRdata } from '../../../../resolver/wire/rdata/rdata-text.ts'
import { readMessage } from '../../../../resolver/wire/read-message.ts'
import { createTsigSigner, findTsig, makeTsigKey, tsigKeyFinder, verifyRequest } from '../../../../resolver/wire/tsig.ts'

const NOW = 1_800_000_000
const APEX = parseName('z.test.')
const LOOPBACK = findAddress('127.0.0.1')!
const KEY = makeTsigKey('key1.', 'hmac-sha256', Buffer.alloc(32, 1).toString('base64'))
const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function secondary(): Promise<{
  readonly socket: Socket
  readonly port: number
  readonly next: () => Promise<[Buffer, RemoteInfo]>
}> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closers.push(() => socket.close())
  const waiting: [Buffer, RemoteInfo][] = []
  socket.on('message', (message, from) => waiting.push([message, from]))
  const next = async (): Promise<[Buffer, RemoteInfo]> => {
    while (waiting.length === 0) await once(socket, 'message')
    return waiting.shift()!
  }
  return { socket, port: socket.address().port, next }
}

function start(pausesMs: readonly number[] = [20, 20, 20]) {
  const outcomes: string[] = []
  let changed: () => void = () => undefined
  const onOutcome: NotifySenderOptions['onOutcome'] = (outcome) => {
    outcomes.push(outcome)
    changed()
  }
  const sender = createNotifySender({ from: [LOOPBACK], pausesMs, nowSeconds: () => NOW, onOutcome })
  closers.push(() => sender.close())
  const ended = async (): Promise<string> => {
    while (!outcomes.some((outcome) => outcome !== 'sent')) await new Promise<void>((resolve) => (changed = resolve))
    return outcomes.at(-1)!
  }
  return { sender, outcomes, ended }
}

const jobTo = (port: number, key: NotifyJob['key'] = undefined): NotifyJob => ({
  apex: APEX,
  soa: { rdata: parseRdata(6, splitRdata('ns1 h 42 1 2 3 4'), APEX), ttlSeconds: 300 },
  address: LOOPBACK,
  port,
  key,
})

function replyTo(message: Buffer, rcode: number, id: number = message.readUInt16BE(0)): Buffer {
  const reply = Buffer.from(message.subarray(0, 12 + APEX.length + 4))
  reply.writeUInt16BE(id, 0)
  reply[2]! |= 0x80
  reply[3] = rcode
  reply.fill(0, 6, 12)
  return reply
}

test('the message is an authoritative NOTIFY with the zone as question and its SOA as answer; an answer ends it', async () => {
  const { socket, port, next } = await secondary()
  const { sender, ended } = start([60_000])
  sender.tell([jobTo(port)])
  const [message, from] = await next()
  assert.equal(message[2], 0x24)
  const [soa] = readMessage(message)!.records
  assert.equal(new DataView(soa!.rdata.buffer).getUint32(soa!.rdata.length - 20), 42)
  socket.send(replyTo(message, 0), from.port, from.address)
  assert.equal(await ended(), 'answered')
})

test('it is repeated, and given up after the last pause', async () => {
  const { port, next } = await secondary()
  const { sender, ended, outcomes } = start()
  sender.tell([jobTo(port)])
  const ids = new Set([(await next())[0].readUInt16BE(0), (await next())[0].readUInt16BE(0)])
  assert.equal(ids.size, 1)
  assert.equal(await ended(), 'unanswered')
  assert.deepEqual(outcomes, ['sent', 'unanswered'])
})

test('replies with another id or from another port do not count; a refusal does', async () => {
  const { socket, port, next } = await secondary()
  const stranger = await secondary()
  const { sender, ended, outcomes } = start([60_000])
  sender.tell([jobTo(port)])
  const [message, from] = await next()
  socket.send(replyTo(message, 0, message.readUInt16BE(0) ^ 1), from.port, from.address)
  stranger.socket.send(replyTo(message, 0), from.port, from.address)
  socket.send(replyTo(message, 9), from.port, from.address)
  assert.equal(await ended(), 'refused')
  assert.deepEqual(outcomes, ['sent', 'refused'])
})

test('with a key the message is signed, and only a signed answer counts', async () => {
  const { socket, port, next } = await secondary()
  const { sender, ended } = start([20, 60_000])
  sender.tell([jobTo(port, KEY)])
  const [first, from] = await next()
  socket.send(replyTo(first, 0), from.port, from.address)
  // The unsigned answer ended nothing: it comes again.
  const [message] = await next()
  const found = findTsig(message)
  assert.ok(found.kind === 'found' && verifyRequest(message, found.record, tsigKeyFinder([KEY]), NOW).ok)
  const reply = new Uint8Array(512)
  const plain = replyTo(message, 0)
  reply.set(plain)
  const length = createTsigSigner(KEY, found.record.mac).sign(reply, plain.length, NOW)
  socket.send(reply, 0, length, from.port, from.address)
  assert.equal(await ended(), 'answered')
})

test('a newer serial takes the place of an older one for the same secondary', async () => {
  const { socket, port, next } = await secondary()
  const { sender, ended, outcomes } = start([60_000])
  sender.tell([jobTo(port)])
  sender.tell([jobTo(port)])
  await next()
  const [message, from] = await next()
  socket.send(replyTo(message, 0), from.port, from.address)
  assert.equal(await ended(), 'answered')
  assert.deepEqual(outcomes, ['sent', 'sent', 'answered'])
})
