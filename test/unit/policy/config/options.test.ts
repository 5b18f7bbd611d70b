/** Section `options` of the document. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'

const document = (options: string): string => `apiVersion: nearcast/v1\noptions: ${options}\n`

function read(options: string): { config: { options: unknown }; digest: string; issues: readonly { code: string; message: string }[] } {
  const parsed = parseConfig(document(options))
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  return parsed
}

test('ecsTrust is brought into canonical form; all is what it is without it', () => {
  const plain = parseConfig('apiVersion: nearcast/v1\n')
  assert.ok(plain.ok)
  for (const given of ['{}', '{ecsTrust: all}']) assert.deepEqual([read(given).config.options, read(given).digest], [{}, plain.digest])
  const list = read('{ecsTrust: ["2001:DB8:53:0::/48", 192.0.2.53, "::ffff:198.51.100.0/120"]}')
  assert.deepEqual(list.config.options, { ecsTrust: ['192.0.2.53/32', '198.51.100.0/24', '2001:db8:53::/48'] })
  assert.equal(list.digest, read('{ecsTrust: [192.0.2.53/32, "2001:db8:53::/48", 198.51.100.0/24]}').digest)
  assert.deepEqual(read('{ecsTrust: []}').config.options, { ecsTrust: [] })
  assert.notEqual(read('{ecsTrust: []}').digest, plain.digest)
})

test('export and apply keep meaning and digest', () => {
  for (const given of ['{ecsTrust: []}', '{ecsTrust: [192.0.2.0/24]}']) {
    const parsed = parseConfig(document(given))
    assert.ok(parsed.ok)
    const again = parseConfig(writeConfig(parsed.config).document)
    assert.ok(again.ok, JSON.stringify(again.issues))
    assert.equal(again.digest, parsed.digest)
  }
})

const BAD: readonly (readonly [options: string, code: string, says: RegExp])[] = [
  ['{ecsTrust: some}', 'CONFIG_TYPE', /the word "all" or a list of networks.*"some"/],
  ['{ecsTrust: {a: b}}', 'CONFIG_TYPE', /a list of networks/],
  ['{ecsTrust: [192.0.2.0/33]}', 'CONFIG_PREFIX_INVALID', /192\.0\.2\.0\/33/],
  ['{ecsTrust: [192.0.2.1/24]}', 'CONFIG_PREFIX_INVALID', /bits set behind its length/],
  ['{ecsTrust: [resolver.example]}', 'CONFIG_PREFIX_INVALID', /resolver\.example/],
  ['{ecsTrust: [all]}', 'CONFIG_PREFIX_INVALID', /"all"/],
  ['{ecstrust: all}', 'CONFIG_UNKNOWN_KEY', /ecstrust/],
  [`{ecsTrust: [${Array.from({ length: 10_001 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`).join()}]}`, 'CONFIG_TYPE', /list/],
]
for (const [options, code, says] of BAD)
  test(`${options.slice(0, 60)} is refused with ${code}`, () => {
    const parsed = parseConfig(document(options))
    assert.equal(parsed.ok, false)
    const [issue] = parsed.issues
    assert.equal(issue?.code, code)
    assert.match(`${issue?.message}`, says)
    assert.equal(issue?.where.line, 2)
  })

test('a network that stands twice, or in another one, is noted', () => {
  const { issues, config } = read('{ecsTrust: [10.1.0.0/16, 10.0.0.0/8, 192.0.2.0/24, 192.0.2.0/24]}')
  assert.deepEqual(
    issues.map(({ code, message }) => [code, message]),
    [
      ['CONFIG_ECS_TRUST_TWICE', '"10.1.0.0/16" is trusted by "10.0.0.0/8" already (line 2)'],
      ['CONFIG_ECS_TRUST_TWICE', '"192.0.2.0/24" is trusted by "192.0.2.0/24" already (line 2)'],
    ],
  )
  assert.deepEqual(config.options, { ecsTrust: ['10.0.0.0/8', '192.0.2.0/24'] })
})

test('webhooks are filled with defaults, sorted by id, and keep their meaning over an export', () => {
  const given =
    '{webhooks: [{id: ops, url: "https://hook.example/x", kinds: [node, standing]}, {id: bot, urlRef: bot.url, secretRef: bot.key, format: feishu, enabled: false}]}'
  const { config, digest } = read(given)
  const webhooks = [
    { id: 'bot', urlRef: 'bot.url', secretRef: 'bot.key', format: 'feishu', minimumSeverity: 'warning', enabled: false },
    { id: 'ops', url: 'https://hook.example/x', format: 'generic', kinds: ['standing', 'node'], minimumSeverity: 'warning', enabled: true },
  ]
  assert.deepEqual(config.options, { webhooks })
  const parsed = parseConfig(document(given))
  assert.ok(parsed.ok)
  const again = parseConfig(writeConfig(parsed.config).document)
  assert.ok(again.ok, JSON.stringify(again.issues))
  assert.deepEqual([again.digest, again.config.options], [digest, { webhooks }])
  assert.equal(read('{webhooks: []}').digest, read('{}').digest)
})

test('every mistake of a webhook is told', () => {
  const cases: readonly (readonly [webhooks: string, code: string, says: RegExp])[] = [
    ['{id: a}', 'CONFIG_KEY_MISSING', /webhook "a" has no "url"/],
    ['{id: a, url: "https://x.example/", urlRef: b}', 'CONFIG_KEY_UNUSED', /"url" has no effect with urlRef/],
    ['{id: a, url: "ftp://x.example/"}', 'CONFIG_FORM', /"url"/],
    ['{id: a, url: x.example}', 'CONFIG_FORM', /x\.example/],
    ['{id: a, url: "https://user:s3cret@x.example/"}', 'CONFIG_FORM', /^(?!.*s3cret)/],
    ['{id: a, url: "https://x.example/#y"}', 'CONFIG_FORM', /"url"/],
    ['{id: a, url: "https://x.example/"}, {id: a, url: "https://y.example/"}', 'CONFIG_ID_DUPLICATE', /"a"/],
    ['{id: a, url: "https://x.example/", kinds: [standings]}', 'CONFIG_VALUE', /standings/],
    ['{id: a, url: "https://x.example/", kinds: []}', 'CONFIG_COUNT', /kinds/],
    ['{id: a, url: "https://x.example/", minimumSeverity: bad}', 'CONFIG_VALUE', /bad/],
    ['{id: a, url: "https://x.example/", format: teams}', 'CONFIG_VALUE', /teams/],
    ['{id: a, urlRef: ../x}', 'CONFIG_FORM', /urlRef/],
    ['{id: a, uri: "https://x.example/"}', 'CONFIG_UNKNOWN_KEY', /uri/],
  ]
  for (const [webhooks, code, says] of cases) {
    const parsed = parseConfig(document(`{webhooks: [${webhooks}]}`))
    assert.equal(parsed.ok, false, webhooks)
    const issue = parsed.issues.find((one) => one.code === code)
    assert.ok(issue, `${webhooks}: ${JSON.stringify(parsed.issues)}`)
    assert.match(issue.message, says, webhooks)
  }
})
