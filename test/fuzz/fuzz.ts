/**
 * Hostile input without end: messages over UDP, TCP, TLS and HTTPS to the whole product (or, with --port, to a server that runs), and in
 * this process the answer path and the readers of messages, transfers, updates and master files.
 *
 *   npm run fuzz -- [SECONDS, 60] [--seed N] [--port P [--host ADDR]] [--only sockets|answers|parsers]
 *
 * Prints its seed, and each find as a row for test/fuzz/rows.tsv; exit code 1 when there is one. What runs in this process is repeated
 * with --seed; over sockets the order in which replies come is another each time.
 */
import { parseArgs } from 'node:util'
import { drawFrom } from '../support/hostile-packets.ts'
import { fuzzAnswerMemory, fuzzAnswers } from './answer.fuzz.ts'
import { makeFinds } from './finds.ts'
import { FUZZ_SIGNING, FUZZ_ZONES, startHostileProduct } from './hostile-product.ts'
import { fuzzParsers } from './parsers.fuzz.ts'
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

/** Runs one part, and says what it did. */
async function part(
  name: 'sockets' | 'answers' | 'parsers',
  title: string,
  run: (finds: ReturnType<typeof makeFinds>) => string | Promise<string>,
): Promise<void> {
  if (values.only !== undefined && values.only !== name) return
  const finds = makeFinds(print)
  let detail: string
  try {
    detail = await run(finds)
  } catch (error) {
    finds.add(title, error)
    detail = 'broken off'
  }
  const count = finds.list().length
  if (count === 0) passed++
  else failed++
  print(`${count === 0 ? 'ok' : `not ok (${count} finds)`} - ${title}: ${detail}`)
}

print(`seed ${seed}, ${seconds} s`)
const draw = drawFrom(seed)
/** Each part has its share of the time; all of it when it is the only one. */
const shareMs = (share: number): number => 1000 * seconds * (values.only === undefined ? share : 1)
const endIn = (share: number): number => performance.now() + shareMs(share)

await part('answers', 'answer path, every reply read', (finds) => fuzzAnswers(draw, endIn(0.06), finds))
await part('answers', 'answer path, heap', (finds) => fuzzAnswerMemory(draw, endIn(0.04), finds))
await part('parsers', 'readers of messages, transfers, updates, master files', (finds) => fuzzParsers(draw, endIn(0.2), finds))
await part('sockets', values.port === undefined ? 'whole product' : `server at ${values.host} port ${values.port}`, async (finds) => {
  if (values.port !== undefined) {
    const target = { host: values.host, port: Number(values.port), dotPort: undefined, dohPort: undefined, ca: '' }
    return await fuzzSockets(
      draw,
      { ...target, signing: FUZZ_SIGNING, zones: FUZZ_ZONES, product: undefined },
      shareMs(0.7) / 1000,
      finds,
      print,
    )
  }
  const { target, primarySent, stop } = await startHostileProduct(draw)
  try {
    const said = await fuzzSockets(draw, target, shareMs(0.7) / 1000, finds, print)
    return `${said}; ${primarySent()} messages of its primary`
  } finally {
    await stop()
  }
})
print(`# pass ${passed}\n# fail ${failed}`)
process.exitCode = failed === 0 ? 0 : 1
