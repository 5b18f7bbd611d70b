/** Keys that work everywhere: search, list of keys, "g" and a letter for a page, P for pause. Single letters are off while typing. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { togglePause } from '../../lib/live-stream.ts'

/** Dialogs of the shell. */
export type Dialog = 'none' | 'search' | 'keys' | 'password'

/** Pages by the letter after "g". */
export const GO_KEYS = { o: '/', e: '/explain', p: '/policies', n: '/endpoints', d: '/draft/review', h: '/history' } as const
/** Patience for the second key. */
const SEQUENCE_MS = 1200

/** True while the user writes into something. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** Listens as long as the shell stands. */
export function useKeys(dialog: Dialog, open: (dialog: Dialog) => void): void {
  const navigate = useNavigate()
  useEffect(() => {
    let wentAt = 0
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        open('search')
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || dialog !== 'none') return
      if (document.querySelector('[role="dialog"]') !== null) return
      const now = performance.now()
      const page = GO_KEYS[event.key as keyof typeof GO_KEYS]
      if (now - wentAt < SEQUENCE_MS && page !== undefined) {
        wentAt = 0
        event.preventDefault()
        event.stopImmediatePropagation()
        void navigate({ to: page })
      } else if (event.key === 'g') wentAt = now
      else if (event.key === '?') open('keys')
      else if (event.key === 'P' || event.key === 'p') togglePause()
      else if (event.key === '/') {
        event.preventDefault()
        open('search')
      }
    }
    // Capture, so that "g p" wins over a page's own single letters.
    window.addEventListener('keydown', onKey, true)
    return () => window.removeEventListener('keydown', onKey, true)
  }, [dialog, navigate, open])
}
