/** The small codecs of probes: answers that nobody can trust are read without a throw, and as an independent decoder reads them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, type Packet } from 'dns-packet'
import fc from 'fast-check'
import { decodeAnswer, encodeQuery, isAnswerTo, QUERY_TYPES } from '../../health/probe/dns-message.ts'
import { decodeStatus, encodeRequest } from '../../health/probe/grpc.ts'

const RUNS = { numRuns: 2000 }
const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/)
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))
const type = fc.constantFrom(...Object.keys(QUERY_TYPES))

test('encodeQuery is read back by dns-packet', () => {
  fc.assert(
    fc.property(name, type, fc.integer({ min: 0, max: 65_535 }), (queryName, queryType, id) => {
      const { questions, flags, additionals, ...packet } = decode(encodeQuery(id, `${queryName}.`, queryType))
      assert.deepEqual([packet.id, flags, packet.type], [id, 256, 'query'])
      assert.deepEqual(questions, [{ name: queryName, type: queryType, class: 'IN' }])
      assert.deepEqual([additionals!.length, additionals![0]!.type], [1, 'OPT'])
    }),
    RUNS,
  )
})

test('decodeAnswer gives the addresses that dns-packet wrote', () => {
  const address = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 255 }))).map((octets) => octets.join('.'))
  fc.assert(
    fc.property(name, fc.array(address, { maxLength: 20 }), fc.integer({ min: 0, max: 5 }), (queryName, addresses, rcode) => {
      const query = encodeQuery(7, `${queryName}.`, 'A')
      const answers = addresses.map((data) => ({ type: 'A' as const, name: queryName, ttl: 1, data }))
      const packet: Packet = { type: 'response', id: 7, flags: rcode, questions: [{ type: 'A', name: queryName }], answers }
      const message = encode(packet)
      assert.ok(isAnswerTo(message, query))
      const answer = decodeAnswer(message, query, 'A')!
      assert.deepEqual(answer.data, addresses)
      assert.equal(answer.rcode, ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][rcode])
    }),
    RUNS,
  )
})

test('decodeAnswer follows compressed names, and none that leads forward or in a circle', () => {
  const query = encodeQuery(7, 'Edge.example.', 'CNAME')
  const answerWith = (...rdata: number[]): ReturnType<typeof decodeAnswer> => {
    const head = Buffer.from([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 5, 0, rdata.length])
    const message = Buffer.concat([query.subarray(0, query.length - 11), head, Buffer.from(rdata)])
    message[2]! |= 0x80
    message.writeUInt16BE(1, 6)
    return decodeAnswer(message, query, 'CNAME')
  }
  assert.deepEqual(answerWith(0xc0, 12)!.data, ['edge.example.'])
  assert.deepEqual(answerWith(1, 0x41, 0xc0, 17)!.data, ['a.example.'])
  assert.deepEqual(answerWith(3, 0x61, 0x2e, 0x00, 0xc0, 17)!.data, ['a\\.\\000.example.'])
  const own = query.length - 11 + 12
  for (const rdata of [
    [0xc0, own],
    [1, 0x61, 0xc0, own],
    [0xc0, 255],
    [0x40, 1],
    [5, 0x61],
  ])
    assert.equal(answerWith(...rdata), undefined)
})

test('decodeAnswer never throws and never hangs, whatever stands behind the question', () => {
  const rest = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.array(fc.constantFrom(0, 1, 2, 12, 63, 64, 192, 255), { maxLength: 300 }))
  fc.assert(
    fc.property(type, rest, fc.integer({ min: 0, max: 65_535 }), (queryType, octets, count) => {
      const query = encodeQuery(7, 'edge.example.', queryType)
      const message = Buffer.concat([query.subarray(0, query.length - 11), Buffer.from(octets)])
      message[2]! |= 0x80
      message.writeUInt16BE(count, 6)
      if (!isAnswerTo(message, query)) return
      const answer = decodeAnswer(message, query, queryType)
      assert.ok(answer === undefined || answer.data.length <= 256)
    }),
    RUNS,
  )
})

test('isAnswerTo and decodeAnswer take any octets', () => {
  const query = encodeQuery(0, 'edge.example.', 'TXT')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
      const message = Buffer.from(octets)
      if (isAnswerTo(message, query)) decodeAnswer(message, query, 'TXT')
    }),
    RUNS,
  )
})

test('decodeStatus takes any octets, and reads what it should', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 127 }), (octets, status) => {
      const frame = (message: Buffer): Buffer => {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(message.length, 1)
        return Buffer.concat([head, message])
      }
      decodeStatus(Buffer.from(octets))
      decodeStatus(frame(Buffer.from(octets)))
      assert.equal(decodeStatus(frame(Buffer.from([0x08, status]))), status)
    }),
    RUNS,
  )
})

test('encodeRequest has the length of its message, for every name that a document may have', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{0,255}$/), (service) => {
      const request = encodeRequest(service)
      assert.equal(request.readUInt32BE(1), request.length - 5)
      assert.ok(request.toString('latin1').endsWith(service))
    }),
    RUNS,
  )
})
