/** Process settings of the query log (docs/query-log.md), the same for `up`, `node` and `serve`. Shell. */
import { checkQueryLogTarget, type QueryLog, startQueryLog } from '../resolver/observe/query-log.ts'
import { type ClientBits, DEFAULT_CLIENT_BITS } from '../resolver/observe/query-log-privacy.ts'
import type { QueryLogSettings } from '../resolver/observe/query-log-writer.ts'
import { type CommandOption, UsageError } from './command.ts'
import type { ProcessLog } from './process-log.ts'
import { type Flags, numberFlag, textFlag } from './process-settings.ts'
import { productVersion } from './product-version.ts'

/** The options. `up` hands them to its node as they are. */
export const QUERY_LOG_OPTIONS: Readonly<Record<string, CommandOption>> = {
  'query-log': { type: 'string', value: 'off|json|dnstap', help: 'logs queries as JSON lines or dnstap messages [off]' },
  'query-log-to': { type: 'string', value: 'FILE|unix:PATH|-', help: 'where the query log goes; - is standard output [-]' },
  'query-log-sample': { type: 'string', value: 'N', help: 'logs one query of N, drawn at random [1: every query]' },
  'query-log-messages': { type: 'string', value: 'query,response', help: 'what is logged of a query [query,response]' },
  'query-log-answers': { type: 'boolean', help: 'writes answer records into JSON lines' },
  'query-log-client-bits': { type: 'string', value: 'IPV4,IPV6', help: 'bits of client addresses that are logged [24,56]; 32,128 = whole' },
  'query-log-max-bytes': { type: 'string', value: 'N', help: 'size at which a log file is rotated; 0 = never [104857600]' },
  'query-log-keep': { type: 'string', value: 'N', help: 'rotated log files that are kept [5]' },
}

const DEFAULT_MAX_BYTES = 100 << 20
const LEAST_MAX_BYTES = 4096

/** Reads the flags; undefined = off. Checks that the log can go where it is sent. Throws UsageError and QueryLogError. */
export function queryLogSettings(flags: Flags, node: string): QueryLogSettings | undefined {
  const format = textFlag(flags, 'query-log', 'off')
  if (format !== 'off' && format !== 'json' && format !== 'dnstap')
    throw new UsageError(`--query-log must be off, json or dnstap, not "${format}"`)
  const messages = textFlag(flags, 'query-log-messages', 'query,response').split(',')
  if (messages.some((word) => word !== 'query' && word !== 'response'))
    throw new UsageError(`--query-log-messages must be query, response or query,response, not "${messages.join(',')}"`)
  const maxBytes = numberFlag(flags, 'query-log-max-bytes', DEFAULT_MAX_BYTES, 0, Number.MAX_SAFE_INTEGER)
  if (maxBytes !== 0 && maxBytes < LEAST_MAX_BYTES)
    throw new UsageError(`--query-log-max-bytes must be 0 or at least ${LEAST_MAX_BYTES}, not "${maxBytes}"`)
  const settings: QueryLogSettings = {
    format: format === 'dnstap' ? 'dnstap' : 'json',
    to: textFlag(flags, 'query-log-to', '-'),
    sampleEvery: numberFlag(flags, 'query-log-sample', 1, 1, 1_000_000),
    logQueries: messages.includes('query'),
    logResponses: messages.includes('response'),
    clientBits: clientBitsFlag(textFlag(flags, 'query-log-client-bits', '')),
    withRecords: flags['query-log-answers'] === true,
    maxBytes,
    keep: numberFlag(flags, 'query-log-keep', 5, 0, 1000),
    node,
    version: `nearcast ${productVersion()}`,
  }
  if (format === 'off') return undefined
  checkQueryLogTarget(settings.to)
  return settings
}

function clientBitsFlag(text: string): ClientBits {
  if (text === '') return DEFAULT_CLIENT_BITS
  const match = /^(\d{1,2}),(\d{1,3})$/.exec(text)
  const ipv4 = Number(match?.[1])
  const ipv6 = Number(match?.[2])
  if (match === null || ipv4 > 32 || ipv6 > 128)
    throw new UsageError(`--query-log-client-bits must be two prefix lengths (0–32 and 0–128), e.g. 24,56, not "${text}"`)
  return { ipv4, ipv6 }
}

/** Queries that were not logged are told in the process log at most this often. */
const TELL_DROPPED_MS = 60_000

/** Starts the log of a node, its troubles told in the process log. SIGHUP opens its file anew. */
export function startNodeQueryLog(
  settings: QueryLogSettings | undefined,
  log: ProcessLog,
  onReplaced: (name: string, reason: string) => void,
): QueryLog | undefined {
  if (settings === undefined) return undefined
  const { format, to, sampleEvery, clientBits } = settings
  const queryLog = startQueryLog(settings, {
    onProblem: (message, recovered) => (recovered ? log.info(message) : log.warn(message)),
    onReplaced,
  })
  log.info({ format, to, sampleEvery, clientBits }, 'query log')
  process.on('SIGHUP', queryLog.reopen)
  let told = 0
  const tellDropped = (): void => {
    const { written, droppedByRings, lost } = queryLog.counts()
    if (droppedByRings + lost > told)
      log.warn({ written, droppedByRings, lost }, 'queries were not logged: what reads the query log is too slow or away')
    told = droppedByRings + lost
  }
  const timer = setInterval(tellDropped, TELL_DROPPED_MS).unref()
  return {
    ...queryLog,
    stop: async () => {
      await queryLog.stop()
      clearInterval(timer)
      tellDropped()
      log.info(queryLog.counts(), 'query log ended')
    },
  }
}
