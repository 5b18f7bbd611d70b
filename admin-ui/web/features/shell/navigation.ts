/** Pages of the side bar by group. Only what works is listed. */
import type { IconName } from '../../components/icon.tsx'

/** One entry. */
export type NavEntry = {
  readonly to: '/' | '/explain' | '/policies' | '/endpoints' | '/draft/review' | '/history'
  readonly icon: IconName
  readonly word: NavWord
}
/** Words of entries. */
export type NavWord = 'overview' | 'explain' | 'policies' | 'endpoints' | 'draft' | 'history'

/** Groups with their entries. */
export const NAVIGATION: readonly { readonly group: 'operate' | 'steer' | 'change'; readonly entries: readonly NavEntry[] }[] = [
  {
    group: 'operate',
    entries: [
      { to: '/', icon: 'home', word: 'overview' },
      { to: '/explain', icon: 'explain', word: 'explain' },
    ],
  },
  {
    group: 'steer',
    entries: [
      { to: '/policies', icon: 'policies', word: 'policies' },
      { to: '/endpoints', icon: 'endpoints', word: 'endpoints' },
    ],
  },
  {
    group: 'change',
    entries: [
      { to: '/draft/review', icon: 'draft', word: 'draft' },
      { to: '/history', icon: 'history', word: 'history' },
    ],
  },
]
