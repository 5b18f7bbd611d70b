/** Reply bursts when the kernel or the device refuses them, on a scripted sendmmsg (the real one: test/shared/batch-socket.test.ts). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { getLibc, type Libc, libcUnavailable } from '../../../../resolver/transport/libc.ts'
import {
  AT_CONTROL_LENGTH,
  AT_VECTOR_COUNT,
  AT_VECTORS,
  createMessageBlock,
  HEADER_BYTES,
  type MessageBlock,
  NAME_BYTES,
} from '../../../../resolver/transport/message-block.ts'
import { createBatchSender } from '../../../../resolver/transport/send-batch.ts'

const EINTR = 4
const EIO = 5
const EAGAIN = 11
const EINVAL = 22
const ENETUNREACH = 101

/** What the scripted kernel says to an entry: taken, or an error number. */
type Verdict = (entry: { readonly replies: readonly number[]; readonly segmentBytes: number }) => number

function subject(lengths: readonly number[], clients: readonly number[], verdict: Verdict) {
  const real = getLibc()
  const size = lengths.length
  let number = 0
  const log: string[] = []
  let block!: MessageBlock
  const readEntry = (k: number) => {
    const header = (block.atSend + k * HEADER_BYTES) >> 2
    const count = block.words[header + (AT_VECTOR_COUNT >> 2)]!
    const low = block.words[header + (AT_VECTORS >> 2)]!
    const first = (low - Number((block.base + BigInt(block.atSendVectors)) & 0xffffffffn)) / 16
    const control = block.words[header + (AT_CONTROL_LENGTH >> 2)]!
    const segmentBytes = control === 0 ? 0 : block.words[((block.atControls + slots[first]! * 64) >> 2) + 4]! & 0xffff
    return { replies: Array.from({ length: count }, (_, i) => first + i), segmentBytes }
  }
  const slots = lengths.flatMap((length, i) => (length > 0 ? [i] : []))
  const libc: Libc = {
    ...real,
    errno: () => number,
    errnoNumbers: { EINTR, EAGAIN },
    sendmmsg: (_fd, from, count) => {
      const k = Number(from - block.base - BigInt(block.atSend)) / HEADER_BYTES
      for (let n = 0; n < count; n++) {
        const entry = readEntry(k + n)
        const said = verdict(entry)
        if (said !== 0) {
          number = said
          if (n === 0) log.push(`${entry.replies.join('+')}: ${said}`)
          return n === 0 ? -1 : n
        }
        log.push(entry.replies.join('+') + (entry.segmentBytes > 0 ? `/${entry.segmentBytes}` : ''))
      }
      return count
    },
  }
  block = createMessageBlock(libc, size, 16, false)
  for (let i = 0; i < size; i++) block.words[((block.atNames + i * NAME_BYTES) >> 2) + 1] = clients[i]!
  const off = Uint32Array.from(lengths, (_, i) => block.atPackets + i)
  const sender = createBatchSender(libc, 3, block, { off, len: Uint32Array.from(lengths), answerable: new Uint8Array(size).fill(1) }, true)
  return { sender, log }
}

const CASES: readonly {
  name: string
  lengths: number[]
  clients: number[]
  verdict: Verdict
  log: string[]
  sent: number
  failures: number
  joins: boolean
}[] = [
  {
    name: 'neighbours of one client and one length leave together, the last may be shorter',
    lengths: [50, 50, 40, 40, 60, 60, 0, 60],
    clients: [1, 1, 1, 1, 1, 1, 1, 2],
    verdict: () => 0,
    log: ['0+1+2/50', '3', '4+5/60', '6'],
    sent: 7,
    failures: 0,
    joins: true,
  },
  {
    name: 'a device that refuses bursts gets every reply alone, and no burst again',
    lengths: [50, 50, 50, 50],
    clients: [1, 1, 2, 2],
    verdict: ({ replies }) => (replies.length > 1 ? EIO : 0),
    log: ['0+1: 5', '0', '1', '2', '3'],
    sent: 4,
    failures: 0,
    joins: false,
  },
  {
    name: 'a client that no reply can go to does not end bursts for the others',
    lengths: [50, 50, 50, 50],
    clients: [1, 1, 2, 2],
    verdict: ({ replies }) => (replies[0]! < 2 ? ENETUNREACH : 0),
    log: ['0+1: 101', '0: 101', '1: 101', '2', '3'],
    sent: 2,
    failures: 2,
    joins: true,
  },
  {
    name: 'what went out before the refusal is not sent twice',
    lengths: [50, 50, 50, 50, 50],
    clients: [1, 2, 3, 3, 4],
    verdict: ({ replies }) => (replies.length > 1 ? EINVAL : 0),
    log: ['0', '1', '2+3: 22', '2', '3', '4'],
    sent: 5,
    failures: 0,
    joins: false,
  },
  {
    name: 'a full queue drops the rest and counts each reply of a burst',
    lengths: [50, 50, 50, 50],
    clients: [1, 2, 2, 2],
    verdict: ({ replies }) => (replies.length > 1 ? EAGAIN : 0),
    log: ['0', '1+2+3: 11'],
    sent: 1,
    failures: 3,
    joins: true,
  },
]

describe('replies of a batch', { skip: libcUnavailable() ?? false }, () => {
  for (const { name, lengths, clients, verdict, log, sent, failures, joins } of CASES) {
    test(name, () => {
      const { sender, log: seen } = subject(lengths, clients, verdict)
      assert.equal(sender.send(lengths.length), sent)
      assert.deepEqual(seen, log)
      assert.equal(sender.failureCount(), failures)
      assert.equal(sender.joinsReplies(), joins)
      seen.length = 0
      sender.send(lengths.length)
      assert.equal(
        seen.some((line) => line.includes('/')),
        joins && log.some((line) => line.includes('/')),
        'the next batch',
      )
    })
  }
})
