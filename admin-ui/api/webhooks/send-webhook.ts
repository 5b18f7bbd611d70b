/**
 * Sends one message by POST, and says how that went; never throws. Shell. A receiver may hang, answer without end, redirect, or be a way to our
 * own doors: time and answer are limited, redirects are not followed, the address that was judged is the one that is connected to.
 */
import { isIP } from 'node:net'
import { Agent, request } from 'undici'
import { guardedLookup } from '../../../geodata/refresh/guarded-lookup.ts'
import type { Webhook } from '../../../policy/config/config-schema.ts'
import { refusalOf, type WebhookRequest } from './webhook-body.ts'

/** Why an address and port may not be reached; undefined = they may. */
export type MayReach = (address: string, port: number) => string | undefined

/** How a message went. */
export type SendResult = {
  readonly ok: boolean
  /** HTTP status; null = there was no answer. */
  readonly status: number | null
  /** For people: what is wrong, or that it was taken. */
  readonly detail: string
  /** The beginning of the answer. */
  readonly reply: string
  readonly durationMs: number
  /** What the receiver asks to wait, seconds; 0 = nothing. */
  readonly retryAfterSeconds: number
}

/** Time for all of it. */
const TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 5000
/** Of an answer this much is read; the connection is closed then. */
const REPLY_LIMIT_BYTES = 2048

/** Sends it. */
export async function sendWebhook(
  format: Webhook['format'],
  message: WebhookRequest,
  mayReach: MayReach,
  timeoutMs: number = TIMEOUT_MS,
): Promise<SendResult> {
  const startedMs = performance.now()
  const result = (part: Partial<SendResult>): SendResult => {
    const durationMs = Math.round(performance.now() - startedMs)
    return { ok: false, status: null, detail: '', reply: '', retryAfterSeconds: 0, ...part, durationMs }
  }
  const url = new URL(message.url)
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // An address in the URL itself is not looked up.
  const forbidden = isIP(host) === 0 ? undefined : mayReach(host, port)
  if (forbidden !== undefined) return result({ detail: `not sent: ${forbidden}` })
  let refusal = ''
  const lookup = guardedLookup(
    (address) => {
      const why = mayReach(address, port)
      if (why !== undefined) refusal = why
      return why === undefined
    },
    () => new Error(`not sent: ${refusal}`),
  )
  const agent = new Agent({ connect: { lookup, timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) } })
  const signal = AbortSignal.timeout(timeoutMs)
  let status: number | null = null
  try {
    const { statusCode, headers, body } = await request(message.url, {
      method: 'POST',
      headers: message.headers,
      body: message.body,
      dispatcher: agent,
      signal,
    })
    status = statusCode
    const reply = await readBeginning(body)
    const problem = refusalOf(format, statusCode, reply)
    const retryAfterSeconds = /^\d{1,6}$/.test(String(headers['retry-after'])) ? Number(headers['retry-after']) : 0
    return result({ ok: problem === undefined, status, reply, retryAfterSeconds, detail: problem ?? `it answers ${statusCode}` })
  } catch (error) {
    const detail = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error)
    return result({ status, detail })
  } finally {
    await agent.destroy().catch(() => undefined)
  }
}

/** The beginning of a body; the rest is never read. */
async function readBeginning(body: AsyncIterable<Uint8Array> & { destroy(): void }): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of body) {
    parts.push(part)
    sizeBytes += part.length
    if (sizeBytes >= REPLY_LIMIT_BYTES) break
  }
  body.destroy()
  return Buffer.concat(parts).subarray(0, REPLY_LIMIT_BYTES).toString('utf8')
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message: string; cause?: { code?: string; message?: string } }
  if (/^not sent: /.test(cause?.message ?? message)) return cause?.message ?? message
  const word = cause?.code ?? code ?? message
  if (word === 'ENOTFOUND' || word === 'EAI_AGAIN') return `its name cannot be resolved (${word})`
  if (word === 'ECONNREFUSED') return 'the connection is refused'
  if (word === 'UND_ERR_CONNECT_TIMEOUT') return 'no connection in time'
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(word)) return `its certificate is not accepted (${word})`
  return `the connection failed (${word})`
}
