/** Swaps of a node under load: 20 publishes and 20 changes of the ranking lose no query, and every answer is of the old or of the new state. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { answerOf, ask, encodeQuery } from '../support/dns-load.ts'
import { until } from '../support/product.ts'
import { prepareSwapCase, type SwapCase, type SwapQuestion } from '../support/swap-case.ts'
import { type SwapNode, startSwapNode } from '../support/swap-node.ts'
import { judgeAnswers, monotonicMs, type SwapWatch, startSwapWatch, type Transition } from '../support/swap-watch.ts'

const SWAPS = 20
const SIZE = { policies: 4, linesPerPolicy: 20, steeredNames: 100, staticNames: 1000 }

describe('swaps under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-swap-'))
  let given: SwapCase
  let node: SwapNode
  let watch: SwapWatch
  /** Whether the other addresses are live, and whether the first endpoints are forced down. */
  let isMoved = false
  let isDown = false

  before(async () => {
    given = await prepareSwapCase(folder, SIZE, 200)
    // One thread: nothing old may be answered after anything new.
    node = await startSwapNode(join(folder, 'state'), given.generations.base, given.geodataPath, ['--udp-threads', '1'])
    watch = startSwapWatch(node.port, given.questions, 16)
  })
  after(async () => {
    await watch?.close()
    await node?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function publishOther(): Promise<void> {
    isMoved = !isMoved
    await node.stage(isMoved ? given.generations.moved : given.generations.base)()
  }

  /** What the first question gets now. */
  async function answerNow(): Promise<string> {
    const { name, subnet }: SwapQuestion = given.questions[0]!
    return answerOf(await ask(node.port, encodeQuery(1, name, subnet)))
  }

  async function forceOther(): Promise<void> {
    const before = await answerNow()
    isDown = !isDown
    node.forceFirstDown(isDown)
    await until('an answer shows the ranking', 20_000, async () => (await answerNow()) !== before)
  }

  const stateKey = (): string => `${isMoved}/${isDown}`

  test(`${SWAPS} publishes and ${SWAPS} rankings`, { timeout: 240_000 }, async (t) => {
    const states = new Map<string, readonly string[]>()
    for (const step of [publishOther, forceOther, publishOther, forceOther]) {
      await step()
      states.set(stateKey(), await watch.learn())
    }
    const first = states.get(stateKey())!
    const transitions: Transition[] = []
    watch.begin()
    for (let swap = 0; swap < SWAPS; swap++) {
      for (const step of [publishOther, forceOther]) {
        const from = states.get(stateKey())!
        const causedMs = monotonicMs()
        await step()
        transitions.push({ causedMs, from, to: states.get(stateKey())! })
      }
    }
    // Until an answer to a question asked after the last change has come.
    await answerNow()
    const verdict = judgeAnswers(await watch.end(), first, transitions)
    t.diagnostic(`${verdict.asked} queries`)
    assert.equal(verdict.lost, 0, 'lost queries')
    assert.deepEqual(verdict.wrong.slice(0, 3), [], `${verdict.wrong.length} of ${verdict.asked} answers are of neither state`)
    assert.equal(verdict.transitions.filter(({ firstNewMs }) => firstNewMs === undefined).length, 0, 'a swap that no answer shows')
    assert.ok(verdict.asked > 100 * SWAPS)
    assert.doesNotMatch(node.output(), /"level":50/)
  })
})
