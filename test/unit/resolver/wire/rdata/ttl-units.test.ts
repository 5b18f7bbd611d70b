import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSeconds } from '../../../../../resolver/wire/rdata/ttl-units.ts'

const ROWS: readonly [text: string, seconds: number | undefined][] = [
  ['0', 0],
  ['300', 300],
  ['4294967295', 4_294_967_295],
  ['4294967296', undefined],
  ['1s', 1],
  ['1m', 60],
  ['1h30m', 5400],
  ['2D', 172_800],
  ['1w1d', 691_200],
  ['3550w', 2_147_040_000],
  ['3551w', undefined],
  ['1y', undefined],
  ['h', undefined],
  ['1h30', undefined],
  ['-1', undefined],
  ['1.5h', undefined],
  ['', undefined],
]
for (const [text, seconds] of ROWS) test(`findSeconds("${text}")`, () => assert.equal(findSeconds(text), seconds))
