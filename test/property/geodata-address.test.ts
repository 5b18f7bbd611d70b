/** Address and prefix text: parse ∘ format is the identity, and formatting is canonical. */
import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOfWords, findAddress, formatAddress, parseAddress } from '../../geodata/address/address.ts'
import { firstAddressOf, formatPrefix, lastAddressOf, parsePrefix, prefixAround, prefixContains } from '../../geodata/address/prefix.ts'

const word = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 0xffff, 0xffff0000, 0xffffffff))
const address = fc.oneof(
  fc.tuple(word, word, word, word).map((words) => addressOfWords(words)),
  word.map((number) => addressOfWords([0, 0, 0xffff, number])),
)

test('every address survives its text, and the platform agrees that it is one', () => {
  fc.assert(
    fc.property(address, (given) => {
      const text = formatAddress(given)
      assert.deepEqual(parseAddress(text), given)
      assert.ok(given.family === 4 ? isIPv4(text) : isIPv6(text), text)
    }),
    { numRuns: 2000 },
  )
})

test('findAddress accepts exactly what the platform accepts, zones apart', () => {
  const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,24}$/))
  fc.assert(
    fc.property(text, (given) => {
      assert.equal(findAddress(given) !== undefined, isIPv4(given) || isIPv6(given), given)
    }),
    { numRuns: 3000 },
  )
})

test('every prefix survives its text and holds exactly first to last', () => {
  fc.assert(
    fc.property(address, fc.nat(128), (given, bits) => {
      const prefix = prefixAround(given, given.family === 4 ? bits % 33 : bits)
      assert.deepEqual(parsePrefix(formatPrefix(prefix)), prefix)
      assert.ok(prefixContains(prefix, given))
      assert.ok(prefixContains(prefix, firstAddressOf(prefix)) && prefixContains(prefix, lastAddressOf(prefix)))
    }),
    { numRuns: 2000 },
  )
})
