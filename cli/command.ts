/**
 * Contract of a command: one file a command in cli/, each exports `command`. main.ts finds it by name, parses its flags here and
 * turns what it throws into one clear line. Exit codes: 0 ok, 1 failed, 2 usage.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** One flag with its help line. */
export type CommandOption = {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** One help line; says unit and default. */
  readonly help: string
  /** Placeholder of the value in the usage, e.g. "ADDR:PORT". */
  readonly value?: string
}

/** Parsed command line: flags by name, and what is left. */
export type CommandArgs = {
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly positionals: readonly string[]
}

/** One command. */
export type Command = {
  readonly name: string
  /** One sentence. */
  readonly summary: string
  /** Positional part of the usage line, e.g. "FILE". */
  readonly positionals: string
  readonly options: Readonly<Record<string, CommandOption>>
  /** Actions by the first word, each with flags and help of its own; then `run` is called for no word or an unknown one. */
  readonly actions?: Readonly<Record<string, Command>>
  /** Runs it; returns the exit code. Throws UsageError for a wrong call, ProductError-like errors ({code, message, suggestion}) for the rest. */
  readonly run: (args: CommandArgs) => Promise<number>
}

/** A wrong call of the command line: exit code 2 and the usage. */
export class UsageError extends Error {}

/** Flags that every command has. */
const COMMON: Readonly<Record<string, CommandOption>> = { help: { type: 'boolean', short: 'h', help: 'shows this help' } }

/** Parses the words after the command's name. `--flag` may also come from NEARCAST_FLAG (STYLE: settings = flags = variables). */
export function parseCommandLine(
  command: Command,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandArgs {
  const options = { ...COMMON, ...command.options }
  const config: ParseArgsOptionsConfig = {}
  for (const [name, option] of Object.entries(options)) {
    config[name] = { type: option.type, multiple: option.multiple ?? false, ...(option.short ? { short: option.short } : {}) }
  }
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...words], options: config, allowPositionals: true, strict: true }) as never
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*$/s, '').replaceAll(/\s*\n\s*/g, ' '))
  }
  if (command.positionals === '' && parsed.positionals.length > 0) {
    throw new UsageError(`${command.name} takes no operand, not "${parsed.positionals[0]}"`)
  }
  const flags = parsed.values as Record<string, string | boolean | string[] | undefined>
  for (const [name, option] of Object.entries(command.options)) {
    const variable = environment[`NEARCAST_${name.toUpperCase().replaceAll('-', '_')}`]
    if (flags[name] !== undefined || variable === undefined) continue
    flags[name] = option.type === 'boolean' ? variable === '1' || variable === 'true' : option.multiple ? variable.split(',') : variable
  }
  return { flags, positionals: parsed.positionals }
}

/** The action that the words begin with, and the words behind it; the command itself when it has none of that name. */
export function findAction(command: Command, words: readonly string[]): { readonly command: Command; readonly words: readonly string[] } {
  const [first = '', ...rest] = words
  const actions = command.actions ?? {}
  return Object.hasOwn(actions, first) ? { command: actions[first]!, words: rest } : { command, words }
}

/** The help text of a command. */
export function helpOf(command: Command): string {
  const lines = [
    `usage: nearcast ${command.name}${command.positionals ? ` ${command.positionals}` : ''} [flags]`,
    '',
    `  ${command.summary}`,
    '',
  ]
  const actions = Object.entries(command.actions ?? {})
  for (const [name, action] of actions) lines.push(`  ${`${name} ${action.positionals}`.trim().padEnd(34)} ${action.summary}`)
  if (actions.length > 0) lines.push('', `  nearcast ${command.name} ACTION --help shows the flags of an action`, '')
  for (const [name, option] of Object.entries({ ...command.options, ...COMMON })) {
    const left = `${option.short ? `-${option.short}, ` : '    '}--${name}${option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''}`
    lines.push(`  ${left.padEnd(34)} ${option.help}${option.multiple ? ' (may be repeated)' : ''}`)
  }
  return `${lines.join('\n')}\n`
}
