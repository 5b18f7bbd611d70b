/** Fields of the override dialog → body of the API. Times are the browser's, so they are made and read in the same zone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { endOf, localField, type OverrideForm, wishOf } from '../../../../admin-ui/web/features/overrides/override-wish.ts'

const NOW = new Date(2026, 5, 15, 12, 0).getTime()
const at = (hour: number, day = 15): number => new Date(2026, 5, day, hour, 0).getTime()
const FORM: OverrideForm = {
  target: { kind: 'endpoint', value: 'a' },
  action: 'down',
  reason: ' power work ',
  drainMinutes: '5',
  when: 'now',
  startsAt: localField(at(18)),
  end: '1h',
  endsAt: localField(at(20)),
  cron: '0 2 * * 6',
  windowHours: '1.5',
  timeZone: 'Asia/Shanghai',
}

describe('endOf', () => {
  const cases: readonly (readonly [name: string, given: Partial<OverrideForm>, expected: number | null | undefined])[] = [
    ['an hour from now', {}, at(13)],
    ['an hour from the start', { when: 'later' }, at(19)],
    ['tomorrow morning', { end: 'tomorrow' }, at(8, 16)],
    ['own', { end: 'own' }, at(20)],
    ['own, not filled in', { end: 'own', endsAt: '' }, undefined],
    ['open', { end: 'open' }, null],
    ['a start that is not filled in', { when: 'later', startsAt: '' }, undefined],
  ]
  for (const [name, given, expected] of cases) test(name, () => assert.equal(endOf({ ...FORM, ...given }, NOW), expected))
})

describe('wishOf', () => {
  const iso = (ms: number): string => new Date(ms).toISOString()
  const base = { target: FORM.target, action: 'down', reason: 'power work', endsAt: iso(at(13)) }
  const cases: readonly (readonly [name: string, given: Partial<OverrideForm>, expected: object | undefined])[] = [
    ['down now', {}, base],
    ['drain in seconds', { action: 'drain', drainMinutes: '2.5' }, { ...base, action: 'drain', drainSeconds: 150 }],
    ['drain at once', { action: 'drain', drainMinutes: '0' }, { ...base, action: 'drain', drainSeconds: 0 }],
    ['drain without a time', { action: 'drain', drainMinutes: '' }, undefined],
    ['later', { when: 'later' }, { ...base, startsAt: iso(at(18)), endsAt: iso(at(19)) }],
    [
      'in windows',
      { when: 'windows', end: 'open' },
      { ...base, endsAt: null, schedule: { cron: '0 2 * * 6', durationSeconds: 5400, timeZone: 'Asia/Shanghai' } },
    ],
    ['in windows, cron not complete', { when: 'windows', cron: '0 2 *' }, undefined],
    ['in windows without a length', { when: 'windows', windowHours: '' }, undefined],
    ['no target', { target: { kind: 'site', value: '' } }, undefined],
  ]
  for (const [name, given, expected] of cases) test(name, () => assert.deepEqual(wishOf({ ...FORM, ...given }, NOW), expected))
})
