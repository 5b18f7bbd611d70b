#!/usr/bin/env node
/** Entry point: finds the command, parses its flags, turns failures into one clear line and an exit code (0 ok, 1 failed, 2 usage). */
import { type Command, findAction, helpOf, parseCommandLine, UsageError } from './cli/command.ts'
import { tellSupervisor } from './cli/supervise-child.ts'

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  up: () => import('./cli/up.ts'),
  node: () => import('./cli/node.ts'),
  control: () => import('./cli/control.ts'),
  serve: () => import('./cli/serve.ts'),
  init: () => import('./cli/init.ts'),
  check: () => import('./cli/check.ts'),
  apply: () => import('./cli/apply.ts'),
  export: () => import('./cli/export.ts'),
  explain: () => import('./cli/explain.ts'),
  latency: () => import('./cli/latency.ts'),
  zones: () => import('./cli/zones.ts'),
  lines: () => import('./cli/lines.ts'),
  geodata: () => import('./cli/geodata.ts'),
  override: () => import('./cli/override.ts'),
  user: () => import('./cli/user.ts'),
  token: () => import('./cli/token.ts'),
  webhook: () => import('./cli/webhook.ts'),
  health: () => import('./cli/health.ts'),
  backup: () => import('./cli/backup.ts'),
  restore: () => import('./cli/restore.ts'),
}

function usage(): string {
  return `usage: nearcast COMMAND [flags]\n\n  commands: ${Object.keys(COMMANDS).join(' · ')}\n\n  nearcast COMMAND --help shows the flags of a command\n`
}

/** The commands with a sentence each; loads them all. */
async function help(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).command.summary}`),
  )
  return `usage: nearcast COMMAND [flags]\n\n${rows.join('\n')}\n\nnearcast COMMAND --help shows the flags of a command\n`
}

async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await help())
    return name === undefined ? 2 : 0
  }
  const load = COMMANDS[name]
  if (load === undefined) {
    process.stderr.write(`nearcast: unknown command "${name}"\n\n${usage()}`)
    return 2
  }
  const { command, words: own } = findAction((await load()).command, rest)
  try {
    if (own.includes('--help') || own.includes('-h')) {
      process.stdout.write(helpOf(command))
      return 0
    }
    return await command.run(parseCommandLine(command, own, process.env))
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`nearcast ${command.name}: ${error.message}\n\n${helpOf(command)}`)
      return 2
    }
    const { message, suggestion, code } = error as { message: string; suggestion?: string; code?: string }
    const line = `nearcast ${command.name}: ${message}${suggestion ? `; ${suggestion}` : ''}${code ? ` [${code}]` : ''}`
    if (!(await tellSupervisor(line))) process.stderr.write(`${line}\n`)
    if (process.env.NEARCAST_DEBUG) process.stderr.write(`${(error as Error).stack}\n`)
    return 1
  }
}

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`nearcast: needs Node 24 or newer, this is ${process.version}; inside a clone "npm start" brings its own\n`)
  process.exitCode = 1
} else {
  process.exitCode = await main(process.argv.slice(2))
  // The channel to a supervisor would keep the process alive; until now it was there to say why a part ends.
  if (process.connected) process.disconnect()
}
