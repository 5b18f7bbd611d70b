/**
 * What must hold in a zone before it is served: one SOA at the apex, NS records, nothing out of zone, CNAME alone, glue where it is
 * needed. Pure; returns issues, never throws. Runs on records already grouped into RRsets.
 */
import { formatName, isAtOrBelow } from '../wire/name.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_DS, TYPE_NS, TYPE_SOA, typeWord } from '../wire/registry.ts'
import { MAX_ZONE_ISSUES, type ZoneInput, type ZoneIssue, type ZoneRecord } from './zone-record.ts'

/** Records of a zone by owner (Latin-1 text of the canonical wire form), then by type. */
export type ZoneSets = ReadonlyMap<string, ReadonlyMap<number, readonly ZoneRecord[]>>

/** Key of a canonical wire name. */
export function nameKey(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1')
}

/** The canonical wire name of a key. */
export function keyName(key: string): Uint8Array {
  return Uint8Array.from(Buffer.from(key, 'latin1'))
}

/** The same record twice is one (RFC 2181 §5): a saved zone transfer begins and ends with its SOA. */
function distinct(records: readonly ZoneRecord[]): readonly ZoneRecord[] {
  if (records.length < 2) return records
  return [...new Map([...records].reverse().map((record) => [nameKey(record.rdata), record])).values()].reverse()
}

/** Types that may stand beside a CNAME: DNSSEC's own (RFC 4034 §3, §4; RFC 2181 §10.1). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([46, 47, 25])

/** Octets of a message over TCP that the records of one RRset may take: the rest is for header, longest question and OPT. */
const MAX_RRSET_BYTES = 0xffff - 12 - 259 - 64

/** Checks one zone; at most MAX_ZONE_ISSUES issues, errors first. Records out of the zone are reported here; the compiler drops them. */
export function checkZone(zone: ZoneInput, sets: ZoneSets): ZoneIssue[] {
  const all = findIssues(zone, sets)
  if (all.length <= MAX_ZONE_ISSUES) return all
  const sorted = [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity !== 'error')]
  return [
    ...sorted.slice(0, MAX_ZONE_ISSUES),
    {
      code: 'ZONE_TOO_MANY_ISSUES',
      severity: sorted[MAX_ZONE_ISSUES]!.severity,
      message: `${sorted.length - MAX_ZONE_ISSUES} more problems are not shown`,
      suggestion: 'mend the ones above and check again',
      file: zone.file,
      line: 0,
      column: 0,
    },
  ]
}

function findIssues(zone: ZoneInput, sets: ZoneSets): ZoneIssue[] {
  const issues: ZoneIssue[] = []
  const apex = nameKey(zone.origin)
  const label = formatName(zone.origin)
  const report = (code: string, severity: 'error' | 'warning', line: number, message: string, suggestion: string): void => {
    issues.push({ code, severity, message, suggestion, file: zone.file, line, column: line > 0 ? 1 : 0 })
  }
  for (const record of zone.records) {
    if (!isAtOrBelow(record.owner, zone.origin)) {
      report(
        'ZONE_OUT_OF_ZONE',
        'error',
        record.line,
        `"${formatName(record.owner)}" is not in zone "${label}"`,
        'move the record to its zone, or end relative names without a dot',
      )
    }
  }
  const apexSets = sets.get(apex)
  const soa = distinct(apexSets?.get(TYPE_SOA) ?? [])
  if (soa.length === 0) report('ZONE_NO_SOA', 'error', 0, `zone "${label}" has no SOA record`, 'add one at the apex')
  if (soa.length > 1) report('ZONE_DUPLICATE_SOA', 'error', soa[1]!.line, `zone "${label}" has ${soa.length} SOA records`, 'keep one')
  if ((apexSets?.get(TYPE_NS) ?? []).length === 0)
    report('ZONE_NO_NS', 'error', 0, `zone "${label}" has no NS record at its apex`, 'add one a name server')
  for (const [key, types] of sets) {
    const owner = keyName(key)
    const cname = distinct(types.get(TYPE_CNAME) ?? [])
    if (cname.length > 0) {
      if (cname.length > 1)
        report(
          'ZONE_CNAME_MULTIPLE',
          'error',
          cname[1]!.line,
          `"${formatName(owner)}" has ${cname.length} CNAME records`,
          'keep one (RFC 2181 §10.1)',
        )
      for (const type of types.keys()) {
        if (type === TYPE_CNAME || BESIDE_CNAME.has(type)) continue
        report(
          'ZONE_CNAME_BESIDE_OTHERS',
          'error',
          types.get(type)![0]!.line,
          `"${formatName(owner)}" has a CNAME and ${typeWord(type)} records`,
          'keep the CNAME or the others (RFC 1034 §3.6.2)',
        )
        break
      }
    }
    for (const record of key === apex ? [] : (types.get(TYPE_SOA) ?? [])) {
      report(
        'ZONE_SOA_BELOW_APEX',
        'error',
        record.line,
        `"${formatName(owner)}" has an SOA record below the apex of "${label}"`,
        'remove it, or make it a zone of its own',
      )
    }
    for (const [type, records] of types) {
      const sizeBytes = records.reduce((sum, { rdata }) => sum + 12 + rdata.length, 0)
      if (sizeBytes > MAX_RRSET_BYTES) {
        report(
          'ZONE_RRSET_TOO_LARGE',
          'error',
          records[0]!.line,
          `the ${records.length} ${typeWord(type)} records of "${formatName(owner)}" take ${sizeBytes} octets, a message holds ${MAX_RRSET_BYTES}`,
          'give fewer or shorter records',
        )
      }
      if (records.some((record) => record.ttlSeconds !== records[0]!.ttlSeconds)) {
        report(
          'ZONE_TTL_DIFFERS',
          'warning',
          records.find((record) => record.ttlSeconds !== records[0]!.ttlSeconds)!.line,
          `the ${typeWord(type)} records of "${formatName(owner)}" differ in TTL; the smallest is served`,
          'give all records of a name and type one TTL (RFC 2181 §5.2)',
        )
      }
    }
    for (const record of types.get(TYPE_NS) ?? []) checkGlue(zone, sets, key, record, report)
    if (types.has(TYPE_DS) && !types.has(TYPE_NS))
      report(
        'ZONE_DS_WITHOUT_NS',
        'warning',
        types.get(TYPE_DS)![0]!.line,
        `"${formatName(owner)}" has a DS record and is no delegation`,
        'add its NS records, or remove the DS',
      )
  }
  return issues
}

/** A name server below the cut it serves (or in the zone itself, at the apex) cannot be reached without its address. */
function checkGlue(
  zone: ZoneInput,
  sets: ZoneSets,
  ownerKey: string,
  record: ZoneRecord,
  report: (code: string, severity: 'error' | 'warning', line: number, message: string, suggestion: string) => void,
): void {
  const target = Uint8Array.from(record.rdata, (octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet))
  if (!isAtOrBelow(target, keyName(ownerKey))) return
  const types = sets.get(nameKey(target))
  if (types?.has(TYPE_A) || types?.has(TYPE_AAAA)) return
  if (types?.has(TYPE_CNAME)) {
    report(
      'ZONE_NS_IS_ALIAS',
      'warning',
      record.line,
      `name server "${formatName(target)}" is a CNAME`,
      'name the server by its own address records (RFC 2181 §10.3)',
    )
    return
  }
  if (!isAtOrBelow(target, zone.origin)) return
  report(
    'ZONE_MISSING_GLUE',
    'warning',
    record.line,
    `name server "${formatName(target)}" has no address record`,
    'add its A or AAAA record',
  )
}
