/**
 * The frozen, compiled configuration that answer threads read: one block of shared memory (arena.ts) with the columns of
 * resolver/zone/zone-columns.ts (prefix "zone.") and policy/model/policy-columns.ts (prefix "policy."), and names for people as JSON.
 * Pure. Built by compile-snapshot.ts, kept on disk by snapshot-file.ts.
 */
import type { RankPlan } from '../../health/model/rank-plan.ts'
import type { CompiledPolicies } from '../../policy/decide/compiled-policies.ts'
import type { PolicyNames } from '../../policy/model/policy-columns.ts'
import type { TransferPlan } from '../transfer/transfer-plan.ts'
import type { ZoneColumns } from '../zone/zone-columns.ts'

/** Facts about a snapshot, kept as JSON in its block. */
export type SnapshotMeta = {
  readonly format: 1
  /** Canonical digest of the document, hex. */
  readonly documentDigest: string
  /** SHA-256 of the geodata file, hex. */
  readonly geodataDigest: string
  readonly names: PolicyNames
  /** The plan without its generation, which is given at publish. */
  readonly rankPlan: Omit<RankPlan, 'generation'>
  /** Precedence of each policy, by policy number. */
  readonly precedences: readonly ('place-first' | 'carrier-first')[]
  /** Custom line labels and the like for explain: line key → [en, zh-CN]. */
  readonly lineLabels: Readonly<Record<string, readonly [string, string]>>
  /** Keys (without secrets), permissions and secondaries; absent = the document says nothing of transfers. */
  readonly transfer?: TransferPlan
}

/** A snapshot laid open. The block is shared by all threads; nobody writes to it. */
export type Snapshot = {
  /** 0 in a snapshot that has not been published. */
  readonly generation: number
  /** SHA-256 of the block, hex: equal document and geodata give an equal digest on every machine. */
  readonly digest: string
  readonly block: SharedArrayBuffer
  readonly zones: ZoneColumns
  readonly policies: CompiledPolicies
  readonly meta: SnapshotMeta
}
