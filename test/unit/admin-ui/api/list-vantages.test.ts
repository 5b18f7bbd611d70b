/** The list of vantages: who is fresh, what each says, and who is left out because it sees so much less than the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listVantages } from '../../../../admin-ui/api/health/list-vantages.ts'
import type { VantageReport } from '../../../../health/model/vantage-report.ts'

const NOW = 1_000_000_000
const TARGETS = ['a', 'b', 'c', 'd']
const known = new Map(TARGETS.map((id) => [`${id} 192.0.2.1`, { intervalMs: 5000, site: id === 'd' ? 'east' : '' }]))

/** A report with a vote a target: + up, - down, ? none. */
function report(vantage: string, votes: string, given: Partial<VantageReport> & { readonly ageMs?: number } = {}): VantageReport {
  const { ageMs = 0, ...rest } = given
  return {
    vantage,
    site: '',
    at: NOW,
    addresses: [...votes].map((vote, i) => ({
      endpointId: TARGETS[i]!,
      address: '192.0.2.1',
      inPlace: vote === '?' ? null : vote === '+',
      latencyMs: 5,
      errorRatePercent: 0,
      sampleCount: 9,
      at: NOW - ageMs,
    })),
    ...rest,
  }
}
const fed = (one: VantageReport, counts: readonly (readonly [string, number])[] = [['accepted', 9]]) => ({
  name: one.vantage,
  vantage: { tokenId: '', site: one.site, heardMs: 0, addresses: new Map(), counts: new Map(counts) },
  report: one,
})

const cases = [
  {
    name: 'all see the same',
    fed: [report('v1', '++++'), report('v2', '++++'), report('v3', '++++')],
    expected: { v1: 'fresh', v2: 'fresh', v3: 'fresh' },
  },
  {
    name: 'one sees almost nothing of what the others see',
    fed: [report('v1', '++++'), report('v2', '++++'), report('v3', '---+')],
    expected: { v1: 'fresh', v2: 'fresh', v3: 'fresh isolated' },
  },
  {
    name: 'half is not more than half',
    fed: [report('v1', '++++'), report('v2', '++++'), report('v3', '--++')],
    expected: { v1: 'fresh', v2: 'fresh', v3: 'fresh' },
  },
  {
    name: 'all see it fail',
    fed: [report('v1', '----'), report('v2', '----'), report('v3', '----')],
    expected: { v1: 'fresh', v2: 'fresh', v3: 'fresh' },
  },
  {
    name: 'old votes count no more, so there is nobody to compare with',
    fed: [report('v1', '++++', { ageMs: 15_001 }), report('v2', '++++', { ageMs: 15_001 }), report('v3', '----')],
    expected: { v1: 'stale', v2: 'stale', v3: 'fresh' },
  },
  {
    name: 'votes about the own site are not compared',
    fed: [report('v1', '?+++'), report('v2', '?+++'), report('v3', '?++-', { site: 'east' })],
    expected: { v1: 'fresh', v2: 'fresh', v3: 'fresh' },
  },
  {
    name: 'samples are fresh without votes, and about the own site',
    fed: [report('v1', '????'), { ...report('v2', ''), site: 'east', addresses: report('v2', '???+').addresses.slice(3) }],
    expected: { v1: 'fresh', v2: 'fresh' },
  },
]
for (const { name, fed: reports, expected } of cases) {
  test(`listVantages: ${name}`, () => {
    const list = listVantages({ fed: reports.map((one) => fed(one)), nodeReports: [], nodeIds: [], known, wallMs: NOW })
    const words = list.map(({ vantage, fresh, isolated }) => [vantage, `${fresh ? 'fresh' : 'stale'}${isolated ? ' isolated' : ''}`])
    assert.deepEqual(Object.fromEntries(words), expected)
  })
}

test('listVantages: nodes come first, connected or away; one that says it is cut off is; counts are those of the fed', () => {
  const list = listVantages({
    fed: [
      fed(report('b-fed', '+-?'), [
        ['accepted', 3],
        ['past', 2],
      ]),
    ],
    nodeReports: [report('node-2', '++++', { isolated: true }), report('node-3', '++++', { at: NOW - 20_000 })],
    nodeIds: ['node-1', 'node-2'],
    known,
    wallMs: NOW,
  })
  assert.deepEqual(
    list.map(({ vantage, kind, fresh, isolated, addresses, accepted, dropped }) => [
      `${kind} ${vantage}`,
      fresh,
      isolated,
      `${addresses.up}/${addresses.down}/${addresses.silent}`,
      accepted,
      dropped,
    ]),
    [
      ['node node-1', true, false, '0/0/0', null, null],
      ['node node-2', true, true, '4/0/0', null, null],
      ['node node-3', false, false, '4/0/0', null, null],
      ['api b-fed', true, false, '1/1/1', 3, { past: 2 }],
    ],
  )
})
