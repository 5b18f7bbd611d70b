/** Standing over time: a bar a bucket, its worst standing, taller with trouble. No data draws nothing but the base line; ends at now. */
import type { ReactElement } from 'react'
import type { BucketStanding } from '../../contract/standing-history.ts'
import { formatAge } from '../lib/format.ts'
import { useWords } from '../lib/i18n.ts'

/** Bars of a strip. */
export const STRIP_BARS = 60
const HEIGHT = 22
const PITCH = 7
const SHARE = { up: 0.36, degraded: 0.68, down: 1, unknown: 0.36 } as const
const WORST = ['down', 'unknown', 'degraded', 'up'] as const

/** Joins series of one endpoint and buckets into bars, each with the worst standing seen. */
export function joinBuckets(series: readonly (readonly BucketStanding[])[], bars = STRIP_BARS): readonly BucketStanding[] {
  const length = Math.max(0, ...series.map((one) => one.length))
  const width = Math.max(1, Math.ceil(length / bars))
  const count = Math.ceil(length / width)
  return Array.from({ length: count }, (_, bar) => {
    // From the end, so that the last bar is the present one and only the oldest may be short.
    const end = length - (count - 1 - bar) * width
    const seen = series.flatMap((one) => one.slice(Math.max(0, end - width), end))
    return WORST.find((standing) => seen.includes(standing)) ?? null
  })
}

/** Props: `bars` oldest first, each `secondsEach` long. */
export function Strip({ bars, secondsEach }: { readonly bars: readonly BucketStanding[]; readonly secondsEach: number }): ReactElement {
  const { t, language } = useWords()
  const total = Math.max(bars.length, STRIP_BARS)
  const first = total - bars.length
  const spans = WORST.flatMap((standing) => {
    const count = bars.filter((bar) => bar === standing).length
    return count === 0 ? [] : [`${t(`standing.${standing}`)} ${formatAge(count * secondsEach, language)}`]
  })
  const label = spans.length === 0 ? t('strip.nothing') : spans.reverse().join(', ')
  return (
    <svg
      className="strip"
      height={HEIGHT}
      viewBox={`0 0 ${total * PITCH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={`M0 ${HEIGHT - 0.5}H${total * PITCH}`} stroke="var(--line)" strokeWidth="1" />
      {bars.map((bar, at) => {
        if (bar === null) return null
        const height = HEIGHT * SHARE[bar]
        const x = (first + at) * PITCH
        return bar === 'unknown' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no identity but their place in time
          <rect key={at} x={x + 0.7} y={HEIGHT - height} width="4.6" height={height - 1} rx="1" fill="none" stroke="var(--unknown-fill)" />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <rect key={at} x={x} y={HEIGHT - height} width="6" height={height} rx="1" fill={`var(--${bar}-fill)`} />
        )
      })}
    </svg>
  )
}
