/**
 * The example scenario for end-to-end tests, apart from every other run on this machine: a copy of examples/edge-api whose endpoints
 * stand on loopback addresses of this process, with their own edge simulator, so that a test can stop and slow endpoints.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { statePaths } from '../../cli/state-paths.ts'
import { type Behaviour, readEndpoints } from '../../examples/edge-simulator/simulator.ts'
import { freePort, type Product, type ProductSettings, startProduct, until } from './product.ts'

/** The steered name of the example. */
export const EDGE_NAME = 'edge-api.yourcompany.com'

/** A copy of the example with its own addresses and a running simulator. */
export type Example = {
  readonly folder: string
  readonly documentPath: string
  /** Changes how an endpoint behaves. */
  readonly set: (endpoint: string, change: Partial<Behaviour>) => Promise<void>
  /** Address of an endpoint. */
  readonly address: (endpoint: string) => string
  /** Ends the simulator and removes the folder. */
  readonly stop: () => Promise<void>
}

/** Copies the example to addresses of this process and starts its endpoints. */
export async function startExample(): Promise<Example> {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-example-'))
  cpSync(join(packageRoot(), 'examples/edge-api'), folder, { recursive: true })
  const documentPath = join(folder, 'nearcast.yaml')
  // Two octets of 127/8 from the process number: test processes that run at once do not meet.
  const network = `127.${2 + ((process.pid >> 8) % 250)}.${process.pid & 255}.`
  writeFileSync(documentPath, readFileSync(documentPath, 'utf8').replaceAll('127.0.1.', network))
  const endpoints = readEndpoints(documentPath)
  // A process of its own: a test that computes for a second must not look like a failing endpoint.
  const controlPort = await freePort()
  const script = join(packageRoot(), 'examples/edge-simulator/main.ts')
  const simulator = spawn(process.execPath, [script, '--document', documentPath, '--control', `127.0.0.1:${controlPort}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await new Promise<void>((resolve, reject) => {
    simulator.once('message', () => resolve())
    simulator.once('exit', (code) => reject(new Error(`the edge simulator ended with ${code}`)))
  })
  return {
    folder,
    documentPath,
    set: async (endpoint, change) => {
      const response = await fetch(`http://127.0.0.1:${controlPort}/set`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ endpoint, ...change }),
      })
      if (!response.ok) throw new Error(`edge simulator: ${await response.text()}`)
    },
    address: (id) => {
      const found = endpoints.find((endpoint) => endpoint.id === id)
      if (found === undefined) throw new Error(`the example has no endpoint "${id}"`)
      return found.address
    },
    async stop() {
      const ended = new Promise((resolve) => simulator.once('exit', resolve))
      simulator.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts the product on a copy of the example and waits until every endpoint has been measured and stands up. */
export async function startProductOn(example: Example, settings: ProductSettings = {}): Promise<Product> {
  const product = await startProduct(['--document', example.documentPath], settings)
  try {
    await untilAllUp(product)
    return product
  } catch (error) {
    await product.stop()
    throw new Error(`${(error as Error).message}\n${product.output()}`)
  }
}

/** Waits until every endpoint stands up with a latency (a probe that this machine held up has none). */
export async function untilAllUp(product: Product): Promise<void> {
  let seen = ''
  await until('every endpoint stands up', 20_000, async () => {
    const { scores } = await readScores(product)
    seen = scores.map(({ endpoint, standing }) => `${endpoint} ${standing}`).join(', ')
    return scores.length > 0 && scores.every(({ standing, latencyMs }) => standing === 'up' && latencyMs !== undefined)
  }).catch((error: Error) => {
    throw new Error(`${error.message}; seen: ${seen}`)
  })
}

/** `/health/scores` of the metrics port. */
export async function readScores(product: Product): Promise<HealthScores> {
  const response = await fetch(`http://127.0.0.1:${product.metricsPort}/health/scores`)
  if (!response.ok) throw new Error(`/health/scores answered ${response.status}`)
  return (await response.json()) as HealthScores
}

/** What control's socket in the state folder answered. */
export type ApiReply = { readonly status: number; readonly json: unknown }

/** Calls the API over the unix socket of a state folder. */
export function callApi(product: Product, method: string, path: string, body?: unknown): Promise<ApiReply> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: statePaths(product.stateFolder).controlSocket,
        method,
        path: `/api/v1${path}`,
        headers: { Host: 'localhost', Accept: 'application/json', ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, json: text === '' ? undefined : JSON.parse(text) })
        })
      },
    )
    call.on('error', reject)
    if (body !== undefined) call.write(JSON.stringify(body))
    call.end()
  })
}

/** The explanation of one answer, over the API. */
export async function explain(product: Product, name: string, client: string, type: string = 'A'): Promise<ExplainAnswer> {
  const query = new URLSearchParams({ name, client, type })
  const { status, json } = await callApi(product, 'GET', `/explain?${query}`)
  if (status !== 200) throw new Error(`explain ${name} for ${client} answered ${status}: ${JSON.stringify(json)}`)
  return json as ExplainAnswer
}
