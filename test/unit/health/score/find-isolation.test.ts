import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findIsolation, type IsolationInput, type RemoteTarget, tallyVotes } from '../../../../health/score/find-isolation.ts'

const NOW_MS = 1_000_000
/** Targets t0, t1 …: "+" is reached, "-" fails, "?" has not been measured; in place unless in lower case "x" (fails and is out). */
const targets = (seen: string): RemoteTarget[] =>
  [...seen].map((result, i) => ({ key: `t${i}`, fails: result === '?' ? undefined : result !== '+', inPlace: result !== 'x' }))
const others = (...votes: string[]): Pick<IsolationInput, 'others' | 'otherCount'> => ({
  others: tallyVotes(
    votes.map((seen) => new Map([...seen].flatMap((vote, i) => (vote === '?' ? [] : [[`t${i}`, vote === '+'] as const])))),
  ),
  otherCount: votes.length,
})
const NOBODY = others()
const reached = { fails: false, reachedAtMs: NOW_MS - 1000 }
const failing = { fails: true, reachedAtMs: NOW_MS - 10_000 }
const longGone = { fails: true, reachedAtMs: NOW_MS - 900_000 }
const never = { fails: true, reachedAtMs: Number.NaN }

const cases: readonly (Partial<Omit<IsolationInput, 'targets'>> & { name: string; seen: string; expected: boolean })[] = [
  { name: '(a) all fail that two others see up', seen: '----', ...others('++++', '++++'), expected: true },
  { name: '(a) more than half', seen: '---+', ...others('++++', '++++'), expected: true },
  { name: '(a) half is not more than half', seen: '--++', ...others('++++', '++++'), expected: false },
  { name: '(a) what the others see down is not compared', seen: '---+', ...others('---+', '---+'), expected: false },
  { name: '(a) a majority of the others must see it up', seen: '----', ...others('++++', '----'), expected: false },
  { name: '(a) two of three others are a majority', seen: '----', ...others('++++', '++++', '----'), expected: true },
  { name: '(a) one other is not enough', seen: '----', ...others('++++'), expected: false },
  { name: '(a) what nobody measured here is not compared', seen: '?--+', ...others('++++', '++++'), expected: true },
  { name: '(a) reached again: over', seen: '++++', ...others('++++', '++++'), wasIsolated: true, expected: false },
  { name: '(a) nothing to compare: as it was', seen: '----', ...others('????', '????'), wasIsolated: true, expected: true },
  { name: '(b) no references: off', seen: '----', expected: false },
  { name: '(b) all targets and all references fail', seen: '---', references: [failing, failing], expected: true },
  { name: '(b) one reference is reached', seen: '---', references: [failing, reached], expected: false },
  { name: '(b) one target is reached', seen: '--+', references: [failing], expected: false },
  { name: '(b) a reference not reached for a window proves nothing', seen: '---', references: [longGone], expected: false },
  { name: '(b) one of them still was', seen: '---', references: [longGone, failing], expected: true },
  { name: '(b) a reference never reached proves nothing', seen: '---', references: [never], expected: false },
  { name: '(b) targets that were out before do not hinder it', seen: 'x--', references: [failing], expected: true },
  { name: '(b) nothing measured yet', seen: '???', references: [failing], expected: false },
  { name: '(c) alone after (a): stays', seen: '----', wasIsolated: true, expected: true },
  { name: '(c) half of what stands is reached', seen: '++--', wasIsolated: true, expected: true },
  { name: '(c) more than half', seen: '+++-', wasIsolated: true, expected: false },
  { name: '(c) what is out does not count', seen: 'xx+', wasIsolated: true, expected: false },
  { name: '(c) a reference is reached', seen: '----', references: [reached], wasIsolated: true, expected: false },
]
for (const { name, seen, expected, ...given } of cases) {
  test(`findIsolation ${name}`, () => {
    const input = { references: [], wasIsolated: false, windowMs: 300_000, nowMs: NOW_MS, ...NOBODY, ...given }
    assert.equal(findIsolation({ targets: targets(seen), ...input }), expected)
  })
}
