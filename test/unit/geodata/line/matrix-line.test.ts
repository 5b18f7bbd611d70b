import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matrixLineOf } from '../../../../geodata/line/matrix-line.ts'
import { locationOf } from '../../../support/synthetic-geodata.ts'

for (const [location, byRegion, byCity] of [
  ['cn/33/3302/telecom', 'cn-33/telecom', 'cn-3302/telecom'],
  ['cn/33//unicom', 'cn-33/unicom', 'cn-33/unicom'],
  ['cn/33', 'cn-33', 'cn-33'],
  ['cn///mobile', 'cn/mobile', 'cn/mobile'],
  ['us/us-ca', 'us-ca', 'us-ca'],
  ['us/us-ca/US-LAX', 'us-ca', 'city-us-lax'],
  ['jp', 'jp', 'jp'],
  ['cn/81', 'cn-81', 'cn-81'],
  ['hk', 'cn-81', 'cn-81'],
  ['', '', ''],
  ['///telecom', '', ''],
] as const) {
  test(`matrixLineOf("${location}")`, () => {
    assert.equal(matrixLineOf(locationOf(location), 'region'), byRegion)
    assert.equal(matrixLineOf(locationOf(location), 'city'), byCity)
  })
}
