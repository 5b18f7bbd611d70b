/** Random documents, geodata, rankings and addresses for properties. Small worlds on purpose: few addresses, so that boundaries meet. */
import fc from 'fast-check'
import type { AddressWords } from '../../geodata/address/address.ts'
import { addressOfIpv4, formatAddress } from '../../geodata/address/address.ts'
import { formatPrefix, lastAddressOf, parsePrefix, prefixAround } from '../../geodata/address/prefix.ts'
import { prefixTexts } from '../../geodata/address/prefix-list.ts'
import type { LocationTables } from '../../policy/compile/line-table.ts'
import type { ChooseKind, Config } from '../../policy/config/config-schema.ts'
import { USUAL_LATENCY } from '../../policy/config/latency-reading.ts'
import { ALL_DOWN_KINDS, CHOOSE_KINDS } from '../../policy/model/policy-columns.ts'
import { makeSyntheticConfig, type PolicyDraft, type PoolDraft } from './synthetic-config.ts'
import { bigOfWords, makeSyntheticGeodata, type SyntheticRange, wordsOfBig } from './synthetic-geodata.ts'
import type { PlainStanding, RankingDraft } from './synthetic-ranking.ts'

/** Seed of every property; set PROPERTY_SEED to explore others. */
export const PROPERTY_SEED: number = Number(process.env.PROPERTY_SEED ?? 20261121)

/** A document with the geodata it is compiled against. */
export type World = { readonly config: Config; readonly geodata: LocationTables }
/** A client address. */
export type Client = { readonly family: 4 | 6; readonly address: bigint }

const PLACES = ['', 'cn-3302', 'cn-3301', 'cn-33', 'cn-31', 'cn-11', 'cn-15', 'cn', 'cn-81', 'jp', 'us-ca']
const CARRIERS = ['', 'telecom', 'unicom', 'mobile', 'tietong']
const LOCATIONS = [
  '',
  'cn',
  'cn///telecom',
  'cn/33/3302/telecom',
  'cn/33/3301/telecom',
  'cn/33/3301/unicom',
  'cn/33//tietong',
  'cn/31//mobile',
  'cn/15/1502/unicom',
  'cn/81//',
  'jp',
  'us/us-ca@64500',
  'us/us-ca@64501',
]
const LINES = [
  'cn-3302/telecom',
  'cn-3302',
  'cn-33/telecom',
  'cn-33',
  'cn-east',
  'cn',
  'abroad',
  '*/telecom',
  '*/mobile',
  '*/tietong',
  'us-ca',
  'jp',
  'continent-as',
  'asn:64500',
]
const CUSTOM = ['a', 'b', 'c']
const STANDINGS: readonly PlainStanding[] = ['down', 'not-down', 'in-place', 'eligible']

const ip4 = fc.oneof(
  fc.constantFrom(0n, 0xffffffffn, 0x80000000n, 0x7fffffffn),
  fc.nat(255).map((low) => 0x0a000000n + BigInt(low)),
  fc.nat(0xffff).map((low) => 0xc0a80000n + BigInt(low)),
  fc.bigInt(0n, 0xffffffffn),
)
const END6 = (1n << 128n) - 1n
const ip6 = fc.oneof(
  fc.constantFrom(0n, END6, 1n << 127n),
  fc.nat(255).map((low) => (0x20010db8n << 96n) + BigInt(low)),
  fc.nat(0xffff).map((low) => (0x20010db8n << 96n) + (BigInt(low) << 64n)),
  fc.bigInt(0n, END6),
  // ::/96 and mapped addresses are where implementations confuse families.
  fc.nat(255).map((low) => BigInt(low)),
)

/** Client addresses, often at the edges of everything. */
export const client: fc.Arbitrary<Client> = fc.oneof(
  ip4.map((address): Client => ({ family: 4, address })),
  ip6.map((address): Client => ({ family: 6, address })),
)

/** Networks of every length. */
export const prefix: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(ip4, fc.oneof(fc.constantFrom(0, 1, 8, 24, 31, 32), fc.integer({ min: 0, max: 32 })))
    .map(([address, length]) => formatPrefix(prefixAround(addressOfIpv4(Number(address)), length))),
  fc
    .tuple(ip6, fc.oneof(fc.constantFrom(0, 1, 32, 33, 48, 63, 64, 65, 96, 127, 128), fc.integer({ min: 0, max: 128 })))
    .map(([address, length]) => formatPrefix(prefixAround({ family: 6, words: wordsOfBig(address) }, length)))
    // A network of mapped IPv4 addresses is an IPv4 network in another spelling.
    .filter((text) => !text.startsWith('::ffff:')),
)

const range: fc.Arbitrary<SyntheticRange> = fc.tuple(
  fc.oneof(
    ip4.map((address) => formatAddress(addressOfIpv4(Number(address)))),
    ip6.map((address) => formatAddress({ family: 6, words: wordsOfBig(address) })).filter((text) => !text.startsWith('::ffff:')),
  ),
  fc.constantFrom(...LOCATIONS),
)

const keep = fc.oneof(fc.constantFrom(0, 1, 65534, 65535), fc.integer({ min: 0, max: 65535 }))
const weight = fc.oneof(fc.constantFrom(0, 1, 10), fc.integer({ min: 0, max: 65535 }))
const choose: fc.Arbitrary<ChooseKind> = fc.constantFrom(...CHOOSE_KINDS)

/** Documents with two policies over a few endpoints and pools. */
export const world: fc.Arbitrary<World> = fc
  .record({
    endpoints: fc.array(
      fc.record({
        place: fc.constantFrom(...PLACES),
        carrier: fc.constantFrom(...CARRIERS),
        addresses: fc.constantFrom('4', '4', '46', '6', 'target'),
        coordinates: fc.option(fc.constantFrom([30, 120] as const, [-10.5, -70] as const), { nil: null, freq: 5 }),
        enabled: fc.nat(9).map((n) => n > 0),
        capacity: fc.option(fc.constant({ requestsPerSecond: 1, softPercent: 80, hardPercent: 100 }), { nil: undefined, freq: 5 }),
      }),
      { minLength: 2, maxLength: 7 },
    ),
    pools: fc.array(
      fc.record({
        members: fc.uniqueArray(fc.record({ endpoint: fc.nat(6), weight }), {
          minLength: 1,
          maxLength: 5,
          selector: ({ endpoint }) => endpoint,
        }),
        choose,
        minimumUp: fc.constantFrom(1, 1, 2),
        maxAnswers: fc.integer({ min: 1, max: 3 }),
        sticky: fc.nat(4).map((n) => n > 0),
        slowStartSeconds: fc.constantFrom(0, 0, 60),
      }),
      { minLength: 2, maxLength: 5 },
    ),
    lines: fc.array(fc.uniqueArray(prefix, { minLength: 1, maxLength: 5 }), { maxLength: CUSTOM.length }),
    policies: fc.array(
      fc.record({
        lines: fc.uniqueArray(fc.constantFrom(...LINES), { maxLength: 5 }),
        customUsed: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        pools: fc.array(fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 2 }), { minLength: 10, maxLength: 10 }),
        fallback: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 2 }),
        precedence: fc.constantFrom('place-first' as const, 'carrier-first' as const),
        inherit: fc.nat(3).map((n) => n > 0),
        allDown: fc.constantFrom(...ALL_DOWN_KINDS),
        families: fc.constantFrom('same-endpoint' as const, 'each' as const),
        hashPrefix: fc.constantFrom({ ipv4: 0, ipv6: 0 }, { ipv4: 24, ipv6: 56 }, { ipv4: 32, ipv6: 128 }),
        automaticHashPrefix: fc.subarray(['ipv4' as const, 'ipv6' as const]),
        ttlSeconds: fc.constantFrom(0, 5, 30, 100000),
        ttlFloorSeconds: fc.constantFrom(0, 5),
        latency: fc.record({ by: fc.constantFrom('region' as const, 'city' as const), explorePercent: fc.constantFrom(0, 20, 50, 100) }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    ranges: fc.array(range, { maxLength: 14 }),
    scopeGranularity: fc.option(
      fc.constantFrom({ ipv4: 24, ipv6: 56 }, { ipv4: 8, ipv6: 33 }, { ipv4: 31, ipv6: 127 }, { ipv4: 32, ipv6: 128 }),
      { nil: undefined, freq: 2 },
    ),
  })
  .map((drawn): World => {
    const endpoints = drawn.endpoints.map(({ addresses, capacity, ...rest }, n) => ({
      ...rest,
      ...(capacity === undefined ? {} : { capacity }),
      id: `e${n}`,
      ipv4: addresses.includes('4') ? `192.0.2.${n + 1}` : '',
      ipv6: addresses.includes('6') ? `2001:db8::${n + 1}` : '',
      target: addresses === 'target' ? `t${n}.example.` : '',
    }))
    const pools = drawn.pools.map((pool, n): PoolDraft => {
      const members = new Map(pool.members.map((member) => [`e${member.endpoint % endpoints.length}`, member.weight]))
      const list = [...members].map(([endpoint, weight]) => ({ endpoint, weight }))
      return { ...pool, id: `p${n}`, members: list, minimumUp: Math.min(pool.minimumUp, list.length) }
    })
    const poolId = (n: number): string => pools[n % pools.length]!.id
    const taken = new Set<string>()
    const lines: Record<string, string[]> = {}
    for (const [n, prefixes] of drawn.lines.entries()) {
      // Equal networks in two lines of a policy are an error of the document.
      lines[CUSTOM[n]!] = prefixes.filter((text) => !taken.has(text))
      for (const text of prefixes) taken.add(text)
    }
    const policies = drawn.policies.map(({ lines: keys, customUsed, pools: rulePools, fallback, latency, ...rest }, n): PolicyDraft => {
      const custom = Object.keys(lines).filter((_, at) => customUsed[at])
      const all = [...keys, ...custom.map((id) => `custom:${id}`), '*']
      return {
        ...rest,
        id: `policy-${n}`,
        latency: { ...USUAL_LATENCY, ...latency },
        rules: all.map((line, at) => ({ line, pools: [...new Set(rulePools[at % 10]!.map(poolId))] })),
        fallback: [...new Set(fallback.map(poolId))],
      }
    })
    const options = drawn.scopeGranularity === undefined ? {} : { scopeGranularity: drawn.scopeGranularity }
    return { config: makeSyntheticConfig({ endpoints, pools, lines, policies, options }), geodata: makeSyntheticGeodata(drawn.ranges) }
  })

/** Health of the endpoints e0 … e6; now and then everything is down. */
export const health: fc.Arbitrary<RankingDraft> = fc
  .record({
    standings: fc.oneof(
      { weight: 4, arbitrary: fc.array(fc.constantFrom(...STANDINGS), { minLength: 7, maxLength: 7 }) },
      { weight: 1, arbitrary: fc.constant<PlainStanding[]>(Array(7).fill('down')) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom<PlainStanding>('down', 'not-down'), { minLength: 7, maxLength: 7 }) },
    ),
    weights: fc.option(fc.array(weight, { minLength: 7, maxLength: 7 }), { nil: undefined }),
    // Slow start, drain and shedding; now and then nobody keeps much.
    keeps: fc.oneof(
      { weight: 2, arbitrary: fc.array(fc.oneof(fc.constant(65535), keep), { minLength: 7, maxLength: 7 }) },
      { weight: 1, arbitrary: fc.array(fc.oneof(fc.constant(0), keep), { minLength: 7, maxLength: 7 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
    bounds: fc.array(fc.constantFrom(0xffff, 0xffff, 1, 7, 20), { minLength: 5, maxLength: 5 }),
    times: fc.array(fc.tuple(fc.constantFrom(0, 5, 9), fc.constantFrom(0, 5, 9)), { minLength: 7, maxLength: 7 }),
    // What latency pools measured; now and then nothing.
    measuredSeed: fc.nat(999),
    epoch: fc.nat(1_000_000),
  })
  .map(({ standings, weights, keeps, order, bounds, times, measuredSeed, epoch }) => {
    const byEndpoint = <T>(list: readonly T[]): Record<string, T> => Object.fromEntries(list.map((value, n) => [`e${n}`, value]))
    return {
      standings: byEndpoint(standings),
      ...(weights === undefined ? {} : { weights: byEndpoint(weights) }),
      ...(keeps === undefined ? {} : { keeps: byEndpoint(keeps) }),
      order: order.map((n) => `e${n}`),
      ttlBounds: Object.fromEntries(bounds.map((bound, n) => [`p${n}`, bound])),
      lastEligibleAt: byEndpoint(times),
      measuredSeed: measuredSeed % 4 === 0 ? 0 : measuredSeed,
      epoch,
    }
  })

/** Every address at which a world may change, and its neighbours. */
export function edgesOf({ config, geodata }: World): Client[] {
  const edges: Client[] = []
  const add = (family: 4 | 6, address: bigint): void => {
    const last = family === 4 ? 0xffffffffn : END6
    for (const near of [address - 1n, address, address + 1n]) if (near >= 0n && near <= last) edges.push({ family, address: near })
  }
  for (const start of geodata.v4.starts) add(4, BigInt(start))
  for (let at = 0; at < geodata.v6.starts.length; at += 4) add(6, bigOfWords([...geodata.v6.starts.subarray(at, at + 4)]))
  for (const line of config.lines) {
    for (const text of prefixTexts(line.prefixes)) {
      const parsed = parsePrefix(text)
      const number = (words: AddressWords): bigint => (parsed.family === 4 ? BigInt(words[3]) : bigOfWords(words))
      add(parsed.family, number(parsed.words))
      add(parsed.family, number(lastAddressOf(parsed).words))
    }
  }
  add(4, 0xffffffffn)
  add(6, END6)
  return edges
}
