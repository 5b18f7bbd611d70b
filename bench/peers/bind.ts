/**
 * BIND: 128 views chosen by `geoip country` from the table as MMDB, and one for all others; one thread. A view is chosen by the source
 * address only: BIND has no client subnet for authoritative answers since 9.13. The zone is one for all views (in-view), the steered
 * name is a zone of its own in each.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { countryOfLine, writeCountryMmdb } from './country-mmdb.ts'
import { writeLines } from './write-lines.ts'
import { LINES, lineAddress, ORIGIN, SOA_TEXT, STEERED_NAME, TTL_SECONDS, zoneFileLines } from './zone-data.ts'

/** BIND with geo views. */
export const bind: Contender = {
  id: 'bind',
  program: 'named',
  packages: ['bind9'],
  files: [],
  geo: 'source address',
  environment: {},
  write(folder, table, port) {
    mkdirSync(join(folder, 'geoip'))
    writeFileSync(join(folder, 'geoip/GeoLite2-Country.mmdb'), writeCountryMmdb(table))
    writeLines(join(folder, 'zone'), zoneFileLines(undefined))
    for (const line of LINES) writeLines(join(folder, `l${line}.zone`), steeredZone(line))
    writeLines(join(folder, 'named.conf'), configLines(folder, port))
  },
  words: (folder) => ['-g', '-c', join(folder, 'named.conf'), '-n', '1', '-U', '1'],
}

function steeredZone(line: number): string[] {
  return [`$TTL ${TTL_SECONDS}`, `@ SOA ${SOA_TEXT}`, `@ NS ns1.${ORIGIN}.`, `@ A ${lineAddress(line)}`]
}

function* configLines(folder: string, port: number): Generator<string> {
  yield `options {
  directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile none; geoip-directory "${folder}/geoip";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; minimal-responses yes; notify no;
};
controls { };`
  // Views are tried in order, so that for everybody comes last; the first holds the zone.
  for (const line of [...LINES.slice(1), 0]) {
    const clients = line === 0 ? 'any' : `geoip country ${countryOfLine(line)}`
    const zone = line === 1 ? `type primary; file "${folder}/zone";` : 'in-view l1;'
    yield `view l${line} { match-clients { ${clients}; };`
    yield `  zone ${ORIGIN} { ${zone} };`
    yield `  zone ${STEERED_NAME} { type primary; file "${folder}/l${line}.zone"; };`
    yield '};'
  }
}
