import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_PROFILE, orderingScore, type ScoreProfile, scoreOf } from '../../../../health/score/score-profile.ts'

const EXPECTED_TIME: ScoreProfile = { ...DEFAULT_PROFILE, profile: 'expected-time' }

test('scoreOf gives the published numbers', () => {
  const cases = [
    { profile: DEFAULT_PROFILE, latencyMs: 10, errors: 0, expected: 100 },
    { profile: DEFAULT_PROFILE, latencyMs: 20, errors: 0, expected: 70 },
    { profile: DEFAULT_PROFILE, latencyMs: 50, errors: 0, expected: 52 },
    { profile: DEFAULT_PROFILE, latencyMs: 100, errors: 0, expected: 46 },
    { profile: DEFAULT_PROFILE, latencyMs: 1, errors: 0, expected: 100 },
    { profile: DEFAULT_PROFILE, latencyMs: 12, errors: 40, expected: 74 },
    { profile: DEFAULT_PROFILE, latencyMs: 10, errors: 100, expected: 60 },
    { profile: { ...DEFAULT_PROFILE, latencyWeight: 0.5, successWeight: 0.5 }, latencyMs: 20, errors: 10, expected: 70 },
    { profile: { ...DEFAULT_PROFILE, floorMs: 20 }, latencyMs: 20, errors: 0, expected: 100 },
    { profile: { ...DEFAULT_PROFILE, floorMs: 20 }, latencyMs: 40, errors: 0, expected: 70 },
    { profile: EXPECTED_TIME, latencyMs: 10, errors: 0, expected: 100 },
    { profile: EXPECTED_TIME, latencyMs: 50, errors: 0, expected: 20 },
    { profile: EXPECTED_TIME, latencyMs: 10, errors: 4, expected: 20 },
    { profile: { ...EXPECTED_TIME, retryPenaltyMs: 250 }, latencyMs: 10, errors: 4, expected: 50 },
    { profile: { ...EXPECTED_TIME, floorMs: 40 }, latencyMs: 30, errors: 1, expected: 100 },
    { profile: { ...EXPECTED_TIME, floorMs: 40 }, latencyMs: 70, errors: 1, expected: 50 },
    { profile: { ...DEFAULT_PROFILE, latencyWeight: 1, successWeight: 0 }, latencyMs: 40, errors: 50, expected: 25 },
    { profile: { ...DEFAULT_PROFILE, latencyWeight: 0, successWeight: 1 }, latencyMs: 400, errors: 2.5, expected: 97.5 },
    { profile: { ...DEFAULT_PROFILE, latencyWeight: 1, successWeight: 1 }, latencyMs: 10, errors: 0, expected: 100 },
  ]
  for (const { profile, latencyMs, errors, expected } of cases)
    assert.ok(Math.abs(scoreOf(profile, latencyMs, errors) - expected) < 1e-9, `${profile.profile} ${latencyMs} ms ${errors} %`)
})

test('no samples give no score, but a place in the order behind what is measured', () => {
  assert.ok(Number.isNaN(scoreOf(DEFAULT_PROFILE, Number.NaN, Number.NaN)))
  assert.ok(Number.isNaN(scoreOf(DEFAULT_PROFILE, Number.NaN, 0)))
  assert.equal(orderingScore(DEFAULT_PROFILE, Number.NaN, Number.NaN), scoreOf(DEFAULT_PROFILE, 1000, 0))
  assert.ok(orderingScore(DEFAULT_PROFILE, Number.NaN, Number.NaN) < scoreOf(DEFAULT_PROFILE, 400, 0))
})
