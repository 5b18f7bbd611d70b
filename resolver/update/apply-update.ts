/**
 * RFC 2136 §3: prerequisites, prescan, permission, changes, in that order, on a zone under work. Pure. An update happens whole or not at
 * all: everything is checked before anything changes. The serial is not ours to raise here (§3.6): control gives it at publish.
 */
import { isLaterSerial, serialOfSoa } from '../transfer/serial.ts'
import { isAtOrBelow } from '../wire/name.ts'
import {
  CLASS_ANY,
  CLASS_NONE,
  isMetaType,
  RCODE_FORMERR,
  RCODE_NOERROR,
  RCODE_NOTZONE,
  RCODE_NXDOMAIN,
  RCODE_NXRRSET,
  RCODE_REFUSED,
  RCODE_YXDOMAIN,
  RCODE_YXRRSET,
  TYPE_ANY,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_NS,
  TYPE_NSEC,
  TYPE_NSEC3,
  TYPE_NSEC3PARAM,
  TYPE_RRSIG,
  TYPE_SOA,
  typeWord,
} from '../wire/registry.ts'
import { octetsKey, recordKey } from '../zone/dynamic-layer.ts'
import type { UpdateMessage, UpdateRecord } from './update-message.ts'
import { mayUpdate, type UpdateRule } from './update-rules.ts'
import type { WorkingZone } from './working-zone.ts'

/** What is known of who updates, and of the zone. */
export type UpdateScope = {
  readonly rules: readonly UpdateRule[]
  /** Presentation form of the canonical name of the key. */
  readonly keyName: string
  /** Types of a name that a policy answers; they are not records. */
  readonly steeredTypes: (owner: Uint8Array) => ReadonlySet<number>
  /** True when a policy answers some name below this one. */
  readonly hasSteeredBelow: (owner: Uint8Array) => boolean
}

/** What came of it; `reason` for people when it is no success, `changed` false when all was as wanted already. */
export type UpdateResult = { readonly rcode: number; readonly changed: boolean; readonly reason: string }

/** Types that hold signatures together; only who signs the zone makes them. */
const SIGNING_TYPES: ReadonlySet<number> = new Set([TYPE_RRSIG, TYPE_NSEC, TYPE_NSEC3, TYPE_NSEC3PARAM])
/** May stand beside a CNAME (RFC 4034 §3, §4; KEY: RFC 2181 §10.1). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([25, TYPE_RRSIG, TYPE_NSEC])
const TYPE_WKS = 11

/** Does an update to a zone. The class of its zone section is the zone's (the caller has looked). */
export function applyUpdate(zone: WorkingZone, update: UpdateMessage, scope: UpdateScope): UpdateResult {
  const verdict = checkPrerequisites(zone, update, scope) ?? prescan(zone, update) ?? checkPermission(zone, update, scope)
  if (verdict !== undefined) return { ...verdict, changed: false }
  let changed = false
  for (const record of update.updates) changed = change(zone, record, update.zoneClass, scope) || changed
  return { rcode: RCODE_NOERROR, changed, reason: '' }
}

type Refusal = { readonly rcode: number; readonly reason: string }

/** §3.2. */
function checkPrerequisites(zone: WorkingZone, { prerequisites, zoneClass }: UpdateMessage, scope: UpdateScope): Refusal | undefined {
  const wanted = new Map<string, { readonly record: UpdateRecord; readonly keys: Set<string> }>()
  for (const record of prerequisites) {
    const { owner, type, class: recordClass, rdata } = record
    if (record.ttlSeconds !== 0) return formerr('a prerequisite has a TTL')
    if (!isAtOrBelow(owner, zone.apex)) return { rcode: RCODE_NOTZONE, reason: 'a prerequisite is not in the zone' }
    if (recordClass === CLASS_ANY || recordClass === CLASS_NONE) {
      if (rdata.length !== 0) return formerr('a prerequisite without value has rdata')
      // What a policy answers is there, whatever it answers.
      const steered = scope.steeredTypes(owner)
      const isThere =
        type === TYPE_ANY ? steered.size > 0 || zone.types(owner).length > 0 : steered.has(type) || zone.records(owner, type).length > 0
      if (recordClass === CLASS_ANY && !isThere)
        return type === TYPE_ANY
          ? { rcode: RCODE_NXDOMAIN, reason: 'a name is not in use' }
          : { rcode: RCODE_NXRRSET, reason: `there are no ${typeWord(type)} records` }
      if (recordClass === CLASS_NONE && isThere)
        return type === TYPE_ANY
          ? { rcode: RCODE_YXDOMAIN, reason: 'a name is in use' }
          : { rcode: RCODE_YXRRSET, reason: `there are ${typeWord(type)} records` }
      continue
    }
    if (recordClass !== zoneClass || isMetaType(type)) return formerr('a prerequisite has a class or type that is none')
    const id = `${type} ${octetsKey(owner)}`
    const entry = wanted.get(id) ?? { record, keys: new Set<string>() }
    wanted.set(id, entry)
    entry.keys.add(octetsKeyOf(type, rdata))
  }
  for (const { record, keys } of wanted.values()) {
    const found = zone.records(record.owner, record.type)
    if (found.length !== keys.size || !found.every(({ rdata }) => keys.has(octetsKeyOf(record.type, rdata))))
      return { rcode: RCODE_NXRRSET, reason: `the ${typeWord(record.type)} records are others` }
  }
  return undefined
}

/** Records compare whole here: a SOA with its serial. */
function octetsKeyOf(type: number, rdata: Uint8Array): string {
  return type === TYPE_SOA ? `${recordKey(type, rdata)} ${serialOfSoa(rdata)}` : recordKey(type, rdata)
}

/** §3.4.1. */
function prescan(zone: WorkingZone, { updates, zoneClass }: UpdateMessage): Refusal | undefined {
  for (const { owner, type, class: recordClass, ttlSeconds, rdata } of updates) {
    if (!isAtOrBelow(owner, zone.apex)) return { rcode: RCODE_NOTZONE, reason: 'a record is not in the zone' }
    if (recordClass === zoneClass) {
      if (isMetaType(type)) return formerr(`type ${typeWord(type)} cannot be added`)
    } else if (recordClass === CLASS_ANY) {
      if (ttlSeconds !== 0 || rdata.length !== 0 || (isMetaType(type) && type !== TYPE_ANY))
        return formerr('a deletion of RRsets is malformed')
    } else if (recordClass === CLASS_NONE) {
      if (ttlSeconds !== 0 || isMetaType(type)) return formerr('a deletion of a record is malformed')
    } else return formerr('a record has a class that is none of the zone, ANY, NONE')
  }
  return undefined
}

/** §3.3, with what is ours: steered types and those of signing. */
function checkPermission(zone: WorkingZone, { updates }: UpdateMessage, scope: UpdateScope): Refusal | undefined {
  const refuse = (reason: string): Refusal => ({ rcode: RCODE_REFUSED, reason })
  for (const { owner, type, class: recordClass, rdata } of updates) {
    const steered = scope.steeredTypes(owner)
    if (type !== TYPE_ANY && steered.has(type) && !isWithdrawal(zone, { owner, type, class: recordClass, rdata }))
      return refuse(`the ${typeWord(type)} records of a name are answered by a policy`)
    if (type === TYPE_CNAME && steered.size > 0 && recordClass !== CLASS_ANY && recordClass !== CLASS_NONE)
      return refuse('a CNAME cannot stand at a name that a policy answers')
    const isAdded = recordClass !== CLASS_ANY && recordClass !== CLASS_NONE
    const isCut = type === TYPE_DNAME || (type === TYPE_NS && octetsKey(owner) !== octetsKey(zone.apex))
    if (isAdded && isCut && ((type === TYPE_NS && steered.size > 0) || scope.hasSteeredBelow(owner)))
      return refuse(`${typeWord(type)} records there would hide a name that a policy answers`)
    if (SIGNING_TYPES.has(type)) return refuse(`${typeWord(type)} records are made by who signs the zone`)
    // Everything at a name: each type that is there and would go. As in BIND, one that may not go refuses the whole update.
    const types = type === TYPE_ANY ? typesThatGo(zone, owner, steered) : [type]
    if (!isNamed(scope, owner)) return refuse('this key may not change that name')
    for (const each of types)
      if (!mayUpdate(scope.rules, scope.keyName, { owner, typeWord: typeWord(each) }))
        return refuse(`this key may not change the ${typeWord(each)} records of that name`)
  }
  return undefined
}

/** True when a deletion at a steered type concerns records of updates, from before the policy: only those may go. */
function isWithdrawal(zone: WorkingZone, { owner, type, class: recordClass, rdata }: Omit<UpdateRecord, 'ttlSeconds'>): boolean {
  const added = zone.added(owner, type)
  if (recordClass === CLASS_ANY) return added.length > 0
  return recordClass === CLASS_NONE && added.some((record) => recordKey(type, record.rdata) === recordKey(type, rdata))
}

/** Types that go with "everything at a name": not SOA and NS of the apex (§3.4.2.3), not those that a policy answers. */
function typesThatGo(zone: WorkingZone, owner: Uint8Array, steered: ReadonlySet<number>): readonly number[] {
  const isApex = octetsKey(owner) === octetsKey(zone.apex)
  return zone.types(owner).filter((type) => !isHeld(type, isApex) && !steered.has(type))
}

/** True when some rule of the key has the name, whatever its types. */
function isNamed({ rules, keyName }: UpdateScope, owner: Uint8Array): boolean {
  const anyType = rules.map((rule) => ({ ...rule, types: ['ANY'] }))
  return mayUpdate(anyType, keyName, { owner, typeWord: 'ANY' })
}

/** §3.4.2.3: SOA and NS at the apex stay. */
function isHeld(type: number, isApex: boolean): boolean {
  return isApex && (type === TYPE_SOA || type === TYPE_NS)
}

/** §3.4.2: one record of the update section. */
function change(zone: WorkingZone, record: UpdateRecord, zoneClass: number, scope: UpdateScope): boolean {
  const { owner, type, class: recordClass, ttlSeconds, rdata } = record
  const isApex = octetsKey(owner) === octetsKey(zone.apex)
  if (recordClass === zoneClass) return add(zone, owner, type, ttlSeconds, rdata, isApex)
  let changed = false
  const steered = scope.steeredTypes(owner)
  if (steered.has(type)) {
    // The static view that the document gives the name stays.
    const gone = recordClass === CLASS_ANY ? zone.added(owner, type) : [{ rdata }]
    for (const each of gone) changed = zone.withdraw(owner, type, each.rdata) || changed
    return changed
  }
  if (recordClass === CLASS_ANY) {
    for (const each of type === TYPE_ANY ? typesThatGo(zone, owner, steered) : [type]) {
      if (isHeld(each, isApex)) continue
      for (const found of zone.records(owner, each)) changed = zone.remove(owner, each, found.rdata) || changed
    }
    return changed
  }
  // §3.4.2.4: the SOA stays, and so does the last NS of the zone.
  if (type === TYPE_SOA) return false
  if (type === TYPE_NS && isApex && zone.records(owner, type).length === 1) return false
  return zone.remove(owner, type, rdata)
}

/** §3.4.2.2. */
function add(zone: WorkingZone, owner: Uint8Array, type: number, ttlSeconds: number, rdata: Uint8Array, isApex: boolean): boolean {
  if (type === TYPE_CNAME) {
    if (zone.types(owner).some((other) => other !== TYPE_CNAME && !BESIDE_CNAME.has(other))) return false
  } else if (!BESIDE_CNAME.has(type) && zone.records(owner, TYPE_CNAME).length > 0) return false
  if (type === TYPE_SOA) {
    const [soa] = zone.records(owner, TYPE_SOA)
    if (!isApex || soa === undefined || !isLaterSerial(serialOfSoa(rdata), serialOfSoa(soa.rdata))) return false
  }
  if (type === TYPE_WKS) {
    for (const other of zone.records(owner, type)) {
      // Of an address and a protocol there is one.
      if (
        octetsKey(other.rdata.subarray(0, 5)) === octetsKey(rdata.subarray(0, 5)) &&
        recordKey(type, other.rdata) !== recordKey(type, rdata)
      )
        zone.remove(owner, type, other.rdata)
    }
  }
  return zone.add(owner, type, rdata, ttlSeconds, type === TYPE_CNAME || type === TYPE_SOA || type === TYPE_DNAME)
}

function formerr(reason: string): Refusal {
  return { rcode: RCODE_FORMERR, reason }
}
