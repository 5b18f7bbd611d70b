/**
 * Hash of canonical names, computable for every suffix in one pass from the root side. Pure, hot. FNV-1a over the octets of the
 * labels, last label first; operators' names only are stored, so an asker cannot choose collisions among them.
 */

const SEED = 0x811c9dc5

/**
 * Hashes of all suffixes of an uncompressed name: `hashes[k]` belongs to the suffix that begins at label k (its offset is
 * `labels[k]`), `hashes[count]` to the root. Returns the number of labels.
 */
export function hashSuffixes(name: Uint8Array, labels: Uint8Array, hashes: Uint32Array): number {
  let count = 0
  for (let at = 0; name[at] !== 0; at += 1 + name[at]!) labels[count++] = at
  labels[count] = count === 0 ? 0 : labels[count - 1]! + 1 + name[labels[count - 1]!]!
  let hash = SEED
  hashes[count] = hash
  for (let k = count - 1; k >= 0; k--) {
    const start = labels[k]!
    const end = start + 1 + name[start]!
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ name[at]!, 0x01000193)
    // FNV's high bits are weak on short input, and slots are taken from the low ones of a mixed value.
    hashes[k] = (hash ^ (hash >>> 15)) >>> 0
  }
  return count
}
