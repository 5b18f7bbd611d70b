/** Numbers that a walk puts beside the rows of matrix and list: rules passed, and the one that answers. Pure. */

/** Mark of a row. */
export type WalkMark = { readonly step: number; readonly answers: boolean }

/** Marks by row, from lines walked in order. */
export function walkMarks(steps: readonly { readonly line: string; readonly verdict: string }[]): ReadonlyMap<string, WalkMark> {
  const marks = new Map<string, WalkMark>()
  for (const { line, verdict } of steps) {
    if (verdict === 'passed' || verdict === 'answers') marks.set(line, { step: marks.size + 1, answers: verdict === 'answers' })
  }
  return marks
}
