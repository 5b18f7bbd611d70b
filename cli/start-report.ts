/**
 * What `up` prints about its start: where things are, then `ready` once DNS answers from a live generation, and no sooner. A start
 * that has none says so, at the latest after `ready` is overdue, with what is missing and what to do; `ready` follows when there is
 * one. Pure: printing and the clock are the caller's.
 *
 *   every part ready ─► addresses ─┬─ a generation is live ──────────────────────────────► ready
 *                                  ├─ the store has none ─► not ready: publish a document ─► ready after the first publish
 *                                  └─ overdue ────────────► not ready: what is missing ───► ready when it is there
 *   control cannot start, node serves ────────────────────► not ready: why control cannot ─► ready when it serves after all
 */

/** Words of a start that cannot answer yet; `ready` alone stands on its line. */
const NOT_READY = 'not ready'
const KEPT = 'DNS answers from the kept generation'

/** What the report needs. */
export type StartReportOptions = {
  /** Names of the parts that must serve. */
  readonly parts: readonly string[]
  /** Lines that say where things are, asked for when all parts serve. */
  readonly addresses: () => readonly string[]
  readonly print: (line: string) => void
}

/** Takes what the parts tell. */
export type StartReport = {
  /** A part serves. */
  readonly partReady: (name: string) => void
  /** A part that is started again and again cannot start; `why` is its own line. */
  readonly partFailed: (name: string, why: string) => void
  /** Newest generation of the store, 0 = it is empty. */
  readonly stored: (generation: number) => void
  /** A generation is live on the node. */
  readonly live: () => void
  /** `ready` should have been there by now. */
  readonly overdue: () => void
}

/** Makes a report of one start. */
export function createStartReport({ parts, addresses, print }: StartReportOptions): StartReport {
  const missing = new Set(parts)
  let isLive = false
  let storedGeneration: number | undefined
  let isComplete = false
  let isReady = false
  let hasExcused = false
  let failed: { readonly name: string; readonly why: string } | undefined

  function excuse(why: string): void {
    if (isReady || hasExcused) return
    hasExcused = true
    print(`${NOT_READY}: ${why}`)
  }

  function look(): void {
    if (missing.size > 0) {
      // Said once it is known what DNS does meanwhile: the node has its kept generation live, or serves without one.
      if (failed !== undefined && (isLive || !missing.has('node')))
        excuse(`${failed.name} cannot start, ${isLive ? KEPT : 'DNS answers SERVFAIL'}; ${failed.why}; it is tried again until it starts`)
      return
    }
    if (!isComplete) {
      isComplete = true
      for (const line of addresses()) print(line)
    }
    if (isLive && !isReady) {
      isReady = true
      print('ready')
    } else if (storedGeneration === 0) {
      excuse('no document is published, DNS answers SERVFAIL; publish one with the console or "nearcast apply FILE"')
    }
  }

  return {
    partReady: (name) => {
      missing.delete(name)
      if (failed?.name === name) failed = undefined
      look()
    },
    partFailed: (name, why) => {
      if (missing.has(name)) failed = { name, why }
      look()
    },
    stored: (generation) => {
      storedGeneration = generation
      look()
    },
    live: () => {
      isLive = true
      look()
    },
    overdue: () => {
      if (missing.size > 0) {
        const names = [...missing]
        const dns = isLive && !missing.has('node') ? `${KEPT}, but ` : ''
        excuse(`${dns}${names.join(' and ')} ${names.length === 1 ? 'does' : 'do'} not serve yet; the log says why`)
      } else if (!isLive) {
        const what = storedGeneration === undefined ? 'no generation' : `generation ${storedGeneration}`
        const state = storedGeneration === undefined ? 'is live on the node yet' : 'is stored but not live on the node yet'
        excuse(`${what} ${state}, DNS answers SERVFAIL; the log says why`)
      }
    },
  }
}
