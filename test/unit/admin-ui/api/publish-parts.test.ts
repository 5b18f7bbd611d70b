/** The pure parts of publishing: difference, serials, movement. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zonesAbove } from '../../../../admin-ui/api/publish/content-index.ts'
import { diffDocuments } from '../../../../admin-ui/api/publish/document-diff.ts'
import { findMovement, type Side } from '../../../../admin-ui/api/publish/moved-addresses.ts'
import { type Holders, rankNow, settleHolders } from '../../../../admin-ui/api/publish/ranking-of-now.ts'
import { assignSerials, nextSerial, restoredSerial } from '../../../../admin-ui/api/publish/zone-serials.ts'
import type { HealthScore } from '../../../../admin-ui/contract/health-scores.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { compileSnapshot } from '../../../../resolver/snapshot/compile-snapshot.ts'
import { isLaterSerial } from '../../../../resolver/transfer/serial.ts'
import { CENTRAL_KEY, compileText, measured, PAIR_DOCUMENT } from '../../../support/central-pair.ts'
import { EXAMPLE_DOCUMENT, FIXTURE_GEODATA } from '../../../support/control-fixture.ts'

test('diffDocuments names what changed, object by object', () => {
  const before = {
    pools: [
      { id: 'a', members: [{ endpoint: 'e1' }] },
      { id: 'b', members: [] },
    ],
    policies: [
      {
        id: 'p',
        ttlSeconds: 30,
        rules: [
          { line: '*', pools: ['a'] },
          { line: 'cn', pools: ['b'] },
        ],
        gates: { x: 1, y: 2 },
      },
    ],
    names: [{ name: 'n.', types: ['A'], policy: 'p' }],
    files: { f: 'text' },
  }
  const cases = [
    { name: 'nothing', after: before, texts: [] },
    { name: 'order of lists with ids', after: { ...before, pools: [...before.pools].reverse() }, texts: [] },
    { name: 'order of keys', after: { ...before, policies: [{ ...before.policies[0]!, gates: { y: 2, x: 1 } }] }, texts: [] },
    {
      name: 'a key',
      after: { ...before, policies: [{ ...before.policies[0]!, ttlSeconds: 20 }] },
      texts: ['policy p: ttlSeconds 30 → 20'],
    },
    {
      name: 'a rule',
      after: { ...before, policies: [{ ...before.policies[0]!, rules: [{ line: '*', pools: ['a', 'b'] }] }] },
      texts: [
        'policy p: rules[*] {"line":"*","pools":["a"]} → {"line":"*","pools":["a","b"]}',
        'policy p: rules[cn] {"line":"cn","pools":["b"]} → (none)',
      ],
    },
    { name: 'an object', after: { ...before, pools: [before.pools[0]!, { id: 'c' }] }, texts: ['pool b removed', 'pool c added'] },
    { name: 'a file', after: { ...before, files: { f: 'other', g: 'x' } }, texts: ['file f 4 characters → 5 characters', 'file g added'] },
    {
      name: 'a member',
      after: { ...before, pools: [{ id: 'a', members: [{ endpoint: 'e1', weight: 2 }] }, before.pools[1]!] },
      texts: ['pool a: members[e1] {"endpoint":"e1"} → {"endpoint":"e1","weight":2}'],
    },
  ]
  for (const { name, after, texts } of cases)
    assert.deepEqual(
      diffDocuments(before, after).map((change) => change.text),
      texts,
      name,
    )
})

test('nextSerial begins with the day, rises by one, goes round and never gives 0', () => {
  const at = Date.UTC(2026, 5, 15)
  const cases = [
    { previous: undefined, next: 2026061500 },
    { previous: 2026061400, next: 2026061500 },
    { previous: 2026061500, next: 2026061501 },
    { previous: 2026061599, next: 2026061600 },
    { previous: 3000000000, next: 3000000001 },
    { previous: 0xffffffff, next: 2026061500 },
    { previous: 7, next: 2026061500 },
  ]
  for (const { previous, next } of cases) assert.equal(nextSerial(previous, at), next, String(previous))
  assert.equal(isLaterSerial(1, 0xffffffff), true)
  assert.equal(isLaterSerial(0xffffffff, 1), false)
  assert.equal(isLaterSerial(5, 5), false)
  for (const { previous, next } of cases.slice(1)) assert.ok(isLaterSerial(next, previous!), `${next} after ${previous}`)
})

test('restoredSerial is later than all that was served after the backup', () => {
  const at = Date.UTC(2026, 5, 15)
  const of = (serial: number, contentDigest = String(serial)) => ({ serial, contentDigest })
  const before = (serial: number, digest?: string) => new Map([['z.', of(serial, digest)]])
  const cases = [
    { name: 'three updates after it', restored: of(2026061546), before: before(2026061549), serial: 2026061550 },
    { name: 'none', restored: of(2026061546), before: before(2026061546), serial: undefined },
    { name: 'the same serial for other content', restored: of(2026061546), before: before(2026061546, 'x'), serial: 2026061547 },
    { name: 'a backup that is later', restored: of(2026061549), before: before(2026061546), serial: undefined },
    { name: 'a zone that was not served', restored: of(2026061546), before: new Map(), serial: undefined },
    { name: 'nothing is known', restored: of(2026061546), before: undefined, serial: 2026061647 },
    { name: 'round the circle', restored: of(0xffffffff), before: before(1), serial: 2026061500 },
  ]
  for (const { name, restored, before: was, serial } of cases) {
    const given = restoredSerial(restored, was, 'z.', at)
    assert.deepEqual(given, serial === undefined ? undefined : { serial, contentDigest: '' }, name)
  }
})

test('zonesAbove: by labels, the deepest first; an escaped dot ends none', () => {
  const zones = new Set(['test.', 'a.test.', 'b\\.a.test.', '.'])
  for (const [name, above] of [
    ['x.a.test.', ['a.test.', 'test.', '.']],
    ['a.test.', ['a.test.', 'test.', '.']],
    ['ba.test.', ['test.', '.']],
    ['x.b\\.a.test.', ['b\\.a.test.', 'test.', '.']],
    ['.', ['.']],
  ] as const)
    assert.deepEqual(zonesAbove(zones, name), above, name)
})

test('assignSerials sees records, steered names and the fallback’s addresses, and nothing else', () => {
  const serialOf = (text: string, before?: ReturnType<typeof assignSerials>) => {
    const parsed = parseConfig(text)
    assert.ok(parsed.ok)
    return assignSerials(parsed.config, (zone) => before?.[zone], Date.UTC(2026, 5, 15))
  }
  const first = serialOf(EXAMPLE_DOCUMENT)
  const zone = 'yourcompany.com.'
  const cases = [
    { name: 'nothing', from: 'x', to: 'x', rises: false },
    { name: 'a gate', from: 'maxLatencyMs: 500', to: 'maxLatencyMs: 400', rises: false },
    { name: 'an endpoint of a rule', from: '192.0.2.11 ', to: '192.0.2.99 ', rises: false },
    { name: 'the fallback’s address', from: 'ipv4: 192.0.2.1,', to: 'ipv4: 192.0.2.98,', rises: true },
    { name: 'the fallback’s endpoint, disabled', from: 'ipv4: 192.0.2.1,', to: 'ipv4: 192.0.2.1, enabled: false,', rises: true },
    { name: 'a record', from: '"192.0.2.53"', to: '"192.0.2.54"', rises: true },
    { name: 'the ttl of the policy', from: 'ttlSeconds: 30', to: 'ttlSeconds: 31', rises: true },
    { name: 'a steered type', from: 'types: [A]', to: 'types: [A, AAAA]', rises: true },
  ]
  for (const { name, from, to, rises } of cases) {
    assert.ok(EXAMPLE_DOCUMENT.includes(from), from)
    const next = serialOf(EXAMPLE_DOCUMENT.replace(from, to), first)
    assert.equal(next[zone]!.serial !== first[zone]!.serial, rises, name)
  }
  const floor = serialOf(
    EXAMPLE_DOCUMENT.replace('rname: hostmaster.yourcompany.com.', 'rname: hostmaster.yourcompany.com., serial: 3000000000'),
  )
  assert.equal(floor[zone]!.serial, 3000000000, 'a zone that comes from another server does not go back')
  assert.deepEqual(
    serialOf(
      EXAMPLE_DOCUMENT.replace('    nameservers', '    serial: keep\n    nameservers').replace(
        'rname: hostmaster.yourcompany.com.',
        'rname: h., serial: 5',
      ),
    ),
    {},
  )
})

function sideOf(text: string, scores: readonly HealthScore[] = []): Side {
  const parsed = parseConfig(text)
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  const { snapshot } = compileSnapshot({
    config: parsed.config,
    documentDigest: parsed.digest,
    geodata: FIXTURE_GEODATA,
    serials: new Map(),
    moreZones: [],
    generation: 1,
  })
  const steered = parsed.config.names.map((name) => ({ name: name.name, policy: name.policy }))
  return {
    policies: snapshot!.policies,
    names: snapshot!.meta.names,
    ranking: rankNow(snapshot!.meta.rankPlan, scores, new Map()),
    steered,
  }
}

test('findMovement weighs ranges by their addresses, of the world or of mainland China', () => {
  // The fixture: 1/8 Ningbo Telecom, 2/8 Zhejiang Mobile, 3/8 Beijing Unicom, 4/8 abroad, the rest unknown.
  const clients = 2 ** 32 - 2 ** 24 * (1 + 1 + 1 + 32)
  const world = (blocks: number): number => (100 * blocks * 2 ** 24) / clients
  const cases = [
    { name: 'nothing', from: 'x', to: 'x', percent: 0, moves: [] },
    {
      name: 'one line of three in China',
      from: 'pools: [ningbo-telecom, zhejiang-telecom]',
      to: 'pools: [central]',
      percent: 100 / 3,
      moves: ['ningbo-telecom-1 → central-1'],
    },
    {
      name: 'the default line',
      from: '{line: "*", pools: [central]}',
      to: '{line: "*", pools: [zhejiang-telecom]}',
      percent: 100 - world(1),
      moves: ['central-1 → hangzhou-telecom-1'],
    },
  ]
  const before = sideOf(EXAMPLE_DOCUMENT)
  for (const { name, from, to, percent, moves } of cases) {
    const [movement] = findMovement(before, sideOf(EXAMPLE_DOCUMENT.replace(from, to)), FIXTURE_GEODATA)
    assert.ok(Math.abs(movement!.movedPercent - percent) < 0.01, `${name}: ${movement!.movedPercent} is not ${percent}`)
    if (name !== 'the default line')
      assert.deepEqual(
        movement!.moves.map((move) => `${move.from} → ${move.to}`),
        moves,
        name,
      )
  }
})

test('findMovement counts only the changed share of a weighted pool', () => {
  const weighted = (a: number, b: number): string =>
    EXAMPLE_DOCUMENT.replace(
      '- {id: central, members: [{endpoint: central-1}]}',
      `- {id: central, choose: weighted, members: [{endpoint: central-1, weight: ${a}}, {endpoint: hangzhou-telecom-1, weight: ${b}}]}`,
    )
  const [movement] = findMovement(sideOf(weighted(70, 30)), sideOf(weighted(60, 40)), FIXTURE_GEODATA)
  assert.ok(Math.abs(movement!.movedPercent - 10) < 0.5, String(movement!.movedPercent))
  assert.deepEqual(
    movement!.moves.map((move) => `${move.from} → ${move.to}`),
    ['central-1 → hangzhou-telecom-1'],
  )
})

test('findMovement passes over new and removed names', () => {
  const other = EXAMPLE_DOCUMENT.replace('name: edge-api.yourcompany.com.', 'name: other.yourcompany.com.')
  assert.deepEqual(
    findMovement(sideOf(EXAMPLE_DOCUMENT), sideOf(other.replace('data: ["edge-api"]', 'data: ["ns1"]')), FIXTURE_GEODATA),
    [],
  )
})

const planOf = (text: string): Parameters<typeof rankNow>[0] => compileText(text).meta.rankPlan
/** Endpoint that the pool `central` of a plan is answered with in step 1. */
function centralPick(plan: Parameters<typeof rankNow>[0], scores: readonly HealthScore[], holders: Holders): string | undefined {
  const number = plan.poolUses.findIndex(({ poolId }) => poolId === 'central')
  const use = plan.poolUses[number]!
  const pick = rankNow(plan, scores, holders).poolPick[2 * number]!
  return pick < 0 ? undefined : plan.endpoints[use.members[pick - use.firstMember]!.endpoint]!.id
}

test('rankNow leaves a pool to whom nodes say holds it, whatever the noise of scores and the order of the document', () => {
  const near = [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', 11)]
  const reversed = PAIR_DOCUMENT.replace('{endpoint: central-1}, {endpoint: central-2}', '{endpoint: central-2}, {endpoint: central-1}')
  const cases: readonly { name: string; text?: string; scores?: readonly HealthScore[]; holder: string; pick: string | undefined }[] = [
    { name: 'nobody is said to hold it: the best', holder: '', pick: 'central-1' },
    { name: 'the holder, although another is a little better', holder: 'central-2', pick: 'central-2' },
    { name: 'the same in another order', text: reversed, holder: 'central-2', pick: 'central-2' },
    { name: 'a holder that the document no longer has', holder: 'gone', pick: 'central-1' },
    {
      name: 'a holder that is down',
      scores: [near[0]!, measured('central-2', '192.0.2.2', 11, 'down')],
      holder: 'central-2',
      pick: 'central-1',
    },
    {
      name: 'nobody eligible',
      scores: [measured('central-1', '192.0.2.1', 10, 'down'), measured('central-2', '192.0.2.2', 11, 'down')],
      holder: 'central-2',
      pick: undefined,
    },
  ]
  for (const { name, text = PAIR_DOCUMENT, scores = near, holder, pick } of cases)
    assert.equal(centralPick(planOf(text), scores, new Map([[CENTRAL_KEY, holder]])), pick, name)
})

test('settleHolders hands a place on for the document’s sake alone', () => {
  const tight = PAIR_DOCUMENT.replace('members: [{endpoint: central-1},', 'tolerancePercent: 0, members: [{endpoint: central-1},')
  const cases = [
    { name: 'inside the band', latencyMs: 11, before: PAIR_DOCUMENT, after: PAIR_DOCUMENT, holder: 'central-2' },
    { name: 'about to move anyway, its dwell not over', latencyMs: 400, before: PAIR_DOCUMENT, after: PAIR_DOCUMENT, holder: 'central-2' },
    { name: 'the document narrows the band', latencyMs: 11, before: PAIR_DOCUMENT, after: tight, holder: 'central-1' },
    { name: 'an old narrow band', latencyMs: 11, before: tight, after: tight, holder: 'central-2' },
  ]
  for (const { name, latencyMs, before, after, holder } of cases) {
    const scores = [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', latencyMs)]
    const settled = settleHolders(planOf(before), planOf(after), scores, new Map([[CENTRAL_KEY, 'central-2']]))
    assert.equal(settled.get(CENTRAL_KEY), holder, name)
  }
})
