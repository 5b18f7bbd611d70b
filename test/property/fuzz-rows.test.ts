/** Everything that fuzzing ever found (test/fuzz/rows.tsv), once more. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createRequestDesk } from '../../resolver/transfer/request-desk.ts'
import { FUZZ_SIGNING } from '../fuzz/hostile-product.ts'
import { PARSE_TARGETS } from '../fuzz/parse-targets.ts'
import { checkReply } from '../support/check-reply.ts'
import { hostileSubject } from '../support/hostile-zones.ts'

const SOURCE = Uint32Array.of(0, 0, 0xffff, 0x7f000001)

/** Updates and NOTIFY at a node that is alone. */
async function request(input: Uint8Array): Promise<void> {
  const desk = createRequestDesk({
    nowSeconds: () => 1_800_000_000,
    nowMonotonicMs: () => 0,
    keys: () => [FUZZ_SIGNING.known],
    live: () => undefined,
    askUpdate: () => Promise.resolve({ rcode: 0, generation: 1, reason: '' }),
    tellNotify: () => Promise.resolve(undefined),
    whenLive: () => Promise.resolve(true),
    onProblem: (what) => assert.doesNotMatch(what, /a request failed/),
  })
  checkReply(input, await desk.answer(input, SOURCE), 65_535, true)
}

const RUNS: Readonly<Record<string, (input: Uint8Array) => unknown>> = {
  ...PARSE_TARGETS,
  request,
  answer: (input) => {
    const subject = hostileSubject()
    for (const transport of [0, 1]) checkReply(input, subject.ask(input, { transport, room: 4096 }), transport === 0 ? 1232 : 4096)
  },
}

const rows = readFileSync(new URL('../fuzz/rows.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
for (const [number, line] of rows.entries()) {
  const [where, hex, reason] = line.split('\t')
  test(`find ${number + 1}, ${where}: ${reason}`, async () => {
    const run = RUNS[where!]
    assert.ok(run !== undefined && reason !== undefined && /^(?:[0-9a-f]{2})*$/.test(hex!), `a row that is none: ${line}`)
    await run(new Uint8Array(Buffer.from(hex!, 'hex')))
  })
}
