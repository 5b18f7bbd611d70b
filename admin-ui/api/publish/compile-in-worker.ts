/** Compiles in a worker thread that ends by itself when it is not needed for a while: its copy of the geodata goes with it. Shell. */
import { Worker } from 'node:worker_threads'
import type { IssueDraft } from '../../../policy/config/config-issue.ts'
import { attachSnapshot } from '../../../resolver/snapshot/attach-snapshot.ts'
import type { CompileQuestion, CompileReply } from './compile-thread.ts'
import type { Compile, CompileOutcome } from './publisher.ts'

/** The thread waits this long for another document: a cold one takes 0.4 s more, for geodata and code. Its copy of them takes some 100 MB. */
const IDLE_MS = 600_000
/** The thread is replaced after this many documents: blocks that it posted are freed late, or never. */
const MOST_COMPILES = 20
/** A compile that takes longer hangs: the largest documents take seconds. */
const TIMEOUT_MS = 120_000
/** Heap of the thread in MB: a hostile document must not take the machine's memory. */
const HEAP_MB = 2048

/** A compiler with a life. */
export type Compiler = { readonly compile: Compile; readonly close: () => Promise<void> }

type Waiting = { readonly resolve: (reply: CompileReply) => void; readonly reject: (error: Error) => void }

/** Makes a compiler; the thread starts with the first document. */
export function createCompiler(): Compiler {
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let nextId = 1
  let compiles = 0
  const waiting = new Map<number, Waiting>()

  function end(reason: Error): void {
    const ended = worker
    worker = undefined
    for (const { reject } of waiting.values()) reject(reason)
    waiting.clear()
    void ended?.terminate()
  }

  function start(): Worker {
    const url = new URL(import.meta.url.endsWith('.ts') ? './compile-thread.ts' : './compile-thread.js', import.meta.url)
    const started = new Worker(url, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })
    started.unref()
    started.on('message', (reply: CompileReply) => {
      waiting.get(reply.id)?.resolve(reply)
      waiting.delete(reply.id)
    })
    started.on('error', (error) => {
      if (worker === started) end(error)
    })
    started.on('exit', (code) => {
      if (worker === started) end(new Error(`the compile thread ended with code ${code}`))
    })
    return started
  }

  return {
    compile: async (input) => {
      clearTimeout(idle)
      if (waiting.size === 0 && ++compiles > MOST_COMPILES) {
        compiles = 1
        end(new Error('replaced'))
      }
      worker ??= start()
      const id = nextId++
      const timer = setTimeout(() => end(new Error(`the compile took longer than ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
      try {
        const reply = await new Promise<CompileReply>((resolve, reject) => {
          waiting.set(id, { resolve, reject })
          worker!.postMessage({ id, input } satisfies CompileQuestion)
        })
        return outcomeOf(reply, input.generation)
      } finally {
        clearTimeout(timer)
        idle = setTimeout(() => end(new Error('idle')), IDLE_MS)
        idle.unref()
      }
    },
    close: async () => {
      clearTimeout(idle)
      await worker?.terminate()
      worker = undefined
    },
  }
}

function outcomeOf(reply: CompileReply, generation: number): CompileOutcome {
  const snapshot = reply.block === undefined ? undefined : attachSnapshot(reply.block, generation, reply.digest)
  return { snapshot, issues: reply.issues.map(withWordingFunctions) }
}

/** The texts of a posted wording as the functions that makeIssue expects. */
function withWordingFunctions(issue: IssueDraft): IssueDraft {
  if (issue.wording === undefined) return issue
  const { severity, message, remedy } = issue.wording as unknown as {
    severity: 'error' | 'warning' | 'note'
    message: string
    remedy: string
  }
  return { ...issue, wording: { severity, message: () => message, remedy: () => remedy } }
}
