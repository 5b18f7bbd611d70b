/**
 * Guards the reading of large documents (policy/config/read-yaml.ts): a document of 100,000 lines as JSON, as YAML, and as YAML that only
 * the patient reader takes, each in a process of its own, beside JSON.parse and the package yaml alone. Prints time, memory and the time
 * of everything up to the digest; medians of interleaved rounds.
 *
 *   node bench/document.bench.ts [--records N] [--rounds N] [--check]      --check: fails beyond the ratios below
 */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parseDocument } from 'yaml'
import { parseConfig } from '../policy/config/parse-config.ts'
import { readYaml } from '../policy/config/read-yaml.ts'
import { median } from './answer/figures.ts'

/** Least ratios of --check, in time: the package yaml to ours for YAML, ours for YAML to ours for JSON. */
const YAML_RATIO = 4
const JSON_RATIO = 2

/** What is measured: the form of the text and what is done with it. */
const WAYS = {
  'JSON, ours': { form: 'json', run: (text: string): unknown => readYaml(text, 'f').value },
  'JSON, JSON.parse alone': { form: 'json', run: (text: string): unknown => JSON.parse(text) },
  'JSON, all up to the digest': { form: 'json', run: (text: string): unknown => parseConfig(text).ok },
  'YAML, ours': { form: 'yaml', run: (text: string): unknown => readYaml(text, 'f').value },
  'YAML, the package yaml alone': { form: 'yaml', run: (text: string): unknown => parseDocument(text, { uniqueKeys: false }).toJS() },
  'YAML, all up to the digest': { form: 'yaml', run: (text: string): unknown => parseConfig(text).ok },
  'YAML, a quarter, patient reader': { form: 'loose', run: (text: string): unknown => readYaml(text, 'f').value },
} as const

type Way = keyof typeof WAYS
type Measured = { readonly ms: number; readonly growthMb: number }

/** A document of zones with inline records, one a line; `loose` ends in a bracket that stands below its key. */
function makeText(records: number, form: 'json' | 'yaml' | 'loose'): string {
  const zones: Record<string, unknown>[] = []
  let yaml = 'apiVersion: nearcast/v1\nzones:\n'
  for (let zone = 0; zone * 1000 < records; zone++) {
    const head = {
      name: `z${zone}.bench.test.`,
      soa: { mname: 'ns1.bench.test.', rname: 'hostmaster.bench.test.' },
      nameservers: ['ns1.bench.test.'],
    }
    const rows = Array.from({ length: Math.min(1000, records - zone * 1000) }, (_, at) => {
      return { name: `h${at}`, type: 'A', ttlSeconds: 300, data: [`10.${zone}.${at >> 8}.${at & 255}`] }
    })
    zones.push({ ...head, records: rows })
    yaml += `  - name: ${head.name}\n    soa: ${JSON.stringify(head.soa)}\n    nameservers: ${JSON.stringify(head.nameservers)}\n    records:\n`
    for (const { name, data } of rows) yaml += `      - {name: ${name}, type: A, ttlSeconds: 300, data: ["${data[0]}"]}\n`
  }
  if (form === 'json') return JSON.stringify({ apiVersion: 'nearcast/v1', zones })
  return form === 'yaml' ? yaml : `${yaml}pools: [\n]\n`
}

function measureHere(way: Way, records: number): Measured {
  // The patient reader takes no text of this size.
  const text = makeText(WAYS[way].form === 'loose' ? records / 4 : records, WAYS[way].form)
  const before = process.memoryUsage().rss
  const start = performance.now()
  if (WAYS[way].run(text) === undefined) throw new Error(`${way}: the text was refused`)
  const ms = performance.now() - start
  return { ms, growthMb: (process.resourceUsage().maxRSS * 1024 - before) / 1e6 }
}

function measureApart(way: Way, records: number): Measured {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--way', way, '--records', String(records)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured
}

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '98000' },
    rounds: { type: 'string', default: '3' },
    way: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
})
const records = Number(flags.records)
if (flags.way !== undefined) process.stdout.write(JSON.stringify(measureHere(flags.way as Way, records)))
else {
  const results = new Map<Way, Measured[]>((Object.keys(WAYS) as Way[]).map((way) => [way, []]))
  for (let round = 0; round < Number(flags.rounds); round++) for (const [way, list] of results) list.push(measureApart(way, records))
  const sizes = (['json', 'yaml'] as const).map((form) => `${(makeText(records, form).length / 1e6).toFixed(1)} MB of ${form}`)
  console.log(
    `${records} records, ${sizes.join(', ')}; ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}\n`,
  )
  const medianMs = (way: Way): number => median(results.get(way)!.map(({ ms }) => ms))
  for (const [way, list] of results)
    console.log(
      `${way.padEnd(32)} ${medianMs(way).toFixed(0).padStart(6)} ms  +${median(list.map(({ growthMb }) => growthMb)).toFixed(0)} MB at the peak`,
    )
  const ratios = [
    ['the package yaml to ours', medianMs('YAML, the package yaml alone') / medianMs('YAML, ours'), YAML_RATIO],
    ['YAML to JSON', medianMs('YAML, ours') / medianMs('JSON, ours'), JSON_RATIO],
  ] as const
  for (const [name, ratio, least] of ratios) console.log(`\n${name}: ${ratio.toFixed(1)} times (at least ${least})`)
  if (flags.check && ratios.some(([, ratio, least]) => ratio < least)) process.exitCode = 1
}
