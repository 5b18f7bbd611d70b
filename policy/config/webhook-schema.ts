/** Shape of `options.webhooks`: who is told of events (docs/monitoring.md). Pure. Filled by fill-webhooks.ts, sent by admin-ui/api/webhooks. */
import { z } from 'zod'

/** Bodies that a receiver takes. */
export const WEBHOOK_FORMATS = ['generic', 'slack', 'wecom', 'dingtalk', 'feishu', 'alertmanager'] as const
/** One of them. */
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** Kinds of events that may be told; those of admin-ui/contract/event.ts (a test compares them). */
export const WEBHOOK_EVENT_KINDS = [
  'standing',
  'fail-open',
  'generation',
  'worker-replaced',
  'certificate',
  'node',
  'publish',
  'zone',
  'geodata',
  'override',
  'isolation',
  'capacity',
  'clock',
] as const

/** Severities of events, the worst last. */
export const WEBHOOK_SEVERITIES = ['info', 'warning', 'critical'] as const

/** `options.webhooks[]` as written. */
export type WebhookShape = {
  id: string
  url?: string | undefined
  urlRef?: string | undefined
  secretRef?: string | undefined
  format: WebhookFormat
  kinds?: (typeof WEBHOOK_EVENT_KINDS)[number][] | undefined
  minimumSeverity: (typeof WEBHOOK_SEVERITIES)[number]
  enabled: boolean
}

/** Webhooks in one document. */
export const WEBHOOKS_MAX = 32

const secretName = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?$/)

/** One element of `options.webhooks`. */
export const webhookSchema: z.ZodType<WebhookShape> = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
    .describe('Id, unique in its list: letters, digits, ".", "_", "-"; at most 63.'),
  url: z.string().max(2048).optional().describe('Where events are sent by POST; http or https. Either this or urlRef.'),
  urlRef: secretName
    .optional()
    .describe('File in the folder of secrets (`--secrets DIR`) that holds the URL: for bots whose URL is a secret itself.'),
  secretRef: secretName
    .optional()
    .describe('File in the folder of secrets that holds the key of the signature, a line of text [messages are not signed].'),
  format: z.enum(WEBHOOK_FORMATS).default('generic').describe('What the body is made for.'),
  kinds: z
    .array(z.enum(WEBHOOK_EVENT_KINDS))
    .min(1)
    .max(WEBHOOK_EVENT_KINDS.length)
    .optional()
    .describe('Kinds of events that are told [all].'),
  minimumSeverity: z
    .enum(WEBHOOK_SEVERITIES)
    .default('warning')
    .describe('Events below this are not told; the end of a problem that was told always is.'),
  enabled: z.boolean().default(true).describe('Whether anything is sent.'),
})
