/** Small source files of every format, ways to damage them, and one attempt to read the result. For the property test and the fuzzer. */
import { GeodataError } from '../../geodata/address/geodata-error.ts'
import { buildRangeTable4, buildRangeTable6 } from '../../geodata/compile/build-range-table.ts'
import { checkRangeTable } from '../../geodata/compile/check-range-table.ts'
import { decodeGeodata, encodeGeodata, sealGeodata } from '../../geodata/geodata-file.ts'
import { UNKNOWN_LOCATION } from '../../geodata/line/location.ts'
import { openMmdb, walkMmdb } from '../../geodata/source/mmdb.ts'
import type { SourceSpec } from '../../geodata/source/source-kind.ts'
import { SOURCE_KINDS } from '../../geodata/source/source-kinds.ts'
import { writeIpdb } from './ipdb-writer.ts'
import { writeMmdb } from './mmdb-writer.ts'
import { writeXdb } from './xdb-writer.ts'

/** A sound file, and how it is read. */
export type MutationSubject = {
  readonly name: string
  readonly bytes: Buffer
  readonly read: (bytes: Buffer) => Promise<void>
}

/** What reading a damaged file came to. */
export type MutantOutcome = { readonly kind: 'read' | 'refused' | 'broken'; readonly detail: string }

/** Longest that a file of a few kilobytes may take; a machine under load is slow, a loop is slower. */
const MAX_MS = 5000
/** Heap and buffers that reading a few kilobytes may leave behind before collection. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024

/** Where damaged files are written to be read. */
type Folder = { readonly write: (name: string, content: Uint8Array) => string }

/** One subject a format and variant. */
export function mutationSubjects(folder: Folder): MutationSubject[] {
  const place = {
    country: { iso_code: 'CN' },
    subdivisions: [{ iso_code: 'ZJ', names: { en: 'Zhejiang' } }],
    city: { geoname_id: 1799397 },
  }
  const networks = [
    ['10.0.0.0/8', place],
    ['10.1.0.0/16', { country_code: 'US', state1: 'California', city: 'Los Angeles' }],
    ['1.0.1.0/24', { isp: 'China Telecom', autonomous_system_number: 4134 }],
    ['240e::/20', { country_code: 'CN', state1: 'Guangdong' }],
  ] as const
  const files: readonly (readonly [string, SourceSpec, Buffer])[] = [
    ['mmdb of 24 bits', { kind: 'mmdb' }, writeMmdb({ networks, aliases: true })],
    ['mmdb of 28 bits', { kind: 'mmdb' }, writeMmdb({ networks, recordSize: 28 })],
    ['mmdb of 32 bits, IPv4', { kind: 'mmdb' }, writeMmdb({ networks: networks.slice(0, 3), recordSize: 32, ipVersion: 4 })],
    [
      'xdb of structure 2',
      { kind: 'xdb' },
      writeXdb([
        ['1.0.1.0', '1.0.1.255', '中国|0|浙江省|宁波市|电信'],
        ['1.0.2.0', '1.0.3.255', '中国|0|0|0|0'],
      ]),
    ],
    ['xdb with its vector index', { kind: 'xdb' }, writeXdb([['1.0.1.0', '1.0.1.255', '中国|0|浙江省|宁波市|电信']], 2, undefined, true)],
    [
      'xdb of structure 3, IPv6',
      { kind: 'xdb' },
      writeXdb(
        [
          ['240e::', '240e:ff::', '中国|广东省|深圳市|电信|CN'],
          ['2a00::', '2a00:1::', 'Germany|Bavaria|0|0|DE'],
        ],
        3,
      ),
    ],
    [
      'ipdb',
      { kind: 'ipdb' },
      writeIpdb({
        fields: ['country_name', 'region_name', 'city_name', 'isp_domain', 'china_admin_code'],
        networks: [
          ['1.0.1.0/24', ['中国', '浙江', '宁波', '电信', '']],
          ['2409:8000::/20', ['中国', '', '', '移动', '330000']],
        ],
      }),
    ],
    [
      'csv',
      { kind: 'csv' },
      Buffer.from('prefix,place,carrier,asn\n10.0.0.0/8,cn-3302,telecom,4134\n"10.1.0.0/16",浙江,,\n2001:db8::/32,us-ca,,\n'),
    ],
  ]
  return [
    ...files.map(([name, spec, bytes]): MutationSubject => ({ name, bytes, read: (given) => readSource(folder, spec, given) })),
    { name: 'mmdb, every value decoded', bytes: files[0]![2], read: async (bytes) => decodeAll(bytes) },
    { name: 'geodata file', bytes: smallGeodata(), read: async (bytes) => void decodeGeodata(bytes, 'mutant') },
  ]
}

/** The bytes with a few changes, each drawn from `seed`. */
export function mutate(bytes: Buffer, seed: number): Buffer {
  const draw = randomBelow(seed)
  let mutant: Buffer = Buffer.from(bytes)
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const at = draw(mutant.length)
    const kind = draw(7)
    if (kind === 0) mutant[at] = mutant[at]! ^ (1 << draw(8))
    else if (kind === 1) mutant[at] = draw(256)
    else if (kind === 2) mutant.fill(draw(2) * 255, at, Math.min(mutant.length, at + 1 + draw(8)))
    else if (kind === 3) mutant = mutant.subarray(0, at)
    else if (kind === 4) mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(at + 1 + draw(16))])
    else if (kind === 5) mutant = Buffer.concat([mutant.subarray(0, at), mutant.subarray(draw(mutant.length)), mutant.subarray(at)])
    else if (mutant.length > at + 4) mutant.writeUInt32BE(draw(2 ** 32), at)
    if (mutant.length === 0) mutant = Buffer.of(draw(256))
  }
  return mutant
}

/** Reads a damaged file and judges how that went. */
export async function readMutant(subject: MutationSubject, bytes: Buffer): Promise<MutantOutcome> {
  const startedAt = performance.now()
  const before = process.memoryUsage()
  let outcome: MutantOutcome
  try {
    await subject.read(bytes)
    outcome = { kind: 'read', detail: '' }
  } catch (error) {
    const isOurs = error instanceof GeodataError && error.suggestion !== '' && error.message.includes('"')
    outcome = { kind: isOurs ? 'refused' : 'broken', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  const after = process.memoryUsage()
  const growth = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  if (performance.now() - startedAt > MAX_MS) return { kind: 'broken', detail: 'took too long' }
  if (growth > MAX_GROWTH_BYTES) return { kind: 'broken', detail: `took ${growth} bytes` }
  return outcome
}

async function readSource(folder: Folder, spec: SourceSpec, bytes: Buffer): Promise<void> {
  const file = folder.write('mutant', bytes)
  const { ranges } = await SOURCE_KINDS.find((kind) => kind.kind === spec.kind)!.read(spec, [file])
  const { v4, v6, records } = ranges
  const issues = [
    ...checkRangeTable(buildRangeTable4(v4.starts, v4.values), 1, records.length),
    ...checkRangeTable(buildRangeTable6(v6.starts, v6.values), 4, records.length),
  ]
  if (issues.length > 0) throw new Error(`a reader made a wrong table: ${issues[0]}`)
}

function decodeAll(bytes: Buffer): void {
  const file = openMmdb(bytes, 'mutant')
  let values = 0
  walkMmdb(file, (record) => {
    file.decode(record, 'all')
    return ++values
  })
}

function smallGeodata(): Buffer {
  const locations = [UNKNOWN_LOCATION, { ...UNKNOWN_LOCATION, country: 'CN', province: '33', sources: { country: 0, province: 0 } }]
  const coverage = Object.fromEntries(
    ['country', 'province', 'region', 'city', 'carrier', 'asn'].map((field) => [field, { ipv4Addresses: 0, ipv6Networks48: 0 }]),
  ) as never
  const source = { name: 'x', version: '', date: '', licence: '', attribution: '', url: '', inferred: false, sha256: '', coverage }
  const v4 = buildRangeTable4(Uint32Array.of(0, 2 ** 24, 2 ** 25), Uint32Array.of(0, 1, 0))
  const v6 = buildRangeTable6(new Uint32Array(4), new Uint32Array(1))
  return encodeGeodata(sealGeodata({ header: { sources: [source], coverage }, v4, v6, locations }))
}

/** Marsaglia's xorshift: the same numbers on every machine. */
function randomBelow(seed: number): (limit: number) => number {
  let state = (seed * 0x9e3779b1) >>> 0 || 1
  return (limit) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % limit
  }
}
