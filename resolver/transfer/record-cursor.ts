/**
 * Records one after another without making an object for each: what transfers read from, whether it is a compiled zone, one SOA or a
 * packed list of a journal. Pure.
 *
 *   packed record: owner (uncompressed) │ u16 type │ u32 TTL │ u16 length │ rdata
 */

/** A place in a sequence of records; the fields hold after `next` has returned true, until it is called again. */
export type RecordCursor = {
  /** Steps to the next record (to the first one at the beginning); false at the end. */
  readonly next: () => boolean
  /** Owner, canonical wire form: nameBytes[nameAt … nameAt+nameLength-1]. */
  nameBytes: Uint8Array
  nameAt: number
  nameLength: number
  type: number
  ttlSeconds: number
  /** Rdata, names in it uncompressed: data[dataAt … dataAt+dataLength-1]. */
  data: Uint8Array
  dataAt: number
  dataLength: number
}

const NOTHING = new Uint8Array(0)

/** Fields of a cursor before its first record. */
export function blankRecord(): Omit<RecordCursor, 'next'> {
  return { nameBytes: NOTHING, nameAt: 0, nameLength: 0, type: 0, ttlSeconds: 0, data: NOTHING, dataAt: 0, dataLength: 0 }
}

/** Octets of the cursor's record when packed. */
export function packedBytes(record: Pick<RecordCursor, 'nameLength' | 'dataLength'>): number {
  return record.nameLength + 8 + record.dataLength
}

/** Packed records, growing. */
export type RecordPack = {
  bytes: Uint8Array
  length: number
  count: number
}

/** An empty pack. */
export function makeRecordPack(): RecordPack {
  return { bytes: new Uint8Array(1024), length: 0, count: 0 }
}

/** Adds the cursor's record. */
export function packRecord(pack: RecordPack, record: Omit<RecordCursor, 'next'>): void {
  const end = pack.length + packedBytes(record)
  if (end > pack.bytes.length) {
    const larger = new Uint8Array(Math.max(end, 2 * pack.bytes.length))
    larger.set(pack.bytes.subarray(0, pack.length))
    pack.bytes = larger
  }
  const { bytes } = pack
  let at = pack.length
  for (let i = 0; i < record.nameLength; i++) bytes[at + i] = record.nameBytes[record.nameAt + i]!
  at += record.nameLength
  bytes[at] = record.type >> 8
  bytes[at + 1] = record.type & 255
  bytes[at + 2] = record.ttlSeconds >>> 24
  bytes[at + 3] = (record.ttlSeconds >>> 16) & 255
  bytes[at + 4] = (record.ttlSeconds >>> 8) & 255
  bytes[at + 5] = record.ttlSeconds & 255
  bytes[at + 6] = record.dataLength >> 8
  bytes[at + 7] = record.dataLength & 255
  at += 8
  for (let i = 0; i < record.dataLength; i++) bytes[at + i] = record.data[record.dataAt + i]!
  pack.length = end
  pack.count++
}

/** Reads packed records. */
export function cursorOfPack(bytes: Uint8Array, end: number = bytes.length): RecordCursor {
  let at = 0
  const cursor: RecordCursor = {
    ...blankRecord(),
    next: () => {
      if (at >= end) return false
      const start = at
      while (bytes[at] !== 0) at += 1 + bytes[at]!
      at++
      cursor.nameBytes = bytes
      cursor.nameAt = start
      cursor.nameLength = at - start
      cursor.type = (bytes[at]! << 8) | bytes[at + 1]!
      cursor.ttlSeconds = ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0
      cursor.dataLength = (bytes[at + 6]! << 8) | bytes[at + 7]!
      cursor.data = bytes
      cursor.dataAt = at + 8
      at += 8 + cursor.dataLength
      return true
    },
  }
  return cursor
}

/** Some cursors, one behind the other, as one. */
export function chainCursors(cursors: readonly RecordCursor[]): RecordCursor {
  let number = 0
  const chained: RecordCursor = {
    ...blankRecord(),
    next: () => {
      for (; number < cursors.length; number++) {
        const cursor = cursors[number]!
        if (!cursor.next()) continue
        chained.nameBytes = cursor.nameBytes
        chained.nameAt = cursor.nameAt
        chained.nameLength = cursor.nameLength
        chained.type = cursor.type
        chained.ttlSeconds = cursor.ttlSeconds
        chained.data = cursor.data
        chained.dataAt = cursor.dataAt
        chained.dataLength = cursor.dataLength
        return true
      }
      return false
    },
  }
  return chained
}
