/** `nearcast health try ENDPOINT`: its probes once, now, from control's machine, with phases and what was said. Counts for nothing. */
import type { ProbeTrial } from '../admin-ui/contract/probe-trial.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'
import { textFlag } from './process-settings.ts'

/** Lines of the text that are shown; --json has all of it. */
const TEXT_LINES = 12

/** The action. */
export const healthTry: Command = {
  name: 'health try',
  summary: 'Tries the probes of an endpoint once, now, and shows phases, certificate and what it said; exit code 1 when one fails.',
  positionals: 'ENDPOINT',
  options: {
    probe: { type: 'string', value: 'ID', help: 'this probe of the document [all of the endpoint]' },
    draft: { type: 'boolean', help: 'endpoint and probe are those of my draft instead of the live document' },
    json: { type: 'boolean', help: 'prints JSON' },
    ...CLIENT_OPTIONS,
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const [endpoint, ...more] = args.positionals
  if (endpoint === undefined || more.length > 0) throw new UsageError('name one endpoint')
  const probe = textFlag(args.flags, 'probe', '')
  const of = args.flags.draft === true ? 'draft' : 'live'
  const answer = await openControlClient(args.flags, process.env).call('tryProbes', { body: { endpoint, probe, of } })
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : answer.trials.map(trialText).join('\n'))
  return answer.trials.every(({ ok }) => ok !== false) ? 0 : 1
}

/** A trial as people read it. */
export function trialText(trial: ProbeTrial): string {
  const word = trial.ok === null ? 'not measured' : trial.ok ? 'ok' : `failed (${trial.failure})`
  const phase = (name: string, value: number | null): string => (value === null ? '' : `${name} ${value.toFixed(1)} ms`)
  const phases = [
    phase('connect', trial.connectMs),
    phase('TLS', trial.tlsMs),
    phase('first byte after', trial.firstByteMs),
    phase('total', trial.latencyMs),
  ].filter((text) => text !== '')
  const { certificate, certificateDays } = trial
  const lines = [
    `${trial.probe} (${trial.kind}) ${trial.address}: ${word}${trial.detail === '' ? '' : `: ${trial.detail}`}`,
    phases.length === 0 ? '' : `  ${phases.join(', ')}${trial.lagged ? ' (this machine was busy: times may be too long)' : ''}`,
    certificate === null
      ? ''
      : `  certificate for ${certificate.names}, issued by ${certificate.issuer}, until ${certificate.validTo} (${certificateDays} days)`,
    ...(trial.text ?? '').split('\n').slice(0, TEXT_LINES).map(printable),
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

/** What an endpoint says must not steer the terminal. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trimEnd()
  return plain === '' ? '' : `  | ${plain}`
}
