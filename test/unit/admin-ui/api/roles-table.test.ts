/** Who may use which route: generated from the table of routes, so a new route cannot be forgotten. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mayAct, ROLES } from '../../../../admin-ui/contract/role.ts'
import { ROUTES, type RouteName } from '../../../../admin-ui/contract/routes.ts'
import { type ControlFixture, cookieOf, startControl } from '../../../support/control-fixture.ts'

let control: ControlFixture

before(async () => {
  control = await startControl()
  await control.signInAs('admin', 'root')
})
after(() => control.stop())

/** A path with harmless parameters: what is named does not exist. */
function pathOf(name: RouteName): string {
  return ROUTES[name].path.replace(':generation', '99').replace(/:[a-z]+/g, 'nobody')
}

/** Streams never end: the stream's guard is tested with its own test. */
const NAMES = (Object.keys(ROUTES) as RouteName[]).filter((name) => name !== 'eventStream')

test('nobody gets in without a sign-in, except where the table says anyone', async () => {
  for (const name of NAMES) {
    const { status, json } = await control.call(ROUTES[name].method, pathOf(name), { body: ROUTES[name].method === 'GET' ? undefined : {} })
    if (ROUTES[name].role === 'anyone') assert.notEqual(status, 401, name)
    else assert.deepEqual([status, json.code], [401, 'AUTH_NEEDED'], name)
  }
  assert.equal((await control.call('GET', '/events/stream')).status, 401)
})

for (const role of ROLES) {
  test(`${role} may do exactly what the table allows`, async () => {
    const cookie = await control.signInAs(role)
    // Last: it ends the session.
    for (const name of [...NAMES.filter((other) => other !== 'signOut'), 'signOut'] as const) {
      const route = ROUTES[name]
      const body = route.method === 'GET' ? undefined : {}
      const { status, json } = await control.call(route.method, pathOf(name), { cookie, body })
      const allowed = route.role === 'anyone' || route.role === 'signed-in' || mayAct(role, route.role)
      if (allowed) assert.notEqual(json?.code, 'AUTH_FORBIDDEN', `${role} ${name}`)
      else assert.deepEqual([status, json.code], [403, 'AUTH_FORBIDDEN'], `${role} ${name}`)
      assert.notEqual(status, 500, `${role} ${name}: ${JSON.stringify(json)}`)
    }
  })
}

test('before the first password change only session routes are open', async () => {
  const { password } = await control.parts.accounts.addUser('newcomer', 'admin', 'test')
  const cookie = cookieOf(await control.call('POST', '/session', { body: { user: 'newcomer', password } }))
  for (const name of [...NAMES.filter((other) => other !== 'signOut'), 'signOut'] as const) {
    if (ROUTES[name].role === 'anyone') continue
    const { json } = await control.call(ROUTES[name].method, pathOf(name), { cookie, body: ROUTES[name].method === 'GET' ? undefined : {} })
    if (ROUTES[name].role === 'signed-in') assert.notEqual(json?.code, 'AUTH_PASSWORD_CHANGE_NEEDED', name)
    else assert.equal(json.code, 'AUTH_PASSWORD_CHANGE_NEEDED', name)
  }
})

test('a token has the weaker of its own role and that of its maker', async () => {
  const maker = await control.signInAs('admin', 'maker')
  const { json } = await control.call('POST', '/tokens', { cookie: maker, body: { label: 'ci', role: 'publisher', expiresInDays: null } })
  const headers = { Authorization: `Bearer ${json.secret}` }
  assert.equal((await control.call('GET', '/session', { headers })).json.role, 'publisher')
  control.parts.accounts.setRole('maker', 'viewer', 'test')
  assert.equal((await control.call('GET', '/session', { headers })).json.role, 'viewer')
  control.parts.accounts.removeUser('maker', 'test')
  assert.equal((await control.call('GET', '/session', { headers })).status, 401)
})

test('a token ends when it expires and when it is revoked, and makes no other tokens', async () => {
  const cookie = await control.signInAs('admin', 'token-admin')
  const add = async (expiresInDays: number | null) =>
    (await control.call('POST', '/tokens', { cookie, body: { label: 'x', role: 'admin', expiresInDays } })).json
  const short = await add(1)
  const long = await add(null)
  const use = (secret: string) => control.call('GET', '/status', { headers: { Authorization: `Bearer ${secret}` } })
  assert.equal((await use(short.secret)).status, 200)
  const more = await control.call('POST', '/tokens', {
    headers: { Authorization: `Bearer ${long.secret}` },
    body: { label: 'y', role: 'viewer', expiresInDays: null },
  })
  assert.equal(more.json.code, 'AUTH_FORBIDDEN')
  control.parts.accounts.removeToken(long.id, 'test')
  assert.equal((await use(long.secret)).json.code, 'AUTH_WRONG')
  control.advance(86_400_001)
  assert.equal((await use(short.secret)).status, 401)
})
