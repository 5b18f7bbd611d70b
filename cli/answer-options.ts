/** Process settings of answering, the same for `up`, `node` and `serve`: where to listen, with how many threads, under which name. Shell. */
import type { AnswerSettings } from '../resolver/transport/worker-setup.ts'
import { type CommandOption, UsageError } from './command.ts'
import { GUARD_OPTIONS, guardSettings } from './guard-options.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { SCRIPT_OPTION } from './script-folder.ts'
import { STREAM_OPTIONS } from './stream-options.ts'

/** The options. `up` hands them to its node as they are. */
export const ANSWER_OPTIONS: Readonly<Record<string, CommandOption>> = {
  listen: { type: 'string', multiple: true, value: 'ADDR:PORT', help: 'DNS over UDP and TCP [127.0.0.1:5300]' },
  'udp-threads': { type: 'string', value: 'N', help: 'answer threads [one a core]' },
  'reply-bursts': {
    type: 'string',
    value: 'on|off',
    help: 'joins neighbouring UDP replies to one client and port into one send (UDP GSO) [on]',
  },
  secrets: { type: 'string', value: 'DIR', help: 'folder of the secrets that tsigKeys name, one base64 text a file [STATE/secrets]' },
  ...STREAM_OPTIONS,
  ...GUARD_OPTIONS,
  ...SCRIPT_OPTION,
  identity: { type: 'string', value: 'NAME', help: 'name answered to identity queries (NSID, id.server) [none]' },
}

/** What the answering workers need to know of them. Throws UsageError. */
export function answerSettings(flags: Flags): AnswerSettings {
  return { identity: textFlag(flags, 'identity', ''), replyBursts: onOffFlag(flags, 'reply-bursts', true), guard: guardSettings(flags) }
}

/** A flag of two values. Throws UsageError. */
function onOffFlag(flags: Flags, name: string, fallback: boolean): boolean {
  const text = textFlag(flags, name, fallback ? 'on' : 'off')
  if (text !== 'on' && text !== 'off') throw new UsageError(`--${name} must be on or off, not "${text}"`)
  return text === 'on'
}
