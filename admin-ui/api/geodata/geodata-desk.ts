/**
 * Keeps the geodata in use up to date with what the document says. Shell: has a life.
 *
 *   corrections ─► over what is in use ──────────────────────┐
 *   document · file changed · cron · request ─► downloads ─► build and checks (worker) ─► difference ─┬─► small: live, as a generation
 *                                                                                                      └─► large: waits for a person
 * Corrections come first and by themselves: neither a source that is broken nor one that was rejected keeps them from what is in use.
 * One at a time. Until the generation is stored nothing has happened: what fails leaves the data in use, an event and a count.
 * The data before is kept for `refresh.keepDays`, then deleted; a download is deleted as soon as a newer one is in use.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ScheduledTask, schedule } from 'node-cron'
import type { FiguresMessage } from '../../../cluster/fleet-transport.ts'
import { parsePrefix } from '../../../geodata/address/prefix.ts'
import { movedPercentOf } from '../../../geodata/compile/diff-geodata.ts'
import type { GeodataHeader } from '../../../geodata/geodata.ts'
import { loadGeodata } from '../../../geodata/geodata-file.ts'
import type { BuildOutcome, buildInWorker } from '../../../geodata/refresh/build-in-worker.ts'
import type { ClientCount } from '../../../geodata/refresh/client-sample.ts'
import type { GeodataSettings } from '../../../policy/config/config-schema.ts'
import type { Store } from '../../../policy/store/store.ts'
import type { GeodataDifference, GeodataPending, GeodataRefreshAnswer, GeodataSourceView, GeodataStatus } from '../../contract/geodata.ts'
import { ApiError } from '../api-error.ts'
import { findClientMovement } from '../publish/moved-addresses.ts'
import type { Publisher } from '../publish/publisher.ts'
import type { ApiLog } from '../server.ts'
import {
  correctionsKeyOf,
  fetchDownloads,
  type InputFolders,
  isShippedOnly,
  type KeptDownloads,
  recipeKeyOf,
  recipeOf,
  shippedKeyOf,
  sourceRecipeKeyOf,
  sourcesKeyOf,
} from './geodata-inputs.ts'
import {
  type GeodataFolders,
  type GeodataState,
  type KeptGeodata,
  readGeodataState,
  removeUnused,
  saveGeodataState,
} from './geodata-state.ts'

/** Endpoint moves that a difference lists. */
const MOST_MOVES = 50
const DAY_MS = 86_400_000
/** Account of what happens by itself. */
const CONTROL = 'control'

/** Why a refresh runs. */
export type RefreshReason = 'start' | 'document' | 'file' | 'cron' | 'request'

/** What the desk works with. */
export type GeodataDeskParts = {
  readonly publisher: Publisher
  readonly store: Store
  readonly folders: GeodataFolders & InputFolders
  readonly build: typeof buildInWorker
  /** Recently seen clients of all nodes. */
  readonly clients: () => Promise<readonly ClientCount[]>
  /** True for a private address that downloads may come from. */
  readonly mayAskPrivate: (address: string) => boolean
  readonly onEvent: (subject: string, detail: string) => void
  /** Called after the data in use changed. */
  readonly onChanged: () => void
  readonly now: () => number
  readonly log: ApiLog
}

/** What is not proposed again. */
type Rejected = Pick<GeodataState, 'rejectedSourcesKey' | 'rejectedCorrectionsKey'>

/** What a build is wanted for. */
type Wish = {
  readonly reason: RefreshReason
  readonly account: string
  readonly confirm: boolean
  readonly settings: GeodataSettings
}

const NOTHING_REJECTED: Rejected = { rejectedSourcesKey: '', rejectedCorrectionsKey: '' }

/** The desk. */
export class GeodataDesk {
  readonly #parts: GeodataDeskParts
  readonly #abort = new AbortController()
  #state: GeodataState
  #queue: Promise<unknown> = Promise.resolve()
  #running = 0
  #cron: ScheduledTask | undefined
  #timer: NodeJS.Timeout | undefined
  #scheduled = ''
  /** Recipe of the last refresh, and inputs of the last look and of the last refresh: a file is read when it rests. */
  #recipeKey = ''
  #seenKey = ''
  #triedKey = ''

  constructor(parts: GeodataDeskParts) {
    this.#parts = parts
    this.#state = readGeodataState(parts.store)
  }

  /** Takes up what the live document says: at the start, and after each publish. */
  sync(): void {
    const settings = this.#settings()
    if (settings === undefined || this.#abort.signal.aborted) return
    this.#schedule(settings)
    const key = recipeKeyOf(settings)
    if (key === this.#recipeKey) return
    const reason = this.#recipeKey === '' ? 'start' : 'document'
    this.#recipeKey = key
    if (this.#isUpToDate(settings, this.#state.downloads)) return
    this.#inBackground(reason)
  }

  /** Ends it; a build that runs is dropped. */
  async stop(): Promise<void> {
    this.#abort.abort()
    clearInterval(this.#timer)
    await this.#cron?.destroy()
    await this.#queue.catch(() => undefined)
  }

  /** Looks for new data now. Throws GEODATA_REFRESH_REFUSED for what cannot go live. */
  refresh(account: string, confirm: boolean): Promise<GeodataRefreshAnswer> {
    return this.#next(() => this.#refresh('request', account, confirm))
  }

  /** Makes what waits live. Throws GEODATA_NOTHING_PENDING. */
  confirm(account: string): Promise<GeodataStatus> {
    return this.#next(async () => {
      const { pending } = this.#state
      if (pending === null) throw new ApiError('GEODATA_NOTHING_PENDING', 'no geodata waits for confirmation')
      const { limitPercent: _, difference, sources: __, ...kept } = pending
      const comment = `geodata confirmed, ${difference.movedPercent.toFixed(1)} % moved`
      const isCorrection = kept.sourcesKey === this.#live().sourcesKey
      const rejected = isCorrection ? { ...this.#state, rejectedCorrectionsKey: '' } : NOTHING_REJECTED
      await this.#activate(kept, this.#state.downloads, account, comment, rejected)
      this.#save({ lastAt: this.#parts.now(), lastOutcome: 'live' })
      this.#catchUp()
      return this.status()
    })
  }

  /** Drops what waits; the same data is not proposed again. Throws GEODATA_NOTHING_PENDING. */
  reject(account: string): Promise<GeodataStatus> {
    return this.#next(async () => {
      const { pending } = this.#state
      if (pending === null) throw new ApiError('GEODATA_NOTHING_PENDING', 'no geodata waits for confirmation')
      this.#parts.store.transaction(() => {
        this.#save({ pending: null, ...this.#rejectedOf(pending), lastAt: this.#parts.now(), lastOutcome: 'rejected' })
        this.#parts.store.appendAudit({ who: account, action: 'geodata.reject', object: pending.digest.slice(0, 12) })
      })
      this.#parts.onEvent(pending.digest.slice(0, 12), `rejected by ${account}`)
      removeUnused(this.#state, this.#parts.folders)
      return this.status()
    })
  }

  /** Brings back the data before. Throws GEODATA_NOTHING_BEFORE. */
  rollBack(account: string): Promise<GeodataStatus> {
    return this.#next(async () => {
      const { previous } = this.#state
      if (previous === null) throw new ApiError('GEODATA_NOTHING_BEFORE', 'no earlier geodata is kept')
      const { untilAt: _, ...kept } = previous
      const before = this.#live()
      const isCorrection = previous.sourcesKey === before.sourcesKey
      const rejected: Rejected = isCorrection
        ? { ...this.#state, rejectedCorrectionsKey: before.correctionsKey }
        : { rejectedSourcesKey: before.sourcesKey, rejectedCorrectionsKey: '' }
      await this.#activate(kept, this.#state.downloads, account, 'geodata rolled back', rejected)
      this.#save({ lastAt: this.#parts.now(), lastOutcome: 'rolled back' })
      this.#catchUp()
      return this.status()
    })
  }

  /** What waits; undefined = nothing. */
  pending(): GeodataPending | undefined {
    const { pending } = this.#state
    if (pending === null) return undefined
    const { digest, at, limitPercent, difference, sources } = pending
    return { digest, at: rfc3339(at), limitPercent, difference, sources: sources.map((source) => this.#withAge(source)) }
  }

  /** What is in use and how refreshing goes. */
  status(): GeodataStatus {
    const { geodata, geodataPath } = this.#parts.publisher.geodataInUse()
    const { live, previous, pending, failure, failuresTotal, lastAt, lastOutcome } = this.#state
    const settings = this.#settings()
    return {
      digest: geodata.digest,
      shipped: geodataPath === this.#parts.folders.shippedPath,
      at: live === null ? null : rfc3339(live.at),
      by: live?.by ?? '',
      generation: this.#parts.store.latestGenerationNumber(),
      ranges: { ipv4: geodata.v4.values.length, ipv6: geodata.v6.values.length },
      locations: geodata.locations.length,
      sources: viewSources(geodata.header).map((source) => this.#withAge(source)),
      corrections: settings?.corrections ?? [],
      previous: previous === null ? null : { digest: previous.digest, at: rfc3339(previous.at), until: rfc3339(previous.untilAt) },
      pending:
        pending === null
          ? null
          : {
              digest: pending.digest,
              at: rfc3339(pending.at),
              movedPercent: pending.difference.movedPercent,
              limitPercent: pending.limitPercent,
            },
      refresh: {
        running: this.#running > 0,
        cron: settings?.refresh.cron ?? '',
        lastAt: lastAt === 0 ? null : rfc3339(lastAt),
        lastOutcome: lastOutcome === '' ? null : lastOutcome,
        failuresTotal,
        failure: failure === null ? null : { ...failure, at: rfc3339(failure.at) },
      },
    }
  }

  /** Rows for the metrics port of each node. */
  figures(): FiguresMessage {
    const { pending, failuresTotal, lastAt } = this.#state
    const { geodata } = this.#parts.publisher.geodataInUse()
    const ages = viewSources(geodata.header)
      .map((source) => this.#withAge(source))
      .flatMap(({ name, ageSeconds }) => (ageSeconds === null ? [] : [{ labels: { source: name }, value: ageSeconds }]))
    return {
      type: 'figures',
      rows: {
        nearcast_geodata_age_seconds: ages,
        nearcast_geodata_refresh_failures_total: [{ labels: {}, value: failuresTotal }],
        nearcast_geodata_pending: [{ labels: {}, value: pending === null ? 0 : 1 }],
        nearcast_geodata_last_refresh_timestamp_seconds: lastAt === 0 ? [] : [{ labels: {}, value: lastAt / 1000 }],
      },
    }
  }

  #settings(): GeodataSettings | undefined {
    return this.#parts.publisher.live()?.config?.geodata
  }

  #withAge(source: Omit<GeodataSourceView, 'ageSeconds'>): GeodataSourceView {
    const at = Date.parse(source.date)
    return { ...source, ageSeconds: Number.isNaN(at) ? null : Math.max(0, Math.round((this.#parts.now() - at) / 1000)) }
  }

  #isUpToDate(settings: GeodataSettings, downloads: KeptDownloads): boolean {
    const live = this.#live()
    if (isShippedOnly(settings)) return live.file === ''
    return (
      this.#isInUse(live) &&
      live.sourcesKey === sourcesKeyOf(settings, downloads, this.#parts.folders) &&
      live.correctionsKey === correctionsKeyOf(settings)
    )
  }

  /** Its file may be gone: after a restore the folder is empty, and control started with what there was. */
  #isInUse({ digest }: KeptGeodata): boolean {
    return digest === this.#parts.publisher.geodataInUse().geodata.digest
  }

  /** There is nobody to move before the first document, and none of it was in use before. */
  #isFirst(): boolean {
    return this.#state.live === null && this.#parts.publisher.live()?.generation.number === 1
  }

  /** What was made live last; the shipped file, as it is, when nothing was. */
  #live(): KeptGeodata {
    const { publisher, folders } = this.#parts
    return (
      this.#state.live ?? {
        digest: publisher.geodataInUse().geodata.digest,
        file: '',
        baseFile: '',
        sourcesKey: shippedKeyOf(folders),
        correctionsKey: correctionsKeyOf({ corrections: [] }),
        recipeKey: '',
        sizes: [],
        at: 0,
        by: '',
      }
    )
  }

  /** What rejecting something rejects: its sources when they are other ones than those in use, else its corrections. */
  #rejectedOf({ sourcesKey, correctionsKey }: KeptGeodata): Partial<Rejected> {
    return sourcesKey === this.#live().sourcesKey ? { rejectedCorrectionsKey: correctionsKey } : { rejectedSourcesKey: sourcesKey }
  }

  /** Name of a built file; empty = the shipped one. */
  #fileOf(path: string): string {
    return path === this.#parts.folders.shippedPath ? '' : basename(path)
  }

  #pathOf(file: string): string {
    return file === '' ? this.#parts.folders.shippedPath : join(this.#parts.folders.built, file)
  }

  /** After a person's word: corrections of the document that this data does not have are merged over it. */
  #catchUp(): void {
    const settings = this.#settings()
    const wanted = settings === undefined ? '' : correctionsKeyOf(settings)
    if (settings === undefined || wanted === this.#live().correctionsKey || wanted === this.#state.rejectedCorrectionsKey) return
    this.#inBackground('document')
  }

  #schedule(settings: GeodataSettings): void {
    const { cron, timeZone, watchSeconds } = settings.refresh
    const wanted = `${cron} ${timeZone} ${watchSeconds} ${isShippedOnly(settings)}`
    if (wanted === this.#scheduled) return
    this.#scheduled = wanted
    void this.#cron?.destroy()
    this.#cron = undefined
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#look(), watchSeconds * 1000)
    this.#timer.unref()
    if (isShippedOnly(settings)) return
    this.#cron = schedule(cron, () => this.#inBackground('cron'), { timezone: timeZone, noOverlap: true, suppressMissedWarning: true })
  }

  /** Looks at files: one that changed, and has rested since the last look, is read. Old data whose time is over is deleted. */
  #look(): void {
    const { previous } = this.#state
    if (previous !== null && previous.untilAt <= this.#parts.now()) {
      this.#save({ previous: null })
      removeUnused(this.#state, this.#parts.folders)
    }
    const settings = this.#settings()
    if (settings === undefined || isShippedOnly(settings) || this.#running > 0) return
    const key = this.#inputKeyOf(settings, this.#state.downloads)
    const rests = key === this.#seenKey
    this.#seenKey = key
    if (!rests || key === this.#triedKey || this.#isUpToDate(settings, this.#state.downloads)) return
    this.#inBackground('file')
  }

  #inputKeyOf(settings: GeodataSettings, downloads: KeptDownloads): string {
    return `${sourcesKeyOf(settings, downloads, this.#parts.folders)} ${correctionsKeyOf(settings)}`
  }

  #inBackground(reason: RefreshReason): void {
    void this.#next(() => this.#refresh(reason, CONTROL, false)).catch(() => undefined)
  }

  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  #save(part: Partial<GeodataState>): void {
    this.#state = { ...this.#state, ...part }
    saveGeodataState(this.#parts.store, this.#state)
  }

  async #refresh(reason: RefreshReason, account: string, confirm: boolean): Promise<GeodataRefreshAnswer> {
    this.#running++
    try {
      const answer = await this.#refreshNow(reason, account, confirm)
      this.#save({ lastAt: this.#parts.now(), lastOutcome: answer.outcome, failure: null })
      return answer
    } catch (error) {
      if (this.#abort.signal.aborted) throw error
      throw this.#noteFailure(reason, error)
    } finally {
      this.#running--
    }
  }

  #noteFailure(reason: RefreshReason, error: unknown): ApiError {
    const { code = 'API_INTERNAL', message, suggestion: told = '' } = error as { code?: string; message: string; suggestion?: string }
    const suggestion = told.replace('relative to the recipe', 'relative to the folder of geodata files (--geodata-folder)')
    const { folders, now, log, onEvent } = this.#parts
    const shown = message.replaceAll(`${folders.files}/`, '').replaceAll(`${folders.downloads}/`, 'download ')
    const failure = { at: now(), code, message: shown, suggestion }
    this.#save({ lastAt: now(), lastOutcome: 'failed', failure, failuresTotal: this.#state.failuresTotal + 1 })
    removeUnused(this.#state, folders)
    log.warn({ code, reason }, `geodata was not refreshed, the data in use stays: ${shown}`)
    onEvent('refresh', `refused, the data in use stays: ${shown} [${code}]`)
    return new ApiError('GEODATA_REFRESH_REFUSED', `${shown} [${code}]: ${suggestion}`, {}, { cause: error })
  }

  async #refreshNow(reason: RefreshReason, account: string, confirm: boolean): Promise<GeodataRefreshAnswer> {
    const { folders, now, mayAskPrivate } = this.#parts
    const settings = this.#settings()
    if (settings === undefined) return this.#answer('unchanged', null)
    const wish: Wish = { reason, account, confirm, settings }
    this.#recipeKey = recipeKeyOf(settings)
    const onlyMissing = reason === 'start' || reason === 'document' || reason === 'file'
    this.#triedKey = this.#inputKeyOf(settings, this.#state.downloads)
    const corrected = this.#isFirst() ? undefined : await this.#correct(wish)
    const { signal } = this.#abort
    const downloads = await fetchDownloads(settings, this.#state.downloads, folders, { onlyMissing, mayAskPrivate, now, signal })
    if (this.#isUpToDate(settings, downloads)) return corrected ?? this.#answer('unchanged', null)
    const sourcesKey = sourcesKeyOf(settings, downloads, folders)
    // The sources in use, but corrections that wait or were rejected.
    if (corrected !== undefined && sourcesKey === this.#live().sourcesKey) return corrected
    if (sourcesKey === this.#state.rejectedSourcesKey && !confirm) return corrected ?? this.#answer('rejected', null)
    const correctionsKey = correctionsKeyOf(settings)
    const { pending } = this.#state
    if (sourcesKey === pending?.sourcesKey && correctionsKey === pending.correctionsKey && !confirm) {
      return this.#answer('pending', pending.difference.movedPercent)
    }
    const clients = await this.#parts.clients().catch(() => [])
    const outcome = await this.#build(settings, downloads, clients)
    const candidate: KeptGeodata = {
      digest: outcome.digest,
      file: this.#fileOf(outcome.path),
      baseFile: this.#fileOf(outcome.basePath),
      sourcesKey,
      correctionsKey,
      recipeKey: sourceRecipeKeyOf(settings),
      sizes: outcome.sizes,
      at: now(),
      by: account,
    }
    return this.#take(candidate, outcome, clients, downloads, wish, NOTHING_REJECTED)
  }

  /** Merges the document's corrections over the data in use, whatever its sources are like by now; undefined = nothing to do. */
  async #correct(wish: Wish): Promise<GeodataRefreshAnswer | undefined> {
    const { settings, confirm, account } = wish
    const live = this.#live()
    const correctionsKey = correctionsKeyOf(settings)
    // Rejected is what the document said then: it may say it again later.
    if (correctionsKey !== this.#state.rejectedCorrectionsKey && this.#state.rejectedCorrectionsKey !== '') {
      this.#save({ rejectedCorrectionsKey: '' })
    }
    if (correctionsKey === live.correctionsKey || live.baseFile === undefined || !this.#isInUse(live)) return undefined
    if (!existsSync(this.#pathOf(live.baseFile))) return undefined
    if (correctionsKey === this.#state.rejectedCorrectionsKey && !confirm) return this.#answer('rejected', null)
    const { pending } = this.#state
    if (correctionsKey === pending?.correctionsKey && !confirm) {
      return pending.sourcesKey === live.sourcesKey ? this.#answer('pending', pending.difference.movedPercent) : undefined
    }
    const clients = await this.#parts.clients().catch(() => [])
    const outcome = await this.#build(settings, this.#state.downloads, clients, this.#pathOf(live.baseFile)).catch((error: unknown) => {
      // A damaged file of ours is made anew from the sources.
      if (/^GEODATA_(FILE|TABLE)_/.test((error as { code?: string }).code ?? '')) return undefined
      throw error
    })
    if (outcome === undefined) return undefined
    const candidate: KeptGeodata = {
      ...live,
      digest: outcome.digest,
      file: this.#fileOf(outcome.path),
      correctionsKey,
      at: this.#parts.now(),
      by: account,
    }
    return this.#take(candidate, outcome, clients, this.#state.downloads, wish, { ...this.#state, rejectedCorrectionsKey: '' })
  }

  /** Judges what was built: it goes live, or waits. */
  async #take(
    candidate: KeptGeodata,
    outcome: BuildOutcome,
    clients: readonly ClientCount[],
    downloads: KeptDownloads,
    { settings, account, confirm, reason }: Wish,
    rejected: Rejected,
  ): Promise<GeodataRefreshAnswer> {
    const { folders } = this.#parts
    const before = this.#live()
    if (outcome.diff === undefined) {
      const live = { ...before, ...candidate, file: before.file, at: before.at, by: before.by }
      const { pending } = this.#state
      this.#save({ downloads, live, pending: pending !== null && this.#isOther(pending, candidate) ? pending : null })
      removeUnused(this.#state, folders)
      return this.#answer('unchanged', null)
    }
    const difference = await this.#compare(outcome, clients)
    const limitPercent = settings.guards.maxMovedPercent
    if (difference.movedPercent > limitPercent && !confirm && !this.#isFirst() && outcome.digest !== this.#state.live?.digest) {
      this.#save({ downloads, pending: { ...candidate, limitPercent, difference, sources: viewSources(outcome.header) } })
      removeUnused(this.#state, folders)
      const moved = `${difference.movedPercent.toFixed(1)} % would move, the limit is ${limitPercent} %`
      this.#parts.log.warn({ digest: outcome.digest }, `new geodata waits for confirmation: ${moved}`)
      this.#parts.onEvent(outcome.digest.slice(0, 12), `waits for confirmation: ${moved}`)
      return this.#answer('pending', difference.movedPercent)
    }
    const comment = `geodata ${reasonWords(reason)}, ${difference.movedPercent.toFixed(1)} % moved`
    await this.#activate(candidate, downloads, account, comment, rejected)
    return this.#answer('live', difference.movedPercent)
  }

  /** Whether what waits has sources of its own: then corrections that go live by themselves leave it waiting. */
  #isOther(pending: KeptGeodata, { sourcesKey }: KeptGeodata): boolean {
    return sourcesKey === this.#live().sourcesKey && pending.sourcesKey !== sourcesKey
  }

  /** `basePath`: corrections alone are merged, over that file; else sources are read. */
  #build(settings: GeodataSettings, downloads: KeptDownloads, clients: readonly ClientCount[], basePath?: string): Promise<BuildOutcome> {
    const { publisher, folders, build } = this.#parts
    const { live } = this.#state
    const isOfSources = basePath === undefined
    return build(
      {
        recipe:
          !isOfSources || isShippedOnly(settings)
            ? { sources: ['default'], corrections: settings.corrections }
            : recipeOf(settings, downloads, folders),
        folder: folders.files,
        defaultFile: folders.shippedPath,
        ...(isOfSources ? {} : { basePath }),
        outFolder: folders.built,
        livePath: publisher.geodataInUse().geodataPath,
        liveSizes: isOfSources ? (live?.sizes ?? []) : [],
        isSameRecipe: isOfSources && live?.recipeKey === sourceRecipeKeyOf(settings),
        guards: settings.guards,
        clients,
      },
      this.#abort.signal,
    )
  }

  async #compare(outcome: BuildOutcome, clients: readonly ClientCount[]): Promise<GeodataDifference> {
    const diff = outcome.diff!
    const judged = await this.#parts.publisher.judgeGeodata({ geodataPath: outcome.path })
    const blocks = clients.map(({ prefix, queries }) => ({ ...parsePrefix(prefix), queries }))
    const recentPolicies = judged === undefined ? [] : findClientMovement(judged.before, judged.after, blocks)
    const policies = (judged?.movement ?? []).map(({ policy, movedPercent }) => ({ policy, movedPercent }))
    const { queries, lineChanged } = outcome.clients
    const lineChangedPercent = queries === 0 ? 0 : (100 * lineChanged) / queries
    return {
      movedPercent: Math.max(
        movedPercentOf(diff.ipv4),
        movedPercentOf(diff.ipv6),
        lineChangedPercent,
        ...[...policies, ...recentPolicies].map(({ movedPercent }) => movedPercent),
      ),
      ipv4: diff.ipv4,
      ipv6: diff.ipv6,
      moves: diff.moves,
      recent: { queries, lineChangedPercent, policies: recentPolicies },
      policies,
      endpointMoves: (judged?.movement ?? []).flatMap(({ moves }) => moves).slice(0, MOST_MOVES),
    }
  }

  async #activate(
    kept: KeptGeodata,
    downloads: KeptDownloads,
    account: string,
    comment: string,
    { rejectedSourcesKey, rejectedCorrectionsKey }: Rejected,
  ): Promise<void> {
    const { publisher, folders, now, onEvent, onChanged } = this.#parts
    const geodataPath = this.#pathOf(kept.file)
    const geodata = loadGeodata(geodataPath)
    const keepMs = (this.#settings()?.refresh.keepDays ?? 28) * DAY_MS
    const before = this.#live()
    const { pending } = this.#state
    const isStillWaiting = pending !== null && pending.digest !== kept.digest && this.#isOther(pending, kept)
    const state: GeodataState = {
      ...this.#state,
      live: { ...kept, at: now(), by: account },
      previous: { ...before, untilAt: now() + keepMs },
      pending: isStillWaiting ? pending : null,
      rejectedSourcesKey,
      rejectedCorrectionsKey,
      downloads,
    }
    await publisher.publishGeodata({
      geodata,
      geodataPath,
      account,
      comment,
      detail: `${before.digest.slice(0, 12)} → ${kept.digest.slice(0, 12)}`,
      record: () => saveGeodataState(this.#parts.store, state),
    })
    this.#state = state
    removeUnused(state, folders)
    onChanged()
    onEvent(kept.digest.slice(0, 12), `live, ${comment}`)
  }

  #answer(outcome: GeodataRefreshAnswer['outcome'], movedPercent: number | null): GeodataRefreshAnswer {
    const { publisher, store } = this.#parts
    return { outcome, digest: publisher.geodataInUse().geodata.digest, generation: store.latestGenerationNumber(), movedPercent }
  }
}

/** Sources as the API shows them. */
function viewSources(header: GeodataHeader): readonly Omit<GeodataSourceView, 'ageSeconds'>[] {
  return header.sources.map(({ name, version, date, licence, attribution, inferred }) => ({
    name,
    version,
    date,
    licence,
    attribution,
    inferred,
  }))
}

function reasonWords(reason: RefreshReason): string {
  return {
    start: 'built at the start',
    document: 'built for the document',
    file: 'read again from files',
    cron: 'refreshed',
    request: 'refreshed',
  }[reason]
}

function rfc3339(at: number): string {
  return new Date(at).toISOString()
}
