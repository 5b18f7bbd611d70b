/** `nearcast webhook`: who is told of events and how that goes; a test message to one of them. Set up in the document (`options.webhooks`). */
import type { WebhookView } from '../admin-ui/contract/webhook.ts'
import { type Command, type CommandArgs, type CommandOption, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'

const OPTIONS: Readonly<Record<string, CommandOption>> = {
  json: { type: 'boolean', help: 'prints JSON instead of text' },
  ...CLIENT_OPTIONS,
}

function print(args: CommandArgs, value: unknown, text: string): void {
  process.stdout.write(args.flags.json === true ? `${JSON.stringify(value, null, 2)}\n` : text)
}

/** A webhook as lines of a list. */
export function webhookLines(webhook: WebhookView): string {
  const { id, format, target, state, queued, delivered, dropped, collapsed, lastError, lastErrorAt, nextAttemptAt, lastDeliveredAt } =
    webhook
  const counts = [
    `${delivered} delivered`,
    queued === 0 ? '' : `${queued} waiting`,
    dropped === 0 ? '' : `${dropped} dropped`,
    collapsed === 0 ? '' : `${collapsed} merged`,
    lastDeliveredAt === null ? '' : `last ${lastDeliveredAt}`,
  ]
  const head = `${id.padEnd(16)} ${format.padEnd(12)} ${state.padEnd(8)} ${target === '' ? '(no URL)' : target}  `
  const problem = lastError === '' ? '' : `  ${lastErrorAt}: ${lastError}${nextAttemptAt === null ? '' : `; next try ${nextAttemptAt}`}\n`
  return `${head}${counts.filter((text) => text !== '').join(', ')}\n${problem}`
}

const list: Command = {
  name: 'webhook list',
  summary: 'Shows the webhooks of the live document: what waits, what was delivered, what is wrong.',
  positionals: '',
  options: OPTIONS,
  run: async (args) => {
    const answer = await openControlClient(args.flags, process.env).call('webhooks', {})
    print(args, answer, answer.webhooks.length === 0 ? 'no webhooks\n' : answer.webhooks.map(webhookLines).join(''))
    return 0
  },
}

const test: Command = {
  name: 'webhook test',
  summary: 'Sends a test message now and shows what the receiver says; exit 1 when it was not taken.',
  positionals: 'ID',
  options: OPTIONS,
  run: async (args) => {
    const [id, ...more] = args.positionals
    if (id === undefined || more.length > 0) throw new UsageError('name one webhook')
    const answer = await openControlClient(args.flags, process.env).call('testWebhook', { params: { id } })
    const { ok, detail, durationMs, reply } = answer
    print(args, answer, `${ok ? 'taken' : 'not taken'}: ${detail} (${durationMs} ms)\n${reply.trim() === '' ? '' : `${reply.trim()}\n`}`)
    return ok ? 0 : 1
  },
}

/** The command. */
export const command: Command = {
  name: 'webhook',
  summary: 'Shows who is told of events and how that goes, and sends test messages.',
  positionals: 'list|test',
  options: {},
  actions: { list, test },
  run: () => {
    throw new UsageError('say what to do: list or test')
  },
}
