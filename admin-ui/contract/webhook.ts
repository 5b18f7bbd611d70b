/** Webhooks: who is told of events, and how that goes. Pure. */
import { z } from 'zod'

/** One webhook of the live document with its state. */
export type WebhookView = {
  readonly id: string
  readonly format: string
  /** Scheme, host and port only: the rest may be a secret. Empty = not known, its file cannot be read. */
  readonly target: string
  readonly signed: boolean
  readonly kinds: readonly string[] | null
  readonly minimumSeverity: string
  readonly enabled: boolean
  /** `ok`: the last message was delivered, or none was needed; `failing`: it is tried again; `disabled`. */
  readonly state: 'ok' | 'failing' | 'disabled'
  /** Messages that wait. */
  readonly queued: number
  /** When the oldest of them happened; null = none waits. */
  readonly oldestQueuedAt: string | null
  /** Since the start of control. */
  readonly delivered: number
  readonly failedAttempts: number
  readonly dropped: number
  readonly collapsed: number
  readonly lastDeliveredAt: string | null
  /** Of the last attempt that failed; empty when none did since the last success. */
  readonly lastError: string
  readonly lastErrorAt: string | null
  readonly nextAttemptAt: string | null
}

/** Answer of `GET /webhooks`. */
export type WebhookList = { readonly webhooks: readonly WebhookView[] }

/** Answer of `POST /webhooks/:id/test`: what the receiver said to a test message. */
export type WebhookTest = {
  readonly ok: boolean
  /** HTTP status; null = there was no answer. */
  readonly status: number | null
  readonly detail: string
  readonly durationMs: number
  /** The beginning of its answer. */
  readonly reply: string
}

const count = z.number().int()
const moment = z.string().nullable()

/** Schema of WebhookList. */
export const webhookListSchema: z.ZodType<WebhookList> = z
  .object({
    webhooks: z.array(
      z
        .object({
          id: z.string(),
          format: z.string(),
          target: z.string(),
          signed: z.boolean(),
          kinds: z.array(z.string()).nullable(),
          minimumSeverity: z.string(),
          enabled: z.boolean(),
          state: z.enum(['ok', 'failing', 'disabled']),
          queued: count,
          oldestQueuedAt: moment,
          delivered: count,
          failedAttempts: count,
          dropped: count,
          collapsed: count,
          lastDeliveredAt: moment,
          lastError: z.string(),
          lastErrorAt: moment,
          nextAttemptAt: moment,
        })
        .meta({ id: 'Webhook' }),
    ),
  })
  .meta({ id: 'WebhookList' })
/** Schema of WebhookTest. */
export const webhookTestSchema: z.ZodType<WebhookTest> = z
  .object({ ok: z.boolean(), status: count.nullable(), detail: z.string(), durationMs: z.number(), reply: z.string() })
  .meta({ id: 'WebhookTest' })
