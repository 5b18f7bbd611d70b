/**
 * $GENERATE start-stop[/step] owner [TTL] [class] type data (BIND 9 reference manual): "$" in a word stands for the number,
 * "${offset,width,base}" for it shifted, padded and in another base, "\$" and "$$" for a dollar. Pure.
 */
import type { ZoneEntry, ZoneToken } from './zone-file-lexer.ts'

/** One line may make so many records: a /16 of reverse names. */
export const MAX_GENERATED = 65_536

type Fault = { readonly ok: false; readonly at: ZoneToken; readonly message: string }

/** What a $GENERATE makes: numbers from `first` to `last`, and the entry of each. */
export type Generated =
  | {
      readonly ok: true
      readonly first: number
      readonly last: number
      readonly step: number
      readonly entryOf: (value: number) => { readonly ok: true; readonly entry: ZoneEntry } | Fault
    }
  | Fault

/** Reads the range of a $GENERATE. */
export function findGenerated(entry: ZoneEntry): Generated {
  const [directive, range, owner] = entry.tokens as [ZoneToken, ZoneToken, ZoneToken | undefined]
  if (entry.tokens.length < 5 || owner === undefined)
    return { ok: false, at: directive, message: '$GENERATE needs a range, an owner, a type and data' }
  const match = /^([0-9]{1,9})-([0-9]{1,9})(?:\/([0-9]{1,9}))?$/.exec(range.text)
  const first = Number(match?.[1])
  const last = Number(match?.[2])
  const step = Number(match?.[3] ?? 1)
  if (match === null || last < first || step < 1)
    return { ok: false, at: range, message: `"${range.text}" is not a range as in 1-254 or 0-100/2` }
  const count = Math.floor((last - first) / step) + 1
  if (count > MAX_GENERATED)
    return { ok: false, at: range, message: `${count} records are generated, at most ${MAX_GENERATED} are allowed` }
  return {
    ok: true,
    first,
    last,
    step,
    entryOf: (value) => {
      const tokens: ZoneToken[] = []
      for (const token of entry.tokens.slice(2)) {
        const text = expand(token.text, value)
        if (text === undefined) return { ok: false, at: token, message: `"${token.text}" holds a \${…} that cannot be read` }
        tokens.push({ ...token, text })
      }
      return { ok: true, entry: { tokens, ownerOmitted: false, line: entry.line } }
    },
  }
}

/** The word for one number; undefined when a modifier is malformed. */
function expand(text: string, value: number): string | undefined {
  let isBroken = false
  const expanded = text.replaceAll(/\\\$|\$\$|\\.|\$(\{[^}]*\}?)?/g, (found, modifier: string | undefined) => {
    // An owner that begins with a dollar is read as an entry, not as a directive, when it keeps its escape.
    if (found === '$$' || found === '\\$') return '\\$'
    if (found.startsWith('\\')) return found
    const made = modifier === undefined ? String(value) : modify(modifier, value)
    isBroken ||= made === undefined
    return made ?? ''
  })
  return isBroken ? undefined : expanded
}

function modify(modifier: string, value: number): string | undefined {
  const match = /^\{(-?[0-9]{1,9})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?\}$/.exec(modifier)
  if (match === null) return undefined
  const number = value + Number(match[1])
  const width = Number(match[2] ?? 0)
  if (number < 0 || width > 255) return undefined
  const base = match[3] ?? 'd'
  if (base === 'n' || base === 'N') return nibbles(number, width, base === 'N')
  const digits = number.toString({ d: 10, o: 8, x: 16, X: 16 }[base as 'd' | 'o' | 'x' | 'X'])
  return (base === 'X' ? digits.toUpperCase() : digits).padStart(width, '0')
}

/** Hexadecimal digits from the last one on with dots between them, as ip6.arpa has them. `width` counts digits and dots, as in BIND. */
function nibbles(number: number, width: number, isUpper: boolean): string {
  let text = ''
  let rest = number
  for (let left = width; text === '' || rest > 0 || left > 0; ) {
    text += (rest & 15).toString(16)
    rest >>>= 4
    left--
    if (left > 0 || rest > 0) {
      text += '.'
      left--
    }
  }
  return isUpper ? text.toUpperCase() : text
}
