/** The parts of the fuzzer that need no server, in a thread of their own beside the one that sends; one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { drawFrom } from '../support/hostile-packets.ts'
import { fuzzAnswerMemory, fuzzAnswers } from './answer.fuzz.ts'
import { type Finds, makeFinds } from './finds.ts'
import { fuzzParsers } from './parsers.fuzz.ts'

/** What the thread is to do. */
export type InProcessTask = { readonly seed: number; readonly seconds: number; readonly parts: readonly ('answers' | 'parsers')[] }
/** What it says: a line to print, or the outcome of a part. */
export type InProcessMessage = { readonly line: string } | { readonly title: string; readonly detail: string; readonly findCount: number }

const { seed, seconds, parts } = workerData as InProcessTask
const post = (message: InProcessMessage): void => parentPort!.postMessage(message)
const draw = drawFrom(seed)
const share = 1000 * (seconds / parts.length)

function run(title: string, work: (finds: Finds) => string): void {
  const finds = makeFinds((line) => post({ line }))
  let detail = 'broken off'
  try {
    detail = work(finds)
  } catch (error) {
    finds.add(title, error)
  }
  post({ title, detail, findCount: finds.list().length })
}

if (parts.includes('answers')) {
  run('answer path, every reply read', (finds) => fuzzAnswers(draw, performance.now() + share * 0.7, finds))
  run('answer path, heap', (finds) => fuzzAnswerMemory(draw, performance.now() + share * 0.3, finds))
}
if (parts.includes('parsers'))
  run('readers of messages, transfers, updates, master files', (finds) => fuzzParsers(draw, performance.now() + share, finds))
