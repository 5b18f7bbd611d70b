import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTimeZone, nextWindow, parseCron, windowAt } from '../../../../health/score/maintenance-window.ts'

const at = (text: string): number => Date.parse(text)
const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString().replace('.000Z', 'Z'))

describe('parseCron', () => {
  const bad = [
    ['', /0 fields, not 5/],
    ['* * * *', /4 fields, not 5/],
    ['0 0 * * * *', /6 fields, not 5/],
    ['60 * * * *', /minute "60"/],
    ['* 24 * * *', /hour "24"/],
    ['* * 0 * *', /day of month "0"/],
    ['* * 32 * *', /day of month "32"/],
    ['* * * 13 *', /month "13"/],
    ['* * * * 8', /day of week "8"/],
    ['5-1 * * * *', /minute "5-1"/],
    ['*/0 * * * *', /minute "\*\/0"/],
    ['1,,2 * * * *', /minute "1,,2"/],
    ['-1 * * * *', /minute "-1"/],
    ['@daily', /1 fields/],
    ['0 0 * foo *', /month "foo"/],
  ] as const
  for (const [cron, reason] of bad)
    it(`refuses "${cron}"`, () => {
      const parsed = parseCron(cron)
      assert.equal(parsed.ok, false)
      assert.match(parsed.ok ? '' : parsed.reason, reason)
    })

  it('reads lists, ranges, steps and names', () => {
    const parsed = parseCron('5,50-59/3,*/30 2-4 * JAN,mar-apr Mon-fri')
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.fields.minutes, [0, 5, 30, 50, 53, 56, 59])
    assert.deepEqual(parsed.fields.hours, [2, 3, 4])
    assert.equal(parsed.fields.matchesDay(1, 1, 1), true)
    assert.equal(parsed.fields.matchesDay(1, 2, 1), false)
    assert.equal(parsed.fields.matchesDay(1, 4, 0), false)
  })

  it('takes 7 as Sunday, and either day field when both are restricted', () => {
    const parsed = parseCron('0 0 13 * 7')
    assert.ok(parsed.ok)
    assert.equal(parsed.fields.matchesDay(13, 5, 3), true)
    assert.equal(parsed.fields.matchesDay(2, 5, 0), true)
    assert.equal(parsed.fields.matchesDay(2, 5, 1), false)
  })
})

describe('isTimeZone', () => {
  for (const [zone, expected] of [
    ['Asia/Shanghai', true],
    ['UTC', true],
    ['Mars/Olympus', false],
    ['', false],
  ] as const)
    it(`${JSON.stringify(zone)} is ${expected}`, () => assert.equal(isTimeZone(zone), expected))
})

describe('windowAt', () => {
  const cases = [
    // name, cron, seconds, zone, instant, start of the window that is on
    ['before a nightly window', '0 2 * * *', 3600, 'UTC', '2026-03-10T01:59:59.999Z', null],
    ['at its first instant', '0 2 * * *', 3600, 'UTC', '2026-03-10T02:00:00Z', '2026-03-10T02:00:00Z'],
    ['at its last millisecond', '0 2 * * *', 3600, 'UTC', '2026-03-10T02:59:59.999Z', '2026-03-10T02:00:00Z'],
    ['at its end', '0 2 * * *', 3600, 'UTC', '2026-03-10T03:00:00Z', null],
    ['two in the morning of Shanghai', '0 2 * * *', 3600, 'Asia/Shanghai', '2026-03-09T18:30:00Z', '2026-03-09T18:00:00Z'],
    ['across midnight and the end of a month', '0 23 * * *', 7200, 'UTC', '2026-03-01T00:30:00Z', '2026-02-28T23:00:00Z'],
    ['of three days, on the third', '0 0 1 * *', 259_200, 'UTC', '2026-03-03T23:59:00Z', '2026-03-01T00:00:00Z'],
    ['of seven days, on the last', '0 12 * * 1', 604_799, 'UTC', '2026-03-16T11:59:00Z', '2026-03-09T12:00:00Z'],
    [
      'on a Sunday of New York that is Monday in UTC',
      '0 22 * * 0',
      10_800,
      'America/New_York',
      '2026-01-05T03:10:00Z',
      '2026-01-05T03:00:00Z',
    ],
    ['a quarter past in a zone of 45 minutes', '15 3 * * *', 600, 'Asia/Kathmandu', '2026-06-01T21:31:00Z', '2026-06-01T21:30:00Z'],
    // 29 March 2026 in Berlin: 02:00 → 03:00 at 01:00Z.
    [
      'in the hour left out: starts when the clock has jumped',
      '30 2 * * *',
      3600,
      'Europe/Berlin',
      '2026-03-29T01:10:00Z',
      '2026-03-29T01:00:00Z',
    ],
    ['not before that', '30 2 * * *', 3600, 'Europe/Berlin', '2026-03-29T00:59:59Z', null],
    ['the day before the jump', '30 2 * * *', 3600, 'Europe/Berlin', '2026-03-28T01:40:00Z', '2026-03-28T01:30:00Z'],
    ['the day after it', '30 2 * * *', 3600, 'Europe/Berlin', '2026-03-30T00:40:00Z', '2026-03-30T00:30:00Z'],
    ['a window over the jump keeps its real length', '0 1 * * *', 7200, 'Europe/Berlin', '2026-03-29T01:59:59Z', '2026-03-29T00:00:00Z'],
    ['every hour: none for the one left out', '30 * * * *', 600, 'Europe/Berlin', '2026-03-29T01:05:00Z', null],
    // 25 October 2026 in Berlin: 03:00 → 02:00 at 01:00Z; 02:30 is 00:30Z and 01:30Z.
    ['in the repeated hour: the first time', '30 2 * * *', 600, 'Europe/Berlin', '2026-10-25T00:35:00Z', '2026-10-25T00:30:00Z'],
    ['and not the second time', '30 2 * * *', 600, 'Europe/Berlin', '2026-10-25T01:35:00Z', null],
    ['every hour: both times', '30 * * * *', 600, 'Europe/Berlin', '2026-10-25T01:35:00Z', '2026-10-25T01:30:00Z'],
    ['midnight that does not exist (Beirut 2026-03-29)', '0 0 * * *', 3600, 'Asia/Beirut', '2026-03-28T22:30:00Z', '2026-03-28T22:00:00Z'],
    ['a cron line that cannot be read', 'x 2 * * *', 600, 'UTC', '2026-03-10T02:01:00Z', null],
    ['a zone that does not exist', '0 2 * * *', 600, 'Mars/Olympus', '2026-03-10T02:01:00Z', null],
  ] as const
  for (const [name, cron, durationSeconds, timeZone, instant, expected] of cases)
    it(name, () => {
      const window = windowAt({ cron, durationSeconds, timeZone }, at(instant))
      assert.equal(iso(window?.startAt), expected)
      if (window !== undefined) assert.equal(window.endAt - window.startAt, 1000 * durationSeconds)
    })

  it('agrees with a minute-by-minute reading of the clock over a year, in zones with every sort of change', () => {
    for (const timeZone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Shanghai', 'Africa/Casablanca']) {
      const schedule = { cron: '*/30 */6 * 3,4,10,11 6,0', durationSeconds: 60, timeZone }
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        hourCycle: 'h23',
        weekday: 'short',
        month: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      })
      for (let instant = at('2026-01-01T00:00:00Z'); instant < at('2027-01-01T00:00:00Z'); instant += 30 * 60_000) {
        const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]))
        const on =
          ['3', '4', '10', '11'].includes(parts.month!) &&
          ['Sat', 'Sun'].includes(parts.weekday!) &&
          Number(parts.hour) % 6 === 0 &&
          Number(parts.minute) % 30 === 0
        assert.equal(windowAt(schedule, instant)?.startAt === instant, on, `${timeZone} ${iso(instant)}`)
      }
    }
  })
})

describe('nextWindow', () => {
  const cases = [
    ['the same day', '0 2 * * *', 'UTC', '2026-03-10T01:00:00Z', '2026-03-10T02:00:00Z'],
    ['is strictly later', '0 2 * * *', 'UTC', '2026-03-10T02:00:00Z', '2026-03-11T02:00:00Z'],
    ['the next leap day', '0 0 29 2 *', 'UTC', '2026-03-10T02:00:00Z', '2028-02-29T00:00:00Z'],
    ['never', '0 0 31 2 *', 'UTC', '2026-03-10T02:00:00Z', null],
    ['over a change of the clocks', '30 2 * * 0', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
  ] as const
  for (const [name, cron, timeZone, after, expected] of cases)
    it(name, () => assert.equal(iso(nextWindow({ cron, durationSeconds: 60, timeZone }, at(after))?.startAt), expected))
})
