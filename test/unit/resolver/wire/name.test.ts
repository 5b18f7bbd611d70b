import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  canonicalName,
  countLabels,
  formatName,
  isAtOrBelow,
  NameError,
  nameLengthAt,
  parseName,
  readEscape,
  readMessageName,
} from '../../../../resolver/wire/name.ts'

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')])))
const ORIGIN = parseName('example.test.')

describe('parseName and formatName', () => {
  const rows: readonly [text: string, wire: Uint8Array, formatted?: string][] = [
    ['.', bytes(0)],
    ['a.', bytes(1, 'a', 0)],
    ['Www.Example.', bytes(3, 'Www', 7, 'Example', 0)],
    ['a\\.b.c.', bytes(3, 'a.b', 1, 'c', 0)],
    ['\\097.', bytes(1, 'a', 0), 'a.'],
    ['a\\\\b.', bytes(3, 'a\\b', 0)],
    ['\\000\\255.', bytes(2, 0, 255, 0)],
    ['a\\ b.', bytes(3, 'a b', 0), 'a\\032b.'],
    ['\\@\\$\\;\\(\\)\\".', bytes(6, '@$;()"', 0)],
    ['*.x.', bytes(1, '*', 1, 'x', 0)],
    ['é.x.', bytes(2, 0xc3, 0xa9, 1, 'x', 0), '\\195\\169.x.'],
    ['\\233.', bytes(1, 0xe9, 0)],
    ['世😀\\世.', bytes(10, '\xe4\xb8\x96\xf0\x9f\x98\x80\xe4\xb8\x96', 0), '\\228\\184\\150\\240\\159\\152\\128\\228\\184\\150.'],
    ['_sip._tcp.', bytes(4, '_sip', 4, '_tcp', 0)],
  ]
  for (const [text, wire, formatted] of rows) {
    test(text, () => {
      assert.deepEqual(parseName(text), wire)
      assert.equal(formatName(wire), formatted ?? text)
    })
  }

  test('relative names are completed, "@" is the origin, absolute ones are left', () => {
    assert.equal(formatName(parseName('www', ORIGIN)), 'www.example.test.')
    assert.equal(formatName(parseName('@', ORIGIN)), 'example.test.')
    assert.equal(formatName(parseName('www.', ORIGIN)), 'www.')
    assert.equal(formatName(parseName('a\\.', ORIGIN)), 'a\\..example.test.')
  })

  test('a name inside a buffer', () => {
    assert.equal(formatName(bytes(9, 9, 1, 'a', 0, 7), 2), 'a.')
    assert.equal(formatName(bytes(1, 'a')), 'a.')
  })

  const long = `${'a'.repeat(63)}.`
  const refused: readonly [text: string, origin: Uint8Array | undefined, reason: RegExp][] = [
    ['', undefined, /empty/],
    ['a..b.', undefined, /empty label/],
    ['..', undefined, /empty label/],
    ['.a.', undefined, /empty label/],
    [`${'a'.repeat(64)}.`, undefined, /64 octets, at most 63/],
    [`${long.repeat(3)}${'a'.repeat(62)}.`, undefined, /256 octets, at most 255/],
    [long.repeat(4), undefined, /at most 255/],
    ['www', undefined, /relative and there is no origin/],
    ['@', undefined, /relative/],
    ['a\\', undefined, /escapes nothing/],
    ['a\\256.', undefined, /over 255/],
    ['a\\1b.', undefined, /three digits/],
    ['a\\12', undefined, /three digits/],
    ['a.\\9', undefined, /three digits/],
    [`${'世'.repeat(21)}a.`, undefined, /64 octets, at most 63/],
  ]
  for (const [text, origin, reason] of refused) {
    test(`refused: ${text.slice(0, 20)}`, () => {
      assert.throws(
        () => parseName(text, origin),
        (error: Error) => error instanceof NameError && reason.test(error.message),
      )
    })
  }

  test('255 octets and labels of 63 are allowed', () => {
    assert.equal(parseName(`${long.repeat(3)}${'a'.repeat(61)}.`).length, 255)
  })
})

test('readEscape tells octet and length', () => {
  assert.deepEqual(readEscape('a\\.', 1), { octet: 0x2e, length: 2 })
  assert.deepEqual(readEscape('\\0465', 0), { octet: 0x2e, length: 4 })
})

test('canonicalName lowers A–Z only and leaves its argument alone', () => {
  const name = bytes(3, 'A@Z', 2, '[\u00c9', 0)
  assert.deepEqual(canonicalName(name), bytes(3, 'a@z', 2, '[\u00c9', 0))
  assert.equal(name[1], 0x41)
})

describe('nameLengthAt', () => {
  const rows: readonly [title: string, data: Uint8Array, at: number, length: number][] = [
    ['the root', bytes(0), 0, 1],
    ['a name', bytes(1, 'a', 0, 9), 0, 3],
    ['behind others', bytes(9, 1, 'a', 0), 1, 3],
    ['no end', bytes(1, 'a'), 0, -1],
    ['a label that runs out', bytes(5, 'a', 0), 0, -1],
    ['a pointer', bytes(0xc0, 0), 0, -1],
    ['a reserved label type', bytes(0x40, 0), 0, -1],
    ['nothing', bytes(), 0, -1],
    ['256 octets', Uint8Array.from([...Array.from({ length: 127 }, () => [1, 97]).flat(), 1, 97, 0]), 0, -1],
    ['255 octets', Uint8Array.from([...Array.from({ length: 127 }, () => [1, 97]).flat(), 0]), 0, 255],
  ]
  for (const [title, data, at, length] of rows) test(title, () => assert.equal(nameLengthAt(data, at, data.length), length))
})

test('countLabels', () => {
  for (const [name, count] of [
    ['.', 0],
    ['a.', 1],
    ['a.b.c.', 3],
  ] as const)
    assert.equal(countLabels(parseName(name)), count)
  assert.equal(countLabels(bytes()), 0)
})

describe('isAtOrBelow', () => {
  const rows: readonly [name: string, ancestor: string, is: boolean][] = [
    ['a.b.', 'a.b.', true],
    ['x.a.b.', 'a.b.', true],
    ['a.b.', '.', true],
    ['.', '.', true],
    ['.', 'a.', false],
    ['b.', 'a.b.', false],
    ['xa.b.', 'a.b.', false],
    ['x.a.c.', 'a.b.', false],
    // A label that ends like the ancestor looks is not below it.
    ['x\\001a\\001b\\000.', 'a.b.', false],
    ['aaa.', 'b.', false],
  ]
  for (const [name, ancestor, is] of rows)
    test(`${name} ${ancestor}`, () => assert.equal(isAtOrBelow(parseName(name), parseName(ancestor)), is))
})

describe('readMessageName', () => {
  const rows: readonly [title: string, data: Uint8Array, at: number, expected: readonly [string, number] | undefined][] = [
    ['plain', bytes(1, 'a', 0, 9), 0, ['a.', 3]],
    ['the root', bytes(0), 0, ['.', 1]],
    ['a pointer back', bytes(1, 'a', 0, 1, 'b', 0xc0, 0), 3, ['b.a.', 7]],
    ['two pointers', bytes(1, 'a', 0, 1, 'b', 0xc0, 0, 0xc0, 3), 7, ['b.a.', 9]],
    ['a pointer to itself', bytes(0xc0, 0), 0, undefined],
    ['a pointer forward', bytes(0xc0, 2, 0), 0, undefined],
    ['a loop of pointers', bytes(0xc0, 2, 0xc0, 0), 2, undefined],
    ['a loop through a label', bytes(1, 'a', 0xc0, 0), 0, undefined],
    ['half a pointer', bytes(1, 'a', 0, 0xc0), 3, undefined],
    ['a label that runs out', bytes(3, 'a'), 0, undefined],
    ['no end', bytes(1, 'a'), 0, undefined],
    ['a reserved label type', bytes(0x80, 0), 0, undefined],
    ['over 255 octets', Uint8Array.from([...Array.from({ length: 130 }, () => [1, 97]).flat(), 0]), 0, undefined],
  ]
  for (const [title, data, at, expected] of rows) {
    test(title, () => {
      const read = readMessageName(data, at, data.length)
      assert.deepEqual(read && [formatName(read.name), read.next], expected)
    })
  }
})
