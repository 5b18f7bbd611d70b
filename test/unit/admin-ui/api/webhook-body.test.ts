/** Bodies and signatures for each receiver, their answers, and what is sent where. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { keyOfEvent } from '../../../../admin-ui/api/observe/judge-event.ts'
import type { Notice, ToldProblem } from '../../../../admin-ui/api/webhooks/notice.ts'
import { sendWebhook } from '../../../../admin-ui/api/webhooks/send-webhook.ts'
import { type MessageParts, refusalOf, webhookRequest } from '../../../../admin-ui/api/webhooks/webhook-body.ts'
import { readWebhookSecrets } from '../../../../admin-ui/api/webhooks/webhook-secrets.ts'
import { EVENT_KINDS, EVENT_SEVERITIES, type Event } from '../../../../admin-ui/contract/event.ts'
import { WEBHOOK_EVENT_KINDS, WEBHOOK_FORMATS, WEBHOOK_SEVERITIES, type WebhookFormat } from '../../../../policy/config/webhook-schema.ts'

const NOW = Date.UTC(2026, 0, 1, 8)
const folder = mkdtempSync(join(tmpdir(), 'nearcast-secrets-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const event = (change: Partial<Event> = {}): Event => ({
  id: 7,
  at: '2026-01-01T07:59:58.000Z',
  node: 'node-1',
  kind: 'standing',
  subject: 'ningbo-1',
  detail: '192.0.2.11 up → down (probe edge-http, refused: <b>&)',
  evidence: { samples: [1] },
  ...change,
})
const notice = (change: Partial<Event> = {}, before?: ToldProblem): Notice => {
  const one = event(change)
  return { key: keyOfEvent(one), event: one, changes: 1, firstAt: one.at, ...(before === undefined ? {} : { before }) }
}
const request = (format: WebhookFormat, change: Partial<MessageParts> = {}) => {
  const parts = {
    url: 'https://hook.example/x?key=1',
    secret: 'secret',
    notices: [notice()],
    nowMs: NOW,
    deliveryId: 'd-1',
    isTest: false,
    version: '1.0',
  }
  return webhookRequest({ id: 'ops', format }, { ...parts, ...change })
}

test('the words of the document are those of events', () => {
  assert.deepEqual([...WEBHOOK_EVENT_KINDS], [...EVENT_KINDS])
  assert.deepEqual([...WEBHOOK_SEVERITIES], [...EVENT_SEVERITIES])
})

test('generic: everything that is known, signed over time and body', () => {
  const { headers, body, url } = request('generic')
  const { notices, ...head } = JSON.parse(body)
  assert.deepEqual(head, { version: 1, webhook: 'ops', deliveryId: 'd-1', sentAt: '2026-01-01T08:00:00.000Z', test: false })
  assert.deepEqual(notices, [
    {
      key: 'standing/node-1/ningbo-1/192.0.2.11',
      kind: 'standing',
      node: 'node-1',
      subject: 'ningbo-1',
      detail: '192.0.2.11 up → down (probe edge-http, refused: <b>&)',
      at: '2026-01-01T07:59:58.000Z',
      severity: 'critical',
      state: 'problem',
      changes: 1,
      firstAt: '2026-01-01T07:59:58.000Z',
      evidence: { samples: [1] },
    },
  ])
  const wanted = createHmac('sha256', 'secret')
    .update(`${NOW / 1000}.${body}`)
    .digest('hex')
  assert.equal(headers['x-nearcast-signature'], `v1=${wanted}`)
  assert.equal(headers['x-nearcast-timestamp'], String(NOW / 1000))
  assert.equal(url, 'https://hook.example/x?key=1')
  assert.equal(request('generic', { secret: undefined }).headers['x-nearcast-signature'], undefined)
})

test('bots: their own forms and signatures, one line a notice', () => {
  const slack = JSON.parse(request('slack').body)
  assert.match(
    slack.text,
    /^nearcast\n\[CRITICAL\] endpoint ningbo-1: 192\.0\.2\.11 up → down \(probe edge-http, refused: &lt;b&gt;&amp;\) · node node-1 · /,
  )
  assert.match(JSON.parse(request('wecom').body).text.content, /^nearcast\n\[严重\] 端点 ningbo-1: /)

  const dingtalk = request('dingtalk')
  const signed = new URL(dingtalk.url).searchParams
  assert.equal(signed.get('key'), '1')
  assert.equal(signed.get('timestamp'), String(NOW))
  assert.equal(signed.get('sign'), createHmac('sha256', 'secret').update(`${NOW}\nsecret`).digest('base64'))
  assert.equal(JSON.parse(dingtalk.body).msgtype, 'text')

  const feishu = JSON.parse(request('feishu').body)
  assert.equal(feishu.timestamp, String(NOW / 1000))
  assert.equal(
    feishu.sign,
    createHmac('sha256', `${NOW / 1000}\nsecret`)
      .update('')
      .digest('base64'),
  )
  assert.equal(feishu.msg_type, 'text')
  assert.deepEqual(Object.keys(JSON.parse(request('feishu', { secret: undefined }).body)), ['msg_type', 'content'])
})

test('texts end where the receiver would refuse them, at whole characters, and say what is missing', () => {
  const notices = Array.from({ length: 20 }, () => notice({ detail: '异常'.repeat(400) }))
  const { content } = JSON.parse(request('wecom', { notices }).body).text
  assert.ok(Buffer.byteLength(content) <= 2048, `${Buffer.byteLength(content)} bytes`)
  assert.match(content, /…\n……另有 19 条$/)
  assert.doesNotMatch(content, /\uFFFD/)
  const cleared = JSON.parse(
    request('feishu', { notices: [{ ...notice({ detail: '192.0.2.11 down → up (probe p, 1.0 ms)' }), changes: 5 }] }).body,
  )
  assert.match(cleared.content.text, /^nearcast\n\[恢复\] .*自 2026-01-01T07:59:58\.000Z 起变化 5 次/)
})

test('Alertmanager: labels that stay while it lasts, an end for each problem, another alert for another severity', () => {
  const alertsOf = (one: Notice): { labels: Record<string, string>; startsAt: string; endsAt: string }[] =>
    JSON.parse(request('alertmanager', { notices: [one], url: 'http://am.example:9093' }).body)
  assert.equal(request('alertmanager', { url: 'http://am.example:9093' }).url, 'http://am.example:9093/api/v2/alerts')
  const [down] = alertsOf(notice())
  assert.deepEqual(down!.labels, {
    alertname: 'NearcastStanding',
    kind: 'standing',
    subject: 'ningbo-1',
    node: 'node-1',
    severity: 'critical',
    aspect: '192.0.2.11',
  })
  assert.deepEqual([down!.startsAt, down!.endsAt], ['2026-01-01T07:59:58.000Z', '2026-01-01T08:05:00.000Z'])
  const problem: ToldProblem = { at: '2026-01-01T07:00:00.000Z', severity: 'critical' }
  const [up, ...none] = alertsOf(notice({ detail: '192.0.2.11 down → up (probe p, 1.0 ms)' }, problem))
  assert.deepEqual([up!.labels, up!.startsAt, up!.endsAt, none], [down!.labels, problem.at, '2026-01-01T07:59:58.000Z', []])
  const worse = alertsOf(notice({}, { ...problem, severity: 'warning' }))
  assert.deepEqual(
    worse.map(({ labels, endsAt }) => [labels.severity, endsAt]),
    [
      ['warning', '2026-01-01T07:59:58.000Z'],
      ['critical', '2026-01-01T08:05:00.000Z'],
    ],
  )
})

const ANSWERS: readonly (readonly [format: WebhookFormat, status: number, reply: string, problem: RegExp | undefined])[] = [
  ['generic', 204, '', undefined],
  ['slack', 200, 'ok', undefined],
  ['slack', 404, 'no_team', /it answers 404: check the URL \("no_team"\)/],
  ['generic', 500, 'x'.repeat(500), /it answers 500 \("x{120}"\)/],
  ['generic', 302, '', /redirects are not followed/],
  ['wecom', 200, '{"errcode":0,"errmsg":"ok"}', undefined],
  ['wecom', 200, '{"errcode":93000,"errmsg":"invalid webhook url"}', /code 93000: invalid webhook url/],
  ['dingtalk', 200, '{"errcode":310000,"errmsg":"sign not match"}', /code 310000: sign not match/],
  ['feishu', 200, '{"StatusCode":0,"StatusMessage":"success"}', undefined],
  ['feishu', 200, '{"code":19021,"msg":"sign match fail"}', /code 19021: sign match fail/],
  ['dingtalk', 200, '<html>', /no JSON: this is not the URL of a bot/],
  ['dingtalk', 200, 'null', /code undefined/],
]
for (const [format, status, reply, problem] of ANSWERS)
  test(`an answer to ${format}: ${status} ${reply.slice(0, 40)}`, () => {
    const said = refusalOf(format, status, reply)
    if (problem === undefined) assert.equal(said, undefined)
    else assert.match(said ?? '', problem)
  })

/** Runs a receiver for one call. */
async function withReceiver(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await work(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
const anywhere = (): undefined => undefined

test('a receiver gets headers and body, and its answer is read only at its beginning', async () => {
  let got = ''
  await withReceiver(
    (incoming, response) => {
      incoming.on('data', (part: Buffer) => {
        got += part.toString('utf8')
      })
      incoming.on('end', () => {
        got += ` ${incoming.headers['x-nearcast-delivery']}`
        // An answer without end.
        response.writeHead(200)
        const more = (): void => {
          while (response.write('x'.repeat(65_536)));
          response.once('drain', more)
        }
        more()
      })
    },
    async (url) => {
      const message = request('generic', { url })
      const { ok, status, reply } = await sendWebhook('generic', message, anywhere)
      assert.deepEqual([ok, status, reply.length], [true, 200, 2048])
      assert.equal(got, `${message.body} d-1`)
    },
  )
})

test('a receiver that hangs, redirects, or is nowhere is told clearly', async () => {
  await withReceiver(
    () => undefined,
    async (url) => {
      const { ok, status, detail } = await sendWebhook('generic', request('generic', { url }), anywhere, 200)
      assert.deepEqual([ok, status, detail], [false, null, 'no answer within 0.2 s'])
    },
  )
  let followed = false
  await withReceiver(
    (incoming, response) => {
      followed ||= incoming.url === '/there'
      response.writeHead(307, { location: '/there', 'retry-after': '17' }).end()
    },
    async (url) => {
      const { ok, detail, retryAfterSeconds } = await sendWebhook('generic', request('generic', { url }), anywhere)
      assert.deepEqual([ok, retryAfterSeconds, followed], [false, 17, false])
      assert.match(detail, /redirects are not followed/)
    },
  )
  let gone = ''
  await withReceiver(
    () => undefined,
    async (url) => {
      gone = url
    },
  )
  assert.equal((await sendWebhook('generic', request('generic', { url: gone }), anywhere)).detail, 'the connection is refused')
})

test('where nothing may be sent, nothing is: by address and by name', async () => {
  const asked: string[] = []
  const nowhere = (address: string, port: number): string => {
    asked.push(`${address} ${port}`)
    return 'it is private'
  }
  for (const url of ['http://127.0.0.1:9/', 'http://[::1]:9/', 'https://localhost/']) {
    const { ok, detail } = await sendWebhook('generic', request('generic', { url }), nowhere)
    assert.deepEqual([ok, detail], [false, 'not sent: it is private'], url)
  }
  assert.ok(asked.includes('127.0.0.1 9') && asked.includes('::1 9') && asked.some((one) => one.endsWith(' 443')), asked.join(', '))
})

test('secrets come from files, and what is wrong with one is said without it', () => {
  const hook = { id: 'ops', format: 'generic', minimumSeverity: 'info', enabled: true } as const
  writeFileSync(join(folder, 'url'), 'https://bot.example/hook/s3cret\n')
  writeFileSync(join(folder, 'key'), ' k \n')
  writeFileSync(join(folder, 'empty'), '\n')
  writeFileSync(join(folder, 'no-url'), 's3cret')
  writeFileSync(join(folder, 'large'), 'x'.repeat(5000))
  assert.deepEqual(readWebhookSecrets(folder, { ...hook, urlRef: 'url', secretRef: 'key' }), {
    url: 'https://bot.example/hook/s3cret',
    secret: 'k',
  })
  const cases = [
    [{ urlRef: 'missing' }, /its URL cannot be read from "missing" in the folder of secrets: it is missing/],
    [{ urlRef: 'url', secretRef: 'empty' }, /its secret .* it is empty/],
    [{ urlRef: 'url', secretRef: 'large' }, /more than 4096 bytes/],
    [{ urlRef: 'no-url' }, /the URL in the file "no-url" cannot be used: write it as/],
  ] as const
  for (const [change, says] of cases)
    assert.throws(
      () => readWebhookSecrets(folder, { ...hook, ...change }),
      (error: Error) => says.test(error.message) && !error.message.includes('s3cret'),
    )
  assert.equal(WEBHOOK_FORMATS.length, 6)
})
