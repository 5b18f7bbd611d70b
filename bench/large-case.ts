/**
 * Makes the large case of any size: one zone of many static names, many small zones, steered names that share policies, endpoints in
 * all provinces of China. Equal sizes give equal files. Used by scale.bench.ts; by hand:
 *
 *   node bench/large-case.ts FOLDER [--names 1000000] [--zones 100] [--steered 100000] [--policies 1000] [--endpoints 10000] [--probed]
 *   node main.ts serve --zones FOLDER --document FOLDER/document.json
 *
 * Static names are h0.bench.test … (A), steered ones s0.edge.bench.test …; `--probed` gives every endpoint a TCP probe of 60 s.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** How large it is. */
export type CaseSizes = {
  /** Static names of the large zone. */
  readonly names: number
  /** Small zones, of 10 names each, beside the large one and that of the steered names. */
  readonly zones: number
  readonly steered: number
  readonly policies: number
  readonly endpoints: number
  readonly probed?: boolean
}

/** The sizes that the project promises. */
export const LARGE_SIZES: CaseSizes = { names: 1_000_000, zones: 100, steered: 100_000, policies: 1000, endpoints: 10_000 }
/** What the large case is compared with. */
export const SMALL_SIZES: CaseSizes = { names: 10_000, zones: 1, steered: 1000, policies: 10, endpoints: 100 }

const PROVINCES = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(' ')
const CARRIERS = ['telecom', 'unicom', 'mobile']
const POOLS_OF_POLICY = 5
const SMALL_ZONE_NAMES = 10

const HEAD = '$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 604800 60\n@ IN NS ns1\nns1 IN A 192.0.2.53\n'

/** Lines of hosts; `seed` makes the addresses of one content differ from those of another. */
function hosts(count: number, seed: number): string {
  const lines: string[] = []
  for (let i = 0; i < count; i++) lines.push(`h${i} IN A 10.${(seed + (i >> 16)) & 255}.${(i >> 8) & 255}.${i & 255}`)
  return `${lines.join('\n')}\n`
}

/** The document: endpoints, pools, policies, steered names. */
export function makeDocument({ steered, policies, endpoints, probed = false }: CaseSizes): Record<string, unknown> {
  const document = {
    apiVersion: 'nearcast/v1',
    ...(probed ? { probes: [{ id: 't', kind: 'tcp', port: 80, intervalMs: 60_000 }] } : {}),
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      id: `e${i}`,
      ipv4: `10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
      place: `cn-${PROVINCES[i % PROVINCES.length]}`,
      carrier: CARRIERS[i % CARRIERS.length],
    })),
    pools: [] as unknown[],
    policies: [] as unknown[],
    names: Array.from({ length: steered }, (_, i) => ({ name: `s${i}.edge.bench.test.`, types: ['A'], policy: `pol${i % policies}` })),
  }
  for (let p = 0; p < policies; p++) {
    const pools = Array.from({ length: POOLS_OF_POLICY }, (_, k) => `p${p}-${k}`)
    pools.forEach((id, k) => {
      const members = [0, 1].map((m) => ({ endpoint: `e${(p * 2 * POOLS_OF_POLICY + k * 2 + m) % endpoints}` }))
      document.pools.push({ id, members })
    })
    const last = pools.pop()!
    const rules: { line: string; pools: string[] }[] = pools.map((pool, k) => ({
      line: `cn-${PROVINCES[(p + k * 7) % PROVINCES.length]}/${CARRIERS[(p + k) % CARRIERS.length]}`,
      pools: [pool],
    }))
    document.policies.push({ id: `pol${p}`, ttlSeconds: 30, rules: [...rules, { line: '*', pools: [last] }], fallback: [last] })
  }
  return document
}

/** Writes the case: `zones.txt`, master files, `document.json`. */
export function writeLargeCase(folder: string, sizes: CaseSizes, seed: number = 0): void {
  mkdirSync(folder, { recursive: true })
  const list: string[] = []
  const write = (origin: string, text: string): void => {
    writeFileSync(join(folder, `${origin}.zone`), HEAD + text)
    list.push(`${origin} ${origin}.zone`)
  }
  write('bench.test', hosts(sizes.names, seed))
  write('edge.bench.test', '')
  for (let zone = 0; zone < sizes.zones; zone++) write(`z${zone}.test`, hosts(SMALL_ZONE_NAMES, seed))
  writeFileSync(join(folder, 'zones.txt'), `${list.join('\n')}\n`)
  writeFileSync(join(folder, 'document.json'), JSON.stringify(makeDocument(sizes)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (size: keyof CaseSizes) => ({ type: 'string', default: String(LARGE_SIZES[size]) }) as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      names: option('names'),
      zones: option('zones'),
      steered: option('steered'),
      policies: option('policies'),
      endpoints: option('endpoints'),
      probed: { type: 'boolean', default: false },
    },
  })
  const { names, zones, steered, policies, endpoints, probed } = values
  writeLargeCase(positionals[0] ?? 'large-case', {
    names: Number(names),
    zones: Number(zones),
    steered: Number(steered),
    policies: Number(policies),
    endpoints: Number(endpoints),
    probed,
  })
}
