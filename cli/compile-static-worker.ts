/** Worker entry: compiles what `serve` answers from, and ends: the hundreds of megabytes that a compile may need go with it. Shell. */
import { parentPort, workerData } from 'node:worker_threads'
import { compileFirst, compileFolderAgain, type FailedZone, type StaticSources } from './compile-static.ts'
import type { ZoneVersion } from './read-zone-folder.ts'

/** What the worker is told. */
export type StaticTask = {
  readonly sources: StaticSources
  /** What was served before; undefined at the start, when every error is one too many. */
  readonly lastGood: ReadonlyMap<string, ZoneVersion> | undefined
}

/** What the worker sends back: one message. */
export type StaticCompiled =
  | {
      readonly ok: true
      readonly block: SharedArrayBuffer
      readonly digest: string
      readonly warnings: readonly string[]
      readonly versions: ReadonlyMap<string, ZoneVersion>
      readonly failed: readonly FailedZone[]
    }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string; readonly suggestion: string | undefined }

const warnings: string[] = []
const { sources, lastGood } = workerData as StaticTask
let compiled: StaticCompiled
try {
  const { zoneFolder } = sources
  const warn = (line: string): number => warnings.push(line)
  const { snapshot, versions, failed } =
    lastGood === undefined || zoneFolder === undefined
      ? compileFirst(sources, warn)
      : compileFolderAgain({ ...sources, zoneFolder }, lastGood, warn)
  compiled = { ok: true, block: snapshot.block, digest: snapshot.digest, warnings, versions, failed }
} catch (error) {
  const { code, message, suggestion } = error as { code?: string; message: string; suggestion?: string }
  compiled = { ok: false, code, message, suggestion }
}
parentPort!.postMessage(compiled)
