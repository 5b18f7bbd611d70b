/** Flags that answer.bench.ts and guard.bench.ts share. Pure. */

/** The named ones of a list. Throws on a name that is none. */
export function chooseById<T extends { readonly id: string }>(text: string, known: readonly T[], flag: string): T[] {
  return text.split(',').map((id) => {
    const item = known.find((each) => each.id === id)
    if (item === undefined) throw new Error(`--${flag}: "${id}" is none of ${known.map((each) => each.id).join(', ')}`)
    return item
  })
}

/** A number above 0. Throws on anything else. */
export function positiveNumber(text: string, flag: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${flag}: "${text}" is no positive number`)
  return number
}
