/** NSD: the plain zone, one server process. It has no geo choice: the steered name is a static one here. */
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { writeLines } from './write-lines.ts'
import { lineAddress, ORIGIN, zoneFileLines } from './zone-data.ts'

/** NSD. */
export const nsd: Contender = {
  id: 'nsd',
  program: 'nsd',
  packages: ['nsd'],
  files: [],
  geo: 'none',
  environment: {},
  write(folder, _table, port) {
    writeLines(join(folder, 'nsd.conf'), [configText(folder, port)])
    writeLines(join(folder, 'zone'), zoneFileLines(`edge-api A ${lineAddress(0)}`))
  },
  words: (folder) => ['-d', '-c', join(folder, 'nsd.conf')],
}

/** Rate limits are off, since all queries come from one address. */
function configText(folder: string, port: number): string {
  return `server:
  server-count: 1
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  cookie-secret-file: ""
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: ${ORIGIN}
  zonefile: zone`
}
