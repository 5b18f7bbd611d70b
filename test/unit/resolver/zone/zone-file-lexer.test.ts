import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lexZoneFile } from '../../../../resolver/zone/zone-file-lexer.ts'

/** Entries as "line[ omitted]: word word", quoted words in «». */
function lex(text: string): { readonly entries: string[]; readonly faults: string[] } {
  const entries: string[] = []
  const faults = lexZoneFile(text, ({ tokens, ownerOmitted, line }) => {
    const words = tokens.map((token) => (token.quoted ? `«${token.text}»` : token.text))
    entries.push(`${line}${ownerOmitted ? ' omitted' : ''}: ${words.join(' ')}`)
  })
  return { entries, faults: faults.map(({ line, column, message }) => `${line}:${column} ${message}`) }
}

const ROWS: readonly [title: string, text: string, entries: readonly string[], faults?: readonly string[]][] = [
  ['nothing', '', []],
  ['blank lines and comments', '\n  \n; all of it\n\t; and this\n', []],
  ['words', 'a  b\tc', ['1: a b c']],
  ['line ends of other systems', 'a b\r\nc d\r\n', ['1: a b', '2: c d']],
  ['white space in front: the owner is omitted', ' a\n\tb\nc', ['1 omitted: a', '2 omitted: b', '3: c']],
  ['a comment behind words', 'a b ; c d\ne', ['1: a b', '2: e']],
  ['a comment right behind a word', 'a;b', ['1: a']],
  ['parentheses join lines', 'a ( b\n c ; d\n ) e\nf', ['1: a b c e', '4: f']],
  ['an entry keeps the white space of its first line', ' a (\nb )\nc (\n d )', ['1 omitted: a b', '3: c d']],
  ['parentheses touch words', 'a(b)c', ['1: a b c']],
  ['parentheses inside one another', 'a ((b\n) c\n) d', ['1: a b c d']],
  ['quotes keep blanks, semicolons and parentheses', 'a "b ; (c)  d" e', ['1: a «b ; (c)  d» e']],
  ['quotes with escapes', '"a\\"b" "\\\\"', ['1: «a\\"b» «\\\\»']],
  ['empty quotes', '""', ['1: «»']],
  ['words touch quotes', 'a"b"c', ['1: a «b» c']],
  ['escapes keep what ends a word', 'a\\ b\\;c\\(d\\"e', ['1: a\\ b\\;c\\(d\\"e']],
  ['an escape at the end of the line ends with it', 'a\\\nb', ['1: a\\', '2: b']],
  ['an escape at the end of the file', 'a\\', ['1: a\\']],
  ['a quote without end', 'a "b\nc', ['2: c'], ['1:3 a quoted text does not end on its line']],
  ['a quote without end at an escape', 'a "b\\\nc\nd', ['2: c', '3: d'], ['1:3 a quoted text does not end on its line']],
  ['a quote without end at the end of the file', 'a "b\\', [], ['1:3 a quoted text does not end on its line']],
  ['a closing parenthesis alone: its entry is dropped', 'a ) b\nc', ['2: c'], ['1:3 a ")" closes nothing']],
  ['an opening parenthesis alone: named where it stands', 'a\nb ( c\nd', ['1: a'], ['2:3 a "(" is not closed']],
  [
    'a carriage return alone',
    'a b\rc d\re f\ng h\n; x\ry\ni j ; k\r',
    ['2: g h', '4: i j'],
    ['1:4 a carriage return without a line feed ends no line', '3:4 a carriage return without a line feed ends no line'],
  ],
  ['carriage returns before a line feed, and at the end', 'a b\r\r\nc d ; e\r\r\nf\r', ['1: a b', '2: c d', '3: f']],
  ['two faults', ')\n)', [], ['1:1 a ")" closes nothing', '2:1 a ")" closes nothing']],
]

describe('lexZoneFile', () => {
  for (const [title, text, entries, faults = []] of ROWS) test(title, () => assert.deepEqual(lex(text), { entries, faults }))

  test('columns count from 1, from the start of their line', () => {
    const places: string[] = []
    lexZoneFile('a  bc (\n  "d" e )', ({ tokens }) => {
      for (const { text, line, column } of tokens) places.push(`${text} ${line}:${column}`)
    })
    assert.deepEqual(places, ['a 1:1', 'bc 1:4', 'd 2:3', 'e 2:7'])
  })

  test('the place of a word behind an escaped line end is right', () => {
    assert.deepEqual(lex('x\\\n"y\\\n)').faults, ['2:1 a quoted text does not end on its line', '3:1 a ")" closes nothing'])
  })
})
