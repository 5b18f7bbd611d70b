/**
 * Mean length of scopes beside gdnsd's (Debian: gdnsd), for the same clients, locations and policy: the default geodata cut into classes
 * of lines by plain lookup is given to gdnsd as its `nets`, to us as geodata. Ours must not be longer.
 *
 *   node bench/scope-length.bench.ts [--clients N] [--check]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../cli/package-root.ts'
import { type Address, addressOfIpv4, formatAddress } from '../geodata/address/address.ts'
import { formatPrefix, lastAddressOf, parsePrefix } from '../geodata/address/prefix.ts'
import { prefixesOfRange } from '../geodata/address/prefixes-of-range.ts'
import { loadGeodata } from '../geodata/geodata-file.ts'
import { lineChain } from '../geodata/line/line-precedence.ts'
import { compilePolicies } from '../policy/compile/compile-policies.ts'
import { viewPolicies } from '../policy/decide/compiled-policies.ts'
import { decide } from '../policy/decide/decide.ts'
import { makeDecision } from '../policy/model/decision.ts'
import { makeSyntheticConfig } from '../test/support/synthetic-config.ts'
import { fillRanking, makePlainRanking } from '../test/support/synthetic-ranking.ts'

const { values: flags } = parseArgs({
  options: { clients: { type: 'string', default: '20000' }, check: { type: 'boolean', default: false } },
})
const LINES = ['cn-3302/telecom', 'cn-33/telecom', 'cn-33', '*/telecom', 'cn', 'abroad', '*']
const geodata = loadGeodata(join(packageRoot(), 'geodata/default/default.geodata'))
const random = makeRandom(20261121)

/** Rules that a location matches, as text; the location's lines are all that counts. */
const classOfLocation = geodata.locations.map((location) =>
  lineChain(location, 'place-first')
    .filter((line) => LINES.includes(line))
    .join(),
)
const classes = [...new Set(classOfLocation)].sort((a, b) => a.length - b.length)
/** Networks that gdnsd takes for IPv4 in IPv6 and translates: nothing may be said of them in `nets`. */
const TRANSLATED = ['::/8', '2001::/32', '2002::/16', '64:ff9b::/96'].map(parsePrefix)

const clients = makeClients(Number(flags.clients))
const folder = mkdtempSync(join(tmpdir(), 'nearcast-scope-'))
try {
  const [ours, theirs] = [ourScopes(), gdnsdScopes()]
  let failed = false
  for (const family of [4, 6] as const) {
    const of = clients.flatMap((client, n) => (client.family === family ? [n] : []))
    const mean = (scopes: readonly number[]): number => of.reduce((sum, n) => sum + scopes[n]!, 0) / of.length
    const longer = of.filter((n) => ours[n]! > theirs[n]!)
    console.log(
      `IPv${family}, ${of.length} clients, ${classes.length} classes: mean scope ours ${mean(ours).toFixed(3)}, gdnsd's ${mean(theirs).toFixed(3)}; ours longer for ${longer.length}, shorter for ${of.filter((n) => ours[n]! < theirs[n]!).length}`,
    )
    for (const n of longer.slice(0, 3)) console.log(`  ${formatAddress(clients[n]!)}: ours ${ours[n]}, gdnsd's ${theirs[n]}`)
    if (mean(ours) > mean(theirs)) failed = true
  }
  if (flags.check && failed) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}

function ourScopes(): number[] {
  const config = makeSyntheticConfig({
    pools: [{ id: 'edge', members: ['e'] }],
    policies: [{ id: 'p', rules: LINES.map((line) => ({ line, pools: ['edge'] })), fallback: ['edge'] }],
  })
  const view = viewPolicies(compilePolicies(config, geodata).columns)
  const ranking = fillRanking(config, makePlainRanking(config))
  const out = makeDecision()
  return clients.map(({ family, words }) => {
    if (family === 4) decide(view, ranking, 0, 0, 4, words[3], 0, 0, 0, 0, out)
    else decide(view, ranking, 0, 0, 6, words[0], words[1], words[2], words[3], 0, out)
    return out.scope
  })
}

function gdnsdScopes(): number[] {
  mkdirSync(join(folder, 'geoip'))
  writeFileSync(join(folder, 'geoip/nets'), netsText())
  const datacenters = classes.map((_, n) => `d${n}`)
  const addresses = datacenters.map((name, n) => `${name} => 192.0.2.${n + 1}`)
  writeFileSync(
    join(folder, 'config'),
    `plugins => { geoip => { maps => { m => { datacenters => [${datacenters.join(', ')}], nets => nets } }, resources => { r => { map => m, dcmap => { ${addresses.join(', ')} } } } } }\n`,
  )
  mkdirSync(join(folder, 'zones'))
  const input = `${clients.map((client) => `m ${formatAddress(client)}`).join('\n')}\n`
  const { stdout, stderr, error } = spawnSync('gdnsd_geoip_test', ['-c', folder], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error !== undefined) throw error
  const scopes = [...stdout.matchAll(/=>\s+\S+\/(\d+)\s+=>/g)].map((match) => Number(match[1]))
  if (scopes.length !== clients.length)
    throw new Error(`gdnsd answered ${scopes.length} of ${clients.length}: ${stdout.slice(0, 400)} ${stderr.slice(-400)}`)
  return scopes
}

/** Ranges of equal class as networks; those of the first class are what is left. */
function netsText(): string {
  const rows: string[] = []
  for (const [family, table] of [
    [4, geodata.v4],
    [6, geodata.v6],
  ] as const) {
    const count = table.values.length
    const addressAt = (range: number): Address =>
      family === 4
        ? addressOfIpv4(table.starts[range]!)
        : {
            family,
            words: [table.starts[4 * range]!, table.starts[4 * range + 1]!, table.starts[4 * range + 2]!, table.starts[4 * range + 3]!],
          }
    const classAt = (range: number): string => classOfLocation[table.values[range]!]!
    for (let range = 0; range < count; ) {
      let end = range + 1
      while (end < count && classAt(end) === classAt(range)) end++
      const number = classes.indexOf(classAt(range))
      const last = end < count ? before(addressAt(end)) : lastAddressOf({ family, words: addressAt(range).words, length: 0 })
      if (number > 0) {
        for (const prefix of prefixesOfRange(addressAt(range), last)) {
          if (!TRANSLATED.some((other) => isInside(prefix, other))) rows.push(`${formatPrefix(prefix)} => [d${number}]`)
        }
      }
      range = end
    }
  }
  return `${rows.join('\n')}\n`
}

function isInside(prefix: ReturnType<typeof parsePrefix>, other: ReturnType<typeof parsePrefix>): boolean {
  if (prefix.family !== 6) return false
  const bits = Math.min(prefix.length, other.length)
  return prefix.words.every((word, n) => {
    const kept = Math.min(32, Math.max(0, bits - 32 * n))
    return kept === 0 || (word ^ other.words[n]!) >>> (32 - kept) === 0
  })
}

function before({ family, words }: Address): Address {
  const copy = [...words] as [number, number, number, number]
  for (let word = 3; word >= 0; word--) {
    if (copy[word]! > 0) {
      copy[word]!--
      break
    }
    copy[word] = 0xffffffff
  }
  return { family, words: copy }
}

/** Clients of random known ranges, half of them IPv6. */
function makeClients(count: number): readonly Address[] {
  const made: Address[] = []
  while (made.length < count) {
    const family = made.length % 2 === 0 ? 4 : 6
    const table = family === 4 ? geodata.v4 : geodata.v6
    const range = random() % (table.values.length - 1)
    if (geodata.locations[table.values[range]!]!.country === undefined) continue
    if (family === 4) {
      const start = table.starts[range]!
      made.push(addressOfIpv4(start + (random() % (table.starts[range + 1]! - start))))
      continue
    }
    const words = [0, 1, 2, 3].map((word) => table.starts[4 * range + word]!) as [number, number, number, number]
    if (TRANSLATED.some((other) => isInside({ family, words, length: 128 }, other))) continue
    made.push({ family, words })
  }
  return made
}

/** Small deterministic generator (xorshift32). */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
