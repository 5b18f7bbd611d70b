/**
 * Drafts: one an account, begun on the live generation, kept in the store with every save. Shell around the store.
 * A draft is a whole document; its edits by object work on plain values, so that a draft with mistakes can be corrected bit by bit.
 */
import { createHash } from 'node:crypto'
import type { Store, Draft as StoredDraft } from '../../../policy/store/store.ts'
import type { Change } from '../../contract/change.ts'
import type { Draft } from '../../contract/draft.ts'
import type { PolicyObject } from '../../contract/policy.ts'
import { ApiError } from '../api-error.ts'
import type { DocumentSource } from './document-compiler.ts'
import { diffDocuments } from './document-diff.ts'
import { type Checked, type Publisher, plainValue } from './publisher.ts'
import { RecentDocuments } from './recent-documents.ts'

type PlainDocument = Record<string, unknown>

/** A document to look at or to edit: the draft, or live when there is none. */
export type Desk = {
  readonly of: 'draft' | 'live'
  readonly files: Readonly<Record<string, string>>
  /** Nobody changes it: it is kept for the next look. */
  readonly value: PlainDocument
  readonly baseGeneration: number
  readonly stored: StoredDraft | undefined
}

const EMPTY: PlainDocument = { apiVersion: 'nearcast/v1' }
const SECTIONS = ['zones', 'probes', 'endpoints', 'pools', 'lines', 'policies', 'names', 'tsigKeys'] as const

/** Short digest of a value, for ETags. */
export function etagOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value), 'utf8').digest('hex').slice(0, 24)
}

/** The document of a stored draft. */
export function sourceOf({ documentText, files }: StoredDraft): DocumentSource {
  return { text: documentText, files }
}

/** The drafts of a store. */
export class DraftDesk {
  readonly #store: Store
  readonly #publisher: Publisher
  /** Plain values of drafts. */
  readonly #values = new RecentDocuments<PlainDocument>()

  constructor(store: Store, publisher: Publisher) {
    this.#store = store
    this.#publisher = publisher
  }

  /** What an account sees: its draft when it has one and does not ask for live. */
  open(account: string, of: 'draft' | 'live'): Desk {
    const stored = of === 'draft' ? this.#store.getDraft(account) : undefined
    if (stored !== undefined) {
      const source = sourceOf(stored)
      const value = this.#values.get(source, () => plainValue(source.text))
      return { of: 'draft', files: stored.files, value, baseGeneration: this.#baseOf(stored), stored }
    }
    const live = this.#publisher.live()
    return {
      of: 'live',
      files: live?.files ?? {},
      value: live?.value ?? EMPTY,
      baseGeneration: live?.generation.number ?? 0,
      stored,
    }
  }

  /** What a draft was begun on: live, when only updates came in between. */
  #baseOf({ baseGeneration }: StoredDraft): number {
    const live = this.#store.latestGenerationNumber()
    return baseGeneration !== null && this.#publisher.hasSameDocument(baseGeneration, live) ? live : (baseGeneration ?? 0)
  }

  /** ETag of the whole draft, or of live when there is none. */
  etag(account: string): string {
    const stored = this.#store.getDraft(account)
    return stored === undefined ? `live-${this.#store.latestGenerationNumber()}` : `draft-${stored.version}-${stored.updatedAt}`
  }

  /** The draft as the API shows it. */
  async view(account: string): Promise<Draft> {
    const desk = this.open(account, 'draft')
    return {
      exists: desk.of === 'draft',
      baseGeneration: desk.baseGeneration,
      liveGeneration: this.#store.latestGenerationNumber(),
      savedAt: desk.stored === undefined ? null : new Date(desk.stored.updatedAt).toISOString(),
      etag: this.etag(account),
      changes: await this.changes(desk),
      issues: (await this.check(desk)).issues,
    }
  }

  /** Base → draft. */
  async changes(desk: Desk): Promise<readonly Change[]> {
    if (desk.of === 'live') return []
    const checked = await this.check(desk)
    // Compared in canonical form when it has one: another spelling of the same is no change.
    return diffDocuments(await this.#baseValue(desk), checked.value ?? desk.value)
  }

  /** What is wrong with a document, and its canonical form. Live was read when it was published. */
  async check(desk: Desk): Promise<Pick<Checked, 'issues' | 'config' | 'value' | 'digest'>> {
    if (desk.stored !== undefined) return this.#publisher.check(sourceOf(desk.stored))
    const live = this.#publisher.live()
    if (live === undefined) return this.#publisher.check({ text: JSON.stringify(EMPTY), files: {} })
    const { config, value, issues, generation } = live
    return { issues, config, value: config && value, digest: generation.canonicalDigest }
  }

  /** Replaces the draft; begins one when there is none. */
  save(account: string, source: DocumentSource): void {
    const desk = this.open(account, 'draft')
    this.#store.saveDraft(
      { account, documentText: source.text, files: source.files, baseGeneration: desk.baseGeneration || null },
      desk.stored?.version ?? 0,
    )
  }

  /** Writes one policy into the draft, or removes it (`undefined`). */
  savePolicy(account: string, id: string, policy: PolicyObject | undefined): void {
    const desk = this.open(account, 'draft')
    const policies = policiesOf(desk.value)
    const at = policies.findIndex((other) => other.id === id)
    if (policy === undefined) policies.splice(at, at < 0 ? 0 : 1)
    else if (at < 0) policies.push(policy)
    else policies[at] = policy
    const value = { ...desk.value, policies }
    const source = { text: JSON.stringify(value, null, 2), files: desk.files }
    this.#values.get(source, () => value)
    this.save(account, source)
  }

  /** Throws the draft away; true when there was one. */
  discard(account: string): boolean {
    return this.#store.deleteDraft(account)
  }

  /** Moves the draft onto the live generation, object by object. Throws DRAFT_CONFLICT when both changed the same object. */
  async rebase(account: string): Promise<void> {
    const desk = this.open(account, 'draft')
    const live = this.#publisher.live()
    if (desk.stored === undefined || live === undefined || desk.baseGeneration === live.generation.number) return
    const { merged, conflicts } = mergeDocuments(await this.#baseValue(desk), (await this.check(desk)).value ?? desk.value, live.value)
    if (conflicts.length > 0) {
      const names = conflicts.map((conflict) => `${conflict.section} ${conflict.object}`)
      const both = diffDocuments(live.value, desk.value).filter((change) => names.includes(`${change.section} ${change.object}`))
      const message = `live ${live.generation.number} and the draft both changed ${[...new Set(names)].join(', ')}`
      throw new ApiError('DRAFT_CONFLICT', message, { liveGeneration: live.generation.number, changes: both })
    }
    this.#store.saveDraft(
      {
        account,
        documentText: JSON.stringify(merged, null, 2),
        files: { ...live.files, ...desk.files },
        baseGeneration: live.generation.number,
      },
      desk.stored.version,
    )
  }

  async #baseValue(desk: Desk): Promise<PlainDocument> {
    if (desk.baseGeneration === 0) return EMPTY
    return (await this.#publisher.generation(desk.baseGeneration))?.value ?? EMPTY
  }
}

/** The policies of a plain document. */
export function policiesOf(value: PlainDocument): PolicyObject[] {
  const list = Array.isArray(value.policies) ? (value.policies as unknown[]) : []
  return list.filter((policy) => typeof policy === 'object' && policy !== null) as PolicyObject[]
}

/** Three-way merge by object: what only one side changed is taken from it. */
export function mergeDocuments(
  base: PlainDocument,
  draft: PlainDocument,
  live: PlainDocument,
): { readonly merged: PlainDocument; readonly conflicts: readonly { readonly section: string; readonly object: string }[] } {
  const conflicts: { section: string; object: string }[] = []
  const merged: PlainDocument = { ...live }
  const choose = (section: string, object: string, was: unknown, mine: unknown, theirs: unknown): unknown => {
    if (same(mine, was) || same(mine, theirs)) return theirs
    if (same(theirs, was)) return mine
    conflicts.push({ section, object })
    return theirs
  }
  for (const section of SECTIONS) {
    const [was, mine, theirs] = [base, draft, live].map((document) => objectsOf(section, document[section]))
    const ids = new Set([...theirs!.keys(), ...mine!.keys()])
    const list = [...ids]
      .map((id) => choose(section, id, was!.get(id), mine!.get(id), theirs!.get(id)))
      .filter((object) => object !== undefined)
    if (list.length > 0) merged[section] = list
    else delete merged[section]
  }
  for (const key of ['geodata', 'options', 'files']) {
    const value = choose(key, key, base[key], draft[key], live[key])
    if (value === undefined) delete merged[key]
    else merged[key] = value
  }
  return { merged, conflicts }
}

function objectsOf(section: string, list: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const object of Array.isArray(list) ? (list as Record<string, unknown>[]) : []) {
    found.set(section === 'names' ? `${String(object?.name)} ${String(object?.types)}` : String(object?.id ?? object?.name), object)
  }
  return found
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
