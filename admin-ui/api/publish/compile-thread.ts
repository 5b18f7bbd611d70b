/**
 * Worker entry: reads and compiles documents off control's event loop, so that the API answers while a large one is worked on. One
 * message, one answer. What it keeps from one to the next only saves time: another thread in its place gives the same answers.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import type { Geodata } from '../../../geodata/geodata.ts'
import { loadGeodata } from '../../../geodata/geodata-file.ts'
import type { Issue } from '../../contract/issue.ts'
import type { CompileInput, DocumentSource, ParsedDocument } from './document-compiler.ts'
import { createLocalCompiler } from './local-compiler.ts'

/** What the thread is asked: to read a document, or, with `input`, to compile it. */
export type CompileQuestion = { readonly id: number; readonly source: DocumentSource; readonly input: CompileInput | undefined }
/** What it answers. The block of a compile is shared memory, laid open again by the asker. */
export type CompileReply = {
  readonly id: number
  readonly parsed?: ParsedDocument
  readonly compiled?: { readonly block: SharedArrayBuffer | undefined; readonly digest: string; readonly issues: readonly Issue[] }
  /** What went wrong. */
  readonly failure?: string
}

/** Pause after which garbage is collected: blocks that were posted weigh nothing for the collector, and would stay for long. */
const COLLECT_AFTER_MS = 500
/** Collected after so many questions at the latest, when they come without a pause. */
const COLLECT_AFTER_QUESTIONS = 20

/** The geodata of the last compile: a file never changes its content, so its path says which it is. */
let loaded: { readonly path: string; readonly geodata: Geodata } | undefined

function geodataOf(path: string): Geodata {
  if (loaded?.path !== path) {
    // Freed first: two of them side by side are for nothing.
    loaded = undefined
    loaded = { path, geodata: loadGeodata(path) }
  }
  return loaded.geodata
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const compiler = createLocalCompiler(geodataOf)
let pause: NodeJS.Timeout | undefined
let questions = 0

function collectNow(): void {
  questions = 0
  collect()
}

function answer({ id, source, input }: CompileQuestion): CompileReply {
  try {
    if (input === undefined) return { id, parsed: compiler.parse(source) }
    const { snapshot, issues } = compiler.compile(source, input)
    return { id, compiled: { block: snapshot?.block, digest: snapshot?.digest ?? '', issues } }
  } catch (error) {
    return { id, failure: (error as Error).stack ?? String(error) }
  }
}

parentPort!.on('message', (question: CompileQuestion) => {
  parentPort!.postMessage(answer(question))
  clearTimeout(pause)
  if (++questions >= COLLECT_AFTER_QUESTIONS) collectNow()
  else pause = setTimeout(collectNow, COLLECT_AFTER_MS)
})
