/** Builds geodata in a worker thread of its own, which ends with the job: reading databases takes seconds and hundreds of megabytes. Shell. */
import { Worker } from 'node:worker_threads'
import { GeodataError, type GeodataErrorCode } from '../address/geodata-error.ts'
import type { GeodataDiff } from '../compile/diff-geodata.ts'
import type { GeodataHeader } from '../geodata.ts'
import type { Recipe } from '../source/source-kind.ts'
import type { CandidateGuards, SourceSize } from './check-candidate.ts'
import type { ClientCount, ClientLines } from './client-sample.ts'

/** A build takes at most this long: the largest public databases take half a minute. */
const TIMEOUT_MS = 900_000
/** Heap of the thread in MB. */
const HEAP_MB = 4096

/** What is to be built, and what it is compared with. */
export type BuildJob = {
  readonly recipe: Recipe
  /** Folder that relative file names start from. */
  readonly folder: string
  /** File that the source `default` stands for. */
  readonly defaultFile: string
  /** Finished data that the corrections are merged over; the sources are left alone then [they are read]. */
  readonly basePath?: string
  /** Folder of the result, which is named after its digest. */
  readonly outFolder: string
  /** File of the data in use, and the sizes of its sources. */
  readonly livePath: string
  readonly liveSizes: readonly SourceSize[]
  /** True when the data in use was built by the same recipe. */
  readonly isSameRecipe: boolean
  readonly guards: CandidateGuards
  /** Recently seen clients. */
  readonly clients: readonly ClientCount[]
}

/** A finished build. */
export type BuildOutcome = {
  readonly digest: string
  readonly path: string
  /** The data without corrections; `path` when there are none. */
  readonly basePath: string
  readonly sizes: readonly SourceSize[]
  readonly header: GeodataHeader
  /** Undefined: the same as the data in use; no file was written. */
  readonly diff: GeodataDiff | undefined
  readonly clients: ClientLines
}

/** What the thread posts. */
export type BuildReply =
  | { readonly ok: true; readonly outcome: BuildOutcome }
  | { readonly ok: false; readonly code: GeodataErrorCode; readonly message: string; readonly suggestion: string }

/** Builds. Throws GeodataError; `signal` ends it. */
export function buildInWorker(job: BuildJob, signal?: AbortSignal): Promise<BuildOutcome> {
  const url = new URL(import.meta.url.endsWith('.ts') ? './build-thread.ts' : './build-thread.js', import.meta.url)
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { workerData: job, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      void worker.terminate()
      settle()
    }
    const fail = (message: string, cause?: unknown): void =>
      end(() => reject(new GeodataError('GEODATA_SOURCE_INVALID', message, 'see the log of control', { cause })))
    const abort = (): void => fail('the build was ended')
    const timer = setTimeout(() => fail(`the build took longer than ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS)
    signal?.addEventListener('abort', abort)
    worker.on('message', (reply: BuildReply) =>
      end(() => {
        if (reply.ok) resolve(reply.outcome)
        else reject(new GeodataError(reply.code, reply.message, reply.suggestion))
      }),
    )
    worker.on('error', (error) => fail(`the build failed: ${error.message}`, error))
    worker.on('exit', (code) => fail(`the build thread ended with code ${code}`))
  })
}
