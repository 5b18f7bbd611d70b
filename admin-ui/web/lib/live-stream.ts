/**
 * The one event stream of the page. It tells how fresh everything is (heartbeat every 5 s) and which queries to ask again, at most
 * once a second, and nothing while the tab is hidden: then once when it is shown again.
 */
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { API_BASE, ROUTES, STREAM_HEARTBEAT_MS } from '../../contract/routes.ts'

/** State of the stream. */
export type LiveState = {
  readonly state: 'connecting' | 'live' | 'lost' | 'paused'
  /** Last sign of life, ms since epoch; 0 = none yet. */
  readonly heardAt: number
}

const COALESCE_MS = 1000
let current: LiveState = { state: 'connecting', heardAt: 0 }
const listeners = new Set<() => void>()
let source: EventSource | undefined
let client: QueryClient | undefined
let waiting = new Set<string>()
let timer: ReturnType<typeof setTimeout> | undefined
let silence: ReturnType<typeof setTimeout> | undefined

function set(next: Partial<LiveState>): void {
  current = { ...current, ...next }
  for (const listener of listeners) listener()
}

function heard(): void {
  set({ state: 'live', heardAt: Date.now() })
  clearTimeout(silence)
  // Two heartbeats missed: the connection may be open and dead.
  silence = setTimeout(() => set({ state: 'lost' }), STREAM_HEARTBEAT_MS * 2 + 1000)
}

function refresh(...keys: string[]): void {
  for (const key of keys) waiting.add(key)
  if (timer !== undefined || document.hidden) return
  timer = setTimeout(() => {
    timer = undefined
    const due = waiting
    waiting = new Set()
    for (const key of due) void client?.invalidateQueries({ queryKey: [key] })
  }, COALESCE_MS)
}

/** Opens the stream; returns how to close it. */
export function openLiveStream(queryClient: QueryClient): () => void {
  client = queryClient
  connect()
  const onShown = (): void => {
    if (!document.hidden && waiting.size > 0) refresh()
  }
  document.addEventListener('visibilitychange', onShown)
  return () => {
    document.removeEventListener('visibilitychange', onShown)
    disconnect('connecting')
  }
}

/** Stops and resumes live updates by choice of the user. */
export function togglePause(): void {
  if (current.state === 'paused') {
    set({ state: 'connecting' })
    connect()
    void client?.invalidateQueries()
  } else disconnect('paused')
}

function connect(): void {
  source?.close()
  source = new EventSource(API_BASE + ROUTES.eventStream.path)
  source.onopen = heard
  source.onerror = () => set({ state: 'lost' })
  source.addEventListener('heartbeat', heard)
  source.addEventListener('scores', () => {
    heard()
    refresh('endpoints', 'explain')
  })
  source.addEventListener('event', (message) => {
    heard()
    refresh('events', 'endpoints', 'status', 'standing-history', 'explain')
    const kind = readKind(message.data)
    if (kind === 'override') refresh('overrides')
    if (kind === 'publish' || kind === 'generation') refresh('policies', 'pools', 'generations', 'draft', 'policy')
  })
}

function disconnect(state: LiveState['state']): void {
  source?.close()
  source = undefined
  clearTimeout(silence)
  set({ state })
}

function readKind(data: unknown): string {
  try {
    return String((JSON.parse(String(data)) as { kind?: unknown }).kind)
  } catch {
    return ''
  }
}

/** The state, followed. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}
