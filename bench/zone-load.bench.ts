/**
 * Loading of zones: parse, check and compile of one zone of a million records and of 10,000 small ones, beside `named-compilezone` and
 * `kzonecheck` on the same files in the same run (left out where they are not installed: bind9-utils, knot-dnssecutils). Each load runs
 * in a process of its own, so that its peak of memory is its own. Times include start and reading of the file.
 *
 *   node bench/zone-load.bench.ts [--records 1000000] [--zones 10000] [--check]
 *
 * --check exits 1 over 10 s or 1.5 GB for the large zone, or over 10 s for the small ones.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parseName } from '../resolver/wire/name.ts'
import { compileZones } from '../resolver/zone/compile-zones.ts'
import { readZoneFile } from '../resolver/zone/zone-file-parser.ts'
import type { ZoneInput } from '../resolver/zone/zone-record.ts'
import { countNodes } from '../resolver/zone/zone-rows.ts'

const MAX_SECONDS = 10
const MAX_MEGABYTES = 1536

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '1000000' },
    zones: { type: 'string', default: '10000' },
    check: { type: 'boolean' },
  },
})

const HEAD = '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n'

/** A zone of hosts with addresses, some with mail, texts and aliases, in no order. */
function largeZone(records: number): string {
  const lines: string[] = []
  for (let i = 0; lines.length < records; i++) {
    const host = `host${(i * 7919) % 1_000_003}`
    lines.push(`${host} A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`)
    if (i % 3 === 0) lines.push(`${host} AAAA 2001:db8::${(i & 0xffff).toString(16)}`)
    if (i % 5 === 0) lines.push(`${host} 600 IN MX 10 mail${i % 100}`)
    if (i % 7 === 0) lines.push(`${host} TXT "v=spf1 include:_spf.example.com ~all"`)
    if (i % 11 === 0) lines.push(`www.${host} CNAME ${host}`)
  }
  return `${HEAD}${Array.from({ length: 100 }, (_, i) => `mail${i} A 192.0.2.${i}`).join('\n')}\n${lines.join('\n')}\n`
}

const SMALL_ZONE = `${HEAD}@ NS ns2\nns2 A 192.0.2.54\n@ MX 10 mail\nmail A 192.0.2.1\nwww CNAME @\n@ A 192.0.2.2\n`

/** In a process of its own: loads the files and says what it took. */
function load(files: readonly string[]): void {
  const zones: ZoneInput[] = files.map((file, i) => {
    const origin = parseName(`z${i}.example.`)
    const { table, issues } = readZoneFile(readFileSync(file, 'utf8'), origin, file, () => ({ ok: false, reason: 'none' }))
    if (issues.length > 0) throw new Error(issues[0]!.message)
    return { origin, records: [], table, useClientSubnet: true, file }
  })
  const { columns, issues } = compileZones(zones, [])
  process.stdout.write(
    JSON.stringify({ issues: issues.length, nodes: countNodes(columns), megabytes: process.resourceUsage().maxRSS / 1024 }),
  )
}

type Row = { readonly what: string; readonly seconds: number; readonly megabytes: number | undefined }

/** Runs a command under GNU time where there is one, so that peaks of others are known too. */
function measure(what: string, command: string, args: readonly string[], isOurs: boolean): Row | undefined {
  const start = performance.now()
  const { status, stdout, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (error !== undefined) return undefined
  const seconds = (performance.now() - start) / 1000
  if (status !== 0) throw new Error(`${what} failed: ${stdout.slice(0, 500)}`)
  return { what, seconds, megabytes: isOurs ? (JSON.parse(stdout) as { megabytes: number }).megabytes : undefined }
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-zone-load-'))
  const self = fileURLToPath(import.meta.url)
  try {
    const large = join(folder, 'large.zone')
    writeFileSync(large, largeZone(Number(values.records)))
    const small: string[] = []
    mkdirSync(join(folder, 'small'))
    for (let i = 0; i < Number(values.zones); i++) {
      small.push(join(folder, 'small', `${i}.zone`))
      writeFileSync(small[i]!, SMALL_ZONE)
    }
    const list = join(folder, 'small.list')
    writeFileSync(list, small.join('\n'))
    writeFileSync(join(folder, 'large.list'), large)
    const ours = [
      measure(`1 zone of ${values.records} records: nearcast`, process.execPath, [self, 'load', join(folder, 'large.list')], true)!,
      measure(`${values.zones} zones of 10 records: nearcast`, process.execPath, [self, 'load', list], true)!,
    ]
    const others = [
      measure(
        '  the large zone: named-compilezone',
        'named-compilezone',
        ['-q', '-F', 'raw', '-o', join(folder, 'raw'), 'z0.example', large],
        false,
      ),
      measure('  the large zone: kzonecheck', 'kzonecheck', ['-o', 'z0.example', large], false),
    ]
    process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(2)}, Node ${process.version}\n`)
    for (const row of [...ours, ...others]) {
      if (row === undefined) continue
      const memory = row.megabytes === undefined ? '' : `  ${row.megabytes.toFixed(0).padStart(5)} MB peak`
      process.stdout.write(`${row.what.padEnd(52)} ${row.seconds.toFixed(2).padStart(6)} s${memory}\n`)
    }
    if (values.check === true && ours.some(({ seconds, megabytes }) => seconds > MAX_SECONDS || megabytes! > MAX_MEGABYTES)) {
      process.stdout.write(`over ${MAX_SECONDS} s or ${MAX_MEGABYTES} MB\n`)
      process.exitCode = 1
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (positionals[0] === 'load') load(readFileSync(positionals[1]!, 'utf8').split('\n'))
else main()
