/** `options.webhooks`: shape → Webhook, with everything that is wrong as an issue. Pure. */
import type { IssueDraft, LineOf } from './config-issue.ts'
import type { Webhook } from './config-schema.ts'
import { WEBHOOK_EVENT_KINDS, type WebhookShape } from './webhook-schema.ts'

/** Fills the list, in the order of ids. */
export function fillWebhooks(list: readonly WebhookShape[], lineOf: LineOf, issues: IssueDraft[]): readonly Webhook[] {
  const first = new Map<string, number>()
  const webhooks = list.map((shape, position): Webhook => {
    const { id, url, urlRef, secretRef, format, kinds, minimumSeverity, enabled } = shape
    const path = ['options', 'webhooks', position]
    const earlier = first.get(id)
    if (earlier === undefined) first.set(id, position)
    else {
      const params = { kind: 'webhook', id, firstLine: lineOf(['options', 'webhooks', earlier, 'id']) }
      issues.push({ code: 'CONFIG_ID_DUPLICATE', path: [...path, 'id'], params })
    }
    if (url === undefined && urlRef === undefined)
      issues.push({ code: 'CONFIG_KEY_MISSING', path, params: { owner: `webhook "${id}"`, key: 'url' } })
    if (url !== undefined && urlRef !== undefined)
      issues.push({ code: 'CONFIG_KEY_UNUSED', path: [...path, 'url'], params: { key: 'url', reason: 'urlRef' }, atKey: true })
    const problem = url === undefined ? undefined : whatIsWrongWith(url)
    if (problem !== undefined)
      issues.push({ code: 'CONFIG_FORM', path: [...path, 'url'], params: { key: 'url', value: shown(url!), remedy: problem } })
    return {
      id,
      ...(url === undefined ? {} : { url }),
      ...(urlRef === undefined ? {} : { urlRef }),
      ...(secretRef === undefined ? {} : { secretRef }),
      format,
      ...(kinds === undefined ? {} : { kinds: WEBHOOK_EVENT_KINDS.filter((kind) => kinds.includes(kind)) }),
      minimumSeverity,
      enabled,
    }
  })
  return webhooks.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What must be done about a URL; undefined = nothing. Webhooks read URLs from files by the same rule. */
export function whatIsWrongWith(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'write it as https://example.com/hook'
  if (url.username !== '' || url.password !== '') return 'put a URL with a password into a file and name it with urlRef'
  if (url.hash !== '') return 'leave out what stands behind "#": it is never sent'
  return undefined
}

function shown(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null || parsed.origin === 'null' ? url.slice(0, 100) : `${parsed.origin}${parsed.pathname.slice(0, 40)}`
}
