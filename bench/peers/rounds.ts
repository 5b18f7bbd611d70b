/** Interleaved rounds of one workload and shape over all servers, with a null server beside them. Shell. */
import { type BenchServer, startNullServer } from '../answer/bench-servers.ts'
import type { Block } from '../answer/figures.ts'
import { NULL_SERVER } from '../answer/workloads.ts'
import type { LoadPrograms } from '../load/build-load.ts'
import { type LoadSample, measureLoad } from '../load/measure-load.ts'
import type { Shape, Workload } from './workloads.ts'

/** The run before the rounds, in which just-in-time compilers and caches come to rest. */
const WARM_UP_SECONDS = 0.4

/** Where and with what is measured. */
export type Bench = {
  readonly load: LoadPrograms
  readonly cores: { readonly server: number; readonly generator: number }
  /** A folder for what the servers read and write. */
  readonly folder: string
  /** Length of one round of one server. */
  readonly seconds: number
}

/** Measures the servers in turn, each round beginning with another one. */
export async function measureBlock(
  bench: Bench,
  servers: readonly BenchServer[],
  workload: Workload,
  shape: Shape,
  rounds: number,
): Promise<Block> {
  const run = async (server: BenchServer, seconds: number, seed: number): Promise<LoadSample> => {
    // The null server's reply is right when it comes.
    const words = [...workload.words, ...shape.words, ...(server.id === NULL_SERVER ? ['-R', 'any'] : [])]
    // -m: each client asks from a network of its own, which is on a line (prefix-table.ts).
    const all = ['-p', String(server.port), '-t', String(seconds), '-S', String(seed), '-m', ...words]
    return await measureLoad(server.pid, bench.cores.generator, bench.load.generator, all)
  }
  let replyBytes = 0
  for (const server of servers) replyBytes = Math.round((await run(server, WARM_UP_SECONDS, 0)).averageBytes)
  // The last server is nearcast: the null server's replies are as long as its are.
  const nullServer = await startNullServer(bench.load.nullServer, bench.cores.server, replyBytes)
  const all = [nullServer, ...servers]
  const samples: Record<string, LoadSample[]> = Object.fromEntries(all.map(({ id }) => [id, []]))
  try {
    await run(nullServer, WARM_UP_SECONDS, 0)
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < all.length; turn++) {
        const server = all[(turn + round) % all.length]!
        samples[server.id]!.push(await run(server, bench.seconds, round + 1))
      }
    }
  } finally {
    await nullServer.stop()
  }
  return { workload: workload.id, shape: shape.id, isOpenLoop: shape.rate !== undefined, samples }
}
