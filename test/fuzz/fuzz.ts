/**
 * Hostile input without end: messages over UDP, TCP, TLS and HTTPS to the whole product (or, with --port, to a server that runs), and
 * beside it in a thread the answer path and the readers of messages, transfers, updates and master files.
 *
 *   npm run fuzz -- [SECONDS, 60] [--seed N] [--port P [--host ADDR]] [--only sockets|answers|parsers]
 *
 * Prints its seed, and each find as a row for test/fuzz/rows.tsv; exit code 1 when there is one. What needs no server is repeated
 * with --seed; over sockets the order in which replies come is another each time.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { drawFrom } from '../support/hostile-packets.ts'
import { makeFinds } from './finds.ts'
import { FUZZ_SIGNING, FUZZ_ZONES, startHostileProduct } from './hostile-product.ts'
import type { InProcessMessage, InProcessTask } from './in-process-worker.ts'
import { fuzzSockets } from './socket.fuzz.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' }, only: { type: 'string' } },
})
const seconds = Number(positionals[0] ?? 60)
const seed = Number(values.seed ?? Date.now() % 0x7fffffff)
const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
let passed = 0
let failed = 0

function report(title: string, detail: string, findCount: number): void {
  if (findCount === 0) passed++
  else failed++
  print(`${findCount === 0 ? 'ok' : `not ok (${findCount} finds)`} - ${title}: ${detail}`)
}

async function runInProcess(parts: InProcessTask['parts']): Promise<void> {
  if (parts.length === 0) return
  const workerData: InProcessTask = { seed, seconds, parts }
  const worker = new Worker(new URL('./in-process-worker.ts', import.meta.url), { workerData })
  worker.on('message', (message: InProcessMessage) => {
    if ('line' in message) print(message.line)
    else report(message.title, message.detail, message.findCount)
  })
  worker.on('error', (error) => report('in this process', error.stack ?? error.message, 1))
  await once(worker, 'exit')
}

async function runSockets(): Promise<void> {
  const finds = makeFinds(print)
  const draw = drawFrom(seed)
  let detail = 'broken off'
  try {
    if (values.port === undefined) {
      const { target, primarySent, stop } = await startHostileProduct(draw)
      try {
        detail = `${await fuzzSockets(draw, target, seconds, finds, print)}; ${primarySent()} messages of its primary`
      } finally {
        await stop()
      }
    } else {
      const server = { host: values.host, port: Number(values.port), dotPort: undefined, dohPort: undefined, ca: '', product: undefined }
      detail = await fuzzSockets(draw, { ...server, signing: FUZZ_SIGNING, zones: FUZZ_ZONES }, seconds, finds, print)
    }
  } catch (error) {
    finds.add('sockets', error)
  }
  report(values.port === undefined ? 'whole product' : `server at ${values.host} port ${values.port}`, detail, finds.list().length)
}

print(`seed ${seed}, ${seconds} s`)
const wanted = (part: string): boolean => values.only === undefined || values.only === part
await Promise.all([
  wanted('sockets') ? runSockets() : undefined,
  runInProcess((['answers', 'parsers'] as const).filter((part) => wanted(part))),
])
print(`# pass ${passed}\n# fail ${failed}`)
process.exitCode = failed === 0 ? 0 : 1
