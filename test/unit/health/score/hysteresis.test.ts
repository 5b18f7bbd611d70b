import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlace, FORGIVE_MS, losePlace, MOST_DOUBLING, successesNeeded, takeResult } from '../../../../health/score/hysteresis.ts'

const RULE = { fall: 3, rise: 2 }

/** Results as letters: + success, - failure, one every `everyMs`; gives the place after each: i in place, o out. */
function play(results: string, everyMs: number = 5000): string {
  const place = createPlace()
  let nowMs = 0
  return [...results]
    .map((result) => {
      takeResult(place, result === '+', RULE, nowMs)
      nowMs += everyMs
      return place.inPlace ? 'i' : 'o'
    })
    .join('')
}

test('takeResult follows the one rule', () => {
  const cases = [
    { name: 'the first result decides', results: '+', places: 'i' },
    { name: 'the first result decides, failure', results: '-', places: 'o' },
    { name: 'two failures are not enough', results: '+--+--+', places: 'iiiiiii' },
    { name: 'three in a row are', results: '+---', places: 'iiio' },
    { name: 'it is back after rise successes', results: '+---++', places: 'iiiooi' },
    { name: 'a failure between them starts the count again', results: '+---+-++', places: 'iiiooooi' },
    { name: 'a relapse doubles', results: '+---++---+++', places: 'iiiooiiioooo' },
    { name: 'and needs four', results: '+---++---++++', places: 'iiiooiiiooooi' },
    { name: 'then eight', results: '+---++---++++---++++++++', places: 'iiiooiiiooooiiiooooooooi' },
  ]
  for (const { name, results, places } of cases) assert.equal(play(results), places, name)
})

test('losePlace doubles up to 64 times rise', () => {
  const place = createPlace()
  takeResult(place, true, RULE, 0)
  const needed: number[] = []
  for (let i = 0; i < 9; i++) {
    losePlace(place, 1000 * i)
    needed.push(successesNeeded(place, RULE))
    while (!place.inPlace) takeResult(place, true, RULE, 1000 * i)
  }
  assert.deepEqual(needed, [2, 4, 8, 16, 32, 64, 128, 128, 128])
  assert.equal(place.doubling, MOST_DOUBLING)
})

test('30 minutes in place forgive', () => {
  for (const [afterMs, expected] of [
    [FORGIVE_MS - 1, 4],
    [FORGIVE_MS, 2],
  ] as const) {
    const place = createPlace()
    takeResult(place, true, RULE, 0)
    losePlace(place, 0)
    takeResult(place, true, RULE, 0)
    takeResult(place, true, RULE, 0)
    losePlace(place, afterMs)
    assert.equal(successesNeeded(place, RULE), expected, `${afterMs} ms after the return`)
  }
})

test('the first loss ever is no relapse', () => {
  const place = createPlace()
  takeResult(place, true, RULE, 0)
  losePlace(place, 10)
  assert.equal(place.doubling, 1)
})
