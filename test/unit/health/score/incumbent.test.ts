import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Candidate, type Incumbent, keepIncumbent } from '../../../../health/score/incumbent.ts'

const RULE = { tolerancePercent: 10, dwellSeconds: 60 }

/** Scores of the candidates by id; '?' = nothing is known of it yet, and so it is no candidate. Declared by name. */
type Step = readonly [seconds: number, scores: Readonly<Record<string, number | '?'>>]

/** Who holds the place at each step. First results are waited for 6 s. */
function play(steps: readonly Step[], rule: typeof RULE = RULE): string[] {
  const memory = new Map<string, Incumbent>()
  return steps.map(([seconds, scores]) => {
    const candidates: Candidate[] = []
    const endpointIds: string[] = []
    for (const [endpointId, score] of Object.entries(scores)) {
      if (score === '?') endpointIds.push(endpointId)
      else candidates.push({ endpointId, score, position: endpointId.charCodeAt(0) })
    }
    candidates.sort((a, b) => b.score - a.score)
    const position = keepIncumbent(memory, 'p', candidates, rule, 1000 * seconds, { endpointIds, settleMs: 6000 })
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

test('keepIncumbent, the first choice: declared order within the band, whoever was measured first', () => {
  const cases: readonly { readonly name: string; readonly steps: readonly Step[]; readonly expected: readonly string[] }[] = [
    { name: 'within the band the first declared', steps: [[0, { a: 66, b: 70 }]], expected: ['a'] },
    { name: 'beyond it the better one', steps: [[0, { a: 60, b: 70 }]], expected: ['b'] },
    { name: 'the first of those within the band of the best', steps: [[0, { a: 60, b: 68, c: 70 }]], expected: ['b'] },
    {
      name: 'one that stands before the holder gets its first result',
      steps: [
        [0, { a: '?', b: 70 }],
        [0.01, { a: 68, b: 70 }],
      ],
      expected: ['b', 'a'],
    },
    {
      name: 'not when it is worse than the band',
      steps: [
        [0, { a: '?', b: 70 }],
        [0.01, { a: 60, b: 70 }],
        [1, { a: 69, b: 70 }],
      ],
      expected: ['b', 'b', 'b'],
    },
    {
      name: 'one behind the holder moves nobody but by the band',
      steps: [
        [0, { a: 70, b: '?', c: '?' }],
        [0.01, { a: 70, b: 76, c: '?' }],
        [0.02, { a: 70, b: 76, c: 78 }],
      ],
      expected: ['a', 'a', 'b'],
    },
    {
      name: 'each of several once, in whatever order they come',
      steps: [
        [0, { a: '?', b: '?', c: 70 }],
        [1, { a: '?', b: 70, c: 70 }],
        [2, { a: 70, b: 70, c: 70 }],
        [3, { b: 70, c: 70 }],
        [4, { a: 70, b: 70, c: 70 }],
      ],
      expected: ['c', 'b', 'a', 'b', 'b'],
    },
    {
      name: 'its first result was a failure: coming back later is a plain recovery',
      steps: [
        [0, { a: '?', b: 70 }],
        [1, { b: 70 }],
        [5, { a: 70, b: 70 }],
      ],
      expected: ['b', 'b', 'b'],
    },
    {
      name: 'too late',
      steps: [
        [0, { a: '?', b: 70 }],
        [6, { a: '?', b: 70 }],
        [6.01, { a: 70, b: 70 }],
      ],
      expected: ['b', 'b', 'b'],
    },
    {
      name: 'nobody known at first',
      steps: [
        [0, { a: '?', b: '?' }],
        [1, { a: '?', b: 70 }],
        [1.01, { a: 70, b: 70 }],
      ],
      expected: ['nobody', 'b', 'a'],
    },
    {
      name: 'a plain recovery, never',
      steps: [
        [0, { b: 70, c: 70 }],
        [1, { a: 70, b: 70, c: 70 }],
      ],
      expected: ['b', 'b'],
    },
  ]
  for (const { name, steps, expected } of cases) assert.deepEqual(play(steps), expected, name)
})

test('nodes agree on the first choice in whatever order first results come', () => {
  const scores: Readonly<Record<string, number>> = { a: 58, b: 68, c: 70, d: 69 }
  const permute = (ids: readonly string[]): readonly string[][] =>
    ids.length === 0 ? [[]] : ids.flatMap((id) => permute(ids.filter((each) => each !== id)).map((rest) => [id, ...rest]))
  for (const arrivals of permute(Object.keys(scores))) {
    for (let atFirst = 0; atFirst <= arrivals.length; atFirst++) {
      const known = (count: number): Step[1] =>
        Object.fromEntries(Object.keys(scores).map((id) => [id, arrivals.indexOf(id) < count ? scores[id]! : '?'] as const))
      const steps = Array.from({ length: arrivals.length - atFirst + 1 }, (_, i): Step => [i / 100, known(atFirst + i)])
      const holders = play(steps)
      assert.equal(holders.at(-1), 'b', `${arrivals.join('')} from ${atFirst}`)
    }
  }
})

test('nothing is awaited for ever: the memory of a settled pool is its holder', () => {
  const memory = new Map<string, Incumbent>()
  const step = (seconds: number, ...endpointIds: string[]): void => {
    const candidates = [{ endpointId: 'b', score: 70, position: 1 }]
    keepIncumbent(memory, 'p', candidates, RULE, 1000 * seconds, { endpointIds, settleMs: 6000 })
  }
  step(0, 'a')
  assert.deepEqual(memory.get('p')!.awaited, { endpointIds: new Set(['a']), untilMs: 6000 })
  step(7, 'a')
  step(8, 'a')
  assert.deepEqual(memory.get('p'), { endpointId: 'b', challengers: new Map() })
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
