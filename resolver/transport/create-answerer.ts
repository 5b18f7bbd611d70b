/** The answering of one worker: resolver/answer on the live state of each batch. Shell only for the seed of its generator. */
import { randomInt } from 'node:crypto'
import { type AnswerSpecial, createAnswerContext } from '../answer/answer-context.ts'
import { answerQuery, answerServfail } from '../answer/answer-query.ts'
import { createGuard, GUARD_COUNTS } from '../guard/guard.ts'
import { COUNT_GUARD, COUNT_TRANSFERS, outcomeNumber } from '../observe/counters.ts'
import type { LiveState } from '../snapshot/live-state.ts'
import { createTransferDesk, TRANSFER_OUTCOMES, type TransferDesk, type TransferDeskOptions } from '../transfer/transfer-desk.ts'
import { createNameWarmer } from '../zone/warm-names.ts'
import { type Answerer, BATCH_SIZE } from './answer-thread.ts'
import type { PolicyCounters } from './take-swaps.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** The desk of a worker, counting into its stripe. */
export function createCountingDesk(stripe: Float64Array, forward: TransferDeskOptions['forward']): TransferDesk {
  return createTransferDesk({
    forward,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    count: (outcome) => {
      stripe[COUNT_TRANSFERS + TRANSFER_OUTCOMES.indexOf(outcome)]! += 1
    },
  })
}

/** Makes it. `counters` is replaced in place at each swap; signed queries and transfers go to `desk`. */
export function createAnswerer({ settings, stripe, guard: memory }: WorkerSetup, counters: PolicyCounters, desk: TransferDesk): Answerer {
  const context = createAnswerContext({ identity: settings.identity, seed: randomInt(1, 0x7fffffff) })
  const guard = createGuard(memory, settings.guard, stripe.subarray(COUNT_GUARD, COUNT_GUARD + GUARD_COUNTS.length))
  context.guard = guard
  context.stripe = stripe
  // performance.now() begins anew in each thread; the limits of all threads are on one clock.
  const clockMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now()
  let wallSeconds = 0
  let nextSecondMs = 0
  const answerPlain: AnswerSpecial = (mem, off, len, room, src, srcAt, transport) =>
    answerQuery(context, mem, off, len, room, src, srcAt, transport)
  context.special = (mem, off, len, room, src, srcAt, transport) => {
    const { zones, policies, query } = context
    const tables = zones === undefined || policies === undefined ? undefined : { zones, policies }
    return desk.answer(query, mem, off, len, room, src, srcAt, transport, tables, answerPlain)
  }
  const warmNames = createNameWarmer(BATCH_SIZE)
  return {
    use: (live: LiveState) => {
      // One clock read a batch: the other clock is read when its second is over, so a step of it is seen within one.
      const nowMs = performance.now()
      if (nowMs >= nextSecondMs) {
        const wallMs = Date.now()
        wallSeconds = Math.floor(wallMs / 1000)
        nextSecondMs = nowMs + 1000 - (wallMs % 1000)
      }
      guard.begin(nowMs + clockMs, wallSeconds)
      context.zones = live.tables?.zones
      context.policies = live.tables?.policies
      context.expired = desk.expiredZones(context.zones)
      context.ranking = live.ranking
      context.policyCells = counters.cells
      context.counterShape = counters.shape
    },
    shed: (sheds) => {
      context.sheds = sheds
    },
    warm: (mem, off, len, count) => {
      if (context.zones !== undefined) warmNames(context.zones, mem, off, len, count)
    },
    answer: answerPlain,
    note: (cells) => {
      const { decision, decisionPolicy } = context
      cells[0] = decisionPolicy
      if (decisionPolicy < 0) return
      cells[1] = decision.rule
      cells[2] = outcomeNumber(decision)
    },
    tellIdle: (idleMs) => {
      context.idleMs = idleMs
    },
    servfail: (mem, off, len) => answerServfail(mem, off, len),
  }
}
