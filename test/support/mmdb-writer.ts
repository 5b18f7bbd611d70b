/** Writes small MMDB files for tests: any record size, both address versions, aliases of the IPv4 tree, every type, pointers. */
import { parsePrefix } from '../../geodata/address/prefix.ts'
import { MMDB_MARKER } from '../../geodata/source/recognize-format.ts'

/** A number of an exact type; plain numbers are uint32, or double where they have a fraction. */
export type Typed = {
  readonly type: 'uint16' | 'uint32' | 'int32' | 'uint64' | 'uint128' | 'double' | 'float'
  readonly number: number | bigint
}
/** A value to write. */
export type Writable = string | number | boolean | Uint8Array | Typed | readonly Writable[] | { readonly [key: string]: Writable }

/** What a file is to hold. */
export type MmdbContent = {
  readonly recordSize?: 24 | 28 | 32
  readonly ipVersion?: 4 | 6
  /** Repeats the IPv4 tree at ::ffff:0:0/96 and 2002::/16, as MaxMind does. */
  readonly aliases?: boolean
  readonly databaseType?: string
  readonly builtAt?: number
  readonly metadata?: { readonly [key: string]: Writable }
  /** Network → record, wider before narrower. */
  readonly networks: readonly (readonly [string, Writable])[]
}

const EXTENDED: Readonly<Record<string, number>> = { int32: 8, uint64: 9, uint128: 10, float: 15 }
const BASIC: Readonly<Record<string, number>> = { double: 3, uint16: 5, uint32: 6 }

/** A number of a type. */
export function typed(type: Typed['type'], number: number | bigint): Typed {
  return { type, number }
}

/** The bytes of a file. */
export function writeMmdb(content: MmdbContent): Buffer {
  const { recordSize = 24, ipVersion = 6, aliases = false, databaseType = 'Test-City', builtAt = 1_767_225_600 } = content
  const tree = new TreeWriter(ipVersion)
  const data = new DataWriter()
  for (const [prefix, value] of content.networks) tree.insert(prefix, data.add(value))
  if (aliases) tree.aliasIpv4()
  const metadata = new DataWriter()
  metadata.add({
    node_count: tree.nodes.length,
    record_size: typed('uint16', recordSize),
    ip_version: typed('uint16', ipVersion),
    database_type: databaseType,
    languages: ['en'],
    binary_format_major_version: typed('uint16', 2),
    binary_format_minor_version: typed('uint16', 0),
    build_epoch: typed('uint64', builtAt),
    description: { en: 'test' },
    ...content.metadata,
  })
  return Buffer.concat([tree.bytes(recordSize), Buffer.alloc(16), data.bytes(), MMDB_MARKER, metadata.bytes()])
}

/** Child of a node: another node, an offset in the data, or nothing. */
type Child = { readonly node: number } | { readonly data: number } | undefined

class TreeWriter {
  readonly nodes: [Child, Child][] = [[undefined, undefined]]
  readonly #ipVersion: 4 | 6

  constructor(ipVersion: 4 | 6) {
    this.#ipVersion = ipVersion
  }

  insert(text: string, data: number): void {
    const prefix = parsePrefix(text)
    // IPv4 lies at ::/96 in these files, not at its mapped address.
    const skipped = prefix.family === 4 ? 96 : 0
    const words = prefix.family === 4 ? [0, 0, 0, prefix.words[3]] : prefix.words
    const bits = Array.from({ length: prefix.length + skipped }, (_, bit) => ((words[bit >>> 5]! >>> (31 - (bit & 31))) & 1) as 0 | 1)
    this.#put(this.#ipVersion === 4 ? bits.slice(skipped) : bits, { data })
  }

  /** As MaxMind writes them: nodes of other places that lead to the IPv4 tree. */
  aliasIpv4(): void {
    const root = this.#childAt(new Array<0>(96).fill(0))
    this.#put([...new Array<0>(80).fill(0), ...new Array<1>(16).fill(1)], root)
    this.#put([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], root)
  }

  bytes(recordSize: 24 | 28 | 32): Buffer {
    const count = this.nodes.length
    const number = (child: Child): number => (child === undefined ? count : 'node' in child ? child.node : count + 16 + child.data)
    return Buffer.concat(
      this.nodes.map(([left, right]) => {
        const bytes = Buffer.alloc(recordSize / 4)
        if (recordSize === 28) {
          bytes.writeUIntBE(number(left) % 2 ** 24, 0, 3)
          bytes[3] = Math.floor(number(left) / 2 ** 24) * 16 + Math.floor(number(right) / 2 ** 24)
          bytes.writeUIntBE(number(right) % 2 ** 24, 4, 3)
        } else {
          bytes.writeUIntBE(number(left), 0, recordSize / 8)
          bytes.writeUIntBE(number(right), recordSize / 8, recordSize / 8)
        }
        return bytes
      }),
    )
  }

  #put(bits: readonly (0 | 1)[], child: Child): void {
    let node = 0
    for (const bit of bits.slice(0, -1)) {
      const next = this.nodes[node]![bit]
      if (next !== undefined && 'node' in next) {
        node = next.node
        continue
      }
      // A leaf is split: both halves say what it said.
      this.nodes.push([next, next])
      this.nodes[node]![bit] = { node: this.nodes.length - 1 }
      node = this.nodes.length - 1
    }
    if (bits.length === 0) this.nodes[0] = [child, child]
    else this.nodes[node]![bits.at(-1)!] = child
  }

  #childAt(bits: readonly (0 | 1)[]): Child {
    let child: Child = { node: 0 }
    for (const bit of bits) if (child !== undefined && 'node' in child) child = this.nodes[child.node]![bit]
    return child
  }
}

/** Data section: each text is written once, later ones point to it. */
class DataWriter {
  readonly #parts: Buffer[] = []
  readonly #offsets = new Map<string, number>()
  #size = 0

  /** Writes a record, gives its offset; an equal record is written once. */
  add(value: Writable): number {
    const key = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
    const known = this.#offsets.get(key)
    if (known !== undefined) return known
    const offset = this.#size
    this.#write(value)
    this.#offsets.set(key, offset)
    return offset
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #push(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  #write(value: Writable): void {
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'boolean') this.#push(control(14, value ? 1 : 0))
    else if (typeof value === 'number') this.#number(isUint32(value) ? typed('uint32', value) : typed('double', value))
    else if (value instanceof Uint8Array) this.#push(Buffer.concat([control(4, value.length), value]))
    else if (Array.isArray(value)) {
      this.#push(control(11, value.length))
      for (const entry of value as readonly Writable[]) this.#write(entry)
    } else if (isTyped(value)) this.#number(value)
    else this.#map(value as { readonly [key: string]: Writable })
  }

  #map(map: { readonly [key: string]: Writable }): void {
    const entries = Object.entries(map)
    this.#push(control(7, entries.length))
    for (const [key, entry] of entries) {
      this.#text(key)
      this.#write(entry)
    }
  }

  #text(text: string): void {
    const known = this.#offsets.get(`text ${text}`)
    if (known !== undefined) {
      this.#push(pointer(known))
      return
    }
    this.#offsets.set(`text ${text}`, this.#size)
    const bytes = Buffer.from(text, 'utf8')
    this.#push(Buffer.concat([control(2, bytes.length), bytes]))
  }

  #number({ type, number }: Typed): void {
    const kind = BASIC[type] ?? EXTENDED[type]!
    if (type === 'double' || type === 'float') {
      const bytes = Buffer.alloc(type === 'double' ? 8 : 4)
      if (type === 'double') bytes.writeDoubleBE(Number(number))
      else bytes.writeFloatBE(Number(number))
      this.#push(Buffer.concat([control(kind, bytes.length), bytes]))
      return
    }
    const positive = BigInt(number) < 0n ? BigInt.asUintN(32, BigInt(number)) : BigInt(number)
    const hex = positive === 0n ? '' : positive.toString(16)
    const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
    this.#push(Buffer.concat([control(kind, bytes.length), bytes]))
  }
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff && !Object.is(value, -0)
}

function isTyped(value: Writable): value is Typed {
  return typeof value === 'object' && 'type' in value && 'number' in value
}

function control(type: number, size: number): Buffer {
  const first = type < 8 ? type << 5 : 0
  const extended = type < 8 ? [] : [type - 7]
  if (size < 29) return Buffer.from([first | size, ...extended])
  if (size < 285) return Buffer.from([first | 29, ...extended, size - 29])
  if (size < 65821) return Buffer.from([first | 30, ...extended, (size - 285) >> 8, (size - 285) & 255])
  const rest = size - 65821
  return Buffer.from([first | 31, ...extended, rest >> 16, (rest >> 8) & 255, rest & 255])
}

function pointer(offset: number): Buffer {
  if (offset < 2048) return Buffer.from([0x20 | (offset >> 8), offset & 255])
  const medium = offset - 2048
  if (medium < 2 ** 19) return Buffer.from([0x28 | (medium >> 16), (medium >> 8) & 255, medium & 255])
  const bytes = Buffer.alloc(5)
  bytes[0] = 0x38
  bytes.writeUInt32BE(offset, 1)
  return bytes
}
