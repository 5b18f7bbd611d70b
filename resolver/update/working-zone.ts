/**
 * A zone as updates see it: the records of its document under its dynamic layer, changed in place. Pure. RRsets are values: a change puts
 * another in their place.
 */
import { canonicalName, parseName } from '../wire/name.ts'
import { TYPE_SOA } from '../wire/registry.ts'
import { type DynamicRecord, octetsKey, recordKey, rowOwner } from '../zone/dynamic-layer.ts'

/** One record of an RRset. */
export type SetRecord = { readonly rdata: Uint8Array; readonly ttlSeconds: number }
/** RRsets of one owner in the document, by type; undefined when it owns none there. */
export type FindDocumentSets = (owner: Uint8Array) => ReadonlyMap<number, readonly SetRecord[]> | undefined

type LayerSet = {
  readonly added: ReadonlyMap<string, SetRecord>
  readonly removed: ReadonlyMap<string, Uint8Array>
}

const NO_SET: LayerSet = { added: new Map(), removed: new Map() }

/** A zone under work. */
export class WorkingZone {
  readonly apex: Uint8Array
  readonly #name: string
  readonly #find: FindDocumentSets
  readonly #layer = new Map<string, Map<number, LayerSet>>()
  readonly #owners = new Map<string, Uint8Array>()
  /** RRsets that changed since the layer was loaded: owner key and type. */
  readonly #changed = new Map<string, { readonly owner: Uint8Array; readonly type: number }>()

  /** `name` is the zone as its rows name it. */
  constructor(name: string, apex: Uint8Array, find: FindDocumentSets, rows: readonly DynamicRecord[]) {
    this.#name = name
    this.apex = apex
    this.#find = find
    const building = new Map<string, { added: Map<string, SetRecord>; removed: Map<string, Uint8Array> }>()
    for (const { owner: text, type, rdata, kind, ttlSeconds } of rows) {
      const owner = canonicalName(parseName(text))
      const id = `${type} ${octetsKey(owner)}`
      let set = building.get(id)
      if (set === undefined) {
        set = { added: new Map(), removed: new Map() }
        building.set(id, set)
        this.#put(owner, type, set)
      }
      if (kind === 'added') set.added.set(recordKey(type, rdata), { rdata, ttlSeconds })
      else set.removed.set(recordKey(type, rdata), rdata)
    }
  }

  /** Types that a name owns now, in no order. */
  types(owner: Uint8Array): readonly number[] {
    const types = new Set([...(this.#find(owner)?.keys() ?? []), ...(this.#layer.get(octetsKey(owner))?.keys() ?? [])])
    return [...types].filter((type) => this.records(owner, type).length > 0)
  }

  /** Records of an RRset now; empty = there is none. */
  records(owner: Uint8Array, type: number): readonly SetRecord[] {
    const document = this.#find(owner)?.get(type) ?? []
    const set = this.#layer.get(octetsKey(owner))?.get(type)
    if (set === undefined) return document
    const own = [...set.added.values()]
    if (type === TYPE_SOA) {
      const isReplaced = own.length > 0 && document.some(({ rdata }) => set.removed.has(recordKey(type, rdata)))
      return isReplaced ? own : document
    }
    const ttlSeconds = own[0]?.ttlSeconds
    const left = document
      .filter(({ rdata }) => !set.removed.has(recordKey(type, rdata)) && !set.added.has(recordKey(type, rdata)))
      .map((record) => (ttlSeconds === undefined ? record : { ...record, ttlSeconds }))
    return [...left, ...own]
  }

  /** Adds a record, or gives it (and its RRset) another TTL. `alone` takes all others of the RRset away first. False = nothing changed. */
  add(owner: Uint8Array, type: number, rdata: Uint8Array, ttlSeconds: number, alone: boolean = false): boolean {
    const key = recordKey(type, rdata)
    const before = this.records(owner, type)
    const same = before.find((record) => recordKey(type, record.rdata) === key)
    const isKept = same !== undefined && before.every((record) => record.ttlSeconds === ttlSeconds)
    if (isKept && type !== TYPE_SOA && (!alone || before.length === 1)) return false
    const document = this.#find(owner)?.get(type) ?? []
    const set = this.#layer.get(octetsKey(owner))?.get(type) ?? NO_SET
    const added = new Map<string, SetRecord>()
    const removed = new Map(set.removed)
    if (!alone) for (const [other, record] of set.added) added.set(other, { ...record, ttlSeconds })
    if (alone) for (const record of document) removed.set(recordKey(type, record.rdata), record.rdata)
    // A SOA stands beside the one that it hides, by the same key.
    if (type !== TYPE_SOA) removed.delete(key)
    added.set(key, { rdata, ttlSeconds })
    this.#change(owner, type, { added, removed })
    return true
  }

  /** Removes a record. False = there is none. */
  remove(owner: Uint8Array, type: number, rdata: Uint8Array): boolean {
    const key = recordKey(type, rdata)
    if (!this.records(owner, type).some((record) => recordKey(type, record.rdata) === key)) return false
    const set = this.#layer.get(octetsKey(owner))?.get(type) ?? NO_SET
    const added = new Map(set.added)
    const removed = new Map(set.removed)
    added.delete(key)
    // Only what the document has must be hidden: the rows of a zone whose names come and go stay few.
    const ofDocument = (this.#find(owner)?.get(type) ?? []).find((record) => recordKey(type, record.rdata) === key)
    if (ofDocument !== undefined) removed.set(key, ofDocument.rdata)
    this.#change(owner, type, { added, removed })
    return true
  }

  /** Records of an RRset that updates added. */
  added(owner: Uint8Array, type: number): readonly SetRecord[] {
    return [...(this.#layer.get(octetsKey(owner))?.get(type)?.added.values() ?? [])]
  }

  /** Takes back what an update added; the document's own records stay as they are. False = no update added it. */
  withdraw(owner: Uint8Array, type: number, rdata: Uint8Array): boolean {
    const set = this.#layer.get(octetsKey(owner))?.get(type) ?? NO_SET
    const added = new Map(set.added)
    if (!added.delete(recordKey(type, rdata))) return false
    this.#change(owner, type, { added, removed: set.removed })
    return true
  }

  /** RRsets of the layer that changed, with their rows. */
  changes(): readonly { readonly owner: string; readonly type: number; readonly rows: readonly DynamicRecord[] }[] {
    return [...this.#changed.values()].map(({ owner, type }) => ({ owner: rowOwner(owner), type, rows: this.#rowsOf(owner, type) }))
  }

  /** All rows of the layer. */
  rows(): readonly DynamicRecord[] {
    return [...this.#layer].flatMap(([key, types]) => [...types.keys()].flatMap((type) => this.#rowsOf(this.#owners.get(key)!, type)))
  }

  #rowsOf(owner: Uint8Array, type: number): readonly DynamicRecord[] {
    const set = this.#layer.get(octetsKey(owner))?.get(type) ?? NO_SET
    const row = { zone: this.#name, owner: rowOwner(owner), type }
    return [
      ...[...set.added.values()].map(({ rdata, ttlSeconds }) => ({ ...row, rdata, kind: 'added' as const, ttlSeconds })),
      ...[...set.removed.values()].map((rdata) => ({ ...row, rdata, kind: 'removed' as const, ttlSeconds: 0 })),
    ]
  }

  #change(owner: Uint8Array, type: number, set: LayerSet): void {
    this.#changed.set(`${type} ${octetsKey(owner)}`, { owner, type })
    this.#put(owner, type, set)
  }

  #put(owner: Uint8Array, type: number, set: LayerSet): void {
    const key = octetsKey(owner)
    const types = this.#layer.get(key) ?? new Map<number, LayerSet>()
    this.#layer.set(key, types)
    this.#owners.set(key, owner)
    types.set(type, set)
  }
}
