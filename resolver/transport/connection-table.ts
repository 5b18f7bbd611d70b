/**
 * Who is connected, by TCP, TLS or HTTPS: one table for all, so that the limits hold for their sum. Pure but for the closing that is
 * handed in. Every connection costs memory that an asker chooses to spend, so there are limits on connections in all (the one idle
 * longest makes room) and of one client, on idle time, and on bytes that wait, in messages half sent to us or answers not read.
 *
 *   oldest ◄─ Set in order of the last whole message ─► newest        touch = to the end; shedding and sweeping begin at the front
 */
import { COUNT_CONNECTIONS, COUNT_CONNECTIONS_SHED, COUNT_CONNECTIONS_TOTAL } from '../observe/counters.ts'

/** Limits of the connections of a stream worker. */
export type TcpLimits = {
  /** RFC 7766 §6.2.3: a connection without a whole message for this long is closed. */
  readonly idleMs: number
  /** Connections in all; above, the one idle longest is closed. */
  readonly connections: number
  /** Connections of one client block (IPv4 address, IPv6 /56); further ones are refused. */
  readonly connectionsPerClient: number
  /** Bytes of answers waiting for the peer to read; above, no more queries are taken from it. */
  readonly waitingBytes: number
  /** Bytes that wait in all connections together; above, those that hold some are closed, the one idle longest first. */
  readonly heldBytes: number
  /** TLS handshakes begun a second, in all and of one client block; further ones are refused. 0 = no limit. */
  readonly handshakesPerSecond: number
  readonly handshakesPerClientPerSecond: number
}

/** Defaults of the limits. */
export const TCP_LIMITS: TcpLimits = {
  idleMs: 10_000,
  connections: 4096,
  connectionsPerClient: 128,
  waitingBytes: 128 << 10,
  heldBytes: 64 << 20,
  handshakesPerSecond: 500,
  handshakesPerClientPerSecond: 50,
}

/** A connection in the table. */
export type ConnectionEntry = {
  readonly client: string
  /** Closes it at once. */
  readonly close: () => void
  /** Counters of its transport. */
  readonly stripe: Float64Array
  lastMessageMonotonicMs: number
  heldBytes: number
}

/** What the table works with. */
export type ConnectionTableOptions = {
  readonly limits: TcpLimits
  /** Monotonic clock in ms. */
  readonly nowMs: () => number
}

/** The table of a stream worker. */
export type ConnectionTable = {
  /** Takes a connection in, making room for it; undefined: its client has enough. Counts in `stripe`. */
  readonly admit: (client: string, stripe: Float64Array, close: () => void) => ConnectionEntry | undefined
  /** A whole message came, or the peer read what waited. */
  readonly touch: (entry: ConnectionEntry) => void
  /** Bytes that this connection makes us keep, now. */
  readonly hold: (entry: ConnectionEntry, bytes: number) => void
  /** The connection is closed. */
  readonly forget: (entry: ConnectionEntry) => void
  /** Closes it because of a limit. */
  readonly shed: (entry: ConnectionEntry) => void
  /** Closes what is idle too long. */
  readonly sweep: () => void
  /** Nearly full: clients are asked to leave (RFC 7828 §3.4). */
  readonly isCrowded: () => boolean
  readonly size: () => number
  /** Sum of what is held. */
  readonly heldBytes: () => number
}

/** Makes an empty table. */
export function createConnectionTable({ limits, nowMs }: ConnectionTableOptions): ConnectionTable {
  const entries = new Set<ConnectionEntry>()
  const perClient = new Map<string, number>()
  /** A busy connection moves to the end of the set at most this often: every query would cost a hash table its order. */
  const touchMs = Math.min(100, limits.idleMs / 10)
  const crowdedFrom = limits.connections - (limits.connections >> 3)
  let held = 0

  function forget(entry: ConnectionEntry): void {
    if (!entries.delete(entry)) return
    held -= entry.heldBytes
    entry.heldBytes = 0
    entry.stripe[COUNT_CONNECTIONS]! -= 1
    const left = (perClient.get(entry.client) ?? 1) - 1
    if (left > 0) perClient.set(entry.client, left)
    else perClient.delete(entry.client)
  }

  function shed(entry: ConnectionEntry): void {
    if (!entries.has(entry)) return
    entry.stripe[COUNT_CONNECTIONS_SHED]! += 1
    forget(entry)
    entry.close()
  }

  function shedHolders(): void {
    for (const entry of entries) {
      if (held <= limits.heldBytes) return
      if (entry.heldBytes > 0) shed(entry)
    }
  }

  return {
    admit: (client, stripe, close) => {
      const open = perClient.get(client) ?? 0
      stripe[COUNT_CONNECTIONS_TOTAL]! += 1
      if (open >= limits.connectionsPerClient) {
        stripe[COUNT_CONNECTIONS_SHED]! += 1
        return undefined
      }
      if (entries.size >= limits.connections)
        for (const idlest of entries) {
          shed(idlest)
          break
        }
      perClient.set(client, (perClient.get(client) ?? 0) + 1)
      const entry: ConnectionEntry = { client, close, stripe, lastMessageMonotonicMs: nowMs(), heldBytes: 0 }
      entries.add(entry)
      stripe[COUNT_CONNECTIONS]! += 1
      return entry
    },
    touch: (entry) => {
      const now = nowMs()
      if (now - entry.lastMessageMonotonicMs < touchMs || !entries.delete(entry)) return
      entry.lastMessageMonotonicMs = now
      entries.add(entry)
    },
    hold: (entry, bytes) => {
      if (bytes === entry.heldBytes || !entries.has(entry)) return
      held += bytes - entry.heldBytes
      entry.heldBytes = bytes
      if (held > limits.heldBytes) shedHolders()
    },
    forget,
    shed,
    sweep: () => {
      const oldest = nowMs() - limits.idleMs
      for (const entry of entries) {
        if (entry.lastMessageMonotonicMs >= oldest) return
        shed(entry)
      }
    },
    isCrowded: () => entries.size >= crowdedFrom,
    size: () => entries.size,
    heldBytes: () => held,
  }
}

/** Who counts as one client: an IPv4 address, an IPv6 /56 (what one customer usually gets). */
export function clientBlock(words: ArrayLike<number>): string {
  const isIpv4 = words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  return isIpv4 ? `${words[3]}` : `${words[0]}:${words[1]! >>> 8}`
}
