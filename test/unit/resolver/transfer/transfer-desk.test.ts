/** Transfers as packets: every refusal, AXFR and IXFR message by message (read by dns-packet), signed queries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from 'dns-packet'
import fc from 'fast-check'
import { findAddress } from '../../../../geodata/address/address.ts'
import { parsePrefix } from '../../../../geodata/address/prefix.ts'
import { createJournal } from '../../../../resolver/transfer/journal.ts'
import type { TransferContent } from '../../../../resolver/transfer/transfer-access.ts'
import { createTransferDesk, TRANSFERS_AT_ONCE, type TransferOutcome } from '../../../../resolver/transfer/transfer-desk.ts'
import { parseName } from '../../../../resolver/wire/name.ts'
import { readMessage } from '../../../../resolver/wire/read-message.ts'
import { makeQuery, readQuery } from '../../../../resolver/wire/read-query.ts'
import { createTsigVerifier, findTsig, makeTsigKey, signRequest } from '../../../../resolver/wire/tsig.ts'
import { answersOf, messagesOf, snapshotOf, transferQuery, zoneText } from '../../../support/transfer-subject.ts'

const NOW = 1_800_000_000
const KEY = makeTsigKey('key1.', 'hmac-sha256', Buffer.alloc(32, 1).toString('base64'))
const STRANGER = makeTsigKey('key2.', 'hmac-sha256', Buffer.alloc(32, 2).toString('base64'))
const APEX = parseName('z.test.')
const AXFR = 252
const IXFR = 251
const FRIEND = Uint32Array.from(findAddress('192.0.2.7')!.words)
const OTHER = Uint32Array.from(findAddress('198.51.100.7')!.words)

const filler = Array.from({ length: 30 }, (_, number) => [`fill-${number}`, 'A', '192.0.2.1'] as const)
const versions = [1, 2, 3].map((serial) => snapshotOf(zoneText('z.test.', serial, [...filler, [`v${serial}`, 'A', '192.0.2.1']])))
const live = versions[2]!
const journal = createJournal()
journal.note(versions[0], versions[1]!, [APEX])
journal.note(versions[1], live, [APEX])

function start(allow: TransferContent['everyZone'] = [{ prefix: parsePrefix('192.0.2.0/24'), key: '' }]) {
  const counted: TransferOutcome[] = []
  const desk = createTransferDesk({ nowSeconds: () => NOW, count: (outcome) => counted.push(outcome) })
  desk.use({
    keys: [KEY, STRANGER],
    everyZone: [],
    expired: new Set<string>(),
    zones: new Map([['z.test.', { allow, steps: journal.stepsOf(APEX) }]]),
  })
  const stream = (query: Uint8Array, src: Uint32Array = FRIEND, running = 0) =>
    messagesOf(desk.beginStream(query, src, live, running)!, NOW)
  const datagram = (query: Uint8Array, src: Uint32Array = FRIEND): Uint8Array => {
    const mem = new Uint8Array(4096)
    mem.set(query, 5)
    const parsed = makeQuery()
    assert.equal(readQuery(mem, 5, query.length, parsed), 0)
    const length = desk.answer(parsed, mem, 5, query.length, 4000, src, 0, 0, live, (inner, off, len) => {
      inner[off + 2]! |= 0x84
      return len
    })
    return mem.slice(5, 5 + length)
  }
  return { desk, counted, stream, datagram }
}

function signed(query: Uint8Array, key = KEY): { readonly message: Uint8Array; readonly mac: Uint8Array } {
  const mem = new Uint8Array(1024)
  mem.set(query)
  const { length, mac } = signRequest(mem, query.length, key, NOW)
  return { message: mem.slice(0, length), mac }
}

test('AXFR: SOA, all records, SOA; id, question and AA as they must be', () => {
  const { stream, counted } = start()
  const [message, ...more] = stream(transferQuery('z.TEST.', AXFR))
  assert.equal(more.length, 0)
  const { id, flag_aa, flag_qr, questions } = decode(Buffer.from(message!)) as unknown as Record<string, unknown>
  assert.deepEqual([id, flag_aa, flag_qr], [7, true, true])
  assert.deepEqual((questions as { name: string }[])[0]!.name, 'z.TEST')
  const answers = answersOf([message!])
  assert.deepEqual([answers[0], answers.at(-1)], ['z.test SOA', 'z.test SOA'])
  assert.equal(answers.length, 2 + 1 + filler.length + 1)
  assert.deepEqual(counted, ['axfr'])
})

test('a large zone takes several messages of at most 16 KiB; the first alone has the question; each is signed and the chain verifies', () => {
  const records = Array.from({ length: 3000 }, (_, number) => [`h${number}.sub`, 'MX', `10 Mail${number % 7}.Elsewhere.example.`] as const)
  const big = snapshotOf(zoneText('z.test.', 9, records))
  const { desk } = start([{ prefix: undefined, key: 'key1.' }])
  const { message, mac } = signed(transferQuery('z.test.', AXFR))
  const messages = messagesOf(desk.beginStream(message, OTHER, big, 0)!, NOW)
  assert.ok(messages.length > 3)
  const verifier = createTsigVerifier(KEY, mac)
  for (const [number, part] of messages.entries()) {
    assert.ok(part.length <= 16_384)
    assert.equal(part[5], number === 0 ? 1 : 0)
    assert.deepEqual(verifier.verify(part, NOW), { ok: true, signed: true })
  }
  assert.equal(verifier.isComplete(), true)
  const answers = answersOf(messages).filter((answer) => answer.endsWith(' MX'))
  assert.equal(new Set(answers).size, 3000)
  const exchanges = messages.flatMap((part) => readMessage(part)!.records.filter((record) => record.type === 15))
  // RFC 5936 §3.4: the case of names is the zone's.
  assert.ok(exchanges.every((record) => Buffer.from(record.rdata).includes('Elsewhere')))
  assert.ok(messages[0]!.length / answersOf([messages[0]!]).length < 50, 'names are compressed')
})

test('a record larger than a message has one of its own', () => {
  const text = Array.from({ length: 150 }, () => `"${'x'.repeat(200)}"`).join(' ')
  const big = snapshotOf(zoneText('z.test.', 9, [['a', 'TXT', text]]))
  const messages = messagesOf(start().desk.beginStream(transferQuery('z.test.', AXFR), FRIEND, big, 0)!)
  assert.ok(messages.some((message) => message.length > 30_000))
  assert.equal(answersOf(messages).filter((answer) => answer === 'a.z.test TXT').length, 1)
})

const serialsOf = (messages: readonly Uint8Array[]): number[] =>
  messages.flatMap((message) =>
    readMessage(message)!
      .records.filter((record) => record.type === 6 && record.section === 'answer')
      .map(({ rdata }) => new DataView(rdata.buffer, rdata.byteOffset).getUint32(rdata.length - 20)),
  )

const ixfrs: readonly {
  readonly name: string
  readonly serial: number
  readonly serials: readonly number[]
  readonly outcome: TransferOutcome
}[] = [
  { name: 'one step', serial: 2, serials: [3, 2, 3, 3], outcome: 'ixfr' },
  { name: 'two steps as one', serial: 1, serials: [3, 1, 3, 3], outcome: 'ixfr' },
  { name: 'nothing newer', serial: 3, serials: [3], outcome: 'soa' },
  { name: 'the asker is ahead', serial: 4, serials: [3], outcome: 'soa' },
  { name: 'an unknown serial', serial: 0xfffffff0, serials: [3, 3], outcome: 'ixfr-as-axfr' },
]
for (const { name, serial, serials, outcome } of ixfrs) {
  test(`IXFR over TCP: ${name}`, () => {
    const { stream, counted } = start()
    assert.deepEqual(serialsOf(stream(transferQuery('z.test.', IXFR, serial))), serials)
    assert.deepEqual(counted, [outcome])
  })
}

test('IXFR over UDP: the difference when it fits, else the SOA alone; AXFR is NOTIMP (RFC 5936 §4.2), as in NSD and Knot', () => {
  const { datagram, counted } = start()
  const reply = datagram(transferQuery('z.test.', IXFR, 2))
  assert.deepEqual(serialsOf([reply]), [3, 2, 3, 3])
  assert.deepEqual(answersOf([reply]), ['z.test SOA', 'z.test SOA', 'v2.z.test A', 'z.test SOA', 'v3.z.test A', 'z.test SOA'])
  assert.deepEqual(serialsOf([datagram(transferQuery('z.test.', IXFR, 77))]), [3])
  assert.equal(datagram(transferQuery('z.test.', AXFR))[3]! & 15, 4)
  assert.deepEqual(counted, ['ixfr', 'soa', 'notimp'])
})

const refusals: readonly {
  readonly name: string
  readonly query: Uint8Array
  readonly src?: Uint32Array
  readonly allow?: TransferContent['everyZone']
  readonly running?: number
  readonly rcode: number
  readonly outcome: TransferOutcome
}[] = [
  { name: 'a zone that is not ours', query: transferQuery('y.test.', AXFR), rcode: 9, outcome: 'notauth' },
  { name: 'a name in our zone', query: transferQuery('v3.z.test.', AXFR), rcode: 9, outcome: 'notauth' },
  { name: 'an address that may not', query: transferQuery('z.test.', AXFR), src: OTHER, rcode: 5, outcome: 'refused' },
  { name: 'nobody may', query: transferQuery('z.test.', AXFR), allow: [], rcode: 5, outcome: 'refused' },
  {
    name: 'a key is asked for',
    query: transferQuery('z.test.', AXFR),
    allow: [{ prefix: undefined, key: 'key1.' }],
    rcode: 5,
    outcome: 'refused',
  },
  {
    name: 'the right key from a wrong address, where both must hold',
    query: signed(transferQuery('z.test.', AXFR)).message,
    src: OTHER,
    allow: [{ prefix: parsePrefix('192.0.2.0/24'), key: 'key1.' }],
    rcode: 5,
    outcome: 'refused',
  },
  {
    name: 'a good key that may not',
    query: signed(transferQuery('z.test.', AXFR), STRANGER).message,
    allow: [{ prefix: undefined, key: 'key1.' }],
    rcode: 5,
    outcome: 'refused',
  },
  { name: 'IXFR without SOA', query: transferQuery('z.test.', IXFR), rcode: 1, outcome: 'formerr' },
  { name: 'too many transfers run', query: transferQuery('z.test.', AXFR), running: TRANSFERS_AT_ONCE, rcode: 2, outcome: 'busy' },
]
for (const { name, query, src, allow, running, rcode, outcome } of refusals) {
  test(`refused: ${name}`, () => {
    const { stream, counted } = start(allow)
    const [message, ...more] = stream(query, src, running)
    assert.equal(more.length, 0)
    assert.deepEqual([message![3]! & 15, answersOf([message!])], [rcode, []])
    assert.deepEqual(counted, [outcome])
    // RFC 8945 §5.3: a refusal of a request with a good TSIG is signed.
    assert.equal(findTsig(message!).kind === 'found', findTsig(query).kind === 'found')
  })
}

test('a refusal says why to an asker with EDNS (RFC 8914)', () => {
  const { stream } = start([])
  const withOpt = (name: string): Uint8Array => {
    const query = Uint8Array.from([...transferQuery(name, AXFR), 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
    query[11] = 1
    return query
  }
  const optionOf = (name: string): number[] => [...readMessage(stream(withOpt(name))[0]!)!.records[0]!.rdata]
  assert.deepEqual(optionOf('z.test.'), [0, 15, 0, 2, 0, 18])
  assert.deepEqual(optionOf('y.test.'), [0, 15, 0, 2, 0, 20])
})

test('a query with a wrong MAC is answered NOTAUTH before anything else is looked at', () => {
  const { stream, datagram, counted } = start()
  const { message } = signed(transferQuery('z.test.', AXFR))
  message[message.length - 10]! ^= 1
  for (const reply of [...stream(message), datagram(message)]) assert.equal(reply[3]! & 15, 9)
  assert.deepEqual(counted, ['tsig-failed', 'tsig-failed'])
})

test('a signed plain query is answered by the answerer, without its TSIG, and the reply is signed', () => {
  const { datagram, counted } = start()
  const { message, mac } = signed(transferQuery('z.test.', 6))
  const reply = datagram(message)
  assert.deepEqual(createTsigVerifier(KEY, mac).verify(reply, NOW), { ok: true, signed: true })
  assert.equal(reply[2]! & 0x84, 0x84)
  assert.deepEqual(counted, ['signed'])
})

test('other queries are no business of the desk', () => {
  const { desk } = start()
  assert.equal(desk.beginStream(transferQuery('z.test.', 6), FRIEND, live, 0), undefined)
  assert.equal(desk.beginStream(new Uint8Array(12), FRIEND, live, 0), undefined)
})

test('whatever is changed in a transfer or signed query, the desk neither throws nor answers with another id', () => {
  const { desk } = start()
  const originals = [
    transferQuery('z.test.', AXFR),
    transferQuery('z.test.', IXFR, 2),
    signed(transferQuery('z.test.', AXFR)).message,
    signed(transferQuery('z.test.', IXFR, 1)).message,
    signed(transferQuery('z.test.', 6)).message,
  ]
  const parsed = makeQuery()
  const changes = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom(...originals), changes, fc.nat(40), (original, edits, cut) => {
      const message = original.slice(0, Math.max(12, original.length - (cut > 20 ? 0 : cut)))
      for (const [at, octet] of edits) message[at % message.length] = octet
      const id = [message[0], message[1]]
      const mem = new Uint8Array(70_000)
      const stream = desk.beginStream(Buffer.from(message), FRIEND, live, 0)
      for (const reply of stream === undefined ? [] : messagesOf(stream, NOW)) assert.deepEqual([reply[0], reply[1]], id)
      mem.set(message)
      if (readQuery(mem, 0, message.length, parsed) !== 0) return
      const length = desk.answer(parsed, mem, 0, message.length, 1232, FRIEND, 0, 0, live, (inner, off, len) => {
        inner[off + 2]! |= 0x80
        return len
      })
      assert.ok(length <= 1232)
      if (length > 0) assert.deepEqual([mem[0], mem[1]], id)
    }),
    { numRuns: 3000 },
  )
})
