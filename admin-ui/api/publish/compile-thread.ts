/** Worker entry: compiles documents off control's event loop, so that the API answers while a large one compiles. One message, one answer. */
import { parentPort } from 'node:worker_threads'
import type { Geodata } from '../../../geodata/geodata.ts'
import { loadGeodata } from '../../../geodata/geodata-file.ts'
import type { IssueDraft } from '../../../policy/config/config-issue.ts'
import { compileSnapshot } from '../../../resolver/snapshot/compile-snapshot.ts'
import type { CompileInput } from './publisher.ts'

/** What the thread is asked. */
export type CompileQuestion = { readonly id: number; readonly input: CompileInput }
/** What it answers: the block is shared memory, laid open again by the asker. An issue's wording cannot travel, so it is put into words here. */
export type CompileReply = {
  readonly id: number
  readonly block: SharedArrayBuffer | undefined
  readonly digest: string
  readonly issues: readonly IssueDraft[]
}

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

parentPort!.on('message', ({ id, input }: CompileQuestion) => {
  const { snapshot, issues } = compileSnapshot({ ...input, geodata: geodataOf(input.geodataPath), moreZones: [] })
  const reply: CompileReply = { id, block: snapshot?.block, digest: snapshot?.digest ?? '', issues: issues.map(withPlainWording) }
  parentPort!.postMessage(reply)
})

/** Functions cannot be posted: their text can. */
function withPlainWording(issue: IssueDraft): IssueDraft {
  if (issue.wording === undefined) return issue
  const words: Record<string, string> = {}
  for (const [key, value] of Object.entries(issue.params)) words[key] = typeof value === 'object' ? value.join(', ') : String(value)
  const { severity, message, remedy } = issue.wording
  return { ...issue, wording: { severity, message: message(words), remedy: remedy(words) } as never }
}
