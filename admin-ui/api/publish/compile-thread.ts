/** Worker entry: compiles documents off control's event loop, so that the API answers while a large one compiles. One message, one answer. */
import { parentPort, workerData } from 'node:worker_threads'
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

const { geodataPath } = workerData as { readonly geodataPath: string }
let geodata: Geodata | undefined

parentPort!.on('message', ({ id, input }: CompileQuestion) => {
  geodata ??= loadGeodata(geodataPath)
  const { snapshot, issues } = compileSnapshot({ ...input, geodata, moreZones: [] })
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
