/**
 * Shared memory of the guard: cookie secrets and the rate-limit table, one block for all answering threads of a node, fixed in size.
 * Pure (the memory is handed in).
 *
 *   words: [0] which set of secrets is live │ set 0: count, MAX_SECRETS × 4 words │ set 1 │ keys of the table's hash (4) │ table: cells of 2 words
 *
 * A set is written while the other is live, then the first word turns: a reader never sees half a secret.
 */
import { MAX_SECRETS } from '../wire/cookie.ts'

const SET_WORDS = 1 + 4 * MAX_SECRETS
const AT_SETS = 1
/** Place of the keys of the table's hash. */
export const AT_HASH_KEYS: number = AT_SETS + 2 * SET_WORDS
/** Place of the first cell; a whole cache line. */
export const AT_CELLS: number = Math.ceil((AT_HASH_KEYS + 4) / 16) * 16
/** Words of a cell: tag, time. */
export const CELL_WORDS = 2
/** Cells that may hold a key: one cache line. */
export const CELLS_A_ROW = 8

/** Memory with `rows` rows of cells (a power of two); `hashKeys` are four random words. */
export function createGuardMemory(rows: number, hashKeys: Uint32Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4 * (AT_CELLS + rows * CELLS_A_ROW * CELL_WORDS))
  new Uint32Array(memory).set(hashKeys, AT_HASH_KEYS)
  return memory
}

/** Rows of a guard memory. */
export function guardRows(memory: SharedArrayBuffer): number {
  return (memory.byteLength / 4 - AT_CELLS) / (CELLS_A_ROW * CELL_WORDS)
}

/** Makes `secrets` (four words each, the first makes new cookies) the live ones. */
export function replaceCookieSecrets(memory: SharedArrayBuffer, secrets: readonly Uint32Array[]): void {
  const words = new Uint32Array(memory)
  const live = new Int32Array(memory)
  const idle = Atomics.load(live, 0) === 0 ? 1 : 0
  const at = AT_SETS + idle * SET_WORDS
  const kept = secrets.slice(0, MAX_SECRETS)
  words[at] = kept.length
  for (const [i, secret] of kept.entries()) words.set(secret, at + 1 + 4 * i)
  Atomics.store(live, 0, idle)
}

/** Place of the live set: its count, then its secrets. */
export function liveSecretsAt(words: Int32Array): number {
  return AT_SETS + Atomics.load(words, 0) * SET_WORDS
}
