/** `nearcast health` against metrics ports that answer one way or the other, and state folders with and without a snapshot. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const main = new URL('../../../main.ts', import.meta.url).pathname
const root = mkdtempSync(join(tmpdir(), 'nearcast-health-'))
let server: Server
let status: number | undefined = 200
let port = 0

before(async () => {
  server = createServer((request, response) => {
    // undefined = a node that is stuck.
    if (status === undefined) return
    response.statusCode = request.url === '/readyz' ? status : 404
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  for (const [folder, file] of [
    ['node', 'node/live.snapshot'],
    ['snapshots', 'snapshots/12.snapshot'],
    ['snapshots', 'snapshots/half.tmp'],
  ] as const) {
    const state = join(root, file.replaceAll('/', '-'))
    mkdirSync(join(state, folder), { recursive: true })
    writeFileSync(join(state, file), '')
  }
})
after(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(root, { recursive: true, force: true })
})

async function health(
  environment: Record<string, string>,
  ...words: string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(process.execPath, [main, 'health', ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    out += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out }
}

for (const { name, answers, state, code, out } of [
  { name: 'ready', answers: 200, state: 'none', code: 0, out: /^ready$/m },
  { name: 'an empty store waits, and no restart would help it', answers: 503, state: 'none', code: 0, out: /^waiting: no document/ },
  { name: 'an unfinished snapshot is none', answers: 503, state: 'snapshots-half.tmp', code: 0, out: /^waiting/ },
  { name: 'published, not live', answers: 503, state: 'snapshots-12.snapshot', code: 1, out: /^not ready: .*status 503/ },
  { name: 'a kept snapshot that is not live', answers: 503, state: 'node-live.snapshot', code: 1, out: /^not ready/ },
  { name: 'something else listens there', answers: 404, state: 'none', code: 1, out: /^not ready: .*status 404/ },
  { name: 'stuck', answers: undefined, state: 'none', code: 1, out: /^silent: .*nothing within 2000 ms/ },
] as const) {
  test(`health: ${name}`, async () => {
    status = answers
    const found = await health({}, '--metrics-listen', `127.0.0.1:${port}`, '--state', join(root, state))
    assert.match(found.out, out)
    assert.equal(found.code, code)
  })
}

test('health: settings come from the environment, a wildcard is asked on loopback', async () => {
  status = 200
  const found = await health({ NEARCAST_METRICS_LISTEN: `0.0.0.0:${port}`, NEARCAST_STATE: root }, '--json')
  assert.deepEqual(JSON.parse(found.out), { status: 'ready', healthy: true, metrics: `127.0.0.1:${port}` })
})

test('health: nothing listens', async () => {
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const { port: closed } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const found = await health({}, '--metrics-listen', `127.0.0.1:${closed}`)
  assert.match(found.out, /^silent: no answer from 127\.0\.0\.1:\d+ \(.*ECONNREFUSED/)
  assert.equal(found.code, 1)
})
