/**
 * Worker entry: builds a snapshot from a recipe, checks it against the data in use, compares the two, and writes it. Nothing but a
 * finished, checked file comes out of here; what a build that fails has written is nobody's, and swept away. One job, then the thread ends, and its memory with it.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { GeodataError } from '../address/geodata-error.ts'
import { buildGeodata } from '../build-geodata.ts'
import { diffGeodata } from '../compile/diff-geodata.ts'
import type { Geodata } from '../geodata.ts'
import { loadGeodata, saveGeodata } from '../geodata-file.ts'
import type { Recipe } from '../source/source-kind.ts'
import type { BuildJob, BuildOutcome, BuildReply } from './build-in-worker.ts'
import { checkCandidate, type SourceSize, sizeOfReading } from './check-candidate.ts'
import { compareClientLines } from './client-sample.ts'

/** Faster than the default 9 by far, and little larger: the file is read once or twice. */
const COMPRESSION = 5
/** Moves, places and carriers that a diff lists. */
const MOST_MOVES = 50

async function build(job: BuildJob): Promise<BuildOutcome> {
  const sizes: SourceSize[] = []
  const { corrections = [], ...recipe } = job.recipe
  const isShipped = recipe.sources.join() === 'default'
  const given = job.basePath ?? (isShipped ? job.defaultFile : undefined)
  // Corrections are merged over what the sources make, in a step of its own: so they can change without the sources being read.
  const { basePath, base } =
    given === undefined ? await buildBase(recipe, job, (size) => sizes.push(size)) : { basePath: given, base: undefined }
  const candidate =
    corrections.length === 0
      ? (base ?? loadGeodata(basePath))
      : await buildGeodata({ sources: ['default'], corrections }, { folder: job.folder, defaultFile: basePath })
  const live = loadGeodata(job.livePath)
  const built = { digest: candidate.digest, basePath, sizes, header: candidate.header }
  if (candidate.digest === live.digest) return { ...built, path: job.livePath, diff: undefined, clients: { queries: 0, lineChanged: 0 } }
  const isCorrection = job.basePath !== undefined
  checkCandidate(candidate, sizes, { sizes: job.liveSizes, geodata: live, isSameRecipe: job.isSameRecipe, isCorrection }, job.guards)
  const path = corrections.length === 0 ? basePath : save(candidate, job)
  const diff = diffGeodata(live, candidate, MOST_MOVES)
  return { ...built, path, diff, clients: compareClientLines(live, candidate, job.clients) }
}

async function buildBase(
  recipe: Recipe,
  job: BuildJob,
  onSize: (size: SourceSize) => void,
): Promise<{ readonly basePath: string; readonly base: Geodata }> {
  const base = await buildGeodata(recipe, {
    folder: job.folder,
    defaultFile: job.defaultFile,
    onReading: (name, reading) => onSize(sizeOfReading(name, reading)),
  })
  return { basePath: save(base, job), base }
}

/** Writes a file that is named after what is in it; gives its path. */
function save(geodata: Geodata, { outFolder }: BuildJob): string {
  const path = join(outFolder, `${geodata.digest}.geodata`)
  saveGeodata(path, geodata, COMPRESSION)
  rmSync(`${path}.old`, { force: true })
  return path
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
