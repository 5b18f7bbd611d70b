/**
 * Command line of the edge simulator.
 *
 *   node examples/edge-simulator/main.ts [--document FILE] [--control ADDR:PORT]     runs it until Ctrl-C
 *   node examples/edge-simulator/main.ts set ENDPOINT [--down | --up] [--latency MS] [--errors PERCENT] [--control ADDR:PORT]
 *   node examples/edge-simulator/main.ts list [--control ADDR:PORT]
 */

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Behaviour, readEndpoints, type SimulatedEndpoint, startSimulator } from './simulator.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    document: { type: 'string' },
    control: { type: 'string', default: process.env.NEARCAST_SIMULATOR ?? '127.0.1.1:8079' },
    down: { type: 'boolean' },
    up: { type: 'boolean' },
    latency: { type: 'string' },
    errors: { type: 'string' },
  },
})

function fail(message: string): never {
  process.stderr.write(`edge simulator: ${message}\n`)
  process.exit(1)
}

/** The example's document: beside this folder, also when this runs compiled from dist/. */
function exampleDocument(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'examples/edge-api/nearcast.yaml')))
    folder = dirname(folder) === folder ? fail('examples/edge-api/nearcast.yaml is missing') : dirname(folder)
  return join(folder, 'examples/edge-api/nearcast.yaml')
}

async function call(method: string, path: string, body?: unknown): Promise<readonly SimulatedEndpoint[]> {
  const response = await fetch(`http://${values.control}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => fail(`nothing answers on ${values.control}; is the example running (npm start)?`))
  if (!response.ok) fail(await response.text())
  return (await response.json()) as readonly SimulatedEndpoint[]
}

function show(endpoints: readonly SimulatedEndpoint[]): void {
  for (const { id, address, port, latencyMs, errorRatePercent, down } of endpoints) {
    process.stdout.write(
      `${id.padEnd(22)} ${`${address}:${port}`.padEnd(18)} ${down ? 'down' : `${latencyMs} ms, ${errorRatePercent} % errors`}\n`,
    )
  }
}

async function run(): Promise<void> {
  const simulator = await startSimulator(readEndpoints(values.document ?? exampleDocument())).catch(
    (error: NodeJS.ErrnoException & { address?: string; port?: number }) =>
      fail(
        error.code === 'EADDRINUSE' ? `${error.address}:${error.port} is taken; stop what listens there (another example?)` : error.message,
      ),
  )
  const [host, port] = values.control.split(':') as [string, string]
  const control = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void (async () => {
        try {
          if (request.method === 'POST') {
            // A web page that is open on this machine must not switch endpoints off in passing: browsers always name their origin.
            if (request.url !== '/set' || request.headers.origin !== undefined) throw new Error('POST /set, and not from a web page')
            const { endpoint, ...change } = JSON.parse(Buffer.concat(chunks).toString()) as { endpoint: string } & Partial<Behaviour>
            await simulator.set(endpoint, change)
          }
          response.setHeader('content-type', 'application/json').end(JSON.stringify(simulator.endpoints()))
        } catch (error) {
          response.writeHead(400, { 'content-type': 'text/plain' }).end((error as Error).message)
        }
      })()
    })
  })
  await new Promise<void>((resolve) => {
    control.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'EADDRINUSE' ? `${values.control} is taken; choose another with --control` : error.message),
    )
    control.listen(Number(port), host, resolve)
  })
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    control.close()
    void simulator.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Started by `nearcast up --example`: when that ends, this ends.
  process.on('disconnect', stop)
  if (process.send !== undefined) process.send({ type: 'ready' })
  else show(simulator.endpoints())
}

if (positionals[0] === undefined) await run()
else if (positionals[0] === 'list') show(await call('GET', '/'))
else if (positionals[0] === 'set' && positionals[1] !== undefined) {
  const change: { -readonly [K in keyof Behaviour]?: Behaviour[K] } = {}
  if (values.down) change.down = true
  if (values.up) change.down = false
  if (values.latency !== undefined) change.latencyMs = Number(values.latency)
  if (values.errors !== undefined) change.errorRatePercent = Number(values.errors)
  if (Object.values(change).some(Number.isNaN)) fail('--latency and --errors take numbers')
  show(await call('POST', '/set', { endpoint: positionals[1], ...change }))
} else fail('usage: main.ts [set ENDPOINT [--down|--up] [--latency MS] [--errors PERCENT] | list]')
