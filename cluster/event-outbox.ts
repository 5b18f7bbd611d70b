/**
 * Events of a node on their way to control: kept in order until control says that it has them, sent again over the next connection, and bounded.
 * Pure. Numbers rise by one from 1 within a run of the node, so that control takes each once.
 *
 *   add ─► │ in flight: sent, not acknowledged │ waiting │      acknowledge(n): all up to n go      rewind: all wait again
 */

/** Bounds of an outbox. */
export type EventOutboxLimits = {
  /** Events kept [2000]. */
  readonly events: number
  /** Their bytes [4 MB]. */
  readonly bytes: number
  /** Events sent and not acknowledged at a time [200]: what waits stays here, not in the buffer of a socket. */
  readonly inFlight: number
}

/** How full an outbox is. */
export type EventOutboxFigures = {
  /** Events that control has not acknowledged. */
  readonly waiting: number
  /** Events dropped since the start of the node, because there were too many. */
  readonly dropped: number
}

/** Bounds by default: a day of a busy fleet, and little memory. */
export const EVENT_OUTBOX_LIMITS: EventOutboxLimits = { events: 2000, bytes: 4 << 20, inFlight: 200 }

type Entry = { readonly number: number; readonly line: Uint8Array }

/** The outbox. */
export class EventOutbox {
  readonly #limits: EventOutboxLimits
  readonly #entries: Entry[] = []
  /** So many of the first entries are in flight. */
  #inFlight = 0
  #bytes = 0
  #dropped = 0
  #nextNumber = 1

  constructor(limits: EventOutboxLimits = EVENT_OUTBOX_LIMITS) {
    this.#limits = limits
  }

  /** Takes in an event; `format` makes its line and throws when it is too long for one. The oldest that is not in flight gives way. */
  add(format: (number: number) => Uint8Array): void {
    const number = this.#nextNumber++
    let line: Uint8Array
    try {
      line = format(number)
    } catch {
      this.#dropped++
      return
    }
    this.#entries.push({ number, line })
    this.#bytes += line.length
    while (this.#entries.length > this.#limits.events || this.#bytes > this.#limits.bytes) {
      const at = Math.min(this.#inFlight, this.#entries.length - 1)
      const [oldest] = this.#entries.splice(at, 1)
      if (at < this.#inFlight) this.#inFlight--
      this.#bytes -= oldest!.line.length
      this.#dropped++
    }
  }

  /** Lines to be sent now, which are in flight from here on. */
  next(): readonly Uint8Array[] {
    const from = this.#inFlight
    this.#inFlight = Math.min(this.#entries.length, Math.max(from, this.#limits.inFlight))
    return this.#entries.slice(from, this.#inFlight).map(({ line }) => line)
  }

  /** Control has all events up to this number. */
  acknowledge(number: number): void {
    let count = 0
    while (count < this.#entries.length && this.#entries[count]!.number <= number) this.#bytes -= this.#entries[count++]!.line.length
    this.#entries.splice(0, count)
    this.#inFlight = Math.max(0, this.#inFlight - count)
  }

  /** The connection is gone: what was in flight may not have arrived. */
  rewind(): void {
    this.#inFlight = 0
  }

  /** How full it is. */
  figures(): EventOutboxFigures {
    return { waiting: this.#entries.length, dropped: this.#dropped }
  }
}
