/**
 * Document + geodata → snapshot (DESIGN.md section 1). Runs in compile-worker.ts, never on a thread that answers. Equal input gives an
 * equal block, byte for byte, on every machine; a snapshot with an error-level issue is not made.
 */
import { createHash } from 'node:crypto'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import { compilePolicies } from '../../policy/compile/compile-policies.ts'
import { makeRankPlan } from '../../policy/compile/make-rank-plan.ts'
import { hasErrors, type IssueDraft, makeIssue } from '../../policy/config/config-issue.ts'
import type { Config } from '../../policy/config/config-schema.ts'
import { checkSecondaries } from '../transfer/check-secondaries.ts'
import { makeTransferPlan } from '../transfer/transfer-plan.ts'
import { compileZones } from '../zone/compile-zones.ts'
import type { DynamicRecord } from '../zone/dynamic-layer.ts'
import { compileEcsTrust } from '../zone/ecs-trust.ts'
import type { ZoneInput } from '../zone/zone-record.ts'
import { type Column, packColumns } from './arena.ts'
import { attachSnapshot } from './attach-snapshot.ts'
import { readSteered } from './read-steered.ts'
import { draftOfZoneIssue, readZones } from './read-zones.ts'
import type { Snapshot, SnapshotMeta } from './snapshot.ts'

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
  /** Zones from outside the document (`serve --zones`). */
  readonly moreZones: readonly ZoneInput[]
  /** Generation of the snapshot; not part of its bytes. */
  readonly generation: number
}

/** The outcome: no snapshot when an issue is an error. */
export type CompileOutput = { readonly snapshot: Snapshot | undefined; readonly issues: readonly IssueDraft[] }

/** Places are found by the caller; only severities matter here. */
const NOWHERE = { file: '', line: 1, column: 1 }

/** Compiles a snapshot. Never throws for anything that a document can hold. */
export function compileSnapshot(input: CompileInput): CompileOutput {
  const { config, geodata } = input
  const policies = compilePolicies(config, geodata)
  const read = readZones(config, input.serials, input.dynamic, input.transferred)
  const steered = readSteered(config, policies.names)
  const zones = compileZones([...read.zones, ...input.moreZones], steered.steered)
  const zoneIssues = zones.issues.map((issue) => {
    const number = config.zones.findIndex((zone) => zone.file === issue.file || zone.name === issue.file)
    const isFile = number < 0 ? issue.file !== '' : config.zones[number]!.file !== ''
    if (number < 0) return draftOfZoneIssue(issue, ['zones'], isFile)
    const { record } = issue
    const set = record && config.zones[number]!.records.find(({ name, type }) => name === record.name && type === record.type)
    const inner = set?.position === undefined ? [] : ['records', set.position]
    return draftOfZoneIssue(issue, ['zones', number, ...inner], isFile)
  })
  const issues = [...read.issues, ...zoneIssues, ...steered.issues, ...policies.issues, ...checkSecondaries(config, zones.columns)]
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

function lineLabels(config: Config): Record<string, readonly [string, string]> {
  const labels: Record<string, readonly [string, string]> = {}
  for (const { id, label } of [...config.lines].sort((a, b) => (a.id < b.id ? -1 : 1))) labels[`custom:${id}`] = [label.en, label['zh-CN']]
  return labels
}
