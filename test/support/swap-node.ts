/** `nearcast node` with the caller in the place of control: generations and overrides are told it over its fleet socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { statePaths } from '../../cli/state-paths.ts'
import type { FleetHub } from '../../cluster/fleet-transport.ts'
import { startLocalFleetHub } from '../../cluster/local-fleet-transport.ts'
import type { Override } from '../../health/model/override.ts'
import { freePort, until } from './product.ts'
import { FIRST_SITE, numberGeneration, type PreparedGeneration } from './swap-case.ts'

/** A running node. */
export type SwapNode = {
  readonly port: number
  readonly child: ChildProcess
  /** Lays a prepared generation ready under the next number; the result tells the node of it, resolves when it is live and rejects when the node refuses. */
  readonly stage: (prepared: PreparedGeneration) => () => Promise<void>
  /** Forces the first endpoint of every rule down, or lets go; told, not waited for. */
  readonly forceFirstDown: (isDown: boolean) => void
  /** When the newest ranking was begun, ms since epoch. */
  readonly rankingComputedAt: () => Promise<number>
  /** What the node printed so far. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

const PUBLISH_MS = 60_000
const KEPT_FILES = 3

const FIRST_DOWN: Override = {
  id: 'first-down',
  target: { kind: 'site', value: FIRST_SITE },
  action: 'down',
  drainSeconds: 0,
  owner: 'swap',
  reason: 'swap',
  createdAt: 0,
  startsAt: null,
  endsAt: null,
}

/** Starts it with one generation live. `prefix` is a command to run it with (`taskset -c 0`), `words` are further options of the node. */
export async function startSwapNode(
  stateFolder: string,
  first: PreparedGeneration,
  geodataPath: string,
  words: readonly string[] = [],
  prefix: readonly string[] = [],
): Promise<SwapNode> {
  const { fleetSocket } = statePaths(stateFolder)
  mkdirSync(dirname(fleetSocket), { recursive: true, mode: 0o700 })
  const hub: FleetHub = await startLocalFleetHub({ path: fleetSocket })
  const port = await freePort()
  const metricsPort = await freePort()
  const command = [...prefix, process.execPath, join(packageRoot(), 'main.ts'), 'node', '--state', stateFolder]
  command.push('--listen', `127.0.0.1:${port}`, '--metrics-listen', `127.0.0.1:${metricsPort}`, ...words)
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (data) => {
    printed += data
  })
  child.stderr.on('data', (data) => {
    printed += data
  })
  let generation = 0
  const pathOf = (number: number): string => join(dirname(first.path), `published-${number}.snapshot`)
  const stage = (prepared: PreparedGeneration): (() => Promise<void>) => {
    const number = ++generation
    const path = pathOf(number)
    // A published file is never written to: the node keeps it by another name.
    copyFileSync(prepared.path, path)
    numberGeneration(path, number)
    rmSync(pathOf(number - KEPT_FILES), { force: true })
    return async () => {
      const [answer] = await hub.publish({ type: 'publish', generation: number, digest: prepared.digest, path, geodataPath }, PUBLISH_MS)
      if (answer?.ok !== true) throw new Error(`generation ${number} is not live: ${answer?.reason ?? 'no node is connected'}\n${printed}`)
    }
  }
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await ended
    }
    await hub.close()
    for (let number = generation; number > generation - KEPT_FILES; number--) rmSync(pathOf(number), { force: true })
  }
  try {
    await until('the node connects', 30_000, () => hub.nodes().length > 0)
    await stage(first)()
    await until('the node is ready', 30_000, () => /^ready$/m.test(printed))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    child,
    stage,
    forceFirstDown: (isDown) => hub.tellOverrides(() => ({ type: 'overrides', overrides: isDown ? [FIRST_DOWN] : [] })),
    rankingComputedAt: async () => Date.parse(((await hub.request('scores', {}, 5000)) as HealthScores).computedAt),
    output: () => printed,
    stop,
  }
}
