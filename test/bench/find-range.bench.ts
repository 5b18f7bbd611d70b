/**
 * Guards geodata/lookup/find-range.ts: nanoseconds and garbage a look-up on the default geodata, random addresses (the worst case for
 * caches). Run: node --expose-gc test/bench/find-range.bench.ts
 */
import { defaultGeodataFile } from '../../cli/geodata.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { findRange4, findRange6, scopeOfRange4, scopeOfRange6 } from '../../geodata/lookup/find-range.ts'

const LOOKUPS = 5_000_000
const { v4, v6 } = loadGeodata(defaultGeodataFile())

/** Small deterministic generator (xorshift): the same addresses in every run. */
let state = 2463534242
function random(): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return state >>> 0
}
const words = Uint32Array.from({ length: 4096 * 4 }, random)
// Half of the IPv6 addresses in the carriers' space, where the table is dense.
for (let at = 0; at < words.length; at += 8) words[at] = 0x240e0000 + (words[at]! & 0xffff)

let sink = 0
function measure(name: string, run: (at: number) => number): void {
  for (let warm = 0; warm < 200_000; warm++) sink ^= run((warm & 4095) * 4)
  globalThis.gc?.()
  const heap = process.memoryUsage().heapUsed
  const start = process.hrtime.bigint()
  for (let lookup = 0; lookup < LOOKUPS; lookup++) sink ^= run((lookup & 4095) * 4)
  const ns = Number(process.hrtime.bigint() - start) / LOOKUPS
  const bytes = Math.max(0, process.memoryUsage().heapUsed - heap) / LOOKUPS
  process.stdout.write(`${name.padEnd(28)} ${ns.toFixed(1)} ns, ${bytes.toFixed(3)} bytes of garbage\n`)
}

measure('findRange4', (at) => findRange4(v4, words[at + 3]!))
measure('findRange4 + scopeOfRange4', (at) => scopeOfRange4(v4, findRange4(v4, words[at + 3]!), words[at + 3]!))
measure('findRange6', (at) => findRange6(v6, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!))
measure('findRange6 + scopeOfRange6', (at) => {
  const range = findRange6(v6, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  return scopeOfRange6(v6, range, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
})
process.stdout.write(`${v4.values.length} IPv4 and ${v6.values.length} IPv6 ranges (${sink & 1})\n`)
