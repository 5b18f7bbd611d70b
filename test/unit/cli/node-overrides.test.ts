/** What a node keeps of overrides over a restart, and how it shows them. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { ExplainAnswer, ExplainCandidate } from '../../../admin-ui/contract/explain.ts'
import type { HealthScores } from '../../../admin-ui/contract/health-scores.ts'
import { startNodeOverrides } from '../../../cli/data-plane/node-overrides.ts'
import { noteExplanation, noteScores, overrideNotes } from '../../../cli/data-plane/show-overrides.ts'
import type { Override } from '../../../health/model/override.ts'

const override = (id: string, given: Partial<Override> = {}): Override => ({
  id,
  target: { kind: 'endpoint', value: 'a' },
  action: 'down',
  drainSeconds: 0,
  owner: 'wang',
  reason: 'power work',
  createdAt: 1000,
  startsAt: null,
  endsAt: null,
  ...given,
})

let folder: string
let path: string
let told: string[]
let problems: string[]
const log = {
  warn: (_fields: unknown, message?: unknown) => void problems.push(String(message)),
  error: (_fields: unknown, message?: unknown) => void problems.push(String(message)),
} as unknown as Parameters<typeof startNodeOverrides>[1]
const start = () => startNodeOverrides(path, log, (list) => void told.push(list.map(({ id }) => id).join('+')))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nearcast-overrides-'))
  path = join(folder, 'node', 'overrides')
  told = []
  problems = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('what was taken is used, on disk before, and used again at the next start', () => {
  const first = startNodeOverrides(path, log, (list) => void told.push(`${list.length} ${existsSync(path)}`))
  assert.deepEqual([first.list(), told], [[], []])
  first.take([override('1'), override('2', { schedule: { cron: '0 2 * * *', durationSeconds: 60, timeZone: 'UTC' } })])
  assert.deepEqual(told, ['2 true'])
  const second = start()
  assert.deepEqual(told.slice(1), ['1+2'])
  assert.deepEqual(second.list(), first.list())
  second.take([])
  assert.deepEqual(start().list(), [])
  assert.deepEqual(problems, [])
})

test('the same list again is no change', () => {
  const overrides = start()
  overrides.take([override('1')])
  const before = readFileSync(path)
  overrides.take([override('1')])
  assert.deepEqual([told, readFileSync(path)], [['1'], before])
})

describe('a file that is damaged gives way to the older copy', () => {
  const damages: readonly (readonly [name: string, damage: () => void])[] = [
    ['cut', () => truncateSync(path, 60)],
    ['emptied', () => truncateSync(path, 0)],
    ['overwritten', () => writeFileSync(path, 'x'.repeat(200))],
    [
      'one bit',
      () =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
        ),
    ],
    [
      'another format',
      () =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at === 8 ? 9 : byte)),
        ),
    ],
  ]
  for (const [name, damage] of damages)
    test(name, () => {
      const overrides = start()
      overrides.take([override('1')])
      overrides.take([override('1'), override('2')])
      damage()
      told = []
      assert.deepEqual(
        [
          start()
            .list()
            .map(({ id }) => id),
          told,
        ],
        [['1'], ['1']],
      )
      assert.deepEqual(problems, ['kept overrides are not used'])
    })
})

test('a full disk costs the next start only', () => {
  writeFileSync(join(folder, 'node'), 'no folder')
  const overrides = start()
  overrides.take([override('1')])
  assert.deepEqual([told, problems], [['1'], ['the overrides could not be kept for the next start']])
})

const plan = { endpoints: [{ id: 'a' }, { id: 'b' }], poolUses: [] }

test('notes tell action, owner, reason, end and what a drain leaves', () => {
  const drain = override('2', { target: { kind: 'endpoint', value: 'b' }, action: 'drain', drainSeconds: 90, startsAt: 0, endsAt: 200_000 })
  const notes = overrideNotes([override('1'), drain, override('3', { startsAt: 5_000_000 })], plan, 45_000)
  assert.deepEqual(
    [...notes],
    [
      ['a', { id: '1', action: 'down', owner: 'wang', reason: 'power work', until: null }],
      ['b', { id: '2', action: 'drain', owner: 'wang', reason: 'power work', until: '1970-01-01T00:03:20.000Z', sharePercent: 50 }],
    ],
  )
})

test('scores and explanations have the note beside what it holds', () => {
  const notes = overrideNotes([override('1')], plan, 45_000)
  const scores = { scores: [{ endpoint: 'a' }, { endpoint: 'b' }] } as unknown as HealthScores
  assert.deepEqual(
    noteScores(scores, notes).scores.map((score) => score.override?.id),
    ['1', undefined],
  )
  const pool = { candidates: [{ endpoint: 'b' }, { endpoint: 'a' }] as unknown as ExplainCandidate[] }
  const answer = { rules: [{ pools: [pool] }], fallback: [pool] } as unknown as ExplainAnswer
  const noted = noteExplanation(answer, notes)
  const ids = (one: { readonly candidates: readonly ExplainCandidate[] }) => one.candidates.map((candidate) => candidate.override?.id)
  assert.deepEqual(
    [ids(noted.rules[0]!.pools[0]!), ids(noted.fallback[0]!)],
    [
      [undefined, '1'],
      [undefined, '1'],
    ],
  )
})
