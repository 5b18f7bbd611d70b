/** API tokens: scopes, limits, expiry, last use, and what wrong ones meet. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SOCKET_CALLER } from '../../../../admin-ui/api/auth/accounts.ts'
import { WrongTokens } from '../../../../admin-ui/api/auth/wrong-tokens.ts'
import type { TokenAdd } from '../../../../admin-ui/contract/access.ts'
import { TOKEN_SCOPES } from '../../../../admin-ui/contract/role.ts'
import { ROUTES, type RouteName } from '../../../../admin-ui/contract/routes.ts'
import { type ControlFixture, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
let cookie = ''
before(async () => {
  control = await startControl()
  cookie = await control.signInAs('admin', 'token-maker')
})
after(() => control.stop())

const bearer = (secret: string): Record<string, string> => ({ Authorization: `Bearer ${secret}` })

async function make(wish: Partial<TokenAdd>): Promise<{ readonly id: string; readonly secret: string }> {
  const { status, json } = await control.call('POST', '/tokens', { cookie, body: { label: 'x', expiresInDays: null, ...wish } })
  assert.equal(status, 201, JSON.stringify(json))
  return json
}

for (const scope of TOKEN_SCOPES) {
  test(`a token of scope ${scope} opens ${scope === 'api' ? 'what its role may do' : 'its own routes and nothing else'}`, async () => {
    const { secret } = await make({ scope, ...(scope === 'api' ? { role: 'viewer' } : {}) })
    for (const name of Object.keys(ROUTES) as RouteName[]) {
      const route = ROUTES[name]
      if (name === 'eventStream' || route.role === 'anyone') continue
      const path = route.path.replace(':generation', '99').replace(/:[a-z]+/g, 'nobody')
      const { json } = await control.call(route.method, path, {
        headers: bearer(secret),
        body: route.method === 'GET' ? undefined : {},
      })
      const opens = scope === 'api' ? ['viewer', 'signed-in'].includes(route.role) : route.scope === scope
      assert.equal(json?.code === 'AUTH_FORBIDDEN', !opens, `${scope} ${name}: ${JSON.stringify(json)}`)
    }
  })
}

test('limits stand in the list and in the audit, the secret in neither', async () => {
  const { id, secret } = await make({
    label: 'gate',
    scope: 'samples',
    endpoints: ['ningbo-telecom-1'],
    vantage: 'probe-7',
    expiresInDays: 30,
  })
  const list = await control.call('GET', '/tokens', { cookie })
  const token = list.json.tokens.find((each: { id: string }) => each.id === id)
  assert.deepEqual(
    [token.scope, token.role, token.endpoints, token.vantage, token.lastUsedAt],
    ['samples', 'operator', ['ningbo-telecom-1'], 'probe-7', null],
  )
  const audit = await control.call('GET', '/audit', { cookie })
  assert.deepEqual(audit.json.entries[0].detail, {
    label: 'gate',
    scope: 'samples',
    endpoints: ['ningbo-telecom-1'],
    vantage: 'probe-7',
  })
  assert.ok(!list.text.includes(secret) && !audit.text.includes(secret))
})

test('wishes that contradict themselves are refused with the field', async () => {
  const cases = [
    { body: { scope: 'push', role: 'admin' }, path: 'role' },
    { body: { scope: 'api', endpoints: ['a'] }, path: 'endpoints' },
    { body: { scope: 'push', vantage: 'v' }, path: 'vantage' },
    { body: { scope: 'samples', vantage: 'no spaces' }, path: 'vantage' },
    { body: { scope: 'root' }, path: 'scope' },
    { body: { expiresInDays: 0 }, path: 'expiresInDays' },
  ]
  for (const { body, path } of cases) {
    const { status, json } = await control.call('POST', '/tokens', { cookie, body: { label: 'x', expiresInDays: null, ...body } })
    assert.deepEqual([status, json.code, json.issues?.[0]?.path], [422, 'API_BODY_INVALID', path], JSON.stringify(body))
  }
})

test('a token says when it was used last, ends when it expires, and a stream opened with it then ends too', async () => {
  const { id, secret } = await make({ role: 'viewer', expiresInDays: 1 })
  assert.equal((await control.call('GET', '/status', { headers: bearer(secret) })).status, 200)
  const token = (await control.call('GET', '/tokens', { cookie })).json.tokens.find((each: { id: string }) => each.id === id)
  assert.equal(token.lastUsedAt, new Date(control.parts.now()).toISOString())
  const caller = control.parts.accounts.findToken(secret)!
  assert.equal(control.parts.accounts.isStillValid(caller), true)
  control.advance(86_400_001)
  assert.equal(control.parts.accounts.isStillValid(caller), false)
  assert.equal((await control.call('GET', '/status', { headers: bearer(secret) })).json.code, 'AUTH_WRONG')
  cookie = await control.signInAs('admin', 'token-maker-2')
})

test('who may no longer act on endpoints has no token that does', async () => {
  const { secret } = await make({ scope: 'push' })
  assert.equal(control.parts.accounts.findToken(secret)!.role, 'operator')
  control.parts.accounts.setRole('token-maker-2', 'viewer', 'test')
  assert.equal(control.parts.accounts.findToken(secret)!.role, 'viewer')
  control.parts.accounts.setRole('token-maker-2', 'admin', 'test')
})

test('wrong tokens are limited by address; a right one always passes, used before or not, as after a restart', async () => {
  const limited = await startControl({ limits: { wrongTokensPerMinute: 3 } })
  try {
    const add = () => limited.parts.accounts.addToken(SOCKET_CALLER, { label: 'x', role: 'viewer', expiresInDays: null }).secret
    const known = add()
    const fresh = add()
    const use = (secret: string) => limited.call('GET', '/status', { headers: bearer(secret) })
    assert.equal((await use(known)).status, 200)
    for (let i = 0; i < 3; i++) assert.equal((await use(`nearcast_${String(i).repeat(43)}`)).json.code, 'AUTH_WRONG')
    const refused = await use(`nearcast_${'x'.repeat(43)}`)
    assert.deepEqual([refused.status, refused.json.code], [429, 'API_TOO_MANY_REQUESTS'])
    assert.match(String(refused.headers['retry-after']), /^\d+$/)
    assert.equal((await use(known)).status, 200)
    // A control that was just started has seen no token yet.
    assert.equal((await use(fresh)).status, 200)
    limited.parts.accounts.removeToken(limited.parts.accounts.findToken(known)!.id, 'test')
    assert.equal((await use(known)).status, 429, 'a revoked token is right no more')
  } finally {
    await limited.stop()
  }
})

test('what is wrong about a token is told with the remedy for tokens', async () => {
  const { secret } = control.parts.accounts.addToken(SOCKET_CALLER, { label: 'x', scope: 'samples', expiresInDays: null })
  const { json: scope } = await control.call('POST', '/health/push', { headers: bearer(secret), body: { endpoint: 'a', ok: true } })
  assert.match(scope.message, /is of scope samples, and this needs scope push; use a token of scope push/)
  const { json: narrow } = await control.call('GET', '/status', { headers: bearer(secret) })
  assert.match(narrow.message, /needs scope api; use a token of scope api/)
  const { json: wrong } = await control.call('GET', '/status', { headers: bearer(`nearcast_${'y'.repeat(43)}`) })
  assert.match(wrong.message, /; check the token, its expiry and its scope/)
  assert.equal('suggestion' in wrong, false)
})

test('the limit on wrong tokens ends with its minute, is per address, and keeps a bounded memory', () => {
  let nowMs = 0
  const tokens = new WrongTokens(2, () => nowMs)
  const refused = (address: string): boolean => {
    try {
      tokens.count(address)
      return false
    } catch {
      return true
    }
  }
  assert.deepEqual(
    [1, 2, 3].map(() => refused('192.0.2.1')),
    [false, false, true],
  )
  assert.equal(refused('192.0.2.2'), false)
  nowMs = 59_999
  assert.equal(refused('192.0.2.1'), true)
  nowMs = 60_000
  assert.deepEqual(
    [1, 2, 3].map(() => refused('192.0.2.1')),
    [false, false, true],
  )
  for (let i = 0; i < 30_000; i++) tokens.count(`10.0.${i >> 8}.${i & 255}`)
  assert.equal(refused('192.0.2.1'), false, 'the oldest are forgotten')
})
