/**
 * Records of one zone as columns: a million of them take some 60 MB instead of the gigabyte of a million objects. Pure; filled by
 * zone-file-parser.ts, read by compile-zones.ts. Record i is row i of every column.
 */
import { Octets } from '../wire/octets.ts'
import type { ZoneRecord } from './zone-record.ts'

/** Largest column that is remembered; records further right are shown here. */
const MAX_COLUMN = 0xffff

/** A growing table. */
export class RecordTable {
  count = 0
  /** Owner names (canonical wire form) and rdata. */
  readonly octets: Octets = new Octets(512)
  /** Where the owner begins in `octets`. */
  ownerAt: Uint32Array = new Uint32Array(8)
  type: Uint16Array = new Uint16Array(8)
  ttlSeconds: Uint32Array = new Uint32Array(8)
  dataAt: Uint32Array = new Uint32Array(8)
  dataBytes: Uint16Array = new Uint16Array(8)
  /** 1-based; 0 = from the document. */
  line: Uint32Array = new Uint32Array(8)
  column: Uint16Array = new Uint16Array(8)
  /** Number in `files`. */
  file: Uint16Array = new Uint16Array(8)
  /** Names of the files that records came from. */
  readonly files: string[] = []

  /** Stores an owner name for the records to come; its place. */
  addOwner(name: Uint8Array, length: number = name.length): number {
    const at = this.octets.length
    this.octets.reserve(length)
    this.octets.bytes.set(length === name.length ? name : name.subarray(0, length), at)
    this.octets.length += length
    return at
  }

  /** Adds a record whose rdata was written to `octets` from `dataAt` on. */
  add(ownerAt: number, type: number, ttlSeconds: number, dataAt: number, line: number, column: number, file: number): void {
    const i = this.count
    if (i === this.type.length) this.grow()
    this.ownerAt[i] = ownerAt
    this.type[i] = type
    this.ttlSeconds[i] = ttlSeconds
    this.dataAt[i] = dataAt
    this.dataBytes[i] = this.octets.length - dataAt
    this.line[i] = line
    this.column[i] = Math.min(column, MAX_COLUMN)
    this.file[i] = file
    this.count++
  }

  private grow(): void {
    const size = 2 * this.type.length
    this.ownerAt = grown32(this.ownerAt, size)
    this.type = grown16(this.type, size)
    this.ttlSeconds = grown32(this.ttlSeconds, size)
    this.dataAt = grown32(this.dataAt, size)
    this.dataBytes = grown16(this.dataBytes, size)
    this.line = grown32(this.line, size)
    this.column = grown16(this.column, size)
    this.file = grown16(this.file, size)
  }

  /** Number of a file's name. */
  fileNumber(name: string): number {
    const known = this.files.indexOf(name)
    return known >= 0 ? known : Math.min(this.files.push(name) - 1, 0xffff)
  }

  /** Rdata of a record, without a copy. */
  rdata(i: number): Uint8Array {
    return this.octets.bytes.subarray(this.dataAt[i]!, this.dataAt[i]! + this.dataBytes[i]!)
  }

  /** Record i as an object of its own. */
  record(i: number): ZoneRecord {
    const at = this.ownerAt[i]!
    const { bytes } = this.octets
    let end = at
    while (bytes[end] !== 0) end += 1 + bytes[end]!
    return {
      owner: bytes.slice(at, end + 1),
      type: this.type[i]!,
      ttlSeconds: this.ttlSeconds[i]!,
      rdata: this.rdata(i).slice(),
      line: this.line[i]!,
    }
  }
}

/** A table of records that are objects, behind those of `before`. */
export function tableOfRecords(records: readonly ZoneRecord[], file: string, before?: RecordTable): RecordTable {
  const table = before ?? new RecordTable()
  const number = table.fileNumber(file)
  let owner: Uint8Array | undefined
  let ownerAt = 0
  for (const record of records) {
    if (record.owner !== owner) ownerAt = table.addOwner(record.owner)
    owner = record.owner
    const dataAt = table.octets.length
    table.octets.pushAll(record.rdata)
    table.add(ownerAt, record.type, record.ttlSeconds, dataAt, record.line, record.line > 0 ? 1 : 0, number)
  }
  return table
}

function grown32(column: Uint32Array, size: number): Uint32Array {
  const larger = new Uint32Array(size)
  larger.set(column)
  return larger
}

function grown16(column: Uint16Array, size: number): Uint16Array {
  const larger = new Uint16Array(size)
  larger.set(column)
  return larger
}
