/**
 * Notices → the request that a receiver understands, and its answer → whether it took them. Pure: time, secret and number of the message
 * come as parameters. Bots answer 200 to what they refuse, so their bodies are read.
 */
import { createHmac } from 'node:crypto'
import type { Webhook } from '../../../policy/config/config-schema.ts'
import type { EventKind, EventSeverity } from '../../contract/event.ts'
import { judgeEvent } from '../observe/judge-event.ts'
import type { Notice, ToldProblem } from './notice.ts'

/** What a message is made with. */
export type MessageParts = {
  readonly url: string
  readonly secret: string | undefined
  readonly notices: readonly Notice[]
  readonly nowMs: number
  /** The same for each try of a message, so that a receiver can pass over what it has. */
  readonly deliveryId: string
  readonly isTest: boolean
  readonly version: string
}

/** A request to send by POST. */
export type WebhookRequest = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** Most bytes of text that a bot takes; beyond it messages are refused as a whole. */
const TEXT_LIMIT_BYTES: Readonly<Partial<Record<Webhook['format'], number>>> = {
  slack: 3000,
  wecom: 2000,
  dingtalk: 18_000,
  feishu: 18_000,
}
/** An alert that is not repeated within this time counts as over: what Prometheus gives its own. */
export const ALERT_LIFE_MS: number = 5 * 60_000

/** Makes the request. */
export function webhookRequest({ id, format }: Pick<Webhook, 'id' | 'format'>, parts: MessageParts): WebhookRequest {
  const { secret, nowMs, deliveryId, version } = parts
  const timestamp = Math.floor(nowMs / 1000)
  let { url } = parts
  let body: string
  switch (format) {
    case 'generic':
      body = genericBody(id, parts)
      break
    case 'alertmanager':
      url = alertsUrl(url)
      body = JSON.stringify(parts.notices.flatMap((notice) => alertsOf(notice, nowMs)))
      break
    case 'slack':
      body = JSON.stringify({ text: textOf(format, parts).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') })
      break
    case 'wecom':
      body = JSON.stringify({ msgtype: 'text', text: { content: textOf(format, parts) } })
      break
    case 'dingtalk':
      if (secret !== undefined) url = dingtalkUrl(url, secret, nowMs)
      body = JSON.stringify({ msgtype: 'text', text: { content: textOf(format, parts) } })
      break
    case 'feishu': {
      const sign = secret === undefined ? {} : { timestamp: String(timestamp), sign: feishuSign(secret, timestamp) }
      body = JSON.stringify({ ...sign, msg_type: 'text', content: { text: textOf(format, parts) } })
      break
    }
  }
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': `nearcast/${version}`,
    'x-nearcast-webhook': id,
    'x-nearcast-delivery': deliveryId,
  }
  if (secret === undefined || format === 'dingtalk' || format === 'feishu') return { url, headers, body }
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`, 'utf8').digest('hex')
  return { url, headers: { ...headers, 'x-nearcast-timestamp': String(timestamp), 'x-nearcast-signature': `v1=${signature}` }, body }
}

/** Why an answer means that the message was not taken; undefined = it was. */
export function refusalOf(format: Webhook['format'], status: number, reply: string): string | undefined {
  if (status >= 300 && status <= 399) return `it answers ${status}; redirects are not followed, write the URL that it leads to`
  if (status < 200 || status > 299)
    return `it answers ${status}${status === 404 || status === 410 ? ': check the URL' : ''}${quoted(reply)}`
  if (format !== 'wecom' && format !== 'dingtalk' && format !== 'feishu') return undefined
  let answer: Readonly<Record<string, unknown>>
  try {
    answer = JSON.parse(reply) as Readonly<Record<string, unknown>>
  } catch {
    return `it answers ${status}, but no JSON: this is not the URL of a bot${quoted(reply)}`
  }
  const code = format === 'feishu' ? (answer?.code ?? answer?.StatusCode) : answer?.errcode
  if (code === 0) return undefined
  const words = String(answer?.errmsg ?? answer?.msg ?? answer?.StatusMessage ?? 'no reason given').slice(0, 200)
  return `the bot refuses it with code ${String(code)}: ${words}`
}

function quoted(reply: string): string {
  const text = reply.replace(/\s+/g, ' ').trim().slice(0, 120)
  return text === '' ? '' : ` ("${text}")`
}

function genericBody(webhook: string, { notices, nowMs, deliveryId, isTest }: MessageParts): string {
  return JSON.stringify({
    version: 1,
    webhook,
    deliveryId,
    sentAt: new Date(nowMs).toISOString(),
    test: isTest,
    notices: notices.map(({ key, event, changes, firstAt, before }) => ({
      key: key.replaceAll('\n', '/'),
      kind: event.kind,
      node: event.node,
      subject: event.subject,
      detail: event.detail,
      at: event.at,
      ...judgeEvent(event),
      changes,
      firstAt,
      ...(before === undefined ? {} : { problemSince: before.at }),
      ...(event.evidence === undefined ? {} : { evidence: event.evidence }),
    })),
  })
}

// DingTalk, custom robots: the signature of timestamp, line feed and secret goes into the URL.
function dingtalkUrl(text: string, secret: string, nowMs: number): string {
  const url = new URL(text)
  const sign = createHmac('sha256', secret).update(`${nowMs}\n${secret}`, 'utf8').digest('base64')
  url.searchParams.set('timestamp', String(nowMs))
  url.searchParams.set('sign', sign)
  return url.href
}

// Feishu, custom bots: timestamp, line feed and secret are the key, the signed text is empty.
function feishuSign(secret: string, timestamp: number): string {
  return createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64')
}

function alertsUrl(text: string): string {
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = '/api/v2/alerts'
  return url.href
}

type Alert = {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

/**
 * Alerts of a notice: the labels of a problem stay while it lasts, so that its end finds it; one that becomes worse is another alert (routes
 * go by severity). What is no problem with an end is an alert for five minutes.
 */
function alertsOf({ key, event, before, changes }: Notice, nowMs: number): readonly Alert[] {
  const { severity, state } = judgeEvent(event)
  const [, , , aspect = ''] = key.split('\n')
  const name = event.kind.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase())
  const labelsOf = (severityOfIt: string): Readonly<Record<string, string>> => ({
    alertname: `Nearcast${name}`,
    kind: event.kind,
    subject: event.subject,
    node: event.node,
    severity: severityOfIt,
    ...(aspect === '' ? {} : { aspect }),
  })
  const annotations = {
    summary: `${event.subject}: ${event.detail}`.slice(0, 500),
    ...(changes > 1 ? { description: `${changes} changes since the last message` } : {}),
  }
  const over = (problem: ToldProblem): Alert => ({
    labels: labelsOf(problem.severity),
    annotations,
    startsAt: problem.at,
    endsAt: [event.at, problem.at].sort()[1]!,
  })
  const wasOther = before !== undefined && (state !== 'problem' || before.severity !== severity)
  const alerts: Alert[] = wasOther ? [over(before)] : []
  if (state === 'cleared') return alerts
  const startsAt = before !== undefined && !wasOther ? before.at : event.at
  return [...alerts, { labels: labelsOf(severity), annotations, startsAt, endsAt: new Date(nowMs + ALERT_LIFE_MS).toISOString() }]
}

type Words = {
  readonly severity: Readonly<Record<EventSeverity, string>>
  readonly cleared: string
  readonly test: string
  readonly kind: Readonly<Record<EventKind, string>>
  readonly changes: (count: number, since: string) => string
  readonly more: (count: number) => string
  readonly node: (node: string) => string
}

const ENGLISH: Words = {
  severity: { critical: 'CRITICAL', warning: 'WARNING', info: 'INFO' },
  cleared: 'CLEARED',
  test: 'Test message of nearcast: the way works.',
  kind: {
    standing: 'endpoint',
    'fail-open': 'policy',
    generation: 'generation',
    'worker-replaced': 'worker',
    certificate: 'certificate',
    node: 'node',
    publish: 'publish',
    zone: 'zone',
    geodata: 'geodata',
    override: 'override',
    isolation: 'isolation',
    capacity: 'capacity',
    clock: 'clock',
  },
  changes: (count, since) => `${count} changes since ${since}`,
  more: (count) => `… and ${count} more`,
  node: (node) => `node ${node}`,
}
const CHINESE: Words = {
  severity: { critical: '严重', warning: '警告', info: '通知' },
  cleared: '恢复',
  test: 'nearcast 测试消息：通道正常。',
  kind: {
    standing: '端点',
    'fail-open': '策略',
    generation: '代次',
    'worker-replaced': '工作线程',
    certificate: '证书',
    node: '节点',
    publish: '发布',
    zone: '区域',
    geodata: '地理数据',
    override: '人工干预',
    isolation: '隔离',
    capacity: '容量',
    clock: '时钟',
  },
  changes: (count, since) => `自 ${since} 起变化 ${count} 次`,
  more: (count) => `……另有 ${count} 条`,
  node: (node) => `节点 ${node}`,
}

/** One line a notice, cut to what the receiver takes. "nearcast" stands in each text: bots may demand a keyword. */
function textOf(format: Webhook['format'], { notices, isTest }: MessageParts): string {
  const words = format === 'slack' ? ENGLISH : CHINESE
  if (isTest) return words.test
  const limit = TEXT_LIMIT_BYTES[format]!
  const lines: string[] = ['nearcast']
  let sizeBytes = Buffer.byteLength(lines[0]!)
  for (const [position, notice] of notices.entries()) {
    const line = cutBytes(lineOf(notice, words), Math.floor(limit / 2))
    const more = words.more(notices.length - position)
    if (sizeBytes + Buffer.byteLength(line) + Buffer.byteLength(more) + 2 > limit) {
      lines.push(more)
      break
    }
    lines.push(line)
    sizeBytes += Buffer.byteLength(line) + 1
  }
  return lines.join('\n')
}

function lineOf({ event, changes, firstAt }: Notice, words: Words): string {
  const { severity, state } = judgeEvent(event)
  const head = state === 'cleared' ? words.cleared : words.severity[severity]
  const history = changes > 1 ? ` (${words.changes(changes, firstAt)})` : ''
  return `[${head}] ${words.kind[event.kind]} ${event.subject}: ${event.detail}${history} · ${words.node(event.node)} · ${event.at}`
}

/** Cuts at a whole character. */
function cutBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limit) return text
  let end = limit - 3
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return `${bytes.subarray(0, end).toString('utf8')}…`
}
