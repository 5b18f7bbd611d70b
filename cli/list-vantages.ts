/** `nearcast health vantages`: the places that endpoints are seen from, as control knows them. */
import type { Vantage } from '../admin-ui/contract/health-report.ts'
import type { Command } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'

/** The action. */
export const vantages: Command = {
  name: 'health vantages',
  summary: 'Shows the vantages: nodes, and those that feed samples by the API, with newest sample, isolation and counts.',
  positionals: '',
  options: { json: { type: 'boolean', help: 'prints JSON' }, ...CLIENT_OPTIONS },
  run: async ({ flags }) => {
    const { vantages: all } = await openControlClient(flags, process.env).call('vantages', {})
    process.stdout.write(
      flags.json === true ? `${JSON.stringify(all, null, 2)}\n` : all.length === 0 ? 'no vantages\n' : all.map(lineOf).join(''),
    )
    return 0
  },
}

function lineOf({ vantage, kind, site, fresh, newestAt, isolated, addresses, accepted, dropped }: Vantage): string {
  const { up, down, silent } = addresses
  const wrong = Object.entries(dropped ?? {}).map(([reason, count]) => `${count} ${reason}`)
  const words = [
    isolated ? 'isolated' : fresh ? 'fresh' : kind === 'node' ? 'away' : 'stale',
    ...(site === '' ? [] : [`site ${site}`]),
    `newest sample ${newestAt ?? 'none'}`,
    `${up} up, ${down} down, ${silent} without a vote`,
    ...(accepted === null ? [] : [`${accepted} samples taken`]),
    ...(wrong.length === 0 ? [] : [`dropped: ${wrong.join(', ')}`]),
  ]
  return `${vantage.padEnd(24)} ${kind.padEnd(5)} ${words.join('; ')}\n`
}
