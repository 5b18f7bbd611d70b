/**
 * The one way to a new generation. Everything that changes what nodes serve (apply, draft, roll back, a document at start) comes here.
 *
 *   text ─ parse (thread) ─► Config ─ serials ─ compile (thread) ─► Snapshot ─ guards ─► warnings accepted?
 *        ─► store (synchronous, durable) ─► snapshot file ─► nodes ─► acks
 *
 * Updates and transfers in come by publishLayers: the document stays, dynamic layers change, and a generation is made of both.
 * New geodata comes by publishGeodata: document and layers stay.
 *
 * One at a time: publishes wait for each other. Until the store has the generation nothing has happened; from then on it survives
 * `kill -9`, and republish() at the next start brings it to the nodes. The live generation is untouched by anything that fails before.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetHub } from '../../../cluster/fleet-transport.ts'
import type { Geodata } from '../../../geodata/geodata.ts'
import type { Config } from '../../../policy/config/config-schema.ts'
import { parseConfig } from '../../../policy/config/parse-config.ts'
import { readYaml } from '../../../policy/config/read-yaml.ts'
import { documentValue } from '../../../policy/config/write-config.ts'
import type { Generation, NewAuditEntry, Store, StoredZone, TransferredZone } from '../../../policy/store/store.ts'
import type { Snapshot } from '../../../resolver/snapshot/snapshot.ts'
import { loadSnapshot, saveSnapshot } from '../../../resolver/snapshot/snapshot-file.ts'
import { share } from '../../../resolver/transfer/zone-diff.ts'
import { type DynamicRecord, layerText } from '../../../resolver/zone/dynamic-layer.ts'
import type { Change } from '../../contract/change.ts'
import type { Move } from '../../contract/draft.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { Issue } from '../../contract/issue.ts'
import type { PublishAnswer } from '../../contract/publish.ts'
import { ApiError } from '../api-error.ts'
import type { ApiLog } from '../server.ts'
import {
  type CompileOutcome,
  type DocumentCompiler,
  type DocumentSource,
  isLargeDocument,
  type ParsedDocument,
} from './document-compiler.ts'
import { diffDocuments } from './document-diff.ts'
import { hasErrors, viewIssue, warningCodes } from './issue-view.ts'
import { findMovement, type PolicyMovement, type Side } from './moved-addresses.ts'
import { checkGuards } from './publish-guards.ts'
import { type Holders, rankNow, settleHolders } from './ranking-of-now.ts'
import { isSameSource, RecentDocuments } from './recent-documents.ts'
import { withSets, writtenLayers } from './written-layers.ts'
import { assignSerials, keepContentDigests, type ZoneSerial } from './zone-serials.ts'

/** Geodata and the file it was read from. */
export type GeodataInUse = { readonly geodata: Geodata; readonly geodataPath: string }

/** New geodata to go live under the document that is live. */
export type GeodataChange = GeodataInUse & {
  readonly account: string
  readonly comment: string
  /** For the audit, besides the two digests. */
  readonly detail: string
  /** Called in the transaction that stores the generation: notes what is live. */
  readonly record: () => void
}

/** What the publisher works with. */
export type PublisherParts = {
  readonly store: Store
  readonly compiler: DocumentCompiler
  readonly hub: Pick<FleetHub, 'publish'>
  /** The geodata in use at the start and its file. */
  readonly geodata: Geodata
  readonly geodataPath: string
  /** Folder of the snapshot files. */
  readonly snapshotFolder: string
  /** Scores of now; null = no node answers. */
  readonly scores: () => Promise<readonly HealthScore[] | null>
  /** Who holds each pool now, by incumbentKey; empty = not known. */
  readonly incumbents: () => Promise<Holders>
  /** Called after each publish. */
  readonly onPublished: (generation: number, account: string, comment: string) => void
  readonly now: () => number
  readonly log: ApiLog
}

/** Where a publish comes from. */
export type PublishOrigin = 'document' | 'draft' | 'rollback'

/** A wish to publish. */
export type PublishWish = DocumentSource & {
  readonly account: string
  readonly comment: string
  /** Codes of warnings acknowledged; `all` passes every warning (the first document of a fresh start). */
  readonly accept: readonly string[] | 'all' | 'document'
  /** Generation that the wish is an edit of; null = the newest that came as a whole document. */
  readonly basedOn: number | null
  readonly force: boolean
  readonly origin: PublishOrigin
  /** The dynamic layers become what the document says (`dynamicRecords`) [they stay]. */
  readonly replaceDynamic?: boolean
}

/** A change of dynamic layers. */
export type LayerChange = {
  /** RRsets of layers with all their rows from now on. */
  readonly sets: readonly {
    readonly zone: string
    readonly owner: string
    readonly type: number
    readonly rows: readonly DynamicRecord[]
  }[]
  /** Secondary zones with new content. */
  readonly transferred?: readonly TransferredZone[]
  /** ms since epoch: not stored later than this, but refused with PUBLISH_FAILED; absent = whenever. */
  readonly expiresAt?: number
  readonly author: string
  readonly comment: string
  readonly audit: readonly NewAuditEntry[]
}

/** A document judged without keeping anything. */
export type Judgement = {
  readonly issues: readonly Issue[]
  readonly digest: string
  readonly config: Config | undefined
  readonly snapshot: Snapshot | undefined
  readonly serials: Readonly<Record<string, ZoneSerial>>
  readonly movedPercent: number | null
  readonly moves: readonly Move[]
}

/** What other geodata would do to the answers of the live document. */
export type GeodataJudgement = { readonly before: Side; readonly after: Side; readonly movement: readonly PolicyMovement[] }

/** A document that was only read. */
export type Checked = ParsedDocument & {
  /** Canonical form as plain values, defaults left out. */
  readonly value: Record<string, unknown> | undefined
}

/** The live document, parsed. */
export type LiveDocument = {
  readonly generation: Generation
  /** Undefined: it was published by an older version and is not valid for this one; nodes go on with what they have. */
  readonly config: Config | undefined
  /** Plain values, defaults left out. */
  readonly value: Record<string, unknown>
  readonly files: Readonly<Record<string, string>>
  readonly issues: readonly Issue[]
}

/** How long a publish waits for the nodes' answers. */
const ACK_TIMEOUT_MS = 10_000
/** Snapshot files kept, the live one included. */
const SNAPSHOTS_KEPT = 3
/** Setting: newest generation that came as a whole document. */
const LAST_DOCUMENT = 'publish.lastDocumentGeneration'

/** Publishes, one at a time. */
export class Publisher {
  readonly #parts: PublisherParts
  #queue: Promise<unknown> = Promise.resolve()
  #live: LiveDocument | undefined
  // The last one that was asked for: the base of drafts, again and again.
  #earlier: LiveDocument | undefined
  /** Live snapshot: what the guards compare with. Its bytes do not hold the generation. */
  #snapshot: Snapshot | undefined
  /** Serials given to all zones there ever were. */
  #given: ReadonlyMap<string, StoredZone> | undefined
  /** Dynamic layers of the live generation. */
  #dynamic: readonly DynamicRecord[] | undefined
  #transferred: ReadonlyMap<string, TransferredZone> | undefined
  #compiled: { readonly source: DocumentSource; readonly key: string; readonly outcome: CompileOutcome } | undefined
  readonly #documents = new RecentDocuments<Promise<ParsedDocument>>()
  #inUse: GeodataInUse

  constructor(parts: PublisherParts) {
    this.#parts = parts
    this.#inUse = { geodata: parts.geodata, geodataPath: parts.geodataPath }
  }

  /** The geodata in use. */
  geodataInUse(): GeodataInUse {
    return this.#inUse
  }

  /**
   * Reads what is live in the compile thread when it is large, so that nobody has to do it in this one. To be waited for once, at the
   * start; a failure only means that live() reads it.
   */
  async open(): Promise<void> {
    const generation = this.#parts.store.latestGeneration()
    if (generation === undefined || !isLargeDocument(sourceOf(generation))) return
    try {
      this.#live = liveDocument(generation, await this.#parse(sourceOf(generation)))
    } catch (error) {
      this.#parts.log.error({ err: error }, 'the compile thread could not read the live document')
    }
  }

  /** The live document; undefined before the first publish. */
  live(): LiveDocument | undefined {
    const number = this.#parts.store.latestGenerationNumber()
    if (number === 0) return undefined
    if (this.#live?.generation.number === number) return this.#live
    const generation = this.#parts.store.latestGeneration()!
    this.#live = liveDocument(generation, parseHere(sourceOf(generation)))
    return this.#live
  }

  /** A generation, read; undefined = there is none with this number. */
  async generation(number: number): Promise<LiveDocument | undefined> {
    if (this.live()?.generation.number === number) return this.live()
    if (this.#earlier?.generation.number === number) return this.#earlier
    const { store } = this.#parts
    // One that is kept no more, because only layers changed with it, had the document of the one before it.
    const generation = store.getGeneration(number) ?? store.getGeneration(store.documentNumberOf(number))
    if (generation === undefined) return undefined
    this.#earlier = liveDocument(generation, await this.#parse(sourceOf(generation)))
    return this.#earlier
  }

  /** Dynamic layers of the live generation, by zone, owner, type and octets. */
  dynamic(): readonly DynamicRecord[] {
    this.#dynamic ??= this.#parts.store.listDynamicRecords()
    return this.#dynamic
  }

  /** The last serial given to each zone, by name; they are those of the live generation for its zones. */
  serials(): ReadonlyMap<string, ZoneSerial> {
    this.#given ??= this.#parts.store.listZoneSerials()
    return this.#given
  }

  /** Secondary zones of the live generation, by name. */
  transferred(): ReadonlyMap<string, TransferredZone> {
    this.#transferred ??= new Map(this.#parts.store.listTransferredZones().map((zone) => [zone.zone, shared(zone)]))
    return this.#transferred
  }

  /** The live snapshot; undefined until the first publish of this process. */
  snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /** Notes that a primary has nothing newer than what is here. */
  touchTransferred(name: string): void {
    const zone = this.transferred().get(name)
    if (zone === undefined) return
    const refreshedAt = this.#parts.now()
    this.#parts.store.touchTransferredZone(name, refreshedAt)
    this.#transferred = new Map([...this.transferred(), [name, { ...zone, refreshedAt }]])
  }

  /** True when both generations have the same document: updates in between change nothing that an edit is based on. */
  hasSameDocument(one: number, other: number): boolean {
    const { store } = this.#parts
    return one === other || (one !== 0 && store.documentNumberOf(one) === store.documentNumberOf(other))
  }

  /** Reads only: for every change of a draft. */
  async check(source: DocumentSource): Promise<Checked> {
    const parsed = await this.#parse(source)
    return { ...parsed, value: parsed.config && plainOf(parsed.config) }
  }

  /** Reads, compiles, and applies the guards; keeps nothing. */
  async judge(source: DocumentSource): Promise<Judgement> {
    return this.#judge(source, await this.#parse(source))
  }

  /** A document as the compile thread reads it; one that was read lately is not read again. */
  async #parse(source: DocumentSource): Promise<ParsedDocument> {
    const reading = this.#documents.get(source, () => this.#parts.compiler.parse(source))
    try {
      const parsed = await reading
      if (parsed.config !== undefined) keepContentDigests(parsed.config, parsed.contentDigests)
      return parsed
    } catch (error) {
      // The thread is gone, not the document wrong.
      this.#documents.drop(reading)
      throw error
    }
  }

  async #judge(source: DocumentSource, parsed: ParsedDocument, dynamic: readonly DynamicRecord[] = this.dynamic()): Promise<Judgement> {
    const nothing = { digest: '', config: undefined, snapshot: undefined, serials: {}, movedPercent: null, moves: [] }
    const { config, digest } = parsed
    if (config === undefined) return { ...nothing, issues: parsed.issues }
    const { store } = this.#parts
    const serials = assignSerials(config, (zone) => this.serials().get(zone), this.#parts.now(), dynamic, digestsOf(this.transferred()))
    const document = { source, config, digest }
    const compiled = await this.#compile(document, store.latestGenerationNumber() + 1, serials, dynamic, this.transferred())
    const issues = [...parsed.issues, ...compiled.issues]
    if (compiled.snapshot === undefined || hasErrors(issues)) return { ...nothing, config, digest, issues }
    const guards = await this.#guard(config, compiled.snapshot)
    return { config, digest, snapshot: compiled.snapshot, serials, ...guards, issues: [...issues, ...guards.issues] }
  }

  /** Publishes. Throws DOCUMENT_INVALID, DOCUMENT_NOT_BASED_ON_LIVE, DRAFT_NOT_BASED_ON_LIVE, PUBLISH_WARNINGS. */
  publish(wish: PublishWish): Promise<PublishAnswer> {
    const turn = this.#queue.then(() => this.#publishNow(wish))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /**
   * Publishes a change of dynamic layers. `prepare` is called when the turn comes, with what is live then; undefined = nothing to do.
   * `onStored` is called when the change is durable, before nodes have it. Throws DOCUMENT_INVALID when the zones would not be valid:
   * nothing has happened then.
   */
  publishLayers(
    prepare: (live: LiveDocument & { readonly config: Config }, dynamic: readonly DynamicRecord[]) => LayerChange | undefined,
    onStored: (generation: number) => void,
  ): Promise<void> {
    const turn = this.#queue.then(() => this.#publishLayersNow(prepare, onStored))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #publishLayersNow(
    prepare: (live: LiveDocument & { readonly config: Config }, dynamic: readonly DynamicRecord[]) => LayerChange | undefined,
    onStored: (generation: number) => void,
  ): Promise<void> {
    const { store, log } = this.#parts
    const live = this.live()
    if (live?.config === undefined) throw new ApiError('PUBLISH_FAILED', 'no document is live')
    const { config } = live
    const change = prepare({ ...live, config }, this.dynamic())
    if (change === undefined) return
    const { canonicalDigest, number, documentNumber } = live.generation
    const dynamic = withSets(this.dynamic(), change.sets)
    const transferred = new Map([...this.transferred(), ...(change.transferred ?? []).map((zone) => [zone.zone, shared(zone)] as const)])
    const serials = assignSerials(config, (zone) => this.serials().get(zone), this.#parts.now(), dynamic, digestsOf(transferred))
    const raised = this.#raised(serials)
    const compiled = await this.#compile(documentOf(live.generation, config), number + 1, serials, dynamic, transferred)
    const { snapshot } = compiled
    if (snapshot === undefined) throw invalid(compiled.issues)
    if (this.#parts.now() > (change.expiresAt ?? Number.POSITIVE_INFINITY))
      throw new ApiError('PUBLISH_FAILED', 'the compile ended when nobody waited for it any more')
    const saved = store.transaction(() => {
      for (const [zone, given] of Object.entries(raised)) store.setZoneSerial(zone, given.serial, given.contentDigest)
      for (const { zone, owner, type, rows } of change.sets) store.replaceDynamicSet(zone, owner, type, rows)
      for (const zone of change.transferred ?? []) store.saveTransferredZone(zone)
      for (const entry of change.audit) store.appendAudit({ ...entry, beforeDigest: canonicalDigest, afterDigest: canonicalDigest })
      const generation = {
        documentText: live.generation.documentText,
        files: live.generation.files,
        documentNumber,
        canonicalDigest,
        snapshotDigest: snapshot.digest,
        author: change.author,
        comment: change.comment,
        acceptedIssues: live.generation.acceptedIssues,
        basedOn: number,
        movedPercent: 0,
        zones: raised,
      }
      return store.saveGeneration(generation, { expectedLatest: number })
    })
    this.#live = { ...live, generation: saved }
    this.#given = new Map([...this.serials(), ...Object.entries(raised)])
    this.#dynamic = dynamic
    this.#transferred = transferred
    log.info({ generation: saved.number, account: change.author, origin: 'update' }, 'generation stored')
    onStored(saved.number)
    await this.#send(saved, snapshot)
    this.#parts.onPublished(saved.number, change.author, change.comment)
  }

  /**
   * Makes other geodata the one in use: a generation with the live document, compiled with it. Throws DOCUMENT_INVALID when the
   * document has an error with it (a rule that fits nobody is none); nothing has happened then. Returns the generation's number,
   * 0 before the first publish.
   */
  publishGeodata(change: GeodataChange): Promise<number> {
    const turn = this.#queue.then(() => this.#publishGeodataNow(change))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #publishGeodataNow(change: GeodataChange): Promise<number> {
    const { store, log } = this.#parts
    const { geodata, geodataPath } = change
    const live = this.live()
    const audit: NewAuditEntry = {
      who: change.account,
      action: 'publish.geodata',
      object: String((live?.generation.number ?? 0) + 1),
      detail: JSON.stringify({ comment: change.comment, from: this.#inUse.geodata.digest, to: geodata.digest, note: change.detail }),
    }
    if (live?.config === undefined) {
      store.transaction(() => {
        change.record()
        store.appendAudit(audit)
      })
      this.#inUse = { geodata, geodataPath }
      this.#compiled = undefined
      return 0
    }
    const { canonicalDigest, number, documentNumber } = live.generation
    const serials = this.#serialsOf(live.config)
    const document = documentOf(live.generation, live.config)
    const compiled = await this.#compile(document, number + 1, serials, this.dynamic(), this.transferred(), geodataPath)
    const { snapshot } = compiled
    if (snapshot === undefined) throw invalid(compiled.issues)
    const saved = store.transaction(() => {
      change.record()
      const generation = {
        documentText: live.generation.documentText,
        files: live.generation.files,
        documentNumber,
        canonicalDigest,
        snapshotDigest: snapshot.digest,
        author: change.account,
        comment: change.comment,
        acceptedIssues: live.generation.acceptedIssues,
        basedOn: number,
        movedPercent: 0,
      }
      const options = { expectedLatest: number, audit: { ...audit, beforeDigest: canonicalDigest, afterDigest: canonicalDigest } }
      return store.saveGeneration(generation, options)
    })
    this.#live = { ...live, generation: saved }
    this.#inUse = { geodata, geodataPath }
    log.info({ generation: saved.number, account: change.account, origin: 'geodata', geodata: geodata.digest }, 'generation stored')
    await this.#send(saved, snapshot)
    this.#parts.onPublished(saved.number, change.account, change.comment)
    return saved.number
  }

  /**
   * What the live document would answer with other geodata: who moves, and the two sides, which decide for single addresses. Undefined
   * before the first publish, or when nothing of it is known.
   */
  async judgeGeodata({ geodataPath }: Pick<GeodataInUse, 'geodataPath'>): Promise<GeodataJudgement | undefined> {
    const live = this.live()
    const before = this.#snapshot
    if (live?.config === undefined || before === undefined) return undefined
    const { config, generation } = live
    const { number, zones } = generation
    const document = documentOf(generation, config)
    const compiled = await this.#compile(document, number + 1, zones, this.dynamic(), this.transferred(), geodataPath)
    if (compiled.snapshot === undefined) throw invalid(compiled.issues)
    const [scores, holders] = await Promise.all([this.#parts.scores(), this.#parts.incumbents()])
    const settled = settleHolders(before.meta.rankPlan, compiled.snapshot.meta.rankPlan, scores ?? [], holders)
    const sides = {
      before: sideOf(config, before, scores ?? [], holders),
      after: sideOf(config, compiled.snapshot, scores ?? [], settled),
    }
    return { ...sides, movement: findMovement(sides.before, sides.after, this.#inUse.geodata) }
  }

  /** Brings the newest generation to the nodes, compiling it again when its snapshot file cannot be used. Returns its number, 0 = none. */
  republish(): Promise<number> {
    const turn = this.#queue.then(() => this.#republishNow())
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /**
   * Has the live document compiled, when it is large, for nothing but what the compile thread keeps of it, so that the first change after a
   * start takes no longer than others. Waited for by nobody.
   */
  warmUp(): void {
    const live = this.live()
    if (live?.config === undefined || !isLargeDocument(sourceOf(live.generation))) return
    const serials = this.#serialsOf(live.config)
    const warm = this.#compile(
      documentOf(live.generation, live.config),
      live.generation.number,
      serials,
      this.dynamic(),
      this.transferred(),
    )
    warm.catch((error: unknown) => this.#parts.log.warn({ err: error }, 'what is live could not be compiled'))
  }

  /** Changes from the live document to another. */
  changesFromLive(value: Record<string, unknown>): readonly Change[] {
    return diffDocuments(this.live()?.value ?? {}, value)
  }

  async #publishNow(wish: PublishWish): Promise<PublishAnswer> {
    const { store, log } = this.#parts
    const live = this.live()
    const source = sourceOf({ documentText: wish.text, files: wish.files })
    const parsed = await this.#parse(source)
    const { config } = parsed
    if (config === undefined) throw invalid(parsed.issues)
    this.#refuseStale(wish, live, config)
    const dynamic = wish.replaceDynamic === true ? writtenLayers(config) : this.dynamic()
    const keepsLayers = wish.replaceDynamic !== true || layerText(dynamic) === layerText(this.dynamic())
    if (live !== undefined && live.generation.canonicalDigest === parsed.digest && keepsLayers) {
      const { number, snapshotDigest } = live.generation
      if (wish.origin === 'draft') store.deleteDraft(wish.account)
      return { generation: number, digest: parsed.digest, snapshotDigest, nodes: [], issues: parsed.issues, changed: false }
    }
    const judged = await this.#judge(source, parsed, dynamic)
    if (judged.snapshot === undefined) throw invalid(judged.issues)
    const accepted = await this.#acceptWarnings(wish, { source, config, digest: parsed.digest }, parsed.issues, judged.issues, dynamic)
    const { snapshot } = judged
    const raised = this.#raised(judged.serials)
    const secondary = new Set(config.zones.filter((zone) => zone.primaries.length > 0).map((zone) => zone.name))
    const left = [...this.transferred().keys()].filter((name) => !secondary.has(name))
    const saved = store.transaction(() => {
      // A zone that is secondary again one day is transferred again: what it was by then is of no use.
      for (const zone of left) store.deleteTransferredZone(zone)
      for (const [zone, given] of Object.entries(raised)) store.setZoneSerial(zone, given.serial, given.contentDigest)
      const generation = store.saveGeneration(
        {
          documentText: wish.text,
          files: wish.files,
          canonicalDigest: judged.digest,
          snapshotDigest: snapshot.digest,
          author: wish.account,
          comment: wish.comment,
          acceptedIssues: accepted,
          basedOn: live?.generation.number ?? null,
          movedPercent: judged.movedPercent,
          zones: raised,
        },
        {
          expectedLatest: live?.generation.number ?? 0,
          audit: {
            who: wish.account,
            action: `publish.${wish.origin}`,
            object: String((live?.generation.number ?? 0) + 1),
            detail: JSON.stringify({ comment: wish.comment, accepted, movedPercent: judged.movedPercent, forced: wish.force }),
            beforeDigest: live?.generation.canonicalDigest ?? '',
            afterDigest: judged.digest,
          },
        },
      )
      if (!keepsLayers) {
        for (const zone of new Set([...this.dynamic(), ...dynamic].map((row) => row.zone)))
          store.replaceDynamicLayer(
            zone,
            dynamic.filter((row) => row.zone === zone),
          )
      }
      if (wish.origin === 'document') store.setSetting(LAST_DOCUMENT, generation.number)
      if (wish.origin === 'draft') store.deleteDraft(wish.account)
      return generation
    })
    this.#live = liveDocument(saved, parsed)
    this.#given = new Map([...this.serials(), ...Object.entries(raised)])
    this.#dynamic = dynamic
    this.#transferred = new Map([...this.transferred()].filter(([name]) => secondary.has(name)))
    log.info({ generation: saved.number, account: wish.account, origin: wish.origin }, 'generation stored')
    const nodes = await this.#send(saved, snapshot)
    this.#parts.onPublished(saved.number, wish.account, wish.comment)
    return { generation: saved.number, digest: judged.digest, snapshotDigest: snapshot.digest, nodes, issues: judged.issues, changed: true }
  }

  #refuseStale(wish: PublishWish, live: LiveDocument | undefined, config: Config): void {
    if (live === undefined || wish.force) return
    const { number } = live.generation
    const basedOn = wish.basedOn ?? Number(this.#parts.store.getSetting(LAST_DOCUMENT) ?? 0)
    if (this.hasSameDocument(basedOn, number)) return
    const extras = { liveGeneration: number, changes: diffDocuments(live.value, plainOf(config)) }
    if (wish.origin === 'draft')
      throw new ApiError('DRAFT_NOT_BASED_ON_LIVE', `the draft was begun on generation ${basedOn}, but ${number} is live`, extras)
    const by = `published by ${live.generation.author}`
    throw new ApiError('DOCUMENT_NOT_BASED_ON_LIVE', `the document is based on generation ${basedOn}, but ${number} is live, ${by}`, extras)
  }

  /** Codes of the warnings that were passed. Throws PUBLISH_WARNINGS when one was not. */
  async #acceptWarnings(
    wish: PublishWish,
    document: CompiledDocument,
    own: readonly Issue[],
    issues: readonly Issue[],
    dynamic: readonly DynamicRecord[],
  ): Promise<readonly string[]> {
    const passes = (code: string): boolean =>
      wish.accept === 'all' || (wish.accept === 'document' ? !code.startsWith('PUBLISH_') : wish.accept.includes(code))
    let codes = warningCodes(issues)
    if (codes.some((code) => !passes(code))) {
      const foreign = await this.#foreignWarnings(document, own, issues, dynamic)
      codes = warningCodes(issues.filter((issue) => !foreign.has(issue)))
    }
    const left = codes.filter((code) => !passes(code))
    if (left.length > 0) throw new ApiError('PUBLISH_WARNINGS', `warnings to acknowledge: ${left.join(', ')}`, { issues })
    return codes
  }

  /**
   * Warnings that come of updates and transfers in, not of the document: nobody who publishes it can do anything about them, so they do
   * not hold it up. They are those that the document does not have alone.
   */
  async #foreignWarnings(
    document: CompiledDocument,
    own: readonly Issue[],
    issues: readonly Issue[],
    dynamic: readonly DynamicRecord[],
  ): Promise<ReadonlySet<Issue>> {
    if (dynamic.length === 0 && this.transferred().size === 0) return new Set()
    const kept = this.#compiled
    const alone = await this.#compile(document, 0, this.#serialsOf(document.config), [], new Map())
    this.#compiled = kept
    const known = new Set([...own, ...alone.issues].map(({ code, message }) => `${code} ${message}`))
    return new Set(issues.filter(({ code, message }) => !code.startsWith('PUBLISH_') && !known.has(`${code} ${message}`)))
  }

  /** Compiles, or takes the last outcome when it was the same document with the same serials: a publish mostly follows its review. */
  async #compile(
    { source, config, digest }: CompiledDocument,
    generation: number,
    zones: Readonly<Record<string, ZoneSerial>>,
    dynamic: readonly DynamicRecord[],
    secondary: ReadonlyMap<string, TransferredZone>,
    geodataPath: string = this.#inUse.geodataPath,
  ): Promise<CompileOutcome> {
    const serials = new Map(Object.entries(zones).map(([zone, given]) => [zone, given.serial]))
    const key = `${geodataPath} ${digest} ${JSON.stringify([...serials])} ${layerText(dynamic)} ${JSON.stringify([...digestsOf(secondary)])}`
    const kept = this.#compiled
    if (kept?.key === key && isSameSource(kept.source, source)) return kept.outcome
    // Others are of zones that are secondary no more.
    const names = config.zones.filter((zone) => zone.primaries.length > 0 && secondary.has(zone.name)).map((zone) => zone.name)
    const transferred = new Map(names.map((name) => [name, secondary.get(name)!.records] as const))
    const transferredDigests = new Map(names.map((name) => [name, secondary.get(name)!.digest] as const))
    const input = { documentDigest: digest, generation, serials, dynamic, transferred, transferredDigests, geodataPath }
    const outcome = await this.#parts.compiler.compile(source, input)
    this.#compiled = { source, key, outcome }
    return outcome
  }

  async #guard(config: Config, snapshot: Snapshot): Promise<Pick<Judgement, 'issues' | 'movedPercent' | 'moves'>> {
    const live = this.live()
    const before = this.#snapshot
    // Nothing to compare with: the first publish.
    if (live?.config === undefined) return { issues: [], movedPercent: null, moves: [] }
    const [scores, holders] = await Promise.all([this.#parts.scores(), this.#parts.incumbents()])
    const movement = before === undefined ? [] : this.#move(live.config, before, config, snapshot, scores ?? [], holders)
    const issues = checkGuards({ config, scores, movement })
    return {
      issues,
      movedPercent: before === undefined ? null : movement.reduce((most, moved) => Math.max(most, moved.movedPercent), 0),
      moves: movement.flatMap((moved) => moved.moves),
    }
  }

  /** Who moves from the live snapshot to another: from the holders that nodes have now to those the other settles on. */
  #move(
    liveConfig: Config,
    before: Snapshot,
    config: Config,
    after: Snapshot,
    scores: readonly HealthScore[],
    holders: Holders,
  ): readonly PolicyMovement[] {
    const settled = settleHolders(before.meta.rankPlan, after.meta.rankPlan, scores, holders)
    return findMovement(sideOf(liveConfig, before, scores, holders), sideOf(config, after, scores, settled), this.#inUse.geodata)
  }

  async #send(generation: Generation, snapshot: Snapshot): Promise<PublishAnswer['nodes']> {
    const path = this.#snapshotPath(generation.number)
    try {
      await saveSnapshot(path, { ...snapshot, generation: generation.number })
      this.#snapshot = snapshot
      this.#removeOldSnapshots(generation.number)
      const message = {
        type: 'publish',
        generation: generation.number,
        digest: snapshot.digest,
        path,
        geodataPath: this.#inUse.geodataPath,
      } as const
      const acks = await this.#parts.hub.publish(message, ACK_TIMEOUT_MS)
      for (const ack of acks) if (!ack.ok) this.#parts.log.error({ generation: generation.number, ...ack }, 'a node refused the generation')
      return acks.map(({ nodeId, ok, reason }) => ({ nodeId, ok, ...(reason === undefined ? {} : { reason }) }))
    } catch (error) {
      // The edit is kept: it reaches the nodes with the next start of control. The caller must not believe that it was lost.
      this.#parts.log.error({ generation: generation.number, err: error }, 'the generation is stored but was not sent to the nodes')
      return [{ nodeId: '', ok: false, reason: `stored, but not sent: ${(error as Error).message}` }]
    }
  }

  /** Serials that are others than those given before. */
  #raised(serials: Readonly<Record<string, ZoneSerial>>): Readonly<Record<string, ZoneSerial>> {
    return Object.fromEntries(Object.entries(serials).filter(([zone, given]) => !isSameSerial(this.serials().get(zone), given)))
  }

  /** Serials that were given to the zones of the live document. */
  #serialsOf(config: Config): Readonly<Record<string, ZoneSerial>> {
    const names = config.zones.filter((zone) => zone.serial === 'auto').map((zone) => zone.name)
    return Object.fromEntries(names.flatMap((name) => (this.serials().has(name) ? [[name, this.serials().get(name)!] as const] : [])))
  }

  async #republishNow(): Promise<number> {
    const live = this.live()
    if (live === undefined) return 0
    const { generation } = live
    let snapshot = this.#loadKept(generation)
    if (snapshot === undefined) {
      if (live.config === undefined)
        throw new ApiError('PUBLISH_FAILED', `generation ${generation.number} is not valid for this version`, { issues: live.issues })
      const compiled = await this.#compile(
        documentOf(generation, live.config),
        generation.number,
        this.#serialsOf(live.config),
        this.dynamic(),
        this.transferred(),
      )
      snapshot = compiled.snapshot
      if (snapshot === undefined) throw new ApiError('PUBLISH_FAILED', `generation ${generation.number} cannot be compiled by this version`)
      if (snapshot.digest !== generation.snapshotDigest) this.#parts.store.setSnapshotDigest(generation.number, snapshot.digest)
    }
    await this.#send(generation, snapshot)
    return generation.number
  }

  /** The snapshot file of a generation if it is whole and was compiled from this document and this geodata. */
  #loadKept(generation: Generation): Snapshot | undefined {
    const path = this.#snapshotPath(generation.number)
    if (!existsSync(path)) return undefined
    try {
      const snapshot = loadSnapshot(path)
      const { documentDigest, geodataDigest } = snapshot.meta
      return documentDigest === generation.canonicalDigest && geodataDigest === this.#inUse.geodata.digest ? snapshot : undefined
    } catch (error) {
      this.#parts.log.warn({ path, err: error }, 'a snapshot file cannot be used and is compiled again')
      return undefined
    }
  }

  #snapshotPath(generation: number): string {
    return join(this.#parts.snapshotFolder, `${generation}.snapshot`)
  }

  #removeOldSnapshots(generation: number): void {
    for (const name of readdirSync(this.#parts.snapshotFolder)) {
      const number = /^(\d+)\.snapshot(?:\.old)?$/.exec(name)?.[1]
      if (number !== undefined && Number(number) <= generation - SNAPSHOTS_KEPT)
        rmSync(join(this.#parts.snapshotFolder, name), { force: true })
    }
  }
}

function digestsOf(zones: ReadonlyMap<string, TransferredZone>): ReadonlyMap<string, string> {
  return new Map([...zones.values()].map(({ zone, digest }) => [zone, digest]))
}

/** With its records in shared memory, so that compiles need no copy. */
function shared(zone: TransferredZone): TransferredZone {
  return zone.records.buffer instanceof SharedArrayBuffer ? zone : { ...zone, records: share(zone.records) }
}

/** A document to compile. */
type CompiledDocument = { readonly source: DocumentSource; readonly config: Config; readonly digest: string }

function sourceOf({ documentText, files }: Pick<Generation, 'documentText' | 'files'>): DocumentSource {
  return { text: documentText, files }
}

function documentOf(generation: Generation, config: Config): CompiledDocument {
  return { source: sourceOf(generation), config, digest: generation.canonicalDigest }
}

/** In this thread: only for who asks what is live before open() has ended. */
function parseHere({ text, files }: DocumentSource): Pick<ParsedDocument, 'issues' | 'config'> {
  const parsed = parseConfig(text, new Map(Object.entries(files)))
  return { issues: parsed.issues.map(viewIssue), config: parsed.ok ? parsed.config : undefined }
}

function liveDocument(generation: Generation, { config, issues }: Pick<ParsedDocument, 'issues' | 'config'>): LiveDocument {
  if (config === undefined) return { generation, config, value: plainValue(generation.documentText), files: generation.files, issues }
  return { generation, config, value: plainOf(config), files: config.files, issues }
}

/** By configuration: a draft's is that of live once it is published. */
const plainValues = new WeakMap<Config, Record<string, unknown>>()

/** A configuration as plain values; nobody changes them. */
function plainOf(config: Config): Record<string, unknown> {
  const value = plainValues.get(config) ?? documentValue(config)
  plainValues.set(config, value)
  return value
}

/** A document as plain values, whatever is wrong with it; empty when it cannot be read at all. */
export function plainValue(text: string): Record<string, unknown> {
  const { value } = readYaml(text, 'document')
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function invalid(issues: readonly Issue[]): ApiError {
  const errors = issues.filter((issue) => issue.severity === 'error').length
  return new ApiError('DOCUMENT_INVALID', `the document has ${errors === 1 ? 'an error' : `${errors} errors`}`, { issues })
}

function sideOf(config: Config, snapshot: Snapshot, scores: readonly HealthScore[], holders: Holders): Side {
  const steered = config.names.flatMap((name) =>
    name.types.filter((type) => type === 'A' || type === 'AAAA').map((type) => ({ name: `${name.name} ${type}`, policy: name.policy })),
  )
  const { names, rankPlan } = snapshot.meta
  return { policies: snapshot.policies, names, ranking: rankNow(rankPlan, scores, holders), steered }
}

function isSameSerial(one: ZoneSerial | undefined, other: ZoneSerial): boolean {
  return one?.serial === other.serial && one.contentDigest === other.contentDigest
}
