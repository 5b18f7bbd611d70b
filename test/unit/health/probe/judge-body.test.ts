import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BODY_LIMIT_BYTES, createBodyJudge, PATTERN_LIMIT_BYTES } from '../../../../health/probe/judge-body.ts'
import { probeSpec } from '../../../support/rank-plans.ts'

const KB = 1024

test('createBodyJudge finds text and pattern wherever chunks are cut, and stops when it knows', () => {
  const far = (text: string, bytes: number): string => `${'.'.repeat(bytes)}${text}`
  const cases = [
    { name: 'no wish', given: {}, body: 'anything', found: true },
    { name: 'a text', given: { match: 'needle' }, body: 'a needle here', found: true },
    { name: 'a text that is missing', given: { match: 'needle' }, body: 'nothing', found: false },
    { name: 'a text before the limit', given: { match: 'needle' }, body: far('needle', BODY_LIMIT_BYTES - 6), found: true },
    { name: 'a text across the limit', given: { match: 'needle' }, body: far('needle', BODY_LIMIT_BYTES - 5), found: false },
    { name: 'a pattern', given: { matchPattern: 'n[e]+dle$' }, body: 'a needle', found: true },
    { name: 'a pattern before its limit', given: { matchPattern: 'needle' }, body: far('needle', PATTERN_LIMIT_BYTES - 6), found: true },
    { name: 'a pattern across its limit', given: { matchPattern: 'needle' }, body: far('needle', PATTERN_LIMIT_BYTES - 5), found: false },
    { name: 'both', given: { match: 'needle', matchPattern: '^a' }, body: 'a needle', found: true },
    { name: 'one of both', given: { match: 'needle', matchPattern: '^b' }, body: 'a needle', found: false },
    { name: 'an empty body', given: { matchPattern: '^$' }, body: '', found: true },
    { name: 'letters beyond ASCII', given: { matchPattern: '^正常\\p{Han}$' }, body: '正常吗', found: true },
  ]
  for (const { name, given, body, found } of cases) {
    for (const size of [1 << 20, 7 * KB, 1000]) {
      const judge = createBodyJudge(probeSpec(given))
      const whole = Buffer.from(body)
      for (let at = 0; at < whole.length; at += size) if (!judge.take(whole.subarray(at, at + size))) break
      const complaint = judge.complaint()
      assert.equal(complaint === undefined, found, `${name} in pieces of ${size}`)
      if (!found) assert.equal(complaint!.failure, 'body')
    }
  }
})

test('createBodyJudge asks for no more than it needs', () => {
  const chunk = Buffer.alloc(KB, 'x')
  const taken = (given: Parameters<typeof probeSpec>[0]): number => {
    const judge = createBodyJudge(probeSpec(given))
    let count = 1
    while (judge.take(chunk)) count++
    return count
  }
  assert.equal(taken({ match: 'x' }), 1)
  assert.equal(taken({ match: 'y' }), 1024)
  assert.equal(taken({ matchPattern: 'y' }), 64)
  assert.equal(taken({}), 1024)
})
