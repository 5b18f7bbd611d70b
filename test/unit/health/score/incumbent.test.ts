import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, type Incumbent, keepIncumbent } from '../../../../health/score/incumbent.ts'

const RULE = { tolerancePercent: 10, dwellSeconds: 60 }

/** Scores by id at points of time (seconds) → who holds the place. */
function play(
  steps: readonly (readonly [seconds: number, scores: Readonly<Record<string, number>>])[],
  rule: typeof RULE = RULE,
): string[] {
  const memory = new Map<string, Incumbent>()
  return steps.map(([seconds, scores]) => {
    const candidates: Candidate[] = Object.entries(scores)
      .map(([endpointId, score]) => ({ endpointId, score }))
      .sort((a, b) => b.score - a.score)
    const position = keepIncumbent(memory, 'p', candidates, rule, 1000 * seconds)
    return candidates[position]?.endpointId ?? 'nobody'
  })
}

test('keepIncumbent moves only for more than the band and longer than the dwell', () => {
  const cases = [
    { name: 'the best is first', steps: [[0, { a: 50, b: 60 }]], expected: ['b'] },
    {
      name: 'within the band nobody moves, ever',
      steps: [
        [0, { a: 70, b: 60 }],
        [60, { a: 70, b: 76 }],
        [6000, { a: 70, b: 77 }],
      ],
      expected: ['a', 'a', 'a'],
    },
    {
      name: 'beyond the band for the dwell',
      steps: [
        [0, { a: 70, b: 60 }],
        [10, { a: 70, b: 78 }],
        [69, { a: 70, b: 78 }],
        [70, { a: 70, b: 78 }],
      ],
      expected: ['a', 'a', 'a', 'b'],
    },
    {
      name: 'the dwell begins again when the challenger was back in the band',
      steps: [
        [0, { a: 70, b: 60 }],
        [10, { a: 70, b: 78 }],
        [40, { a: 70, b: 76 }],
        [75, { a: 70, b: 78 }],
        [134, { a: 70, b: 78 }],
        [135, { a: 70, b: 78 }],
      ],
      expected: ['a', 'a', 'a', 'a', 'a', 'b'],
    },
    {
      name: 'each challenger has a dwell of its own',
      steps: [
        [0, { a: 50, b: 40, c: 40 }],
        [10, { a: 50, b: 60, c: 40 }],
        [50, { a: 50, b: 60, c: 70 }],
        [70, { a: 50, b: 60, c: 70 }],
      ],
      expected: ['a', 'a', 'a', 'b'],
    },
    {
      name: 'at least 3 points: 10 % of 20 are only 2',
      steps: [
        [0, { a: 20, b: 10 }],
        [10, { a: 20, b: 22.9 }],
        [100, { a: 20, b: 22.9 }],
        [200, { a: 20, b: 23.1 }],
        [260, { a: 20, b: 23.1 }],
      ],
      expected: ['a', 'a', 'a', 'a', 'b'],
    },
    {
      name: 'nothing delays leaving one that is no candidate any more, and who took over stays',
      steps: [
        [0, { a: 70, b: 60 }],
        [1, { b: 60 }],
        [2, { a: 64, b: 60 }],
        [200, { a: 64, b: 60 }],
      ],
      expected: ['a', 'b', 'b', 'b'],
    },
    {
      name: 'with nobody left the last one is remembered',
      steps: [
        [0, { a: 70, b: 69 }],
        [1, {}],
        [2, { a: 69, b: 70 }],
      ],
      expected: ['a', 'nobody', 'a'],
    },
  ] as const
  for (const { name, steps, expected } of cases) assert.deepEqual(play(steps), expected, name)
})

test('a dwell of none moves at once', () => {
  assert.deepEqual(
    play(
      [
        [0, { a: 70, b: 60 }],
        [1, { a: 70, b: 78 }],
      ],
      { tolerancePercent: 10, dwellSeconds: 0 },
    ),
    ['a', 'b'],
  )
})
