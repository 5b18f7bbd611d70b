/**
 * Tells webhooks of events: takes them from the feed, merges what is about the same thing, keeps what waits in the queue, sends it, and tries
 * again for a day. Each webhook is for itself: one that hangs or refuses for hours delays no other, and its queue is bounded. Has a life; clock,
 * timers, randomness and sending come as parameters.
 *
 *   event ─► wanted? ─► merged into what waits about it, or held after the last message about it ─► queue ─► one message of up to 20 ─► told
 */
import type { Webhook } from '../../../policy/config/config-schema.ts'
import type { QueuedNotice, WebhookQueue } from '../../../policy/store/webhook-queue.ts'
import { EVENT_SEVERITIES, type Event, type EventSeverity } from '../../contract/event.ts'
import type { WebhookList, WebhookTest, WebhookView } from '../../contract/webhook.ts'
import { ApiError } from '../api-error.ts'
import { judgeEvent, keyOfEvent } from '../observe/judge-event.ts'
import type { ApiLog } from '../server.ts'
import { mergeInto, type Notice, noticeOf, saysTheSame, type Told, toldAfter } from './notice.ts'
import type { SendResult } from './send-webhook.ts'
import { type WebhookRequest, webhookRequest } from './webhook-body.ts'

/** What a webhook's files hold. */
export type WebhookSecrets = { readonly url: string; readonly secret: string | undefined }

/** What the desk works with. */
export type WebhookDeskParts = {
  readonly queue: WebhookQueue
  /** Of the live document. */
  readonly webhooks: () => readonly Webhook[]
  /** What the live document has: problems of what is gone are over. Undefined = there is no document. */
  readonly subjects: () => { readonly endpoints: ReadonlySet<string>; readonly policies: ReadonlySet<string> } | undefined
  /** URL and key of a webhook. Throws an Error that says what is wrong. */
  readonly readSecrets: (webhook: Webhook) => WebhookSecrets
  readonly send: (format: Webhook['format'], request: WebhookRequest) => Promise<SendResult>
  /** Wall clock, ms since epoch. */
  readonly now: () => number
  /** Calls back once; the returned function gives it up. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void
  /** 0 to 1. */
  readonly random: () => number
  readonly version: string
  readonly log: Pick<ApiLog, 'warn' | 'info' | 'error'>
}

/** Most notices in one message. */
const BATCH_MAX = 20
/** What could not be told within this time is dropped. */
const GIVE_UP_MS = 24 * 3_600_000
const FIRST_BACKOFF_MS = 2000
const MOST_BACKOFF_MS = 10 * 60_000
/** A receiver's wish to wait is followed up to this. */
const MOST_RETRY_AFTER_MS = 3_600_000
/** Between two messages: bots take 20 a minute (WeCom, DingTalk), 5 a second (Feishu), one a second (Slack). */
const SPACING_MS: Readonly<Record<Webhook['format'], number>> = {
  generic: 100,
  alertmanager: 100,
  slack: 1100,
  feishu: 600,
  wecom: 3200,
  dingtalk: 3200,
}
/** Alertmanager forgets what is not repeated. */
const REPEAT_MS = 60_000
/** Nothing is remembered of a problem that was told this long ago, nor of one that was over a day ago. */
const REMEMBER_PROBLEM_MS = 30 * 86_400_000
const REMEMBER_MS = 86_400_000
/** Longest wait of a timer. */
const LOOK_MS = 60_000

type Outcome = 'delivered' | 'failed' | 'dropped' | 'collapsed'

/** The life of one webhook. */
type Desk = {
  /** JSON of its part of the document. */
  config: string
  counts: Record<Outcome, number>
  /** Attempts that failed since the last success. */
  failures: number
  /** Of those, whether the last one was this message's own fault: then one notice at a time. */
  isRefusing: boolean
  nextMs: number
  repeatMs: number
  sending: ReadonlySet<number>
  isSending: boolean
  /** Whether it was told of a problem that is not over; only looked at for Alertmanager. */
  hasProblems: boolean | undefined
  cancel: (() => void) | undefined
  lastDeliveredMs: number
  lastError: string
  lastErrorMs: number
}

/** The desk. */
export class WebhookDesk {
  readonly #parts: WebhookDeskParts
  readonly #desks = new Map<string, Desk>()
  #sequence = 0
  #isStopped = false
  #hasFailed = false

  constructor(parts: WebhookDeskParts) {
    this.#parts = parts
  }

  /** Takes in a document that became live, and goes on with what waits. */
  sync(): void {
    this.#attempt(() => {
      const webhooks = this.#parts.webhooks()
      this.#parts.queue.keepOnly(webhooks.filter(({ enabled }) => enabled).map(({ id }) => id))
      for (const [id, desk] of this.#desks) {
        if (webhooks.some((one) => one.id === id && one.enabled)) {
          // What was wrong may have been corrected just now. Updates publish as well, and correct nothing.
          const config = JSON.stringify(webhooks.find((one) => one.id === id))
          if (desk.failures > 0 && desk.config !== config) desk.nextMs = this.#parts.now()
          desk.config = config
          continue
        }
        desk.cancel?.()
        this.#desks.delete(id)
      }
      for (const webhook of webhooks) {
        if (!webhook.enabled) continue
        this.#endProblemsOfGone(webhook)
        this.#schedule(webhook.id)
      }
    })
  }

  /** Takes in an event. */
  take(event: Event): void {
    this.#attempt(() => {
      for (const webhook of this.#parts.webhooks()) if (webhook.enabled) this.#offer(webhook, event)
    })
  }

  /** Takes in an event that an earlier run of control may have taken: who knows it, or a newer one about the same, is not told again. */
  takeAgain(event: Event): void {
    this.#attempt(() => {
      const key = keyOfEvent(event)
      for (const webhook of this.#parts.webhooks()) {
        if (!webhook.enabled) continue
        const waiting = this.#parts.queue.listOf(webhook.id, key).map(({ notice }) => (JSON.parse(notice) as Notice).event.id)
        if (Math.max(-1, this.#told(webhook.id, key)?.event.id ?? -1, ...waiting) < event.id) this.#offer(webhook, event, key)
      }
    })
  }

  /** Sends a test message now, past the queue. Throws WEBHOOK_UNKNOWN. */
  async test(id: string): Promise<WebhookTest> {
    const webhook = this.#parts.webhooks().find((one) => one.id === id)
    if (webhook === undefined) throw new ApiError('WEBHOOK_UNKNOWN', `the live document has no webhook "${id}"`)
    const at = new Date(this.#parts.now()).toISOString()
    const detail = 'test message of nearcast: the way works'
    const event: Event = { id: 0, at, node: 'control', kind: 'publish', subject: 'test', detail, severity: 'info' }
    const result = await this.#send(webhook, [noticeOf(keyOfEvent(event), event, undefined)], true)
    const { ok, status, durationMs, reply } = result
    return { ok, status, detail: result.detail, durationMs, reply }
  }

  /** How it goes, by id. */
  list(): WebhookList {
    const moment = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString())
    return {
      webhooks: this.#parts.webhooks().map((webhook): WebhookView => {
        const { id, format, kinds = null, minimumSeverity, enabled, secretRef } = webhook
        const desk = this.#deskOf(id)
        const queued = this.#parts.queue.state(id)
        return {
          id,
          format,
          target: this.#targetOf(webhook),
          signed: secretRef !== undefined,
          kinds,
          minimumSeverity,
          enabled,
          state: enabled ? (desk.failures > 0 ? 'failing' : 'ok') : 'disabled',
          queued: queued.length,
          oldestQueuedAt: moment(queued.oldestAt),
          delivered: desk.counts.delivered,
          failedAttempts: desk.counts.failed,
          dropped: desk.counts.dropped,
          collapsed: desk.counts.collapsed,
          lastDeliveredAt: moment(desk.lastDeliveredMs),
          lastError: desk.failures > 0 ? desk.lastError : '',
          lastErrorAt: desk.failures > 0 ? moment(desk.lastErrorMs) : null,
          nextAttemptAt: desk.failures > 0 && queued.length > 0 ? moment(desk.nextMs) : null,
        }
      }),
    }
  }

  /** Rows for the metrics port of each node. */
  figures(): Readonly<Record<string, readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>> {
    const enabled = this.#parts.webhooks().filter((webhook) => webhook.enabled)
    const rows = enabled.map(({ id }) => ({ id, desk: this.#deskOf(id) }))
    return {
      nearcast_webhook_deliveries_total: rows.flatMap(({ id, desk }) =>
        (Object.keys(desk.counts) as Outcome[]).map((outcome) => ({ labels: { webhook: id, outcome }, value: desk.counts[outcome] })),
      ),
      nearcast_webhook_queue_length: rows.map(({ id }) => ({ labels: { webhook: id }, value: this.#parts.queue.state(id).length })),
      nearcast_webhook_failing: rows.map(({ id, desk }) => ({ labels: { webhook: id }, value: desk.failures > 0 ? 1 : 0 })),
      nearcast_webhook_last_delivery_timestamp_seconds: rows.flatMap(({ id, desk }) =>
        desk.lastDeliveredMs === 0 ? [] : [{ labels: { webhook: id }, value: desk.lastDeliveredMs / 1000 }],
      ),
    }
  }

  /** Problems of a node that a webhook was told of, and nothing newer waits to be told about. */
  openProblems(node: string): readonly Event[] {
    const events: Event[] = []
    this.#attempt(() => {
      for (const { id, enabled } of this.#parts.webhooks()) {
        if (!enabled) continue
        for (const { key, event } of this.#openProblems(id))
          if (event.node === node && this.#told(id, key)?.problem !== undefined && this.#parts.queue.listOf(id, key).length === 0)
            events.push(event)
      }
    })
    return events
  }

  /** Ends it; what waits is kept. */
  stop(): void {
    this.#isStopped = true
    for (const desk of this.#desks.values()) desk.cancel?.()
    this.#parts.queue.close()
  }

  #deskOf(id: string): Desk {
    const known = this.#desks.get(id)
    if (known !== undefined) return known
    const desk: Desk = {
      config: JSON.stringify(this.#parts.webhooks().find((one) => one.id === id)),
      counts: { delivered: 0, failed: 0, dropped: 0, collapsed: 0 },
      failures: 0,
      isRefusing: false,
      nextMs: 0,
      repeatMs: 0,
      sending: new Set(),
      isSending: false,
      hasProblems: undefined,
      cancel: undefined,
      lastDeliveredMs: 0,
      lastError: '',
      lastErrorMs: 0,
    }
    this.#desks.set(id, desk)
    return desk
  }

  /** What was told about a key; old memories fade. */
  #told(webhook: string, key: string): Told | undefined {
    const found = this.#parts.queue.toldOf(webhook, key)
    if (found === undefined) return undefined
    const told = JSON.parse(found.told) as Told
    const ageMs = this.#parts.now() - found.toldAt
    return ageMs > (told.problem === undefined ? REMEMBER_MS : REMEMBER_PROBLEM_MS) ? undefined : told
  }

  #offer(webhook: Webhook, event: Event, key: string = keyOfEvent(event)): void {
    const { queue, now } = this.#parts
    if (webhook.kinds !== undefined && !webhook.kinds.includes(event.kind)) return
    const { severity, state } = judgeEvent(event)
    const told = this.#told(webhook.id, key)
    const desk = this.#deskOf(webhook.id)
    const about = queue.listOf(webhook.id, key)
    const waiting = about.find(({ id }) => !desk.sending.has(id))
    const isEnd = state === 'cleared' && (told?.problem !== undefined || about.length > 0)
    if (!isEnd && rankOf(severity) < rankOf(webhook.minimumSeverity)) return
    const nowMs = now()
    // What was told as bad and is worse waits for nothing.
    const isWorse = told?.problem !== undefined && rankOf(severity) > rankOf(told.problem.severity)
    if (waiting !== undefined) {
      desk.counts.collapsed++
      const merged = mergeInto(JSON.parse(waiting.notice) as Notice, event)
      queue.replace(waiting.id, JSON.stringify(merged), isWorse ? nowMs : waiting.notBefore)
      if (isWorse) this.#schedule(webhook.id)
      return
    }
    const toldAt = queue.toldOf(webhook.id, key)?.toldAt ?? 0
    const heldUntil = told === undefined || isWorse ? 0 : toldAt + told.holdMs
    if (told !== undefined && nowMs < heldUntil && saysTheSame(told, event)) {
      desk.counts.collapsed++
      return
    }
    const notice = noticeOf(key, event, told)
    // A clock that was set back must not hold it for longer than the hold.
    const notBefore = Math.min(Math.max(nowMs, heldUntil), nowMs + (told?.holdMs ?? 0))
    const dropped = queue.add({ webhook: webhook.id, key, notice: JSON.stringify(notice), queuedAt: nowMs, notBefore }, desk.sending)
    desk.counts.dropped += dropped
    this.#schedule(webhook.id)
  }

  /** An endpoint that is taken out while it is down never comes up: its problem is over with it. */
  #endProblemsOfGone(webhook: Webhook): void {
    const subjects = this.#parts.subjects()
    if (subjects === undefined) return
    for (const { told } of this.#parts.queue.told(webhook.id)) {
      const { event, problem } = JSON.parse(told) as Told
      if (problem === undefined) continue
      const isGone =
        (event.kind === 'standing' && !subjects.endpoints.has(event.subject)) ||
        (event.kind === 'fail-open' && !subjects.policies.has(event.subject))
      if (!isGone) continue
      const { evidence: _evidence, ...plain } = event
      const at = new Date(this.#parts.now()).toISOString()
      this.#offer(webhook, { ...plain, at, detail: 'no longer in the document', severity: 'info', state: 'cleared' }, keyOfEvent(event))
    }
  }

  #schedule(id: string): void {
    const desk = this.#deskOf(id)
    if (this.#isStopped || desk.isSending) return
    desk.cancel?.()
    const nowMs = this.#parts.now()
    let atMs = nowMs + LOOK_MS
    this.#attempt(() => {
      const { length, firstDueAt } = this.#parts.queue.state(id)
      if (length > 0) atMs = Math.min(atMs, firstDueAt)
      if (this.#repeats(id)) atMs = Math.min(atMs, desk.repeatMs)
    })
    const delayMs = Math.min(LOOK_MS, Math.max(0, Math.max(atMs, desk.nextMs) - nowMs))
    desk.cancel = this.#parts.setTimer(() => {
      desk.cancel = undefined
      void this.#turn(id).catch((error: unknown) => {
        this.#attempt(() => {
          throw error
        })
        desk.isSending = false
        desk.sending = new Set()
        desk.nextMs = this.#parts.now() + LOOK_MS
        this.#schedule(id)
      })
    }, delayMs)
  }

  /** Alertmanager is told again of what is not over. */
  #repeats(id: string): boolean {
    if (this.#parts.webhooks().find((one) => one.id === id)?.format !== 'alertmanager') return false
    const desk = this.#deskOf(id)
    desk.hasProblems ??= this.#openProblems(id).length > 0
    return desk.hasProblems
  }

  async #turn(id: string): Promise<void> {
    const { queue, now } = this.#parts
    const desk = this.#deskOf(id)
    const webhook = this.#parts.webhooks().find((one) => one.id === id)
    if (webhook === undefined || !webhook.enabled || this.#isStopped || desk.isSending) return
    const nowMs = now()
    if (desk.nextMs > nowMs) {
      this.#schedule(id)
      return
    }
    this.#dropOld(id, desk, nowMs)
    const due = queue.list(id).filter(({ notBefore }) => notBefore <= nowMs)
    const isRepeat = due.length === 0 && this.#repeats(id) && desk.repeatMs <= nowMs
    if (due.length === 0 && !isRepeat) {
      this.#schedule(id)
      return
    }
    // What was refused itself goes behind what was not tried yet.
    const batch = due.sort((a, b) => a.attempts - b.attempts || a.id - b.id).slice(0, desk.isRefusing ? 1 : BATCH_MAX)
    const notices = isRepeat ? this.#openProblems(id) : batch.map(({ notice }) => JSON.parse(notice) as Notice)
    desk.isSending = true
    desk.sending = new Set(batch.map((one) => one.id))
    const result = await this.#send(webhook, notices, false)
    desk.isSending = false
    if (this.#isStopped) return
    if (result.ok) this.#delivered(webhook, desk, batch, notices, isRepeat)
    else this.#failed(webhook, desk, batch, result)
    desk.sending = new Set()
    this.#schedule(id)
  }

  #delivered(webhook: Webhook, desk: Desk, batch: readonly QueuedNotice[], notices: readonly Notice[], isRepeat: boolean): void {
    const { queue, now, log } = this.#parts
    const nowMs = now()
    if (desk.failures > 0) log.info({ webhook: webhook.id }, 'the webhook is reached again')
    desk.failures = 0
    desk.isRefusing = false
    desk.nextMs = nowMs + SPACING_MS[webhook.format]
    desk.lastDeliveredMs = nowMs
    desk.repeatMs = nowMs + REPEAT_MS
    desk.hasProblems = undefined
    if (isRepeat) return
    desk.counts.delivered += batch.length
    for (const notice of notices) {
      const told = toldAfter(notice, this.#told(webhook.id, notice.key))
      queue.tell({ webhook: webhook.id, key: notice.key, told: JSON.stringify(withoutEvidence(told)), toldAt: nowMs })
    }
    queue.remove(batch.map(({ id }) => id))
  }

  #failed(webhook: Webhook, desk: Desk, batch: readonly QueuedNotice[], result: SendResult): void {
    const { queue, now, log, random } = this.#parts
    const nowMs = now()
    desk.failures++
    desk.counts.failed++
    // 4xx may be this message's own fault; others then go before it.
    desk.isRefusing = result.status !== null && result.status >= 400 && result.status < 500
    queue.failed(batch.map(({ id }) => id))
    const backoffMs = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(20, desk.failures - 1)) * (0.5 + 0.5 * random())
    desk.nextMs = nowMs + Math.max(backoffMs, Math.min(MOST_RETRY_AFTER_MS, 1000 * result.retryAfterSeconds))
    if (desk.lastError !== result.detail || desk.failures === 1)
      log.warn(
        { webhook: webhook.id, reason: result.detail, failures: desk.failures },
        'the webhook could not be told; it is tried again for a day',
      )
    desk.lastError = result.detail
    desk.lastErrorMs = nowMs
  }

  #dropOld(id: string, desk: Desk, nowMs: number): void {
    const { length, oldestAt } = this.#parts.queue.state(id)
    if (length === 0 || nowMs - oldestAt <= GIVE_UP_MS) return
    const old = this.#parts.queue.list(id).filter(({ queuedAt }) => nowMs - queuedAt > GIVE_UP_MS)
    desk.counts.dropped += old.length
    this.#parts.queue.remove(old.map((one) => one.id))
    this.#parts.log.error({ webhook: id, count: old.length }, 'events could not be told for a day and are dropped')
  }

  /** What Alertmanager has to be told again. */
  #openProblems(id: string): readonly Notice[] {
    return this.#parts.queue.told(id).flatMap(({ key, told }) => {
      const { event, problem } = JSON.parse(told) as Told
      return problem === undefined ? [] : [{ key, event, changes: 1, firstAt: problem.at, before: problem }]
    })
  }

  async #send(webhook: Webhook, notices: readonly Notice[], isTest: boolean): Promise<SendResult> {
    const { now, version } = this.#parts
    const failed = (detail: string): SendResult => ({ ok: false, status: null, detail, reply: '', durationMs: 0, retryAfterSeconds: 0 })
    try {
      const { url, secret } = this.#parts.readSecrets(webhook)
      const nowMs = now()
      const first = notices[0]!.event
      const deliveryId = isTest
        ? `test-${nowMs}-${++this.#sequence}`
        : `${webhook.id}-${first.id}-${notices.at(-1)!.event.id}-${notices.length}`
      const request = webhookRequest(webhook, { url, secret, notices, nowMs, deliveryId, isTest, version })
      return await this.#parts.send(webhook.format, request)
    } catch (error) {
      return failed((error as Error).message)
    }
  }

  #targetOf(webhook: Webhook): string {
    try {
      return new URL(webhook.url ?? this.#parts.readSecrets(webhook).url).origin
    } catch {
      return ''
    }
  }

  /** A queue that cannot be written costs messages, never more: told once until it works again. */
  #attempt(work: () => void): void {
    try {
      work()
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) this.#parts.log.error({ err: error }, 'webhooks cannot be told of events')
      this.#hasFailed = true
    }
  }
}

function rankOf(severity: EventSeverity): number {
  return EVENT_SEVERITIES.indexOf(severity)
}

/** Evidence was told; what is remembered stays small. */
function withoutEvidence(told: Told): Told {
  const { evidence: _evidence, ...event } = told.event
  return { ...told, event }
}
