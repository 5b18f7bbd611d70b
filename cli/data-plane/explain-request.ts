/** The node's end of `explain`: live snapshot, newest ranking and geodata brought together for resolver/answer. Shell for the geodata file. */
import type { ExplainAnswer, ExplainRequest } from '../../admin-ui/contract/explain.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { explainAnswer } from '../../resolver/answer/explain-answer.ts'
import { defaultGeodataFile } from '../geodata.ts'
import type { LiveGeneration } from './data-plane.ts'
import { newestRanking } from './read-scores.ts'

/** The node that explains. */
export type ExplainingNode = {
  readonly nodeId: string
  /** Geodata file of the live generation; empty = the default one. */
  readonly geodataPath: string
}

let loaded: { readonly path: string; readonly geodata: Geodata } | undefined

/** Geodata of a path, kept for the next question: it takes some ten milliseconds to read. */
function geodataOf(path: string): Geodata {
  const wanted = path === '' ? defaultGeodataFile() : path
  if (loaded?.path !== wanted) loaded = { path: wanted, geodata: loadGeodata(wanted) }
  return loaded.geodata
}

/** Explains what this node would answer now. Throws what is wrong with the request. */
export function explainRequest(request: ExplainRequest, live: LiveGeneration, node: ExplainingNode): ExplainAnswer {
  return explainAnswer({
    request,
    snapshot: live.snapshot,
    ranking: newestRanking(live),
    geodata: geodataOf(node.geodataPath),
    nodeId: node.nodeId,
    nowMs: Date.now(),
  })
}
