/**
 * `nearcast health`: says whether the node of this machine answers as it should, for the health checks of containers and supervisors.
 * Reads /readyz of the metrics port; a restart is asked for (exit code 1) only where one could help. Changes nothing.
 */
import { existsSync, readdirSync } from 'node:fs'
import { get } from 'node:http'
import { findAddress } from '../geodata/address/address.ts'
import { formatListenAddress, isWildcard, type ListenAddress, parseListenAddress } from '../resolver/transport/listen-address.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { healthTry } from './health-try.ts'
import { vantages } from './list-vantages.ts'
import { textFlag } from './process-settings.ts'
import { statePaths } from './state-paths.ts'

/** A node that needs longer for a few bytes counts as stuck; less than the 3 s that the image's health check has. */
const TIMEOUT_MS = 2000

/**
 * What was found: `ready` = answers from a live generation; `waiting` = alive, nothing was ever published; `not-ready` = alive, but what
 * was published is not live; `silent` = nothing answers.
 */
export type HealthStatus = 'ready' | 'waiting' | 'not-ready' | 'silent'

/** The command. */
export const command: Command = {
  name: 'health',
  summary: 'Says whether the node of this machine is ready; exit code 0 when it is, or when it waits for its first document.',
  positionals: '',
  options: {
    state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
    'metrics-listen': { type: 'string', value: 'ADDR:PORT', help: 'metrics of the node [127.0.0.1:9153]' },
    json: { type: 'boolean', help: 'prints JSON' },
  },
  actions: { try: healthTry, vantages },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  if (args.positionals.length > 0) throw new UsageError('health takes no operand but "vantages"')
  const listen = reachable(parseListenAddress(textFlag(args.flags, 'metrics-listen', '127.0.0.1:9153'), 9153))
  const answer = await askReady(listen)
  const status = statusOf(answer, wasPublished(textFlag(args.flags, 'state', './var')))
  const isHealthy = status === 'ready' || status === 'waiting'
  const detail = answer instanceof Error ? answer.message : `status ${answer}`
  const where = formatListenAddress(listen)
  const words: Readonly<Record<HealthStatus, string>> = {
    ready: 'ready',
    waiting: 'waiting: no document was published yet, DNS answers SERVFAIL',
    'not-ready': `not ready: a document was published, but no generation is live (${detail} from ${where})`,
    silent: `silent: no answer from ${where} (${detail})`,
  }
  process.stdout.write(
    args.flags.json === true ? `${JSON.stringify({ status, healthy: isHealthy, metrics: where })}\n` : `${words[status]}\n`,
  )
  return isHealthy ? 0 : 1
}

function statusOf(answer: number | Error, isPublished: boolean): HealthStatus {
  if (answer instanceof Error) return 'silent'
  if (answer === 200) return 'ready'
  // A restart would not bring a document, it would only take the console away with which the first one is published.
  return answer === 503 && !isPublished ? 'waiting' : 'not-ready'
}

/** A wildcard is where one listens, not where one connects. */
function reachable(listen: ListenAddress): ListenAddress {
  if (!isWildcard(listen.address)) return listen
  return { address: findAddress(listen.address.family === 6 ? '::1' : '127.0.0.1')!, port: listen.port }
}

/** HTTP status of /readyz, or why there is none. */
function askReady(listen: ListenAddress): Promise<number | Error> {
  return new Promise((resolve) => {
    const request = get(`http://${formatListenAddress(listen)}/readyz`, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('timeout', () => request.destroy(new Error(`nothing within ${TIMEOUT_MS} ms`)))
    request.on('error', resolve)
  })
}

/** True when the state folder holds a snapshot, of control or of the node. */
function wasPublished(state: string): boolean {
  const paths = statePaths(state)
  if (existsSync(paths.nodeSnapshot)) return true
  return existsSync(paths.snapshots) && readdirSync(paths.snapshots).some((name) => /^\d+\.snapshot$/.test(name))
}
