/** Line icons of the console, 16 px, drawn with the text's colour. Decorative: a word stands beside each. */
import type { ReactElement } from 'react'

const PATHS = {
  home: 'M2.5 9.5 8 3l5.5 6.5M4 8v5h8V8',
  lines: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  explain: 'M11.3 7a4.3 4.3 0 1 1-8.6 0 4.3 4.3 0 0 1 8.6 0zm-1 3.3 3.4 3.4M5.6 5.9A1.5 1.5 0 1 1 7.3 7.4v.5M7.2 9.4v.1',
  policies:
    'M2.5 4h6M2.5 8h9M2.5 12h4M11 4h2.5M10 12h3.5M10.9 4a1.2 1.2 0 1 1-2.4 0 1.2 1.2 0 0 1 2.4 0zM9.4 12a1.2 1.2 0 1 1-2.4 0 1.2 1.2 0 0 1 2.4 0z',
  endpoints:
    'M3.5 3h9a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM3.5 9h9a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-2a1 1 0 0 1 1-1zM5 5h.1M5 11h.1',
  draft: 'M3 13h10M10.5 2.7l2.3 2.3L6.5 11.3 3.7 11.7l.5-2.7z',
  history: 'M2.6 8a5.4 5.4 0 1 0 1.7-3.9L2.5 5.7M2.5 2.6v3.1h3.1M8 5v3.2l2.1 1.3',
  search: 'M11.3 7a4.3 4.3 0 1 1-8.6 0 4.3 4.3 0 0 1 8.6 0zm-1 3.3 3.4 3.4',
  sun: 'M10.8 8a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  filter: 'M2.5 3.5h11L9.5 8.3v4.2l-3-1.5V8.3z',
  right: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  down: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  arrow: 'M3 8h10M9.5 4.5 13 8l-3.5 3.5',
  copy: 'M5.5 5.5h7v7h-7zM3.500 10.500v-7h7',
  link: 'M6.800 9.200a2.600 2.600 0 0 0 3.700 0l2-2a2.600 2.600 0 0 0-3.700-3.700l-.8.8M9.200 6.800a2.600 2.600 0 0 0-3.700 0l-2 2a2.600 2.600 0 0 0 3.700 3.700l.8-.8',
  more: 'M3.500 8h.1M8 8h.1M12.500 8h.1',
  tick: 'm3.500 8.300 3 3 6-6.500',
  undo: 'M3 6.500h6.500a3.300 3.300 0 0 1 0 6.600H6M5.700 3.500 2.700 6.500l3 3',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
} as const

/** Name of an icon. */
export type IconName = keyof typeof PATHS

/** One icon. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

/** The mark of the product. */
export function Mark({ size = 20 }: { readonly size?: number }): ReactElement {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="8.6" fill="none" stroke="currentColor" strokeWidth="1.3" opacity=".35" />
      <circle cx="10" cy="10" r="5.4" fill="none" stroke="currentColor" strokeWidth="1.5" opacity=".65" />
      <circle cx="10" cy="10" r="2.3" fill="currentColor" />
    </svg>
  )
}
