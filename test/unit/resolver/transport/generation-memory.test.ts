import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createGenerationMemory } from '../../../../resolver/transport/generation-memory.ts'

describe('generation memory', () => {
  test('200 generations of one size use two pairs of arenas, and never the live one', () => {
    const memory = createGenerationMemory()
    const blocks = new Set<SharedArrayBuffer>()
    let live: SharedArrayBuffer | undefined
    for (let generation = 0; generation < 200; generation++) {
      const block = memory.block(100_000)
      const ranking = memory.ranking(5000)
      assert.notEqual(block, live)
      new Uint8Array(ranking).fill(1)
      memory.commit(true)
      assert.equal(memory.takeGarbage(), false)
      live = block
      blocks.add(block)
    }
    assert.equal(blocks.size, 2)
    assert.equal(memory.heldBytes(), 2 * (196_608 + 65_536))
  })

  test('a ranking begins all zero, also in used memory', () => {
    const memory = createGenerationMemory()
    for (let generation = 0; generation < 3; generation++) {
      const ranking = new Uint8Array(memory.ranking(1000))
      assert.ok(ranking.every((byte) => byte === 0))
      ranking.fill(9)
      memory.commit(true)
    }
  })

  test('an arena that is too small is given up, once, with headroom for what follows', () => {
    const memory = createGenerationMemory()
    memory.block(100)
    memory.commit(true)
    memory.block(100)
    memory.commit(true)
    assert.ok(memory.block(100_000).byteLength >= 150_000)
    assert.equal(memory.takeGarbage(), true)
    assert.equal(memory.takeGarbage(), false)
    memory.commit(true)
  })

  test('memory that somebody may still read is not used again', () => {
    const memory = createGenerationMemory()
    const first = memory.block(100)
    memory.commit(true)
    const second = memory.block(100)
    memory.commit(false)
    assert.equal(memory.takeGarbage(), true)
    const third = memory.block(100)
    assert.ok(third !== first && third !== second)
  })

  test('a generation that was not committed is written over', () => {
    const memory = createGenerationMemory()
    const first = memory.block(100)
    assert.equal(memory.block(100), first)
  })
})
