/**
 * The edge simulator: a small HTTP server for each endpoint of the example on its own loopback address, with settable latency, error
 * rate and outage, so that a failover can be seen on one machine. Part of the example, not of the product.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'yaml'

/** How one simulated endpoint behaves now. */
export type Behaviour = {
  /** Time until it answers, ms. */
  latencyMs: number
  /** Share of answers that are 503, percent. */
  errorRatePercent: number
  /** True: its port is closed, connections are refused. */
  down: boolean
}

/** One simulated endpoint. */
export type SimulatedEndpoint = Behaviour & {
  readonly id: string
  readonly address: string
  /** 0 when it starts: any free one. */
  port: number
}

/** A running simulator. */
export type Simulator = {
  readonly endpoints: () => readonly SimulatedEndpoint[]
  /** Changes a behaviour; rejects for an unknown endpoint. */
  readonly set: (id: string, change: Partial<Behaviour>) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Latencies that look like the distances: answers of the edge come back sooner than those of the central cloud. */
const LATENCIES_MS: readonly (readonly [prefix: string, latencyMs: number])[] = [
  ['ningbo', 12],
  ['hangzhou', 16],
  ['shanghai', 20],
  ['central', 34],
]

/** Endpoints of a document that stand on loopback addresses, with the port of their first probe. */
export function readEndpoints(documentPath: string): SimulatedEndpoint[] {
  const document = parse(readFileSync(documentPath, 'utf8')) as {
    probes?: { id: string; port: number }[]
    endpoints?: { id: string; ipv4?: string; probes?: string[] }[]
  }
  const ports = new Map(document.probes?.map((probe) => [probe.id, probe.port]))
  return (document.endpoints ?? [])
    .filter((endpoint) => endpoint.ipv4?.startsWith('127.'))
    .map((endpoint) => ({
      id: endpoint.id,
      address: endpoint.ipv4!,
      port: ports.get(endpoint.probes?.[0] ?? '') ?? 8080,
      latencyMs: LATENCIES_MS.find(([prefix]) => endpoint.id.startsWith(prefix))?.[1] ?? 25,
      errorRatePercent: 0,
      down: false,
    }))
}

/** Throws with a sentence about the first value that makes no sense. */
function checkBehaviour({ latencyMs = 0, errorRatePercent = 0, down = false, ...others }: Partial<Behaviour>): void {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new Error(`unknown key "${unknown}"; there are latencyMs, errorRatePercent, down`)
  if (!(latencyMs >= 0 && latencyMs <= 600_000)) throw new Error(`latencyMs "${latencyMs}" is not a number from 0 to 600000`)
  if (!(errorRatePercent >= 0 && errorRatePercent <= 100))
    throw new Error(`errorRatePercent "${errorRatePercent}" is not a number from 0 to 100`)
  if (typeof down !== 'boolean') throw new Error(`down "${down}" is neither true nor false`)
}

/** Starts a server for each endpoint. Rejects, with nothing left open, when an address is taken. */
export async function startSimulator(endpoints: readonly SimulatedEndpoint[]): Promise<Simulator> {
  const states = endpoints.map((endpoint) => ({ ...endpoint }))
  const servers = new Map<string, Server>()

  async function open(state: SimulatedEndpoint): Promise<void> {
    const server = createServer((request, response) => {
      setTimeout(() => {
        const failed = Math.random() * 100 < state.errorRatePercent
        const found = request.url === '/health' || request.url === '/'
        response.writeHead(failed ? 503 : found ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' })
        response.end(`${state.id} ${failed ? 'failing' : 'ok'}\n`)
      }, state.latencyMs)
    })
    server.keepAliveTimeout = 1
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(state.port, state.address, resolve)
    })
    state.port = (server.address() as AddressInfo).port
    servers.set(state.id, server)
  }

  async function close(id: string): Promise<void> {
    const server = servers.get(id)
    if (server === undefined) return
    servers.delete(id)
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  const stop = async (): Promise<void> => {
    await Promise.all(states.map((state) => close(state.id)))
  }
  try {
    for (const state of states) if (!state.down) await open(state)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    endpoints: () => states,
    async set(id, change) {
      const state = states.find((candidate) => candidate.id === id)
      if (state === undefined) throw new Error(`no endpoint "${id}"; there are ${states.map((each) => each.id).join(', ')}`)
      checkBehaviour(change)
      const wasDown = state.down
      const { latencyMs = state.latencyMs, errorRatePercent = state.errorRatePercent, down = state.down } = change
      Object.assign(state, { latencyMs, errorRatePercent, down })
      if (state.down && !wasDown) await close(id)
      if (!state.down && wasDown) await open(state)
    },
    stop,
  }
}
