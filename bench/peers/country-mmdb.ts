/**
 * The table as an MMDB file in the nested layout of MaxMind's country files, for servers that read nothing else (PowerDNS' geoip
 * backend, BIND's geoip ACLs): each line is a made-up country of two letters. Pure.
 *
 * The tree is built in one typed array, since test/support/mmdb-writer.ts, made for small files, would take 770 MB for 600,000 prefixes;
 * that writer gives the metadata.
 */
import { MMDB_MARKER } from '../../geodata/source/recognize-format.ts'
import { writeMmdb } from '../../test/support/mmdb-writer.ts'
import { LINE_COUNT, type PrefixTable } from './prefix-table.ts'

/** Bytes between the tree and the data section. */
const SEPARATOR_BYTES = 16
/** Bytes of a node: two records of 24 bits. */
const NODE_BYTES = 6
/** Bytes of one data record; all are equally long. */
const RECORD_BYTES = recordOf(1).length
/** What the tree holds for a line while it is built: below 0, so that it is no node. */
const leafOf = (line: number): number => -line

/** The made-up country of a line: AA, AB, …, EX. */
export function countryOfLine(line: number): string {
  return String.fromCharCode(65 + Math.floor((line - 1) / 26), 65 + ((line - 1) % 26))
}

/** The bytes of the file. */
export function writeCountryMmdb(table: PrefixTable): Buffer {
  const { children, nodeCount } = buildTree(table)
  const tree = Buffer.alloc(nodeCount * NODE_BYTES)
  for (let i = 0; i < nodeCount * 2; i++) {
    const child = children[i]!
    // 0 is the root, which is nobody's child: nothing is known below.
    const record = child > 0 ? child : child === 0 ? nodeCount : nodeCount + SEPARATOR_BYTES + (-child - 1) * RECORD_BYTES
    tree.writeUIntBE(record, i * 3, 3)
  }
  const records = Array.from({ length: LINE_COUNT }, (_, i) => recordOf(i + 1))
  const empty = writeMmdb({ ipVersion: 4, databaseType: 'GeoLite2-Country', networks: [], metadata: { node_count: nodeCount } })
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...records, empty.subarray(empty.indexOf(MMDB_MARKER))])
}

/** Data record {country: {iso_code: …}}: maps of one entry (0xe1) and texts (0x40 + length). */
function recordOf(line: number): Buffer {
  const text = (word: string): Buffer => Buffer.concat([Buffer.from([0x40 + word.length]), Buffer.from(word, 'latin1')])
  const map = Buffer.from([0xe1])
  return Buffer.concat([map, text('country'), map, text('iso_code'), text(countryOfLine(line))])
}

/** A binary tree of the prefixes; two children a node, `children[2 × node + bit]`. */
function buildTree({ starts, lengths, lines }: PrefixTable): { readonly children: Int32Array; readonly nodeCount: number } {
  // A prefix has at most as many nodes of its own as bits; neighbours share nearly all, so the array is grown by need.
  let children = new Int32Array(1 << 16)
  let nodeCount = 1
  for (let row = 0; row < starts.length; row++) {
    const start = starts[row]!
    const length = lengths[row]!
    let node = 0
    for (let bit = 31; bit > 32 - length; bit--) {
      const at = 2 * node + ((start >>> bit) & 1)
      if (children[at] === 0) {
        if (2 * nodeCount + 2 > children.length) {
          const larger = new Int32Array(children.length * 2)
          larger.set(children)
          children = larger
        }
        children[at] = nodeCount++
      }
      node = children[at]!
    }
    children[2 * node + ((start >>> (32 - length)) & 1)] = leafOf(lines[row]!)
  }
  return { children, nodeCount }
}
