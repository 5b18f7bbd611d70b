/**
 * Compiles what `serve` answers from, each time in a process of its own that ends with it, or with a stop, whatever it does: what a
 * compile needs of memory is back with the system before the first answer. Shell.
 *
 *   compile ─► child: sources → snapshot file ─► message ─► load(): into the memory of the data plane, verified; the file goes
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Snapshot } from '../resolver/snapshot/snapshot.ts'
import { type BlockSource, loadSnapshot } from '../resolver/snapshot/snapshot-file.ts'
import type { FailedZone, StaticSources } from './compile-static.ts'
import type { StaticCompiled, StaticTask } from './compile-static-child.ts'
import { ProductError } from './product-error.ts'

/** What was compiled. */
export type Served = {
  /** Loads the snapshot. Once: its file goes with it. */
  readonly load: (blockSource: BlockSource) => Snapshot
  /** Zones of the folder that are in it. */
  readonly zones: number
  readonly failed: readonly FailedZone[]
  /** File with the texts of those zones; given up with `forget`. */
  readonly versionsPath: string
}

/** A loader with a life. */
export type StaticLoader = {
  /**
   * Compiles; with `lastGood`, a zone that fails goes back to what it was then. Warnings are printed; throws what the compile threw,
   * SERVE_COMPILE when its process ended without a word, and when the loader is stopped.
   */
  readonly compile: (sources: StaticSources, generation: number, lastGood?: Served) => Promise<Served>
  /** Removes what is left of a compile that nothing goes back to any more. */
  readonly forget: (served: Served) => void
  readonly isStopped: () => boolean
  /** Kills the process that runs, even one that sits in a system call (a dead network file system), and removes all files. */
  readonly stop: () => void
}

/** Makes a loader. Its files lie in a folder of its own below `parentFolder`. Throws SERVE_FOLDER when that cannot be written to. */
export function createStaticLoader(parentFolder: string = tmpdir()): StaticLoader {
  const folder = makeFolder(parentFolder)
  const running = new Set<ChildProcess>()
  let isStopped = false
  return {
    compile: async (sources, generation, lastGood) => {
      if (isStopped) throw new Error('nearcast is stopping')
      const snapshotPath = join(folder, `${generation}.snapshot`)
      const versionsPath = join(folder, `${generation}.versions`)
      const child = startChild()
      running.add(child)
      child.once('close', () => running.delete(child))
      const compiled = await ask(child, { sources, generation, lastGoodPath: lastGood?.versionsPath, snapshotPath, versionsPath })
      if (!compiled.ok) throw new ProductError(compiled.code ?? 'SERVE_INVALID', compiled.message, compiled.suggestion ?? 'see --help')
      for (const line of compiled.warnings) process.stderr.write(`${line}\n`)
      const load = (blockSource: BlockSource): Snapshot => {
        try {
          return loadSnapshot(snapshotPath, blockSource)
        } finally {
          rmSync(snapshotPath, { force: true })
        }
      }
      return { load, zones: compiled.zones, failed: compiled.failed, versionsPath }
    },
    forget: ({ versionsPath }) => rmSync(versionsPath, { force: true }),
    isStopped: () => isStopped,
    stop: () => {
      isStopped = true
      for (const child of running) {
        child.kill('SIGKILL')
        // Not waited for: a process in an uninterruptible call dies when that call ends, long after this one.
        child.unref()
        child.channel?.unref()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeFolder(parentFolder: string): string {
  try {
    return mkdtempSync(join(parentFolder, 'nearcast-serve-'))
  } catch (cause) {
    throw new ProductError(
      'SERVE_FOLDER',
      `"${parentFolder}" cannot be written to (${(cause as NodeJS.ErrnoException).code}), and a compile leaves its result in a file`,
      'name a folder that can be with --state, or in the variable TMPDIR',
      { cause },
    )
  }
}

function startChild(): ChildProcess {
  const script = new URL(`./compile-static-child.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
  // Standard output is for "ready" alone.
  return fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

function ask(child: ChildProcess, task: StaticTask): Promise<StaticCompiled> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void =>
      reject(
        new ProductError(
          'SERVE_COMPILE',
          `the process that compiles zones and document ${reason}`,
          'see the lines before this one; killed or aborted, it needs more memory than there is',
        ),
      )
    child.once('message', (message) => resolve(message as StaticCompiled))
    child.once('error', (error) => failed(`could not be started: ${error.message}`))
    child.once('close', (code, signal) => failed(signal === null ? `ended with code ${code}` : `was ended by ${signal}`))
    // A child that is gone already says so by "close".
    child.send(task, () => undefined)
  })
}
