/**
 * Reader of MMDB files (MaxMind DB format 2.0): GeoIP2 and GeoLite2, DB-IP, and the flat ones of ip-location-db. Shell.
 *
 *   0                     search tree: node_count nodes of two records of 24, 28 or 32 bits
 *   tree end + 16         data section (mmdb-data.ts)
 *   marker "\xab\xcd\xefMaxMind.com", then a map: what the file is, and the numbers above
 *
 * The tree is walked whole (walk-trie.ts); each data record is decoded once, and only what becomes a location (mmdb-record.ts).
 * In a tree of IPv6 addresses IPv4 lives below ::/96, and is repeated below ::ffff:0:0/96, 2002::/16 and others: these are passed over.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { emptyRanges, type FlatRanges } from '../compile/flat-ranges.ts'
import type { SourceDescription } from '../geodata.ts'
import { publicReadingOf } from './describe-source.ts'
import { MmdbDecoder, type MmdbMap, type MmdbValue, type Wanted } from './mmdb-data.ts'
import { describeMmdb, MMDB_FIELDS, recordOfMmdb } from './mmdb-record.ts'
import { readBytes, SourceHash } from './read-lines.ts'
import { MMDB_MARKER, TAIL_BYTES } from './recognize-format.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { followPath, type Trie, walkTrie } from './walk-trie.ts'

/** Zero bytes between tree and data. */
const SEPARATOR_BYTES = 16
/** Path from the root of an IPv6 tree to its IPv4 part. */
const IPV4_PATH = new Array<0>(96).fill(0)

const METADATA: Wanted = {
  binary_format_major_version: 'all',
  node_count: 'all',
  record_size: 'all',
  ip_version: 'all',
  database_type: 'all',
  build_epoch: 'all',
}

/** An MMDB file, checked as far as its numbers go. */
export type MmdbFile = {
  readonly databaseType: string
  /** Day of the build, YYYY-MM-DD; "" when it has none. */
  readonly date: string
  readonly ipVersion: 4 | 6
  readonly trie: Trie
  /** Value of a record of the tree that leads to data. */
  readonly decode: (record: number, wanted: Wanted) => MmdbValue | undefined
}

/** MMDB: one file, or one a family. City and ISP are two sources: each gives its fields. */
export const mmdb: SourceKind = {
  kind: 'mmdb',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const hash = new SourceHash()
    const builder = new SourceBuilder()
    let known: Partial<SourceDescription> = {}
    for (const [position, file] of files.entries()) {
      const opened = openMmdb(await readBytes(file, hash, 'mmdb'), file)
      const numbers = new Map<number, number>()
      const numberOf = (record: number): number => {
        let number = numbers.get(record)
        if (number === undefined) {
          const value = opened.decode(record, MMDB_FIELDS)
          number = builder.record(isMap(value) ? recordOfMmdb(value) : {})
          numbers.set(record, number)
        }
        return number
      }
      const { v4, v6 } = walkMmdb(opened, numberOf)
      if (builder.recordCount === 0) {
        const problem = `"${file}" (${opened.databaseType}) says nothing about country, region, city, carrier or AS`
        throw new GeodataError('GEODATA_SOURCE_INVALID', problem, 'take a City, Country, ISP, ASN or Enterprise database')
      }
      builder.addRanges(v4, v6)
      if (position === 0) known = { name: opened.databaseType || 'mmdb', date: opened.date, ...describeMmdb(opened.databaseType) }
    }
    return publicReadingOf(spec, builder.build(), hash.text(), known)
  },
}

/** Checks the frame of an MMDB file; `name` is for messages. Throws GEODATA_SOURCE_INVALID. */
export function openMmdb(bytes: Buffer, name: string): MmdbFile {
  const fail = (problem: string): GeodataError =>
    new GeodataError(
      'GEODATA_SOURCE_INVALID',
      `"${name}" ${problem}`,
      'fetch it again: it was cut short, damaged, or made by broken software',
    )
  const tailFrom = Math.max(0, bytes.length - TAIL_BYTES)
  const marker = bytes.subarray(tailFrom).lastIndexOf(MMDB_MARKER)
  if (marker < 0) throw fail('has no MMDB metadata at its end')
  const metadataStart = tailFrom + marker + MMDB_MARKER.length
  const metadata = new MmdbDecoder(bytes, metadataStart, bytes.length, fail).decode(0, METADATA)
  const metadataNumber = (key: string): number => {
    const value = isMap(metadata) ? metadata[key] : undefined
    if (typeof value !== 'number') throw fail(`has no number "${key}" in its metadata`)
    return value
  }
  const version = metadataNumber('binary_format_major_version')
  if (version !== 2) throw fail(`has MMDB format version ${version}, only 2 is read`)
  const ipVersion = metadataNumber('ip_version')
  if (ipVersion !== 4 && ipVersion !== 6) throw fail(`has addresses of version ${ipVersion}`)
  const recordBits = metadataNumber('record_size')
  if (recordBits !== 24 && recordBits !== 28 && recordBits !== 32) throw fail(`has tree records of ${recordBits} bits, not 24, 28 or 32`)
  const nodeCount = metadataNumber('node_count')
  const treeEnd = nodeCount * (recordBits / 4)
  const dataStart = treeEnd + SEPARATOR_BYTES
  const dataEnd = metadataStart - MMDB_MARKER.length
  if (nodeCount < 1 || dataStart > dataEnd) throw fail(`announces ${nodeCount} tree nodes, which do not fit into its ${bytes.length} bytes`)
  const decoder = new MmdbDecoder(bytes, dataStart, dataEnd, fail)
  const { database_type: databaseType, build_epoch: builtAt } = metadata as MmdbMap
  return {
    databaseType: typeof databaseType === 'string' ? databaseType : '',
    date: typeof builtAt === 'number' && builtAt > 0 && builtAt < 1e11 ? new Date(builtAt * 1000).toISOString().slice(0, 10) : '',
    ipVersion,
    trie: { nodeCount, record: recordReader(bytes, recordBits), fail },
    decode: (record, wanted) => {
      const offset = record - nodeCount - SEPARATOR_BYTES
      if (offset < 0 || dataStart + offset >= dataEnd) throw fail(`has a tree record ${record} that leads outside its data`)
      return decoder.decode(offset, wanted)
    },
  }
}

/** All ranges of a file, each with the value of its record; 0 where it knows nothing. */
export function walkMmdb(file: MmdbFile, numberOf: (record: number) => number): { readonly v4: FlatRanges; readonly v6: FlatRanges } {
  if (file.ipVersion === 4) return { v4: walkTrie(file.trie, 0, 1, numberOf), v6: emptyRanges(4) }
  const ipv4Root = followPath(file.trie, IPV4_PATH)
  return { v4: walkTrie(file.trie, ipv4Root, 1, numberOf), v6: walkTrie(file.trie, 0, 4, numberOf, ipv4Root) }
}

function recordReader(bytes: Buffer, bits: 24 | 28 | 32): (node: number, bit: 0 | 1) => number {
  if (bits === 24) return (node, bit) => bytes.readUIntBE(node * 6 + bit * 3, 3)
  if (bits === 32) return (node, bit) => bytes.readUInt32BE(node * 8 + bit * 4)
  // 28: the middle byte holds the top four bits of both.
  return (node, bit) => {
    const at = node * 7
    const middle = bytes[at + 3]!
    return bit === 0 ? (middle >>> 4) * 2 ** 24 + bytes.readUIntBE(at, 3) : (middle & 15) * 2 ** 24 + bytes.readUIntBE(at + 4, 3)
  }
}

function isMap(value: MmdbValue | undefined): value is MmdbMap {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}
