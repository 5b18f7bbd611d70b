/** Where things lie in the state folder: one place that control, node and the commands share. Pure. */
import { join } from 'node:path'

/** Paths of a state folder. */
export type StatePaths = {
  /** SQLite file of control. */
  readonly store: string
  /** SQLite file of events; may be lost. */
  readonly history: string
  /** SQLite file of health over time; may be lost. */
  readonly healthHistory: string
  /** SQLite file of what webhooks still have to tell. */
  readonly webhooks: string
  /** Unix socket over which control and node talk. */
  readonly fleetSocket: string
  /** Unix socket of the API: whoever may open it has full rights. */
  readonly controlSocket: string
  /** Snapshot files that control publishes. */
  readonly snapshots: string
  /** The node's own copy of the snapshot it answers from; the one before is PATH.old. */
  readonly nodeSnapshot: string
  /** Path of the geodata file that snapshot was compiled with. */
  readonly nodeGeodata: string
  /** The node's standings and ranking memory. */
  readonly nodeHealth: string
  /** Differences of the node's zones, for IXFR. */
  readonly nodeJournal: string
  /** What operators force, as the node knows it. */
  readonly nodeOverrides: string
  /** How fresh the node's secondary zones are. */
  readonly nodeFreshness: string
  /** Folder of built geodata, downloads and, by default, the operator's geodata files. */
  readonly geodata: string
  /** Secrets of keys, put there by the operator. */
  readonly secrets: string
  /** Secrets of DNS cookies. */
  readonly cookieSecrets: string
}

/** The paths. */
export function statePaths(stateFolder: string): StatePaths {
  return {
    store: join(stateFolder, 'control.sqlite'),
    history: join(stateFolder, 'history.sqlite'),
    healthHistory: join(stateFolder, 'health-history.sqlite'),
    webhooks: join(stateFolder, 'webhooks.sqlite'),
    fleetSocket: join(stateFolder, 'fleet.sock'),
    controlSocket: join(stateFolder, 'control.sock'),
    snapshots: join(stateFolder, 'snapshots'),
    nodeSnapshot: join(stateFolder, 'node', 'live.snapshot'),
    nodeGeodata: join(stateFolder, 'node', 'geodata-path'),
    nodeHealth: join(stateFolder, 'node', 'health'),
    nodeJournal: join(stateFolder, 'node', 'journal'),
    nodeOverrides: join(stateFolder, 'node', 'overrides'),
    nodeFreshness: join(stateFolder, 'node', 'freshness'),
    geodata: join(stateFolder, 'geodata'),
    secrets: join(stateFolder, 'secrets'),
    cookieSecrets: join(stateFolder, 'cookie-secrets'),
  }
}
