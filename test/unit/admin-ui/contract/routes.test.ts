import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mayAct, ROLES } from '../../../../admin-ui/contract/role.ts'
import { ROUTE_SCHEMAS } from '../../../../admin-ui/contract/route-schemas.ts'
import { API_BASE, ROUTES, type RouteName, routePath } from '../../../../admin-ui/contract/routes.ts'

test('every route has schemas, and every schema a route', () => {
  assert.deepEqual(Object.keys(ROUTE_SCHEMAS).sort(), Object.keys(ROUTES).sort())
})

test('no two routes share method and path', () => {
  const keys = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`)
  assert.equal(new Set(keys).size, keys.length)
})

test('only routes that change something take a body', () => {
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    if (ROUTE_SCHEMAS[name].body !== null) assert.match(ROUTES[name].method, /POST|PUT|PATCH/, name)
  }
})

test('routePath fills in and encodes parameters, and refuses to leave one out', () => {
  assert.equal(routePath('policy', { id: 'a/b c' }), `${API_BASE}/policies/a%2Fb%20c`)
  assert.equal(routePath('rollBack', { generation: 7 }), `${API_BASE}/generations/7/rollback`)
  assert.throws(() => routePath('policy'), /needs the parameter "id"/)
})

test('mayAct lets each role do what the weaker ones may', () => {
  for (const [position, role] of ROLES.entries()) {
    for (const [needed, word] of ROLES.entries()) assert.equal(mayAct(role, word), position >= needed, `${role} as ${word}`)
  }
})

test('docs/api.md lists every route with its role and summary, and no other', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../../docs/api.md', import.meta.url)), 'utf8')
  const listed = page.split('\n').filter((line) => /^\| `(GET|POST|PUT|PATCH|DELETE) /.test(line))
  const rows = Object.values(ROUTES).map(
    ({ method, path, role, summary }) => `| \`${method} ${path}\` | ${role} | ${summary.replaceAll('|', '\\|')} |`,
  )
  assert.deepEqual(listed, rows)
})
