/**
 * Answers each workload a million times and prints, as JSON, what one answer took and how much the heap was used: run in a process of its
 * own with --expose-gc, since the figure is the process's. Used by test/unit/resolver/answer/no-garbage.test.ts, and by hand for profiles.
 *
 *   node --expose-gc test/support/answer-million.ts [answers a workload, 1000000]
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import { answerQuery } from '../../resolver/answer/answer-query.ts'
import { compileEcsTrust, EVERYBODY } from '../../resolver/zone/ecs-trust.ts'
import { buildQuery, type OptDraft, subnetOf } from './dns-packets.ts'
import { makeGuard, OPEN_GUARD } from './guard-subject.ts'
import { hostileSubject } from './hostile-zones.ts'

/** 4,000 networks that hold half of all IPv4 resolvers. */
const TRUSTED = compileEcsTrust(Array.from({ length: 4096 }, (_, at) => parsePrefix(`${at >> 4}.${(at & 15) << 4}.0.0/13`)))

const count = Number(process.argv[2] ?? 1_000_000)
/** A workload is measured in parts of this share of its count. */
const PASSES = 4
/**
 * It is measured until a part was clean, at most so often: on a busy machine the engine compiles late, and code not compiled yet makes
 * garbage of its own. What made garbage for good would make it in every part.
 */
const MOST_PASSES = 60
/** A part below this, in bytes an answer, and without a collection is clean. */
const CLEAN_BYTES = 1
/** The last octets of a packet with a /24 are the network: they are changed from query to query. */
const ecs: readonly OptDraft[] = [{ subnet: subnetOf(4, 0x01020300n, 24) }]
const ecs6: readonly OptDraft[] = [{ subnet: subnetOf(6, 0x240e0380n << 96n, 56) }]
const WORKLOADS: readonly (readonly [name: string, query: Uint8Array, moving: number, trust?: Uint32Array])[] = [
  ['static', buildQuery({ name: 'www.hostile.test', opts: [{}] }), 0],
  ['nxdomain', buildQuery({ name: 'nothing.here.hostile.test', opts: [{}] }), 0],
  ['wildcard', buildQuery({ name: 'x.y.wild.hostile.test', opts: [{}] }), 0],
  ['referral', buildQuery({ name: 'host.sub.hostile.test', opts: [{}] }), 0],
  ['mail hosts', buildQuery({ name: 'mail.hostile.test', type: 15, opts: [{}] }), 0],
  ['DNAME', buildQuery({ name: 'x.y.dname.hostile.test', opts: [{}] }), 0],
  ['DNAME, too long', buildQuery({ name: `${'x'.repeat(63)}.dgrow.hostile.test`, opts: [{}] }), 0],
  ['service', buildQuery({ name: 'svc.hostile.test', type: 65, opts: [{}] }), 0],
  ['host by a wildcard', buildQuery({ name: 'wildhost.hostile.test', type: 15, opts: [{}] }), 0],
  ['refused', buildQuery({ name: 'www.elsewhere.test', opts: [{}] }), 0],
  ['chaos', buildQuery({ name: 'id.server', type: 16, class: 3, opts: [{}] }), 0],
  ['malformed', buildQuery({ name: 'www.hostile.test', trailing: [1] }), 0],
  ['truncated', buildQuery({ name: 'many.hostile.test', opts: [{ udpSize: 512 }] }), 0],
  ['cookie', buildQuery({ name: 'www.hostile.test', opts: [{ options: [[10, [1, 2, 3, 4, 5, 6, 7, 8]]] }] }), 0],
  ['steered, no ECS', buildQuery({ name: 's0.z.test', opts: [{}] }), 0],
  ['steered, random ECS /24', buildQuery({ name: 's0.z.test', opts: ecs }), 3],
  ['steered, random ECS /56', buildQuery({ name: 's0.z.test', type: 28, opts: ecs6 }), 5],
  ['steered, ECS /24 of resolvers of whom half are trusted', buildQuery({ name: 's0.z.test', opts: ecs }), 3, TRUSTED],
  ['CNAME into steered, random ECS /24', buildQuery({ name: 'c2.z.test', opts: ecs }), 3],
]

const { context } = hostileSubject()
const { zones } = context
// As in production: cookies are made and checked, and every answer is counted against a limit that it does not reach.
const { guard } = makeGuard({
  ...OPEN_GUARD,
  limits: { ...OPEN_GUARD.limits, answersPerSecond: 64_000, negativesPerSecond: 64_000, errorsPerSecond: 64_000 },
})
context.guard = guard
const mem = new Uint8Array(4096)
// A client address above 2^31 is no small integer: where boxing would show.
const src = Uint32Array.of(0, 0, 0xffff, 0xc6336401)
let state = 0x9e3779b9 | 0

function run(query: Uint8Array, moving: number, rounds: number, trust: Uint32Array = EVERYBODY): void {
  context.zones = { ...zones!, ecsTrust: trust }
  const end = query.length
  for (let i = 0; i < rounds; i++) {
    mem.set(query)
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    for (let m = 0; m < moving; m++) mem[end - moving + m] = (state >>> (8 * (m & 3))) & 255
    src[3] = state
    // A batch of 64, a millisecond each.
    if ((i & 63) === 0) guard.begin(i / 64, 1_800_000_000)
    answerQuery(context, mem, 0, end, 4096, src, 0, 0)
  }
}

/** When collections began; reported some time later. */
const collectedAt: number[] = []
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) collectedAt.push(entry.startTime)
})
observer.observe({ entryTypes: ['gc'] })

const part = count / PASSES
// All of them first, so that each is measured with the types that production has seen.
for (let warm = 0; warm < 10; warm++) for (const [, query, moving, trust] of WORKLOADS) run(query, moving, count / 10, trust)
const rows: { workload: string; nsPerAnswer: number; bytesPerAnswer: number; collections: number; passes: number }[] = []
for (const [workload, query, moving, trust] of WORKLOADS) {
  const best = { workload, nsPerAnswer: Infinity, bytesPerAnswer: Infinity, collections: Infinity, passes: 0 }
  while (best.passes < MOST_PASSES && (best.passes < PASSES || best.bytesPerAnswer > CLEAN_BYTES || best.collections > 0)) {
    globalThis.gc!()
    const heap = process.memoryUsage().heapUsed
    const startedAt = performance.now()
    run(query, moving, part, trust)
    const endedAt = performance.now()
    const bytes = process.memoryUsage().heapUsed - heap
    // Collections are reported from the event loop.
    await new Promise((resolve) => setTimeout(resolve, 2))
    best.passes++
    best.nsPerAnswer = Math.min(best.nsPerAnswer, ((endedAt - startedAt) * 1e6) / part)
    best.bytesPerAnswer = Math.min(best.bytesPerAnswer, bytes / part)
    best.collections = Math.min(best.collections, collectedAt.filter((at) => at > startedAt && at < endedAt).length)
  }
  rows.push(best)
}
observer.disconnect()
process.stdout.write(`${JSON.stringify(rows)}\n`)
