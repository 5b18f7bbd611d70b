/**
 * A watch over answers while generations and rankings are swapped: asks questions all the time from a thread of its own and keeps every
 * reply; `judgeAnswers` then says which were of neither the old nor the new state. What a state answers is learned from the node at rest.
 */
import { Worker } from 'node:worker_threads'
import { encodeQuery } from './dns-load.ts'
import type { SwapQuestion } from './swap-case.ts'

/** One question and its fate; times of `monotonicMs`. */
export type WatchedAnswer = {
  readonly question: number
  readonly sentMs: number
  readonly repliedMs: number
  /** The reply without id and TTL; undefined = none came. */
  readonly reply: string | undefined
}

/** A watch. */
export type SwapWatch = {
  /** Asks every question once; what is answered, by question. Rejects when one is not. */
  readonly learn: () => Promise<readonly string[]>
  readonly begin: () => void
  /** Stops asking; resolves with all that was asked since `begin`, in the order of the replies. */
  readonly end: () => Promise<readonly WatchedAnswer[]>
  readonly close: () => Promise<void>
}

/** What the thread is told. */
export type WatchOrder = { readonly order: 'learn' | 'begin' | 'end' }
/** What the thread is started with. */
export type WatchSetup = { readonly port: number; readonly queries: readonly Uint8Array[]; readonly sockets: number }

/** A change from one state to another; `from` and `to` are what is answered, by question. */
export type Transition = {
  /** When it was asked for. */
  readonly causedMs: number
  readonly from: readonly string[]
  readonly to: readonly string[]
}

/** What was found out about a transition. */
export type TransitionSeen = {
  /** From the cause to the first answer of the new state; undefined = there was none. */
  readonly firstNewMs: number | undefined
  /** From the cause to the last answer of the old state, 0 = there was none. */
  readonly lastOldMs: number
}

/** Verdict over a watch. */
export type WatchVerdict = {
  readonly asked: number
  readonly lost: number
  /** Answers of neither state, and answers of the old state to questions asked after one of the new state had come. */
  readonly wrong: readonly WatchedAnswer[]
  readonly transitions: readonly TransitionSeen[]
}

/** The clock of all threads of a process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

/** Starts a watch; it asks nothing yet. `sockets` questions are under way at a time. */
export function startSwapWatch(port: number, questions: readonly SwapQuestion[], sockets: number): SwapWatch {
  const queries = questions.map(({ name, subnet }) => encodeQuery(0, name, subnet))
  const worker = new Worker(new URL('./swap-watch-worker.ts', import.meta.url), {
    workerData: { port, queries, sockets } satisfies WatchSetup,
  })
  const failed = new Promise<never>((_, reject) => worker.once('error', reject))
  failed.catch(() => undefined)
  const ask = (order: WatchOrder['order']): Promise<readonly WatchedAnswer[]> => {
    const answered = new Promise<readonly WatchedAnswer[]>((resolve) => worker.once('message', resolve))
    worker.postMessage({ order } satisfies WatchOrder)
    return Promise.race([answered, failed])
  }
  return {
    learn: async () => {
      const replies: string[] = []
      for (const { question, reply } of await ask('learn')) {
        if (reply === undefined) throw new Error(`question ${question} (${questions[question]!.name}) is not answered at rest`)
        replies[question] = reply
      }
      return replies
    },
    begin: () => worker.postMessage({ order: 'begin' } satisfies WatchOrder),
    end: () => ask('end'),
    close: async () => {
      await worker.terminate()
    },
  }
}

/**
 * Judges a watch over a node with one answer thread, so that nothing old may be answered after anything new. Transitions follow one another;
 * `before` is the state ahead of the first.
 */
export function judgeAnswers(
  answers: readonly WatchedAnswer[],
  before: readonly string[],
  transitions: readonly Transition[],
): WatchVerdict {
  const wrong: WatchedAnswer[] = []
  const seen: { firstNewMs: number | undefined; lastOldMs: number }[] = transitions.map(() => ({ firstNewMs: undefined, lastOldMs: 0 }))
  /** Number of the state that is known to be live: 0 = before, i = after transition i - 1. */
  let reached = 0
  let reachedMs = Number.NEGATIVE_INFINITY
  const stateOf = (number: number): readonly string[] => (number === 0 ? before : transitions[number - 1]!.to)
  for (const answer of answers) {
    const { question, reply, sentMs, repliedMs } = answer
    if (reply === undefined) continue
    // Asked before the live state was seen: the one before may have answered it.
    let lowest = sentMs > reachedMs ? reached : Math.max(0, reached - 1)
    let highest = reached
    while (highest < transitions.length && transitions[highest]!.causedMs <= repliedMs) highest++
    while (lowest <= highest && stateOf(lowest)[question] !== reply) lowest++
    if (lowest > highest) wrong.push(answer)
    else if (lowest > reached) {
      for (let passed = reached; passed < lowest; passed++) seen[passed]!.firstNewMs = repliedMs - transitions[passed]!.causedMs
      reached = lowest
      reachedMs = repliedMs
    } else if (lowest < transitions.length && transitions[lowest]!.causedMs <= repliedMs) {
      seen[lowest]!.lastOldMs = Math.max(seen[lowest]!.lastOldMs, repliedMs - transitions[lowest]!.causedMs)
    }
  }
  return { asked: answers.length, lost: answers.filter(({ reply }) => reply === undefined).length, wrong, transitions: seen }
}
