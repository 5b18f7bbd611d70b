/**
 * Updates (RFC 2136) at the one writer. Shell (timer). What arrives while a publish runs, or within a few ms, goes in one generation:
 *
 *   submit ─► waiting ─► turn of the publisher: each in order on the zones under work ─► compile ─► one transaction ─► answers
 *
 * When a batch would make a zone invalid, the updates that its errors name go apart, each alone and few of one key, behind the others;
 * where the errors name none, the batch is halved. So what one client sends wrong costs the others one compile.
 */
import type { UpdateAsk, UpdateVerdict } from '../../../cluster/zone-asks.ts'
import type { Config } from '../../../policy/config/config-schema.ts'
import { isAtOrBelow } from '../../../policy/config/domain-name.ts'
import { applyUpdate } from '../../../resolver/update/apply-update.ts'
import { readUpdate, type UpdateMessage, type UpdateRecord } from '../../../resolver/update/update-message.ts'
import { WorkingZone } from '../../../resolver/update/working-zone.ts'
import { canonicalName, formatName, parseName } from '../../../resolver/wire/name.ts'
import { formatRdata } from '../../../resolver/wire/rdata/rdata-text.ts'
import {
  CLASS_ANY,
  CLASS_IN,
  CLASS_NONE,
  findType,
  RCODE_NOERROR,
  RCODE_REFUSED,
  RCODE_SERVFAIL,
  TYPE_ANY,
  typeWord,
} from '../../../resolver/wire/registry.ts'
import { RCODE_NOTAUTH } from '../../../resolver/wire/tsig.ts'
import type { DynamicRecord } from '../../../resolver/zone/dynamic-layer.ts'
import type { Issue } from '../../contract/issue.ts'
import { ApiError } from '../api-error.ts'
import type { LayerChange, LiveDocument, Publisher } from '../publish/publisher.ts'
import type { ApiLog } from '../server.ts'
import { createDocumentSets } from './document-sets.ts'

/** What a desk works with. */
export type UpdateDeskParts = {
  readonly publisher: Pick<Publisher, 'publishLayers' | 'live' | 'serials'>
  readonly log: ApiLog
  /** How long the first update of a batch waits for others, ms. */
  readonly gatherMs?: number
  /** ms since epoch. */
  readonly now: () => number
}

/** Updates that wait at one time; more are turned away and tried again by their clients. */
const WAITING = 10_000
/** Of one key: the others have room, whatever it sends. */
const WAITING_OF_KEY = 1000
/** Updates of a key that are tried alone in one batch: each takes a compile of its own. */
const TRIED_ALONE = 8
/** Updates of one generation: bounds how long it takes, and its line in the history. */
const BATCH = 1000
const GATHER_MS = 5
/** Changes that the audit spells out, of one update. */
const CHANGES_SHOWN = 20

type Waiting = UpdateAsk & { readonly message: string; readonly update: UpdateMessage; readonly answer: (verdict: UpdateVerdict) => void }
type Outcome = {
  readonly waiting: Waiting
  readonly rcode: number
  readonly reason: string
  readonly zone: string
  readonly changed: boolean
}

/** The desk of a control. */
export class UpdateDesk {
  readonly #parts: UpdateDeskParts
  readonly #sets = createDocumentSets()
  #waiting: Waiting[] = []
  #running = false

  constructor(parts: UpdateDeskParts) {
    this.#parts = parts
  }

  /** Takes an update; resolves when it is durable, or refused. Never rejects. */
  submit(ask: UpdateAsk): Promise<UpdateVerdict> {
    const update = readUpdate(new Uint8Array(Buffer.from(ask.message, 'base64')))
    if (typeof update === 'number') return Promise.resolve({ rcode: update, generation: 0, reason: 'the message is malformed' })
    if (this.#waiting.length >= WAITING)
      return Promise.resolve({ rcode: RCODE_SERVFAIL, generation: 0, reason: `more than ${WAITING} updates wait` })
    if (this.#waiting.length >= WAITING_OF_KEY && this.#waiting.filter(({ keyName }) => keyName === ask.keyName).length >= WAITING_OF_KEY)
      return Promise.resolve({ rcode: RCODE_SERVFAIL, generation: 0, reason: `more than ${WAITING_OF_KEY} updates of this key wait` })
    return new Promise((answer) => {
      this.#waiting.push({ ...ask, update, answer })
      if (this.#running) return
      this.#running = true
      setTimeout(() => void this.#run(), this.#parts.gatherMs ?? GATHER_MS)
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#publish(undefined)
    this.#running = false
  }

  /** One generation of a batch; undefined = all that wait when the turn comes. */
  async #publish(given: readonly Waiting[] | undefined): Promise<void> {
    const { publisher, log } = this.#parts
    let batch = given
    let outcomes: readonly Outcome[] = []
    let isStored = false
    const answer = (generation: number): void => {
      isStored = true
      for (const { waiting, rcode, reason } of outcomes)
        waiting.answer({ rcode, generation: rcode === RCODE_NOERROR ? generation : 0, reason })
    }
    try {
      await publisher.publishLayers((live, dynamic) => {
        batch ??= this.#waiting.splice(0, BATCH)
        const worked = this.#work(batch, live, dynamic)
        outcomes = worked.outcomes
        if (worked.change === undefined) answer(live.generation.number)
        return worked.change
      }, answer)
    } catch (error) {
      // What is stored is stored: it reaches the nodes with the next generation or the next start.
      if (isStored) {
        log.error({ err: error }, 'updates are stored but were not sent to the nodes')
        return
      }
      await this.#failed(batch ?? this.#waiting.splice(0, BATCH), error)
    }
  }

  async #failed(batch: readonly Waiting[], error: unknown): Promise<void> {
    const invalid = error instanceof ApiError && error.code === 'DOCUMENT_INVALID'
    if (invalid && batch.length > 1) {
      const suspects = new Set(suspectsOf(batch, error.extras.issues ?? []))
      if (suspects.size > 0 && suspects.size < batch.length) {
        await this.#publish(batch.filter((waiting) => !suspects.has(waiting)))
        await this.#tryAlone([...suspects])
        return
      }
      const half = batch.length >> 1
      await this.#publish(batch.slice(0, half))
      await this.#publish(batch.slice(half))
      return
    }
    const first = invalid ? (error.extras.issues ?? []).find((issue) => issue.severity === 'error') : undefined
    if (!invalid) this.#parts.log.error({ err: error }, 'updates could not be published')
    for (const waiting of batch)
      waiting.answer(
        invalid
          ? { rcode: RCODE_REFUSED, generation: 0, reason: first?.message ?? 'the zone would not be valid' }
          : { rcode: RCODE_SERVFAIL, generation: 0, reason: 'the update could not be published' },
      )
  }

  async #tryAlone(suspects: readonly Waiting[]): Promise<void> {
    const tried = new Map<string, number>()
    for (const waiting of suspects) {
      const count = (tried.get(waiting.keyName) ?? 0) + 1
      tried.set(waiting.keyName, count)
      if (count <= TRIED_ALONE) await this.#publish([waiting])
      else waiting.answer({ rcode: RCODE_SERVFAIL, generation: 0, reason: 'too many updates of this key cannot be done at this time' })
    }
  }

  /** Does a batch on the zones under work. */
  #work(
    batch: readonly Waiting[],
    live: LiveDocument & { readonly config: Config },
    dynamic: readonly DynamicRecord[],
  ): { readonly outcomes: readonly Outcome[]; readonly change: LayerChange | undefined } {
    const { config } = live
    const serials = this.#parts.publisher.serials()
    const serialOf = new Map(config.zones.map((zone) => [zone.name, zone.serial]))
    const working = new Map<string, WorkingZone>()
    const byApex = new Map(config.zones.map((zone) => [canonicalText(zone.name), zone]))
    const steered = steeredTypes(config)
    const open = (name: string, apex: Uint8Array): WorkingZone => {
      let zone = working.get(name)
      if (zone === undefined) {
        const find = this.#sets(config, name, serialOf.get(name) === 'auto' ? (serials.get(name)?.serial ?? 0) : 0)
        const rows = dynamic.filter((row) => row.zone === name)
        zone = new WorkingZone(name, apex, find, rows)
        working.set(name, zone)
      }
      return zone
    }
    const now = this.#parts.now()
    const outcomes = batch.map((waiting): Outcome => {
      const { update, keyName } = waiting
      // Its client was told that nothing is known of it, and may have done something else since.
      if (now > waiting.expiresAt)
        return { waiting, rcode: RCODE_SERVFAIL, reason: 'the update waited too long and was not done', zone: '', changed: false }
      const zone = byApex.get(formatName(update.zone))
      // RFC 2136 §3.1.2: not a zone of ours, or of another class.
      if (zone === undefined || update.zoneClass !== CLASS_IN)
        return { waiting, rcode: RCODE_NOTAUTH, reason: 'not a zone of ours', zone: '', changed: false }
      const rules = zone.allowUpdate.map((rule) => ({
        ...rule,
        tsigKey: canonicalText(rule.tsigKey),
        names: rule.names.map(canonicalText),
      }))
      const steeredTypes = (owner: Uint8Array): ReadonlySet<number> => steered.get(formatName(owner)) ?? NO_TYPES
      const hasSteeredBelow = (owner: Uint8Array): boolean => {
        const text = formatName(owner)
        return [...steered.keys()].some((name) => name !== text && isAtOrBelow(name, text))
      }
      const result = applyUpdate(open(zone.name, update.zone), update, { rules, keyName, steeredTypes, hasSteeredBelow })
      return { waiting, ...result, zone: zone.name }
    })
    const sets = [...working.entries()].flatMap(([zone, work]) => work.changes().map((set) => ({ zone, ...set })))
    const changing = outcomes.filter(({ changed }) => changed)
    if (sets.length === 0 || changing.length === 0) return { outcomes, change: undefined }
    const authors = [...new Set(changing.map(({ waiting }) => waiting.keyName))]
    const zones = [...new Set(changing.map(({ zone }) => zone))]
    const change = {
      sets,
      expiresAt: Math.min(...changing.map(({ waiting }) => waiting.expiresAt)),
      author: authors.length === 1 ? authors[0]! : `${authors[0]} and ${authors.length - 1} more`,
      comment: `${changing.length === 1 ? 'update' : `${changing.length} updates`} of ${zones.slice(0, 3).join(', ')}${zones.length > 3 ? ' …' : ''}`,
      audit: changing.map(({ waiting, zone }) => ({
        who: waiting.keyName,
        action: 'update',
        object: zone,
        detail: JSON.stringify({ client: waiting.client, changes: describeChanges(waiting.update) }),
      })),
    }
    return { outcomes, change }
  }
}

const NO_TYPES: ReadonlySet<number> = new Set()

/** Updates of names that errors speak of: one of them is to blame, or more. */
function suspectsOf(batch: readonly Waiting[], issues: readonly Issue[]): readonly Waiting[] {
  const named = new Set<string>()
  for (const { severity, message } of issues) {
    // Issues of zones come in words; names stand in quotes.
    if (severity === 'error') for (const [, name] of message.matchAll(/"([^"]+)"/g)) named.add(name!.toLowerCase())
  }
  return batch.filter(({ update }) => update.updates.some(({ owner }) => named.has(formatName(owner))))
}

/** A name of the document as names of messages are written. */
function canonicalText(name: string): string {
  return formatName(canonicalName(parseName(name)))
}

/** Types that policies answer, by owner. */
function steeredTypes(config: Config): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const { name, types } of config.names) {
    const owner = canonicalText(name)
    const known = found.get(owner) ?? new Set<number>()
    found.set(owner, known)
    for (const word of types) {
      const type = findType(word)
      if (type !== undefined) known.add(type)
    }
  }
  return found
}

/** The update section in words, for the audit. */
function describeChanges({ updates }: UpdateMessage): readonly string[] {
  const shown = updates.slice(0, CHANGES_SHOWN).map(describe)
  return updates.length > shown.length ? [...shown, `… ${updates.length - shown.length} more`] : shown
}

function describe({ owner, type, class: recordClass, ttlSeconds, rdata }: UpdateRecord): string {
  const name = formatName(owner)
  const word = type === TYPE_ANY ? 'everything' : typeWord(type)
  if (recordClass === CLASS_ANY) return `delete ${name} ${word}`
  const text = `${name} ${recordClass === CLASS_NONE ? '' : `${ttlSeconds} `}${word} ${formatRdata(type, rdata)}`
  return `${recordClass === CLASS_NONE ? 'delete' : 'add'} ${text.slice(0, 500)}`
}
