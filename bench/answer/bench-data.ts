/**
 * The zone and the document that answer.bench.ts serves: a static name, numbered names, and a name that is steered by a policy of more than
 * a hundred lines (each province with each large carrier, continents, some countries) over the default geodata. Shell: writes files.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ZONE } from './workloads.ts'

const PROVINCES = '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65'
  .split(' ')
  .map((code) => `cn-${code}`)
const CARRIERS = ['telecom', 'unicom', 'mobile']
const ABROAD = [
  ...['continent-af', 'continent-as', 'continent-eu', 'continent-na', 'continent-oc', 'continent-sa'],
  ...['jp', 'kr', 'sg', 'in', 'de', 'gb', 'fr', 'us', 'ca', 'br', 'au', 'cn-81', 'cn-82', 'cn-71', 'cn'],
]
const LINES = [...PROVINCES.flatMap((place) => CARRIERS.map((carrier) => `${place}/${carrier}`)), ...ABROAD]
/** Names are written in pieces of so many. */
const PIECE = 20_000

/** Lines of the policy that steers, without `*`. */
export const LINE_COUNT: number = LINES.length

/** An address of the range for benchmarks (RFC 2544). */
const address = (number: number): string => `198.${18 + ((number >> 16) & 1)}.${(number >> 8) & 255}.${number & 255}`

/** Writes zones.txt, the zone with so many numbered names, and document.json into an empty folder. */
export function writeBenchData(folder: string, nameCount: number): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'zones.txt'), `${ZONE} ${ZONE}.zone\n`)
  writeFileSync(join(folder, 'document.json'), JSON.stringify(documentOf()))
  const file = openSync(join(folder, `${ZONE}.zone`), 'w')
  writeSync(file, `$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 604800 60\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n`)
  for (let first = 0; first < nameCount; first += PIECE) {
    let text = ''
    for (let number = first; number < Math.min(nameCount, first + PIECE); number++) text += `host${number} A ${address(number)}\n`
    writeSync(file, text)
  }
  closeSync(file)
}

function documentOf(): unknown {
  const idOf = (line: string): string => line.replace('/', '-')
  const endpoints = LINES.map((line, index) => {
    const [place, carrier] = line.split('/') as [string, string | undefined]
    return { id: idOf(line), ipv4: address(256 + index), ...(carrier === undefined ? {} : { place, carrier }) }
  })
  return {
    apiVersion: 'nearcast/v1',
    endpoints: [...endpoints, { id: 'central', ipv4: address(1), place: 'cn-11' }],
    pools: [...LINES.map(idOf), 'central'].map((id) => ({ id, members: [{ endpoint: id }] })),
    policies: [
      {
        id: 'edge',
        ttlSeconds: 30,
        rules: [...LINES.map((line) => ({ line, pools: [idOf(line)] })), { line: '*', pools: ['central'] }],
        fallback: ['central'],
      },
    ],
    names: [{ name: `edge.${ZONE}.`, types: ['A'], policy: 'edge' }],
  }
}
