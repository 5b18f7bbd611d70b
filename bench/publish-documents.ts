/**
 * Documents of known sizes for publish.bench.ts, as plain values: records in zones of a thousand (or in master files of ten thousand),
 * policies of provinces and carriers, each with pools of its own, and steered names that share them. No probes: every endpoint is up.
 */

/** How large a document is. */
export type DocumentSize = {
  readonly records: number
  /** Records stand in master files beside the document. */
  readonly inFiles: boolean
  readonly policies: number
  readonly endpoints: number
  readonly steered: number
}

/** The sizes by name. */
export const DOCUMENT_SIZES: Readonly<Record<string, DocumentSize>> = {
  small: { records: 1000, inFiles: false, policies: 10, endpoints: 40, steered: 100 },
  records: { records: 100_000, inFiles: false, policies: 100, endpoints: 400, steered: 1000 },
  large: { records: 100_000, inFiles: true, policies: 1000, endpoints: 10_000, steered: 100_000 },
}

/** Zone of steered names. */
export const STEERED_ZONE = 'edge.bench.test.'
/** The key that may update the zone of steered names. */
export const UPDATE_KEY = 'bench.'

type Plain = Record<string, unknown>
/** A document and its attachments. */
export type BenchDocument = { readonly value: Plain & { zones: Plain[]; policies: Plain[] }; readonly files: Record<string, string> }

const PROVINCES = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'.split(' ')
const CARRIERS = ['telecom', 'unicom', 'mobile']
const POOLS_OF_POLICY = 5

/** Makes a document. */
export function makeDocument(size: DocumentSize): BenchDocument {
  const files: Record<string, string> = {}
  const perZone = size.inFiles ? 10_000 : 1000
  const zones: Plain[] = [inlineZone(STEERED_ZONE, [], { allowUpdate: [{ tsigKey: UPDATE_KEY, types: ['ANY'] }] })]
  for (let z = 0; z * perZone < size.records; z++) {
    const name = `z${z}.bench.test.`
    const hosts = Array.from(
      { length: Math.min(perZone, size.records - z * perZone) },
      (_, i) => [`h${i}`, addressOf(10, z * perZone + i)] as const,
    )
    if (!size.inFiles)
      zones.push(
        inlineZone(
          name,
          hosts.map(([host, address]) => ({ name: host, type: 'A', data: [address] })),
        ),
      )
    else {
      files[`z${z}.zone`] = masterFile(hosts)
      zones.push({ name, file: `z${z}.zone` })
    }
  }
  const endpoints = Array.from({ length: size.endpoints }, (_, i) => ({
    id: `e${i}`,
    ipv4: addressOf(100, i),
    place: `cn-${PROVINCES[i % PROVINCES.length]}`,
    carrier: CARRIERS[i % CARRIERS.length],
  }))
  const pools: Plain[] = []
  const policies: Plain[] = []
  for (let p = 0; p < size.policies; p++) {
    const ids = Array.from({ length: POOLS_OF_POLICY }, (_, k) => `p${p}-${k}`)
    for (const [k, id] of ids.entries()) {
      const members = [0, 1].map((m) => ({ endpoint: `e${(p * 2 * POOLS_OF_POLICY + 2 * k + m) % size.endpoints}` }))
      pools.push({ id, members, choose: 'all' })
    }
    const line = (k: number): string => `cn-${PROVINCES[(p + k * 7) % PROVINCES.length]}/${CARRIERS[(p + k) % CARRIERS.length]}`
    const rules = [0, 1, 2, 3].map((k) => ({ line: line(k), pools: [ids[k]] }))
    policies.push({ id: `q${p}`, ttlSeconds: 30, rules: [...rules, { line: '*', pools: [ids[4]] }], fallback: [ids[4]] })
  }
  const names = Array.from({ length: size.steered }, (_, i) => ({
    name: `s${i}.${STEERED_ZONE}`,
    types: ['A'],
    policy: `q${i % size.policies}`,
  }))
  const tsigKeys = [{ name: UPDATE_KEY, secretRef: 'bench' }]
  return { value: { apiVersion: 'nearcast/v1', tsigKeys, zones, endpoints, pools, policies, names }, files }
}

function inlineZone(name: string, records: readonly Plain[], more: Plain = {}): Plain {
  const soa = { mname: 'ns1.bench.test.', rname: 'hostmaster.bench.test.' }
  return { name, soa, nameservers: ['ns1.bench.test.'], ...more, records }
}

function masterFile(hosts: readonly (readonly [string, string])[]): string {
  const head = '$TTL 300\n@ SOA ns1.bench.test. hostmaster.bench.test. 1 3600 600 604800 60\n@ NS ns1.bench.test.\n'
  return `${head}${hosts.map(([host, address]) => `${host} A ${address}`).join('\n')}\n`
}

function addressOf(first: number, number: number): string {
  return `${first}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}
