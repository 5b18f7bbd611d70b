/** Compiles what `serve` answers from, each time in a worker that ends with it, or with a stop, whatever it does. Shell. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { attachSnapshot } from '../resolver/snapshot/attach-snapshot.ts'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { getLibc, libcUnavailable } from '../resolver/transport/libc.ts'
import type { FailedZone, StaticSources } from './compile-static.ts'
import type { StaticCompiled, StaticTask } from './compile-static-worker.ts'
import { ProductError } from './product-error.ts'
import type { ZoneVersion } from './read-zone-folder.ts'

/** A snapshot and what the zones of the folder were compiled from. */
export type Served = {
  readonly snapshot: Snapshot
  readonly versions: ReadonlyMap<string, ZoneVersion>
  readonly failed: readonly FailedZone[]
}

/** A loader with a life. */
export type StaticLoader = {
  /** Compiles. Warnings are printed; throws what the worker's compile threw, and when the loader is stopped. */
  readonly compile: (sources: StaticSources, generation: number, lastGood?: ReadonlyMap<string, ZoneVersion>) => Promise<Served>
  readonly isStopped: () => boolean
  /** Ends the worker that runs. Resolves with false when it cannot be ended: it sits in a system call (a dead network file system). */
  readonly stop: () => Promise<boolean>
}

/** Time that a worker has to end: code ends in milliseconds, a collection of garbage in hundreds. */
const END_MS = 1000

/** Makes a loader. */
export function createStaticLoader(): StaticLoader {
  const stopping = new AbortController()
  const running = new Set<Worker>()
  return {
    compile: async (sources, generation, lastGood) => {
      const url = new URL(`./compile-static-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
      const worker = new Worker(url, { workerData: { sources, lastGood } satisfies StaticTask })
      running.add(worker)
      worker.once('exit', () => running.delete(worker))
      const [compiled] = (await once(worker, 'message', { signal: stopping.signal })) as [StaticCompiled]
      if (!compiled.ok) throw new ProductError(compiled.code ?? 'SERVE_INVALID', compiled.message, compiled.suggestion ?? 'see --help')
      for (const line of compiled.warnings) process.stderr.write(`${line}\n`)
      const { versions, failed } = compiled
      return { snapshot: attachSnapshot(compiled.block, generation, compiled.digest), versions, failed }
    },
    isStopped: () => stopping.signal.aborted,
    stop: async () => {
      stopping.abort()
      // Errors of a worker that ends are nobody's any more.
      for (const worker of running) worker.on('error', () => undefined)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(resolve, END_MS, false)
      })
      const ended = Promise.all([...running].map((worker) => worker.terminate())).then(() => true)
      const isEnded = await Promise.race([ended, late])
      clearTimeout(timer)
      return isEnded
    },
  }
}

/** Ends the process though a thread of it cannot be ended: node would wait for that thread for ever. */
export function exitAtOnce(code: number): never {
  if (libcUnavailable() === undefined) getLibc().exit(code)
  process.kill(process.pid, 'SIGKILL')
  throw new Error('unreachable')
}
