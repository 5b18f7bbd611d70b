/** A standing as shape, and as shape with its word. Colour is never alone: disc, triangle, square and dashed ring differ in grey too. */
import type { ReactElement } from 'react'
import { useWords } from '../lib/i18n.ts'

/** Standings the console shows; stale = nobody looks any more. */
export type ShownStanding = 'up' | 'degraded' | 'down' | 'unknown' | 'stale'

/** The shape alone; decorative. */
export function StandingMark({ standing, size = 12 }: { readonly standing: ShownStanding; readonly size?: number }): ReactElement {
  return (
    <svg width={size} height={size} viewBox="0 0 14 14" aria-hidden="true">
      {SHAPES[standing]}
    </svg>
  )
}

const line = { fill: 'none', stroke: 'var(--surface)', strokeWidth: 1.6, strokeLinecap: 'round', strokeLinejoin: 'round' } as const
const SHAPES: Readonly<Record<ShownStanding, ReactElement>> = {
  up: (
    <>
      <circle cx="7" cy="7" r="6" fill="var(--up-fill)" />
      <path d="m4.2 7.200 2 2 3.600-4.200" {...line} />
    </>
  ),
  degraded: (
    <>
      <path d="M7 1.200 13.300 12.400a.5.5 0 0 1-.4.800H1.100a.5.5 0 0 1-.4-.8z" fill="var(--degraded-fill)" />
      <path d="M7 5.200v3.600M7 11v.1" {...line} />
    </>
  ),
  down: (
    <>
      <rect x="1" y="1" width="12" height="12" rx="3" fill="var(--down-fill)" />
      <path d="m4.500 4.500 5 5M9.500 4.500l-5 5" {...line} />
    </>
  ),
  unknown: (
    <>
      <circle cx="7" cy="7" r="5.500" fill="none" stroke="var(--unknown-fill)" strokeWidth="1.4" strokeDasharray="2 1.500" />
      <path d="M5.700 5.700a1.400 1.400 0 1 1 1.800 1.600l-.4.5v.4M7.100 9.900v.1" {...line} stroke="var(--unknown)" strokeWidth="1.2" />
    </>
  ),
  stale: (
    <>
      <circle cx="7" cy="7" r="5.500" fill="var(--stale-tint)" stroke="var(--stale-fill)" strokeWidth="1.300" />
      <path d="M7 4.200V7l1.900 1.200" {...line} stroke="var(--stale)" strokeWidth="1.300" />
    </>
  ),
}

/** Shape and word. */
export function Standing({ standing }: { readonly standing: ShownStanding | null }): ReactElement {
  const { t } = useWords()
  const shown = standing ?? 'unknown'
  return (
    <span className={`st ${shown}`}>
      <StandingMark standing={shown} />
      {t(`standing.${shown}`)}
    </span>
  )
}
