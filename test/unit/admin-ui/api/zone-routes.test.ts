/** Zones over HTTP: serials, access, the state of secondary zones, dynamic layers, paging. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SecondaryView } from '../../../../admin-ui/api/zones/secondary-keeper.ts'
import { zoneAnswerSchema, zoneListSchema } from '../../../../admin-ui/contract/zone.ts'
import { blankRecord, makeRecordPack, packRecord } from '../../../../resolver/transfer/record-cursor.ts'
import { canonicalName, parseName } from '../../../../resolver/wire/name.ts'
import { parseRdata, splitRdata } from '../../../../resolver/wire/rdata/rdata-text.ts'
import { findType } from '../../../../resolver/wire/registry.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'

const DOCUMENT = `apiVersion: nearcast/v1
tsigKeys: [{name: xfr., algorithm: hmac-sha256, secretRef: xfr.key}]
zones:
  - name: b.test.
    soa: {mname: ns.else., rname: h.else.}
    nameservers: [ns.else.]
    allowTransfer: [{prefix: 192.0.2.0/24, tsigKey: xfr.}]
    notify: [{address: 192.0.2.54, tsigKey: xfr.}]
    allowUpdate: [{tsigKey: xfr., names: ["*.hosts"], types: [A]}]
    records: [{name: old.hosts, type: A, data: [192.0.2.1]}]
  - {name: a.test., primaries: [{address: 198.51.100.7, tsigKey: xfr.}, {address: 198.51.100.8, tls: {name: ns.else}}]}
  - {name: c.test., file: c.zone, serial: keep}
`
const FILES = { 'c.zone': '@ 60 SOA ns.else. h.else. 77 2 3 4 5\n@ 60 NS ns.else.\n' }

let control: ControlFixture
let cookie: string
before(async () => {
  control = await startControl()
  cookie = await control.signInAs('publisher')
  const body = { text: DOCUMENT, files: FILES, basedOn: null, force: false, comment: '', accept: [] }
  const put = await control.call('PUT', '/document', { cookie, body })
  assert.equal(put.status, 200, put.text)
})
after(() => control.stop())
const get = (path: string) => control.call('GET', path, { cookie })

const rdata = (type: string, text: string): Uint8Array => parseRdata(findType(type)!, splitRdata(text), parseName('b.test.'))

/** As the desk of updates does it. */
async function update(rows: readonly (readonly [owner: string, text: string, kind: 'added' | 'removed'])[]): Promise<void> {
  const sets = rows.map(([owner, text, kind]) => ({
    zone: 'b.test.',
    owner,
    type: 1,
    rows: [{ zone: 'b.test.', owner, type: 1, rdata: rdata('A', text), kind, ttlSeconds: kind === 'added' ? 60 : 0 }],
  }))
  await control.parts.publisher.publishLayers(
    () => ({ sets, author: 'xfr.', comment: '', audit: [] }),
    () => undefined,
  )
}

test('GET /zones lists by name: kind, serial, who may transfer and update', async () => {
  const { json, status } = await get('/zones')
  assert.equal(status, 200)
  const { zones, generation, more } = zoneListSchema.parse(json)
  assert.deepEqual([generation, more], [1, false])
  assert.deepEqual(
    zones.map(({ zone, kind, serial, serialMode }) => [zone, kind, serial, serialMode]),
    [
      ['a.test.', 'secondary', null, 'keep'],
      ['b.test.', 'inline', 2026061500, 'auto'],
      ['c.test.', 'file', 77, 'keep'],
    ],
  )
  const [, zone] = zones
  assert.deepEqual(zone!.allowTransfer, [{ prefix: '192.0.2.0/24', tsigKey: 'xfr.' }])
  assert.deepEqual(zone!.notify, [{ address: '192.0.2.54', port: 53, tsigKey: 'xfr.' }])
  assert.deepEqual(zone!.allowUpdate, [{ tsigKey: 'xfr.', names: ['*.hosts.b.test.'], types: ['A'] }])
  assert.equal(zone!.secondary, null)
})

test('a secondary zone: never transferred, current, failing, expired', async () => {
  const stateOf = async () => zoneAnswerSchema.parse((await get('/zones/a.test')).json)
  const waiting = await stateOf()
  assert.deepEqual(waiting.secondary, {
    standing: 'waiting',
    primaries: [
      { address: '198.51.100.7', port: 53, tsigKey: 'xfr.', tls: false },
      { address: '198.51.100.8', port: 853, tsigKey: '', tls: true },
    ],
    ...{ transferredFrom: '', transferredAt: null, refreshedAt: null, nextRefreshAt: null, expiresAt: null },
    ...{ refreshing: false, failures: 0, lastError: '', lastErrorAt: null },
  })
  const pack = makeRecordPack()
  const owner = canonicalName(parseName('a.test.'))
  for (const [type, text] of [
    ['SOA', 'ns.else. h.else. 4711 3600 600 86400 60'],
    ['NS', 'ns.else.'],
  ] as const) {
    const data = rdata(type, text)
    packRecord(pack, {
      ...blankRecord(),
      nameBytes: owner,
      nameLength: owner.length,
      type: findType(type)!,
      ttlSeconds: 60,
      data,
      dataLength: data.length,
    })
  }
  const at = control.parts.now()
  const records = pack.bytes.slice(0, pack.length)
  const zone = { zone: 'a.test.', serial: 4711, records, digest: 'd', transferredAt: at, refreshedAt: at, primary: '198.51.100.8' }
  await control.parts.publisher.publishLayers(
    () => ({ sets: [], transferred: [zone], author: '198.51.100.8', comment: '', audit: [] }),
    () => undefined,
  )
  const view: SecondaryView = {
    ...{ nextAt: at + 3_600_000, expiresAt: at + 86_400_000, leftMs: 86_400_000, refreshing: false },
    ...{ failures: 0, lastError: '', lastErrorAt: undefined },
  }
  control.secondaryViews.set('a.test.', view)
  const current = await stateOf()
  assert.equal(current.serial, 4711)
  assert.deepEqual(
    [current.secondary!.standing, current.secondary!.transferredFrom, current.secondary!.transferredAt],
    ['current', '198.51.100.8', new Date(at).toISOString()],
  )
  assert.deepEqual(
    [current.secondary!.nextRefreshAt, current.secondary!.expiresAt],
    [new Date(at + 3_600_000).toISOString(), new Date(at + 86_400_000).toISOString()],
  )
  control.secondaryViews.set('a.test.', { ...view, failures: 2, lastError: '198.51.100.7: refused', lastErrorAt: at + 5 })
  const failing = (await stateOf()).secondary!
  assert.deepEqual(
    [failing.standing, failing.failures, failing.lastError, failing.lastErrorAt],
    ['failing', 2, '198.51.100.7: refused', new Date(at + 5).toISOString()],
  )
  control.secondaryViews.set('a.test.', { ...view, failures: 9, leftMs: 0 })
  assert.equal((await stateOf()).secondary!.standing, 'expired')
})

test('GET /zones/:zone shows what updates added and hid, in pages', async () => {
  await update([
    ['cam.hosts.b.test.', '192.0.2.77', 'added'],
    ['old.hosts.b.test.', '192.0.2.1', 'removed'],
  ])
  const { json } = await get('/zones/B.TEST')
  const zone = zoneAnswerSchema.parse(json)
  assert.deepEqual(zone.dynamic, [
    { name: 'cam.hosts.b.test.', type: 'A', ttlSeconds: 60, data: '192.0.2.77', change: 'added' },
    { name: 'old.hosts.b.test.', type: 'A', ttlSeconds: 0, data: '192.0.2.1', change: 'removed' },
  ])
  assert.deepEqual([zone.dynamicCount, zone.more, zone.serial], [2, false, 2026061501])
  const first = (await get('/zones/b.test.?limit=1')).json
  const second = (await get('/zones/b.test.?limit=1&skip=1')).json
  assert.deepEqual([first.dynamic[0].name, first.more], ['cam.hosts.b.test.', true])
  assert.deepEqual([second.dynamic[0].name, second.more], ['old.hosts.b.test.', false])
})

test('the list in pages', async () => {
  const first = (await get('/zones?limit=2')).json
  assert.deepEqual([first.zones.length, first.more], [2, true])
  const rest = (await get('/zones?limit=2&after=b.test.')).json
  assert.deepEqual([rest.zones.map(({ zone }: { zone: string }) => zone), rest.more], [['c.test.'], false])
})

test('mistakes', async () => {
  assert.equal((await get('/zones/none.test')).status, 404)
  assert.equal((await get('/zones?limit=0')).status, 400)
  assert.equal((await get('/zones/b.test.?skip=-1')).status, 400)
  assert.equal((await control.call('GET', '/zones', {})).status, 401)
})
