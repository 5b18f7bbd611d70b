/**
 * The data plane of one process: answering workers, memory of generations, health, joined here because the parts may not import
 * each other. Shell. Used by `node` (generations come from control) and `serve` (one generation, compiled here).
 *
 * A publish: load the snapshot into idle memory → health builds its first ranking for the new indices → all workers take both as
 * one → the memory of the generation before is idle. Publishes run one after another.
 */
import type { RankPlan } from '../../health/model/rank-plan.ts'
import { rankingShapeOf, type SharedRanking, sharedRankingSizeBytes, viewSharedRanking } from '../../health/model/ranking.ts'
import { latencyPlanOf } from '../../policy/compile/latency-rows.ts'
import {
  ANSWER_OUTCOMES,
  type AnswerOutcome,
  type PolicyCounterShape,
  policyCounterCells,
  sumEndpointAnswers,
} from '../../resolver/observe/counters.ts'
import { readFailedPackets } from '../../resolver/observe/failed-packets.ts'
import type { QueryLog } from '../../resolver/observe/query-log.ts'
import type { Snapshot } from '../../resolver/snapshot/snapshot.ts'
import type { BlockSource } from '../../resolver/snapshot/snapshot-file.ts'
import type { RequestDesk, RequestDeskOptions } from '../../resolver/transfer/request-desk.ts'
import type { TransferContent } from '../../resolver/transfer/transfer-access.ts'
import type { TransferKeeper } from '../../resolver/transfer/transfer-keeper.ts'
import type { TcpLimits } from '../../resolver/transport/connection-table.ts'
import { createGenerationMemory } from '../../resolver/transport/generation-memory.ts'
import { preferHugePages } from '../../resolver/transport/huge-pages.ts'
import { collectGarbage } from '../../resolver/transport/take-swaps.ts'
import { policyCountersBytes, startWorkerPool, type WorkerPool } from '../../resolver/transport/worker-pool.ts'
import type { AnswerSettings } from '../../resolver/transport/worker-setup.ts'
import type { ProcessLog } from '../process-log.ts'
import { ProductError } from '../product-error.ts'
import type { AssignedSockets } from './assign-sockets.ts'
import type { NodeEncryption } from './start-encrypted.ts'
import type { ZoneFreshness } from './zone-freshness.ts'

/** What the data plane needs of health: a ranking for each plan, and no more. */
export type HealthSource = {
  /** Turns to another plan; resolves when the first ranking for it stands in `sharedRanking`. */
  readonly replacePlan: (plan: RankPlan, sharedRanking: SharedArrayBuffer) => Promise<void>
  /** Takes how many answers a second led to endpoints with a capacity. */
  readonly takeAnswers?: (answers: readonly { readonly endpointId: string; readonly perSecond: number }[]) => void
  readonly stop: () => Promise<void>
}

/** Options of a data plane. */
export type DataPlaneOptions = {
  readonly sockets: AssignedSockets
  readonly settings: AnswerSettings
  /** Shared memory of resolver/guard, with the secrets of cookies. */
  readonly guard: SharedArrayBuffer
  readonly tcpLimits: TcpLimits
  /** DNS over TLS and HTTPS; undefined = neither listens. Stopped with the data plane. */
  readonly encryption?: NodeEncryption | undefined
  readonly health: HealthSource
  /** Transfers out; undefined = there are none. Its content goes to the workers of the plane. */
  readonly transfers?: (setTransfers: (content: TransferContent) => void) => TransferKeeper
  /** UPDATE and NOTIFY; undefined = they are refused. */
  readonly requests?: (parts: RequestParts) => RequestDesk
  /** Which secondary zones have expired; undefined = all of them. Stopped with the data plane. */
  readonly freshness?: ZoneFreshness
  /** The query log; stopped with the data plane. */
  readonly queryLog?: QueryLog | undefined
  readonly log: ProcessLog
  readonly onWorkerReplaced: (name: string, reason: string) => void
  readonly onFailOpen: (policy: string, open: boolean) => void
}

/** What requests are answered with. */
export type RequestParts = Pick<RequestDeskOptions, 'keys' | 'live' | 'whenLive'>

/** The generation that is answered from. */
export type LiveGeneration = {
  readonly snapshot: Snapshot
  readonly plan: RankPlan
  readonly shared: SharedRanking
}

/** Answers of one policy, by rule and outcome, since the start of the process. */
export type PolicyAnswers = { readonly policy: string; readonly rule: string; readonly outcome: AnswerOutcome; readonly count: number }

/** A running data plane. */
export type DataPlane = {
  /** Makes a snapshot live; rejects when it cannot, with the generation before untouched. */
  readonly publish: (load: (blockSource: BlockSource) => Snapshot | Promise<Snapshot>) => Promise<LiveGeneration>
  /** Lets the workers answer; resolves when their loops run. */
  readonly open: () => Promise<void>
  readonly live: () => LiveGeneration | undefined
  readonly isOpen: () => boolean
  readonly pool: WorkerPool
  /** The query log; undefined = off. */
  readonly queryLog: QueryLog | undefined
  readonly policyAnswers: () => readonly PolicyAnswers[]
  /** Policies that now answer without an eligible endpoint. */
  readonly failOpenPolicies: () => ReadonlySet<string>
  /** Messages to secondaries, by outcome; empty without transfers. */
  readonly notifies: () => Readonly<Record<string, number>>
  /** Updates and NOTIFYs answered, by rcode; undefined without them. */
  readonly requests: RequestDesk | undefined
  readonly freshness: ZoneFreshness | undefined
  /** End of the certificate in use, ms since epoch; undefined without DNS over TLS and HTTPS. */
  readonly certificateExpiresAt: () => number | undefined
  readonly stop: () => Promise<void>
}

/** Health must have a first ranking by then: new endpoints are probed at most 2 s, the rest is computing. */
const FIRST_RANKING_MS = 10_000
/** An update is answered when its generation is live, or after this time. */
const UPDATE_LIVE_MS = 10_000
/** A policy counts as failing open for this long after its last such answer. */
const FAIL_OPEN_HOLD_MS = 10_000
const FAIL_OPEN_LOOK_MS = 500
/** Steps 3 and 4 of the decision. */
const FAIL_OPEN_OUTCOMES: readonly AnswerOutcome[] = ['last-resort', 'all-down']
/** Answers by endpoint are looked at this often. */
const ANSWER_RATES_MS = 5000
/** Failed packets are logged at most this often. */
const FAILED_PACKET_LOG_MS = 60_000

/** Where the policy counters of a generation lie. */
type LiveCounters = {
  readonly ranking: SharedArrayBuffer
  readonly offset: number
  readonly shape: PolicyCounterShape
  readonly snapshot: Snapshot
  readonly plan: RankPlan
}

/** Starts a data plane; it answers after `open`. */
export function startDataPlane(options: DataPlaneOptions): DataPlane {
  const { health, log } = options
  const memory = createGenerationMemory(preferHugePages)
  /** Updates that wait for their generation. */
  const waiters = new Set<{ readonly generation: number; readonly settle: (isLive: boolean) => void }>()
  const whenLive = (generation: number): Promise<boolean> =>
    new Promise((resolve) => {
      if (live !== undefined && live.snapshot.generation >= generation) {
        resolve(true)
        return
      }
      const waiter = {
        generation,
        settle: (isLive: boolean) => {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve(isLive)
        },
      }
      const timer = setTimeout(() => waiter.settle(false), UPDATE_LIVE_MS)
      waiters.add(waiter)
    })
  const pool = startWorkerPool({
    udp: options.sockets.udp,
    tcp: options.sockets.tcp,
    settings: options.settings,
    guard: options.guard,
    tcpLimits: options.tcpLimits,
    encrypted: options.encryption?.setup,
    queryTap: options.queryLog?.tapSetup,
    onRequest: options.requests === undefined ? undefined : (message, source) => requests!.answer(message, source),
    onReplaced: options.onWorkerReplaced,
  })
  options.encryption?.follow(pool.setCertificate)
  const transfers = options.transfers?.((content) => pool.setTransfers(content))
  const requests = options.requests?.({
    keys: () => transfers?.keys() ?? [],
    live: () => (live === undefined ? undefined : { tables: live.snapshot, plan: live.snapshot.meta.transfer }),
    whenLive,
  })
  if (transfers !== undefined) options.freshness?.follow(transfers.setExpired)
  let live: LiveGeneration | undefined
  let liveRanking: SharedArrayBuffer | undefined
  let counters: LiveCounters | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let open = false
  /** Answers of earlier generations, by policy, rule and outcome. */
  const earlier = new Map<string, PolicyAnswers>()

  /** Rejects at a stop: a publish that runs then is given up, not waited for. */
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => undefined)

  async function publishNow(load: (blockSource: BlockSource) => Snapshot | Promise<Snapshot>): Promise<LiveGeneration> {
    const snapshot = await load(memory.block)
    const { rankPlan, names } = snapshot.meta
    const latency = latencyPlanOf(snapshot.policies.columns, names, rankPlan)
    const plan: RankPlan = { ...rankPlan, generation: snapshot.generation, latency }
    const shape = rankingShapeOf(plan)
    const hasCapacity = plan.endpoints.some(({ capacity }) => capacity !== undefined)
    const counterShape: PolicyCounterShape = {
      ruleCount: names.ruleLines.length,
      policyCount: names.policies.length,
      endpointCount: hasCapacity ? shape.endpointCount : 0,
    }
    const countersOffset = sharedRankingSizeBytes(shape)
    const ranking = memory.ranking(countersOffset + policyCountersBytes(counterShape, pool.workers.length))
    try {
      await withTimeout(Promise.race([health.replacePlan(plan, ranking), stopped.promise]), FIRST_RANKING_MS)
    } catch (cause) {
      // Health goes back to the generation that stays, and leaves the idle memory alone.
      if (live !== undefined && liveRanking !== undefined) void health.replacePlan(live.plan, liveRanking).catch(() => undefined)
      throw new ProductError(
        'NODE_NO_RANKING',
        `there is no first ranking for generation ${snapshot.generation}: ${(cause as Error).message}`,
        'see the log of the node; the generation before stays live',
        {
          cause,
        },
      )
    }
    const shared = viewSharedRanking(ranking, shape)
    if (shared.slots[Atomics.load(shared.live, 0) & 1]!.header[0] !== snapshot.generation) {
      throw new ProductError(
        'NODE_NO_RANKING',
        `the first ranking is not of generation ${snapshot.generation}`,
        'report this; the generation before stays live',
      )
    }
    transfers?.prepare(live?.snapshot, snapshot)
    options.queryLog?.use(snapshot)
    const allLeft = await pool.swap({
      generation: snapshot.generation,
      block: snapshot.block,
      ranking,
      shape,
      countersOffset,
      counterShape,
    })
    if (!allLeft)
      log.warn(
        { generation: snapshot.generation },
        'not every worker said in time that it answers from the new generation; those that did not are replaced',
      )
    if (counters !== undefined) for (const answers of readAnswers(counters)) add(earlier, answers)
    live = { snapshot, plan, shared }
    liveRanking = ranking
    counters = { ranking, offset: countersOffset, shape: counterShape, snapshot, plan }
    endpointAnswers = undefined
    memory.commit(allLeft && !pool.isPinned())
    if (memory.takeGarbage()) {
      await pool.collect()
      collectGarbage()
    }
    for (const waiter of waiters) if (waiter.generation <= snapshot.generation) waiter.settle(true)
    transfers?.published(snapshot)
    log.info({ generation: snapshot.generation, digest: snapshot.digest, endpoints: shape.endpointCount }, 'generation live')
    return live
  }

  /** Counts of a generation, summed over the workers; zero ones are left out. */
  function readAnswers(
    { ranking, offset, shape, snapshot }: LiveCounters,
    wanted: readonly AnswerOutcome[] = ANSWER_OUTCOMES,
  ): PolicyAnswers[] {
    const cells = policyCounterCells(shape)
    const { names } = snapshot.meta
    const { policyRuleFirst } = snapshot.policies.columns
    const found: PolicyAnswers[] = []
    const all = new Float64Array(ranking, offset, cells * pool.workers.length)
    let policy = 0
    for (let row = 0; row < shape.ruleCount + shape.policyCount; row++) {
      const isRule = row < shape.ruleCount
      if (isRule) while (policyRuleFirst[policy + 1]! <= row) policy++
      else policy = row - shape.ruleCount
      for (const outcome of wanted) {
        const number = ANSWER_OUTCOMES.indexOf(outcome)
        let count = 0
        for (let worker = 0; worker < pool.workers.length; worker++) count += all[worker * cells + row * ANSWER_OUTCOMES.length + number]!
        if (count > 0) found.push({ policy: names.policies[policy]!, rule: isRule ? names.ruleLines[row]! : 'none', outcome, count })
      }
    }
    return found
  }

  function policyAnswers(): readonly PolicyAnswers[] {
    const all = new Map(earlier)
    if (counters !== undefined) for (const answers of readAnswers(counters)) add(all, answers)
    return [...all.values()]
  }

  const failOpenCount = new Map<string, number>()
  const failOpenSeenAt = new Map<string, number>()
  const failOpen = new Set<string>()

  /** Compares the answers of steps 3 and 4 with those of the last look. */
  function lookForFailOpen(): void {
    const now = performance.now()
    const counts = new Map<string, number>()
    for (const answers of [earlier.values(), counters === undefined ? [] : readAnswers(counters, FAIL_OPEN_OUTCOMES)]) {
      for (const { policy, outcome, count } of answers)
        if (FAIL_OPEN_OUTCOMES.includes(outcome)) counts.set(policy, (counts.get(policy) ?? 0) + count)
    }
    for (const [policy, count] of counts) {
      if (count > (failOpenCount.get(policy) ?? 0)) {
        failOpenCount.set(policy, count)
        failOpenSeenAt.set(policy, now)
        if (!failOpen.has(policy)) {
          failOpen.add(policy)
          options.onFailOpen(policy, true)
        }
      } else if (failOpen.has(policy) && now - failOpenSeenAt.get(policy)! > FAIL_OPEN_HOLD_MS) {
        failOpen.delete(policy)
        options.onFailOpen(policy, false)
      }
    }
  }

  const packetsRead = pool.failedPackets.map(() => 0)
  function logFailedPackets(): void {
    for (const [number, ring] of pool.failedPackets.entries()) {
      const { packets, next } = readFailedPackets(ring, packetsRead[number]!)
      packetsRead[number] = next
      for (const { packet, error } of packets)
        log.error({ worker: pool.workers[number]!.name, packet, error }, 'a query made the answer code fail; it got SERVFAIL')
    }
  }

  /** Answers by endpoint number at the last look; undefined after a publish: counters begin at zero then. */
  let endpointAnswers: { readonly counts: Float64Array; readonly atMs: number } | undefined

  /** Tells health how many answers a second led to endpoints that have a capacity. */
  function tellAnswerRates(): void {
    if (counters === undefined || health.takeAnswers === undefined || !counters.shape.endpointCount) return
    const { ranking, offset, shape, plan } = counters
    const counts = sumEndpointAnswers(
      new Float64Array(ranking, offset, policyCounterCells(shape) * pool.workers.length),
      shape,
      pool.workers.length,
    )
    const nowMs = performance.now()
    const before = endpointAnswers
    endpointAnswers = { counts, atMs: nowMs }
    if (before === undefined) return
    const seconds = (nowMs - before.atMs) / 1000
    health.takeAnswers(
      plan.endpoints.flatMap(({ id, capacity }, number) =>
        capacity === undefined ? [] : [{ endpointId: id, perSecond: (counts[number]! - before.counts[number]!) / seconds }],
      ),
    )
  }

  const answerRatesTimer = setInterval(tellAnswerRates, ANSWER_RATES_MS)
  const failOpenTimer = setInterval(lookForFailOpen, FAIL_OPEN_LOOK_MS)
  const packetTimer = setInterval(logFailedPackets, FAILED_PACKET_LOG_MS)

  return {
    publish: (load) => {
      const done = queue.then(() => publishNow(load))
      queue = done.catch(() => undefined)
      return done
    },
    open: async () => {
      pool.open()
      open = true
      await pool.ready()
    },
    live: () => live,
    isOpen: () => open,
    pool,
    queryLog: options.queryLog,
    policyAnswers,
    failOpenPolicies: () => failOpen,
    notifies: () => transfers?.notifies() ?? {},
    requests,
    freshness: options.freshness,
    certificateExpiresAt: () => options.encryption?.expiresAt(),
    stop: async () => {
      stopped.reject(new Error('nearcast is stopping'))
      clearInterval(answerRatesTimer)
      clearInterval(failOpenTimer)
      clearInterval(packetTimer)
      options.encryption?.stop()
      options.freshness?.stop()
      for (const waiter of waiters) waiter.settle(false)
      await pool.stop()
      await options.queryLog?.stop()
      await health.stop()
      await transfers?.stop()
      logFailedPackets()
    },
  }
}

function add(sums: Map<string, PolicyAnswers>, { policy, rule, outcome, count }: PolicyAnswers): void {
  const key = `${policy}\n${rule}\n${outcome}`
  sums.set(key, { policy, rule, outcome, count: count + (sums.get(key)?.count ?? 0) })
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
