/**
 * Memory of generations: two arenas for snapshots and two for rankings, used in turn, so that publishes leave no garbage behind in
 * the answering threads (measured: +64 MB a swap for ever otherwise). An arena too small for its generation is replaced
 * by a larger one; only then somebody must collect. Pure bookkeeping.
 *
 *   live │ idle        begin() hands out the idle pair, commit(allLeft) makes it live
 */

const GRAIN_BYTES = 64 << 10

/** Memory for the next generation. */
export type GenerationMemory = {
  /** Memory of at least `sizeBytes` for the snapshot's block that is being loaded. */
  readonly block: (sizeBytes: number) => SharedArrayBuffer
  /** Memory of at least `sizeBytes`, all zero, for its rankings and counters. */
  readonly ranking: (sizeBytes: number) => SharedArrayBuffer
  /** The generation is live. `allLeft`: nobody reads the one before any more; else its memory is given up, not used again. */
  readonly commit: (allLeft: boolean) => void
  /** True once after memory was given up: the garbage should be collected. */
  readonly takeGarbage: () => boolean
  /** Bytes held in all arenas. */
  readonly heldBytes: () => number
}

type Pair = { block: SharedArrayBuffer | undefined; ranking: SharedArrayBuffer | undefined }

/** Makes the memory of a node's generations. `onNewBlock` is shown each fresh block before it is written to. */
export function createGenerationMemory(onNewBlock: (block: SharedArrayBuffer) => void = () => undefined): GenerationMemory {
  let live: Pair = { block: undefined, ranking: undefined }
  let idle: Pair = { block: undefined, ranking: undefined }
  let garbage = false

  function fit(held: SharedArrayBuffer | undefined, sizeBytes: number): SharedArrayBuffer {
    if (held !== undefined && held.byteLength >= sizeBytes) return held
    if (held !== undefined) garbage = true
    // Half as much again: a document grows by edits, and each new size would cost a collection.
    return new SharedArrayBuffer(Math.ceil((sizeBytes * 1.5) / GRAIN_BYTES) * GRAIN_BYTES)
  }

  return {
    block: (sizeBytes) => {
      const held = idle.block
      idle.block = fit(held, sizeBytes)
      if (idle.block !== held) onNewBlock(idle.block)
      return idle.block
    },
    ranking: (sizeBytes) => {
      idle.ranking = fit(idle.ranking, sizeBytes)
      new Uint8Array(idle.ranking).fill(0)
      return idle.ranking
    },
    commit: (allLeft) => {
      const left = live
      live = idle
      if (allLeft) {
        idle = left
      } else {
        idle = { block: undefined, ranking: undefined }
        if (left.block !== undefined) garbage = true
      }
    },
    takeGarbage: () => {
      const was = garbage
      garbage = false
      return was
    },
    heldBytes: () => [live.block, live.ranking, idle.block, idle.ranking].reduce((sum, held) => sum + (held?.byteLength ?? 0), 0),
  }
}
