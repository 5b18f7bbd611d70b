/**
 * Which code of ours has run, by V8's precise coverage of this thread: tells the fuzzer that an input went where none was before.
 * A block is a range of V8's block coverage; one that never differed from what is around it has no range of its own.
 */
import { Session } from 'node:inspector'

/** Coverage of some files. */
export type Coverage = {
  /** Characters of source reached since the last call that were never reached before. */
  readonly takeNew: () => number
  /** The same, but they count as not reached yet: what ran since the last call will run again, piece by piece. */
  readonly look: () => number
  /** Functions of these files that ran, and that there are. */
  readonly functions: () => { readonly ran: number; readonly all: number }
  readonly stop: () => void
}

type Range = { readonly startOffset: number; readonly endOffset: number; readonly count: number }
type Script = { readonly url: string; readonly functions: readonly { readonly functionName: string; readonly ranges: readonly Range[] }[] }

/** Begins to measure; `isOurs` says which files count, by URL. */
export function startCoverage(isOurs: (url: string) => boolean): Coverage {
  const session = new Session()
  session.connect()
  // Callbacks of a session within the same thread are called at once.
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  /** By URL: 1 = the character was reached. */
  const reached = new Map<string, Uint8Array>()
  const known = new Set<string>()
  const ran = new Set<string>()

  function take(): readonly Script[] {
    let scripts: readonly Script[] = []
    session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      scripts = answer.result
    })
    return scripts
  }

  function paint({ url, functions }: Script, keep: boolean): number {
    let fresh = 0
    const end = Math.max(0, ...functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0))
    let map = reached.get(url)
    if (map === undefined || map.length < end) {
      const larger = new Uint8Array(end)
      if (map !== undefined) larger.set(map)
      map = larger
      reached.set(url, map)
    }
    for (const { ranges } of functions) {
      const [outer] = ranges
      const key = `${url} ${outer?.startOffset} ${outer?.endOffset}`
      known.add(key)
      if (outer === undefined || outer.count === 0) continue
      ran.add(key)
      const from = outer.startOffset
      const now = new Uint8Array(outer.endOffset - from)
      // Outer ranges stand before those in them.
      for (const range of ranges) now.fill(range.count > 0 ? 1 : 0, range.startOffset - from, range.endOffset - from)
      for (let at = 0; at < now.length; at++) {
        if (now[at] === 1 && map[from + at] === 0) {
          if (keep) map[from + at] = 1
          fresh++
        }
      }
    }
    return fresh
  }

  const sum = (keep: boolean): number =>
    take()
      .filter(({ url }) => isOurs(url))
      .reduce((all, script) => all + paint(script, keep), 0)

  return {
    takeNew: () => sum(true),
    look: () => sum(false),
    functions: () => ({ ran: ran.size, all: known.size }),
    stop: () => {
      session.post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}
