/** Knot DNS: mod-geoip in subnet mode with the table, one UDP worker. */
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { formatRow, type PrefixTable } from './prefix-table.ts'
import { writeLines } from './write-lines.ts'
import { lineAddress, ORIGIN, STEERED_NAME, TTL_SECONDS, zoneFileLines } from './zone-data.ts'

/** Knot DNS with its geo module. */
export const knot: Contender = {
  id: 'knot',
  program: 'knotd',
  packages: ['knot', 'knot-module-geoip'],
  files: ['/usr/lib/*/knot/modules-*/geoip.so'],
  geo: 'client subnet',
  environment: {},
  write(folder, table, port) {
    writeLines(join(folder, 'knot.conf'), [configText(folder, port)])
    writeLines(join(folder, 'geo.yml'), geoLines(table))
    writeLines(join(folder, 'zone'), zoneFileLines(`edge-api A ${lineAddress(0)}`))
  },
  words: (folder) => ['-c', join(folder, 'knot.conf')],
}

function configText(folder: string, port: number): string {
  return `server:
    listen: 127.0.0.1@${port}
    rundir: "${folder}"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    edns-client-subnet: on
database:
    storage: "${folder}"
mod-geoip:
  - id: geo
    config-file: "${folder}/geo.yml"
    mode: subnet
    ttl: ${TTL_SECONDS}
zone:
  - domain: ${ORIGIN}
    file: "${folder}/zone"
    module: mod-geoip/geo`
}

/** Clients on no line need a network too: without 0.0.0.0/0 they would get the zone's record without any scope. */
function* geoLines(table: PrefixTable): Generator<string> {
  yield `${STEERED_NAME}:`
  for (let row = 0; row < table.starts.length; row++) {
    yield `  - net: ${formatRow(table, row)}`
    yield `    A: ${lineAddress(table.lines[row]!)}`
  }
  yield '  - net: 0.0.0.0/0'
  yield `    A: ${lineAddress(0)}`
}
