/** Webhooks: what is told, when, how it is merged, retried, bounded and kept, on virtual time. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { SendResult } from '../../../../admin-ui/api/webhooks/send-webhook.ts'
import { WebhookDesk } from '../../../../admin-ui/api/webhooks/webhook-desk.ts'
import type { Event } from '../../../../admin-ui/contract/event.ts'
import type { Webhook } from '../../../../policy/config/config-schema.ts'
import { openWebhookQueue, QUEUE_MAX } from '../../../../policy/store/webhook-queue.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'nearcast-webhooks-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const TAKEN: SendResult = { ok: true, status: 200, detail: '', reply: '', durationMs: 1, retryAfterSeconds: 0 }
const hook = (id: string, change: Partial<Webhook> = {}): Webhook => ({
  id,
  url: `https://${id}.example/hook`,
  format: 'generic',
  minimumSeverity: 'warning',
  enabled: true,
  ...change,
})

type Sent = {
  readonly webhook: string
  readonly at: number
  readonly body: { readonly notices: readonly Told[] } & Record<string, unknown>
}
type Told = { readonly subject: string; readonly detail: string; readonly state?: string; readonly changes: number }

/** A desk on virtual time; `answers` says how each webhook answers now. */
function startDesk(webhooks: Webhook[], path?: string, startMs: number = START) {
  let nowMs = startMs
  let timers: { readonly at: number; readonly callback: () => void }[] = []
  const sent: Sent[] = []
  const answers = new Map<string, () => Partial<SendResult> | Promise<SendResult>>()
  const logged: string[] = []
  const log = (_fields: object, message: string): void => void logged.push(message)
  let number = 0
  const desk = new WebhookDesk({
    queue: openWebhookQueue(path),
    webhooks: () => webhooks,
    subjects: () => ({ endpoints: new Set(['a', 'b']), policies: new Set(['p']) }),
    readSecrets: (webhook) => {
      if (webhook.secretRef === 'missing') throw new Error('its secret cannot be read')
      return { url: webhook.url!, secret: undefined }
    },
    send: async (_format, request) => {
      const webhook = new URL(request.url).hostname.split('.')[0]!
      sent.push({ webhook, at: nowMs - startMs, body: JSON.parse(request.body) })
      return { ...TAKEN, ...(await answers.get(webhook)?.()) }
    },
    now: () => nowMs,
    setTimer: (callback, delayMs) => {
      const timer = { at: nowMs + delayMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
    random: () => 1,
    version: '1',
    log: { info: log, warn: log, error: log },
  })
  /** Lets time pass, timer by timer. */
  const pass = async (ms: number): Promise<void> => {
    const end = nowMs + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      timers = timers.filter((one) => one !== next)
      nowMs = Math.max(nowMs, next.at)
      next.callback()
    }
    nowMs = end
  }
  const tell = (subject: string, detail: string, change: Partial<Event> = {}): void =>
    desk.take({ id: ++number, at: new Date(nowMs).toISOString(), node: 'n', kind: 'standing', subject, detail, ...change })
  const down = (subject: string): void => tell(subject, '192.0.2.1 up → down (probe p, refused: )')
  const up = (subject: string): void => tell(subject, '192.0.2.1 down → up (probe p, 2.0 ms)')
  const told = (webhook = 'ops'): string[] =>
    sent
      .filter((one) => one.webhook === webhook)
      .map(
        ({ at, body }) =>
          `${at / 1000}: ${body.notices.map(({ subject, detail, changes }) => `${subject} ${/→ (\w+)/.exec(detail)?.[1] ?? detail} ${changes}`).join(', ')}`,
      )
  return { desk, sent, answers, logged, pass, tell, down, up, told, view: () => desk.list().webhooks }
}

test('a loss and a return are told at once; the same again within the hold is not', async () => {
  const { down, up, told, pass, view } = startDesk([hook('ops')])
  down('a')
  await pass(10_000)
  down('a')
  await pass(80_000)
  up('a')
  await pass(90_000)
  assert.deepEqual(told(), ['0: a down 1', '90: a up 1'])
  assert.deepEqual([view()[0]!.delivered, view()[0]!.collapsed, view()[0]!.queued], [2, 1, 0])
})

test('what is not wanted is not told: kind, severity, the end of what was not told', async () => {
  const { tell, up, told, pass } = startDesk([hook('ops', { kinds: ['standing', 'publish'], minimumSeverity: 'critical' })])
  up('a')
  tell('b', '192.0.2.1 up → degraded (probe p, 9.0 ms)')
  tell('p', 'answers without an eligible endpoint', { kind: 'fail-open' })
  tell('7', 'published by x', { kind: 'publish' })
  await pass(HOUR)
  assert.deepEqual(told(), [])
})

test('flapping is summarised, ever more rarely, and the last word is the present', async () => {
  const { down, up, told, sent, pass } = startDesk([hook('ops')])
  for (let turn = 0; turn < 180; turn++) {
    if (turn % 2 === 0) down('a')
    else up('a')
    await pass(10_000)
  }
  await pass(HOUR)
  // 180 changes in 30 minutes.
  assert.ok(sent.length >= 3 && sent.length <= 8, told().join('\n'))
  assert.deepEqual(told().slice(0, 2), ['0: a down 1', '60: a up 5'])
  assert.match(told().at(-1)!, /a up \d+$/)
  const changes = sent.reduce((sum, { body }) => sum + body.notices[0]!.changes, 0)
  assert.ok(changes >= 175 && changes <= 180, `${changes} changes told`)
})

test('what becomes worse waits for nothing', async () => {
  const { tell, down, told, pass } = startDesk([hook('ops')])
  tell('a', '192.0.2.1 up → degraded (probe p, 9.0 ms)')
  await pass(5000)
  down('a')
  await pass(5000)
  assert.deepEqual(told(), ['0: a degraded 1', '5: a down 1'])
})

test('many at once go in one message, at most twenty', async () => {
  const { down, sent, pass } = startDesk([hook('ops')])
  for (let number = 0; number < 45; number++) down(`e${number}`)
  await pass(5000)
  assert.deepEqual(
    sent.map(({ body }) => body.notices.length),
    [20, 20, 5],
  )
})

test('one that answers 500 for hours, or never, delays no other; it is tried more and more rarely, and told when it is back', async () => {
  const { down, up, told, sent, answers, pass, view } = startDesk([hook('ops'), hook('broken'), hook('hangs')])
  answers.set('broken', () => ({ ok: false, status: 500, detail: 'it answers 500' }))
  answers.set('hangs', () => new Promise<SendResult>(() => undefined))
  down('a')
  await pass(1000)
  down('b')
  await pass(6 * HOUR)
  assert.deepEqual(told('ops'), ['0: a down 1', '1: b down 1'])
  assert.deepEqual(told('hangs'), ['0: a down 1'])
  const tries = sent.filter(({ webhook }) => webhook === 'broken').length
  assert.ok(tries > 30 && tries < 60, `${tries} tries in 6 hours`)
  assert.deepEqual([view()[1]!.state, view()[1]!.queued, view()[1]!.lastError], ['failing', 2, 'it answers 500'])
  answers.delete('broken')
  up('a')
  await pass(11 * 60_000)
  assert.match(told('broken').at(-1)!, /: b down 1, a up 2$/)
  assert.deepEqual([view()[1]!.state, view()[1]!.queued, view()[1]!.lastError], ['ok', 0, ''])
})

test('after a day it is given up and counted; the queue never holds more than its bound', async () => {
  const { down, answers, pass, view, logged } = startDesk([hook('ops')])
  answers.set('ops', () => ({ ok: false, status: null, detail: 'no answer within 10 s' }))
  for (let number = 0; number < QUEUE_MAX + 50; number++) down(`e${number}`)
  assert.deepEqual([view()[0]!.queued, view()[0]!.dropped], [QUEUE_MAX, 50])
  await pass(25 * HOUR)
  assert.deepEqual([view()[0]!.queued, view()[0]!.dropped], [0, QUEUE_MAX + 50])
  assert.ok(logged.includes('events could not be told for a day and are dropped'))
})

test('a message that is refused itself lets others pass', async () => {
  const { down, sent, pass, view, answers } = startDesk([hook('ops')])
  answers.set('ops', () =>
    sent.at(-1)!.body.notices.some(({ subject }) => subject === 'bad') ? { ok: false, status: 400, detail: 'it answers 400' } : {},
  )
  down('bad')
  down('a')
  await pass(60_000)
  down('b')
  await pass(10 * 60_000)
  const taken = sent
    .filter(({ body }) => !body.notices.some(({ subject }) => subject === 'bad'))
    .flatMap(({ body }) => body.notices.map(({ subject }) => subject))
  assert.deepEqual([taken, view()[0]!.queued], [['a', 'b'], 1])
})

test('a receiver that asks for time gets it', async () => {
  const { down, sent, answers, pass } = startDesk([hook('ops')])
  answers.set('ops', () => ({ ok: false, status: 429, detail: 'it answers 429', retryAfterSeconds: 600 }))
  down('a')
  await pass(599_000)
  assert.equal(sent.length, 1)
  await pass(2000)
  assert.equal(sent.length, 2)
})

test('a missing secret sends nothing, says so, and is tried again', async () => {
  const webhooks = [hook('ops', { secretRef: 'missing' })]
  const { desk, down, sent, pass, view } = startDesk(webhooks)
  down('a')
  await pass(60_000)
  assert.deepEqual([sent.length, view()[0]!.state, view()[0]!.lastError], [0, 'failing', 'its secret cannot be read'])
  webhooks[0] = hook('ops')
  desk.sync()
  await pass(1000)
  assert.equal(sent.length, 1, 'a corrected document is tried at once')
})

test('what waits and what was told survive a restart', async () => {
  const path = join(folder, 'webhooks.sqlite')
  const first = startDesk([hook('ops')], path)
  first.down('a')
  await first.pass(120_000)
  first.answers.set('ops', () => ({ ok: false, status: 503, detail: 'it answers 503' }))
  first.down('b')
  await first.pass(1000)
  first.desk.stop()

  const second = startDesk([hook('ops', { minimumSeverity: 'critical' })], path, START + HOUR)
  second.desk.sync()
  second.up('a')
  await second.pass(200_000)
  assert.deepEqual(second.told(), ['0: a up 1, b down 1'], 'the end of a problem is told though it is below the severity')
  second.desk.stop()
})

test('webhooks that are gone or disabled take their queue along; problems of what left the document are over', async () => {
  const webhooks = [hook('ops'), hook('gone')]
  const { desk, down, told, answers, pass, view } = startDesk(webhooks)
  answers.set('gone', () => ({ ok: false, status: 500, detail: 'it answers 500' }))
  down('a')
  down('left')
  await pass(100_000)
  webhooks.pop()
  desk.sync()
  await pass(100_000)
  assert.deepEqual(told(), ['0: a down 1, left down 1', '100: left no longer in the document 1'])
  webhooks.push(hook('gone'))
  assert.deepEqual([view()[1]!.queued, view()[1]!.state], [0, 'ok'])
})

test('Alertmanager is told again of what is not over, and nothing more when it is', async () => {
  const { down, up, sent, pass } = startDesk([hook('ops', { format: 'alertmanager' })])
  down('a')
  await pass(200_000)
  up('a')
  await pass(600_000)
  const alerts = sent.map(({ at, body }) => [
    at / 1000,
    (body as unknown as { endsAt: string }[]).map(({ endsAt }) => (Date.parse(endsAt) - START) / 1000),
  ])
  assert.deepEqual(alerts, [
    [0, [300]],
    [60, [360]],
    [120, [420]],
    [180, [480]],
    [200, [200]],
  ])
})

test('open problems are those that were told and not their end; what waits to be told is none', async () => {
  const { desk, down, up, tell, pass } = startDesk([hook('ops'), hook('off', { enabled: false })])
  const open = (): string[] => desk.openProblems('n').map(({ subject }) => subject)
  down('a')
  down('b')
  tell('p', 'answers without an eligible endpoint', { kind: 'fail-open', node: 'other' })
  assert.deepEqual(open(), [], 'nobody was told yet')
  await pass(1000)
  assert.deepEqual(open(), ['a', 'b'])
  up('a')
  assert.deepEqual(open(), ['b'], 'its end is held, and will be told')
  await pass(HOUR)
  assert.deepEqual(open(), ['b'])
})

test('an event that comes again after a restart is told to who does not know it, and to nobody twice', async () => {
  const path = join(folder, 'again.sqlite')
  const event = (id: number, subject: string, detail: string): Event => {
    return { id, at: new Date(START).toISOString(), node: 'n', kind: 'standing', subject, detail, severity: 'critical', state: 'problem' }
  }
  const first = startDesk([hook('ops')], path)
  first.desk.take(event(1, 'a', '192.0.2.1 up → down (probe p, x)'))
  await first.pass(1000)
  first.answers.set('ops', () => ({ ok: false, status: 500 }))
  first.desk.take(event(2, 'b', '192.0.2.1 up → down (probe p, x)'))
  await first.pass(100)
  first.desk.stop()

  const again = startDesk([hook('ops')], path, START + HOUR)
  for (const [id, subject] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ] as const)
    again.desk.takeAgain(event(id, subject, '192.0.2.1 up → down (probe p, x)'))
  again.desk.sync()
  await again.pass(HOUR)
  const subjects = again.sent.flatMap(({ body }) => body.notices.map(({ subject, changes }) => `${subject} ${changes}`))
  assert.deepEqual(subjects.filter((one) => !one.startsWith('c')).sort(), ['b 1'])
  assert.ok(subjects.includes('c 1'))
})

test('figures count by webhook; a test message goes past the queue', async () => {
  const { desk, down, pass, sent } = startDesk([hook('ops'), hook('off', { enabled: false })])
  down('a')
  await pass(1000)
  const figures = desk.figures()
  assert.deepEqual(figures.nearcast_webhook_failing, [{ labels: { webhook: 'ops' }, value: 0 }])
  assert.deepEqual(
    figures.nearcast_webhook_deliveries_total!.find(({ labels }) => labels.outcome === 'delivered'),
    {
      labels: { webhook: 'ops', outcome: 'delivered' },
      value: 1,
    },
  )
  assert.equal((await desk.test('off')).ok, true)
  assert.equal(sent.at(-1)!.body.test, true)
  await assert.rejects(desk.test('nobody'), { code: 'WEBHOOK_UNKNOWN' })
})
