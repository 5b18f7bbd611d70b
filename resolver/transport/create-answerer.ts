/** The answering of one worker: resolver/answer on the live state of each batch. Shell only for the seed of its generator. */
import { randomInt } from 'node:crypto'
import { createAnswerContext } from '../answer/answer-context.ts'
import { answerQuery, answerServfail } from '../answer/answer-query.ts'
import type { LiveState } from '../snapshot/live-state.ts'
import type { Answerer } from './answer-thread.ts'
import type { PolicyCounters } from './take-swaps.ts'
import type { AnswerSettings } from './worker-setup.ts'

/** Makes it. `counters` is replaced in place at each swap. */
export function createAnswerer(settings: AnswerSettings, counters: PolicyCounters): Answerer {
  const context = createAnswerContext({ identity: settings.identity, seed: randomInt(1, 0x7fffffff) })
  return {
    use: (live: LiveState) => {
      context.zones = live.tables?.zones
      context.policies = live.tables?.policies
      context.ranking = live.ranking
      context.policyCells = counters.cells
      context.counterShape = counters.shape
    },
    answer: (mem, off, len, room, src, srcAt, transport) => answerQuery(context, mem, off, len, room, src, srcAt, transport),
    servfail: (mem, off, len) => answerServfail(mem, off, len),
  }
}
