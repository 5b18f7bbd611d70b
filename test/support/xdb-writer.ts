/** Writes small ip2region xdb files for tests: structure 2 (IPv4) and 3 (IPv4 or IPv6). */
import { parseAddress } from '../../geodata/address/address.ts'

/** First address, last address, text. */
export type XdbEntry = readonly [string, string, string]

/** The bytes of a file; all entries of one family, `hasIndex` with the vector index that genuine files have. */
export function writeXdb(
  entries: readonly XdbEntry[],
  structure: 2 | 3 = 2,
  builtAt: number = Date.UTC(2024, 1, 28, 12),
  hasIndex = false,
): Buffer {
  const width = parseAddress(entries[0]![0]).family === 4 ? 4 : 16
  const offsets = new Map<string, number>()
  const texts: Buffer[] = []
  let offset = hasIndex ? 256 + 65536 * 8 : 256
  for (const [, , text] of entries) {
    if (offsets.has(text)) continue
    offsets.set(text, offset)
    texts.push(Buffer.from(text, 'utf8'))
    offset += texts.at(-1)!.length
  }
  const head = Buffer.alloc(256)
  const entryBytes = width * 2 + 6
  head.writeUInt16LE(structure, 0)
  head.writeUInt16LE(1, 2)
  head.writeUInt32LE(builtAt / 1000, 4)
  head.writeUInt32LE(offset, 8)
  head.writeUInt32LE(offset + (entries.length - 1) * entryBytes, 12)
  if (structure === 3) {
    head.writeUInt16LE(width === 4 ? 4 : 6, 16)
    head.writeUInt16LE(4, 18)
  }
  const rows = entries.map(([first, last, text]) => {
    const row = Buffer.alloc(entryBytes)
    writeAddress(row, 0, first, width)
    writeAddress(row, width, last, width)
    row.writeUInt16LE(Buffer.byteLength(text), width * 2)
    row.writeUInt32LE(offsets.get(text)!, width * 2 + 2)
    return row
  })
  return Buffer.concat([head, hasIndex ? indexOf(entries, offset, entryBytes) : Buffer.alloc(0), ...texts, ...rows])
}

/** For each /16 the entries that begin in it. */
function indexOf(entries: readonly XdbEntry[], first: number, entryBytes: number): Buffer {
  const index = Buffer.alloc(65536 * 8)
  for (const [position, [from]] of entries.entries()) {
    const { family, words } = parseAddress(from)
    const cell = (family === 4 ? words[3] : words[0]) >>> 16
    if (index.readUInt32LE(cell * 8) === 0) index.writeUInt32LE(first + position * entryBytes, cell * 8)
    index.writeUInt32LE(first + (position + 1) * entryBytes, cell * 8 + 4)
  }
  return index
}

function writeAddress(row: Buffer, at: number, text: string, width: 4 | 16): void {
  const { words } = parseAddress(text)
  if (width === 4) row.writeUInt32LE(words[3], at)
  else for (const [word, value] of words.entries()) row.writeUInt32BE(value, at + word * 4)
}
