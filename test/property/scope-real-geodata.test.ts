/** The example document of DESIGN.md section 10 on the geodata that ships: the reference scenario, and the scope of its answers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../cli/package-root.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { decide } from '../../policy/decide/decide.ts'
import { makeDecision } from '../../policy/model/decision.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'
import { makeSyntheticConfig } from '../support/synthetic-config.ts'
import { makeSubject } from '../support/synthetic-decision.ts'
import { fillRanking, makePlainRanking } from '../support/synthetic-ranking.ts'

const geodata = loadGeodata(join(packageRoot(), 'geodata/default/default.geodata'))
const config = makeSyntheticConfig({
  endpoints: [
    { id: 'ningbo-telecom-1', ipv4: '192.0.2.11', place: 'cn-3302', carrier: 'telecom' },
    { id: 'ningbo-mobile-1', ipv4: '192.0.2.13', place: 'cn-3302', carrier: 'mobile' },
    { id: 'hangzhou-unicom-1', ipv4: '192.0.2.14', place: 'cn-3301', carrier: 'unicom' },
    { id: 'shanghai-telecom-1', ipv4: '192.0.2.15', place: 'cn-31', carrier: 'telecom' },
    { id: 'central-1', ipv4: '192.0.2.1', place: 'cn-11' },
  ],
  pools: [
    { id: 'ningbo-telecom', members: ['ningbo-telecom-1'] },
    { id: 'zhejiang-telecom', members: ['ningbo-telecom-1', 'shanghai-telecom-1'] },
    { id: 'edges', choose: 'auto', members: ['ningbo-telecom-1', 'ningbo-mobile-1', 'hangzhou-unicom-1', 'shanghai-telecom-1'] },
    {
      id: 'shares',
      choose: 'weighted',
      members: [
        { endpoint: 'ningbo-telecom-1', weight: 70 },
        { endpoint: 'central-1', weight: 30 },
      ],
    },
    { id: 'central', members: ['central-1'] },
  ],
  lines: { 'park-a': ['202.96.104.128/26', '2001:db8:5::/48'] },
  policies: [
    {
      id: 'a-edge-api',
      rules: [
        { line: 'custom:park-a', pools: ['ningbo-telecom'] },
        { line: 'cn-3302/telecom', pools: ['ningbo-telecom', 'zhejiang-telecom'] },
        { line: 'cn-33/telecom', pools: ['zhejiang-telecom'] },
        { line: '*', pools: ['central'] },
      ],
      fallback: ['central'],
    },
    { id: 'b-auto', rules: [{ line: '*', pools: ['edges'] }], fallback: ['central'] },
    {
      id: 'c-shares',
      automaticHashPrefix: ['ipv4', 'ipv6'],
      rules: [
        { line: 'cn', pools: ['shares'] },
        { line: '*', pools: ['central'] },
      ],
      fallback: ['central'],
    },
    { id: 'd-shed', rules: [{ line: '*', pools: ['edges'] }], fallback: ['central'], hashPrefix: { ipv4: 24, ipv6: 56 } },
  ],
})
/** Slow start, drain and shedding at once, and a weight that grows. */
const SHARES = {
  keeps: { 'ningbo-telecom-1': 39_000, 'ningbo-mobile-1': 6554, 'hangzhou-unicom-1': 52_000, 'central-1': 60_000 },
  weights: { 'ningbo-telecom-1': 7 },
}
const subject = makeSubject(config, geodata)

test('the reference scenario: Ningbo Telecom has its edge, moves along the order when it fails, and returns', () => {
  const cases: [client: string, down: string[], endpoint: string, step: number][] = [
    ['202.96.104.15', [], 'ningbo-telecom-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1'], 'shanghai-telecom-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1', 'shanghai-telecom-1'], 'central-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1', 'shanghai-telecom-1', 'central-1'], 'central-1', 4],
    ['211.140.13.1', [], 'central-1', 1],
    ['221.12.1.1', [], 'central-1', 1],
    ['219.141.136.1', [], 'central-1', 1],
    ['8.8.8.8', [], 'central-1', 1],
  ]
  for (const [client, down, endpoint, step] of cases) {
    const decision = subject.ask(
      client,
      { standings: Object.fromEntries(down.map((id) => [id, 'down' as const])) },
      { policy: 'a-edge-api' },
    )
    assert.deepEqual([decision.endpoints, decision.step], [[endpoint], step], `${client} without ${down}`)
  }
  const auto: [string, string][] = [
    ['202.96.104.15', 'ningbo-telecom-1'],
    ['211.140.13.188', 'ningbo-mobile-1'],
    ['221.12.1.227', 'hangzhou-unicom-1'],
    ['101.226.4.6', 'shanghai-telecom-1'],
  ]
  for (const [client, endpoint] of auto) assert.deepEqual(subject.ask(client, {}, { policy: 'b-auto' }).endpoints, [endpoint], client)
})

test('a million random pairs inside one scope have one answer, with weights, hashPrefix, slow start, drain and shedding', (t) => {
  const { policies, compiled } = subject
  const ranking = fillRanking(config, makePlainRanking(config, SHARES))
  const steady = fillRanking(config, makePlainRanking(config))
  const [one, other] = [makeDecision(), makeDecision()]
  let state = PROPERTY_SEED
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
  const PAIRS = 1_000_000
  let bits = 0
  let moved = 0
  for (let pair = 0; pair < PAIRS; pair++) {
    const policy = pair % 4
    const family = random() % 2 === 0 ? 4 : 6
    const [w0, w1, w2, w3] = family === 4 ? clientIn4(random) : clientIn6(random)
    decide(policies, ranking, policy, 0, family, w0, w1, w2, w3, 0, one)
    bits += one.scope
    // Another address of the scope: bits behind it at random, at times all of them turned.
    const turn = pair % 5 === 0 ? -1 : random()
    const [o0, o1, o2, o3] = [0, 1, 2, 3].map((word) => {
      const kept = Math.min(32, Math.max(0, one.scope - 32 * word))
      const mask = kept === 32 ? 0 : -1 >>> kept
      return [w0, w1, w2, w3][word]! ^ ((word === 0 ? turn : Math.imul(turn, word)) & mask)
    }) as [number, number, number, number]
    decide(policies, ranking, policy, 0, family, o0, family === 4 ? 0 : o1, family === 4 ? 0 : o2, family === 4 ? 0 : o3, 0, other)
    const same =
      one.scope === other.scope &&
      one.outcome === other.outcome &&
      one.rule === other.rule &&
      one.ttlSeconds === other.ttlSeconds &&
      one.memberCount === other.memberCount &&
      one.members[0] === other.members[0]
    if (!same)
      assert.fail(
        `policy ${compiled.names.policies[policy]}: ${[w0, w1, w2, w3]} and ${[o0, o1, o2, o3]} differ inside a scope of ${one.scope}`,
      )
    if (pair % 16 >= 4) continue
    decide(policies, steady, policy, 0, family, w0, w1, w2, w3, 0, other)
    if (other.scope !== one.scope)
      assert.fail(`policy ${compiled.names.policies[policy]}: the ranking changed the scope of ${[w0, w1, w2, w3]}`)
    if (other.members[0] !== one.members[0]) moved++
  }
  t.diagnostic(`mean scope ${(bits / PAIRS).toFixed(1)}, shares moved ${moved} of ${PAIRS / 4}`)
  assert.ok(moved > PAIRS / 60)
})

/** A client of a random range of the geodata, at its edges more often than inside. */
function clientIn4(random: () => number): readonly [number, number, number, number] {
  const { starts } = geodata.v4
  const range = (random() >>> 0) % (starts.length - 1)
  const start = starts[range]!
  const size = starts[range + 1]! - start
  const offset = [0, size - 1, (random() >>> 0) % size][(random() >>> 0) % 3]!
  return [(start + offset) | 0, 0, 0, 0]
}

function clientIn6(random: () => number): readonly [number, number, number, number] {
  const { starts, values } = geodata.v6
  const at = 4 * ((random() >>> 0) % values.length)
  const words = [starts[at]! | 0, starts[at + 1]! | 0, starts[at + 2]! | 0, starts[at + 3]! | 0] as const
  const kind = (random() >>> 0) % 3
  if (kind === 0) return words
  if (kind === 1) return [words[0], words[1] | (random() >>> 8), random(), random()]
  // The address before.
  const borrow = (word: number): number => (words.slice(word + 1).every((value) => value === 0) ? 1 : 0)
  return at === 0 ? words : [(words[0] - borrow(0)) | 0, (words[1] - borrow(1)) | 0, (words[2] - borrow(2)) | 0, (words[3] - 1) | 0]
}

test('on the real ranges every address at the edges of a scope has the answer of the scope', () => {
  const plain = subject.plainOf({})
  const scopes = new Set<number>()
  for (const policy of config.policies.map(({ id }) => id)) {
    for (const [family, starts, width] of [
      [4, geodata.v4.starts, 1],
      [6, geodata.v6.starts, 4],
    ] as const) {
      const ranges = starts.length / width
      for (let n = 0; n < 400; n++) {
        const range = (n * 7919) % ranges
        let start = 0n
        for (let word = 0; word < width; word++) start = (start << 32n) | BigInt(starts[range * width + word]!)
        for (const address of start === 0n ? [start] : [start - 1n, start]) {
          const decision = subject.askNumber(family, address, plain, { policy })
          scopes.add(decision.scope)
          const size = 1n << BigInt((family === 4 ? 32 : 128) - decision.scope)
          const first = (address / size) * size
          for (const other of [first, first + size / 2n, first + size - 1n]) {
            assert.deepEqual(subject.askNumber(family, other, plain, { policy }), decision, `${policy}: ${other} against ${address}`)
          }
        }
      }
    }
  }
  assert.ok(scopes.size > 10)
})

test('shedding on the real ranges: the share that goes is what was said within 1 % of 100,000 subnets, monotone, least losses first', (t) => {
  const { policies, compiled } = subject
  const { columns } = compiled
  const policy = compiled.names.policies.indexOf('d-shed')
  const out = makeDecision()
  const memberOf = (id: string): number => {
    const use = columns.rulePoolUses[columns.rulePoolFirst[columns.policyRuleFirst[policy]!]!]!
    for (let m = columns.poolUseMemberFirst[use]!; ; m++) if (compiled.names.endpoints[columns.memberEndpoint[m]!] === id) return m
  }
  const shedder = memberOf('shanghai-telecom-1')
  const decideAll = (keep: number, subnets: readonly number[]): Int32Array => {
    const ranking = fillRanking(config, makePlainRanking(config, { keeps: { 'shanghai-telecom-1': keep } }))
    return Int32Array.from(subnets, (subnet) => {
      decide(policies, ranking, policy, 0, 4, subnet, 0, 0, 0, 0, out)
      return out.members[0]!
    })
  }
  // Subnets spread over all addresses of which something is known; those of one member.
  const spread = knownSubnets(1_200_000)
  const steady = decideAll(65_535, spread)
  const own = spread.filter((_, n) => steady[n] === shedder)
  assert.ok(own.length >= 100_000, `${own.length}`)
  const subnets = Array.from({ length: 100_000 }, (_, n) => own[Math.floor((n * own.length) / 100_000)]!)
  const loss = subnets.map((subnet) => {
    decide(policies, fillSteady, policy, 0, 4, subnet, 0, 0, 0, 0, out)
    return columns.classSpans4[columns.classOrderFirst[out.class]!]! >>> 16
  })
  let before: Int32Array | undefined
  for (const shedPercent of [5, 20, 50, 90]) {
    const after = decideAll(Math.round(655.35 * (100 - shedPercent)), subnets)
    let gone = 0
    let lowestGone = 65_536
    let highestKept = -1
    for (const [n, member] of after.entries()) {
      if (member === shedder) {
        if (before !== undefined && before[n] !== shedder) assert.fail(`${subnets[n]} comes back at ${shedPercent} %`)
        highestKept = Math.max(highestKept, loss[n]!)
      } else {
        gone++
        lowestGone = Math.min(lowestGone, loss[n]!)
      }
    }
    t.diagnostic(`${shedPercent} %: ${((100 * gone) / subnets.length).toFixed(2)} % gone`)
    assert.ok(Math.abs(gone / subnets.length - shedPercent / 100) < 0.01, `${gone} gone at ${shedPercent} %`)
    // Spans are in order of loss: at most one of them is split.
    assert.ok(highestKept <= lowestGone, `${highestKept} kept, ${lowestGone} gone`)
    before = after
  }
})

const fillSteady = fillRanking(config, makePlainRanking(config))

/** First addresses of /24 networks, evenly spread over what the geodata knows. */
function knownSubnets(count: number): number[] {
  const { starts, values } = geodata.v4
  const known: number[] = []
  let total = 0
  for (let range = 0; range < values.length; range++) {
    const { country, carrier } = geodata.locations[values[range]!]!
    const size = (starts[range + 1] ?? 0x1_0000_0000) - starts[range]!
    if (country !== undefined || carrier !== undefined) total += size
    known.push(total)
  }
  const subnets: number[] = []
  let range = 0
  for (let n = 0; n < count; n++) {
    const at = Math.floor(((n + 0.5) * total) / count)
    while (known[range]! <= at) range++
    const end = starts[range + 1] ?? 0x1_0000_0000
    subnets.push((end - (known[range]! - at)) | 0)
  }
  return subnets
}
