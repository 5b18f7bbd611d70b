/** Lines over HTTP: listing by kind and parent, search, one line by any spelling, mistakes of the caller. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { lineCatalogueSchema, lineDescriptionSchema, lineSearchSchema } from '../../../../admin-ui/contract/line.ts'
import { networkCheckSchema } from '../../../../admin-ui/contract/network-check.ts'
import { type ControlFixture, EXAMPLE_DOCUMENT, startControl } from '../../../support/control-fixture.ts'

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

test('POST /lines/check tells wrong rows with their numbers, what the list holds, and what it overlaps', async () => {
  const editor = await control.signInAs('editor')
  const publisher = await control.signInAs('publisher')
  const body = {
    text: EXAMPLE_DOCUMENT,
    files: {},
    basedOn: 0,
    force: false,
    comment: '',
    accept: ['POLICY_UNPROBED'],
    replaceDynamic: false,
  }
  const published = await control.call('PUT', '/document', { cookie: publisher, body })
  assert.equal(published.status, 200, published.text)
  const check = (text: string, line = '') => control.call('POST', '/lines/check', { cookie: editor, body: { text, line } })
  const good = await check('cidr,note\n198.51.100.0/25,a\n198.51.100.128/25,b\n2001:db8::/126,c\n10.0.0.1-10.0.0.2,d\n10.0.0.1,again\n')
  assert.equal(good.status, 200, good.text)
  networkCheckSchema.parse(good.json)
  assert.deepEqual([good.json.ok, good.json.rows, good.json.ipv4Networks, good.json.ipv6Networks], [true, 5, 4, 1])
  assert.deepEqual([good.json.ipv4Addresses, good.json.ipv6Addresses, good.json.doubles], [258, '4', 1])
  assert.deepEqual(good.json.firstDouble, { network: '10.0.0.1/32', line: 6, firstLine: 5 })
  assert.deepEqual(good.json.first, ['10.0.0.1/32', '10.0.0.2/32', '198.51.100.0/25', '198.51.100.128/25', '2001:db8::/126'])
  assert.deepEqual(good.json.overlaps, [{ line: 'custom:park-a', networks: 1, equal: 0, example: '198.51.100.0/24' }])
  assert.deepEqual((await check('198.51.100.0/24', 'park-a')).json.overlaps, [])
  assert.equal((await check('198.51.100.0/24')).json.overlaps[0].equal, 1)
  const bad = await check('10.0.0.1/8\n::ffff:10.0.0.0/104\n')
  assert.deepEqual(
    [bad.json.ok, ...bad.json.problems.map(({ line, remedy }: { line: number; remedy: string }) => `${line} ${remedy}`)],
    [false, '1 write "10.0.0.0/8"', '2 write "10.0.0.0/8"'],
  )
  assert.equal((await check('<html></html>')).json.refused.line, 1)
  assert.equal((await check('')).json.ok, false)
  assert.equal((await control.call('POST', '/lines/check', { cookie, body: { text: '', line: '' } })).status, 403)
  // More than other bodies may have: a million networks in one file.
  const large = await check(
    Array.from({ length: 200_000 }, (_, n) => `10.${(n >> 15) & 255}.${(n >> 7) & 255}.${2 * (n & 127)}`).join('\n'),
  )
  assert.deepEqual([large.json.ok, large.json.ipv4Networks], [true, 200_000])
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
