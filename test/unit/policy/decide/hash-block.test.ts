/** Hashes of fractional choices. The golden values are the contract: other values move clients of every weighted pool at an upgrade. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashBlock4, hashBlock6, hashId } from '../../../../policy/decide/hash-block.ts'

test('hashBlock4 sees the block, not the address', () => {
  for (let scope = 0; scope <= 32; scope++) {
    const size = 2 ** (32 - scope)
    const first = Math.floor(0xca60680f / size) * size
    const expected = hashBlock4(7, first, scope)
    assert.equal(hashBlock4(7, 0xca60680f, scope), expected)
    assert.equal(hashBlock4(7, first + size - 1, scope), expected)
  }
  assert.notEqual(hashBlock4(7, 0x01000000, 8), hashBlock4(7, 0x01000000, 9))
  assert.notEqual(hashBlock4(7, 0, 0), hashBlock4(8, 0, 0))
})

test('hashBlock6 sees the block, not the address', () => {
  const all = 0xffffffff
  for (let scope = 0; scope <= 128; scope++) {
    const word = (n: number, rest: number): number => {
      const bits = Math.min(32, Math.max(0, scope - 32 * n))
      const mask = bits === 0 ? 0 : (all << (32 - bits)) >>> 0
      return ((0x20010db8 & mask) | (rest & ~mask)) >>> 0
    }
    const low = hashBlock6(7, word(0, 0), word(1, 0), word(2, 0), word(3, 0), scope)
    assert.equal(hashBlock6(7, word(0, all), word(1, all), word(2, all), word(3, all), scope), low, `scope ${scope}`)
  }
  assert.notEqual(hashBlock6(7, 0, 0, 0, 0, 0), hashBlock4(7, 0, 0))
})

test('the hashes are what they always were', () => {
  assert.deepEqual(
    [hashBlock4(1, 0xca606800, 24), hashBlock6(1, 0x20010db8, 0, 0, 0, 56), hashId('edge-api'), hashId('')],
    [2195642010 | 0, 3711860276 | 0, 2334961884, 2872998923],
  )
})
