/**
 * What must hold in a zone before it is served: one SOA at the apex, NS records, nothing out of zone, CNAME and DNAME alone, glue where
 * it is needed. Pure; returns issues, never throws. Runs on records already grouped into RRsets (group-records.ts).
 */
import { formatName } from '../wire/name.ts'
import { compareRdata } from '../wire/rdata/compare-rdata.ts'
import {
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_DS,
  TYPE_HTTPS,
  TYPE_MX,
  TYPE_NS,
  TYPE_NSEC,
  TYPE_NSEC3PARAM,
  TYPE_RRSIG,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_SVCB,
  typeWord,
} from '../wire/registry.ts'
import type { GroupedRecords } from './group-records.ts'
import { IssueList } from './issue-list.ts'
import type { RecordTable } from './record-table.ts'
import type { ZoneInput, ZoneIssue } from './zone-record.ts'

/** One zone to check, by its number. */
export type ZoneToCheck = {
  readonly zone: ZoneInput
  readonly number: number
  readonly table: RecordTable
  /** Number of the apex's name. */
  readonly apex: number
  /** Rows of records that are out of the zone. */
  readonly outside: readonly number[]
}

const NONE = -1
const TYPE_KEY = 25
/** Types that may stand beside a CNAME: DNSSEC's own (RFC 4034 §3, §4; RFC 2181 §10.1). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE_RRSIG, TYPE_NSEC, TYPE_KEY])
/** Types that a delegation point has of its own, and addresses, which are glue. */
const AT_CUT: ReadonlySet<number> = new Set([TYPE_NS, TYPE_DS, TYPE_RRSIG, TYPE_NSEC, TYPE_A, TYPE_AAAA])
/** Types that speak of the whole zone: NSEC3PARAM, CDS, CDNSKEY, CSYNC, ZONEMD. */
const APEX_ONLY: ReadonlySet<number> = new Set([TYPE_NSEC3PARAM, 59, 60, 62, 63])
/** Where the host name stands in rdata of types whose target must not be an alias (RFC 2181 §10.3, RFC 2782). */
const TARGET_AT: ReadonlyMap<number, number> = new Map([
  [TYPE_NS, 0],
  [TYPE_MX, 2],
  [TYPE_SRV, 6],
])

/** Octets of a message over TCP that the records of one RRset may take: the rest is for header, longest question and OPT. */
const MAX_RRSET_BYTES = 0xffff - 12 - 259 - 64

/** Checks one zone; at most MAX_ZONE_ISSUES issues, errors first. Records out of the zone are reported here; the compiler drops them. */
export function checkZone(subject: ZoneToCheck, grouped: GroupedRecords): ZoneIssue[] {
  return new ZoneCheck(subject, grouped).run()
}

class ZoneCheck {
  private readonly subject: ZoneToCheck
  private readonly grouped: GroupedRecords
  private readonly issues: IssueList
  /** The topmost delegation point or DNAME at or above the name that is looked at; -1 = none. */
  private cover = NONE
  private isCoveredByCut = false

  constructor(subject: ZoneToCheck, grouped: GroupedRecords) {
    this.subject = subject
    this.grouped = grouped
    this.issues = new IssueList(subject.zone.file)
  }

  run(): ZoneIssue[] {
    const { zone, table, apex, outside, number } = this.subject
    const label = formatName(zone.origin)
    for (const row of outside) {
      this.report(
        'ZONE_OUT_OF_ZONE',
        'error',
        row,
        `"${formatName(table.record(row).owner)}" is not in zone "${label}"`,
        'move the record to its zone, or end relative names without a dot',
      )
    }
    const soa = this.distinctRows(this.findSet(apex, TYPE_SOA))
    if (soa.length === 0) this.report('ZONE_NO_SOA', 'error', NONE, `zone "${label}" has no SOA record`, 'add one at the apex')
    if (soa.length > 1) this.report('ZONE_DUPLICATE_SOA', 'error', soa[1]!, `zone "${label}" has ${soa.length} SOA records`, 'keep one')
    if (this.findSet(apex, TYPE_NS) === NONE)
      this.report('ZONE_NO_NS', 'error', NONE, `zone "${label}" has no NS record at its apex`, 'add one a name server')
    const { zoneSets, zoneFirst, setName } = this.grouped
    const end = zoneFirst[number + 1]!
    for (let first = zoneFirst[number]!; first < end; ) {
      let last = first + 1
      while (last < end && setName[zoneSets[last]!] === setName[zoneSets[first]!]) last++
      this.checkName(first, last)
      first = last
    }
    return this.issues.finish()
  }

  /** RRsets of one name: zoneSets[first] … zoneSets[last-1]. */
  private checkName(first: number, last: number): void {
    const { zoneSets, setName, setType } = this.grouped
    const name = setName[zoneSets[first]!]!
    const isApex = name === this.subject.apex
    let cname = NONE
    let dname = NONE
    let ns = NONE
    for (let i = first; i < last; i++) {
      const type = setType[zoneSets[i]!]!
      if (type === TYPE_CNAME) cname = zoneSets[i]!
      else if (type === TYPE_DNAME) dname = zoneSets[i]!
      else if (type === TYPE_NS) ns = zoneSets[i]!
    }
    if (cname !== NONE) this.checkCname(name, cname, first, last)
    if (dname !== NONE) this.checkDname(name, dname, ns, isApex)
    this.checkCover(name, first, last, ns !== NONE && !isApex, dname !== NONE)
    for (let i = first; i < last; i++) this.checkSet(name, zoneSets[i]!, isApex, ns)
  }

  private checkCname(name: number, cname: number, first: number, last: number): void {
    const { zoneSets, setType } = this.grouped
    const rows = this.distinctRows(cname)
    if (rows.length > 1) {
      const message = `"${this.text(name)}" has ${rows.length} CNAME records`
      this.report('ZONE_CNAME_MULTIPLE', 'error', rows[1]!, message, 'keep one (RFC 2181 §10.1)')
    }
    let beside = NONE
    for (let i = first; i < last; i++) {
      const type = setType[zoneSets[i]!]!
      if (type === TYPE_CNAME || BESIDE_CNAME.has(type)) continue
      if (beside === NONE || this.firstRow(zoneSets[i]!) < this.firstRow(beside)) beside = zoneSets[i]!
    }
    if (beside === NONE) return
    const message = `"${this.text(name)}" has a CNAME and ${typeWord(setType[beside]!)} records`
    const suggestion = 'keep the CNAME or the others (RFC 1034 §3.6.2)'
    this.report('ZONE_CNAME_BESIDE_OTHERS', 'error', this.firstRow(beside), message, suggestion)
  }

  private checkDname(name: number, dname: number, ns: number, isApex: boolean): void {
    const rows = this.distinctRows(dname)
    if (rows.length > 1) {
      const message = `"${this.text(name)}" has ${rows.length} DNAME records`
      this.report('ZONE_DNAME_MULTIPLE', 'error', rows[1]!, message, 'keep one (RFC 6672 §2.4)')
    }
    if (ns !== NONE && !isApex) {
      const message = `"${this.text(name)}" has a DNAME and NS records`
      this.report('ZONE_DNAME_BESIDE_NS', 'error', rows[0]!, message, 'delegate the name or redirect it (RFC 6672 §2.3)')
    }
  }

  /** Names below a cut or a DNAME are not answered from here; canonical order brings them right behind it. */
  private checkCover(name: number, first: number, last: number, isCut: boolean, isDname: boolean): void {
    const { names, zoneSets, setType } = this.grouped
    if (this.cover !== NONE && !names.isAtOrBelow(name, this.cover)) this.cover = NONE
    if (this.cover === NONE) {
      if (isCut || isDname) {
        this.cover = name
        this.isCoveredByCut = isCut
      }
      if (isCut) this.reportOccluded(name, first, last, AT_CUT)
      return
    }
    if (this.isCoveredByCut) {
      this.reportOccluded(name, first, last, AT_CUT)
      return
    }
    for (let i = first; i < last; i++) {
      if (setType[zoneSets[i]!] === TYPE_RRSIG || setType[zoneSets[i]!] === TYPE_NSEC) continue
      const message = `"${this.text(name)}" is below the DNAME of "${this.text(this.cover)}" and is never answered`
      this.report('ZONE_BELOW_DNAME', 'warning', this.firstRow(zoneSets[i]!), message, 'remove it, or the DNAME (RFC 6672 §2.4)')
      return
    }
  }

  private reportOccluded(name: number, first: number, last: number, allowed: ReadonlySet<number>): void {
    const { zoneSets, setType } = this.grouped
    for (let i = first; i < last; i++) {
      const type = setType[zoneSets[i]!]!
      if (allowed.has(type)) continue
      const message = `the ${typeWord(type)} records of "${this.text(name)}" are not served: "${this.text(this.cover)}" is delegated`
      this.report('ZONE_OCCLUDED', 'note', this.firstRow(zoneSets[i]!), message, 'move them to the delegated zone')
      return
    }
  }

  private checkSet(name: number, set: number, isApex: boolean, ns: number): void {
    const { setType, setFirst, recordRow } = this.grouped
    const { table } = this.subject
    const type = setType[set]!
    const first = setFirst[set]!
    const end = setFirst[set + 1]!
    let sizeBytes = 12 * (end - first)
    let isDifferent = false
    for (let i = first; i < end; i++) {
      sizeBytes += table.dataBytes[recordRow[i]!]!
      if (table.ttlSeconds[recordRow[i]!] !== table.ttlSeconds[recordRow[first]!]) isDifferent = true
    }
    if (sizeBytes > MAX_RRSET_BYTES) {
      const message = `the ${end - first} ${typeWord(type)} records of "${this.text(name)}" take ${sizeBytes} octets, a message holds ${MAX_RRSET_BYTES}`
      this.report('ZONE_RRSET_TOO_LARGE', 'error', this.firstRow(set), message, 'give fewer or shorter records')
    }
    // RFC 4034 §3: signatures of sets of different TTL differ in theirs.
    if (isDifferent && type !== TYPE_RRSIG) {
      const rows = this.rowsInFileOrder(set)
      const row = rows.find((other) => table.ttlSeconds[other] !== table.ttlSeconds[rows[0]!])!
      const message = `the ${typeWord(type)} records of "${this.text(name)}" differ in TTL; the smallest is served`
      this.report('ZONE_TTL_DIFFERS', 'warning', row, message, 'give all records of a name and type one TTL (RFC 2181 §5.2)')
    }
    if (end - first > 1 && type !== TYPE_SOA) this.checkDuplicates(name, set)
    if (type === TYPE_SOA && !isApex) {
      for (const row of this.rowsInFileOrder(set)) {
        const message = `"${this.text(name)}" has an SOA record below the apex of "${formatName(this.subject.zone.origin)}"`
        this.report('ZONE_SOA_BELOW_APEX', 'error', row, message, 'remove it, or make it a zone of its own')
      }
    }
    if (APEX_ONLY.has(type) && !isApex) {
      const message = `"${this.text(name)}" has ${typeWord(type)} records, which say something at the apex of a zone only`
      this.report('ZONE_APEX_TYPE_BELOW', 'warning', this.firstRow(set), message, 'move them to the apex, or remove them')
    }
    if (type === TYPE_DS && (ns === NONE || isApex)) {
      const what = isApex ? 'is the apex: its DS belongs to the zone above' : 'has a DS record and is no delegation'
      const remedy = isApex ? 'move it to the parent zone (RFC 4035 §2.4)' : 'add its NS records, or remove the DS'
      this.report(isApex ? 'ZONE_DS_AT_APEX' : 'ZONE_DS_WITHOUT_NS', 'warning', this.firstRow(set), `"${this.text(name)}" ${what}`, remedy)
    }
    if ((type === TYPE_NS || type === TYPE_DNAME) && this.isWildcard(name)) {
      const message = `the wildcard "${this.text(name)}" has ${typeWord(type)} records, which servers answer differently`
      this.report('ZONE_WILDCARD_TYPE', 'warning', this.firstRow(set), message, 'name the owners one by one (RFC 4592 §4.2, §4.4)')
    }
    if (TARGET_AT.has(type)) this.checkTargets(name, set, type)
    if (type === TYPE_SVCB || type === TYPE_HTTPS) this.checkServices(name, set, type)
  }

  private checkDuplicates(name: number, set: number): void {
    const rows = this.rowsInFileOrder(set)
    const distinct = new Set(this.distinctRows(set))
    if (distinct.size === rows.length) return
    const row = rows.find((other) => !distinct.has(other))!
    const message = `${rows.length - distinct.size} of the ${typeWord(this.grouped.setType[set]!)} records of "${this.text(name)}" are given twice`
    this.report('ZONE_DUPLICATE_RECORD', 'note', row, message, 'keep one of each (RFC 2181 §5)')
  }

  private checkTargets(name: number, set: number, type: number): void {
    const { names } = this.grouped
    const { table, apex } = this.subject
    for (const row of this.distinctRows(set)) {
      const at = TARGET_AT.get(type)!
      const target = names.find(table.octets.bytes, table.dataAt[row]! + at)
      // A name that nobody owns and that has nothing below it is no number: it may still be in the zone.
      const isInside = target !== NONE ? names.isAtOrBelow(target, apex) : this.isInside(row, at, this.subject.zone.origin)
      if (!isInside) continue
      if (target !== NONE && this.findSet(target, TYPE_CNAME) !== NONE) {
        const isNs = type === TYPE_NS
        const message = `${isNs ? 'name server' : `the target of ${typeWord(type)}`} "${this.text(target)}" is a CNAME`
        const remedy = isNs
          ? 'name the server by its own address records (RFC 2181 §10.3)'
          : 'name a host that has address records of its own (RFC 2181 §10.3, RFC 2782)'
        this.report(isNs ? 'ZONE_NS_IS_ALIAS' : 'ZONE_TARGET_IS_ALIAS', 'warning', row, message, remedy)
        continue
      }
      if (type !== TYPE_NS) continue
      // Below the cut it serves (or in the zone itself, at the apex) a server cannot be reached without its address.
      if (!(target !== NONE ? names.isAtOrBelow(target, name) : this.isInside(row, at, names.name(name)))) continue
      if (target !== NONE && this.hasAddress(target)) continue
      if (target === NONE && this.hasAddress(this.findWildcard(row, at))) continue
      const text = formatName(table.rdata(row)).toLowerCase()
      this.report('ZONE_MISSING_GLUE', 'warning', row, `name server "${text}" has no address record`, 'add its A or AAAA record')
    }
  }

  private hasAddress(name: number): boolean {
    return name !== NONE && (this.findSet(name, TYPE_A) !== NONE || this.findSet(name, TYPE_AAAA) !== NONE)
  }

  /** The wildcard that stands for a name in rdata which nobody owns (RFC 4592 §3.3.1); -1 when there is none. */
  private findWildcard(row: number, at: number): number {
    const { names } = this.grouped
    const rdata = this.subject.table.rdata(row)
    for (let from = at; rdata[from] !== 0; from += 1 + rdata[from]!) {
      const encloser = names.find(rdata, from)
      if (encloser !== NONE) return names.bytes[encloser]! > 253 ? NONE : names.find(Uint8Array.of(1, 0x2a, ...names.name(encloser)), 0)
    }
    return NONE
  }

  /** True when the name in rdata is at or below `ancestor`. */
  private isInside(row: number, at: number, ancestor: Uint8Array): boolean {
    const rdata = this.subject.table.rdata(row)
    for (let from = at; rdata.length - from >= ancestor.length; from += 1 + rdata[from]!) {
      if (rdata.length - from > ancestor.length) continue
      return ancestor.every((octet, i) => {
        const other = rdata[from + i]!
        return octet === (other >= 0x41 && other <= 0x5a ? other + 0x20 : other)
      })
    }
    return false
  }

  private checkServices(name: number, set: number, type: number): void {
    const { table } = this.subject
    const rows = this.rowsInFileOrder(set)
    const isAlias = (row: number): boolean =>
      table.octets.bytes[table.dataAt[row]!] === 0 && table.octets.bytes[table.dataAt[row]! + 1] === 0
    const aliases = rows.filter(isAlias)
    if (aliases.length > 0 && aliases.length < rows.length) {
      const message = `"${this.text(name)}" has ${typeWord(type)} records in alias and in service mode; clients ignore the latter`
      this.report('ZONE_SVCB_MODES', 'warning', aliases[0]!, message, 'keep one mode (RFC 9460 §2.4.1)')
    }
    for (const row of aliases) {
      const rdata = table.rdata(row)
      let end = 2
      while (rdata[end] !== 0) end += 1 + rdata[end]!
      if (end + 1 === rdata.length) continue
      const message = `a ${typeWord(type)} record of "${this.text(name)}" in alias mode has parameters, which clients ignore`
      this.report('ZONE_SVCB_ALIAS_PARAMS', 'warning', row, message, 'remove them, or give it a priority (RFC 9460 §2.4.2)')
    }
  }

  private isWildcard(name: number): boolean {
    const { names } = this.grouped
    const at = names.at[name]!
    return names.octets.bytes[at] === 1 && names.octets.bytes[at + 1] === 0x2a
  }

  /** RRset of a name and type in this zone; -1 when there is none. */
  private findSet(name: number, type: number): number {
    const { rank, placeFirstSet, setZone, setType } = this.grouped
    const place = rank[name]!
    for (let set = placeFirstSet[place]!; set < placeFirstSet[place + 1]!; set++)
      if (setType[set] === type && setZone[set] === this.subject.number) return set
    return NONE
  }

  private rowsInFileOrder(set: number): Uint32Array {
    const { setFirst, recordRow } = this.grouped
    return recordRow.slice(setFirst[set], setFirst[set + 1]).sort()
  }

  /** The same record twice is one (RFC 2181 §5): a saved zone transfer begins and ends with its SOA. Rows in the order of the file. */
  private distinctRows(set: number): number[] {
    if (set === NONE) return []
    const { setFirst, recordRow } = this.grouped
    const { table } = this.subject
    const rows: number[] = []
    for (let i = setFirst[set]!; i < setFirst[set + 1]!; i++) {
      const row = recordRow[i]!
      const before = rows.at(-1)
      if (before === undefined || !equalData(table, row, before)) rows.push(row)
      else rows[rows.length - 1] = Math.min(row, before)
    }
    return rows.sort((a, b) => a - b)
  }

  private firstRow(set: number): number {
    const { setFirst, recordRow } = this.grouped
    let row = recordRow[setFirst[set]!]!
    for (let i = setFirst[set]! + 1; i < setFirst[set + 1]!; i++) row = Math.min(row, recordRow[i]!)
    return row
  }

  private text(name: number): string {
    return formatName(this.grouped.names.name(name))
  }

  private report(code: string, severity: ZoneIssue['severity'], row: number, message: string, suggestion: string): void {
    const { table } = this.subject
    if (row === NONE) this.issues.add(code, severity, message, suggestion, undefined, 0, 0)
    else this.issues.add(code, severity, message, suggestion, table.files[table.file[row]!], table.line[row]!, table.column[row]!)
  }
}

/** True when two rows of one owner and type are the same record: the case of names makes no other (RFC 2181 §5, RFC 4343 §3). */
export function equalData(table: RecordTable, a: number, b: number): boolean {
  if (table.dataBytes[a] !== table.dataBytes[b]) return false
  const { bytes } = table.octets
  return compareRdata(table.type[a]!, bytes, table.dataAt[a]!, table.dataBytes[a]!, bytes, table.dataAt[b]!, table.dataBytes[b]!) === 0
}
