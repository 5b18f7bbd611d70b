/**
 * Master file text → entries (RFC 1035 §5.1): words with their place, parentheses joined over lines, comments and blank lines dropped.
 * Pure. An entry remembers whether its line began with white space: then its owner is the one before.
 */

/** One word. */
export type ZoneToken = {
  /** Raw text, escapes kept, without quotes. */
  readonly text: string
  readonly quoted: boolean
  /** True when nothing stands between it and the word before. */
  readonly glued: boolean
  readonly line: number
  readonly column: number
}

/** One entry: the words of a record or directive. */
export type ZoneEntry = { readonly tokens: readonly ZoneToken[]; readonly ownerOmitted: boolean; readonly line: number }

/** A lexical fault. */
export type LexerFault = { readonly line: number; readonly column: number; readonly message: string; readonly suggestion: string }

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c

/** Octets below 128 that end a word. */
const ENDS_WORD = new Uint8Array(128)
for (const code of [TAB, NEWLINE, RETURN, SPACE, QUOTE, OPEN, CLOSE, SEMICOLON]) ENDS_WORD[code] = 1

/** Calls back for each entry in order; faults are collected, the entry that holds one is dropped. Bench: bench/zone-load.bench.ts. */
export function lexZoneFile(text: string, onEntry: (entry: ZoneEntry) => void): readonly LexerFault[] {
  const faults: LexerFault[] = []
  let tokens: ZoneToken[] = []
  let depth = 0
  let ownerOmitted = false
  let entryLine = 1
  let opened = { line: 0, column: 0 }
  let broken = false
  let line = 1
  let lineStart = 0
  let wordEnd = -1
  let at = 0
  /** RFC 1035 §5.1 has lines; what ends them in no system of today would join them, or hide them in a comment. */
  const isLoneReturn = (place: number): boolean => {
    if (text.charCodeAt(place - 1) === RETURN) return false
    let next = place
    while (text.charCodeAt(next) === RETURN) next++
    return next > place && next < text.length && text.charCodeAt(next) !== NEWLINE
  }
  const reportReturn = (place: number): void => {
    faults.push({
      line,
      column: place - lineStart + 1,
      message: 'a carriage return without a line feed ends no line',
      suggestion: 'save the file with the line ends of Unix (LF) or Windows (CR LF)',
    })
    broken = true
  }
  const endEntry = (): void => {
    if (tokens.length > 0) {
      if (!broken) onEntry({ tokens, ownerOmitted, line: entryLine })
      tokens = []
    }
    broken = false
  }
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (depth === 0 && at === lineStart) {
      ownerOmitted = code === SPACE || code === TAB
      entryLine = line
    }
    if (code === NEWLINE) {
      if (depth === 0) endEntry()
      at++
      line++
      lineStart = at
    } else if (code === SPACE || code === TAB || code === RETURN) {
      if (code === RETURN && !broken && isLoneReturn(at)) reportReturn(at)
      at++
    } else if (code === SEMICOLON) {
      for (; at < text.length && text.charCodeAt(at) !== NEWLINE; at++) if (!broken && isLoneReturn(at)) reportReturn(at)
    } else if (code === OPEN) {
      if (depth === 0) opened = { line, column: at - lineStart + 1 }
      depth++
      at++
    } else if (code === CLOSE) {
      if (depth === 0) {
        faults.push({
          line,
          column: at - lineStart + 1,
          message: 'a ")" closes nothing',
          suggestion: 'remove it, or open the group with "("',
        })
        broken = true
      } else depth--
      at++
    } else if (code === QUOTE) {
      const end = quoteEnd(text, at + 1)
      if (text.charCodeAt(end) !== QUOTE) {
        faults.push({
          line,
          column: at - lineStart + 1,
          message: 'a quoted text does not end on its line',
          suggestion: 'close it with a double quote',
        })
        broken = true
        const newline = text.indexOf('\n', Math.min(end, text.length))
        at = newline < 0 ? text.length : newline
      } else {
        tokens.push({ text: text.slice(at + 1, end), quoted: true, glued: at === wordEnd, line, column: at - lineStart + 1 })
        at = end + 1
        wordEnd = at
      }
    } else {
      const end = findWordEnd(text, at)
      tokens.push({ text: text.slice(at, end), quoted: false, glued: at === wordEnd, line, column: at - lineStart + 1 })
      at = end
      wordEnd = end
    }
  }
  if (depth > 0) faults.push({ ...opened, message: 'a "(" is not closed', suggestion: 'close the group with ")"' })
  else endEntry()
  return faults
}

/** The closing quote, or where the line or the text ends. */
function quoteEnd(text: string, from: number): number {
  let end = from
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === QUOTE || code === NEWLINE) break
    if (code === BACKSLASH && text.charCodeAt(end + 1) !== NEWLINE) end++
  }
  return end
}

function findWordEnd(text: string, from: number): number {
  let end = from
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code < 128 && ENDS_WORD[code] === 1) break
    if (code === BACKSLASH && text.charCodeAt(end + 1) !== NEWLINE) end++
  }
  return Math.min(end, text.length)
}
