/**
 * What a compile thread keeps from one document to the next, so that a change costs what it changes. Pure. The outcome is the same, byte
 * for byte, with it and without: a piece is kept under a key that says all it was made of (compile-keys.ts).
 *
 *   policies, pools, endpoints, lines + geodata ─► policy columns          signature + what it names + geodata ─► line table
 *   zones, layers, serials, steered names       ─► zone columns            zone + its files + its layer        ─► records
 *
 * An edit of a policy finds all zone columns and all line tables but its own; one record more, all policy columns and the records of
 * all other zones. Memory: about as much again as the snapshot has, and the records of zones (some 60 bytes each).
 */
import type { CompiledConfig } from '../../policy/compile/compile-policies.ts'
import type { LineTable } from '../../policy/compile/line-table.ts'
import { PieceCache } from './piece-cache.ts'
import type { ZoneRead } from './read-zones.ts'
import type { ZonePart } from './zone-part.ts'

/** Pieces of former compiles. */
export type CompileCache = {
  readonly policies: PieceCache<CompiledConfig>
  readonly tables: PieceCache<LineTable>
  readonly zones: PieceCache<ZonePart>
  readonly reads: PieceCache<ZoneRead>
}

/** A cache with nothing in it. */
export function makeCompileCache(): CompileCache {
  return { policies: new PieceCache(), tables: new PieceCache(), zones: new PieceCache(), reads: new PieceCache() }
}
