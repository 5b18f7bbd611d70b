/** What the watch over swaps finds wrong, and what not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeAnswers, type WatchedAnswer } from '../../support/swap-watch.ts'

/** Two questions; A changes to B at 100, and B to C at 200. */
const A = ['a0', 'a1']
const B = ['b0', 'b1']
const C = ['c0', 'c1']
const TRANSITIONS = [
  { causedMs: 100, from: A, to: B },
  { causedMs: 200, from: B, to: C },
]
const row = (sentMs: number, repliedMs: number, question: number, reply: string | undefined): WatchedAnswer => ({
  question,
  sentMs,
  repliedMs,
  reply,
})

const cases: readonly {
  name: string
  answers: readonly WatchedAnswer[]
  wrong: number
  lost?: number
  first: readonly (number | undefined)[]
}[] = [
  {
    name: 'each state in its time',
    answers: [row(90, 91, 0, 'a0'), row(110, 111, 1, 'a1'), row(112, 113, 0, 'b0'), row(210, 211, 1, 'b1'), row(212, 215, 0, 'c0')],
    wrong: 0,
    first: [13, 15],
  },
  { name: 'the new state before its cause', answers: [row(90, 91, 0, 'b0')], wrong: 1, first: [undefined, undefined] },
  { name: 'asked before the cause, answered behind it', answers: [row(99, 101, 0, 'b0')], wrong: 0, first: [1, undefined] },
  {
    name: 'the old state after the new one',
    answers: [row(110, 111, 0, 'b0'), row(112, 113, 0, 'a0')],
    wrong: 1,
    first: [11, undefined],
  },
  {
    name: 'asked before the new one was seen',
    answers: [row(110, 113, 0, 'b0'), row(111, 114, 1, 'a1')],
    wrong: 0,
    first: [13, undefined],
  },
  { name: 'the answer of another question', answers: [row(90, 91, 0, 'a1')], wrong: 1, first: [undefined, undefined] },
  { name: 'no reply', answers: [row(90, 91, 0, undefined)], wrong: 0, lost: 1, first: [undefined, undefined] },
  { name: 'two changes at once are both shown', answers: [row(210, 220, 0, 'c0')], wrong: 0, first: [120, 20] },
]

for (const { name, answers, wrong, lost = 0, first } of cases) {
  test(`judgeAnswers: ${name}`, () => {
    const verdict = judgeAnswers(answers, A, TRANSITIONS)
    assert.equal(verdict.wrong.length, wrong)
    assert.equal(verdict.lost, lost)
    assert.deepEqual(
      verdict.transitions.map(({ firstNewMs }) => firstNewMs),
      first,
    )
  })
}
