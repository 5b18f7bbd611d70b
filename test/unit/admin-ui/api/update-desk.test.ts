/** Updates at the one writer: what is stored, what is refused, and what it costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateDesk } from '../../../../admin-ui/api/zones/update-desk.ts'
import { RCODE_NOERROR, RCODE_REFUSED, RCODE_SERVFAIL } from '../../../../resolver/wire/registry.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'
import { updateMessage } from '../../../support/update-message.ts'

const DOCUMENT = `apiVersion: nearcast/v1
tsigKeys: [{name: all., secretRef: all}]
zones:
  - name: dyn.test.
    soa: {mname: ns1.dyn.test., rname: hostmaster.dyn.test.}
    nameservers: [ns1.dyn.test.]
    allowUpdate: [{tsigKey: all., types: [ANY]}]
    records: [{name: ns1, type: A, data: ["127.0.0.1"]}]
`

async function started(t: { after: (end: () => Promise<void>) => void }, text: string = DOCUMENT): Promise<ControlFixture> {
  const control = await startControl()
  t.after(() => control.stop())
  await publish(control, text)
  return control
}

function publish(control: ControlFixture, text: string, accept: 'all' | readonly string[] = 'all'): Promise<unknown> {
  const wish = { text, files: {}, account: 'a', comment: '', accept, basedOn: null, force: false, origin: 'document' as const }
  return control.parts.publisher.publish(wish)
}

function deskOf({ parts }: ControlFixture): UpdateDesk {
  const { publisher, now } = parts
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  return new UpdateDesk({ publisher, now, log: quiet as never, gatherMs: 0 })
}

function ask(control: ControlFixture, updates: readonly string[], expiresInMs: number = 25_000) {
  const message = Buffer.from(updateMessage('dyn.test.', [], updates)).toString('base64')
  return { keyName: 'all.', message, client: '192.0.2.1', expiresAt: control.parts.now() + expiresInMs }
}

test('an update that nobody waits for any more is not done', async (t) => {
  const control = await started(t)
  const desk = deskOf(control)
  const [late, timely] = await Promise.all([
    desk.submit(ask(control, ['late 60 IN A 192.0.2.1'], -1)),
    desk.submit(ask(control, ['timely 60 IN A 192.0.2.1'])),
  ])
  assert.deepEqual([late.rcode, timely.rcode], [RCODE_SERVFAIL, RCODE_NOERROR])
  assert.deepEqual(
    control.parts.publisher.dynamic().map(({ owner }) => owner),
    ['timely.dyn.test.'],
  )
})

test('an update whose compile outlives its client is not stored', async (t) => {
  const control = await started(t)
  const { publisher } = control.parts
  const { number } = publisher.live()!.generation
  const change = { sets: [], author: 'k', comment: '', audit: [], expiresAt: control.parts.now() - 1 }
  await assert.rejects(
    publisher.publishLayers(
      () => change,
      () => assert.fail('it was stored'),
    ),
    { code: 'PUBLISH_FAILED' },
  )
  assert.equal(publisher.live()!.generation.number, number)
})

test('a generation of an update holds the serials that it raised, and only those', async (t) => {
  const other = '  - {name: other.test., soa: {mname: ns1.dyn.test., rname: h.dyn.test.}, nameservers: [ns1.dyn.test.]}\n'
  const control = await started(t, `${DOCUMENT}${other}`)
  const { publisher, store } = control.parts
  const first = publisher.serials().get('dyn.test.')!.serial
  assert.equal((await deskOf(control).submit(ask(control, ['new 60 IN A 192.0.2.1']))).rcode, RCODE_NOERROR)
  assert.deepEqual(Object.keys(store.latestGeneration()!.zones), ['dyn.test.'])
  assert.equal(publisher.serials().get('dyn.test.')!.serial, first + 1)
  assert.deepEqual(publisher.serials(), store.listZoneSerials())
})

test('a warning that an update brought about does not hold up the document, nor does a restart of control make it', async (t) => {
  const control = await started(t)
  assert.equal((await deskOf(control).submit(ask(control, ['sub 60 IN NS ns.sub', 'www 60 IN A 192.0.2.1']))).rcode, RCODE_NOERROR)
  const { publisher } = control.parts
  const judged = await publisher.judge({ text: DOCUMENT, files: {} })
  assert.ok(
    judged.issues.some(({ code }) => code === 'ZONE_MISSING_GLUE'),
    'the update makes the warning',
  )
  const edited = DOCUMENT.replace('127.0.0.1', '127.0.0.2')
  // As a control that was just started: nothing but the store is known.
  const restarted = control.restartedPublisher()
  const wish = { files: {}, account: 'a', comment: '', accept: [], basedOn: null, force: false, origin: 'document' as const }
  await restarted.publish({ ...wish, text: edited })
  // Its own warning holds it up.
  const own = edited.replace('    records: [', '    records: [{name: cut, type: NS, data: [ns.cut]}, ')
  await assert.rejects(restarted.publish({ ...wish, text: own }), { code: 'PUBLISH_WARNINGS' })
})

test('what was transferred of a zone goes with the document that has it no more', async (t) => {
  const secondary = '  - {name: s.test., primaries: [{address: 192.0.2.9}]}\n'
  const control = await started(t, `${DOCUMENT}${secondary}`)
  const { publisher, store } = control.parts
  const fresh = { digest: 'd', transferredAt: 1, refreshedAt: 1, primary: '192.0.2.9' }
  const { number } = publisher.live()!.generation
  for (const zone of ['s.test.', 'gone.test.']) store.saveTransferredZone({ ...fresh, zone, serial: 1, records: new Uint8Array(0) })
  const restarted = control.restartedPublisher()
  const wish = { files: {}, account: 'a', comment: '', accept: 'all', basedOn: number, force: false, origin: 'document' } as const
  await restarted.publish({ ...wish, text: DOCUMENT })
  assert.deepEqual([store.listTransferredZones(), restarted.transferred()], [[], new Map()])
})

test('invalid updates are refused alone, few of them, and cost the others one compile', async (t) => {
  const control = await started(t)
  const { publisher } = control.parts
  let compiles = 0
  const counting = {
    live: () => publisher.live(),
    serials: () => publisher.serials(),
    publishLayers: (...args: Parameters<typeof publisher.publishLayers>) => {
      compiles++
      return publisher.publishLayers(...args)
    },
  }
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const desk = new UpdateDesk({ publisher: counting, now: control.parts.now, log: quiet as never, gatherMs: 0 })
  // RFC 6672 §2.3: an error of the zone.
  const bad = (number: number) => ask(control, [`bad${number} 60 IN DNAME x.test.`, `bad${number} 60 IN NS ns1`])
  const goods = Array.from({ length: 30 }, (_, number) => desk.submit(ask(control, [`good${number} 60 IN A 192.0.2.1`])))
  const bads = Array.from({ length: 10 }, (_, number) => desk.submit(bad(number)))
  const [good, refused] = await Promise.all([Promise.all(goods), Promise.all(bads)])
  assert.ok(good.every(({ rcode, generation }) => rcode === RCODE_NOERROR && generation === 2))
  const rcodes = refused.map(({ rcode }) => rcode)
  assert.deepEqual(rcodes, [...Array.from({ length: 8 }, () => RCODE_REFUSED), RCODE_SERVFAIL, RCODE_SERVFAIL])
  assert.equal(compiles, 10)
})
