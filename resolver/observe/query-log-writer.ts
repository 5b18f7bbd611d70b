/**
 * The query log's own thread, without the thread: drains the rings, cuts the addresses, encodes, hands chunks to the sink. Shell only
 * by what it is given. It never makes a worker wait: what it does not drain in time, the rings drop.
 */
import { encodeControlFrame, FRAME_START, FRAME_STOP } from './dnstap-frames.ts'
import { AUTH_QUERY, AUTH_RESPONSE, writeDnstapFrame } from './dnstap-message.ts'
import { LogBytes } from './log-bytes.ts'
import { type QueryLogNames, writeQueryLine } from './query-log-line.ts'
import { type ClientBits, cutAddress, cutMessage } from './query-log-privacy.ts'
import { createQueryRingReader, type QueryRecord, type QueryRingReader } from './query-log-ring.ts'
import type { LogSink } from './query-log-sink.ts'

/** What the log's thread is told. */
export type QueryLogSettings = {
  readonly format: 'json' | 'dnstap'
  /** A path, "unix:PATH", or "-" for standard output. */
  readonly to: string
  readonly sampleEvery: number
  readonly logQueries: boolean
  readonly logResponses: boolean
  readonly clientBits: ClientBits
  /** Answer records are written out in JSON lines. */
  readonly withRecords: boolean
  /** Rotation of a file: its largest size (0 = never), and how many older ones are kept. */
  readonly maxBytes: number
  readonly keep: number
  /** Name of this node, and of this software. */
  readonly node: string
  readonly version: string
}

/** Content of a file before and behind the data. */
export function fileFraming(format: QueryLogSettings['format']): { readonly begin: Uint8Array; readonly end: Uint8Array } {
  if (format === 'json') return { begin: new Uint8Array(0), end: new Uint8Array(0) }
  return { begin: encodeControlFrame(FRAME_START), end: encodeControlFrame(FRAME_STOP) }
}

/** Chunks of about this size go to the sink. */
const CHUNK_BYTES = 64 << 10
/** Bytes taken from a ring in one turn, so that sockets have theirs between. */
const TURN_BYTES = 1 << 20
const HEADER_BYTES = 12

/** A running encoder. */
export type QueryLogWriter = {
  /** The ring of a worker; a second one for the same worker takes the place of the first. */
  readonly addRing: (worker: number, ring: SharedArrayBuffer) => void
  /** Names of a generation; the generation before is kept for queries that are still on their way. */
  readonly addNames: (names: QueryLogNames) => void
  /** Drains what waits, as far as the sink takes it; returns true when there may be more. */
  readonly drain: () => boolean
  /** Throws away what waits in the rings; returns how many queries. At the end, when the sink takes nothing more. */
  readonly discard: () => number
}

/** Makes the encoder. */
export function createQueryLogWriter(settings: QueryLogSettings, sink: LogSink): QueryLogWriter {
  const { clientBits, format } = settings
  const readers = new Map<number, QueryRingReader>()
  const out = new LogBytes()
  const identity = Buffer.from(settings.node, 'utf8')
  const version = Buffer.from(settings.version, 'utf8')
  const lineOptions = { node: settings.node, withRecords: settings.withRecords }
  let names: QueryLogNames[] = []
  let zones = new Map<string, Uint8Array>()
  let waiting = 0

  function flush(): void {
    if (waiting === 0) return
    const count = waiting
    waiting = 0
    sink.write(out.take(), count)
  }

  function take(record: QueryRecord): void {
    const clientLength = cutAddress(record.source, clientBits)
    record.queryLength = cutMessage(record.bytes, record.queryAt, record.queryLength, clientBits)
    record.responseLength = cutMessage(record.bytes, record.responseAt, record.responseLength, clientBits)
    if (format === 'json') {
      const { generation } = record
      const known = names[0]?.generation === generation ? names[0] : names[1]?.generation === generation ? names[1] : undefined
      writeQueryLine(out, record, clientLength, lineOptions, known)
    } else {
      const zone = zoneOf(record)
      // A query without a reply would not be seen where responses alone are logged: that is what was asked for.
      if (settings.logQueries) writeDnstapFrame(out, AUTH_QUERY, record, identity, version, zone)
      if (settings.logResponses && record.responseLength > 0) writeDnstapFrame(out, AUTH_RESPONSE, record, identity, version, zone)
    }
    waiting++
    if (out.length >= CHUNK_BYTES) flush()
  }

  const lowered = Buffer.alloc(256)
  /** The deepest of our zones above the name that is asked for. */
  function zoneOf({ bytes, queryAt, queryLength, responseAt, responseLength }: QueryRecord): Uint8Array | undefined {
    const at = queryLength > 0 ? queryAt : responseAt
    const end = at + (queryLength > 0 ? queryLength : responseLength)
    if (zones.size === 0 || end - at <= HEADER_BYTES || bytes[at + 5] === 0) return undefined
    let length = 0
    for (let from = at + HEADER_BYTES; from < end && length < 255; from++) {
      const octet = bytes[from]!
      lowered[length++] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
    }
    let nameEnd = 0
    while (nameEnd < length && lowered[nameEnd] !== 0) nameEnd += 1 + lowered[nameEnd]!
    if (nameEnd >= length) return undefined
    for (let label = 0; label <= nameEnd; label += 1 + lowered[label]!) {
      const zone = zones.get(lowered.toString('latin1', label, nameEnd + 1))
      if (zone !== undefined || label === nameEnd) return zone
    }
    return undefined
  }

  return {
    addRing: (worker, ring) => void readers.set(worker, createQueryRingReader(ring)),
    addNames: (added) => {
      names = [added, ...names.filter(({ generation }) => generation !== added.generation)].slice(0, 2)
      zones = new Map(added.zones.map((name) => [Buffer.from(name).toString('latin1'), name]))
    },
    drain: () => {
      let more = false
      for (const reader of readers.values()) {
        if (!sink.hasRoom()) break
        if (reader.read(take, TURN_BYTES) >= TURN_BYTES) more = true
        flush()
      }
      return more && sink.hasRoom()
    },
    discard: () => {
      let count = 0
      for (const reader of readers.values()) while (reader.read(() => count++, TURN_BYTES) > 0);
      return count
    },
  }
}
