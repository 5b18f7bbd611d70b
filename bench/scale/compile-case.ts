/** Compiles a case of large-case.ts in a process of its own and says what it took, as one line of JSON: compile-case.ts FOLDER FILE [GENERATION]. */
import { join } from 'node:path'
import { compileFirst } from '../../cli/compile-static.ts'
import { defaultGeodataFile } from '../../cli/geodata.ts'
import { saveSnapshot } from '../../resolver/snapshot/snapshot-file.ts'

/** What a compile took, and how large its outcome is. */
export type CompileFigures = {
  readonly seconds: number
  readonly peakBytes: number
  /** The snapshot's block, and its parts: what belongs to names, to policies, and the names for people. */
  readonly blockBytes: number
  readonly zoneBytes: number
  readonly policyBytes: number
  readonly metaBytes: number
}

const [folder, path, generation = '1'] = process.argv.slice(2) as [string, string, string?]
const startedAt = performance.now()
const sources = { zoneFolder: folder, documentPath: join(folder, 'document.json'), geodataPath: defaultGeodataFile() }
const { snapshot } = compileFirst(sources, () => undefined)
const seconds = (performance.now() - startedAt) / 1000
const peakBytes = process.resourceUsage().maxRSS * 1024
const sum = (columns: object): number =>
  Object.values(columns).reduce((bytes: number, column: ArrayBufferView) => bytes + (column.byteLength ?? 0), 0)
const figures: CompileFigures = {
  seconds,
  peakBytes,
  blockBytes: snapshot.block.byteLength,
  zoneBytes: sum(snapshot.zones),
  policyBytes: sum(snapshot.policies.columns),
  metaBytes: Buffer.byteLength(JSON.stringify(snapshot.meta)),
}
await saveSnapshot(path, { ...snapshot, generation: Number(generation) })
process.stdout.write(`${JSON.stringify(figures)}\n`)
