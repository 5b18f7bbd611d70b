/**
 * Secondary zones at the one writer: refresh, retry and expire of each (RFC 1034 §4.3.5) on the monotonic clock, transfers in, NOTIFY. Shell.
 *
 *   timer or NOTIFY ─► primaries in order: SOA, IXFR or AXFR ─► compile checks it ─► store + generation ─► nodes
 *                                                            └─ not valid, not reached: the last good version stays; an event; retry
 *
 * Pauses get jitter that only shortens them, so that a thousand zones of one primary do not ask at one time.
 */
import { createHash } from 'node:crypto'
import type { FreshnessMessage } from '../../../cluster/fleet-transport.ts'
import type { Primary, TsigKeyReference } from '../../../policy/config/config-schema.ts'
import { cursorOfPack } from '../../../resolver/transfer/record-cursor.ts'
import type { TransferSource } from '../../../resolver/transfer/transfer-client.ts'
import type { HeldZone, TransferResult } from '../../../resolver/transfer/transfer-reader.ts'
import { canonicalName, formatName, parseName } from '../../../resolver/wire/name.ts'
import type { TsigKey } from '../../../resolver/wire/tsig.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { ApiLog } from '../server.ts'

/** What a keeper works with. */
export type SecondaryKeeperParts = {
  readonly publisher: Pick<Publisher, 'live' | 'publishLayers' | 'transferred' | 'touchTransferred'>
  readonly transfer: (source: TransferSource, apex: Uint8Array, held: HeldZone | undefined, signal: AbortSignal) => Promise<TransferResult>
  /** Keys with their secrets, as the files are now. */
  readonly readKeys: (references: readonly TsigKeyReference[]) => readonly TsigKey[]
  /** A CA file of the folder of secrets. Throws when it cannot be read. */
  readonly readCa: (name: string) => string
  readonly tellFreshness: (read: () => FreshnessMessage) => void
  readonly onEvent: (zone: string, detail: string) => void
  readonly log: ApiLog
  /** Wall clock, ms since epoch: only for the age of what was stored before this start. */
  readonly now: () => number
  readonly monotonicMs: () => number
  /** 0 … 1. */
  readonly random: () => number
}

/** State of one secondary zone, for those who look. Times in ms since epoch, by the wall clock of now. */
export type SecondaryView = {
  /** When primaries are asked next; undefined = it is not planned, because they are being asked. */
  readonly nextAt: number | undefined
  readonly expiresAt: number | undefined
  /** ms until it expires; 0 = it has, or was never there. */
  readonly leftMs: number
  readonly refreshing: boolean
  /** Tries in a row that failed with every primary. */
  readonly failures: number
  /** Why the last one did; empty = it did not. */
  readonly lastError: string
  readonly lastErrorAt: number | undefined
}

type State = {
  readonly name: string
  primaries: readonly Primary[]
  /** Last time that a primary confirmed what we have; undefined = never. */
  refreshedMs: number | undefined
  timer: NodeJS.Timeout | undefined
  busy: boolean
  /** A NOTIFY came while it was busy. */
  again: boolean
  /** Address that a NOTIFY came from: asked first. */
  notifier: string | undefined
  /** When it was last asked for, monotonic. */
  askedMs: number
  /** Ends the transfer under way. */
  abort: AbortController | undefined
  failures: number
  wasExpired: boolean
  /** When the timer ends, monotonic. */
  nextMs: number | undefined
  lastError: string
  /** Monotonic. */
  lastErrorMs: number | undefined
}

type Times = { readonly refreshMs: number; readonly retryMs: number; readonly expireMs: number }

/** Bounds of what a SOA may ask for. */
const LEAST_PAUSE_MS = 1000
const MOST_PAUSE_MS = 28 * 86_400_000
/** A zone that was never transferred is asked for with these pauses, doubled. */
const FIRST_RETRY_MS = 1000
const FIRST_RETRY_LAST_MS = 300_000
/** Pauses get up to this share shorter. */
const JITTER = 0.1
const EXPIRY_LOOK_MS = 500
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Transfers under way at one time, in all and from zones with one first primary: a slow one leaves room for the others. */
const AT_ONCE = 10
const AT_ONCE_A_PRIMARY = 2
/** A NOTIFY is only a hint, and anybody can forge its address: a zone is asked for because of one at most so often. */
const NOTIFY_PAUSE_MS = 1000

/** The keeper of a control. */
export class SecondaryKeeper {
  readonly #parts: SecondaryKeeperParts
  readonly #states = new Map<string, State>()
  #look: NodeJS.Timeout | undefined
  readonly #running = new Set<State>()
  #queue: State[] = []
  #stopped = false

  constructor(parts: SecondaryKeeperParts) {
    this.#parts = parts
  }

  /** Takes up the zones of the live document; called at the start and after each publish. */
  sync(): void {
    const zones = (this.#parts.publisher.live()?.config?.zones ?? []).filter((zone) => zone.primaries.length > 0)
    const names = new Set(zones.map((zone) => zone.name))
    let changed = false
    for (const [name, state] of this.#states) {
      if (names.has(name)) continue
      clearTimeout(state.timer)
      state.abort?.abort()
      this.#states.delete(name)
      changed = true
    }
    for (const { name, primaries } of zones) {
      const known = this.#states.get(name)
      if (known !== undefined) {
        const isNew = JSON.stringify(known.primaries) !== JSON.stringify(primaries)
        known.primaries = primaries
        if (isNew) {
          known.abort?.abort()
          this.#refreshSoon(known)
        }
        continue
      }
      const kept = this.#parts.publisher.transferred().get(name)
      const ageMs = kept === undefined ? 0 : Math.max(0, this.#parts.now() - kept.refreshedAt)
      const refreshedMs = kept === undefined ? undefined : this.#parts.monotonicMs() - ageMs
      const state: State = {
        ...{ name, primaries, refreshedMs, failures: 0, busy: false, again: false, wasExpired: false },
        ...{ timer: undefined, notifier: undefined, abort: undefined, askedMs: Number.NEGATIVE_INFINITY },
        ...{ nextMs: undefined, lastError: '', lastErrorMs: undefined },
      }
      this.#states.set(name, state)
      changed = true
      // What was asked for before this start is asked for again: nobody told us what came meanwhile.
      this.#refreshSoon(state)
    }
    if (changed) this.#tell()
    if (this.#look === undefined && this.#states.size > 0) {
      this.#look = setInterval(() => this.#lookForExpired(), EXPIRY_LOOK_MS)
      this.#look.unref()
    }
  }

  /** The primary with this address says that a zone has changed; `zone` is the presentation form of its canonical name. */
  notified(zone: string, address: string): void {
    for (const state of this.#states.values()) {
      if (canonicalText(state.name) !== zone) continue
      state.notifier = address
      this.#refreshSoon(state)
    }
  }

  /** ms until each zone expires; 0 = it has, or was never there. */
  freshness(): FreshnessMessage {
    const expiresInMs: Record<string, number> = {}
    for (const state of this.#states.values()) expiresInMs[state.name] = Math.round(this.#leftMs(state))
    return { type: 'freshness', expiresInMs }
  }

  /** How a zone is; undefined = it is no secondary zone of ours. */
  view(name: string): SecondaryView | undefined {
    const state = this.#states.get(name)
    if (state === undefined) return undefined
    const wallOf = (monotonicMs: number | undefined): number | undefined =>
      monotonicMs === undefined ? undefined : Math.round(this.#parts.now() + monotonicMs - this.#parts.monotonicMs())
    const times = this.#timesOf(state)
    const expiryMs = times === undefined || state.refreshedMs === undefined ? undefined : state.refreshedMs + times.expireMs
    return {
      nextAt: state.busy ? undefined : wallOf(state.nextMs),
      expiresAt: wallOf(expiryMs),
      leftMs: this.#leftMs(state),
      refreshing: state.busy,
      failures: state.failures,
      lastError: state.lastError,
      lastErrorAt: wallOf(state.lastErrorMs),
    }
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#look)
    for (const { timer, abort } of this.#states.values()) {
      clearTimeout(timer)
      abort?.abort()
    }
  }

  #tell(): void {
    this.#parts.tellFreshness(() => this.freshness())
  }

  #leftMs(state: State): number {
    const times = this.#timesOf(state)
    if (times === undefined || state.refreshedMs === undefined) return 0
    return Math.max(0, times.expireMs - (this.#parts.monotonicMs() - state.refreshedMs))
  }

  #lookForExpired(): void {
    for (const state of this.#states.values()) {
      const isExpired = state.refreshedMs !== undefined && this.#leftMs(state) === 0
      if (isExpired === state.wasExpired) continue
      state.wasExpired = isExpired
      if (isExpired) this.#parts.onEvent(state.name, 'expired: no primary answered for too long; it is answered SERVFAIL')
      this.#tell()
    }
  }

  /** Times of the SOA that we have. */
  #timesOf({ name }: State): Times | undefined {
    const kept = this.#parts.publisher.transferred().get(name)
    if (kept === undefined) return undefined
    const cursor = cursorOfPack(kept.records)
    cursor.next()
    const view = new DataView(kept.records.buffer, kept.records.byteOffset + cursor.dataAt, cursor.dataLength)
    const at = cursor.dataLength - 16
    const pause = (offset: number): number => Math.min(Math.max(1000 * view.getUint32(at + offset), LEAST_PAUSE_MS), MOST_PAUSE_MS)
    const [refreshMs, retryMs] = [pause(0), pause(4)]
    // Before a refresh and one more try nothing can be known to be gone.
    return { refreshMs, retryMs, expireMs: Math.max(1000 * view.getUint32(at + 8), refreshMs + retryMs) }
  }

  #refreshSoon(state: State): void {
    if (state.busy) {
      state.again = true
      return
    }
    this.#schedule(state, Math.max(0, NOTIFY_PAUSE_MS - (this.#parts.monotonicMs() - state.askedMs)))
  }

  #schedule(state: State, pauseMs: number): void {
    clearTimeout(state.timer)
    if (this.#stopped) return
    const shortened = pauseMs * (1 - JITTER * this.#parts.random())
    const waitMs = Math.min(shortened, LONGEST_TIMER_MS)
    state.nextMs = this.#parts.monotonicMs() + waitMs
    state.timer = setTimeout(() => this.#enqueue(state), waitMs)
    state.timer.unref()
  }

  #enqueue(state: State): void {
    if (state.busy || this.#queue.includes(state)) return
    this.#queue.push(state)
    this.#next()
  }

  #next(): void {
    for (let at = 0; at < this.#queue.length && this.#running.size < AT_ONCE && !this.#stopped; ) {
      const state = this.#queue[at]!
      const isGone = this.#states.get(state.name) !== state
      if (!isGone && this.#runningWith(state.primaries[0]!.address) >= AT_ONCE_A_PRIMARY) {
        at++
        continue
      }
      this.#queue.splice(at, 1)
      if (!isGone) this.#run(state)
    }
  }

  #runningWith(address: string): number {
    let count = 0
    for (const { primaries } of this.#running) if (primaries[0]!.address === address) count++
    return count
  }

  #run(state: State): void {
    state.busy = true
    state.askedMs = this.#parts.monotonicMs()
    state.abort = new AbortController()
    this.#running.add(state)
    void this.#refresh(state, state.abort.signal).finally(() => {
      state.busy = false
      state.abort = undefined
      this.#running.delete(state)
      this.#plan(state)
      this.#next()
    })
  }

  /** When to ask again. */
  #plan(state: State): void {
    if (this.#states.get(state.name) !== state) return
    if (state.again) {
      state.again = false
      this.#refreshSoon(state)
      return
    }
    const times = this.#timesOf(state)
    if (state.failures === 0 && times !== undefined) this.#schedule(state, times.refreshMs)
    else if (times !== undefined) this.#schedule(state, times.retryMs)
    else this.#schedule(state, Math.min(FIRST_RETRY_MS * 2 ** Math.min(state.failures, 20), FIRST_RETRY_LAST_MS))
  }

  async #refresh(state: State, signal: AbortSignal): Promise<void> {
    const reasons: string[] = []
    const { notifier } = state
    state.notifier = undefined
    const first = state.primaries.filter(({ address }) => address === notifier)
    for (const primary of [...first, ...state.primaries.filter((other) => !first.includes(other))]) {
      try {
        await this.#refreshFrom(state, primary, signal)
        if (state.failures > 0) this.#parts.onEvent(state.name, `reached again: ${primary.address}`)
        state.failures = 0
        state.lastError = ''
        state.lastErrorMs = undefined
        return
      } catch (error) {
        // The zone has left, or its primaries are others now: neither success nor failure of what is wanted now.
        if (signal.aborted) return
        const issues = (error as { extras?: { issues?: readonly { severity: string; message: string }[] } }).extras?.issues
        const first = issues?.find((issue) => issue.severity === 'error')
        reasons.push(`${primary.address}: ${first === undefined ? (error as Error).message : `the zone is not valid: ${first.message}`}`)
      }
    }
    state.failures++
    state.lastError = reasons.join('; ')
    state.lastErrorMs = this.#parts.monotonicMs()
    const detail = `not refreshed, what is there stays: ${reasons.join('; ')}`
    // One event an outage; the log has each try.
    if (state.failures === 1) this.#parts.onEvent(state.name, detail)
    this.#parts.log.warn({ zone: state.name, reasons }, 'a secondary zone was not refreshed')
  }

  async #refreshFrom(state: State, primary: Primary, signal: AbortSignal): Promise<void> {
    const { publisher } = this.#parts
    const held = publisher.transferred().get(state.name)
    const askedMs = this.#parts.monotonicMs()
    const result = await this.#parts.transfer(this.#sourceOf(primary), canonicalName(parseName(state.name)), held, signal)
    signal.throwIfAborted()
    if (result.kind === 'current') {
      state.refreshedMs = askedMs
      publisher.touchTransferred(state.name)
      this.#tell()
      return
    }
    const { records, serial } = result
    const at = this.#parts.now()
    const zone = {
      zone: state.name,
      serial,
      records,
      digest: createHash('sha256').update(records).digest('hex'),
      transferredAt: at,
      refreshedAt: at,
      primary: primary.address,
    }
    const what = `${result.kind === 'axfr' ? 'AXFR' : 'IXFR'} of ${state.name} from ${primary.address}, serial ${serial}`
    await publisher.publishLayers(
      () => ({
        sets: [],
        transferred: [zone],
        author: primary.address,
        comment: what,
        audit: [{ who: primary.address, action: 'transfer', object: state.name, detail: what }],
      }),
      () => {
        state.refreshedMs = askedMs
        // Before the nodes have the generation: the zone may have been none until now.
        this.#tell()
      },
    )
    this.#parts.onEvent(state.name, what)
  }

  #sourceOf({ address, port, tsigKey, tlsName, tlsCaRef }: Primary): TransferSource {
    const references = this.#parts.publisher.live()?.config?.tsigKeys ?? []
    const key =
      tsigKey === '' ? undefined : this.#parts.readKeys(references).find((other) => formatName(other.name) === canonicalText(tsigKey))
    if (tsigKey !== '' && key === undefined) throw new Error(`the secret of key ${tsigKey} is missing`)
    const tls = tlsName === '' ? undefined : { name: tlsName, ca: tlsCaRef === '' ? undefined : this.#parts.readCa(tlsCaRef) }
    return { address, port, key, tls }
  }
}

function canonicalText(name: string): string {
  return formatName(canonicalName(parseName(name)))
}
