/**
 * How long the secondary zones of a node hold: control says it, the node counts on by itself on the monotonic clock, so that a zone
 * expires though control is away, and a restart does not make it fresh. Shell (clocks, a small file).
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { ProcessLog } from '../process-log.ts'

/** Freshness of a node's zones. */
export type ZoneFreshness = {
  /** Takes what control says: ms until each zone expires, by zone. */
  readonly take: (expiresInMs: Readonly<Record<string, number>>) => void
  /** Tells `setExpired` now, and whenever a zone expires or is fresh again. */
  readonly follow: (setExpired: (isExpired: (zone: string) => boolean) => void) => void
  /** Seconds until each zone expires, 0 = it has. */
  readonly expiresInSeconds: () => Readonly<Record<string, number>>
  readonly stop: () => void
}

const LOOK_MS = 500

/** Reads what was kept, and counts on from there. */
export function startFreshness(path: string, log: ProcessLog): ZoneFreshness {
  /** Zone → end on the monotonic clock. */
  const ends = new Map<string, number>()
  let tell: (isExpired: (zone: string) => boolean) => void = () => undefined
  let told = ''
  for (const [zone, expiresAt] of Object.entries(readKept(path))) ends.set(zone, performance.now() + Math.max(0, expiresAt - Date.now()))

  const leftMs = (zone: string): number => Math.max(0, (ends.get(zone) ?? 0) - performance.now())
  function look(): void {
    const expired = [...ends.keys()].filter((zone) => leftMs(zone) === 0)
    const now = `${[...ends.keys()].join(' ')}|${expired.join(' ')}`
    if (now === told) return
    told = now
    tell((zone) => leftMs(zone) === 0)
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()

  return {
    take: (expiresInMs) => {
      ends.clear()
      for (const [zone, ms] of Object.entries(expiresInMs)) ends.set(zone, performance.now() + ms)
      look()
      keep(path, Object.fromEntries(Object.entries(expiresInMs).map(([zone, ms]) => [zone, Date.now() + ms])), log)
    },
    follow: (setExpired) => {
      tell = setExpired
      told = ''
      tell((zone) => leftMs(zone) === 0)
    },
    expiresInSeconds: () => Object.fromEntries([...ends.keys()].map((zone) => [zone, Math.floor(leftMs(zone) / 1000)])),
    stop: () => clearInterval(timer),
  }
}

/** Zone → end on the wall clock. A file that cannot be read costs only that zones count as expired until control is heard. */
function readKept(path: string): Readonly<Record<string, number>> {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return {}
  }
}

function keep(path: string, ends: Readonly<Record<string, number>>, log: ProcessLog): void {
  try {
    writeFileSync(`${path}.part`, JSON.stringify(ends), { mode: 0o600 })
    renameSync(`${path}.part`, path)
  } catch (error) {
    log.warn({ path, error: (error as Error).message }, 'the freshness of zones could not be kept')
  }
}
