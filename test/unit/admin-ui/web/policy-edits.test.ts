/** Edits of a policy: orders close up, lines are added before the default, live is compared by row and cell. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyObject } from '../../../../admin-ui/contract/policy.ts'
import {
  addRules,
  copyPools,
  differenceOf,
  FALLBACK_ROW,
  movePool,
  placePool,
  poolsOf,
  removePool,
  removeRule,
  rowOfIssue,
} from '../../../../admin-ui/web/features/policies/policy-edits.ts'

const policy: PolicyObject = {
  id: 'edge-api',
  ttlSeconds: 30,
  rules: [
    { line: 'cn-33/mobile', pools: ['a', 'b', 'c'] },
    { line: '*', pools: ['central'] },
  ],
  fallback: ['central'],
}

const places: readonly (readonly [name: string, pool: string, at: number, expected: string])[] = [
  ['a new pool takes its place and others move', 'x', 2, 'a x b c'],
  ['a place beyond the end is the last', 'x', 9, 'a b c x'],
  ['a pool of the rule moves, numbers close up', 'a', 3, 'b c a'],
  ['the same place changes nothing', 'b', 2, 'a b c'],
]
for (const [name, pool, at, expected] of places) {
  test(`placePool: ${name}`, () => assert.equal(poolsOf(placePool(policy, 'cn-33/mobile', pool, at), 'cn-33/mobile').join(' '), expected))
}

test('movePool keeps the ends', () => {
  assert.equal(poolsOf(movePool(policy, 'cn-33/mobile', 'a', -1), 'cn-33/mobile').join(' '), 'a b c')
  assert.equal(poolsOf(movePool(policy, 'cn-33/mobile', 'a', 1), 'cn-33/mobile').join(' '), 'b a c')
})

test('removePool works on rules and on the fallback', () => {
  assert.equal(poolsOf(removePool(policy, 'cn-33/mobile', 'b'), 'cn-33/mobile').join(' '), 'a c')
  assert.deepEqual(poolsOf(removePool(policy, FALLBACK_ROW, 'central'), FALLBACK_ROW), [])
})

test('addRules puts new lines before the default and leaves known ones alone', () => {
  const next = addRules(policy, ['cn-31/telecom', 'cn-33/mobile'])
  assert.deepEqual(
    next.rules.map((rule) => rule.line),
    ['cn-33/mobile', 'cn-31/telecom', '*'],
  )
  assert.equal(addRules(policy, ['*']), policy)
})

test('copyPools makes missing rules', () => {
  const next = copyPools(policy, 'cn-33/mobile', ['cn-32/mobile'])
  assert.equal(poolsOf(next, 'cn-32/mobile').join(' '), 'a b c')
})

test('differenceOf tells new, changed and removed rules, and keys', () => {
  const next = { ...removeRule(placePool(addRules(policy, ['cn-32']), '*', 'x', 1), 'cn-33/mobile'), inherit: false }
  const difference = differenceOf(next, policy)
  assert.equal(difference.rows.get('cn-32'), 'new')
  assert.equal(difference.rows.get('*'), 'changed')
  assert.deepEqual(difference.removed, ['cn-33/mobile'])
  assert.deepEqual([...difference.cells].sort(), ['* central', '* x'])
  assert.deepEqual(difference.keys, ['inherit'])
})

test('rowOfIssue reads the row from the path', () => {
  assert.equal(rowOfIssue('policies[0].rules[1].pools', policy), '*')
  assert.equal(rowOfIssue('policies[3].fallback', policy), FALLBACK_ROW)
  assert.equal(rowOfIssue('policies[0]', policy), undefined)
})
