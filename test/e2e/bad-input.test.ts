/**
 * Bad input, one row each, over UDP and TCP to the whole product: what is answered, octet by octet where an RFC says so; and after all of it
 * the process is the same and no larger. Names, pointers, counts, lengths; TSIG with a wrong key, MAC, time; updates that must not happen.
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { FUZZ_SIGNING, type FuzzTarget, startHostileProduct } from '../fuzz/hostile-product.ts'
import { buildQuery, wireName } from '../support/dns-packets.ts'
import { signMessage } from '../support/hostile-messages.ts'
import { drawFrom } from '../support/hostile-packets.ts'
import { runCli } from '../support/product.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { transferQuery } from '../support/transfer-subject.ts'
import { updateMessage } from '../support/update-message.ts'

const NOERROR = 0
const FORMERR = 1
const NXDOMAIN = 3
const REFUSED = 5
const YXRRSET = 7
const NXRRSET = 8
const NOTAUTH = 9
const NOTZONE = 10
const BADSIG = 16
const BADKEY = 17
const BADTIME = 18

let target: FuzzTarget
let stop: () => Promise<void>
before(async () => {
  ;({ target, stop } = await startHostileProduct(drawFrom(1)))
})
after(() => stop?.())

const pid = (): number => target.product!.pidOf('node')!
const residentMb = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, 'utf8'))![1]) / 1024

async function askUdp(message: Uint8Array): Promise<Buffer> {
  const socket = createSocket('udp4')
  try {
    socket.connect(target.port, target.host)
    await once(socket, 'connect')
    const again = setInterval(() => socket.send(message), 5000)
    socket.send(message)
    const [reply] = (await once(socket, 'message')) as [Buffer]
    clearInterval(again)
    return reply
  } finally {
    socket.close()
  }
}

const framed = (message: Uint8Array, length: number = message.length): Buffer =>
  Buffer.concat([Uint8Array.of(length >> 8, length & 255), message])

async function openTcp(): Promise<Socket> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** All that comes until the server closes. */
async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (chunk) => parts.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(parts)
}

async function askTcp(message: Uint8Array): Promise<Buffer> {
  const socket = await openTcp()
  socket.end(framed(message))
  return (await readAll(socket)).subarray(2)
}

const ASK = [
  ['UDP', askUdp],
  ['TCP', askTcp],
] as const

const octets = (...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
/** A query with counts and whatever behind the header. */
const message = (counts: readonly [number, number, number, number], ...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array =>
  octets([0x12, 0x34, 1, 0, ...counts.flatMap((count) => [count >> 8, count & 255])], ...parts)
const QUESTION = octets(wireName('www.hostile.test'), [0, 1, 0, 1])
const RECORD = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]

const MALFORMED: readonly (readonly [name: string, message: Uint8Array])[] = [
  ['a question whose name points to itself', message([1, 0, 0, 0], [0xc0, 12, 0, 1, 0, 1])],
  ['a question whose name points to one that points back', message([1, 0, 0, 0], [0xc0, 14, 0xc0, 12, 0, 1, 0, 1])],
  ['a label of 64 octets', message([1, 0, 0, 0], [64, ...new Array(64).fill(97), 0, 0, 1, 0, 1])],
  ['a label of 191 octets', message([1, 0, 0, 0], [191, ...new Array(191).fill(97), 0, 0, 1, 0, 1])],
  ['a name of 256 octets', message([1, 0, 0, 0], new Array(127).fill([1, 97]).flat(), [1, 97, 0, 0, 1, 0, 1])],
  ['octets behind the end', message([1, 0, 0, 0], QUESTION, [0])],
  ['rdata that runs out', message([1, 0, 0, 1], QUESTION, RECORD.slice(0, -1))],
  ['an option that runs out', message([1, 0, 0, 1], QUESTION, [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 5, 0, 10, 0, 9, 1])],
  ['more records than there are', message([1, 0xffff, 0xffff, 0xffff], QUESTION, RECORD)],
  ['more questions than there are', message([0xffff, 0, 0, 0], QUESTION)],
  ['no question', message([0, 0, 0, 0])],
  ['two questions', message([2, 0, 0, 0], QUESTION, QUESTION)],
]

describe('malformed queries', () => {
  for (const [name, bytes] of MALFORMED)
    for (const [transport, ask] of ASK)
      test(`${name}, ${transport}: FORMERR`, async () => {
        const reply = await ask(bytes)
        assert.deepEqual([...reply.subarray(0, 2)], [0x12, 0x34])
        assert.equal(reply[3]! & 15, FORMERR)
        assert.ok(reply.length <= bytes.length + 11, 'no more than came, and an OPT')
      })
})

describe('streams', () => {
  const good = buildQuery({ name: 'www.hostile.test', id: 7 })
  test('a length that promises more: the queries before it are answered, then the end of the peer ends it', async () => {
    const socket = await openTcp()
    socket.end(Buffer.concat([framed(good), framed(good, 0xffff)]))
    const all = await readAll(socket)
    assert.equal(all.length, 2 + all.readUInt16BE(0))
    assert.deepEqual([all[3], all[5]! & 15], [7, NOERROR])
  })
  test('a length that promises less: what it cuts is malformed or no message, and nobody else minds', async () => {
    const socket = await openTcp()
    socket.end(framed(good, good.length - 1))
    const all = await readAll(socket)
    assert.deepEqual([all[3], all[5]! & 15], [7, FORMERR])
  })
  for (const length of [0, 1, 11])
    test(`a message of ${length} octets ends the connection`, async () => {
      const socket = await openTcp()
      socket.write(framed(good.subarray(0, length)))
      assert.equal((await readAll(socket)).length, 0)
    })
  test('one octet at a time, three queries in one segment', async () => {
    const socket = await openTcp()
    for (const octet of framed(good)) {
      socket.write(Uint8Array.of(octet))
      await new Promise(setImmediate)
    }
    socket.end(Buffer.concat([framed(good), framed(good), framed(good)]))
    const all = await readAll(socket)
    assert.equal(all.length, 4 * (2 + all.readUInt16BE(0)))
  })
})

// --- TSIG ------------------------------------------------------------------------------------------------------------------

/** The TSIG of a reply: everything behind its question, read by hand. */
function tsigOf(reply: Buffer, questionBytes: number) {
  const name = wireName('fuzz.').length
  let at = 12 + questionBytes
  while (reply[at] !== 0) at += 1 + reply[at]!
  at++
  assert.equal(reply.readUInt16BE(at), 250)
  assert.equal(reply.readUInt16BE(at + 2), 255)
  const rdata = at + 10
  let fields = rdata
  while (reply[fields] !== 0) fields += 1 + reply[fields]!
  fields++
  const macBytes = reply.readUInt16BE(fields + 8)
  const behind = fields + 10 + macBytes
  return {
    start: at - name,
    time: reply.readUIntBE(fields, 6),
    fudge: reply.readUInt16BE(fields + 6),
    mac: reply.subarray(fields + 10, behind),
    originalId: reply.readUInt16BE(behind),
    error: reply.readUInt16BE(behind + 2),
    other: reply.subarray(behind + 6, behind + 6 + reply.readUInt16BE(behind + 4)),
    end: behind + 6 + reply.readUInt16BE(behind + 4),
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const { known, wrong, stranger } = FUZZ_SIGNING

describe('TSIG that does not hold (RFC 8945 §5.2, §5.3.2)', () => {
  const requests: readonly (readonly [kind: string, message: Uint8Array, questionBytes: number])[] = [
    ['a query', buildQuery({ name: 'www.hostile.test', id: 7 }), QUESTION.length],
    ['AXFR', transferQuery('dyn.test.', 252), wireName('dyn.test').length + 4],
    ['UPDATE', updateMessage('dyn.test.', [], ['bad 60 IN A 192.0.2.1'], { id: 7 }), wireName('dyn.test').length + 4],
    ['NOTIFY', octets([0, 7, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0], wireName('sec.test'), [0, 6, 0, 1]), wireName('sec.test').length + 4],
  ]
  for (const [kind, request, questionBytes] of requests)
    for (const [transport, ask] of ASK) {
      for (const [what, key, error] of [
        ['an unknown key', stranger, BADKEY],
        ['a wrong secret', wrong, BADSIG],
      ] as const)
        test(`${kind}, ${transport}, ${what}: NOTAUTH, not signed`, async () => {
          const reply = await ask(signMessage(request, key, nowSeconds()))
          assert.equal(reply[3]! & 15, NOTAUTH)
          const said = tsigOf(reply, questionBytes)
          assert.deepEqual([said.error, said.mac.length, said.other.length, said.originalId], [error, 0, 0, 7])
          assert.equal(said.end, reply.length)
        })
      for (const [what, off] of [
        ['an hour ago', -3600],
        ['in an hour', 3600],
      ] as const)
        test(`${kind}, ${transport}, signed ${what}: NOTAUTH and BADTIME, signed, with our time`, async () => {
          const time = nowSeconds() + off
          const sent = signMessage(request, known, time)
          const reply = await ask(sent)
          assert.equal(reply[3]! & 15, NOTAUTH)
          const said = tsigOf(reply, questionBytes)
          assert.deepEqual([said.error, said.time, said.originalId, said.other.length], [BADTIME, time, 7, 6])
          assert.ok(Math.abs(said.other.readUIntBE(0, 6) - nowSeconds()) <= 5)
          // RFC 8945 §5.3: the MAC of the request with its length, the reply without TSIG, the variables with the other data.
          const requestMac = sent.subarray(-6 - 32, -6)
          const body = Buffer.from(reply.subarray(0, said.start))
          body.writeUInt16BE(body.readUInt16BE(10) - 1, 10)
          const variables = Buffer.alloc(12)
          variables.writeUIntBE(said.time, 0, 6)
          variables.writeUInt16BE(said.fudge, 6)
          variables.writeUInt16BE(BADTIME, 8)
          variables.writeUInt16BE(6, 10)
          const mac = createHmac('sha256', Buffer.alloc(32, 7))
            .update(Uint8Array.of(0, 32))
            .update(requestMac)
            .update(body)
            .update(wireName('fuzz.'))
            .update(Buffer.from('00ff00000000', 'hex'))
            .update(wireName('hmac-sha256.'))
            .update(variables)
            .update(said.other)
            .digest()
          assert.equal(said.mac.toString('hex'), mac.toString('hex'))
        })
    }
})

describe('updates that must not happen', () => {
  const add = ['bad 60 IN A 192.0.2.1']
  const rows: readonly (readonly [name: string, bytes: Uint8Array, rcode: number])[] = [
    ['a name that is not there', updateMessage('dyn.test.', ['nothere 0 ANY ANY'], add), NXDOMAIN],
    ['a name that is there', updateMessage('dyn.test.', ['ns1 0 NONE ANY'], add), 6],
    ['records that are not there', updateMessage('dyn.test.', ['ns1 0 ANY MX'], add), NXRRSET],
    ['records that are there', updateMessage('dyn.test.', ['ns1 0 NONE A'], add), YXRRSET],
    ['records of other data', updateMessage('dyn.test.', ['ns1 0 IN A 192.0.2.250'], add), NXRRSET],
    ['a prerequisite with a TTL', updateMessage('dyn.test.', ['ns1 1 ANY A'], add), FORMERR],
    ['a prerequisite that is not in the zone', updateMessage('dyn.test.', ['ns1.elsewhere. 0 ANY A'], add), NOTZONE],
    ['a record that is not in the zone', updateMessage('dyn.test.', [], ['bad.elsewhere. 60 IN A 192.0.2.1']), NOTZONE],
    ['a zone that is not ours', updateMessage('elsewhere.', [], add), NOTAUTH],
    ['a zone section of another type', updateMessage('dyn.test.', [], add, { zoneType: 1 }), FORMERR],
    ['rdata that runs out', updateMessage('dyn.test.', [], add).slice(0, -1), FORMERR],
  ]
  for (const [name, bytes, rcode] of rows)
    for (const [transport, ask] of ASK)
      test(`${name}, ${transport}`, async () => {
        const reply = await ask(signMessage(bytes, known, nowSeconds()))
        assert.equal(reply[3]! & 15, rcode)
      })
  test('without TSIG: REFUSED', async () => {
    for (const [, ask] of ASK) assert.equal((await ask(updateMessage('dyn.test.', [], add)))[3]! & 15, REFUSED)
  })
  test('nothing was changed, and a good one is done', async () => {
    const ask = async (name: string): Promise<number> => (await askUdp(buildQuery({ name })))[3]! & 15
    assert.equal(await ask('bad.dyn.test'), NXDOMAIN)
    const good = updateMessage('dyn.test.', ['ns1 0 IN A 127.0.0.1', 'good 0 NONE ANY'], ['good 60 IN A 192.0.2.1'])
    assert.equal((await askTcp(signMessage(good, known, nowSeconds())))[3]! & 15, NOERROR)
    assert.equal(await ask('good.dyn.test'), NOERROR)
  })
})

test('a master file with 1,000 errors: `nearcast check` shows them all; of 1,500 the first 1,000 and how many more there are', () => {
  const folder = temporaryFolder()
  const path = folder.write(
    'nearcast.yaml',
    'apiVersion: nearcast/v1\nzones: [{name: z.test., file: z.zone}]\nendpoints: []\npools: []\npolicies: []\nnames: []\n',
  )
  for (const [errors, shown, more] of [
    [1000, 1000, false],
    [1500, 1000, true],
  ] as const) {
    folder.write('z.zone', `$TTL 5\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n${'x A 192.0.2.256\n'.repeat(errors)}`)
    const { code, stdout, stderr } = runCli(['check', path])
    assert.equal(code, 2)
    const lines = (stdout + stderr).split('\n').filter((line) => /ZONE_BAD_DATA/.test(line))
    assert.equal(lines.length, shown)
    assert.match(lines[0]!, /z\.zone:5:/)
    assert.equal(/500 more problems/.test(stdout + stderr), more)
  }
})

test('all of this a thousand times: the same process, no larger, still right', async (t) => {
  const node = pid()
  const messages = MALFORMED.map(([, bytes]) => bytes)
  const signed = [known, wrong, stranger].map((key) => signMessage(transferQuery('dyn.test.', 252), key, nowSeconds() - 3600))
  const round = async (): Promise<void> => {
    const socket = await openTcp()
    socket.end(Buffer.concat([...messages, ...signed].map((bytes) => framed(bytes))))
    await readAll(socket)
  }
  const rounds = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 10) await Promise.all(Array.from({ length: 10 }, round))
  }
  await rounds(500)
  const before = residentMb()
  await rounds(1000)
  const grown = residentMb() - before
  t.diagnostic(
    `resident memory of the node: ${before.toFixed(1)} MB, ${grown.toFixed(1)} MB more after 1,000 rounds of ${messages.length + signed.length} messages`,
  )
  assert.ok(grown < 20, `${grown} MB more`)
  assert.equal(pid(), node)
  assert.equal((await askUdp(buildQuery({ name: 'www.hostile.test' })))[3]! & 15, NOERROR)
  const page = await (await fetch(`http://127.0.0.1:${target.product!.metricsPort}/metrics`)).text()
  for (const [, count] of page.matchAll(/^nearcast_answer_exceptions_total\{.*\} (\d+)/gm)) assert.equal(count, '0')
})
