import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LOCK_AFTER, LOCK_FIRST_MS, LOCK_MAX_MS, lockMs, SESSION_IDLE_MS, SESSION_MAX_MS } from '../../../../admin-ui/api/auth/accounts.ts'
import { findPasswordWeakness, generatePassword } from '../../../../admin-ui/api/auth/password.ts'
import { type ControlFixture, cookieOf, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture
before(async () => {
  control = await startControl()
})
after(() => control.stop())

const signIn = (user: string, password: string, headers: Record<string, string> = {}) =>
  control.call('POST', '/session', { body: { user, password }, headers })

test('the first admin is made once, with a password that must be changed', async () => {
  const first = await control.parts.accounts.ensureFirstAdmin()
  assert.equal(first!.user, 'admin')
  assert.match(first!.password, /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/)
  assert.equal(await control.parts.accounts.ensureFirstAdmin(), undefined)
  const reply = await signIn('admin', first!.password)
  assert.equal(reply.json.mustChangePassword, true)
  const cookie = cookieOf(reply)
  assert.equal((await control.call('GET', '/status', { cookie })).json.code, 'AUTH_PASSWORD_CHANGE_NEEDED')
  const change = (newPassword: string, currentPassword = first!.password) =>
    control.call('PUT', '/session/password', { cookie, body: { currentPassword, newPassword } })
  assert.equal((await change('short')).json.code, 'API_BODY_INVALID')
  assert.equal((await change('aaaaaaaaaaaaaa')).json.code, 'AUTH_PASSWORD_WEAK')
  assert.equal((await change(first!.password)).json.code, 'AUTH_PASSWORD_WEAK')
  assert.equal((await change('a fine long password', 'wrong')).json.code, 'AUTH_WRONG')
  const changed = await change('a fine long password')
  assert.equal(changed.json.mustChangePassword, false)
  assert.equal((await control.call('GET', '/status', { cookie: cookieOf(changed) })).status, 200)
  assert.equal((await control.call('GET', '/status', { cookie })).status, 401, 'the old session ended')
})

test('the cookie is HttpOnly, SameSite=Strict and without domain', async () => {
  await control.signInAs('viewer', 'cookie-user')
  const reply = await signIn('cookie-user', 'a good password of cookie-user')
  const [set] = reply.headers['set-cookie'] as string[]
  assert.match(set!, /^nearcast_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
})

test('behind a proxy the cookie is __Host-, Secure', async () => {
  const proxied = await startControl({ behindProxy: true })
  try {
    await proxied.signInAs('viewer', 'ann')
    const body = { user: 'ann', password: 'a good password of ann' }
    const headers = { Host: 'dns.example.com', Origin: 'https://dns.example.com' }
    const reply = await proxied.call('POST', '/session', { body, headers })
    assert.match((reply.headers['set-cookie'] as string[])[0]!, /^__Host-nearcast=\S+; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    assert.match(String(reply.headers['strict-transport-security']), /max-age/)
    const plain = { ...headers, Origin: 'http://dns.example.com' }
    assert.equal((await proxied.call('POST', '/session', { body, headers: plain })).json.code, 'API_ORIGIN')
  } finally {
    await proxied.stop()
  }
})

test('past the proxy, from a browser on this machine, the cookie is the plain one of loopback', async () => {
  const proxied = await startControl({ behindProxy: true })
  try {
    await proxied.signInAs('viewer', 'ann')
    const body = { user: 'ann', password: 'a good password of ann' }
    const direct = { Host: '127.0.0.1:8080', Origin: 'http://127.0.0.1:8080' }
    const reply = await proxied.call('POST', '/session', { body, headers: direct })
    assert.match((reply.headers['set-cookie'] as string[])[0]!, /^nearcast_session=\S+; Path=\/; HttpOnly; SameSite=Strict$/)
    const status = (headers: Record<string, string>) => proxied.call('GET', '/status', { cookie: cookieOf(reply), headers })
    assert.equal((await status({ Host: '127.0.0.1:8080' })).status, 200)
    assert.equal((await status({ Host: 'dns.example.com' })).status, 401, 'the plain cookie is none of the proxied console')
    assert.equal((await status({ Host: '127.0.0.1:8080', 'X-Forwarded-For': '192.0.2.1' })).status, 401)
    for (const header of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded']) {
      const marked = await proxied.call('POST', '/session', { body, headers: { ...direct, [header]: 'http' } })
      assert.equal(marked.json.code, 'API_ORIGIN', header)
    }
    const foreign = await proxied.call('POST', '/session', { body, headers: { ...direct, Origin: 'http://127.0.0.1:9000' } })
    assert.equal(foreign.json.code, 'API_ORIGIN')
  } finally {
    await proxied.stop()
  }
})

test('a sign-in never takes over a session token that the browser brought', async () => {
  await control.signInAs('viewer', 'fixed')
  const planted = `nearcast_session=${'A'.repeat(43)}`
  const reply = await control.call('POST', '/session', { body: { user: 'fixed', password: 'a good password of fixed' }, cookie: planted })
  assert.equal(reply.status, 200)
  assert.notEqual(cookieOf(reply), planted)
  assert.equal((await control.call('GET', '/session', { cookie: planted })).status, 401)
})

test('wrong passwords lock an account, a stranger likewise, and a good password does not help before the end', async () => {
  await control.signInAs('viewer', 'lucy')
  for (const name of ['lucy', 'stranger']) {
    for (let i = 1; i < LOCK_AFTER; i++) assert.equal((await signIn(name, 'wrong')).json.code, 'AUTH_WRONG', `${name} ${i}`)
    assert.equal((await signIn(name, 'wrong')).json.code, 'AUTH_WRONG')
    const locked = await signIn(name, 'a good password of lucy')
    assert.equal(locked.status, 429, name)
    assert.equal(locked.json.code, 'AUTH_LOCKED_OUT')
    assert.equal(locked.json.retryAfterSeconds, LOCK_FIRST_MS / 1000)
    assert.equal(locked.headers['retry-after'], String(LOCK_FIRST_MS / 1000))
  }
  control.advance(LOCK_FIRST_MS)
  assert.equal((await signIn('lucy', 'a good password of lucy')).status, 200)
  assert.equal((await signIn('lucy', 'wrong')).json.code, 'AUTH_WRONG', 'the count began anew')
})

test('lockMs doubles up to its limit', () => {
  assert.deepEqual([LOCK_AFTER - 1, LOCK_AFTER, LOCK_AFTER + 1, LOCK_AFTER + 2, 1000].map(lockMs), [
    0,
    LOCK_FIRST_MS,
    2 * LOCK_FIRST_MS,
    4 * LOCK_FIRST_MS,
    LOCK_MAX_MS,
  ])
})

test('many wrong passwords at once are all counted', async () => {
  await control.signInAs('viewer', 'parallel')
  const replies = await Promise.all(Array.from({ length: 12 }, () => signIn('parallel', 'wrong')))
  assert.ok(replies.every(({ status }) => status === 401 || status === 429))
  assert.equal((await signIn('parallel', 'a good password of parallel')).json.code, 'AUTH_LOCKED_OUT')
})

test('a password change ends every other session of the account, a reset all', async () => {
  const first = await control.signInAs('viewer', 'multi')
  const second = cookieOf(await signIn('multi', 'a good password of multi'))
  const change = await control.call('PUT', '/session/password', {
    cookie: second,
    body: { currentPassword: 'a good password of multi', newPassword: 'another fine password' },
  })
  const third = cookieOf(change)
  for (const cookie of [first, second]) assert.equal((await control.call('GET', '/session', { cookie })).status, 401)
  assert.equal((await control.call('GET', '/session', { cookie: third })).status, 200)
  const { password } = await control.parts.accounts.resetUser('multi', 'test')
  assert.equal((await control.call('GET', '/session', { cookie: third })).status, 401)
  assert.equal((await signIn('multi', 'another fine password')).status, 401)
  assert.equal((await signIn('multi', password)).json.mustChangePassword, true)
})

test('sign-out ends the session and clears the cookie', async () => {
  const cookie = await control.signInAs('viewer', 'leaver')
  const reply = await control.call('DELETE', '/session', { cookie })
  assert.equal(reply.status, 204)
  assert.match((reply.headers['set-cookie'] as string[])[0]!, /^nearcast_session=;.*Expires=Thu, 01 Jan 1970/)
  assert.equal((await control.call('GET', '/session', { cookie })).status, 401)
})

test('a session ends after idling and at its longest life, and lives on when it is used', async () => {
  const cookie = await control.signInAs('viewer', 'idler')
  const look = async () => (await control.call('GET', '/session', { cookie })).status
  for (let passed = 0; passed + SESSION_IDLE_MS - 1000 < SESSION_MAX_MS; passed += SESSION_IDLE_MS - 1000) {
    assert.equal(await look(), 200, `after ${passed / 3_600_000} h`)
    control.advance(SESSION_IDLE_MS - 1000)
  }
  control.advance(SESSION_IDLE_MS)
  assert.equal(await look(), 401)
  const other = await control.signInAs('viewer', 'sleeper')
  control.advance(SESSION_IDLE_MS + 1)
  assert.equal((await control.call('GET', '/session', { cookie: other })).status, 401)
})

test('the last admin can be neither removed nor demoted', async () => {
  const lonely = await startControl()
  try {
    const cookie = await lonely.signInAs('admin', 'only')
    assert.equal((await lonely.call('DELETE', '/users/only', { cookie })).json.code, 'USER_LAST_ADMIN')
    assert.equal((await lonely.call('PUT', '/users/only/role', { cookie, body: { role: 'viewer' } })).json.code, 'USER_LAST_ADMIN')
    const added = await lonely.call('POST', '/users', { cookie, body: { name: 'second', role: 'admin' } })
    assert.equal(added.status, 201)
    assert.equal((await lonely.call('POST', '/users', { cookie, body: { name: 'second', role: 'admin' } })).json.code, 'USER_EXISTS')
    assert.equal((await lonely.call('POST', '/users', { cookie, body: { name: 'machine', role: 'viewer' } })).json.code, 'USER_EXISTS')
    assert.equal((await lonely.call('DELETE', '/users/second', { cookie })).status, 204)
    const actions = (await lonely.call('GET', '/audit', { cookie })).json.entries.map((entry: { action: string }) => entry.action)
    assert.deepEqual(actions.slice(0, 2), ['user.remove', 'user.add'])
  } finally {
    await lonely.stop()
  }
})

test('sign-ins are limited by address', async () => {
  const limited = await startControl({ limits: { signInsPerMinute: 3 } })
  try {
    const replies = []
    for (let i = 0; i < 4; i++) replies.push((await limited.call('POST', '/session', { body: { user: `u${i}`, password: 'x' } })).json.code)
    assert.deepEqual(replies, ['AUTH_WRONG', 'AUTH_WRONG', 'AUTH_WRONG', 'API_TOO_MANY_REQUESTS'])
  } finally {
    await limited.stop()
  }
})

test('findPasswordWeakness refuses what is tried first', () => {
  const cases = [
    { password: 'short', weak: true },
    { password: 'aaaaaaaaaaaa', weak: true },
    { password: 'operator1234', weak: true },
    { password: 'password1234', weak: true },
    { password: 'x'.repeat(257), weak: true },
    { password: 'correct horse battery', weak: false },
    { password: generatePassword(), weak: false },
  ]
  for (const { password, weak } of cases) assert.equal(findPasswordWeakness(password, 'operator') !== undefined, weak, password)
})
