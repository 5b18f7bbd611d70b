/**
 * Process settings: flags, NEARCAST_* variables (command.ts) and the keys of `--settings FILE` are the same words; a flag beats a
 * variable, a variable beats the file. They never stand in the document. Shell.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parse } from 'yaml'
import { type ListenAddress, parseListenAddress } from '../resolver/transport/listen-address.ts'
import { type CommandOption, UsageError } from './command.ts'
import { ProductError } from './product-error.ts'

/** Flags by name. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** The flag that names the file; part of the options of every long-running command. */
export const SETTINGS_OPTION: Readonly<Record<string, CommandOption>> = {
  settings: { type: 'string', value: 'FILE', help: 'YAML file whose keys are these flags without "--"; flags and variables win' },
}

/** Adds what the settings file says. Throws SETTINGS_FILE when it cannot be read, SETTINGS_KEY for an unknown key or a wrong type. */
export function applySettingsFile(options: Readonly<Record<string, CommandOption>>, flags: Flags): Flags {
  const path = flags.settings
  if (typeof path !== 'string') return flags
  let settings: unknown
  try {
    settings = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new ProductError(
      'SETTINGS_FILE',
      `the settings file "${path}" cannot be read (${code ?? message.split('\n')[0]})`,
      'correct the path or the YAML',
      { cause },
    )
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new ProductError('SETTINGS_FILE', `the settings file "${path}" is not a map of keys`, 'write one "key: value" a line')
  }
  const merged: Record<string, Flags[string]> = { ...flags }
  for (const [key, value] of Object.entries(settings)) {
    const option = options[key]
    if (option === undefined || key === 'settings') {
      throw new ProductError('SETTINGS_KEY', `"${key}" in "${path}" is not a setting`, `use one of ${Object.keys(options).join(', ')}`)
    }
    if (merged[key] === undefined) merged[key] = settingValue(option, value, key, path)
  }
  return merged
}

function settingValue(option: CommandOption, value: unknown, key: string, path: string): Flags[string] {
  const isScalar = typeof value === 'string' || typeof value === 'number'
  if (option.type === 'boolean' && typeof value === 'boolean') return value
  if (option.type === 'string' && option.multiple && Array.isArray(value)) return value.map(String)
  if (option.type === 'string' && isScalar) return option.multiple ? [String(value)] : String(value)
  throw new ProductError(
    'SETTINGS_KEY',
    `"${key}" in "${path}" has the wrong type`,
    option.type === 'boolean' ? 'write true or false' : option.multiple ? 'write a text or a list of texts' : 'write a text or a number',
  )
}

/** A text flag. */
export function textFlag(flags: Flags, name: string, fallback: string): string {
  const value = flags[name]
  return typeof value === 'string' && value !== '' ? value : fallback
}

/** A repeated flag. */
export function listFlag(flags: Flags, name: string, fallback: readonly string[]): readonly string[] {
  const value = flags[name]
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && value.length > 0 ? (value as readonly string[]) : fallback
}

/** A whole number between two bounds. Throws UsageError. */
export function numberFlag(flags: Flags, name: string, fallback: number, least: number, most: number): number {
  const text = flags[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (typeof text === 'string' && /^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not "${String(text)}"`)
}

/** Listen addresses of a repeated flag. Throws TransportError. */
export function listenFlags(flags: Flags, name: string, fallback: readonly string[], defaultPort: number): readonly ListenAddress[] {
  return listFlag(flags, name, fallback).map((text) => parseListenAddress(text, defaultPort))
}

/** Answer threads when --udp-threads is not given: one a core. */
export function defaultUdpThreads(): number {
  return Math.min(availableParallelism(), 64)
}
