/**
 * Reads and compiles documents in a worker thread. A thread that is not needed for a while ends by itself, and its copy of the geodata
 * goes with it; one that has worked on a large document stays, since the next change of that would have to wait for a cold one. Shell.
 */
import { Worker } from 'node:worker_threads'
import { attachSnapshot } from '../../../resolver/snapshot/attach-snapshot.ts'
import type { CompileQuestion, CompileReply } from './compile-thread.ts'
import { type DocumentCompiler, type DocumentSource, isLargeDocument } from './document-compiler.ts'

/** The thread waits this long for another document: a cold one takes 0.4 s more, for geodata and code. Its copy of them takes some 100 MB. */
const IDLE_MS = 600_000
/** A compile that takes longer hangs: the largest documents take seconds. */
const TIMEOUT_MS = 120_000
/** Heap of the thread in MB: a hostile document must not take the machine's memory. */
const HEAP_MB = 2048
/** Room for new objects, of which a document of 100,000 records makes millions: with the usual 48 MB its reading takes a third longer. */
const YOUNG_MB = 192

/** A compiler with a life. */
export type Compiler = DocumentCompiler & { readonly close: () => Promise<void> }

type Waiting = { readonly resolve: (reply: CompileReply) => void; readonly reject: (error: Error) => void }

/** Makes a compiler; the thread starts with the first document. */
export function createCompiler(): Compiler {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let hasLarge = false
  let nextId = 1
  const waiting = new Map<number, Waiting>()

  function end(reason: Error): void {
    const ended = worker
    worker = undefined
    hasLarge = false
    for (const { reject } of waiting.values()) reject(reason)
    waiting.clear()
    void ended?.terminate()
  }

  function start(): Worker {
    const url = new URL(import.meta.url.endsWith('.ts') ? './compile-thread.ts' : './compile-thread.js', import.meta.url)
    const started = new Worker(url, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB } })
    started.unref()
    started.on('message', (reply: CompileReply) => {
      const asker = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (reply.failure === undefined) asker?.resolve(reply)
      else asker?.reject(new Error(`the compile thread failed: ${reply.failure}`))
    })
    started.on('error', (error) => {
      if (worker === started) end(error)
    })
    started.on('exit', (code) => {
      if (worker === started) end(new Error(`the compile thread ended with code ${code}`))
    })
    return started
  }

  async function ask(source: DocumentSource, input: CompileQuestion['input']): Promise<CompileReply> {
    clearTimeout(idle)
    worker ??= start()
    hasLarge ||= isLargeDocument(source)
    const id = nextId++
    const timer = setTimeout(() => end(new Error(`a document took longer than ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
    try {
      return await new Promise<CompileReply>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker!.postMessage({ id, source: { text: source.text, files: source.files }, input } satisfies CompileQuestion)
      })
    } finally {
      clearTimeout(timer)
      if (!hasLarge && waiting.size === 0) idle = setTimeout(() => end(new Error('idle')), IDLE_MS).unref()
    }
  }

  return {
    parse: async (source) => (await ask(source, undefined)).parsed!,
    compile: async (source, input) => {
      const { block, digest, issues } = (await ask(source, input)).compiled!
      return { snapshot: block === undefined ? undefined : attachSnapshot(block, input.generation, digest), issues }
    },
    close: async () => {
      clearTimeout(idle)
      await worker?.terminate()
      worker = undefined
    },
  }
}
