import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTcpFramer } from '../../../../resolver/transport/tcp-framer.ts'

const MESSAGES: readonly (readonly number[])[] = [[1], [], [2, 3], Array.from({ length: 700 }, (_, i) => i & 255), [9, 9, 9]]
const STREAM = Uint8Array.from(MESSAGES.flatMap((m) => [m.length >> 8, m.length & 255, ...m]))

/** Feeds the stream in chunks of `size` bytes and takes all messages. */
function cut(stream: Uint8Array, size: number): number[][] {
  const framer = createTcpFramer()
  const got: number[][] = []
  for (let at = 0; at < stream.length; at += size) {
    framer.feed(stream.slice(at, at + size))
    for (let message = framer.next(); message !== undefined; message = framer.next()) got.push([...message])
  }
  assert.equal(framer.pendingBytes(), 0)
  return got
}

test('createTcpFramer hands out the same messages for every chunking', () => {
  for (let size = 1; size <= STREAM.length; size++) assert.deepEqual(cut(STREAM, size), MESSAGES, `chunks of ${size}`)
})

test('next returns undefined until the last byte of the message has come', () => {
  const framer = createTcpFramer()
  const bytes = [0, 3, 7, 8, 9]
  for (const [at, byte] of bytes.entries()) {
    assert.equal(framer.next(), undefined, `before byte ${at}`)
    framer.feed(Uint8Array.of(byte))
  }
  assert.deepEqual(framer.next(), Uint8Array.of(7, 8, 9))
  assert.equal(framer.next(), undefined)
})

test('messages not taken before the next feed are kept', () => {
  const framer = createTcpFramer()
  framer.feed(Uint8Array.of(0, 1, 5, 0))
  framer.feed(Uint8Array.of(1, 6))
  assert.equal(framer.pendingBytes(), 6)
  assert.deepEqual(framer.next(), Uint8Array.of(5))
  assert.deepEqual(framer.next(), Uint8Array.of(6))
})
