/** Where the query log goes: the contract of a file (query-log-file.ts) and a stream (query-log-stream.ts). Pure types. */

/** What happens to chunks, told to the log's thread. */
export type SinkEvents = {
  /** So many queries were handed over. */
  readonly written: (count: number) => void
  /** So many queries were lost on the way: the reader went away, the disk is full. */
  readonly lost: (count: number) => void
  /** A sentence for the process log, when the state changes; `recovered` = it works again. */
  readonly problem: (message: string, recovered: boolean) => void
}

/** A place for chunks of whole lines or frames. Nothing in it waits. */
export type LogSink = {
  /** True when a chunk can be taken now; while it is not, queries wait in their rings, and are dropped there when those are full. */
  readonly hasRoom: () => boolean
  /** Takes a chunk that holds `count` queries; its memory is the caller's again when this returns. */
  readonly write: (chunk: Uint8Array, count: number) => void
  /** Called some times a second: connects again, looks whether the file was moved away. */
  readonly tick: (nowMs: number) => void
  /** Opens the file anew (SIGHUP). */
  readonly reopen: () => void
  /** Ends the stream in order; resolves when that is done or has taken too long. */
  readonly close: () => Promise<void>
}
