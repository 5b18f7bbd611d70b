/**
 * A running product for tests with other people's software: one zone with every record type, one with steered names for networks of
 * documentation, and what the test adds. Commands run beside the test, never instead of it: the product's pipes go on being read.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Product, type ProductSettings, startProduct } from './product.ts'
import { RDATA_ROWS } from './rdata-rows.ts'

/** Secret of the key `clients.` in base64; nobody's. */
export const CLIENTS_SECRET: string = Buffer.alloc(32, 9).toString('base64')

/** What a command printed, and how it ended. */
export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs a command to its end (at most 120 s). */
export function runCommand(
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      words,
      { timeout: 120_000, maxBuffer: 64 << 20, env: { ...process.env, ...environment } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr: code === -1 ? `${error?.message}\n${stderr}` : stderr })
      },
    )
  })
}

/** Types that stand in a zone at one place only, or say where the zone ends: no row of their own. */
const NOT_AT_A_LEAF = new Set(['SOA', 'NS', 'CNAME', 'DS'])

/** A row of RDATA_ROWS with the name that has it. */
export type TypeRow = { readonly owner: string; readonly type: string; readonly text: string; readonly wire: string }

/** Rows of RDATA_ROWS that are served, each at a name of its own. */
export const TYPE_ROWS: readonly TypeRow[] = RDATA_ROWS.filter(([, type]) => !NOT_AT_A_LEAF.has(type)).map(([, type, text, wire], row) => ({
  owner: ownerOf(type, row),
  type,
  text,
  wire,
}))

function ownerOf(type: string, row: number): string {
  // BIND's dig takes no packet whose NSEC3 records stand at names that are no hashes.
  if (type === 'NSEC3')
    return `${'0123456789abcdefghijklmnopqrst'.slice(row % 10)}00000000000000000000000000000000`.slice(0, 32).concat('.example.com.')
  // ldns 1.8 takes the name of an NSAP-PTR for a text, loses its place in the packet, and so transfers no zone that has one; BIND
  // loads no zone with MD or MF (RFC 1123 §5.2.17).
  if (type === 'NSAP-PTR' || type === 'MD' || type === 'MF') return `row-${row}.rare.test.`
  return `row-${row}.example.com.`
}

/** The zone with every type as a master file: beside the rows, aliases, a delegation, a wildcard and long RRsets. */
export function typesZone(): string {
  const lines = [
    '$TTL 300',
    '@ SOA ns1 hostmaster 1 3600 600 86400 60',
    '@ NS ns1',
    '@ MX 10 mail',
    'ns1 A 127.0.0.1',
    'ns1 AAAA ::1',
    'mail A 192.0.2.25',
    'www CNAME mail',
    'd DNAME other.example.com.',
    'x.other A 192.0.2.26',
    'sub NS ns.sub',
    'sub DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    'ns.sub A 192.0.2.27',
    '*.wild TXT "any"',
    'a.b.c TXT "below empty non-terminals"',
    ...Array.from({ length: 100 }, (_, number) => `long TXT "text ${number} ${'x'.repeat(80)}"`),
    ...TYPE_ROWS.filter(({ owner }) => owner.endsWith('.example.com.')).map(({ owner, type, text }) => `${owner} ${type} ${text}`),
  ]
  return `$ORIGIN example.com.\n${lines.join('\n')}\n`
}

/** Networks of clients and the address that edge.steer.test. has for them; everybody else gets STEERED_ELSE. */
export const STEERED: readonly (readonly [prefix: string, address: string])[] = [
  ['198.51.100.0/24', '192.0.2.101'],
  ['203.0.113.0/25', '192.0.2.102'],
  ['203.0.113.128/25', '192.0.2.103'],
  ['2001:db8:1::/48', '192.0.2.104'],
  ['127.30.1.0/24', '192.0.2.105'],
  ['127.30.2.0/24', '192.0.2.106'],
]
export const STEERED_ELSE = '192.0.2.100'

/** The document; `zones` and `keys` are further entries of its lists of zones and keys. */
export function clientsDocument(zones: string = '', keys: string = ''): string {
  return `apiVersion: nearcast/v1
tsigKeys:
  - {name: clients., secretRef: clients}
${keys}zones:
  - name: example.com.
    file: example.com.zone
    serial: keep
    allowTransfer: [{prefix: 127.0.0.0/8}]
  - name: steer.test.
    soa: {mname: ns1.steer.test., rname: hostmaster.steer.test., minimumSeconds: 60}
    nameservers: [ns1.steer.test.]
    allowTransfer: [{prefix: 127.0.0.0/8}]
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
      - {name: www, type: CNAME, data: ["edge"]}
      - {name: static, type: A, data: ["192.0.2.200"]}
  - name: rare.test.
    soa: {mname: ns1.rare.test., rname: hostmaster.rare.test.}
    nameservers: [ns1.rare.test.]
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
${TYPE_ROWS.filter(({ owner }) => owner.endsWith('.rare.test.'))
  .map(({ owner, type, text }) => `      - {name: ${owner}, type: ${type}, data: ["${text}"]}`)
  .join('\n')}
${zones}
endpoints:
  - {id: central, ipv4: ${STEERED_ELSE}}
${STEERED.map(([, address], i) => `  - {id: e${i}, ipv4: ${address}}`).join('\n')}
pools:
  - {id: central, members: [{endpoint: central}]}
${STEERED.map((_, i) => `  - {id: p${i}, members: [{endpoint: e${i}}]}`).join('\n')}
lines:
${STEERED.map(([prefix], i) => `  - {id: l${i}, prefixes: ["${prefix}"]}`).join('\n')}
policies:
  - id: edge
    ttlSeconds: 300
    rules:
${STEERED.map((_, i) => `      - {line: "custom:l${i}", pools: [p${i}]}`).join('\n')}
      - {line: "*", pools: [central]}
    fallback: [central]
names:
  - {name: edge.steer.test., types: [A], policy: edge}
  - {name: deep.under.steer.test., types: [A], policy: edge}
`
}

/** Starts the product with that document, further zones and files beside it; `folder` holds the document. */
export async function startClientsProduct(
  folder: string,
  extra: readonly string[] = [],
  zones: string = '',
  settings: ProductSettings = {},
  keys: string = '',
): Promise<Product> {
  const product = await startProduct(extra, settings)
  try {
    const secrets = join(product.stateFolder, 'secrets')
    mkdirSync(secrets, { recursive: true })
    writeFileSync(join(secrets, 'clients'), `${CLIENTS_SECRET}\n`)
    writeFileSync(join(folder, 'example.com.zone'), typesZone())
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, clientsDocument(zones, keys))
    // CDS, CDNSKEY, CSYNC and ZONEMD stand below the apex in it.
    await product.cli('apply', path, '--accept', 'ZONE_APEX_TYPE_BELOW')
    return product
  } catch (error) {
    await product.stop()
    throw error
  }
}

/** A counter of the metrics page, all its label sets together. */
export async function readCounter(product: Product, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
  let total = 0
  for (const [, value] of page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) total += Number(value)
  return total
}
