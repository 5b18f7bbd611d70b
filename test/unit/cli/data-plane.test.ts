import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { pino } from 'pino'
import { assignAddresses, assignSockets } from '../../../cli/data-plane/assign-sockets.ts'
import { type DataPlane, type DataPlaneOptions, type HealthSource, startDataPlane } from '../../../cli/data-plane/data-plane.ts'
import { nodeTransfers } from '../../../cli/data-plane/start-transfers.ts'
import { findAddress } from '../../../geodata/address/address.ts'
import { COUNT_QUERIES, sumCell } from '../../../resolver/observe/counters.ts'
import { keepFailedPacket } from '../../../resolver/observe/failed-packets.ts'
import { attachSnapshot } from '../../../resolver/snapshot/attach-snapshot.ts'
import type { Snapshot } from '../../../resolver/snapshot/snapshot.ts'
import { type BlockSource, loadSnapshot, saveSnapshot } from '../../../resolver/snapshot/snapshot-file.ts'
import { libcUnavailable } from '../../../resolver/transport/libc.ts'
import { closeSocket, openListeningSockets } from '../../../resolver/transport/raw-socket.ts'
import { createTcpFramer } from '../../../resolver/transport/tcp-framer.ts'
import { TCP_LIMITS } from '../../../resolver/transport/tcp-listener.ts'
import { readMessage } from '../../../resolver/wire/read-message.ts'
import { makeGuardMemory, OPEN_GUARD } from '../../support/guard-subject.ts'
import { until } from '../../support/product.ts'
import { emptyHealth, staticSnapshot } from '../../support/static-snapshot.ts'
import { snapshotOf, transferQuery } from '../../support/transfer-subject.ts'

const loopback = (port = 0) => ({ address: findAddress('127.0.0.1')!, port })
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function start(
  health: HealthSource = emptyHealth(),
  replaced: string[] = [],
  transfers?: DataPlaneOptions['transfers'],
  log: DataPlaneOptions['log'] = pino({ level: 'silent' }),
): { plane: DataPlane; port: number } {
  const sockets = openListeningSockets([loopback()], 2)
  const plane = startDataPlane({
    sockets: assignSockets(sockets, 2),
    settings: { identity: '', replyBursts: true, guard: OPEN_GUARD },
    guard: makeGuardMemory(),
    tcpLimits: TCP_LIMITS,
    health,
    ...(transfers === undefined ? {} : { transfers }),
    log,
    onWorkerReplaced: (name, reason) => replaced.push(`${name}: ${reason}`),
    onFailOpen: () => undefined,
  })
  closers.push(() => {
    for (const { fd } of sockets) closeSocket(fd)
  })
  closers.push(() => plane.stop())
  return { plane, port: sockets[0]!.listen.port }
}

const query = (name: string): Buffer => dnsPacket.encode({ type: 'query', id: 7, questions: [{ type: 'A', name }] })
const addressOf = (reply: Buffer): string => {
  const rcode = reply[3]! & 15
  return rcode === 0 ? (dnsPacket.decode(reply).answers ?? []).map((a) => String((a as { data: unknown }).data)).join() : `rcode ${rcode}`
}

/** Asks over UDP from a new port, so that the kernel picks any of the sockets. */
async function askUdp(port: number, name = 'www.example.test'): Promise<string> {
  const socket = createSocket('udp4')
  socket.send(query(name), port, '127.0.0.1')
  const [reply] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return addressOf(reply)
}

async function askTcp(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const bytes = query('www.example.test')
  socket.write(Buffer.concat([Buffer.from([0, bytes.length]), bytes]))
  const [reply] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return addressOf(reply.subarray(2))
}

/** A zone of so many records that a transfer of it does not fit into the buffers of a socket. */
function largeSnapshot(serial: number): Snapshot {
  const lines = Array.from({ length: 100_000 }, (_, number) => `host-${number} TXT version-${serial}-${'x'.repeat(60)}`)
  const text = `$TTL 300\n@ SOA ns1 h ${serial} 1 2 3 4\n@ NS ns1.elsewhere.test.\n${lines.join('\n')}\n`
  const { block, digest } = snapshotOf('  - {name: example.test., file: z.zone, serial: keep}\n', '', new Map([['z.zone', text]]))
  return attachSnapshot(block, serial, digest)
}

/** A copy in the plane's own memory, as a node loads it from a file. */
function copied(snapshot: Snapshot): (blockSource: BlockSource) => Snapshot {
  return (blockSource) => {
    const block = blockSource(snapshot.block.byteLength)
    new Uint8Array(block).set(new Uint8Array(snapshot.block))
    return attachSnapshot(block, snapshot.generation, snapshot.digest)
  }
}

describe('data plane', { skip: libcUnavailable() ?? false }, () => {
  test('a packet that made the answering fail is logged with the error and the worker, at the latest when the plane stops', async () => {
    const lines: string[] = []
    const { plane } = start(emptyHealth(), [], undefined, pino({ level: 'error' }, { write: (line) => void lines.push(line) }))
    const packet = query('death.example.test')
    keepFailedPacket(plane.pool.failedPackets[1]!, packet, 0, packet.length, new Error('bad packet'))
    // The plane's own stop, once.
    await closers.pop()!()
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      logged.map(({ worker, packet: bytes, error }) => ({ worker, bytes, error })),
      [{ worker: 'answer-1', bytes: packet.toString('hex'), error: 'bad packet' }],
    )
  })

  test('a transfer that runs over several publishes shows the generation that it began with', { timeout: 120_000 }, async () => {
    const log = pino({ level: 'silent' })
    const settings = { secretsFolder: undefined, journalPath: undefined, allow: ['127.0.0.1'], listen: [], log }
    const { plane, port } = start(emptyHealth(), [], nodeTransfers(settings))
    await plane.publish(copied(largeSnapshot(1)))
    await plane.open()
    const socket = connect(port, '127.0.0.1')
    closers.push(() => socket.destroy())
    const question = transferQuery('example.test.', 252)
    socket.write(Buffer.concat([Buffer.from([0, question.length]), question]))
    const framer = createTcpFramer()
    const texts = new Map<string, number>()
    let records = 0
    const take = (chunk: Uint8Array): void => {
      framer.feed(chunk)
      for (let message = framer.next(); message !== undefined; message = framer.next()) {
        for (const { type, rdata } of readMessage(message)!.records) {
          records++
          if (type !== 16) continue
          const text = Buffer.from(rdata).toString('latin1', 1, 10)
          texts.set(text, (texts.get(text) ?? 0) + 1)
        }
      }
    }
    const [first] = (await once(socket, 'data')) as [Buffer]
    socket.pause()
    take(first)
    const later = largeSnapshot(2)
    for (const serial of [2, 3, 4]) await plane.publish(copied(attachSnapshot(later.block, serial, later.digest)))
    assert.ok(records < 50_000, `${records} records came before the publishes`)
    socket.on('data', take)
    socket.resume()
    await until('the transfer is whole', 60_000, () => records === 100_003)
    assert.deepEqual([...texts], [['version-1', 100_000]])
  })

  test('queries wait in the sockets until it is open, then every thread and TCP answer from the published snapshot', async () => {
    const { plane, port } = start()
    const early = askUdp(port)
    await plane.publish(() => staticSnapshot(1, '192.0.2.1'))
    await plane.open()
    assert.equal(await early, '192.0.2.1')
    for (let n = 0; n < 20; n++) assert.equal(await askUdp(port), '192.0.2.1')
    assert.equal(await askTcp(port), '192.0.2.1')
    assert.equal(await askUdp(port, 'elsewhere.test'), 'rcode 5')
    const udp = plane.pool.workers.filter(({ kind }) => kind === 'udp').map(({ number }) => number)
    assert.equal(sumCell(plane.pool.counters, COUNT_QUERIES, udp), 22)
    assert.equal(sumCell(plane.pool.counters, COUNT_QUERIES, [2]), 1)
  })

  test('a publish is live for every answer after it resolves', async () => {
    const { plane, port } = start()
    await plane.publish(() => staticSnapshot(1, '192.0.2.1'))
    await plane.open()
    for (let generation = 2; generation < 8; generation++) {
      await plane.publish(() => staticSnapshot(generation, `192.0.2.${generation}`))
      for (let n = 0; n < 6; n++) assert.equal(await askUdp(port), `192.0.2.${generation}`)
      assert.equal(await askTcp(port), `192.0.2.${generation}`)
    }
  })

  test('before the first snapshot queries get SERVFAIL', async () => {
    const { plane, port } = start()
    await plane.open()
    assert.equal(await askUdp(port), 'rcode 2')
    assert.equal(await askTcp(port), 'rcode 2')
  })

  test('a publish that fails leaves the generation before live, and health back on it', async () => {
    let reason: string | undefined
    const health = emptyHealth(() => reason)
    const { plane, port } = start(health)
    await plane.publish(() => staticSnapshot(1, '192.0.2.1'))
    await plane.open()
    reason = 'no probe ran'
    await assert.rejects(
      plane.publish(() => staticSnapshot(2, '192.0.2.2')),
      { code: 'NODE_NO_RANKING', message: /no probe ran/ },
    )
    await assert.rejects(
      plane.publish(() => {
        throw new Error('damaged')
      }),
      /damaged/,
    )
    reason = undefined
    assert.equal(await askUdp(port), '192.0.2.1')
    assert.equal(plane.live()!.snapshot.generation, 1)
    assert.deepEqual(health.plans, [1, 2, 1])
    await plane.publish(() => staticSnapshot(3, '192.0.2.3'))
    assert.equal(await askUdp(port), '192.0.2.3')
  })

  test('snapshots from files use the same memory again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nearcast-plane-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const { plane, port } = start()
    const blocks = new Set<SharedArrayBuffer>()
    for (let generation = 1; generation <= 6; generation++) {
      const path = join(folder, `${generation}.snapshot`)
      await saveSnapshot(path, staticSnapshot(generation, `192.0.2.${generation}`))
      const live = await plane.publish((blockSource) => loadSnapshot(path, blockSource))
      blocks.add(live.snapshot.block)
      if (generation === 1) await plane.open()
      assert.equal(await askUdp(port), `192.0.2.${generation}`)
    }
    assert.equal(blocks.size, 2)
  })

  test('a worker that dies is replaced and answers from the live snapshot', async () => {
    const replaced: string[] = []
    const { plane, port } = start(emptyHealth(), replaced)
    await plane.publish(() => staticSnapshot(1, '192.0.2.1'))
    await plane.open()
    // A block that is no snapshot makes the workers fail as they attach it: the nearest to a bug that a test can cause.
    const broken = { ...staticSnapshot(2, '192.0.2.2'), block: new SharedArrayBuffer(8) }
    const swap = plane.publish(() => broken)
    await until('all workers failed', 15_000, () => replaced.length >= 3)
    await plane.publish(() => staticSnapshot(3, '192.0.2.3'))
    await swap.catch(() => undefined)
    await plane.pool.ready()
    for (let n = 0; n < 10; n++) assert.equal(await askUdp(port), '192.0.2.3')
    assert.match(replaced[0]!, /^(answer-\d|stream): it failed/)
    assert.ok(plane.pool.workers.every(({ restarts }) => restarts() > 0))
  })
})

describe('watchdog', { skip: libcUnavailable() ?? false }, () => {
  test('an answer thread caught in an endless loop is replaced, and what waits in its socket is answered', async () => {
    const replaced: string[] = []
    const { plane, port } = start(emptyHealth(), replaced)
    const good = staticSnapshot(1, '192.0.2.1')
    // A hash table without a free slot: looking up any other name never ends.
    const endless = staticSnapshot(1, '192.0.2.1')
    const { slots } = endless.zones
    slots.fill(slots.find((slot) => slot !== 0)!)
    await plane.publish(() => endless)
    await plane.open()
    const lost = createSocket('udp4')
    lost.send(query('nowhere.example.test'), port, '127.0.0.1')
    await until('the thread is replaced', 15_000, () => replaced.length > 0)
    await plane.publish(() => ({ ...good, generation: 2 }))
    assert.match(replaced[0]!, /^answer-\d: it was silent for \d+ ms$/)
    await plane.pool.ready()
    for (let n = 0; n < 10; n++) assert.equal(await askUdp(port), '192.0.2.1')
    lost.close()
  })
})

test('without descriptors the workers open their sockets themselves, on node:dgram', async () => {
  process.env.NEARCAST_NO_FFI = '1'
  closers.push(() => delete process.env.NEARCAST_NO_FFI)
  const probe = createSocket('udp4').bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  await new Promise<void>((resolve) => probe.close(() => resolve()))
  const plane = startDataPlane({
    sockets: assignAddresses([loopback(port)], 1),
    settings: { identity: '', replyBursts: true, guard: OPEN_GUARD },
    guard: makeGuardMemory(),
    tcpLimits: TCP_LIMITS,
    health: emptyHealth(),
    log: pino({ level: 'silent' }),
    onWorkerReplaced: (name, reason) => assert.fail(`${name} ${reason}`),
    onFailOpen: () => undefined,
  })
  closers.push(() => plane.stop())
  await plane.publish(() => staticSnapshot(1, '192.0.2.1'))
  await plane.open()
  for (let n = 0; n < 5; n++) assert.equal(await askUdp(port), '192.0.2.1')
  assert.equal(await askTcp(port), '192.0.2.1')
  await plane.publish(() => staticSnapshot(2, '192.0.2.2'))
  assert.equal(await askUdp(port), '192.0.2.2')
})
