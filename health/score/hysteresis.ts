/**
 * The one rule for losing and regaining a place (DESIGN: health). Pure; monotonic milliseconds come from the caller.
 *
 *   in place ── `fall` failures in a row, or a gate closes ──► out ── `doubling × rise` successes in a row ──► in place
 *
 * doubling: 1; doubled by each loss within 30 minutes of the last return (at most 64); 30 minutes in place forgive it. Simulated at 5 s for
 * two weeks (bench/simulate-health.ts): 3 % loss 3 changes a day, 8 % 2 a day and handed out 1 % of the time, most of it on the first day; a
 * rule that looks at the error rate of the window alone made 162 and 387.
 */

/** In place for this long: earlier losses are forgiven. */
export const FORGIVE_MS = 1_800_000
/** Largest multiple of `rise`. */
export const MOST_DOUBLING = 64

/** A place. */
export type Place = {
  /** Undefined until the first result. */
  inPlace: boolean | undefined
  failuresInRow: number
  successesInRow: number
  /** 1, 2, 4 … 64: successes needed are this × rise. */
  doubling: number
  /** When it returned last, monotonic ms; NaN = it never lost its place. */
  returnedAtMs: number
}

/** Thresholds of the probe. */
export type PlaceRule = { readonly fall: number; readonly rise: number }

/** A place that nothing is known of. */
export function createPlace(): Place {
  return { inPlace: undefined, failuresInRow: 0, successesInRow: 0, doubling: 1, returnedAtMs: Number.NaN }
}

/** Successes in a row that are still needed; 0 in place. */
export function successesNeeded(place: Place, rule: PlaceRule): number {
  return place.inPlace ? 0 : Math.max(1, place.doubling * rule.rise - place.successesInRow)
}

/** Takes the place away. */
export function losePlace(place: Place, nowMs: number): void {
  const isRelapse = nowMs - place.returnedAtMs < FORGIVE_MS
  place.doubling = isRelapse ? Math.min(MOST_DOUBLING, 2 * place.doubling) : 1
  place.inPlace = false
  place.successesInRow = 0
}

/** Gives a place back that was lost for a reason that turned out to be none: nothing of the loss is left. */
export function restorePlace(place: Place): void {
  if (place.inPlace === false) {
    place.inPlace = true
    place.doubling = Math.max(1, place.doubling / 2)
  }
  place.failuresInRow = 0
}

/**
 * Takes one result in. Returns true when the place was lost or regained. The very first result decides at once: at start there is
 * nothing that could flap, and waiting would keep good endpoints out.
 */
export function takeResult(place: Place, ok: boolean, rule: PlaceRule, nowMs: number): boolean {
  if (ok) {
    place.failuresInRow = 0
    place.successesInRow++
  } else {
    place.successesInRow = 0
    place.failuresInRow++
  }
  if (place.inPlace === undefined) {
    place.inPlace = ok
    return true
  }
  if (place.inPlace) {
    if (place.failuresInRow < rule.fall) return false
    losePlace(place, nowMs)
    return true
  }
  if (place.successesInRow < place.doubling * rule.rise) return false
  place.inPlace = true
  place.returnedAtMs = nowMs
  return true
}
