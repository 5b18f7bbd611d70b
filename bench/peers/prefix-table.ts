/**
 * The synthetic geo table of the comparison with peers: disjoint IPv4 prefixes in ascending order, each on one of 128 lines, made the
 * same way on every machine. Lengths are spread as in a global routing table (three fifths are /24), neighbours often share a line,
 * and there are holes, so that a covering scope is worth something. Pure.
 *
 * Beside them stand 127.64.0.0/24 … 127.64.255.0/24, two on each line: the load generator's clients ask from there (dns-load -m), so that
 * a query without client subnet is a geo choice too.
 */

/** Lines of the table; line 0 is "on no line". */
export const LINE_COUNT = 128

/** Rows of loopback: one for each client of the load generator. */
export const LOOPBACK_COUNT = 256
const LOOPBACK = 127 * 2 ** 24 + 64 * 2 ** 16

/** The rows, as columns. */
export type PrefixTable = {
  /** First address of each prefix, ascending. */
  readonly starts: Uint32Array
  /** Length of each prefix in bits. */
  readonly lengths: Uint8Array
  /** Line of each prefix, 1 to LINE_COUNT. */
  readonly lines: Uint8Array
}

/** Shares of prefix lengths, in percent. */
const LENGTH_SHARES: readonly (readonly [length: number, percent: number])[] = [
  [24, 62],
  [23, 11],
  [22, 12],
  [21, 5],
  [20, 4],
  [19, 2.5],
  [18, 1.4],
  [17, 0.8],
  [16, 0.9],
  [15, 0.2],
  [14, 0.1],
  [13, 0.1],
]
const FIRST = 1 * 2 ** 24
const END = 224 * 2 ** 24
/** Blocks of 2^24 addresses without synthetic rows: private and loopback addresses. */
const LEFT_OUT: readonly number[] = [10, 127]

/** Makes a table with `count` synthetic rows and those of loopback. Throws when IPv4 has no room for them. */
export function buildPrefixTable(count: number): PrefixTable {
  const random = makeRandom(600_128)
  const size = count + LOOPBACK_COUNT
  const table = { starts: new Uint32Array(size), lengths: new Uint8Array(size), lines: new Uint8Array(size) }
  let row = 0
  const put = (start: number, length: number, line: number): void => {
    table.starts[row] = start
    table.lengths[row] = length
    table.lines[row++] = line
  }
  let [address, line, loopbackDone] = [FIRST, 1, false]
  for (let made = 0; made < count; ) {
    const length = drawLength(random)
    const sizeOfPrefix = 2 ** (32 - length)
    address = Math.ceil(address / sizeOfPrefix) * sizeOfPrefix
    if (address >= END) throw new Error(`IPv4 has no room for ${count} prefixes of this kind; ask for fewer than ${made}`)
    if (!loopbackDone && address >= 127 * 2 ** 24) {
      loopbackDone = true
      putLoopback(put)
    }
    if (LEFT_OUT.includes(Math.floor(address / 2 ** 24))) {
      address = (Math.floor(address / 2 ** 24) + 1) * 2 ** 24
      continue
    }
    if (random() < 0.5) line = 1 + Math.floor(random() * LINE_COUNT)
    put(address, length, line)
    made++
    address += sizeOfPrefix
    if (random() < 0.15) address += Math.floor(random() * 8) * 256
  }
  if (!loopbackDone) putLoopback(put)
  return table
}

/** Prefix of a row as text. */
export function formatRow(table: PrefixTable, row: number): string {
  return `${formatIpv4(table.starts[row]!)}/${table.lengths[row]}`
}

/** An address given as a number, as text. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** An address as a number. */
export function parseIpv4(text: string): number {
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0)
}

/** Line of an address; 0 when no prefix holds it. */
export function findLine(table: PrefixTable, address: number): number {
  const row = lastRowBefore(table, address)
  return row >= 0 && address < endOf(table, row) ? table.lines[row]! : 0
}

/** The right scope of an answer for an address: the length of the largest block around it in which every address is on its line. */
export function findScope(table: PrefixTable, address: number): number {
  for (let length = 0; length < 32; length++) {
    const size = 2 ** (32 - length)
    if (isUniform(table, Math.floor(address / size) * size, size)) return length
  }
  return 32
}

function isUniform(table: PrefixTable, start: number, size: number): boolean {
  const [end, line] = [start + size, findLine(table, start)]
  let row = lastRowBefore(table, start)
  if (line === 0) return row + 1 >= table.starts.length || table.starts[row + 1]! >= end
  while (endOf(table, row) < end) {
    const reached = endOf(table, row++)
    if (row >= table.starts.length || table.starts[row] !== reached || table.lines[row] !== line) return false
  }
  return true
}

/** The last row that begins at an address or before it; -1 when there is none. */
function lastRowBefore(table: PrefixTable, address: number): number {
  let [low, high] = [0, table.starts.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (table.starts[middle]! <= address) low = middle + 1
    else high = middle
  }
  return low - 1
}

function endOf(table: PrefixTable, row: number): number {
  return table.starts[row]! + 2 ** (32 - table.lengths[row]!)
}

/** Small deterministic generator (mulberry32): numbers in [0, 1). */
export function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function drawLength(random: () => number): number {
  let left = random() * 100
  for (const [length, percent] of LENGTH_SHARES) {
    left -= percent
    if (left < 0) return length
  }
  return 24
}

function putLoopback(put: (start: number, length: number, line: number) => void): void {
  for (let client = 0; client < LOOPBACK_COUNT; client++) put(LOOPBACK + client * 256, 24, 1 + (client % LINE_COUNT))
}
