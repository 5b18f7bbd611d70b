/** The load generator against servers whose replies are known: what it counts as right, wrong, lost and junk. Needs a C compiler. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { buildLoad } from '../../../bench/load/build-load.ts'

const hasCompiler = spawnSync(process.env.CC ?? 'cc', ['--version']).status === 0
const skip = hasCompiler ? false : 'no C compiler'

type Count = 'sent' | 'received' | 'lost' | 'wrong' | 'unmatched' | 'junkSent' | 'junkReplies' | 'reconnects'
type Report = Readonly<Record<Count | 'ecsPercent' | 'meanScope' | 'averageBytes' | 'p50Us' | 'p99Us' | 'p999Us' | 'maxUs', number>>

async function generate(port: number, flags: readonly string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(buildLoad().generator, ['-p', String(port), '-t', '0.3', ...flags])
  assert.equal(stdout.trimEnd().split('\n').length, 1)
  return JSON.parse(stdout) as Report
}

/** The reply of a server that has an A record for every name: the query with an answer behind the question; scope 20 in an ECS option. */
function answer(query: Uint8Array, rcode = 0): Buffer | undefined {
  if (query.length < 17 || query[2] !== 0 || query[5] !== 1) return undefined
  let end = 12
  while (end < query.length && query[end] !== 0) end += query[end]! + 1
  end += 5
  const records = rcode === 0 ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]) : Buffer.alloc(0)
  const reply = Buffer.concat([query.subarray(0, end), records, query.subarray(end)])
  reply[2] = 0x84
  reply[3] = rcode
  reply[7] = rcode === 0 ? 1 : 0
  const option = end + records.length + 11
  if (reply[option + 1] === 8) reply[option + 7] = 20
  return reply
}

/** Runs with a UDP server; `respond` gets each query and its number. */
async function withServer(
  respond: (query: Buffer, index: number) => Buffer | undefined,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 21 })
  let index = 0
  socket.on('message', (query, source) => {
    const reply = respond(query, index++)
    if (reply !== undefined) socket.send(reply, source.port, source.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  try {
    await work(socket.address().port)
  } finally {
    socket.close()
  }
}

const SMALL = ['-n', '4', '-w', '4']

test('dns-load counts every query as right, wrong or lost', { skip }, async () => {
  const cases: readonly {
    name: string
    flags: readonly string[]
    respond: (query: Buffer, index: number) => Buffer | undefined
    has: readonly Count[]
  }[] = [
    { name: 'right answers', flags: SMALL, respond: (query) => answer(query), has: ['received'] },
    { name: 'without bursts', flags: ['-G', ...SMALL], respond: (query) => answer(query), has: ['received'] },
    { name: 'at a fixed rate', flags: ['-r', '500', ...SMALL], respond: (query) => answer(query), has: ['received'] },
    { name: 'SERVFAIL', flags: SMALL, respond: (query) => answer(query, 2), has: ['wrong'] },
    { name: 'NXDOMAIN that is expected', flags: ['-R', 'nxdomain', ...SMALL], respond: (query) => answer(query, 3), has: ['received'] },
    {
      name: 'an answer where NXDOMAIN is expected',
      flags: ['-R', 'nxdomain', ...SMALL],
      respond: (query) => answer(query),
      has: ['wrong'],
    },
    { name: 'no reply at all', flags: SMALL, respond: () => undefined, has: ['lost'] },
    {
      name: 'a reply with another question',
      flags: SMALL,
      respond: (query) => {
        const reply = answer(query)!
        reply[13]! ^= 1
        return reply
      },
      has: ['wrong'],
    },
    {
      name: 'a reply that is truncated',
      flags: SMALL,
      respond: (query) => {
        const reply = answer(query)!
        reply[2]! |= 2
        return reply
      },
      has: ['wrong'],
    },
    { name: 'a query sent back', flags: SMALL, respond: (query) => query, has: ['wrong'] },
    {
      name: 'a reply to another query',
      flags: SMALL,
      respond: (query) => {
        const reply = answer(query)!
        reply[0]! ^= 0x55
        return reply
      },
      has: ['unmatched', 'lost'],
    },
  ]
  for (const { name, flags, respond, has } of cases) {
    await withServer(respond, async (port) => {
      const report = await generate(port, flags)
      assert.equal(report.sent, report.received + report.wrong + report.lost, name)
      for (const key of has) assert.ok(report[key] > 0, `${name}: ${key}`)
      // A machine that stalls may lose a query or bring a reply too late, but it makes none right or wrong.
      for (const key of ['received', 'wrong'] as const) assert.equal(report[key] > 0, has.includes(key), `${name}: ${key}`)
      assert.ok(report.p50Us <= report.p99Us && report.p99Us <= report.p999Us && report.p999Us <= report.maxUs, name)
    })
  }
})

test('dns-load asks for random names and random client subnets, and reads the scope', { skip }, async () => {
  const seen = { names: new Set<string>(), subnets: new Set<string>(), bytes: new Set<number>() }
  const observe = (query: Buffer): Buffer | undefined => {
    seen.names.add(query.toString('latin1', 13, 13 + query[12]!))
    seen.subnets.add(query.subarray(-7).toString('hex'))
    seen.bytes.add(query.length)
    return answer(query)
  }
  await withServer(observe, async (port) => {
    const report = await generate(port, ['-q', 'host%d.example.', '-N', '1000', '-e', 'ecs6', ...SMALL])
    assert.equal(report.wrong, 0)
    assert.equal(report.ecsPercent, 100)
    assert.equal(report.meanScope, 20)
  })
  assert.ok(seen.names.size > 10 && seen.subnets.size > 10 && seen.bytes.size > 1)
  for (const name of seen.names) assert.match(name, /^host\d{1,3}$/)
  for (const subnet of seen.subnets) assert.match(subnet, /^[23]/)
})

test('dns-load sends its share of junk, which is neither answered nor lost', { skip }, async () => {
  let queries = 0
  await withServer(
    (query) => {
      queries++
      // Half of the junk that can be told from a query gets a reply too.
      return (
        answer(query) ??
        (query.length > 12 && queries % 2 === 0 ? Buffer.concat([query.subarray(0, 2), Buffer.alloc(10, 0x81)]) : undefined)
      )
    },
    async (port) => {
      const report = await generate(port, ['-j', '20', ...SMALL])
      assert.equal(report.sent, report.received + report.wrong + report.lost)
      assert.equal(report.wrong, 0)
      assert.ok(report.received > 0)
      assert.ok(Math.abs(report.junkSent / (report.junkSent + report.sent) - 0.2) < 0.05)
      assert.ok(report.junkReplies <= report.junkSent)
    },
  )
})

test('dns-load keeps queries in flight on TCP connections and comes back when one is closed', { skip }, async () => {
  let messages = 0
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0)
        const reply = answer(waiting.subarray(2, end))!
        socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
        waiting = waiting.subarray(end)
        if (++messages === 20) socket.end()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const report = await generate((server.address() as AddressInfo).port, ['-x', 'tcp', '-q', 'www.example', ...SMALL])
  server.close()
  assert.ok(report.received > 20)
  assert.equal(report.wrong, 0)
  assert.equal(report.sent, report.received + report.lost)
  assert.equal(report.reconnects, 1)
})

test('dns-load and the null server know what they are made for', { skip }, async () => {
  const { generator } = buildLoad()
  const usage: readonly (readonly string[])[] = [
    [],
    ['-p', '53', '-a', '192.0.2.1'],
    ['-p', '53', '-t', '121'],
    ['-p', '53', '-q', 'a..b'],
    ['-p', '53', '-q', 'h%d.example'],
    ['-p', '53', '-x', 'tcp', '-j', '5'],
    ['-p', '53', '-w', '65'],
    ['-p', '53', '-T', 'NAPPY'],
  ]
  for (const flags of usage) assert.equal(spawnSync(generator, flags).status, 2, flags.join(' '))
})

test('the null server sends each query back with the QR bit and the length that is asked, over UDP and TCP', { skip }, async () => {
  const { nullServer } = buildLoad()
  const child = execFile(nullServer, ['0', '64', '74'])
  try {
    const [line] = (await once(child.stdout!, 'data')) as [string]
    const port = Number(/^ready (\d+)\n$/.exec(line)![1])
    for (const flags of [[], ['-x', 'tcp']]) {
      const report = await generate(port, ['-R', 'any', ...flags, ...SMALL])
      assert.equal(report.sent, report.received + report.lost)
      assert.equal(report.averageBytes, 74)
    }
  } finally {
    child.kill()
  }
})
