/**
 * Process entry: compiles what `serve` answers from, writes it to a file, says so, and ends; the hundreds of megabytes that a compile may
 * need go with it. A worker thread would give them back to the allocator of the process, which keeps them (measured in November
 * 2026: 2.2 GB resident for ever after a compile of 1,100,000 names). Shell. Started by static-loader.ts.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeSnapshotFile } from '../resolver/snapshot/snapshot-file.ts'
import { compileFirst, compileFolderAgain, type FailedZone, type StaticSources } from './compile-static.ts'
import { openZoneVersions, writeZoneVersions } from './zone-versions-file.ts'

/** What the process is told: one message. */
export type StaticTask = {
  readonly sources: StaticSources
  readonly generation: number
  /** File of what was served before (zone-versions-file.ts); undefined at the start, when every error is one too many. */
  readonly lastGoodPath: string | undefined
  /** Where to write the snapshot, and the versions of zones. */
  readonly snapshotPath: string
  readonly versionsPath: string
}

/** What the process says: one message. */
export type StaticCompiled =
  | { readonly ok: true; readonly warnings: readonly string[]; readonly zones: number; readonly failed: readonly FailedZone[] }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string; readonly suggestion: string | undefined }

function compile({ sources, generation, lastGoodPath, snapshotPath, versionsPath }: StaticTask): StaticCompiled {
  const warnings: string[] = []
  const warn = (line: string): number => warnings.push(line)
  const { zoneFolder } = sources
  try {
    const { snapshot, versions, failed } =
      lastGoodPath === undefined || zoneFolder === undefined
        ? compileFirst(sources, warn)
        : compileFolderAgain({ ...sources, zoneFolder }, openZoneVersions(lastGoodPath), warn)
    writeSnapshotFile(snapshotPath, { ...snapshot, generation })
    writeZoneVersions(versionsPath, versions)
    return { ok: true, warnings, zones: versions.size, failed }
  } catch (error) {
    const { code, message, suggestion } = error as { code?: string; message: string; suggestion?: string }
    return { ok: false, code, message, suggestion }
  }
}

process.once('message', (task: StaticTask) => {
  // The channel keeps the process alive: it ends when the message is out.
  process.send!(compile(task), (error: Error | null) => {
    // The parent was killed meanwhile, and removes nothing any more.
    if (error !== null) rmSync(dirname(task.snapshotPath), { recursive: true, force: true })
    if (process.connected) process.disconnect()
  })
})
