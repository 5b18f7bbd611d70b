/**
 * Counters of the answering threads in shared memory. Pure. Each worker writes only its own stripe of Float64 cells (exact to 2^53,
 * aligned, so a reader never sees a torn value), and the metrics endpoint sums them: no lock, no message, no garbage per query.
 */

/** Cells of a worker's stripe. */
export const COUNT_QUERIES = 0
export const COUNT_BATCHES = 1
export const COUNT_DROPPED = 2
export const COUNT_SEND_FAILURES = 3
/** Packets that made the answer code throw; each was answered SERVFAIL. */
export const COUNT_EXCEPTIONS = 4
export const COUNT_TRUNCATED = 5
export const COUNT_REFUSED_RANKINGS = 6
/** Open connections (stream worker). */
export const COUNT_CONNECTIONS = 7
export const COUNT_CONNECTIONS_TOTAL = 8
/** Connections closed by a limit, a time-out, or because the peer did not read. */
export const COUNT_CONNECTIONS_SHED = 9
/** Messages that the system lost because the queue of a socket was full. */
export const COUNT_RECEIVE_LOST = 10
/** TLS handshakes refused by a limit. */
export const COUNT_HANDSHAKES_REFUSED = 11
/** Connections lost before TLS was agreed on. */
export const COUNT_HANDSHAKE_FAILURES = 14
/** HTTP requests that were refused with a status of their own. */
export const COUNT_HTTP_REFUSED = 15
/** 16 cells, one an rcode of the header. */
export const COUNT_RCODES = 16
/** 16 cells, one an outcome of resolver/transfer/transfer-desk.ts. */
export const COUNT_TRANSFERS = 32
/** 8 cells, those of GUARD_COUNTS (resolver/guard/guard.ts). */
export const COUNT_GUARD = 48
/** The ring of clients (client-ring.ts): a cell with what was written so far, then two cells an entry. */
export const COUNT_CLIENTS = 56
/** Entries of that ring: a power of two. */
export const CLIENT_RING_ENTRIES = 1024
/** Cells of one stripe: whole cache lines. */
export const STRIPE_CELLS: number = 64 + 2 * CLIENT_RING_ENTRIES

/** Memory for `workers` stripes. */
export function createCounters(workers: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * STRIPE_CELLS * workers))
}

/** The stripe of one worker. */
export function stripeOf(counters: Float64Array, worker: number): Float64Array {
  return counters.subarray(worker * STRIPE_CELLS, (worker + 1) * STRIPE_CELLS)
}

/** Sum of one cell over some workers. */
export function sumCell(counters: Float64Array, cell: number, workers: readonly number[]): number {
  let sum = 0
  for (const worker of workers) sum += counters[worker * STRIPE_CELLS + cell]!
  return sum
}

/** Counts a reply of `length` bytes at `mem[off]`. */
export function countReply(stripe: Float64Array, mem: Uint8Array, off: number, length: number): void {
  if (length === 0) {
    stripe[COUNT_DROPPED]! += 1
    return
  }
  stripe[COUNT_RCODES + (mem[off + 3]! & 15)]! += 1
  if ((mem[off + 2]! & 2) !== 0) stripe[COUNT_TRUNCATED]! += 1
}

/**
 * How a policy answered; label `outcome` of nearcast_answers_total. Steps are those of DESIGN.md section 6; step 1 is `rule` when the
 * first pool of the first matching rule answered, `displaced` when a later one did.
 */
export const ANSWER_OUTCOMES = ['rule', 'displaced', 'fallback', 'last-resort', 'all-down', 'nodata', 'servfail'] as const
/** One of them. */
export type AnswerOutcome = (typeof ANSWER_OUTCOMES)[number]

/** Counts that size the policy counters of a generation. */
export type PolicyCounterShape = {
  readonly ruleCount: number
  readonly policyCount: number
  /** Endpoints whose answers are counted; 0 or absent = of none, when no endpoint has a capacity. */
  readonly endpointCount?: number
}

/** Cells of one worker: outcomes of each rule, then of each policy (answers of no rule), then answers that led to each endpoint. */
export function policyCounterCells(shape: PolicyCounterShape): number {
  return firstEndpointCell(shape) + (shape.endpointCount ?? 0)
}

/** Where the answers by endpoint begin. */
export function firstEndpointCell(shape: PolicyCounterShape): number {
  return (shape.ruleCount + shape.policyCount) * ANSWER_OUTCOMES.length
}

/** Answers by endpoint, summed over the workers; `all` are their cells one after the other. */
export function sumEndpointAnswers(all: Float64Array, shape: PolicyCounterShape, workers: number): Float64Array {
  const counts = new Float64Array(shape.endpointCount ?? 0)
  const cells = policyCounterCells(shape)
  const first = firstEndpointCell(shape)
  for (let worker = 0; worker < workers; worker++)
    for (let endpoint = 0; endpoint < counts.length; endpoint++) counts[endpoint]! += all[worker * cells + first + endpoint]!
  return counts
}

/** What of a decision (policy/model/decision.ts: outcome 0 answer, 1 SERVFAIL, 2 NODATA; step 1–4) its count depends on. */
export type CountedDecision = {
  readonly outcome: number
  readonly step: number
  readonly rule: number
  readonly chainPosition: number
  readonly poolPosition: number
}

/** Place of a decision's outcome in ANSWER_OUTCOMES; the positions tell `rule` from `displaced`. */
export function outcomeNumber({ outcome, step, chainPosition, poolPosition }: CountedDecision): number {
  if (outcome === 2) return 5
  if (outcome === 1) return 6
  if (step === 1) return chainPosition <= 0 && poolPosition <= 0 ? 0 : 1
  return step
}

/** Cell of a decision of `policy`: those of a rule stand with the rule, the others (rule -1) with the policy. */
export function policyCell(shape: PolicyCounterShape, policy: number, decision: CountedDecision): number {
  const row = decision.rule >= 0 ? decision.rule : shape.ruleCount + policy
  return row * ANSWER_OUTCOMES.length + outcomeNumber(decision)
}
