import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createLineReader, formatLine } from '../../../cluster/json-lines.ts'
import { openLocalFleetLink, startLocalFleetHub } from '../../../cluster/local-fleet-transport.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-local-fleet-'))
after(() => rmSync(folder, { recursive: true }))

const HELLO = '{"type":"hello","status":{"nodeId":"ü","generation":0,"digest":"","startedAt":1}}\n'

async function raw(path: string): Promise<Socket> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.resume()
  return socket
}

describe('createLineReader', () => {
  test('gives the same messages for every chunking, multi-byte characters cut included', () => {
    const bytes = Buffer.concat([formatLine({ a: 'ü€😀' }, 99), formatLine([1], 99), Buffer.from('\n'), formatLine('x', 99)])
    for (let size = 1; size <= bytes.length; size++) {
      const reader = createLineReader(99)
      const got: unknown[] = []
      for (let at = 0; at < bytes.length; at += size) got.push(...reader.feed(bytes.subarray(at, at + size)))
      assert.deepEqual(got, [{ a: 'ü€😀' }, [1], 'x'], `chunks of ${size}`)
    }
  })

  test('refuses a line above its limit before it is complete, and a line that is no JSON', () => {
    const reader = createLineReader(10)
    reader.feed(Buffer.from('"12345'))
    assert.throws(() => reader.feed(Buffer.from('678901')), RangeError)
    assert.throws(() => createLineReader(10).feed(Buffer.from('{nope}\n')), SyntaxError)
    assert.throws(() => formatLine('x'.repeat(20), 10), RangeError)
  })
})

describe('local fleet transport', () => {
  test('the socket is readable by its user only', async () => {
    const path = join(folder, 'mode.sock')
    const hub = await startLocalFleetHub({ path })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await hub.close()
  })

  const intruders: readonly { readonly name: string; readonly bytes: string }[] = [
    { name: 'an oversized message', bytes: `"${'x'.repeat(2000)}` },
    { name: 'no JSON', bytes: 'GET / HTTP/1.1\n' },
    { name: 'a message before hello', bytes: '{"type":"event","event":{}}\n' },
    { name: 'JSON that is no message', bytes: 'null\n' },
  ]
  for (const [number, { name, bytes }] of intruders.entries()) {
    test(`${name} ends that connection and no other`, async () => {
      const path = join(folder, `bad${number}.sock`)
      const hub = await startLocalFleetHub({ path, messageLimitBytes: 1000 })
      const link = openLocalFleetLink({ path, status: { nodeId: 'good', generation: 0, digest: '', startedAt: 1 } })
      link.onRequest(async () => 'pong')
      const socket = await raw(path)
      socket.write(bytes)
      await once(socket, 'close')
      while (hub.nodes().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
      assert.equal(await hub.request('stats', {}, 1000), 'pong')
      assert.equal(hub.nodes().length, 1)
      await link.close()
      await hub.close()
    })
  }

  test('half a line counts when its rest has come', async () => {
    const path = join(folder, 'half.sock')
    const hub = await startLocalFleetHub({ path })
    const socket = await raw(path)
    const bytes = Buffer.from(HELLO)
    socket.write(bytes.subarray(0, 41))
    await new Promise(setImmediate)
    assert.equal(hub.nodes().length, 0)
    socket.write(bytes.subarray(41))
    while (hub.nodes().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    assert.equal(hub.nodes()[0]!.nodeId, 'ü')
    socket.destroy()
    await hub.close()
  })

  test('the newer of two connections with one node id counts', async () => {
    const path = join(folder, 'twice.sock')
    const hub = await startLocalFleetHub({ path })
    const first = await raw(path)
    first.write(HELLO)
    while (hub.nodes().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    const closed = once(first, 'close')
    const second = await raw(path)
    second.write(HELLO)
    await closed
    assert.equal(hub.nodes().length, 1)
    second.destroy()
    await hub.close()
  })

  test('a node that reads too slowly misses changes of the latency matrix and gets the whole of it when it reads again', async () => {
    const path = join(folder, 'slow.sock')
    const hub = await startLocalFleetHub({ path })
    const socket = await raw(path)
    socket.write(HELLO)
    while (hub.nodes().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    socket.pause()
    const wide = 'x'.repeat(1 << 20)
    const cell = (line: string) => ({ line, endpointId: 'a', medianMs: 1, p90Ms: 1, count: 1, at: 1 })
    const asked: boolean[] = []
    const tell = (line: string): void =>
      hub.tellLatency((whole) => {
        asked.push(whole)
        return { type: 'latency', whole, cells: [cell(line)], at: 1 }
      })
    for (let at = 0; at < 20; at++) tell(wide)
    const seen: { readonly whole: boolean; readonly cells: readonly { readonly line: string }[] }[] = []
    const reader = createLineReader(16 << 20)
    socket.on('data', (chunk: Uint8Array) => void seen.push(...(reader.feed(chunk) as typeof seen)))
    socket.resume()
    while (!seen.some(({ whole }, at) => at > 0 && whole)) {
      tell('b')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.ok(seen.filter(({ cells }) => cells[0]!.line === wide).length < 20, 'it missed nothing')
    assert.equal(asked.filter((whole) => whole).length, 2)
    socket.destroy()
    await hub.close()
  })

  test('a socket left by a dead control is taken over', async () => {
    const path = join(folder, 'stale.sock')
    const { createServer } = await import('node:net')
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(path, resolve))
    const hub = await startLocalFleetHub({ path })
    const link = openLocalFleetLink({ path, status: { nodeId: 'a', generation: 0, digest: '', startedAt: 1 } })
    while (hub.nodes().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await link.close()
    await hub.close()
    dead.close()
  })

  test('a path too long for a unix socket is refused with the remedy', async () => {
    const path = join(folder, 'x'.repeat(120))
    await assert.rejects(startLocalFleetHub({ path }), { code: 'FLEET_SOCKET_PATH' })
    assert.throws(() => openLocalFleetLink({ path, status: { nodeId: 'a', generation: 0, digest: '', startedAt: 1 } }), {
      code: 'FLEET_SOCKET_PATH',
    })
  })
})
