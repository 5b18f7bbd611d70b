/** Secondary zones on a clock that the test moves: who is asked when, and what a slow or old primary cannot do. */
import assert from 'node:assert/strict'
import { beforeEach, describe, mock, test } from 'node:test'
import { SecondaryKeeper } from '../../../../admin-ui/api/zones/secondary-keeper.ts'
import { blankRecord, makeRecordPack, packRecord } from '../../../../resolver/transfer/record-cursor.ts'
import type { TransferSource } from '../../../../resolver/transfer/transfer-client.ts'
import type { TransferResult } from '../../../../resolver/transfer/transfer-reader.ts'
import { canonicalName, formatName, parseName } from '../../../../resolver/wire/name.ts'

type Asked = {
  readonly zone: string
  readonly address: string
  readonly signal: AbortSignal
  readonly end: (result: TransferResult | Error) => void
}

let asked: Asked[] = []
let nowMs = 0
let zones: { name: string; primaries: object[] }[] = []
const stored = new Map<string, { records: Uint8Array; serial: number; refreshedAt: number }>()

const primary = (address: string) => ({ address, port: 53, tsigKey: '', tlsName: '', tlsCaRef: '' })

/** The SOA of a zone as it is kept. */
function packOf(refresh: number, retry: number, expire: number): Uint8Array {
  const data = new Uint8Array(2 + 20)
  const view = new DataView(data.buffer)
  for (const [position, value] of [1, refresh, retry, expire, 60].entries()) view.setUint32(2 + 4 * position, value)
  const pack = makeRecordPack()
  const owner = canonicalName(parseName('zone.test.'))
  packRecord(pack, { ...blankRecord(), nameBytes: owner, nameLength: owner.length, type: 6, ttlSeconds: 60, data, dataLength: data.length })
  return pack.bytes.slice(0, pack.length)
}

function makeKeeper(): SecondaryKeeper {
  return new SecondaryKeeper({
    publisher: {
      live: () => ({ config: { zones, tsigKeys: [] } }),
      transferred: () => stored,
      touchTransferred: () => undefined,
      publishLayers: () => Promise.reject(new Error('not in this test')),
    } as never,
    transfer: (source: TransferSource, apex: Uint8Array, _held: unknown, signal: AbortSignal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        const end = (result: TransferResult | Error): void => (result instanceof Error ? reject(result) : resolve(result))
        asked.push({ zone: formatName(apex), address: source.address, signal, end })
      }),
    readKeys: () => [],
    readCa: () => '',
    tellFreshness: () => undefined,
    onEvent: () => undefined,
    log: { warn: () => undefined, info: () => undefined } as never,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0,
  })
}

/** Moves the clock, and lets what became due happen. */
async function pass(ms: number): Promise<void> {
  nowMs += ms
  mock.timers.tick(ms)
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

describe('SecondaryKeeper', () => {
  beforeEach((context) => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
    ;(context as { after?: (f: () => void) => void }).after?.(() => mock.timers.reset())
    asked = []
    nowMs = 1_000_000
    zones = []
    stored.clear()
  })

  test('eight zones of a slow primary leave room for the others, and leave when the document does', async () => {
    zones = Array.from({ length: 8 }, (_, n) => ({ name: `drip${n}.test.`, primaries: [primary('192.0.2.1')] }))
    zones.push({ name: 'late.test.', primaries: [primary('192.0.2.2')] })
    const keeper = makeKeeper()
    keeper.sync()
    await pass(1)
    assert.deepEqual(
      asked.map(({ address }) => address),
      ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    )
    zones = zones.slice(8)
    keeper.sync()
    assert.deepEqual(
      asked.map(({ signal }) => signal.aborted),
      [true, true, false],
    )
    keeper.stop()
    mock.timers.reset()
  })

  test('a NOTIFY asks its sender first, and a thousand of them ask once a second', async () => {
    zones = [{ name: 'zone.test.', primaries: [primary('192.0.2.1'), primary('192.0.2.2')] }]
    stored.set('zone.test.', { records: packOf(3600, 600, 86_400), serial: 1, refreshedAt: nowMs })
    const keeper = makeKeeper()
    keeper.sync()
    await pass(1)
    asked[0]!.end({ kind: 'current', serial: 1 })
    await pass(1)
    for (let n = 0; n < 1000; n++) keeper.notified('zone.test.', '192.0.2.2')
    await pass(500)
    assert.equal(asked.length, 1)
    await pass(500)
    assert.deepEqual(
      asked.map(({ address }) => address),
      ['192.0.2.1', '192.0.2.2'],
    )
    asked[1]!.end(new Error('it has serial 3, which is older than our 9'))
    await pass(1)
    assert.equal(asked[2]!.address, '192.0.2.1')
    keeper.stop()
    mock.timers.reset()
  })

  test('what it says of a zone: asked now, next, expiry, the last error until a primary is reached', async () => {
    zones = [{ name: 'zone.test.', primaries: [primary('192.0.2.1')] }]
    stored.set('zone.test.', { records: packOf(3600, 600, 86_400), serial: 1, refreshedAt: nowMs })
    const startMs = nowMs
    const keeper = makeKeeper()
    assert.equal(keeper.view('zone.test.'), undefined)
    keeper.sync()
    await pass(1)
    const expiry = { expiresAt: startMs + 86_400_000, leftMs: 86_399_999 }
    const fine = { failures: 0, lastError: '', lastErrorAt: undefined }
    assert.deepEqual(keeper.view('zone.test.'), { nextAt: undefined, ...expiry, refreshing: true, ...fine })
    asked[0]!.end(new Error('refused'))
    await pass(0)
    assert.deepEqual(keeper.view('zone.test.'), {
      ...{ nextAt: nowMs + 600_000, ...expiry, refreshing: false },
      ...{ failures: 1, lastError: '192.0.2.1: refused', lastErrorAt: nowMs },
    })
    await pass(600_000)
    asked[1]!.end({ kind: 'current', serial: 1 })
    await pass(0)
    assert.deepEqual(keeper.view('zone.test.'), {
      ...{ nextAt: nowMs + 3_600_000, expiresAt: nowMs + 86_400_000, leftMs: 86_400_000, refreshing: false },
      ...fine,
    })
    keeper.stop()
    mock.timers.reset()
  })

  test('a zone does not expire before a refresh and a retry have failed, whatever its SOA says', async () => {
    zones = [{ name: 'zone.test.', primaries: [primary('192.0.2.1')] }]
    stored.set('zone.test.', { records: packOf(100, 20, 0), serial: 1, refreshedAt: nowMs })
    const keeper = makeKeeper()
    keeper.sync()
    assert.deepEqual(keeper.freshness().expiresInMs, { 'zone.test.': 120_000 })
    keeper.stop()
    mock.timers.reset()
  })
})
