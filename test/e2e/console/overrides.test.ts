/** The story of an override in a real browser: from the row of an endpoint, asked first, shown everywhere, ended; in Chinese too. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserContext, Page } from '@playwright/test'
import { type ConsoleProduct, seriousViolations, startConsoleProduct } from './support/console-product.ts'

const PASSWORD = 'a sentence that is long enough'
/** Folder for pictures, for people who look at them. */
const PICTURES = process.env.NEARCAST_PICTURES

let product: ConsoleProduct
let context: BrowserContext
let page: Page
const failures: string[] = []
const picture = async (name: string): Promise<void> => {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png` })
}

before(async () => {
  product = await startConsoleProduct()
  context = await product.browser.newContext({ viewport: { width: 1440, height: 1000 }, locale: 'en-GB' })
  page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.on('pageerror', (error) => failures.push(error.message))
  await page.goto(product.base)
  await page.getByLabel('Account').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill(product.firstPassword)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Present password').fill(product.firstPassword)
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('New password again').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
})
after(async () => {
  await product?.stop()
})

test('an endpoint is held down from its row, after the lines that go to the fallback were accepted', async () => {
  await page.goto(`${product.base}/endpoints`)
  await page.getByText('Nothing is forced: probes decide.').waitFor()
  await page.getByRole('button', { name: 'Override central-1…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Override' })
  await dialog.getByText(/It hits 1 endpoint: central-1\./).waitFor()
  const hold = dialog.getByRole('button', { name: /^Hold down/ })
  assert.equal(await hold.isDisabled(), true, 'a reason is needed')
  await dialog.getByLabel('Why').fill('power work')
  await dialog.getByLabel('Endpoint', { exact: true }).selectOption('ningbo-telecom-1')
  await dialog.getByText(/It hits 1 endpoint: ningbo-telecom-1\./).waitFor()
  await picture('dialog-endpoint')
  // Everything of the carrier: lines are left on the fallback, and that is asked.
  await dialog.getByRole('button', { name: 'Pool', exact: true }).click()
  await dialog.getByLabel('Pool', { exact: true }).selectOption('central')
  await dialog.getByText(/left without an endpoint of (its|their) own/).waitFor()
  assert.equal(await hold.isDisabled(), true, 'the lines are not accepted yet')
  assert.equal(await seriousViolations(page), '')
  await dialog.getByLabel('I accept that while it holds').check()
  await picture('dialog-fallback')
  assert.match((await hold.textContent())!, /^Hold down anyway until/)
  await dialog.getByRole('button', { name: 'Endpoint', exact: true }).click()
  await dialog.getByLabel('Endpoint', { exact: true }).selectOption('ningbo-telecom-1')
  await dialog.getByText('Industrial park A of edge-api goes to the fallback central').waitFor()
  assert.equal(await hold.isDisabled(), true, 'another target is accepted anew')
  await dialog.getByLabel('I accept that while it holds').check()
  await hold.click()
  const row = page.getByRole('row', { name: /ningbo-telecom-1/ })
  await row.getByText(/^held down until/).waitFor()
  await row.getByText('admin: power work').waitFor()
  assert.equal(await seriousViolations(page), '')
  await picture('endpoints')
})

test('overview and explain show it with owner and reason; it is ended from there', async () => {
  await page.goto(product.base)
  await page.getByRole('heading', { name: /^Overrides/ }).waitFor()
  await page
    .getByText(/Override ningbo-telecom-1/)
    .first()
    .waitFor()
  await picture('overview')
  await page.goto(`${product.base}/explain?client=202.96.104.15&name=edge-api.yourcompany.com.`)
  await page
    .getByText(/^held down until/)
    .first()
    .waitFor()
  await picture('explain')
  await page.goto(`${product.base}/endpoints`)
  await page.getByRole('button', { name: 'End the override of ningbo-telecom-1' }).click()
  const dialog = page.getByRole('dialog', { name: 'End the override of ningbo-telecom-1?' })
  await dialog.getByLabel('Why').fill('work is done')
  await dialog.getByRole('button', { name: 'End', exact: true }).click()
  await page.getByText('Nothing is forced: probes decide.').waitFor()
})

test('the dialog in Chinese takes windows that come back', async () => {
  await page.goto(`${product.base}/endpoints`)
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '端点', level: 1 }).waitFor()
  await page.getByRole('button', { name: '人工覆盖 ningbo-telecom-1…' }).click()
  const dialog = page.getByRole('dialog', { name: '人工覆盖' })
  await dialog.getByRole('button', { name: '排空', exact: true }).click()
  await dialog.getByRole('button', { name: '按窗口', exact: true }).click()
  await dialog.getByLabel('原因').fill('每周检修')
  await dialog.getByText(/涉及 1 个端点：ningbo-telecom-1。/).waitFor()
  assert.equal(await seriousViolations(page), '')
  await picture('dialog-zh')
  await dialog.getByLabel('覆盖期间接受此影响').check()
  await dialog.getByRole('button', { name: '仍要排空，直至手动结束' }).click()
  await page.getByText(/排空，等待中，下次/).waitFor()
  await picture('endpoints-zh')
})

test('on a phone nothing is wider than the screen', async () => {
  await page.setViewportSize({ width: 390, height: 800 })
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(overflow <= 0, `${overflow} px too wide`)
})

test('no page threw', () => {
  assert.deepEqual(failures, [])
})
