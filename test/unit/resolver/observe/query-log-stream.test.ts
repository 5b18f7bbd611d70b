import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { decodeControlFrame, encodeControlFrame, FRAME_ACCEPT, FRAME_FINISH } from '../../../../resolver/observe/dnstap-frames.ts'
import type { LogSink } from '../../../../resolver/observe/query-log-sink.ts'
import { openLogSocket, type StreamFraming } from '../../../../resolver/observe/query-log-stream.ts'
import { until } from '../../../support/product.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const folder = temporaryFolder()
let number = 0
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function open(framing: StreamFraming) {
  const path = join(folder.path, `s${number++}`)
  const counts = { written: 0, lost: 0 }
  const problems: string[] = []
  const sink: LogSink = openLogSocket(path, framing, {
    written: (count) => {
      counts.written += count
    },
    lost: (count) => {
      counts.lost += count
    },
    problem: (message, recovered) => void problems.push(`${recovered ? '+' : '-'} ${message}`),
  })
  const ticker = setInterval(() => sink.tick(performance.now()), 5)
  closers.push(() => clearInterval(ticker))
  return { path, sink, counts, problems }
}

/** A reader: takes the hand-shake unless it is silent, keeps what comes behind. */
async function listen(path: string, behave: 'good' | 'silent' | 'other type' | 'plain' | 'stuck' = 'good') {
  const seen = { connections: 0, data: Buffer.alloc(0), sockets: [] as Socket[] }
  const server: Server = createServer((socket) => {
    seen.connections++
    seen.sockets.push(socket)
    socket.on('error', () => undefined)
    if (behave === 'silent') return
    let waiting = behave !== 'plain'
    socket.on('data', (chunk) => {
      seen.data = Buffer.concat([seen.data, chunk])
      if (waiting && decodeControlFrame(seen.data) !== undefined) {
        waiting = false
        seen.data = seen.data.subarray(decodeControlFrame(seen.data)!.size)
        const accept = Buffer.from(encodeControlFrame(FRAME_ACCEPT))
        if (behave === 'other type') accept.write('x', 20)
        socket.write(accept)
        if (behave === 'stuck') socket.pause()
      }
      if (seen.data.subarray(-12).equals(Buffer.from('000000000000000400000003', 'hex'))) socket.write(encodeControlFrame(FRAME_FINISH))
    })
  })
  server.listen(path)
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    for (const socket of seen.sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  closers.push(close)
  return { seen, close }
}

describe('the query log into a unix socket', () => {
  test('hand-shake, START, data, STOP, FINISH', async () => {
    const { path, sink, counts } = open('both')
    assert.equal(sink.hasRoom(), false)
    const { seen } = await listen(path)
    await until('the stream is open', 5000, () => sink.hasRoom())
    const chunk = Buffer.from('0000000161', 'hex')
    sink.write(chunk, 2)
    chunk.fill(0)
    await sink.close()
    assert.equal(decodeControlFrame(seen.data)!.type, 2)
    assert.equal(seen.data.subarray(decodeControlFrame(seen.data)!.size).toString('hex'), '0000000161000000000000000400000003')
    assert.deepEqual(counts, { written: 2, lost: 0 })
  })

  test('a reader that comes late, goes, and comes back: told once each way', async () => {
    const { path, sink, problems } = open('none')
    await until('it is told', 5000, () => problems.length === 1)
    assert.match(problems[0]!, /^- there is no reader of the query log "unix:.*" \(ENOENT\)$/)
    const first = await listen(path, 'plain')
    await until('the stream is open', 5000, () => sink.hasRoom())
    await first.close()
    await until('the loss is told', 5000, () => problems.length === 3)
    assert.equal(sink.hasRoom(), false)
    const second = await listen(path, 'plain')
    await until('it is back', 10_000, () => sink.hasRoom())
    sink.write(Buffer.from('line\n'), 1)
    await until('data', 5000, () => second.seen.data.length > 0)
    assert.deepEqual(
      problems.map((problem) => problem[0]),
      ['-', '+', '-', '+'],
    )
    await sink.close()
  })

  test('a reader of another content type is refused', async () => {
    const { path, sink, problems } = open('both')
    const { seen } = await listen(path, 'other type')
    await until('it is told', 5000, () => problems.some((problem) => problem.includes('does not accept')))
    assert.equal(sink.hasRoom(), false)
    assert.ok(seen.connections >= 1)
    await sink.close()
  })

  test('a reader that does not read: full at the limit, and what never arrived is counted as lost', async () => {
    const { path, sink, counts } = open('both')
    const { close } = await listen(path, 'stuck')
    await until('the stream is open', 5000, () => sink.hasRoom())
    let chunks = 0
    while (sink.hasRoom()) {
      sink.write(Buffer.alloc(64 << 10), 1)
      if (++chunks > 1000) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(chunks > 10 && chunks < 100, String(chunks))
    await close()
    await until('all are accounted for', 5000, () => counts.written + counts.lost === chunks)
    assert.ok(counts.lost > 0)
    await sink.close()
  })

  test('a silent reader does not hold up the end', async () => {
    const { path, sink } = open('both')
    const { seen } = await listen(path, 'silent')
    await until('connected', 5000, () => seen.connections === 1)
    await sink.close()
  })
})
