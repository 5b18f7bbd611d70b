/** Worker entry: compiles what `serve` answers from, and ends: the hundreds of megabytes that a compile may need go with it. Shell. */
import { parentPort, workerData } from 'node:worker_threads'
import { compileStatic, type StaticSources } from './compile-static.ts'

/** What the worker sends back: one message. */
export type StaticCompiled =
  | { readonly ok: true; readonly block: SharedArrayBuffer; readonly digest: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string; readonly suggestion: string | undefined }

const warnings: string[] = []
let compiled: StaticCompiled
try {
  const { block, digest } = compileStatic(workerData as StaticSources, (line) => warnings.push(line))
  compiled = { ok: true, block, digest, warnings }
} catch (error) {
  const { code, message, suggestion } = error as { code?: string; message: string; suggestion?: string }
  compiled = { ok: false, code, message, suggestion }
}
parentPort!.postMessage(compiled)
