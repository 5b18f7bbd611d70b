/** Formatters of the console: units, no-data sign, true minus, both languages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatAge,
  formatChange,
  formatCount,
  formatDate,
  formatDigest,
  formatMs,
  formatPercent,
  formatRate,
  formatScore,
  formatShare,
} from '../../../../admin-ui/web/lib/format.ts'

const cases: readonly (readonly [name: string, given: string, expected: string])[] = [
  ['count has separators and no 万', formatCount(17340), '17,340'],
  ['count unknown is a dash', formatCount(null), '—'],
  ['rate below 100 has a decimal', formatRate(3.42), '3.4'],
  ['rate zero is 0', formatRate(0), '0'],
  ['rate above 100 is whole', formatRate(17340.4), '17,340'],
  ['latency below 100', formatMs(12.44), '12.4'],
  ['latency above 100', formatMs(412.3), '412'],
  ['latency just below 100 does not become 100.0', formatMs(99.97), '100'],
  ['latency unknown is never 0', formatMs(undefined), '—'],
  ['share small but not zero', formatShare(0.02), '< 0.1'],
  ['share small with two decimals', formatShare(0.004, 2), '< 0.01'],
  ['share zero', formatShare(0), '0'],
  ['share nearly all is not all', formatShare(99.98), '99.9'],
  ['share all', formatShare(100), '100'],
  ['percent in English has a space', formatPercent(3.8, 'en'), '3.8 %'],
  ['percent in Chinese has none', formatPercent(3.8, 'zh-CN'), '3.8%'],
  ['percent unknown has no sign', formatPercent(null, 'en'), '—'],
  ['score whole in lists', formatScore(59.2), '59'],
  ['score with a decimal in details', formatScore(59.2, 1), '59.2'],
  ['change down has a true minus', formatChange(-10, 0), '−10'],
  ['change up has a plus', formatChange(19), '+19.0'],
  ['change zero has no sign', formatChange(0, 0), '0'],
  ['change rounded to zero has no minus', formatChange(-0.01), '0.0'],
  ['age in seconds', formatAge(1, 'en'), '1 s'],
  ['age below two minutes stays in seconds', formatAge(119, 'en'), '119 s'],
  ['age in minutes', formatAge(420, 'en'), '7 min'],
  ['age in hours and minutes', formatAge(6 * 3600 + 19 * 60, 'en'), '6 h 19 min'],
  ['age in days', formatAge(3 * 86400, 'zh-CN'), '3 天'],
  ['age unknown', formatAge(null, 'en'), '—'],
  ['date in English', formatDate(new Date(2026, 5, 12), 'en'), '12 Jun 2026'],
  ['date in Chinese', formatDate(new Date(2026, 5, 12), 'zh-CN'), '2026-06-12'],
  ['digest in short', formatDigest('9f3c71ae55'), '9f3c·71ae'],
]

for (const [name, given, expected] of cases) test(`format: ${name}`, () => assert.equal(given, expected))
