/** Theme of the page: kept in the browser, set on <html> so that the style sheet alone follows it. */
import { useSyncExternalStore } from 'react'

/** Themes. */
export type Theme = 'light' | 'dark'

const listeners = new Set<() => void>()

/** Theme now. */
export function presentTheme(): Theme {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'
}

/** Changes the theme. */
export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
  try {
    localStorage.setItem('nearcast-theme', theme)
  } catch {
    // Kept for this page only.
  }
  for (const listener of listeners) listener()
}

/** The theme, followed. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, presentTheme)
}
