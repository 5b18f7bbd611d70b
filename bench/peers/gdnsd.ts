/** gdnsd: plugin_geoip with the table as `nets`, one UDP thread. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { formatRow, type PrefixTable } from './prefix-table.ts'
import { writeLines } from './write-lines.ts'
import { LINES, lineAddress, ORIGIN, TTL_SECONDS, zoneFileLines } from './zone-data.ts'

/** gdnsd with its geo plugin. */
export const gdnsd: Contender = {
  id: 'gdnsd',
  program: 'gdnsd',
  packages: ['gdnsd'],
  files: [],
  geo: 'client subnet',
  environment: {},
  write(folder, table, port) {
    for (const part of ['run', 'state', 'zones', 'geoip']) mkdirSync(join(folder, part), { recursive: true })
    writeLines(join(folder, 'config'), [configText(folder, port)])
    writeLines(join(folder, 'geoip/nets'), netsLines(table))
    writeLines(join(folder, 'zones', ORIGIN), zoneFileLines(`edge-api ${TTL_SECONDS} DYNA geoip!edge`))
  },
  words: (folder) => ['-c', folder, 'start'],
}

/** The receive buffer is gdnsd's largest, so that an opening burst is not lost. */
function configText(folder: string, port: number): string {
  return `options => {
  dns_port => ${port}
  listen => 127.0.0.1
  udp_threads => 1
  tcp_threads => 1
  udp_rcvbuf => 1048576
  run_dir => "${folder}/run"
  state_dir => "${folder}/state"
}
plugins => { geoip => {
  maps => { m => { datacenters => [ ${LINES.map((line) => `l${line}`).join(', ')} ], nets => nets } }
  resources => { edge => { map => m, service_types => up, dcmap => { ${LINES.map((line) => `l${line} => ${lineAddress(line)}`).join(', ')} } } }
} }`
}

function* netsLines(table: PrefixTable): Generator<string> {
  for (let row = 0; row < table.starts.length; row++) yield `${formatRow(table, row)} => l${table.lines[row]}`
}
