/**
 * Queries on their way from an answering worker to the query log: one ring a worker in shared memory, one writer, one reader, no lock.
 * Shell only for the clock. Hot: the worker's side makes no garbage and never waits; a full ring drops the query and counts it.
 * Guarded by bench/query-log.bench.ts and test/unit/resolver/observe/query-log-ring.test.ts.
 *
 *   head │ … │ tail │ … │ f64 dropped │ data: records of HEADER_BYTES, query, response, each part a multiple of 8 bytes
 *
 * Head and tail count 8-byte words and wrap; a record never runs over the end of the data (a filler takes the rest). The worker stores
 * the head once a batch, so the reader sees whole batches, with the time of their responses. Between head and tail all belongs to the reader.
 */
import type { BatchSocket } from '../transport/batch-socket.ts'

/** Bytes of a worker's ring: at 250,000 queries a second in full, some 60 ms. */
export const QUERY_RING_BYTES: number = 4 << 20

/** Transports of a logged query; the numbers stand in the ring. */
export const QUERY_TRANSPORTS = ['udp', 'tcp', 'dot', 'doh'] as const
/** Number of UDP. */
export const LOG_UDP = 0
/** Number of TCP. */
export const LOG_TCP = 1
/** Number of DNS over TLS. */
export const LOG_DOT = 2
/** Number of DNS over HTTPS. */
export const LOG_DOH = 3

const HEAD_INDEX = 0
/** A cache line of its own: the two sides do not disturb each other. */
const TAIL_INDEX = 16
const DROPPED_AT = 128
const DATA_AT = 192

/** Bytes of a record's head. In it, in bytes: 0 size, 4 kind, 6 transport, 8 and 16 times, 24 … lengths, ports, addresses, decision. */
const HEADER_BYTES = 96
const KIND_FILLER = 0
const KIND_QUERY = 1
/** Words of the head (u32). */
const W_SIZE = 0
const W_KIND = 1
const W_QUERY_BYTES = 6
const W_QUERY_COPIED = 7
const W_RESPONSE_BYTES = 8
const W_RESPONSE_COPIED = 9
const W_SOURCE_PORT = 10
const W_LOCAL_PORT = 11
const W_SOURCE = 12
const W_LOCAL = 16
const W_GENERATION = 20
const W_POLICY = 21
const W_RULE = 22
const W_OUTCOME = 23
/** Doubles of the head. */
const F_QUERY_TIME = 1
const F_RESPONSE_TIME = 2

/** What a worker is told of the log; part of its set-up. */
export type QueryTapSetup = {
  readonly ring: SharedArrayBuffer
  /** One query of so many is logged, drawn at random; 1 = every one. */
  readonly sampleEvery: number
  /** Query messages are copied. */
  readonly copyQueries: boolean
  /** Response messages are copied. */
  readonly copyResponses: boolean
}

/** Memory of a ring. `dataBytes` is a multiple of 8. */
export function createQueryRing(dataBytes: number = QUERY_RING_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(DATA_AT + dataBytes)
}

/** Queries that found the ring full. */
export function ringDropped(ring: SharedArrayBuffer): number {
  return new Float64Array(ring, DROPPED_AT, 1)[0]!
}

/** Writes which policy, rule and outcome (counters.ts) answered the last query into three cells; -1 = none. */
export type NoteDecision = (cells: Int32Array) => void

/** A worker's end. `query` and `response` are called around each answer, between `beginBatch` and `endBatch`. */
export type QueryTap = {
  /** Reads the clock, once a batch. */
  readonly beginBatch: (generation: number) => void
  /** Sampling decides whether message `i` of the socket is logged; then it is copied, before it is answered in place. */
  readonly query: (socket: BatchSocket, i: number) => void
  /** The same for a message that came another way; `local` is address and port (5 words). */
  readonly queryFrom: (
    mem: Uint8Array,
    at: number,
    length: number,
    room: number,
    transport: number,
    src: Uint32Array,
    srcAt: number,
    sourcePort: number,
    local: Uint32Array,
  ) => void
  /** The reply to the query before; `length` 0 = none. Nothing happens when that query is not logged. */
  readonly response: (mem: Uint8Array, at: number, length: number) => void
  /** Hands the batch to the reader. */
  readonly endBatch: () => void
}

/** Makes the worker's end. `nowMs` and `wallMs` are performance.now and Date.now. */
export function createQueryTap(
  setup: QueryTapSetup,
  note: NoteDecision | undefined,
  nowMs: () => number = () => performance.now(),
  wallMs: () => number = Date.now,
  seed: number = (Date.now() | 1) ^ 0x5bd1e995,
): QueryTap {
  const { sampleEvery, copyQueries, copyResponses } = setup
  const control = new Int32Array(setup.ring, 0, 32)
  const dropped = new Float64Array(setup.ring, DROPPED_AT, 1)
  const bytes = new Uint8Array(setup.ring, DATA_AT)
  const words = new Uint32Array(setup.ring, DATA_AT)
  const doubles = new Float64Array(setup.ring, DATA_AT)
  const capacity = doubles.length
  const decision = new Int32Array(3)
  const noLocal = new Uint32Array(5)
  /** 0: wall clock minus monotonic clock; 1: when that was looked at; 2: time of this batch. Cells, because a number that changes is boxed. */
  const clock = new Float64Array(3)
  clock[0] = wallMs() - nowMs()
  clock[1] = nowMs()
  // A worker that takes another's place goes on where the ring is.
  let head = Atomics.load(control, HEAD_INDEX)
  let tail = Atomics.load(control, TAIL_INDEX)
  let batchAt = head
  let generation = 0
  let random = seed | 1
  let left = 1
  /** The record that waits for its response, in bytes of the data; -1 = none. */
  let open = -1
  /** Views of the memory that messages lie in, made once. */
  let source: Uint8Array | undefined
  let sourceWords: Uint32Array = new Uint32Array(0)
  if (sampleEvery > 1) drawGap()

  /** Gaps are even over 1 … 2N-1: N on average, and no pattern of queries can hide between the samples. */
  function drawGap(): void {
    random ^= random << 13
    random ^= random >>> 17
    random ^= random << 5
    left = 1 + ((random >>> 1) % (2 * sampleEvery - 1))
  }

  function takes(): boolean {
    if (sampleEvery === 1) return true
    if (--left > 0) return false
    drawGap()
    return true
  }

  /** Place of a record of at most `size` bytes, in bytes of the data; -1 when the ring is full. */
  function reserve(size: number): number {
    const need = (size + 7) >> 3
    const place = (head >>> 0) % capacity
    const rest = capacity - place
    const filler = need > rest ? rest : 0
    if (((head - tail) | 0) + filler + need > capacity) {
      tail = Atomics.load(control, TAIL_INDEX)
      if (((head - tail) | 0) + filler + need > capacity) {
        dropped[0]! += 1
        return -1
      }
    }
    if (filler === 0) return 8 * place
    words[2 * place + W_SIZE] = 8 * filler
    words[2 * place + W_KIND] = KIND_FILLER
    head = (head + filler) | 0
    return 0
  }

  function copy(mem: Uint8Array, at: number, length: number, to: number): void {
    const from = mem.byteOffset + at
    if ((from & 3) === 0 && from + length + 4 <= mem.buffer.byteLength) {
      if (source !== mem) {
        source = mem
        sourceWords = new Uint32Array(mem.buffer, 0, mem.buffer.byteLength >> 2)
      }
      const end = (length + 3) >> 2
      const first = from >> 2
      const target = to >> 2
      for (let i = 0; i < end; i++) words[target + i] = sourceWords[first + i]!
    } else {
      for (let i = 0; i < length; i++) bytes[to + i] = mem[at + i]!
    }
  }

  function begin(
    mem: Uint8Array,
    at: number,
    length: number,
    room: number,
    transport: number,
    src: Uint32Array,
    srcAt: number,
    sourcePort: number,
    local: Uint32Array,
  ): void {
    const record = reserve(HEADER_BYTES + length + room + 16)
    if (record < 0) return
    const word = record >> 2
    const copied = copyQueries ? length : 0
    words[word + W_KIND] = KIND_QUERY | (transport << 16)
    doubles[(record >> 3) + F_QUERY_TIME] = clock[2]!
    words[word + W_QUERY_BYTES] = length
    words[word + W_QUERY_COPIED] = copied
    words[word + W_SOURCE_PORT] = sourcePort
    words[word + W_LOCAL_PORT] = local[4]!
    for (let i = 0; i < 4; i++) {
      words[word + W_SOURCE + i] = src[srcAt + i]!
      words[word + W_LOCAL + i] = local[i]!
    }
    words[word + W_GENERATION] = generation
    if (copied > 0) copy(mem, at, copied, record + HEADER_BYTES)
    open = record
  }

  return {
    beginBatch: (current) => {
      generation = current
      const now = nowMs()
      // The wall clock is looked at once a second; it counts whole milliseconds, and only what goes beyond is a change of it.
      if (now - clock[1]! > 1000) {
        clock[1] = now
        const drift = wallMs() - (clock[0]! + now)
        if (drift < -2 || drift > 2) clock[0]! += drift
      }
      clock[2] = clock[0]! + now
      tail = Atomics.load(control, TAIL_INDEX)
      batchAt = head
    },
    query: (socket, i) => {
      if (!takes()) return
      let local: Uint32Array = noLocal
      if (socket.localOf !== undefined) local = socket.localOf(i)
      const port = socket.port === undefined ? 0 : socket.port[i]!
      begin(socket.mem, socket.off[i]!, socket.len[i]!, socket.room, LOG_UDP, socket.src, 4 * i, port, local)
    },
    queryFrom: (mem, at, length, room, transport, src, srcAt, sourcePort, local) => {
      if (takes()) begin(mem, at, length, room, transport, src, srcAt, sourcePort, local)
    },
    response: (mem, at, length) => {
      if (open < 0) return
      const word = open >> 2
      const copied = copyResponses ? length : 0
      const atResponse = HEADER_BYTES + ((words[word + W_QUERY_COPIED]! + 7) & ~7)
      words[word + W_RESPONSE_BYTES] = length
      words[word + W_RESPONSE_COPIED] = copied
      decision[0] = decision[1] = decision[2] = -1
      if (note !== undefined) note(decision)
      words[word + W_POLICY] = decision[0]
      words[word + W_RULE] = decision[1]
      words[word + W_OUTCOME] = decision[2]
      if (copied > 0) copy(mem, at, copied, open + atResponse)
      const size = atResponse + ((copied + 7) & ~7)
      words[word + W_SIZE] = size
      head = (head + (size >> 3)) | 0
      open = -1
    },
    endBatch: () => {
      open = -1
      if (head === batchAt) return
      const time = clock[0]! + nowMs()
      for (let at = batchAt; at !== head; ) {
        const place = (at >>> 0) % capacity
        const size = words[2 * place + W_SIZE]! >> 3
        // A filler may be smaller than a record's head.
        if ((words[2 * place + W_KIND]! & 0xffff) === KIND_QUERY) doubles[place + F_RESPONSE_TIME] = time
        at = (at + size) | 0
      }
      batchAt = head
      Atomics.store(control, HEAD_INDEX, head)
    },
  }
}

/** A logged query as the reader sees it; one object a reader, filled anew for each. */
export type QueryRecord = {
  /** Memory that the messages lie in; the reader may change them in place. */
  bytes: Uint8Array
  /** Number in QUERY_TRANSPORTS. */
  transport: number
  /** Milliseconds since the epoch, with fractions. */
  queryTime: number
  responseTime: number
  /** Length on the wire, and what was copied of it. */
  queryBytes: number
  queryAt: number
  queryLength: number
  /** 0: nothing was sent (or the messages of a transfer, which are not logged). */
  responseBytes: number
  responseAt: number
  responseLength: number
  sourcePort: number
  localPort: number
  /** IPv4 as ::ffff:a.b.c.d. */
  readonly source: Uint32Array
  readonly local: Uint32Array
  generation: number
  /** -1 = no policy decided. */
  policy: number
  rule: number
  outcome: number
}

/** The reader's end of a ring. */
export type QueryRingReader = {
  /** Calls `take` for each waiting record, at most `mostBytes` of them; returns the bytes read. */
  readonly read: (take: (record: QueryRecord) => void, mostBytes: number) => number
}

/** Makes the reader's end; a reader that takes another's place goes on where that was. */
export function createQueryRingReader(ring: SharedArrayBuffer): QueryRingReader {
  const control = new Int32Array(ring, 0, 32)
  const bytes = new Uint8Array(ring, DATA_AT)
  const words = new Uint32Array(ring, DATA_AT)
  const signed = new Int32Array(ring, DATA_AT)
  const doubles = new Float64Array(ring, DATA_AT)
  const capacity = doubles.length
  const record: QueryRecord = {
    ...{ bytes, transport: 0, queryTime: 0, responseTime: 0, queryBytes: 0, queryAt: 0, queryLength: 0 },
    ...{ responseBytes: 0, responseAt: 0, responseLength: 0, sourcePort: 0, localPort: 0 },
    ...{ source: new Uint32Array(4), local: new Uint32Array(4), generation: 0, policy: -1, rule: -1, outcome: -1 },
  }

  function fill(place: number): void {
    const word = 2 * place
    record.transport = words[word + W_KIND]! >>> 16
    record.queryTime = doubles[place + F_QUERY_TIME]!
    record.responseTime = doubles[place + F_RESPONSE_TIME]!
    record.queryBytes = words[word + W_QUERY_BYTES]!
    record.queryLength = words[word + W_QUERY_COPIED]!
    record.queryAt = 8 * place + HEADER_BYTES
    record.responseBytes = words[word + W_RESPONSE_BYTES]!
    record.responseLength = words[word + W_RESPONSE_COPIED]!
    record.responseAt = record.queryAt + ((record.queryLength + 7) & ~7)
    record.sourcePort = words[word + W_SOURCE_PORT]!
    record.localPort = words[word + W_LOCAL_PORT]!
    for (let i = 0; i < 4; i++) {
      record.source[i] = words[word + W_SOURCE + i]!
      record.local[i] = words[word + W_LOCAL + i]!
    }
    record.generation = words[word + W_GENERATION]!
    record.policy = signed[word + W_POLICY]!
    record.rule = signed[word + W_RULE]!
    record.outcome = signed[word + W_OUTCOME]!
  }

  return {
    read: (take, mostBytes) => {
      const head = Atomics.load(control, HEAD_INDEX)
      let tail = Atomics.load(control, TAIL_INDEX)
      let taken = 0
      while (tail !== head && taken < mostBytes) {
        const place = (tail >>> 0) % capacity
        const size = words[2 * place + W_SIZE]! >> 3
        // Cannot be: the head is stored behind whole records. If it ever is, one ring's content is lost, not the log.
        if (size === 0 || size > capacity - place) {
          Atomics.store(control, TAIL_INDEX, head)
          return taken
        }
        if ((words[2 * place + W_KIND]! & 0xffff) === KIND_QUERY) {
          fill(place)
          take(record)
        }
        tail = (tail + size) | 0
        taken += 8 * size
        Atomics.store(control, TAIL_INDEX, tail)
      }
      return taken
    },
  }
}
