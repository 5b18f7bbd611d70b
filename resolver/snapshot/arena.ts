/**
 * Columns in one block of memory: named typed arrays packed behind a directory, so that a snapshot is one SharedArrayBuffer
 * for all threads and one file on disk. Pure. Equal columns (same names in the same order, same content) give equal bytes.
 *
 *   u32 directory length │ directory (JSON: [[name, type, byte offset, element count], …]) │ padding to 8 │ columns, each aligned to 8
 */

/** A typed array that can be a column. */
export type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array
/** Columns by name. */
export type Columns = Readonly<Record<string, Column>>

const TYPES = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const
type TypeName = keyof typeof TYPES
type DirectoryEntry = readonly [name: string, type: TypeName, offset: number, count: number]

function typeNameOf(column: Column): TypeName {
  for (const name of Object.keys(TYPES) as TypeName[]) if (column instanceof TYPES[name]) return name
  throw new TypeError('a column must be a Uint8Array, Uint16Array, Uint32Array, Int32Array, Float32Array or Float64Array')
}

const align8 = (n: number): number => Math.ceil(n / 8) * 8

/** Lays out columns: the directory bytes and the size of the whole block. Offsets count from the end of the directory. */
function layOut(columns: Columns): { directory: Uint8Array; base: number; sizeBytes: number; entries: DirectoryEntry[] } {
  const entries: DirectoryEntry[] = []
  let at = 0
  for (const [name, column] of Object.entries(columns)) {
    entries.push([name, typeNameOf(column), at, column.length])
    at = align8(at + column.byteLength)
  }
  const directory = new TextEncoder().encode(JSON.stringify(entries))
  const base = align8(4 + directory.length)
  return { directory, base, sizeBytes: base + at, entries }
}

/** Size in bytes of the block that packColumns makes. */
export function packedSizeBytes(columns: Columns): number {
  return layOut(columns).sizeBytes
}

/** Packs columns into a new block of shared memory. */
export function packColumns(columns: Columns): SharedArrayBuffer {
  const { directory, base, sizeBytes, entries } = layOut(columns)
  const block = new SharedArrayBuffer(sizeBytes)
  const bytes = new Uint8Array(block)
  new DataView(block).setUint32(0, directory.length, true)
  bytes.set(directory, 4)
  for (const [name, , offset] of entries) {
    const column = columns[name]!
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), base + offset)
  }
  return block
}

/** Lays typed arrays over a packed block. Throws RangeError when the directory does not fit the block. */
export function openColumns(block: SharedArrayBuffer): Columns {
  const bytes = new Uint8Array(block)
  if (bytes.length < 8) throw new RangeError(`a block of ${bytes.length} bytes holds no columns`)
  const directoryLength = new DataView(block).getUint32(0, true)
  if (4 + directoryLength > bytes.length) throw new RangeError('the directory of the block is longer than the block')
  const text = new TextDecoder().decode(bytes.slice(4, 4 + directoryLength))
  const base = align8(4 + directoryLength)
  const columns: Record<string, Column> = {}
  for (const [name, type, offset, count] of JSON.parse(text) as DirectoryEntry[]) {
    columns[name] = new TYPES[type](block as unknown as ArrayBuffer, base + offset, count)
  }
  return columns
}
