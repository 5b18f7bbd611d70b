import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readEndpoints, type Simulator, startSimulator } from '../../../../examples/edge-simulator/simulator.ts'

const EXAMPLE = join(import.meta.dirname, '../../../../examples/edge-api/nearcast.yaml')

async function start(t: TestContext): Promise<Simulator> {
  const simulator = await startSimulator([
    { id: 'near', address: '127.0.1.11', port: 0, latencyMs: 1, errorRatePercent: 0, down: false },
    { id: 'far', address: '127.0.1.91', port: 0, latencyMs: 1, errorRatePercent: 0, down: false },
  ])
  t.after(() => simulator.stop())
  return simulator
}

async function ask(simulator: Simulator, id: string, path = '/health'): Promise<{ status: number; body: string } | string> {
  const { address, port } = simulator.endpoints().find((endpoint) => endpoint.id === id)!
  try {
    const response = await fetch(`http://${address}:${port}${path}`)
    return { status: response.status, body: await response.text() }
  } catch (error) {
    return String((error as { cause?: { code?: string } }).cause?.code)
  }
}

test('readEndpoints finds the endpoints of the example with plausible latencies', () => {
  const latencies = Object.fromEntries(
    readEndpoints(EXAMPLE).map(({ id, address, port, latencyMs }) => [id, `${address}:${port} ${latencyMs}`]),
  )
  assert.equal(latencies['ningbo-telecom-1'], '127.0.1.11:8070 12')
  assert.equal(latencies['hangzhou-unicom-1'], '127.0.1.21:8070 16')
  assert.equal(latencies['shanghai-telecom-1'], '127.0.1.31:8070 20')
  assert.equal(latencies['central-1'], '127.0.1.91:8070 34')
})

test('each endpoint answers on its own address and says who it is', async (t) => {
  const simulator = await start(t)
  assert.deepEqual(await ask(simulator, 'near'), { status: 200, body: 'near ok\n' })
  assert.deepEqual(await ask(simulator, 'far'), { status: 200, body: 'far ok\n' })
  assert.equal(((await ask(simulator, 'far', '/nothing')) as { status: number }).status, 404)
})

test('down closes the port of one endpoint only, up opens it again', async (t) => {
  const simulator = await start(t)
  await simulator.set('near', { down: true })
  assert.equal(await ask(simulator, 'near'), 'ECONNREFUSED')
  assert.equal(((await ask(simulator, 'far')) as { status: number }).status, 200)
  await simulator.set('near', { down: false })
  assert.equal(((await ask(simulator, 'near')) as { status: number }).status, 200)
})

test('errors are 503', async (t) => {
  const simulator = await start(t)
  await simulator.set('near', { errorRatePercent: 100 })
  assert.deepEqual(await ask(simulator, 'near'), { status: 503, body: 'near failing\n' })
})

test('set refuses what makes no sense, and changes nothing then', async (t) => {
  const simulator = await start(t)
  const before = structuredClone(simulator.endpoints())
  const cases = [
    { id: 'nobody', change: {}, reason: /no endpoint "nobody"; there are near, far/ },
    { id: 'near', change: { latencyMs: -1 }, reason: /latencyMs/ },
    { id: 'near', change: { errorRatePercent: 101 }, reason: /errorRatePercent/ },
    { id: 'near', change: { port: 80 }, reason: /unknown key "port"/ },
  ]
  for (const { id, change, reason } of cases) await assert.rejects(simulator.set(id, change), reason)
  assert.deepEqual(simulator.endpoints(), before)
})

test('startSimulator leaves nothing open when an address is taken', async (t) => {
  const simulator = await start(t)
  const taken = simulator.endpoints()[1]!
  const other = { id: 'x', address: '127.0.1.12', port: 0, latencyMs: 1, errorRatePercent: 0, down: false }
  await assert.rejects(startSimulator([other, { ...taken }]), { code: 'EADDRINUSE' })
})
