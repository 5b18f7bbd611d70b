/**
 * PowerDNS: geoip backend with the table as MMDB by country, one receiver and one distributor thread, its caches as they come. The
 * steered name is a service whose names are `COUNTRY.line.edge.test`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { countryOfLine, writeCountryMmdb } from './country-mmdb.ts'
import { writeLines } from './write-lines.ts'
import { LINES, lineAddress, ORIGIN, plainRecords, STEERED_NAME, TTL_SECONDS } from './zone-data.ts'

/** PowerDNS with its geo backend. */
export const pdns: Contender = {
  id: 'pdns',
  program: 'pdns_server',
  packages: ['pdns-server', 'pdns-backend-geoip'],
  files: ['/usr/lib/*/pdns/libgeoipbackend.so'],
  geo: 'client subnet',
  environment: {},
  write(folder, table, port) {
    writeLines(join(folder, 'pdns.conf'), [configText(folder, port)])
    writeFileSync(join(folder, 'lines.mmdb'), writeCountryMmdb(table))
    writeLines(join(folder, 'zones.yml'), zoneLines())
  },
  words: (folder) => [`--config-dir=${folder}`, '--config-name='],
}

function configText(folder: string, port: number): string {
  return `launch=geoip
geoip-zones-file=${folder}/zones.yml
geoip-database-files=${folder}/lines.mmdb
edns-subnet-processing=yes
local-address=127.0.0.1
local-port=${port}
receiver-threads=1
distributor-threads=1
reuseport=no
socket-dir=${folder}
daemon=no
guardian=no
loglevel=3
security-poll-suffix=`
}

function* zoneLines(): Generator<string> {
  yield `domains:\n- domain: ${ORIGIN}\n  ttl: ${TTL_SECONDS}\n  records:`
  let last: string | undefined
  for (const [owner, type, content] of plainRecords()) {
    if (owner !== last) yield `    ${owner === '' ? '' : `${owner}.`}${ORIGIN}:`
    last = owner
    // This backend takes names without the final dot.
    yield `      - ${type.toLowerCase()}: ${content.replace(/\.(?= |$)/g, '')}`
  }
  for (const line of LINES) {
    yield `    ${line === 0 ? 'unknown' : countryOfLine(line).toLowerCase()}.line.${ORIGIN}:`
    yield `      - a: ${lineAddress(line)}`
  }
  yield `  services:\n    ${STEERED_NAME}: [ '%cc.line.${ORIGIN}', 'unknown.line.${ORIGIN}' ]`
}
