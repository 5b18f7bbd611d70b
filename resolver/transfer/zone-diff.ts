/**
 * Differences between two versions of a zone, as IXFR shows them (RFC 1995 §4). Pure. Both versions are walked side by side in the one
 * order of zone-walk.ts, so that a zone of a million records is compared without building anything but the difference.
 */
import { compareOctets, compareRdata } from '../wire/rdata/compare-rdata.ts'
import { nodeName } from '../zone/zone-rows.ts'
import { cursorOfPack, makeRecordPack, packedBytes, packRecord, type RecordCursor } from './record-cursor.ts'
import { isLaterSerial, serialOfSoa } from './serial.ts'
import { findZone, soaCursor, soaOf, type TransferTables, walkZone } from './zone-walk.ts'

/** One step of a zone. Octet arrays lie in shared memory, so that workers need no copies. */
export type ZoneDiff = {
  readonly fromSerial: number
  readonly toSerial: number
  /** Packed SOA of either side. */
  readonly fromSoa: Uint8Array
  readonly toSoa: Uint8Array
  /** Packed records (record-cursor.ts), without SOA. */
  readonly removed: Uint8Array
  readonly added: Uint8Array
  /** Octets of all packed records of the later version: beyond them a whole transfer is cheaper. */
  readonly zoneBytes: number
}

/**
 * The difference of a zone between two generations. `same`: the serial is equal; whether the content is too tells markContent. `none`: there is no difference to
 * keep (the zone is new, its serial went back, or the difference is larger than `limitBytes` or the zone itself).
 */
export function diffZone(before: TransferTables, after: TransferTables, apex: Uint8Array, limitBytes: number): ZoneDiff | 'same' | 'none' {
  const oldZone = findZone(before.zones, apex)
  const newZone = findZone(after.zones, apex)
  if (oldZone < 0 || newZone < 0) return 'none'
  const fromSoa = soaOf(before.zones, oldZone)
  const toSoa = soaOf(after.zones, newZone)
  const fromSerial = serialOfSoa(fromSoa.rdata)
  const toSerial = serialOfSoa(toSoa.rdata)
  if (fromSerial === toSerial) return 'same'
  if (!isLaterSerial(toSerial, fromSerial)) return 'none'
  const removed = makeRecordPack()
  const added = makeRecordPack()
  const left = walkZone(before, oldZone)
  const right = walkZone(after, newZone)
  let hasLeft = left.next()
  let hasRight = right.next()
  let zoneBytes = 0
  while (hasLeft || hasRight) {
    const order = !hasLeft ? 1 : !hasRight ? -1 : compareRecords(left, right)
    if (order < 0) packRecord(removed, left)
    if (order > 0) packRecord(added, right)
    if (order >= 0) zoneBytes += packedBytes(right)
    if (removed.length + added.length > limitBytes) return 'none'
    if (order <= 0) hasLeft = left.next()
    if (order >= 0) hasRight = right.next()
  }
  if (removed.length + added.length > zoneBytes) return 'none'
  const owner = nodeName(after.zones, after.zones.zoneApex[newZone]!)
  return {
    fromSerial,
    toSerial,
    fromSoa: packSoa(owner, fromSoa),
    toSoa: packSoa(owner, toSoa),
    removed: share(removed.bytes.subarray(0, removed.length)),
    added: share(added.bytes.subarray(0, added.length)),
    zoneBytes,
  }
}

/**
 * A mark of all that a transfer of a zone shows, its SOA included: equal content gives an equal mark, other content another one but for
 * one case in 2^64. Not against forgers: both versions are our own.
 */
export function markContent(tables: TransferTables, zone: number): string {
  const soa = soaOf(tables.zones, zone)
  let one = 0x811c9dc5
  let two = 0x9747b28c
  const takeWord = (word: number): void => {
    one = Math.imul(one ^ word, 0x01000193)
    one ^= one >>> 15
    two = Math.imul(two ^ word, 0x85ebca6b)
    two ^= two >>> 13
  }
  const take = (bytes: Uint8Array, from: number, length: number): void => {
    takeWord(length)
    for (let i = from; i < from + length; i++) takeWord(bytes[i]!)
  }
  takeWord(soa.ttlSeconds)
  take(soa.rdata, 0, soa.rdata.length)
  const record = walkZone(tables, zone)
  while (record.next()) {
    take(record.nameBytes, record.nameAt, record.nameLength)
    takeWord(record.type)
    takeWord(record.ttlSeconds)
    take(record.data, record.dataAt, record.dataLength)
  }
  return `${(one >>> 0).toString(16)}-${(two >>> 0).toString(16)}`
}

/** A packed SOA record. */
export function packSoa(owner: Uint8Array, soa: { readonly rdata: Uint8Array; readonly ttlSeconds: number }): Uint8Array {
  const pack = makeRecordPack()
  packRecord(pack, soaCursor(owner, soa.rdata, soa.ttlSeconds))
  return share(pack.bytes.subarray(0, pack.length))
}

/** A copy in shared memory. */
export function share(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

/** Order of zone-walk.ts: name, type, canonical form and octets of the rdata; then the TTL, so that another TTL is another record. */
function compareRecords(a: RecordCursor, b: RecordCursor): number {
  const names = compareNames(a, b)
  if (names !== 0) return names
  // Glue of a zone nested in ours stands behind that zone's NS and DS, before what follows them: compared as the walk gives it.
  if (a.type !== b.type) return a.type - b.type
  return (
    compareRdata(a.type, a.data, a.dataAt, a.dataLength, b.data, b.dataAt, b.dataLength) ||
    compareOctets(a.data, a.dataAt, a.dataLength, b.data, b.dataAt, b.dataLength) ||
    a.ttlSeconds - b.ttlSeconds
  )
}

const LABELS_A = new Uint32Array(128)
const LABELS_B = new Uint32Array(128)

/** RFC 4034 §6.1: labels from the root, octet by octet, the shorter first. */
function compareNames(a: RecordCursor, b: RecordCursor): number {
  if (a.nameLength === b.nameLength) {
    let i = 0
    while (i < a.nameLength && a.nameBytes[a.nameAt + i] === b.nameBytes[b.nameAt + i]) i++
    if (i === a.nameLength) return 0
  }
  const countA = labelsOf(a, LABELS_A)
  const countB = labelsOf(b, LABELS_B)
  for (let k = 1; k <= Math.min(countA, countB); k++) {
    const atA = LABELS_A[countA - k]!
    const atB = LABELS_B[countB - k]!
    const lengthA = a.nameBytes[atA]!
    const lengthB = b.nameBytes[atB]!
    const shorter = Math.min(lengthA, lengthB)
    for (let i = 1; i <= shorter; i++) {
      const difference = a.nameBytes[atA + i]! - b.nameBytes[atB + i]!
      if (difference !== 0) return difference
    }
    if (lengthA !== lengthB) return lengthA - lengthB
  }
  return countA - countB
}

function labelsOf(record: RecordCursor, out: Uint32Array): number {
  let count = 0
  for (let at = record.nameAt; record.nameBytes[at] !== 0; at += 1 + record.nameBytes[at]!) out[count++] = at
  return count
}

/**
 * Several steps as one (RFC 1995 §5): what was added and removed again cancels out. Undefined when there is no step. The steps follow
 * each other.
 */
export function condenseDiffs(steps: readonly ZoneDiff[]): ZoneDiff | undefined {
  const first = steps[0]
  const last = steps.at(-1)
  if (first === undefined || last === undefined || steps.length === 1) return first
  const removed = new Map<string, Uint8Array>()
  const added = new Map<string, Uint8Array>()
  for (const step of steps) {
    eachRecord(step.removed, (key, bytes) => {
      if (!added.delete(key)) removed.set(key, bytes)
    })
    eachRecord(step.added, (key, bytes) => {
      if (!removed.delete(key)) added.set(key, bytes)
    })
  }
  return {
    fromSerial: first.fromSerial,
    toSerial: last.toSerial,
    fromSoa: first.fromSoa,
    toSoa: last.toSoa,
    removed: joined(removed),
    added: joined(added),
    zoneBytes: last.zoneBytes,
  }
}

function eachRecord(pack: Uint8Array, visit: (key: string, bytes: Uint8Array) => void): void {
  const cursor = cursorOfPack(pack)
  while (cursor.next()) {
    const bytes = pack.subarray(cursor.nameAt, cursor.dataAt + cursor.dataLength)
    visit(Buffer.from(bytes).toString('latin1'), bytes)
  }
}

function joined(records: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...records.values()]))
}
