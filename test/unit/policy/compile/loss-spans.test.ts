/** Who moves first when a member of a pool ordered by place sheds clients: spans of classes, and the shares that come of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEEP_ALL } from '../../../../health/model/ranking.ts'
import { bandOfLoss, cutOf, roundLoss } from '../../../../policy/compile/loss-spans.ts'
import { lossOf, sortMembers } from '../../../../policy/compile/order-members.ts'
import { spotOfEndpoint, spotOfLocation } from '../../../../policy/compile/spot.ts'
import { makeSyntheticConfig, type PolicyDraft } from '../../../support/synthetic-config.ts'
import { makeSubject } from '../../../support/synthetic-decision.ts'
import { locationOf, makeSyntheticGeodata } from '../../../support/synthetic-geodata.ts'

const ENDPOINTS = [
  { id: 'ningbo', ipv4: '192.0.2.1', place: 'cn-3302', carrier: 'telecom' },
  { id: 'beijing', ipv4: '192.0.2.2', place: 'cn-11', carrier: 'telecom' },
]
/** They come last for everybody, in an order by place: so clients of Ningbo have several classes. */
const OTHERS = ['cn-3201', 'cn-3206', 'cn-3303', 'cn-3307'].map((place, n) => ({
  id: place,
  ipv4: `192.0.2.${n + 3}`,
  place,
  carrier: 'unicom',
}))
// Clients of Ningbo by what they lose by Beijing: Ningbo itself most, then Hangzhou, then Suzhou, then Jinan, which lies between.
const GEODATA = makeSyntheticGeodata([
  ['20.0.0.0', 'cn/33/3302/telecom'],
  ['20.1.0.0', 'cn/33/3301/telecom'],
  ['20.4.0.0', 'cn/32/3205/telecom'],
  ['20.8.0.0', ''],
  ['21.0.0.0', 'cn/11//telecom'],
  ['21.8.0.0', ''],
  ['2408:1::', 'cn/33/3302/telecom'],
  ['2408:2::', ''],
  ['2408:4::', 'cn/32/3205/telecom'],
  ['2408:7::', ''],
])
const POLICY: PolicyDraft = {
  id: 'p',
  rules: [{ line: '*', pools: ['edges'] }],
  fallback: ['central'],
  hashPrefix: { ipv4: 24, ipv6: 56 },
}

function subjectOf(policy: Partial<PolicyDraft> = {}) {
  const pools = [
    { id: 'edges', choose: 'auto' as const, members: [...ENDPOINTS, ...OTHERS].map(({ id }) => id) },
    { id: 'central', members: ['central-1'] },
    { id: 'first', members: ['central-1'] },
  ]
  return makeSubject(makeSyntheticConfig({ endpoints: [...ENDPOINTS, ...OTHERS], pools, policies: [{ ...POLICY, ...policy }] }), GEODATA)
}

/** [begin, width] of the class of a client at the member that it has first. */
function spanOf(subject: ReturnType<typeof subjectOf>, client: string): readonly [number, number] {
  const { columns } = subject.compiled
  const spans = client.includes(':') ? columns.classSpans6 : columns.classSpans4
  const span = spans[columns.classOrderFirst[subject.classOf(client)]!]!
  return [span >>> 16, span & 0xffff]
}

test('classes lie by falling loss, as wide as their share of the addresses of their family', () => {
  const subject = subjectOf()
  // 1, 3 and 4 parts of 8.
  assert.deepEqual(spanOf(subject, '20.0.0.1'), [0, 8192])
  assert.deepEqual(spanOf(subject, '20.1.0.1'), [8192, 32768 - 8192])
  assert.deepEqual(spanOf(subject, '20.4.0.1'), [32768, 65535 - 32768])
  assert.deepEqual(spanOf(subject, '21.0.0.1'), [0, 65535], 'the only class that has Beijing first')
  // 1 and 3 parts of 4; Hangzhou has no IPv6 addresses.
  assert.deepEqual(spanOf(subject, '2408:1::1'), [0, 16384])
  assert.deepEqual(spanOf(subject, '2408:4::1'), [16384, 65535 - 16384])
})

test('addresses of which nothing is known take no room, and lie where those who lose nothing lie', () => {
  const subject = subjectOf()
  // Declared order: Ningbo first. They are nearly all addresses, and next to nobody.
  assert.deepEqual(spanOf(subject, '9.9.9.9'), [65535, 0])
})

test('clients whose most specific rule leads elsewhere lie anywhere, and take no room', () => {
  const subject = subjectOf({
    rules: [
      { line: 'cn-3205', pools: ['first'] },
      { line: '*', pools: ['edges'] },
    ],
  })
  assert.deepEqual(spanOf(subject, '20.4.0.1'), [0, 65535])
  assert.deepEqual(spanOf(subject, '20.0.0.1'), [0, 16384])
  assert.deepEqual(spanOf(subject, '20.1.0.1'), [16384, 65535 - 16384])
})

test('a pool that only the fallback names lays nobody out; a pool without places has no spans', () => {
  const subject = subjectOf({ rules: [{ line: '*', pools: ['first'] }], fallback: ['edges'] })
  assert.ok(subject.compiled.columns.classSpans4.length > 0)
  assert.ok([...subject.compiled.columns.classSpans4].every((span) => span === 65535))
  assert.equal(subjectOf({ rules: [{ line: '*', pools: ['first'] }] }).compiled.columns.classSpans4.length, 0)
})

test('with a share shed, those who lose least have moved, the share is what was said within 1 %, and it is monotone', () => {
  const subject = subjectOf()
  // 100,000 subnets of the clients of Ningbo, spread over them: 20.0.0.0 – 20.7.255.255.
  const subnets = Array.from({ length: 100_000 }, (_, n) => BigInt(0x1400_0000 + ((n * 5_237_771) % 0x8_0000)))
  const lossRank = (address: bigint): number => (address < 0x1401_0000n ? 0 : address < 0x1404_0000n ? 1 : 2)
  let movedBefore = new Set<number>()
  for (const shedPercent of [0, 10, 30, 50, 55, 80, 95, 100]) {
    const plain = subject.plainOf({ keeps: { ningbo: Math.round((KEEP_ALL * (100 - shedPercent)) / 100) } })
    const moved = new Set<number>()
    const movedByRank = [0, 0, 0]
    const count = [0, 0, 0]
    for (const [n, address] of subnets.entries()) {
      const rank = lossRank(address)
      count[rank]!++
      const [id] = subject.askNumber(4, address, plain).endpoints
      if (id === 'ningbo') continue
      assert.equal(id, 'beijing')
      moved.add(n)
      movedByRank[rank]!++
    }
    assert.ok(Math.abs(moved.size / subnets.length - shedPercent / 100) < 0.01, `${moved.size} moved at ${shedPercent} %`)
    for (const n of movedBefore) assert.ok(moved.has(n), `${n} moved before and not at ${shedPercent} %`)
    movedBefore = moved
    // Nobody who loses more moves before all who lose less have.
    if (movedByRank[1]! > 0) assert.equal(movedByRank[2], count[2])
    if (movedByRank[0]! > 0) assert.equal(movedByRank[1], count[1])
  }
})

test('a pool of two lays its clients out by bands of loss where it shares them out, and has no finer classes where it does not', () => {
  const pairOf = (shared: boolean) =>
    makeSubject(
      makeSyntheticConfig({
        endpoints: ENDPOINTS,
        pools: [
          { id: 'edges', choose: 'auto', slowStartSeconds: shared ? 60 : 0, members: ENDPOINTS.map(({ id }) => id) },
          { id: 'central', members: ['central-1'] },
        ],
        policies: [POLICY],
      }),
      GEODATA,
    )
  const [plain, shared] = [pairOf(false), pairOf(true)]
  const spans = (subject: ReturnType<typeof subjectOf>) => ['20.0.0.1', '20.1.0.1', '20.4.0.1'].map((client) => spanOf(subject, client))
  assert.deepEqual(
    spans(plain).map(([begin]) => begin),
    [0, 0, 0],
  )
  // From Ningbo and Hangzhou it is three and two path steps to Beijing, from Suzhou one.
  assert.deepEqual(spans(shared), [
    [0, 8192],
    [8192, 32768 - 8192],
    [32768, 65535 - 32768],
  ])
  for (const client of ['20.0.0.1', '21.0.0.1']) assert.deepEqual(shared.ask(client).endpoints, plain.ask(client).endpoints)
})

test('bands of loss: path steps, and kilometres in doublings', () => {
  const cases: [loss: number, band: number][] = [
    [0, 0],
    [49, 0],
    [50, 1],
    [100, 2],
    [3199, 6],
    [3200, 7],
    [20_000, 7],
    [40_100 - 900, 8],
    [40_100 + 100, 10],
    [3 * 40_100, 24],
    [-30, 0],
  ]
  for (const [loss, band] of cases) assert.equal(bandOfLoss(loss), band, `${loss}`)
})

test('loss: path steps before kilometres, nothing where nothing is known', () => {
  const members = ENDPOINTS.map((endpoint) => ({
    endpointId: endpoint.id,
    spot: spotOfEndpoint(makeSyntheticConfig({ endpoints: [endpoint], pools: [], policies: [] }).endpoints[0]!),
  }))
  const loss = (byPathQuality: boolean, location: string): number => {
    const client = spotOfLocation(locationOf(location))
    return lossOf(client, sortMembers(byPathQuality, client, members))
  }
  const [ningbo, hangzhou] = [loss(false, 'cn/33/3302/telecom'), loss(false, 'cn/33/3301/telecom')]
  assert.ok(ningbo > 1000 && ningbo < 1300, `${ningbo} km`)
  assert.ok(hangzhou < ningbo && hangzhou > 800)
  // Same city + carrier against same carrier only: three steps.
  assert.equal(loss(true, 'cn/33/3302/telecom'), 3 * 40_100 + ningbo)
  assert.equal(loss(true, ''), 0)
  assert.equal(loss(false, 'cn///telecom'), 0)
  assert.equal(lossOf(spotOfLocation(locationOf('')), []), 0)
})

test('halves are rounded alike however sizes were added up', () => {
  assert.deepEqual([roundLoss(2.4), roundLoss(2.5 - 1e-12), roundLoss(2.5), roundLoss(2.51)], [2, 3, 3, 3])
  assert.equal(cutOf(0.5 - 1e-16), cutOf(0.5))
  assert.deepEqual([cutOf(0), cutOf(1)], [0, 65535])
})
