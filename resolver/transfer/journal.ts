/**
 * The journal of a node: for each zone that may be transferred the steps that led to its serial, so that a secondary gets the difference
 * (RFC 1995). Pure state. Bounded: a zone's steps never take more octets than the zone itself (a whole transfer is cheaper then), nor
 * all zones together more than JOURNAL_BYTES; the oldest steps go first.
 *
 * A serial that stood for two contents (a zone with `serial: keep` that was edited, a restored backup, steered names laid over a secondary
 * zone) is told from others by a mark of the content, kept with the steps: no step begins at it, so secondaries get the whole zone.
 */
import { formatName } from '../wire/name.ts'
import { isLaterSerial, serialOfSoa } from './serial.ts'
import { diffZone, markContent, type ZoneDiff } from './zone-diff.ts'
import { findZone, soaOf, type TransferTables } from './zone-walk.ts'

/** Octets of all steps of all zones. */
export const JOURNAL_BYTES: number = 64 << 20
/** Octets of one zone's steps that are kept however small the zone is. */
const SMALL_ZONE_BYTES = 64 << 10
/** Steps of one zone. */
const ZONE_STEPS = 1000

/** Steps of one zone, oldest first; each begins at the serial where the one before ends. */
export type ZoneSteps = readonly ZoneDiff[]

/** What a zone was when the journal last looked. */
export type ZoneVersion = {
  readonly serial: number
  /** Of markContent. */
  readonly mark: string
  /** The last serial that may stand for other content at some secondary; absent = there is none. */
  readonly unsureTo?: number
}

/** What is kept over a restart; by apex in presentation form. */
export type JournalContent = {
  readonly zones: ReadonlyMap<string, ZoneSteps>
  readonly versions: ReadonlyMap<string, ZoneVersion>
}

/** The journal; zones by apex in presentation form. */
export type Journal = {
  /** Compares the zones of two generations and notes what changed; returns zones with a new serial, or other content under the old one. */
  readonly note: (before: TransferTables | undefined, after: TransferTables, apexes: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly stepsOf: (apex: Uint8Array) => ZoneSteps
  /** All steps, for keeping on disk. */
  readonly all: () => ReadonlyMap<string, ZoneSteps>
  readonly content: () => JournalContent
}

/** Octets that a step holds. */
export function stepBytes(step: ZoneDiff): number {
  return step.removed.length + step.added.length + step.fromSoa.length + step.toSoa.length
}

const EMPTY: JournalContent = { zones: new Map(), versions: new Map() }

/** Makes a journal, perhaps with what was kept. */
export function createJournal(kept: JournalContent = EMPTY, limitBytes: number = JOURNAL_BYTES): Journal {
  const zones = new Map<string, ZoneDiff[]>([...kept.zones].map(([name, steps]) => [name, [...steps]]))
  const versions = new Map(kept.versions)

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

  /** One zone; true = it changed. */
  function noteZone(before: TransferTables | undefined, after: TransferTables, apex: Uint8Array): boolean {
    const name = formatName(apex)
    const zone = findZone(after.zones, apex)
    const known = versions.get(name)
    if (zone < 0) {
      zones.delete(name)
      return true
    }
    const serial = serialOfSoa(soaOf(after.zones, zone).rdata)
    const mark = markContent(after, zone)
    // At the start secondaries are told of what is served, whatever was kept.
    if (known?.serial === serial && known.mark === mark) return before === undefined
    if (known?.serial === serial) {
      zones.delete(name)
      versions.set(name, { serial, mark, unsureTo: serial })
      return true
    }
    let unsureTo = known?.unsureTo
    if (known !== undefined && isLaterSerial(known.serial, serial) && (unsureTo === undefined || isLaterSerial(known.serial, unsureTo)))
      unsureTo = known.serial
    const isSure = unsureTo === undefined || isLaterSerial(serial, unsureTo)
    versions.set(name, isSure ? { serial, mark } : { serial, mark, unsureTo: unsureTo! })
    const diff = before === undefined ? 'none' : diffZone(before, after, apex, limitBytes)
    if (diff === 'same') return false
    if (diff !== 'none' && (unsureTo === undefined || isLaterSerial(diff.fromSerial, unsureTo))) add(name, diff)
    else zones.delete(name)
    return true
  }

  return {
    note: (before, after, apexes) => {
      const names = new Set(apexes.map((apex) => formatName(apex)))
      // A version is remembered: the zone may come back with what secondaries had.
      for (const name of [...zones.keys()]) if (!names.has(name)) zones.delete(name)
      const changed = apexes.filter((apex) => noteZone(before, after, apex))
      shrink()
      return changed
    },
    stepsOf: (apex) => zones.get(formatName(apex)) ?? [],
    all: () => zones,
    content: () => ({ zones, versions }),
  }
}

/** The steps from one serial to another; undefined when they are not all there. */
export function stepsBetween(steps: ZoneSteps, fromSerial: number, toSerial: number): ZoneSteps | undefined {
  const first = steps.findIndex((step) => step.fromSerial === fromSerial)
  const last = steps.findIndex((step) => step.toSerial === toSerial)
  return first < 0 || last < first ? undefined : steps.slice(first, last + 1)
}
