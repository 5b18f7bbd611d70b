/** Worker of swap-watch.ts: asks questions over UDP, one under way on each socket, and keeps the replies. */
import { createSocket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMs, type WatchedAnswer, type WatchOrder, type WatchSetup } from './swap-watch.ts'

/** Without a reply for so long a question counts as lost. */
const LOST_MS = 2000
const LOOK_MS = 100

const { port, queries, sockets } = workerData as WatchSetup
let answers: WatchedAnswer[] = []
/** Next question; with `last` no more are asked behind it. */
let next = 0
let last = -1
let running = 0

/** A reply without its id and the TTL of the first answer: what must be equal in a state. */
function withoutTtl(reply: Buffer): string {
  let at = 12
  while (at < reply.length && reply[at] !== 0) at += reply[at]! + 1
  // Root label, type and class of the question; pointer, type and class of the answer.
  const ttlAt = at + 5 + 6
  return reply.toString('latin1', 2, ttlAt) + reply.toString('latin1', ttlAt + 4)
}

function startAsker(): void {
  const socket = createSocket('udp4')
  let id = 0
  let question = 0
  let sentMs = 0
  let waiting = false
  const ask = (): void => {
    waiting = last < 0 || next <= last
    if (!waiting) {
      running--
      return
    }
    question = next++ % queries.length
    id = (id + 1) & 0xffff
    const query = Buffer.from(queries[question]!)
    query.writeUInt16BE(id)
    sentMs = monotonicMs()
    socket.send(query)
  }
  const settle = (reply: string | undefined): void => {
    answers.push({ question, sentMs, repliedMs: monotonicMs(), reply })
    ask()
  }
  socket.on('message', (reply) => {
    if (waiting && reply.readUInt16BE() === id) settle(withoutTtl(reply))
  })
  setInterval(() => {
    if (waiting && monotonicMs() - sentMs > LOST_MS) settle(undefined)
  }, LOOK_MS)
  socket.connect(port, '127.0.0.1')
  starters.push(ask)
}

const starters: (() => void)[] = []
for (let i = 0; i < sockets; i++) startAsker()

function begin(lastQuestion: number): void {
  answers = []
  next = 0
  last = lastQuestion
  running = starters.length
  for (const start of starters) start()
}

/** Resolves when nothing is under way. */
async function drained(): Promise<void> {
  while (running > 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

parentPort!.on('message', async ({ order }: WatchOrder) => {
  if (order === 'begin') {
    begin(-1)
    return
  }
  if (order === 'learn') begin(queries.length - 1)
  else last = next - 1
  await drained()
  parentPort!.postMessage(answers)
})
