/** Messages that stay in the corner until they are closed or their time is over: published, undone, failed. */
import { useSyncExternalStore } from 'react'

/** One message. */
export type Toast = {
  readonly id: number
  readonly tone: 'up' | 'down' | 'acc'
  readonly title: string
  readonly detail?: string | undefined
  readonly action?: { readonly label: string; readonly run: () => void } | undefined
}

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

/** Shows a message; with `seconds` it goes by itself. */
export function showToast(toast: Omit<Toast, 'id'>, seconds?: number): void {
  const id = nextId++
  set([...toasts.slice(-3), { ...toast, id }])
  if (seconds !== undefined) setTimeout(() => closeToast(id), seconds * 1000)
}

/** Takes a message away. */
export function closeToast(id: number): void {
  set(toasts.filter((toast) => toast.id !== id))
}

/** The messages, followed. */
export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
}
