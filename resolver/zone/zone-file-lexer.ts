/**
 * Master file text → entries (RFC 1035 §5.1): words with their place, parentheses joined over lines, comments and blank lines dropped.
 * Pure. An entry remembers whether its line began with white space: then its owner is the one before.
 */

/** One word. */
export type ZoneToken = {
  /** Raw text, escapes kept, without quotes. */
  readonly text: string
  readonly quoted: boolean
  readonly line: number
  readonly column: number
}

/** One entry: the words of a record or directive. */
export type ZoneEntry = { readonly tokens: readonly ZoneToken[]; readonly ownerOmitted: boolean; readonly line: number }

/** A lexical fault. */
export type LexerFault = { readonly line: number; readonly column: number; readonly message: string; readonly suggestion: string }

/** Calls back for each entry in order; faults are collected, the entry that holds one is dropped. */
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
  let at = 0
  const endEntry = (): void => {
    if (tokens.length > 0 && !broken) onEntry({ tokens, ownerOmitted, line: entryLine })
    tokens = []
    broken = false
  }
  while (at < text.length) {
    if (depth === 0 && at === lineStart) {
      ownerOmitted = text[at] === ' ' || text[at] === '\t'
      entryLine = line
    }
    const char = text[at]!
    const column = at - lineStart + 1
    if (char === '\n') {
      if (depth === 0) endEntry()
      at++
      line++
      lineStart = at
    } else if (char === ' ' || char === '\t' || char === '\r') at++
    else if (char === ';') while (at < text.length && text[at] !== '\n') at++
    else if (char === '(') {
      if (depth === 0) opened = { line, column }
      depth++
      at++
    } else if (char === ')') {
      if (depth === 0) {
        faults.push({ line, column, message: 'a ")" closes nothing', suggestion: 'remove it, or open the group with "("' })
        broken = true
      } else depth--
      at++
    } else if (char === '"') {
      let end = at + 1
      while (end < text.length && text[end] !== '"' && text[end] !== '\n') end += text[end] === '\\' && text[end + 1] !== '\n' ? 2 : 1
      if (text[end] !== '"') {
        faults.push({ line, column, message: 'a quoted text does not end on its line', suggestion: 'close it with a double quote' })
        broken = true
        at = Math.min(end, text.length)
        while (at < text.length && text[at] !== '\n') at++
      } else {
        tokens.push({ text: text.slice(at + 1, end), quoted: true, line, column })
        at = end + 1
      }
    } else {
      let end = at
      while (end < text.length && !' \t\r\n;()"'.includes(text[end]!)) end += text[end] === '\\' && text[end + 1] !== '\n' ? 2 : 1
      end = Math.min(end, text.length)
      tokens.push({ text: text.slice(at, end), quoted: false, line, column })
      at = end
    }
  }
  if (depth > 0) faults.push({ ...opened, message: 'a "(" is not closed', suggestion: 'close the group with ")"' })
  else endEntry()
  return faults
}
