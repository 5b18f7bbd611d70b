/**
 * The journal of a node: for each zone that may be transferred the steps that led to its serial, so that a secondary gets the difference
 * (RFC 1995). Pure state. Bounded: a zone's steps never take more octets than the zone itself (a whole transfer is cheaper then), nor
 * all zones together more than JOURNAL_BYTES; the oldest steps go first.
 */
import { formatName } from '../wire/name.ts'
import { diffZone, type ZoneDiff } from './zone-diff.ts'
import type { TransferTables } from './zone-walk.ts'

/** Octets of all steps of all zones. */
export const JOURNAL_BYTES: number = 64 << 20
/** Octets of one zone's steps that are kept however small the zone is. */
const SMALL_ZONE_BYTES = 64 << 10
/** Steps of one zone. */
const ZONE_STEPS = 1000

/** Steps of one zone, oldest first; each begins at the serial where the one before ends. */
export type ZoneSteps = readonly ZoneDiff[]

/** The journal; zones by apex in presentation form. */
export type Journal = {
  /** Compares the zones of two generations and notes what changed; returns zones with a new serial. */
  readonly note: (before: TransferTables | undefined, after: TransferTables, apexes: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly stepsOf: (apex: Uint8Array) => ZoneSteps
  /** All steps, for keeping on disk. */
  readonly all: () => ReadonlyMap<string, ZoneSteps>
}

/** Octets that a step holds. */
export function stepBytes(step: ZoneDiff): number {
  return step.removed.length + step.added.length + step.fromSoa.length + step.toSoa.length
}

/** Makes a journal, perhaps with steps that were kept. */
export function createJournal(kept: ReadonlyMap<string, ZoneSteps> = new Map(), limitBytes: number = JOURNAL_BYTES): Journal {
  const zones = new Map<string, ZoneDiff[]>([...kept].map(([name, steps]) => [name, [...steps]]))

  function add(name: string, step: ZoneDiff): void {
    const steps = zones.get(name) ?? []
    if (steps.at(-1)?.toSerial !== step.fromSerial) steps.length = 0
    steps.push(step)
    let sizeBytes = steps.reduce((sum, each) => sum + stepBytes(each), 0)
    while (steps.length > 1 && (steps.length > ZONE_STEPS || sizeBytes > Math.max(SMALL_ZONE_BYTES, step.zoneBytes)))
      sizeBytes -= stepBytes(steps.shift()!)
    // The zone written last is the last one to lose steps.
    zones.delete(name)
    zones.set(name, steps)
  }

  function shrink(): void {
    let sizeBytes = 0
    for (const steps of zones.values()) for (const step of steps) sizeBytes += stepBytes(step)
    for (const [name, steps] of zones) {
      while (sizeBytes > limitBytes && steps.length > 0) sizeBytes -= stepBytes(steps.shift()!)
      if (steps.length === 0) zones.delete(name)
      if (sizeBytes <= limitBytes) return
    }
  }

  return {
    note: (before, after, apexes) => {
      const changed: Uint8Array[] = []
      const names = new Set(apexes.map((apex) => formatName(apex)))
      for (const name of [...zones.keys()]) if (!names.has(name)) zones.delete(name)
      for (const apex of apexes) {
        const diff = before === undefined ? 'none' : diffZone(before, after, apex, limitBytes)
        if (diff === 'same') continue
        changed.push(apex)
        if (diff !== 'none') add(formatName(apex), diff)
        else if (before !== undefined) zones.delete(formatName(apex))
      }
      shrink()
      return changed
    },
    stepsOf: (apex) => zones.get(formatName(apex)) ?? [],
    all: () => zones,
  }
}

/** The steps from one serial to another; undefined when they are not all there. */
export function stepsBetween(steps: ZoneSteps, fromSerial: number, toSerial: number): ZoneSteps | undefined {
  const first = steps.findIndex((step) => step.fromSerial === fromSerial)
  const last = steps.findIndex((step) => step.toSerial === toSerial)
  return first < 0 || last < first ? undefined : steps.slice(first, last + 1)
}
