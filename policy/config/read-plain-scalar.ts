/** Scalars of the YAML 1.2 core schema: what a text without quotes means. Pure. */

const INTEGER = /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** Words that are no text. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
])

/** Longest of WORDS. */
const LONGEST_WORD = 5
const NINE = 57

/** The value of a scalar without quotes: null, a boolean, a number, or the text itself. */
export function readPlainScalar(text: string): string | number | boolean | null {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text)
    if (word !== undefined) return word
  }
  // "+", "-", "." and digits stand before "9" and nothing that begins a word of ours does.
  if (text.charCodeAt(0) > NINE) return text
  if (INTEGER.test(text) || FLOAT.test(text)) return Number(text)
  if (!NOT_FINITE.test(text)) return text
  if (text.endsWith('n') || text.endsWith('N')) return Number.NaN
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
