/** Finds the known word an operator most likely meant, for "did you mean". Pure. */

/** The candidate nearest to `word`, or undefined when none is near enough to be worth showing. Ties go to the first candidate. */
export function suggestNearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word)
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const known = fold(candidate)
    // "ttl" for "ttlSeconds" is a forgotten unit, the most frequent slip in documents with units in their names.
    const prefix = wanted.length >= 3 && known.length >= 3 && (known.startsWith(wanted) || wanted.startsWith(known))
    const distance = prefix ? 1 : editDistance(wanted, known)
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, known.length) / 3))
    if (distance <= limit && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost one each. */
function editDistance(a: string, b: string): number {
  // Long texts are never a slip of a known word; the limit keeps hostile documents cheap.
  if (a.length > 80 || b.length > 80) return a === b ? 0 : Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1)
      }
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
