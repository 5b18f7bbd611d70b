/**
 * Document + geodata → snapshot (DESIGN.md section 1). Runs in compile-worker.ts, never on a thread that answers. Equal input gives an
 * equal block, byte for byte, on every machine; a snapshot with an error-level issue is not made.
 */
import { createHash } from 'node:crypto'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { type CompiledConfig, compilePolicies } from '../../policy/compile/compile-policies.ts'
import { makeRankPlan } from '../../policy/compile/make-rank-plan.ts'
import { hasErrors, type IssueDraft, makeIssue } from '../../policy/config/config-issue.ts'
import type { Config } from '../../policy/config/config-schema.ts'
import { checkSecondaries } from '../transfer/check-secondaries.ts'
import { makeTransferPlan } from '../transfer/transfer-plan.ts'
import type { DynamicRecord } from '../zone/dynamic-layer.ts'
import { compileEcsTrust } from '../zone/ecs-trust.ts'
import type { ZoneInput } from '../zone/zone-record.ts'
import { type Column, packColumns } from './arena.ts'
import { attachSnapshot } from './attach-snapshot.ts'
import type { CompileCache } from './compile-cache.ts'
import { keyOfPolicies } from './compile-keys.ts'
import type { Snapshot, SnapshotMeta } from './snapshot.ts'
import { compileZonePart } from './zone-part.ts'

/** What a snapshot is made of. */
export type CompileInput = {
  readonly config: Config
  /** Canonical digest of the document, hex. */
  readonly documentDigest: string
  readonly geodata: Geodata
  /** SOA serials of zones whose serial is `auto`, by zone name; a missing one is 1. */
  readonly serials: ReadonlyMap<string, number>
  /** Dynamic layers of zones, as the store has them. */
  readonly dynamic?: readonly DynamicRecord[]
  /** Packed records of secondary zones, by zone name. */
  readonly transferred?: ReadonlyMap<string, Uint8Array>
  /** Digests of these; without them nothing is kept of zones. */
  readonly transferredDigests?: ReadonlyMap<string, string>
  /** Zones from outside the document (`serve --zones`). */
  readonly moreZones: readonly ZoneInput[]
  /** Generation of the snapshot; not part of its bytes. */
  readonly generation: number
}

/** The outcome: no snapshot when an issue is an error. */
export type CompileOutput = { readonly snapshot: Snapshot | undefined; readonly issues: readonly IssueDraft[] }

/** Places are found by the caller; only severities matter here. */
const NOWHERE = { file: '', line: 1, column: 1 }

/**
 * Compiles a snapshot. Never throws for anything that a document can hold. `cache` keeps parts for the next compile; the outcome is the
 * same, byte for byte, with it and without.
 */
export function compileSnapshot(input: CompileInput, cache?: CompileCache): CompileOutput {
  const { config, geodata } = input
  const policies = compilePolicyPart(config, geodata, cache)
  const part = {
    config,
    names: policies.names,
    serials: input.serials,
    dynamic: input.dynamic ?? [],
    transferred: input.transferred ?? new Map(),
    transferredDigests: input.transferredDigests ?? new Map(),
    moreZones: input.moreZones,
  }
  const zones = compileZonePart(part, input.transferred === undefined || input.transferredDigests !== undefined ? cache : undefined)
  const issues = [...zones.issues, ...policies.issues, ...checkSecondaries(config, zones.columns)]
  if (hasErrors(issues.map((issue) => makeIssue(issue, NOWHERE)))) return { snapshot: undefined, issues }
  const transfer = makeTransferPlan(config)
  const meta: SnapshotMeta = {
    format: 1,
    documentDigest: input.documentDigest,
    geodataDigest: geodata.digest,
    names: policies.names,
    rankPlan: makeRankPlan(config),
    lineLabels: lineLabels(config),
    precedences: [...config.policies].sort((a, b) => (a.id < b.id ? -1 : 1)).map((policy) => policy.precedence),
    ...(transfer === undefined ? {} : { transfer }),
  }
  const columns: Record<string, Column> = { meta: new TextEncoder().encode(JSON.stringify(meta)) }
  const ecsTrust = compileEcsTrust(config.options.ecsTrust?.map(parsePrefix))
  for (const [name, column] of Object.entries({ ...zones.columns, ecsTrust })) columns[`zone.${name}`] = column
  for (const [name, column] of Object.entries(policies.columns)) columns[`policy.${name}`] = column
  const block = packColumns(columns)
  const digest = createHash('sha256').update(new Uint8Array(block)).digest('hex')
  return { snapshot: attachSnapshot(block, input.generation, digest), issues }
}

function compilePolicyPart(config: Config, geodata: Geodata, cache: CompileCache | undefined): CompiledConfig {
  if (cache === undefined) return compilePolicies(config, geodata)
  cache.policies.begin()
  return cache.policies.get(keyOfPolicies(config, geodata.digest), () => {
    cache.tables.begin()
    return compilePolicies(config, geodata, (key, make) => cache.tables.get(`${geodata.digest} ${key()}`, make))
  })
}

function lineLabels(config: Config): Record<string, readonly [string, string]> {
  const labels: Record<string, readonly [string, string]> = {}
  for (const { id, label } of [...config.lines].sort((a, b) => (a.id < b.id ? -1 : 1))) labels[`custom:${id}`] = [label.en, label['zh-CN']]
  return labels
}
