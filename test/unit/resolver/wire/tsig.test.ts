/** TSIG (RFC 8945): every verdict by the smallest change that earns it; chains of messages; a second HMAC written out by hand. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { formatName, parseName } from '../../../../resolver/wire/name.ts'
import {
  createTsigSigner,
  createTsigVerifier,
  findTsig,
  makeTsigKey,
  RCODE_NOTAUTH,
  signRequest,
  TSIG_ALGORITHMS,
  TSIG_BADKEY,
  TSIG_BADSIG,
  TSIG_BADTIME,
  TSIG_BADTRUNC,
  type TsigRecord,
  tsigBytes,
  tsigKeyFinder,
  verifyRequest,
  writeTsigError,
} from '../../../../resolver/wire/tsig.ts'

const KEY = makeTsigKey('Key.Example', 'HMAC-SHA256', 'c2VjcmV0IHNlY3JldCBzZWNyZXQgMDEyMzQ1Njc4OWFi')
const NOW = 1_800_000_000
const QUESTION_END = 12 + 13 + 4

/** A query "example.com. SOA" in memory with room for a TSIG. */
function query(): Uint8Array {
  const mem = new Uint8Array(512)
  mem.set([0x12, 0x34, 0, 0, 0, 1])
  mem.set(parseName('example.com.'), 12)
  mem.set([0, 6, 0, 1], QUESTION_END - 4)
  return mem
}

function signed(key = KEY, at = NOW): Uint8Array {
  const mem = query()
  return mem.slice(0, signRequest(mem, QUESTION_END, key, at).length)
}

function recordOf(message: Uint8Array): TsigRecord {
  const found = findTsig(message)
  assert.equal(found.kind, 'found')
  return (found as { record: TsigRecord }).record
}

/** Cuts the MAC to `bytes` octets, as a peer with truncation sends it. */
function truncateMac(message: Uint8Array, bytes: number): Uint8Array {
  const record = recordOf(message)
  const macAt = message.length - 6 - record.mac.length
  const cut = Uint8Array.from([...message.subarray(0, macAt + bytes), ...message.subarray(macAt + record.mac.length)])
  const view = new DataView(cut.buffer)
  view.setUint16(macAt - 2, bytes)
  const lengthAt = record.at + record.keyName.length + 8
  view.setUint16(lengthAt, view.getUint16(lengthAt) - (record.mac.length - bytes))
  return cut
}

for (const algorithm of TSIG_ALGORITHMS) {
  test(`a request signed with ${algorithm} is verified, and its MAC is the HMAC over RFC 8945 §4.3`, () => {
    const key = makeTsigKey('key.example.', algorithm, Buffer.alloc(40, 7).toString('base64'))
    const message = signed(key)
    assert.equal(message.length, QUESTION_END + tsigBytes(key))
    const verdict = verifyRequest(message, recordOf(message), tsigKeyFinder([key]), NOW + 299)
    assert.equal(verdict.ok, true)
    const time = Buffer.alloc(8)
    time.writeUIntBE(NOW, 0, 6)
    time.writeUInt16BE(300, 6)
    const byHand = createHmac(algorithm.slice(5), key.secret)
      .update(query().subarray(0, QUESTION_END))
      .update(parseName('key.example.'))
      .update(Buffer.from('00ff00000000', 'hex'))
      .update(parseName(`${algorithm}.`))
      .update(time)
      .update(Buffer.alloc(4))
      .digest()
    assert.deepEqual(Buffer.from(verdict.record.mac), byHand)
  })
}

test('names of keys are compared without regard to case, also as they stand in the packet', () => {
  const message = signed()
  const at = recordOf(message).at
  message[at + 1]! -= 0x20
  assert.equal(formatName(recordOf(message).keyName), 'key.example.')
  assert.equal(verifyRequest(message, recordOf(message), tsigKeyFinder([KEY]), NOW).ok, true)
})

test('a forwarder may change the id: the original one is signed', () => {
  const message = signed()
  message[0] = 0x99
  assert.equal(verifyRequest(message, recordOf(message), tsigKeyFinder([KEY]), NOW).ok, true)
})

const OTHER_SECRET = makeTsigKey('key.example', 'hmac-sha256', Buffer.alloc(32, 9).toString('base64'))
const OTHER_ALGORITHM = makeTsigKey('key.example', 'hmac-sha512', Buffer.alloc(32, 9).toString('base64'))
const refusals: readonly {
  readonly name: string
  readonly message: Uint8Array
  readonly keys: readonly (typeof KEY)[]
  readonly now?: number
  readonly leastMacBytes?: number
  readonly rcode: number
  readonly error: number
  readonly signed: boolean
}[] = [
  { name: 'unknown key', message: signed(), keys: [], rcode: RCODE_NOTAUTH, error: TSIG_BADKEY, signed: false },
  {
    name: 'key under another algorithm',
    message: signed(),
    keys: [OTHER_ALGORITHM],
    rcode: RCODE_NOTAUTH,
    error: TSIG_BADKEY,
    signed: false,
  },
  { name: 'wrong secret', message: signed(), keys: [OTHER_SECRET], rcode: RCODE_NOTAUTH, error: TSIG_BADSIG, signed: false },
  {
    name: 'wrong secret and wrong time',
    message: signed(),
    keys: [OTHER_SECRET],
    now: NOW + 999,
    rcode: RCODE_NOTAUTH,
    error: TSIG_BADSIG,
    signed: false,
  },
  { name: 'too late', message: signed(), keys: [KEY], now: NOW + 301, rcode: RCODE_NOTAUTH, error: TSIG_BADTIME, signed: true },
  { name: 'too early', message: signed(), keys: [KEY], now: NOW - 301, rcode: RCODE_NOTAUTH, error: TSIG_BADTIME, signed: true },
  { name: 'MAC below half of the hash', message: truncateMac(signed(), 15), keys: [KEY], rcode: 1, error: 0, signed: false },
  {
    name: 'MAC below the policy',
    message: truncateMac(signed(), 16),
    keys: [KEY],
    leastMacBytes: 20,
    rcode: RCODE_NOTAUTH,
    error: TSIG_BADTRUNC,
    signed: true,
  },
]
for (const row of refusals) {
  test(`refused: ${row.name}`, () => {
    const record = recordOf(row.message)
    const now = row.now ?? NOW
    const verdict = verifyRequest(row.message, record, tsigKeyFinder(row.keys), now, row.leastMacBytes)
    assert.equal(verdict.ok, false)
    if (verdict.ok) return
    assert.deepEqual([verdict.rcode, verdict.error, verdict.key !== undefined], [row.rcode, row.error, row.signed])
    const mem = query()
    const reply = mem.slice(0, writeTsigError(mem, QUESTION_END, verdict, now))
    assert.equal(reply[3]! & 15, row.rcode)
    if (row.rcode === 1) {
      assert.equal(findTsig(reply).kind, 'none')
      return
    }
    const said = recordOf(reply)
    assert.deepEqual([said.error, said.mac.length > 0], [row.error, row.signed])
    const checked = createTsigVerifier(row.keys[0] ?? KEY, record.mac).verify(reply, now)
    assert.equal(checked.ok, false)
    if (row.keys[0] === KEY) assert.equal((checked as { error: number }).error, row.error)
    if (row.error === TSIG_BADTIME) {
      assert.equal(Buffer.from(said.otherData).readUIntBE(0, 6), now)
      assert.equal(said.timeSeconds, NOW)
    }
  })
}

test('a MAC cut to half of the hash is accepted', () => {
  const message = truncateMac(signed(), 16)
  assert.equal(verifyRequest(message, recordOf(message), tsigKeyFinder([KEY]), NOW).ok, true)
})

test('a message in a node Buffer, in the middle of its memory, is verified and left as it is', () => {
  const message = Buffer.from([...new Uint8Array(7), ...signed(), 9]).subarray(7, -1)
  const before = Buffer.from(message)
  assert.equal(verifyRequest(message, recordOf(message), tsigKeyFinder([KEY]), NOW).ok, true)
  assert.deepEqual(message, before)
})

test('every changed octet of a signed message is noticed', () => {
  const message = signed()
  for (let at = 2; at < message.length; at++) {
    const changed = message.slice()
    changed[at]! ^= 0x01
    const found = findTsig(changed)
    if (found.kind !== 'found') continue
    const verdict = verifyRequest(changed, found.record, tsigKeyFinder([KEY]), NOW)
    // The case of names is not signed; all the rest is.
    assert.equal(verdict.ok, false, `octet ${at}`)
  }
})

test('TSIG that is not the last record, twice, in another section, or of another class: malformed', () => {
  const message = signed()
  const record = message.subarray(recordOf(message).at)
  const twice = Uint8Array.from([...message, ...record])
  twice[11] = 2
  assert.equal(findTsig(twice).kind, 'malformed')
  const answer = message.slice()
  answer[7] = 1
  answer[11] = 0
  assert.equal(findTsig(answer).kind, 'malformed')
  const trailing = Uint8Array.from([...message, 0])
  assert.equal(findTsig(trailing).kind, 'malformed')
  const classIn = message.slice()
  classIn[recordOf(message).at + recordOf(message).keyName.length + 3] = 1
  assert.equal(findTsig(classIn).kind, 'malformed')
  for (let length = 12; length < message.length; length++) assert.notEqual(findTsig(message.subarray(0, length)).kind, 'found')
})

function reply(octet: number): Uint8Array {
  const mem = query()
  mem[2] = 0x84
  mem[3] = octet
  return mem
}

test('a stream of replies is signed as a chain, and each change, loss or swap in it is noticed', () => {
  const mem = query()
  const { mac } = signRequest(mem, QUESTION_END, KEY, NOW)
  const signer = createTsigSigner(KEY, mac)
  const stream = [0, 1, 2].map((octet) => {
    const message = reply(octet)
    return message.slice(0, signer.sign(message, QUESTION_END, NOW))
  })
  const verifier = createTsigVerifier(KEY, mac)
  for (const message of stream) assert.deepEqual(verifier.verify(message, NOW), { ok: true, signed: true })
  assert.equal(verifier.isComplete(), true)
  const lost = createTsigVerifier(KEY, mac)
  assert.equal(lost.verify(stream[0]!, NOW).ok, true)
  assert.equal(lost.verify(stream[2]!, NOW).ok, false)
  assert.equal(createTsigVerifier(KEY, mac).verify(stream[1]!, NOW).ok, false)
  assert.equal(
    createTsigVerifier(
      KEY,
      Uint8Array.from(mac, (octet) => octet ^ 1),
    ).verify(stream[0]!, NOW).ok,
    false,
  )
})

test('unsigned messages between signed ones are covered by the next MAC; the first and the last must be signed', () => {
  const mem = query()
  const { mac } = signRequest(mem, QUESTION_END, KEY, NOW)
  const verifier = createTsigVerifier(KEY, mac)
  assert.equal(verifier.verify(reply(0).slice(0, QUESTION_END), NOW).ok, false)
  const first = reply(0)
  const signedFirst = first.slice(0, createTsigSigner(KEY, mac).sign(first, QUESTION_END, NOW))
  assert.equal(verifier.verify(signedFirst, NOW).ok, true)
  for (let i = 0; i < 99; i++) assert.deepEqual(verifier.verify(reply(1).slice(0, QUESTION_END), NOW), { ok: true, signed: false })
  assert.equal(verifier.isComplete(), false)
  assert.equal(verifier.verify(reply(1).slice(0, QUESTION_END), NOW).ok, false)
})

test('keys that cannot be are refused with their reason', () => {
  assert.throws(() => makeTsigKey('k', 'hmac-md5', 'AAAA'), /hmac-md5/)
  assert.throws(() => makeTsigKey('k', 'hmac-sha256', 'not base64!'), /base64/)
  assert.throws(() => makeTsigKey('k', 'hmac-sha256', ''), /base64/)
  assert.throws(() => makeTsigKey('a..b', 'hmac-sha256', 'AAAA'), /empty label/)
})
