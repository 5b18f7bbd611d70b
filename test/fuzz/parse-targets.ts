/**
 * The readers of what others write, each as a function of some octets that throws when it does what it must not: an exception that is
 * not its own, a result that contradicts itself. For the fuzzer and for the rows of what it found.
 */
import assert from 'node:assert/strict'
import { cursorOfPack, makeRecordPack, packRecord } from '../../resolver/transfer/record-cursor.ts'
import { createTransferReader, TransferFault } from '../../resolver/transfer/transfer-reader.ts'
import { applyUpdate } from '../../resolver/update/apply-update.ts'
import { readUpdate } from '../../resolver/update/update-message.ts'
import { WorkingZone } from '../../resolver/update/working-zone.ts'
import { canonicalName, formatName, parseName } from '../../resolver/wire/name.ts'
import { formatRdata, parseRdata, splitRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { readMessage } from '../../resolver/wire/read-message.ts'
import { createTsigVerifier, findTsig, tsigKeyFinder, verifyRequest } from '../../resolver/wire/tsig.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'
import { RecordTable } from '../../resolver/zone/record-table.ts'
import { readZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import { MAX_ZONE_ISSUES } from '../../resolver/zone/zone-record.ts'
import { FUZZ_SIGNING } from './hostile-product.ts'

const APEX = canonicalName(parseName('sec.test.'))
const DYNAMIC = canonicalName(parseName('dyn.test.'))
const NOW = 1_800_000_000
const ID = 0x1234

/** A zone of serial 3 that differences are done to. */
function heldZone(): { readonly serial: number; readonly records: Uint8Array } {
  const pack = makeRecordPack()
  for (const [owner, type, text] of [
    ['@', 6, 'sec.test. sec.test. 3 1 1 60 5'],
    ['@', 2, 'ns1'],
    ['ns1', 1, '127.0.0.1'],
    ['a', 1, '192.0.2.1'],
    ['b', 1, '192.0.2.2'],
  ] as const) {
    const nameBytes = canonicalName(parseName(owner === '@' ? 'sec.test.' : owner, APEX))
    const data = parseRdata(type, splitRdata(text), APEX)
    packRecord(pack, { nameBytes, nameAt: 0, nameLength: nameBytes.length, type, ttlSeconds: 60, data, dataAt: 0, dataLength: data.length })
  }
  return { serial: 3, records: pack.bytes.slice(0, pack.length) }
}
const HELD = heldZone()

/** Records in packed form → a compiled zone, as a secondary does with what it was sent. Issues are no fault; throwing is. */
function compilePacked(records: Uint8Array): void {
  const table = new RecordTable()
  const cursor = cursorOfPack(records)
  while (cursor.next()) {
    const { nameBytes, nameAt, nameLength, type, ttlSeconds, data, dataAt, dataLength } = cursor
    const owner = nameBytes.slice(nameAt, nameAt + nameLength)
    // What is shown to people must not throw either.
    formatName(owner)
    formatRdata(type, data.slice(dataAt, dataAt + dataLength))
    const ownerPlace = table.addOwner(owner)
    const dataPlace = table.octets.length
    table.octets.pushAll(data.subarray(dataAt, dataAt + dataLength))
    table.add(ownerPlace, type, ttlSeconds, dataPlace, table.count + 1, 1, table.fileNumber('sec'))
  }
  const { issues } = compileZones([{ origin: APEX, records: [], table, useClientSubnet: true, file: 'sec' }], [])
  assert.ok(issues.length <= 2 * (MAX_ZONE_ISSUES + 1), `${issues.length} issues`)
}

/** The messages of a transfer: each with its length before it. */
function readTransfer(input: Uint8Array, held: typeof HELD | undefined): void {
  const reader = createTransferReader(APEX, ID, held)
  try {
    let complete = false
    for (let at = 0; at + 2 <= input.length && !complete; ) {
      const end = Math.min(input.length, at + 2 + ((input[at]! << 8) | input[at + 1]!))
      complete = reader.take(input.slice(at + 2, end))
      at = end
    }
    if (!complete) return
    const result = reader.result()
    if (result.kind !== 'current') compilePacked(result.records)
  } catch (error) {
    if (!(error instanceof TransferFault)) throw error
  }
}

/** A message by everything that reads whole messages. */
function readAny(input: Uint8Array): void {
  const message = readMessage(input)
  for (const { type, rdata, owner } of message?.records ?? []) {
    formatName(owner)
    const text = formatRdata(type, rdata)
    assert.deepEqual(Buffer.from(parseRdata(type, splitRdata(text), APEX)), Buffer.from(rdata), `type ${type}: ${text}`)
  }
  const found = findTsig(input)
  if (found.kind === 'found') {
    const verdict = verifyRequest(input, found.record, tsigKeyFinder([FUZZ_SIGNING.known]), NOW)
    assert.ok(verdict.ok || verdict.rcode === 9 || verdict.rcode === 1)
  }
  const verdict = createTsigVerifier(FUZZ_SIGNING.known, new Uint8Array(32)).verify(input, NOW)
  assert.equal(verdict.ok, false, 'nobody knows this MAC')
}

const DOCUMENT = new Map([
  [
    'dyn.test.',
    new Map([
      [6, ['ns1 h 5 1 1 60 5']],
      [2, ['ns1']],
    ]),
  ],
  ['ns1.dyn.test.', new Map([[1, ['127.0.0.1']]])],
  [
    'h1.dyn.test.',
    new Map([
      [1, ['192.0.2.1', '192.0.2.2']],
      [16, ['"x"']],
    ]),
  ],
  ['h2.dyn.test.', new Map([[5, ['h1']]])],
])

/** An update that is allowed everything, done to a zone and taken back. */
function update(input: Uint8Array): void {
  const read = readUpdate(input)
  if (typeof read === 'number') return
  const zone = new WorkingZone(
    'dyn.test.',
    DYNAMIC,
    (owner) => {
      const types = DOCUMENT.get(formatName(owner))
      return (
        types &&
        new Map(
          [...types].map(([type, texts]) => [
            type,
            texts.map((text) => ({ rdata: parseRdata(type, splitRdata(text), DYNAMIC), ttlSeconds: 60 })),
          ]),
        )
      )
    },
    [],
  )
  const scope = {
    rules: [{ tsigKey: 'fuzz.', names: [], types: ['ANY'] }],
    keyName: 'fuzz.',
    steeredTypes: () => new Set<number>(),
    hasSteeredBelow: () => false,
  }
  const { rcode } = applyUpdate(zone, read, scope)
  assert.ok(rcode >= 0 && rcode <= 10, `rcode ${rcode}`)
  assert.equal(zone.records(DYNAMIC, 6).length, 1, 'the SOA stays')
  assert.ok(zone.records(DYNAMIC, 2).length >= 1, 'an NS stays')
}

/** A master file, compiled when it has no error. */
function readFile(input: Uint8Array): void {
  const text = Buffer.from(input).toString('latin1')
  const includes = (name: string) => (name === 'self' ? ({ ok: true, text } as const) : ({ ok: false, reason: 'there is none' } as const))
  const { table, issues } = readZoneFile(text, APEX, 'file', includes)
  assert.ok(issues.length <= MAX_ZONE_ISSUES + 1, `${issues.length} issues`)
  for (const { line, column } of issues) assert.ok(line >= 0 && column >= 0)
  for (let n = 0; n < Math.min(table.count, 200); n++) {
    const { type, rdata } = table.record(n)
    const shown = formatRdata(type, rdata)
    assert.deepEqual(Buffer.from(parseRdata(type, splitRdata(shown), APEX)), Buffer.from(rdata), `type ${type}: ${shown}`)
  }
  if (table.count < 5000) compileZones([{ origin: APEX, records: [], table, useClientSubnet: true, file: 'file' }], [])
}

/** All of them, by the name that rows have in their first column. */
export const PARSE_TARGETS: Readonly<Record<'axfr' | 'ixfr' | 'message' | 'update' | 'zone-file', (input: Uint8Array) => void>> = {
  axfr: (input) => readTransfer(input, undefined),
  ixfr: (input) => readTransfer(input, HELD),
  message: readAny,
  update,
  'zone-file': readFile,
}
