/**
 * Stories of the console in a real browser on the real product: first sign-in, an edit of a rule by keyboard, review, publish, explain;
 * a viewer who may not; Chinese; axe on every page in both themes.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserContext, Page, Route } from '@playwright/test'
import type { ExplainAnswer, ExplainPool } from '../../../admin-ui/contract/explain.ts'
import { type ConsoleProduct, seriousViolations, startConsoleProduct } from './support/console-product.ts'

const PASSWORD = 'a sentence that is long enough'
const PAGES = [
  '/',
  '/endpoints',
  '/policies',
  '/policies/edge-api?line=cn-33%2Fmobile&walk=202.96.104.15',
  '/policies/edge-api?view=list&walk=211.140.13.7&show=live',
  '/explain?client=202.96.104.15&name=edge-api.yourcompany.com.',
  '/draft/review',
  '/history',
  '/history/1',
] as const

let product: ConsoleProduct
let context: BrowserContext
let page: Page
const failures: string[] = []

before(async () => {
  product = await startConsoleProduct()
  context = await product.browser.newContext({ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' })
  page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('pageerror', (error) => failures.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused/.test(message.text())) failures.push(message.text())
  })
})
after(async () => {
  await product?.stop()
})

test('first sign-in asks for a password of one’s own', async () => {
  await page.goto(product.base)
  await page.getByLabel('Account').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill(product.firstPassword)
  assert.equal(await seriousViolations(page), '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Set your password' }).waitFor()
  await page.getByLabel('Present password').fill(product.firstPassword)
  await page.getByLabel('New password', { exact: true }).fill('short')
  await page.getByText('Shorter than 12 characters.').waitFor()
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('New password again').fill(PASSWORD)
  assert.equal(await seriousViolations(page), '')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.getByRole('row', { name: /ningbo-telecom-1/ }).waitFor()
})

test('no caption of the overview is cut at 1440 px', async () => {
  const cut = await page
    .locator('.stats .f')
    .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent))
  assert.deepEqual(cut, [])
})

test('a line is added by initials and its pools are placed by keys; the draft saves itself', async () => {
  await page.goto(`${product.base}/policies/edge-api`)
  await page.getByRole('grid').waitFor()
  await page.keyboard.press('a')
  await page.getByRole('combobox', { name: 'Add lines' }).fill('nbyd')
  await page.getByRole('option', { name: /cn-3302\/mobile/ }).waitFor()
  assert.equal(await seriousViolations(page), '')
  await page.keyboard.press('Enter')
  const cell = page.locator('[data-cell="cn-3302/mobile ningbo-mobile"]')
  await cell.focus()
  await page.keyboard.press('1')
  await page.keyboard.press('ArrowLeft')
  await page.locator('[data-cell="cn-3302/mobile shanghai-telecom"]').focus()
  await page.keyboard.press('2')
  await page.getByText(/^.*saved \d\d:\d\d:\d\d/).waitFor()
  await page.getByRole('link', { name: 'Review 1 change' }).waitFor()
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+Shift+z')
  assert.equal(await page.locator('[data-cell="cn-3302/mobile shanghai-telecom"]').innerText(), '2')
  await page.getByRole('link', { name: 'Review 1 change' }).waitFor()
})

test('review demands a reason; publishing tells the generation', async () => {
  await page.getByRole('link', { name: 'Review 1 change' }).click()
  const publish = page.getByRole('button', { name: /^Publish 2/ })
  await publish.waitFor()
  await page
    .getByText('Say why.')
    .or(page.getByText(/Acknowledge/))
    .first()
    .waitFor()
  assert.ok(await publish.isDisabled())
  assert.equal(await seriousViolations(page), '')
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await page.getByLabel('Why').fill('Ningbo Mobile has an order of its own')
  await publish.click()
  await page.getByText('Generation 2 is published.').waitFor()
  await page.getByText('Live on 1 of 1 nodes.').waitFor()
})

test('explain says who answers and by which rule, and the page is its own link', async () => {
  await page.goto(`${product.base}/explain`)
  await page.getByLabel('Client address or prefix').fill('202.96.104.15')
  await page.getByRole('button', { name: 'Explain', exact: true }).click()
  await page.getByText(/^202\.96\.104\.15 gets ningbo-telecom-1 \(127\.0\.1\.11\) by the rule Ningbo · Telecom/).waitFor()
  assert.match(page.url(), /client=202\.96\.104\.15/)
  await page.reload()
  await page.getByText(/gets ningbo-telecom-1/).waitFor()
})

test('explain warns of an anycast public resolver, and says when a client asks not to be located', async () => {
  await page.goto(`${product.base}/explain?client=8.8.8.8&name=edge-api.yourcompany.com.`)
  await page.getByText('Public resolver (Google Public DNS): anycast, its place says nothing of the clients behind it.').waitFor()
  assert.equal(await seriousViolations(page), '')
  await page.goto(`${product.base}/explain?client=0.0.0.0%2F0&resolver=223.5.5.5&name=edge-api.yourcompany.com.`)
  await page.getByText('address of the resolver · the client asks not to be located (/0)').waitFor()
  await page.getByText(/Public resolver \(AliDNS\)/).waitFor()
})

/** The node's explanation for 8.8.8.8 as if its incumbent were central-2 with a lower score, whatever the probes say. */
async function keepCentral2(asked: Route): Promise<void> {
  const response = await asked.fetch()
  const answer = (await response.json()) as ExplainAnswer
  const verdicts = { 'central-1': { verdict: 'behind-incumbent', score: 91.5 }, 'central-2': { verdict: 'picked', score: 89 } } as const
  const judge = (pool: ExplainPool): ExplainPool =>
    pool.verdict !== 'answered'
      ? pool
      : { ...pool, candidates: pool.candidates.map((one) => ({ ...one, ...verdicts[one.endpoint as keyof typeof verdicts] })) }
  const rules = answer.rules.map((rule) => ({ ...rule, pools: rule.pools.map(judge) }))
  const records = [`${answer.name} 30 IN A 127.0.1.92`]
  await asked.fulfill({ response, json: { ...answer, rules, records, picked: ['central-2'] } satisfies ExplainAnswer })
}

test('a better score behind the incumbent is nowhere shown as the answer', async () => {
  await page.route('**/api/v1/explain?*', keepCentral2)
  await page.goto(`${product.base}/explain?client=8.8.8.8&name=edge-api.yourcompany.com.`)
  await page.getByText(/^8\.8\.8\.8 gets central-2 \(127\.0\.1\.92\)/).waitFor()
  const steps = page.locator('ol.flow')
  assert.match((await steps.textContent()) ?? '', /central-2 wins[\s\S]*127\.0\.1\.92/)
  await page.getByRole('row', { name: /central-1 .*incumbent stays/ }).waitFor()
  await page.getByRole('row', { name: /central-2 .*picked/ }).waitFor()
  await page.getByRole('textbox', { name: 'Endpoint' }).fill('central-1')
  await page.getByText('It scores higher, but not by enough for long enough: the incumbent stays.').waitFor()
  assert.equal(await seriousViolations(page), '')
  await page.goto(`${product.base}/policies/edge-api?walk=8.8.8.8&show=live`)
  const walk = page.getByRole('region', { name: 'Walk a client' })
  await walk.locator('.memb.win', { hasText: 'central-2' }).waitFor()
  assert.equal(await walk.locator('.memb.win').count(), 1)
  await walk.locator('.cmp').getByText('127.0.1.92').waitFor()
  await page.unroute('**/api/v1/explain?*')
})

test('what explain names is the record that it sends', async () => {
  for (const client of ['8.8.8.8', '219.141.136.10', '202.96.104.15', '211.140.13.7']) {
    await page.goto(`${product.base}/explain?client=${client}&name=edge-api.yourcompany.com.`)
    const sentence = (await page.getByText(/ gets \S+ \(/).textContent()) ?? ''
    const wire = (await page.locator('pre.dig').textContent()) ?? ''
    assert.equal(/ IN A (\S+)/.exec(wire)?.[1], /\(([^)]*)\)/.exec(sentence)?.[1], sentence)
  }
})

test('the review of a draft names who answers now', async () => {
  // The pool of everybody else, so that the whole world moves away from the incumbent of now.
  const picked = (): Promise<string> =>
    page.evaluate(async () => {
      const answer = await fetch('/api/v1/explain?client=8.8.8.8&name=edge-api.yourcompany.com.&type=A')
      return ((await answer.json()) as { picked: string[] }).picked.join()
    })
  await page.evaluate(async () => {
    const { policy, etag } = await (await fetch('/api/v1/policies/edge-api')).json()
    const rules = policy.rules.map((rule: { line: string }) => (rule.line === '*' ? { line: '*', pools: ['ningbo-telecom'] } : rule))
    const headers = { 'Content-Type': 'application/json', 'If-Match': `"${etag}"` }
    await fetch('/api/v1/policies/edge-api', { method: 'PUT', headers, body: JSON.stringify({ ...policy, rules }) })
  })
  let before = ''
  let now = ''
  do {
    before = await picked()
    await page.goto(`${product.base}/draft/review`)
    now = (await page.locator('table.mv tbody tr').first().locator('td').nth(1).textContent()) ?? ''
  } while ((await picked()) !== before)
  assert.ok(now.includes(before), `${now} is not ${before}`)
  await page.setViewportSize({ width: 390, height: 844 })
  assert.ok((await page.locator('html').evaluate((element) => element.scrollWidth - element.clientWidth)) <= 0, 'too wide for a phone')
  await page.setViewportSize({ width: 1440, height: 1000 })
  await page.evaluate(() => fetch('/api/v1/draft', { method: 'DELETE', headers: { 'Content-Type': 'application/json' } }))
})

test('history rolls back with a reason, as a new generation', async () => {
  await page.goto(`${product.base}/history/1`)
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why').fill('try the way back')
  await dialog.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByText('Generation 3 is published.').waitFor()
  await page.getByRole('row', { name: /^3 live/ }).waitFor()
})

test('search finds what an address leads to', async () => {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search' }).fill('211.140.13.7')
  await page.getByRole('option', { name: /Explain edge-api\.yourcompany\.com\. for 211\.140\.13\.7/ }).click()
  await page.getByText(/^211\.140\.13\.7 gets ningbo-mobile-1/).waitFor()
})

for (const theme of ['light', 'dark'] as const) {
  for (const path of PAGES) {
    test(`axe finds nothing serious on ${path}, ${theme}`, async () => {
      await page.evaluate((value) => localStorage.setItem('nearcast-theme', value), theme)
      await page.goto(product.base + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('load')
      await page.locator('.skel').first().waitFor({ state: 'detached' })
      assert.equal(await seriousViolations(page), '')
    })
  }
}

test('Chinese words, in the title and the tables', async () => {
  await page.goto(product.base)
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '总览', level: 1 }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
  await page.getByText('宁波 · 电信').first().waitFor()
  await page.getByText('已连接', { exact: true }).waitFor()
  await page
    .getByText(/由 \S+ 发布：/)
    .first()
    .waitFor()
  await page.locator('g[data-code="33"]').waitFor()
  assert.equal(await seriousViolations(page), '')
  await page.goto(`${product.base}/explain?client=202.96.104.15&name=edge-api.yourcompany.com.`)
  await page.getByText(/^202\.96\.104\.15 得到 ningbo-telecom-1（127\.0\.1\.11），依据规则 宁波 · 电信/).waitFor()
  await page.getByRole('button', { name: 'EN' }).click()
  await page.getByRole('heading', { name: 'Explain', level: 1 }).waitFor()
})

test('on a phone nothing is wider than the screen, and the policy is a list', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of PAGES) {
    await page.goto(product.base + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('.skel').first().waitFor({ state: 'detached' })
    const wide = await page.locator('html').evaluate((element) => element.scrollWidth - element.clientWidth)
    assert.ok(wide <= 0, `${path} is ${wide} px too wide`)
  }
  await page.goto(`${product.base}/policies/edge-api`)
  await page.getByRole('list', { name: 'Rules in the order a client walks' }).waitFor()
  await page.setViewportSize({ width: 1440, height: 1000 })
})

test('a viewer may look, not touch', async () => {
  const added = await page.evaluate(async () => {
    const response = await fetch('/api/v1/users', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'watcher', role: 'viewer' }),
    })
    return (await response.json()) as { password: string }
  })
  const other = await product.browser.newContext({ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' })
  const view = await other.newPage()
  view.setDefaultTimeout(15_000)
  await view.goto(product.base)
  await view.getByLabel('Account').fill('watcher')
  await view.getByLabel('Password', { exact: true }).fill(added.password)
  await view.getByRole('button', { name: 'Sign in' }).click()
  await view.getByLabel('Present password').fill(added.password)
  await view.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await view.getByLabel('New password again').fill(PASSWORD)
  await view.getByRole('button', { name: 'Set password' }).click()
  await view.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await view.goto(`${product.base}/policies/edge-api`)
  await view.getByText(/Editing needs the role editor/).waitFor()
  assert.ok(await view.getByRole('button', { name: /Add line/ }).isDisabled())
  await view.goto(`${product.base}/draft/review`)
  await view.getByText('A draft needs the role editor.').waitFor()
  await view.goto(`${product.base}/history/1`)
  assert.ok(await view.getByRole('button', { name: 'Roll back to 1' }).isDisabled())
  await other.close()
})

test('no page threw, and nothing broke the content security policy', () => {
  assert.deepEqual(failures, [])
})
