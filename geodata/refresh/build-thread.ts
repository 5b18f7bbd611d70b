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

/** Faster than the default 9 by far, and little larger: the file is read once or twice. */
const COMPRESSION = 5
/** Moves, places and carriers that a diff lists. */
const MOST_MOVES = 50

async function build(job: BuildJob): Promise<BuildOutcome> {
  const sizes: SourceSize[] = []
  const candidate = await buildGeodata(job.recipe, {
    folder: job.folder,
    defaultFile: job.defaultFile,
    onReading: (name, reading) => void sizes.push(sizeOfReading(name, reading)),
  })
  const live = loadGeodata(job.livePath)
  if (candidate.digest === live.digest)
    return { digest: candidate.digest, path: job.livePath, sizes, diff: undefined, header: candidate.header }
  checkCandidate(candidate, sizes, { sizes: job.liveSizes, header: live.header, isSameRecipe: job.isSameRecipe }, job.guards)
  const path = join(job.outFolder, `${candidate.digest}.geodata`)
  saveGeodata(path, candidate, COMPRESSION)
  rmSync(`${path}.old`, { force: true })
  return { digest: candidate.digest, path, sizes, diff: diffGeodata(live, candidate, MOST_MOVES), header: candidate.header }
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
