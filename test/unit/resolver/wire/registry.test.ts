import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findType, typeWord } from '../../../../resolver/wire/registry.ts'

const ROWS: readonly [word: string, number: number | undefined][] = [
  ['A', 1],
  ['aaaa', 28],
  ['CAA', 257],
  ['TYPE1', 1],
  ['type65534', 65_534],
  ['TYPE65535', 65_535],
  ['TYPE65536', undefined],
  ['TYPE', undefined],
  ['TYPE-1', undefined],
  ['AA', undefined],
  ['', undefined],
]
for (const [word, number] of ROWS) test(`findType("${word}")`, () => assert.equal(findType(word), number))

test('typeWord gives the word, or TYPEnnn (RFC 3597 §5)', () => {
  assert.deepEqual([typeWord(1), typeWord(257), typeWord(731)], ['A', 'CAA', 'TYPE731'])
})
