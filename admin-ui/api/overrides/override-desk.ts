/**
 * The overrides of control: sets, changes and ends them in the store (each with its line in the audit), tells the nodes the whole open list,
 * and ends those whose time is over. Has a life (a look a second); nodes judge starts, ends and windows by their own clock, so that a late
 * look here, or control being away, costs only the event.
 */
import type { FleetHub } from '../../../cluster/fleet-transport.ts'
import type { Override as HeldOverride } from '../../../health/model/override.ts'
import type { RankPlan } from '../../../health/model/rank-plan.ts'
import { activeSpan, endpointsOfTarget, forcedStandings, type HeldEndpoint, heldEndpoints } from '../../../health/score/forced-standings.ts'
import { makeRankPlan } from '../../../policy/compile/make-rank-plan.ts'
import type { Config } from '../../../policy/config/config-schema.ts'
import type { Store, StoredOverride } from '../../../policy/store/store.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { Issue } from '../../contract/issue.ts'
import type { LineLabel } from '../../contract/line.ts'
import type {
  Override,
  OverrideAdd,
  OverrideChange,
  OverrideCheck,
  OverrideLine,
  OverrideList,
  OverrideWindow,
} from '../../contract/override.ts'
import { OVERRIDE_LIMITS } from '../../contract/override-limits.ts'
import { ApiError } from '../api-error.ts'
import type { Publisher } from '../publish/publisher.ts'
import { type Judged, judgeChange, judgeNew, type OverrideDraft } from './judge-override.ts'
import { findImpact } from './override-impact.ts'
import { etagOfOverride, isOver, nextWindowsOf, noteOf, targetText, viewOverride } from './override-view.ts'

/** What the desk works with. */
export type OverrideDeskParts = {
  readonly store: Store
  readonly publisher: Pick<Publisher, 'live'>
  readonly hub: Pick<FleetHub, 'tellOverrides'>
  /** Health as nodes tell it; null = no node answers. */
  readonly scores: () => Promise<readonly HealthScore[] | null>
  /** Words of a line. */
  readonly labelOf: (line: string, config: Config) => LineLabel
  /** Tells the feed; subject is the endpoint, or kind and value of the target. */
  readonly onEvent: (subject: string, detail: string) => void
  readonly now: () => number
  readonly log: { readonly error: (fields: object, message: string) => void }
}

/** Code that accepts that lines are left on the fallback. */
export const LEAVES_FALLBACK = 'OVERRIDE_LEAVES_FALLBACK'

const LOOK_MS = 1000
/** Lines told one by one in a refusal. */
const ISSUES_TOLD = 200
const WINDOWS_TOLD = 5
/** Stands for the id of an override that is not set yet. */
const NEW_ID = 'new'

type Plan = Omit<RankPlan, 'generation'>
type Live = { readonly number: number; readonly config: Config; readonly plan: Plan }

/** The desk. */
export class OverrideDesk {
  readonly #parts: OverrideDeskParts
  #live: Live | undefined
  #open: readonly StoredOverride[] | undefined
  #active: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined
  #failure = ''

  constructor(parts: OverrideDeskParts) {
    this.#parts = parts
  }

  /** Tells the nodes, now and whenever one connects, and begins to look at ends and windows. */
  start(): void {
    this.#active = this.#activeIds()
    this.#lookOn()
    this.#tell()
    this.#timer = setInterval(() => this.#lookOn(), LOOK_MS)
  }

  /** Ends looking. */
  stop(): void {
    clearInterval(this.#timer)
  }

  /** Open ones, newest first; with `ended` the newest ended ones behind them. */
  list(ended: number): OverrideList {
    const stored = [...this.#stored(), ...(ended > 0 ? this.#parts.store.listEndedOverrides(ended) : [])]
    const held = this.held()
    const plan = this.#document()?.plan
    const now = this.#parts.now()
    return { generation: this.#document()?.number ?? 0, overrides: stored.map((one) => viewOverride(one, plan, held, now)) }
  }

  /** One, ended or not. Throws OVERRIDE_UNKNOWN. */
  get(id: string): Override {
    return this.#view(this.#find(id))
  }

  /** Who holds which endpoint now. */
  held(): ReadonlyMap<string, HeldEndpoint> {
    const plan = this.#document()?.plan
    return plan === undefined ? new Map() : heldEndpoints(this.#overrides(), plan, this.#parts.now())
  }

  /** What one would do. Throws OVERRIDE_INVALID, OVERRIDE_TARGET_UNKNOWN. */
  async check(wish: OverrideAdd): Promise<OverrideCheck> {
    const draft = accepted(judgeNew(wish, this.#parts.now()))
    return this.#judgeImpact({ ...draft, id: NEW_ID, owner: '', createdAt: this.#parts.now() })
  }

  /** Sets one. Throws OVERRIDE_INVALID, OVERRIDE_TARGET_UNKNOWN, OVERRIDE_TOO_MANY, OVERRIDE_LEAVES_FALLBACK. */
  async add(wish: OverrideAdd, account: string): Promise<Override> {
    const { store, now } = this.#parts
    const draft = accepted(judgeNew(wish, now()))
    const owner = wish.owner ?? account
    if (this.#stored().length >= OVERRIDE_LIMITS.open)
      throw new ApiError('OVERRIDE_TOO_MANY', `${OVERRIDE_LIMITS.open} overrides are open, no more can be set`)
    const impact = await this.#judgeImpact({ ...draft, id: NEW_ID, owner, createdAt: now() })
    refuseFallback(impact.lines, wish.accept)
    const stored = store.transaction(() => {
      const added = store.addOverride({ ...draft, owner }, account)
      const detail = { ...plainOf(added.override), accepted: impact.needs, lines: impact.lines.length }
      store.appendAudit({ who: account, action: 'override.set', object: added.override.id, detail: JSON.stringify(detail) })
      return added
    })
    this.#changed()
    this.#say(stored, `${draft.action} set by ${account}${this.#until(stored.override)}: ${draft.reason}`)
    return this.#view(stored)
  }

  /** Changes one; `present` is called with its ETag and may refuse. Throws as `add`, and OVERRIDE_UNKNOWN, OVERRIDE_ENDED. */
  async change(id: string, change: OverrideChange, account: string, present: (etag: string) => void): Promise<Override> {
    const { store, now } = this.#parts
    const before = this.#findOpen(id)
    present(etagOfOverride(before))
    const draft = accepted(judgeChange(before.override, change, now()))
    const owner = change.owner ?? before.override.owner
    const next: HeldOverride = { ...draft, id, owner, createdAt: before.override.createdAt }
    const asks = change.action !== undefined || change.schedule !== undefined || change.startsAt !== undefined
    const impact = asks ? await this.#judgeImpact(next) : undefined
    if (impact !== undefined) refuseFallback(impact.lines, change.accept)
    const stored = store.transaction(() => {
      // Time passed while nodes were asked: nobody else's change is written over.
      present(etagOfOverride(this.#findOpen(id, true)))
      const changed = store.changeOverride(id, next)!
      const detail = { before: plainOf(before.override), after: plainOf(changed.override), accepted: impact?.needs ?? [] }
      store.appendAudit({ who: account, action: 'override.change', object: id, detail: JSON.stringify(detail) })
      return changed
    })
    this.#changed()
    this.#say(stored, `${next.action} changed by ${account}${this.#until(next)}: ${next.reason}`)
    return this.#view(stored)
  }

  /** Ends one. Throws OVERRIDE_UNKNOWN, OVERRIDE_ENDED. */
  end(id: string, reason: string, account: string, present: (etag: string) => void): void {
    const { store, now } = this.#parts
    const before = this.#findOpen(id)
    present(etagOfOverride(before))
    store.transaction(() => {
      store.endOverride(id, { at: now(), by: account, reason })
      const detail = { ...plainOf(before.override), endReason: reason }
      store.appendAudit({ who: account, action: 'override.end', object: id, detail: JSON.stringify(detail) })
    })
    this.#changed()
    this.#say(before, `${before.override.action} ended by ${account}${reason === '' ? '' : `: ${reason}`}`)
  }

  /** Ends those whose time is over, and tells of those that began or paused since the last look. */
  look(): void {
    const { store, now } = this.#parts
    const over = this.#stored().filter(({ override }) => isOver(override, now()))
    // Even when one of them fails: what the store has now counts.
    if (over.length > 0) this.#open = undefined
    for (const stored of over) {
      const { override } = stored
      store.transaction(() => {
        store.endOverride(override.id, { at: override.endsAt!, by: 'control', reason: 'its time was over' })
        store.appendAudit({ who: 'control', action: 'override.expire', object: override.id, detail: JSON.stringify(plainOf(override)) })
      })
      this.#say(stored, `${override.action} of ${override.owner} over, its time has ended: ${override.reason}`)
    }
    const active = this.#activeIds()
    const gone = new Set(over.map(({ override }) => override.id))
    for (const stored of this.#stored()) {
      const { id, action, owner, reason } = stored.override
      if (active.has(id) && !this.#active.has(id))
        this.#say(stored, `${action} of ${owner} begins${this.#until(stored.override)}: ${reason}`)
      else if (!active.has(id) && this.#active.has(id) && !gone.has(id)) this.#say(stored, `${action} of ${owner} pauses: ${reason}`)
    }
    this.#active = active
    if (over.length > 0) this.#tell()
  }

  /** Looks; a store that cannot be written, on a full disk say, costs the event and the line in the audit until it can: nodes have ended it themselves. */
  #lookOn(): void {
    try {
      this.look()
      this.#failure = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#failure) this.#parts.log.error({ err: error }, 'overrides whose time is over could not be ended in the store')
      this.#failure = message
    }
  }

  /** Which endpoints it hits, and who would be left on the fallback while it holds. */
  async #judgeImpact(override: HeldOverride): Promise<OverrideCheck> {
    const document = this.#document()
    if (document === undefined) throw new ApiError('OVERRIDE_TARGET_UNKNOWN', 'no document is live, so there is no endpoint')
    const { number, config, plan } = document
    const hits = endpointsOfTarget(override, plan)
    if (hits.length === 0) throw unknownTarget(override, config)
    const windows = this.#windowsOf(override)
    const first = windows[0]
    const at = first === undefined ? this.#parts.now() : Math.max(this.#parts.now(), Date.parse(first.from))
    const others = this.#overrides().filter(({ id }) => id !== override.id)
    // As it is when it holds: begun, and a drain over.
    const { schedule: _schedule, ...always } = override
    const whole: HeldOverride = { ...always, startsAt: null, endsAt: null, drainSeconds: 0 }
    const held = heldEndpoints([...others, whole], plan, at)
    const now = this.held()
    const lines = findImpact({
      config,
      plan,
      // What was measured: overrides are laid over it here.
      scores: (await this.#parts.scores())?.map(({ override: _override, ...score }) => score) ?? null,
      before: forcedStandings(others, plan, at),
      after: forcedStandings([...others, whole], plan, at),
    })
    return {
      generation: number,
      endpoints: hits.map((hit) => {
        const id = plan.endpoints[hit]!.id
        const hold = now.get(id)
        return {
          endpoint: id,
          decides: held.get(id)?.override.id === override.id,
          heldBy: hold === undefined || hold.override.id === override.id ? null : noteOf(hold),
        }
      }),
      lines: lines.map((line): OverrideLine => {
        const { labelEn, labelZh } = this.#parts.labelOf(line.line, config)
        return { ...line, labelEn, labelZh }
      }),
      windows,
      needs: lines.length > 0 ? [LEAVES_FALLBACK] : [],
    }
  }

  /** The stretch that is on, and the next ones. */
  #windowsOf(override: HeldOverride): readonly OverrideWindow[] {
    const now = this.#parts.now()
    const span = activeSpan(override, now)
    const on: readonly OverrideWindow[] =
      span === undefined
        ? []
        : [{ from: new Date(span.fromAt).toISOString(), until: span.untilAt === null ? null : new Date(span.untilAt).toISOString() }]
    return [...on, ...nextWindowsOf(override, now, WINDOWS_TOLD)].slice(0, WINDOWS_TOLD)
  }

  #view(stored: StoredOverride): Override {
    return viewOverride(stored, this.#document()?.plan, this.held(), this.#parts.now())
  }

  #find(id: string): StoredOverride {
    const stored = this.#parts.store.getOverride(id)
    if (stored === undefined) throw new ApiError('OVERRIDE_UNKNOWN', `there is no override "${id.slice(0, 40)}"`)
    return stored
  }

  #findOpen(id: string, isRunning = false): StoredOverride {
    const stored = this.#find(id)
    if (stored.endedAt !== null || (!isRunning && isOver(stored.override, this.#parts.now())))
      throw new ApiError('OVERRIDE_ENDED', `override ${id} has ended`)
    return stored
  }

  #document(): Live | undefined {
    const live = this.#parts.publisher.live()
    if (live?.config === undefined) return undefined
    const { number } = live.generation
    if (this.#live?.number !== number) this.#live = { number, config: live.config, plan: makeRankPlan(live.config) }
    return this.#live
  }

  #stored(): readonly StoredOverride[] {
    this.#open ??= this.#parts.store.listOpenOverrides()
    return this.#open
  }

  #overrides(): readonly HeldOverride[] {
    return this.#stored().map(({ override }) => override)
  }

  #activeIds(): ReadonlySet<string> {
    const now = this.#parts.now()
    return new Set(
      this.#overrides()
        .filter((override) => activeSpan(override, now) !== undefined)
        .map(({ id }) => id),
    )
  }

  #changed(): void {
    this.#open = undefined
    this.#active = this.#activeIds()
    this.#tell()
  }

  #tell(): void {
    this.#parts.hub.tellOverrides(() => ({ type: 'overrides', overrides: this.#overrides() }))
  }

  #say({ override }: StoredOverride, detail: string): void {
    this.#parts.onEvent(targetText(override.target), detail)
  }

  #until(override: HeldOverride): string {
    const until = activeSpan(override, this.#parts.now())?.untilAt ?? override.endsAt
    const from =
      override.startsAt !== null && override.startsAt > this.#parts.now() ? ` from ${new Date(override.startsAt).toISOString()}` : ''
    return `${from}${until === null ? '' : ` until ${new Date(until).toISOString()}`}`
  }
}

function accepted(judged: Judged): OverrideDraft {
  if (judged.ok) return judged.draft
  const { issues } = judged
  throw new ApiError('OVERRIDE_INVALID', issues.length === 1 ? issues[0]!.message : `the override has ${issues.length} mistakes`, {
    issues,
  })
}

function unknownTarget({ target }: HeldOverride, { pools }: Config): ApiError {
  const { kind, value } = target
  const shown = value.slice(0, 100)
  if (kind === 'pool' && pools.some(({ id }) => id === value))
    return new ApiError('OVERRIDE_TARGET_UNKNOWN', `no policy uses pool "${shown}", so nothing would be held`)
  if (kind === 'label' && !value.includes('='))
    return new ApiError('OVERRIDE_TARGET_UNKNOWN', `"${shown}" is no label: write it as key=value`)
  const what = kind === 'label' || kind === 'site' ? `no endpoint of the live document has ${kind}` : `the live document has no ${kind}`
  return new ApiError('OVERRIDE_TARGET_UNKNOWN', `${what} "${shown}"`)
}

/** Throws OVERRIDE_LEAVES_FALLBACK with the lines, unless that is accepted. */
function refuseFallback(lines: readonly OverrideLine[], accept: readonly string[] = []): void {
  if (lines.length === 0 || accept.includes(LEAVES_FALLBACK)) return
  const issues = lines.slice(0, ISSUES_TOLD).map((line): Issue => {
    const { policy, after, pool, health } = line
    return {
      code: LEAVES_FALLBACK,
      severity: 'warning',
      path: '',
      params: { policy, line: line.line, before: line.before, after, pool, health },
      message: `line "${line.line}" of policy "${policy}" ${OUTCOME_WORDS[after]}${pool === '' ? '' : ` (pool "${pool}")`}`,
      suggestion: '',
      where: null,
    }
  })
  const count = lines.length === 1 ? '1 line' : `${lines.length} lines`
  throw new ApiError(LEAVES_FALLBACK, `${count} would be left without an endpoint of their own`, { issues })
}

const OUTCOME_WORDS: Readonly<Record<OverrideLine['after'], string>> = {
  rule: 'is answered by its rules',
  fallback: 'would be answered by the fallback',
  'last-resort': 'would be answered by an endpoint that is not eligible',
  nothing: 'would have no endpoint that is up',
}

/** An override in the audit. */
function plainOf(override: HeldOverride): Record<string, unknown> {
  const { target, action, drainSeconds, owner, reason, startsAt, endsAt, schedule } = override
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
  return {
    target: targetText(target),
    action,
    ...(drainSeconds > 0 ? { drainSeconds } : {}),
    owner,
    reason,
    startsAt: iso(startsAt),
    endsAt: iso(endsAt),
    ...(schedule === undefined ? {} : { schedule: `${schedule.cron} ${schedule.timeZone} ${schedule.durationSeconds} s` }),
  }
}
