/**
 * Worker entry: builds a snapshot from a recipe, checks it against the data in use, compares the two, and writes it. Nothing but a
 * finished, checked file comes out of here; what fails leaves no file. One job, then the thread ends, and its memory with it.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { GeodataError } from '../address/geodata-error.ts'
import { buildGeodata } from '../build-geodata.ts'
import { diffGeodata } from '../compile/diff-geodata.ts'
import { loadGeodata, saveGeodata } from '../geodata-file.ts'
import type { BuildJob, BuildOutcome, BuildReply } from './build-in-worker.ts'
import { checkCandidate, type SourceSize, sizeOfReading } from './check-candidate.ts'
import { compareClientLines } from './client-sample.ts'

/** Faster than the default 9 by far, and little larger: the file is read once or twice. */
const COMPRESSION = 5
/** Moves, places and carriers that a diff lists. */
const MOST_MOVES = 50

async function build(job: BuildJob): Promise<BuildOutcome> {
  const sizes: SourceSize[] = []
  const isShipped = job.recipe.sources.join() === 'default' && (job.recipe.corrections ?? []).length === 0
  const candidate = isShipped
    ? loadGeodata(job.defaultFile)
    : await buildGeodata(job.recipe, {
        folder: job.folder,
        defaultFile: job.defaultFile,
        onReading: (name, reading) => void sizes.push(sizeOfReading(name, reading)),
      })
  const live = loadGeodata(job.livePath)
  const built = { digest: candidate.digest, sizes, header: candidate.header }
  if (candidate.digest === live.digest) return { ...built, path: job.livePath, diff: undefined, clients: { queries: 0, lineChanged: 0 } }
  checkCandidate(candidate, sizes, { sizes: job.liveSizes, header: live.header, isSameRecipe: job.isSameRecipe }, job.guards)
  const path = isShipped ? job.defaultFile : join(job.outFolder, `${candidate.digest}.geodata`)
  if (!isShipped) saveGeodata(path, candidate, COMPRESSION)
  rmSync(join(job.outFolder, `${candidate.digest}.geodata.old`), { force: true })
  const diff = diffGeodata(live, candidate, MOST_MOVES)
  return { ...built, path, diff, clients: compareClientLines(live, candidate, job.clients) }
}

async function main(): Promise<void> {
  let reply: BuildReply
  try {
    reply = { ok: true, outcome: await build(workerData as BuildJob) }
  } catch (error) {
    const { message } = error as Error
    const known = error instanceof GeodataError ? error : new GeodataError('GEODATA_SOURCE_INVALID', message, 'see the log of control')
    reply = { ok: false, code: known.code, message, suggestion: known.suggestion }
  }
  parentPort!.postMessage(reply)
}

void main()
