/** Lines over HTTP: listing by kind and parent, search, one line by any spelling, mistakes of the caller. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { lineCatalogueSchema, lineDescriptionSchema, lineSearchSchema } from '../../../../admin-ui/contract/line.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
let cookie: string
before(async () => {
  control = await startControl()
  cookie = await control.signInAs('viewer')
})
after(() => control.stop())
const get = (path: string) => control.call('GET', path, { cookie })

test('GET /lines is narrowed by kind and parent', async () => {
  const whole = await get('/lines')
  assert.equal(whole.status, 200)
  lineCatalogueSchema.parse(whole.json)
  const cities = await get(`/lines?parent=${encodeURIComponent('浙江')}&kind=city`)
  assert.deepEqual(cities.json.places.map(({ code }: { code: string }) => code).slice(0, 2), ['cn-3301', 'cn-3302'])
  assert.deepEqual(cities.json.carriers, [])
})

test('GET /lines/search is narrowed by kind', async () => {
  const found = await get('/lines/search?q=suzhou&kind=city')
  lineSearchSchema.parse(found.json)
  assert.deepEqual(found.json.hits.map(({ line }: { line: string }) => line).sort(), ['cn-3205', 'cn-3413'])
})

test('GET /lines/:key takes keys and every other spelling', async () => {
  for (const [text, line] of [
    ['cn-33/telecom', 'cn-33/telecom'],
    ['浙江电信', 'cn-33/telecom'],
    ['cn_telecom_zhejiang', 'cn-33/telecom'],
    ['*', '*'],
    ['*/telecom', '*/telecom'],
    ['asn:4134', 'asn:4134'],
    ['city-us-lax', 'city-us-lax'],
  ]) {
    const shown = await get(`/lines/${encodeURIComponent(text!)}`)
    assert.equal(shown.status, 200, shown.text)
    lineDescriptionSchema.parse(shown.json)
    assert.equal(shown.json.line, line)
  }
})

test('mistakes', async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['/lines?kind=planet', 400, /kind "planet" is none of class/],
    ['/lines?parent=atlantis', 404, /unknown place "atlantis"/],
    [`/lines?parent=${'x'.repeat(200)}`, 400, /more than 100 characters/],
    ['/lines/suzhou', 404, /names 2 places: write "cn-3205"/],
    ['/lines/atlantis', 404, /did you mean/],
    [`/lines/${'x'.repeat(200)}`, 400, /more than 100 characters/],
    ['/lines/search?q=x&kind=planet', 400, /is none of/],
  ]
  for (const [path, status, message] of cases) {
    const failed = await get(path)
    assert.equal(failed.status, status, `${path}: ${failed.text}`)
    assert.match(failed.text.replaceAll('\\"', '"'), message)
  }
  assert.equal((await control.call('GET', '/lines/cn', {})).status, 401)
})
