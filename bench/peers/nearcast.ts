/**
 * nearcast: `serve` with the table as 128 custom lines and one policy whose endpoints have no probes (always up), one answer thread. The
 * default settings, but for those that a variant is about, and for rate limits: loopback, which is exempt, is counted here.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GUARD_FLAGS } from '../answer/bench-servers.ts'
import type { Contender } from './contender.ts'
import { formatRow, type PrefixTable } from './prefix-table.ts'
import { writeLines } from './write-lines.ts'
import { LINES, lineAddress, ORIGIN, STEERED_NAME, TTL_SECONDS, zoneFileLines } from './zone-data.ts'

/** Ways to run it: what differs from the default. */
const VARIANTS = {
  nearcast: { flags: [], environment: {} },
  'nearcast-no-bursts': { flags: ['--reply-bursts', 'off'], environment: {} },
  'nearcast-dgram': { flags: [], environment: { NEARCAST_NO_FFI: '1' } },
} as const satisfies Record<string, { flags: readonly string[]; environment: Readonly<Record<string, string>> }>

/** The ways to run it that take part: as it is by default, without reply bursts, without foreign calls. */
export const NEARCAST_VARIANTS: readonly string[] = Object.keys(VARIANTS)

/** nearcast, started from `entry` (main.ts or dist/main.js). */
export function nearcast(variant: string, entry: string): Contender {
  const { flags, environment } = VARIANTS[variant as keyof typeof VARIANTS]
  return {
    id: variant,
    program: process.execPath,
    packages: [],
    files: [],
    geo: 'client subnet',
    environment,
    write(folder, table) {
      for (const part of ['zones', 'lines', 'state']) mkdirSync(join(folder, part))
      writeLines(join(folder, 'zones/zones.txt'), [`${ORIGIN}. ${ORIGIN}.zone`])
      writeLines(join(folder, 'zones', `${ORIGIN}.zone`), zoneFileLines(undefined))
      for (const line of LINES.slice(1)) writeLines(join(folder, `lines/l${line}.cidr`), cidrLines(table, line))
      writeLines(join(folder, 'document.json'), [documentText()])
    },
    words: (folder, port) => [
      ...[entry, 'serve', '--zones', join(folder, 'zones'), '--document', join(folder, 'document.json')],
      ...['--listen', `127.0.0.1:${port}`, '--udp-threads', '1', '--state', join(folder, 'state'), ...GUARD_FLAGS, ...flags],
    ],
  }
}

function* cidrLines(table: PrefixTable, line: number): Generator<string> {
  for (let row = 0; row < table.starts.length; row++) if (table.lines[row] === line) yield formatRow(table, row)
}

function documentText(): string {
  const rules = LINES.slice(1).map((line) => ({ line: `custom:l${line}`, pools: [`l${line}`] }))
  return JSON.stringify({
    apiVersion: 'nearcast/v1',
    endpoints: LINES.map((line) => ({ id: `l${line}`, ipv4: lineAddress(line) })),
    pools: LINES.map((line) => ({ id: `l${line}`, members: [{ endpoint: `l${line}` }] })),
    lines: LINES.slice(1).map((line) => ({ id: `l${line}`, file: `lines/l${line}.cidr` })),
    policies: [{ id: 'edge', ttlSeconds: TTL_SECONDS, rules: [...rules, { line: '*', pools: ['l0'] }], fallback: ['l0'] }],
    names: [{ name: `${STEERED_NAME}.`, types: ['A'], policy: 'edge' }],
  })
}
