/**
 * Puts a million queries through a tap of the query log and prints, as JSON, the time and the heap that one took: run in a process of
 * its own with --expose-gc. Used by test/unit/resolver/observe/query-log-no-garbage.test.ts.
 *
 *   node --expose-gc test/support/query-tap-million.ts [queries a workload, 1000000]
 */
import { createQueryRing, createQueryRingReader, createQueryTap } from '../../resolver/observe/query-log-ring.ts'
import type { BatchSocket } from '../../resolver/transport/batch-socket.ts'
import { buildQuery } from './dns-packets.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const BATCH = 64
/** A workload is measured until a pass was clean: on a busy machine the engine compiles late. */
const MOST_PASSES = 40
const CLEAN_BYTES = 1
const REPLY_BYTES = 110
const query = buildQuery({ name: 'www.hostile.test', opts: [{}] })
const mem = new Uint8Array(BATCH * 1344)
const off = Uint32Array.from({ length: BATCH }, (_, i) => i * 1344)
const local = Uint32Array.of(0, 0, 0xffff, 0xc6336402, 53)
const socket: BatchSocket = {
  ...{ mem, off, len: new Uint32Array(BATCH).fill(query.length), src: new Uint32Array(4 * BATCH).fill(0xc6336401) },
  ...{ port: new Uint16Array(BATCH).fill(40_000), localOf: () => local, room: 1232 },
  ...{ receive: () => 0, send: () => 0, sendFailureCount: () => 0, close: () => undefined },
}
for (let i = 0; i < BATCH; i++) mem.set(query, off[i])

const rows: { workload: string; nsPerQuery: number; bytesPerQuery: number }[] = []
for (const [workload, sampleEvery, drains] of [
  ['full', 1, true],
  ['1 of 100', 100, true],
  ['full, nobody reads', 1, false],
] as const) {
  const ring = createQueryRing()
  const tap = createQueryTap({ ring, sampleEvery, copyQueries: true, copyResponses: true }, undefined)
  const reader = createQueryRingReader(ring)
  const take = (): void => undefined
  const run = (queries: number): void => {
    for (let n = 0; n < queries; n += BATCH) {
      tap.beginBatch(1)
      for (let i = 0; i < BATCH; i++) {
        tap.query(socket, i)
        tap.response(mem, off[i]!, REPLY_BYTES)
      }
      tap.endBatch()
      if (drains) reader.read(take, Number.MAX_SAFE_INTEGER)
    }
  }
  run(count)
  const best = { workload, nsPerQuery: Number.POSITIVE_INFINITY, bytesPerQuery: Number.POSITIVE_INFINITY }
  for (let pass = 0; pass < MOST_PASSES && (pass < 3 || best.bytesPerQuery > CLEAN_BYTES); pass++) {
    globalThis.gc!()
    const heap = process.memoryUsage().heapUsed
    const startedAt = performance.now()
    run(count)
    const elapsedMs = performance.now() - startedAt
    best.nsPerQuery = Math.min(best.nsPerQuery, (elapsedMs * 1e6) / count)
    best.bytesPerQuery = Math.min(best.bytesPerQuery, (process.memoryUsage().heapUsed - heap) / count)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  rows.push(best)
}
process.stdout.write(`${JSON.stringify(rows)}\n`)
