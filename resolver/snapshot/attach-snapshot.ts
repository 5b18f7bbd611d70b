/**
 * Lays a snapshot's block open (arena.ts): columns with the prefix "zone." and "policy.", and "meta", the JSON of SnapshotMeta.
 * Pure. The block may be larger than what was packed into it (re-used memory).
 */
import { type CompiledPolicies, viewPolicies } from '../../policy/decide/compiled-policies.ts'
import type { PolicyColumns } from '../../policy/model/policy-columns.ts'
import { EVERYBODY } from '../zone/ecs-trust.ts'
import type { ZoneColumns } from '../zone/zone-columns.ts'
import { arrangeRows, type PlainRows } from '../zone/zone-rows.ts'
import { type Columns, openColumns } from './arena.ts'
import type { Snapshot, SnapshotMeta } from './snapshot.ts'

/** What an answer thread reads of a snapshot: everything but the names for people. */
export type AnswerTables = {
  readonly generation: number
  readonly zones: ZoneColumns
  readonly policies: CompiledPolicies
}

const NO_SPANS = new Int32Array(0)

/** Column of the names for people. */
const META = 'meta'

function columnsWithPrefix(columns: Columns, prefix: string): Columns {
  const found: Record<string, Columns[string]> = {}
  for (const [name, column] of Object.entries(columns)) if (name.startsWith(prefix)) found[name.slice(prefix.length)] = column
  return found
}

function attachColumns(columns: Columns, generation: number): AnswerTables {
  return {
    generation,
    zones: completeZones(columnsWithPrefix(columns, 'zone.')),
    policies: viewPolicies(completePolicies(columnsWithPrefix(columns, 'policy.'))),
  }
}

/** A snapshot of a version before the rows has a column for each of their words. */
function completeZones(columns: Columns): ZoneColumns {
  const rows = columns.nodeZone === undefined ? {} : arrangeRows(columns as unknown as PlainRows, columns.names as Uint8Array)
  // A snapshot of a version before this column trusts everybody.
  return { ecsTrust: EVERYBODY, ...columns, ...rows } as ZoneColumns
}

/** A snapshot of a version before these columns lays nobody out, and `hashPrefix` counts for every class. */
function completePolicies(columns: Columns): PolicyColumns {
  const classFlags = new Uint8Array(columns.classSlotFirst?.length ?? 0)
  return { classSpans4: NO_SPANS, classSpans6: NO_SPANS, classFlags, ...columns } as PolicyColumns
}

/** The tables alone: answer threads need no names, whose JSON is the slow part of a large snapshot. */
export function attachAnswerTables(block: SharedArrayBuffer, generation: number): AnswerTables {
  return attachColumns(openColumns(block), generation)
}

/** The whole snapshot. Throws RangeError or SyntaxError when the block is not one. */
export function attachSnapshot(block: SharedArrayBuffer, generation: number, digest: string): Snapshot {
  const columns = openColumns(block)
  const text = columns[META]
  if (text === undefined) throw new RangeError('the block has no column "meta"')
  // Copied: a TextDecoder refuses shared memory.
  const meta = JSON.parse(new TextDecoder().decode(Uint8Array.from(text))) as SnapshotMeta
  const { zones, policies } = attachColumns(columns, generation)
  return { generation, digest, block, zones, policies, meta }
}
