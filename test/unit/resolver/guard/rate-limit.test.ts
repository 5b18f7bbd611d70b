/** Response rate limits on a clock of the test's own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { parsePrefix } from '../../../../geodata/address/prefix.ts'
import { createGuard, GUARD_COUNTS } from '../../../../resolver/guard/guard.ts'
import {
  CLASS_ANSWER,
  CLASS_ERROR,
  CLASS_NODATA,
  CLASS_NXDOMAIN,
  createRateLimiter,
  LIMIT_DROP,
  LIMIT_SEND,
  LIMIT_SLIP,
  type RateLimits,
  UNITS_PER_SECOND,
} from '../../../../resolver/guard/rate-limit.ts'
import { makeGuardMemory, OPEN_GUARD } from '../../../support/guard-subject.ts'

const LIMITS: RateLimits = {
  answersPerSecond: 100,
  negativesPerSecond: 10,
  errorsPerSecond: 5,
  slip: 2,
  prefixLength4: 24,
  prefixLength6: 56,
  burstSeconds: 1,
}
const words = (address: string): Uint32Array => Uint32Array.from(parseAddress(address).words)
const CLIENT = words('192.0.2.7')

/** How many of `count` responses at one moment are sent. */
function sentAt(
  limiter: ReturnType<typeof createRateLimiter>,
  now: number,
  count: number,
  src = CLIENT,
  responseClass = CLASS_ANSWER,
  name = 1,
): number {
  let sent = 0
  for (let i = 0; i < count; i++) if (limiter.limit(now, src, 0, responseClass, name) === LIMIT_SEND) sent++
  return sent
}

describe('createRateLimiter', () => {
  test('a second of responses at once, then as many as the time that passes pays for', () => {
    const limiter = createRateLimiter(makeGuardMemory(), LIMITS)
    assert.equal(sentAt(limiter, 0, 500), 100)
    assert.equal(sentAt(limiter, UNITS_PER_SECOND / 10, 500), 10)
    assert.equal(sentAt(limiter, UNITS_PER_SECOND / 10, 500), 0)
    assert.equal(sentAt(limiter, 10 * UNITS_PER_SECOND, 500), 100, 'unused time is not saved beyond a burst')
  })

  test('over a long flood the rate is the limit, whatever the flood', () => {
    const limiter = createRateLimiter(makeGuardMemory(), LIMITS)
    let sent = 0
    for (let ms = 0; ms < 10_000; ms++) sent += sentAt(limiter, ms * (UNITS_PER_SECOND / 1000), 5)
    assert.ok(sent >= 1090 && sent <= 1101, `${sent} in 10 s at 100 a second and a burst of 100`)
  })

  test('clients of one prefix count as one; other prefixes, classes and names apart', () => {
    const limiter = createRateLimiter(makeGuardMemory(), LIMITS)
    const rows: readonly (readonly [address: string, responseClass: number, name: number, sent: number])[] = [
      ['192.0.2.7', CLASS_ANSWER, 1, 100],
      ['192.0.2.200', CLASS_ANSWER, 1, 0],
      ['192.0.3.7', CLASS_ANSWER, 1, 100],
      ['192.0.2.7', CLASS_ANSWER, 2, 100],
      ['192.0.2.7', CLASS_NODATA, 1, 10],
      ['192.0.2.7', CLASS_NXDOMAIN, 1, 10],
      ['192.0.2.7', CLASS_ERROR, 0, 5],
      ['2001:db8:0:1::1', CLASS_ANSWER, 1, 100],
      ['2001:db8:0:ff::2', CLASS_ANSWER, 1, 0],
      ['2001:db8:0:100::2', CLASS_ANSWER, 1, 100],
    ]
    for (const [address, responseClass, name, sent] of rows) {
      assert.equal(sentAt(limiter, 0, 200, words(address), responseClass, name), sent, `${address} ${responseClass} ${name}`)
    }
  })

  test('several threads over one memory count as one', () => {
    const memory = makeGuardMemory()
    const first = createRateLimiter(memory, LIMITS)
    const second = createRateLimiter(memory, LIMITS)
    assert.equal(sentAt(first, 0, 60) + sentAt(second, 0, 60), 100)
  })

  test('every slip-th limited response is sent truncated', () => {
    for (const [slip, expected] of [
      [2, [LIMIT_DROP, LIMIT_SLIP, LIMIT_DROP, LIMIT_SLIP]],
      [1, [LIMIT_SLIP, LIMIT_SLIP, LIMIT_SLIP, LIMIT_SLIP]],
      [0, [LIMIT_DROP, LIMIT_DROP, LIMIT_DROP, LIMIT_DROP]],
    ] as const) {
      const limiter = createRateLimiter(makeGuardMemory(), { ...LIMITS, slip })
      sentAt(limiter, 0, 100)
      assert.deepEqual(
        Array.from({ length: 4 }, () => limiter.limit(0, CLIENT, 0, CLASS_ANSWER, 1)),
        expected,
      )
    }
  })

  test('a limit of 0 limits nothing', () => {
    const limiter = createRateLimiter(makeGuardMemory(), { ...LIMITS, answersPerSecond: 0 })
    assert.equal(sentAt(limiter, 0, 5000), 5000)
  })

  test('a low rate still allows some at once', () => {
    const limiter = createRateLimiter(makeGuardMemory(), { ...LIMITS, errorsPerSecond: 1 })
    assert.equal(sentAt(limiter, 0, 50, CLIENT, CLASS_ERROR, 0), 5)
  })

  test('the clock wraps, and a moment of long ago is not one ahead', () => {
    const limiter = createRateLimiter(makeGuardMemory(), LIMITS)
    const nearWrap = 0x7fffffff - UNITS_PER_SECOND / 2
    assert.equal(sentAt(limiter, nearWrap, 200), 100)
    assert.equal(sentAt(limiter, (nearWrap + UNITS_PER_SECOND) | 0, 200), 100)
    assert.equal(sentAt(limiter, (nearWrap + 0x7fffff00) | 0, 200), 100)
    assert.equal(sentAt(limiter, (nearWrap - 0x40000000) | 0, 200), 100)
  })

  test('a flood of many prefixes does not free the one that is limited', () => {
    const limiter = createRateLimiter(makeGuardMemory(64), LIMITS)
    sentAt(limiter, 0, 200)
    // 512 cells; 400 prefixes with one response each owe less and leave first.
    for (let i = 0; i < 400; i++) limiter.limit(0, words(`10.${i >> 8}.${i & 255}.1`), 0, CLASS_ANSWER, 1)
    assert.equal(sentAt(limiter, 0, 10), 0)
  })
})

describe('createGuard', () => {
  const make = (settings: Partial<typeof OPEN_GUARD>) => {
    const counts = new Float64Array(GUARD_COUNTS.length)
    const guard = createGuard(makeGuardMemory(), { ...OPEN_GUARD, limits: LIMITS, ...settings }, counts)
    guard.begin(5000, 1_800_000_000)
    const sent = (address: string, count: number): number =>
      Array.from({ length: count }, () => guard.limit(words(address), 0, CLASS_ANSWER, 1)).filter((verdict) => verdict === LIMIT_SEND)
        .length
    return { sent, counts }
  }
  test('exempt prefixes are never limited, their neighbours are', () => {
    const { sent } = make({ exempt: [parsePrefix('198.51.100.0/25'), parsePrefix('2001:db8::/32')] })
    assert.equal(sent('198.51.100.127', 1000), 1000)
    assert.equal(sent('198.51.100.128', 1000), 100)
    assert.equal(sent('2001:db8:1::1', 1000), 1000)
    assert.equal(sent('2001:db9::1', 1000), 100)
  })
  test('the cap for all clients without cookie holds over prefixes', () => {
    const { sent, counts } = make({ withoutCookiePerSecond: 160 })
    assert.equal(sent('192.0.2.1', 90) + sent('192.0.3.1', 90) + sent('192.0.4.1', 90), 160)
    assert.equal(counts[0], 110)
  })
})
