import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReportedAddress, VantageReport } from '../../../../health/model/vantage-report.ts'
import { createDropCounts } from '../../../../health/score/drop-counts.ts'
import { createVantageBoard, freshVantages, MOST_VANTAGES, takeReport, votesAbout } from '../../../../health/score/vantage-board.ts'

const WALL = Date.UTC(2026, 0, 1)
const KNOWN = new Map([
  ['a 192.0.2.1', { intervalMs: 5000, site: 'east' }],
  ['b 192.0.2.2', { intervalMs: 30_000, site: 'west' }],
])
const address = (given: Partial<ReportedAddress> = {}): ReportedAddress => ({
  endpointId: 'a',
  address: '192.0.2.1',
  inPlace: true,
  latencyMs: 20,
  errorRatePercent: 0,
  sampleCount: 60,
  at: WALL - 1000,
  ...given,
})
const report = (given: Partial<VantageReport> = {}): VantageReport => ({
  vantage: 'v',
  site: '',
  at: WALL,
  addresses: [address()],
  ...given,
})

test('what is wrong in a report is counted and dropped, the rest counts', () => {
  const cases: readonly { name: string; given: Partial<VantageReport>; reason: string; votes?: number }[] = [
    { name: 'our own', given: { vantage: 'me' }, reason: 'own-report' },
    { name: 'from the future', given: { at: WALL + 31_000 }, reason: 'future' },
    { name: 'kept on its way', given: { at: WALL - 31_000 }, reason: 'past' },
    { name: 'no name', given: { vantage: '' }, reason: 'absurd' },
    { name: 'no time', given: { at: Number.NaN }, reason: 'absurd' },
    { name: 'unknown endpoint', given: { addresses: [address({ endpointId: 'x' }), address()] }, reason: 'unknown-endpoint', votes: 1 },
    { name: 'unknown address', given: { addresses: [address({ address: '192.0.2.9' })] }, reason: 'unknown-endpoint' },
    { name: 'negative latency', given: { addresses: [address({ latencyMs: -1 })] }, reason: 'absurd' },
    { name: 'absurd latency', given: { addresses: [address({ latencyMs: 1e12 })] }, reason: 'absurd' },
    { name: 'not a number', given: { addresses: [address({ latencyMs: Number.NaN })] }, reason: 'absurd' },
    { name: 'error rate of 101 %', given: { addresses: [address({ errorRatePercent: 101 })] }, reason: 'absurd' },
    { name: 'half a sample', given: { addresses: [address({ sampleCount: 0.5 })] }, reason: 'absurd' },
    { name: 'a sample later than its report', given: { addresses: [address({ at: WALL + 5000 })] }, reason: 'absurd' },
  ]
  for (const { name, given, reason, votes = 0 } of cases) {
    const dropped = createDropCounts()
    const board = createVantageBoard(dropped)
    takeReport(board, report(given), KNOWN, 'me', 0, WALL)
    assert.deepEqual(
      Object.entries(dropped).filter(([, count]) => count > 0),
      [[reason, 1]],
      name,
    )
    assert.equal(votesAbout(board, 'a 192.0.2.1', KNOWN.get('a 192.0.2.1')!, new Set(), 0).length, votes, name)
  }
})

test('votes count for three intervals of their address, told by our clock since the arrival and by theirs before', () => {
  const board = createVantageBoard(createDropCounts())
  // Their clock is 20 s behind ours: that does not make the votes older.
  const at = WALL - 20_000
  takeReport(
    board,
    report({ at, addresses: [address({ at: at - 4000 }), address({ endpointId: 'b', address: '192.0.2.2', at: at - 4000 })] }),
    KNOWN,
    'me',
    100_000,
    WALL,
  )
  const count = (key: string, nowMs: number): number => votesAbout(board, key, KNOWN.get(key)!, new Set(), nowMs).length
  assert.deepEqual([count('a 192.0.2.1', 111_000), count('a 192.0.2.1', 111_001)], [1, 0])
  assert.deepEqual([count('b 192.0.2.2', 186_000), count('b 192.0.2.2', 186_001)], [1, 0])
  assert.equal(freshVantages(board, KNOWN, 150_000)[0]!.votes.size, 1)
  assert.equal(freshVantages(board, KNOWN, 200_000).length, 0)
})

test('an older report that arrives late changes nothing', () => {
  const dropped = createDropCounts()
  const board = createVantageBoard(dropped)
  takeReport(board, report(), KNOWN, 'me', 0, WALL)
  takeReport(board, report({ at: WALL - 1, addresses: [address({ inPlace: false })] }), KNOWN, 'me', 0, WALL)
  assert.equal(votesAbout(board, 'a 192.0.2.1', KNOWN.get('a 192.0.2.1')!, new Set(), 0)[0]!.inPlace, true)
  assert.equal(dropped.past, 1)
  takeReport(board, report({ at: WALL - 1, addresses: [address({ inPlace: false })] }), KNOWN, 'me', 5000, WALL + 5000)
  assert.equal(votesAbout(board, 'a 192.0.2.1', KNOWN.get('a 192.0.2.1')!, new Set(), 5000)[0]!.inPlace, false, 'its clock was put back')
})

test('an isolated vantage counts for its own site only', () => {
  const board = createVantageBoard(createDropCounts())
  const both = [address(), address({ endpointId: 'b', address: '192.0.2.2' })]
  takeReport(board, report({ site: 'east', addresses: both }), KNOWN, 'me', 0, WALL)
  const isolated = new Set(['v'])
  assert.equal(votesAbout(board, 'a 192.0.2.1', KNOWN.get('a 192.0.2.1')!, isolated, 0).length, 1)
  assert.equal(votesAbout(board, 'b 192.0.2.2', KNOWN.get('b 192.0.2.2')!, isolated, 0).length, 0)
})

test('names without end do not fill the memory; who was silent for an hour makes room', () => {
  const dropped = createDropCounts()
  const board = createVantageBoard(dropped)
  for (let i = 0; i < 10_000; i++) takeReport(board, report({ vantage: `v${i}` }), KNOWN, 'me', 0, WALL)
  assert.equal(board.rows.size, MOST_VANTAGES)
  assert.equal(dropped['vantage-limit'], 10_000 - MOST_VANTAGES)
  takeReport(board, report({ vantage: 'late', at: WALL + 3_700_000 }), KNOWN, 'me', 3_700_000, WALL + 3_700_000)
  assert.deepEqual([...board.rows.keys()], ['late'])
})
