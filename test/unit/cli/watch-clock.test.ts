import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClockLook, describeJump } from '../../../cli/data-plane/watch-clock.ts'

test('jumps of the wall clock are told once each; slewing is not', () => {
  let [wall, monotonic] = [1_000_000, 0]
  const jumps: number[] = []
  const look = createClockLook({ onJump: (ms) => void jumps.push(ms), wallMs: () => wall, monotonicMs: () => monotonic })
  const pass = (wallMs: number): void => {
    wall += wallMs
    monotonic += 1000
    look()
  }
  for (let second = 0; second < 100; second++) pass(1100)
  assert.deepEqual(jumps, [])
  pass(3_601_000)
  pass(1000)
  pass(-7000)
  pass(1000)
  assert.deepEqual(jumps, [3_600_000, -8000])
  assert.equal(describeJump(-8000), 'the wall clock jumped 8.0 s back; nothing expires by it')
})
