/** `kill -9` of control and of node under 1,000 queries a second: what clients see, what operators find afterwards. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { DocumentAnswer } from '../../admin-ui/contract/document.ts'
import type { Status } from '../../admin-ui/contract/status.ts'
import { statePaths } from '../../cli/state-paths.ts'
import { loadHealth } from '../../health/schedule/health-state-file.ts'
import { answerOf, ask, encodeQuery, type Load, type LoadResult, startLoad, tally } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, startExample, startProductOn } from '../support/example-product.ts'
import { type Product, until } from '../support/product.ts'

const NINGBO_TELECOM = '202.96.104.0/24'
const QUERIES_PER_SECOND = 1000
/** "At most a handful": what lay in a batch of an answer thread when it was killed. */
const HANDFUL = 10

describe('kill -9 under load', () => {
  let example: Example
  let product: Product
  let load: Load | undefined
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
  })
  afterEach(async () => {
    await load?.stop(0)
    load = undefined
  })
  after(async () => {
    await product?.stop()
    await example?.stop()
  })

  const controlAnswers = (): Promise<boolean> =>
    callApi(product, 'GET', '/status').then(
      ({ status, json }) => status === 200 && (json as Status).nodes.some(({ connected }) => connected),
      () => false,
    )
  const newPid = (command: 'node' | 'control', old: number): Promise<number> =>
    until(`another ${command} is started after kill -9`, 20_000, () => {
      const pid = product.pidOf(command)
      return pid !== undefined && pid !== old ? pid : undefined
    })

  /** The example's document with one other rule order: Ningbo Telecom's pools swapped, or not. */
  function documentWith(first: 'ningbo-telecom' | 'shanghai-telecom', ttlSeconds: number): string {
    const path = join(example.folder, `changed-${first}-${ttlSeconds}.yaml`)
    const text = readFileSync(example.documentPath, 'utf8')
    const second = first === 'ningbo-telecom' ? 'shanghai-telecom' : 'ningbo-telecom'
    const changed = text
      .replace(
        '{ line: cn-3302/telecom, pools: [ningbo-telecom, shanghai-telecom] }',
        `{ line: cn-3302/telecom, pools: [${first}, ${second}] }`,
      )
      .replace('ttlSeconds: 30 # upper limit', `ttlSeconds: ${ttlSeconds} # upper limit`)
    assert.notEqual(changed, text, 'the example no longer has the rule that this test edits')
    writeFileSync(path, changed)
    return path
  }

  test('control: no query lost, back by itself, the edit acknowledged before it is live after it', async (t) => {
    const address = { 'ningbo-telecom': example.address('ningbo-telecom-1'), 'shanghai-telecom': example.address('shanghai-telecom-1') }
    load = startLoad(product.dnsPort, EDGE_NAME, [NINGBO_TELECOM], QUERIES_PER_SECOND)
    let ttlSeconds = 21
    for (const first of ['shanghai-telecom', 'ningbo-telecom', 'shanghai-telecom', 'ningbo-telecom'] as const) {
      const path = documentWith(first, ttlSeconds)
      await product.cli('apply', path, '--comment', `before kill ${ttlSeconds}`)
      const pid = product.pidOf('control')!
      process.kill(pid, 'SIGKILL')
      const killedAt = performance.now()
      // Answers of the node: from the acknowledged edit, control or not.
      const answer = answerOf(await ask(product.dnsPort, encodeQuery(9, EDGE_NAME, NINGBO_TELECOM)))
      assert.equal(answer, address[first], `right after the kill the answer is not of the applied document`)
      await newPid('control', pid)
      await until('control answers again and the node is connected', 20_000, controlAnswers)
      const backMs = performance.now() - killedAt
      const live = JSON.parse(await product.cli('export', '--json')) as DocumentAnswer
      const exported = JSON.parse(((await callApi(product, 'GET', '/document')).json as DocumentAnswer).text) as {
        policies: { id: string; ttlSeconds: number }[]
      }
      assert.equal(
        exported.policies.find(({ id }) => id === 'edge-api')!.ttlSeconds,
        ttlSeconds,
        `generation ${live.generation} does not hold the acknowledged edit`,
      )
      assert.equal(
        answerOf(await ask(product.dnsPort, encodeQuery(9, EDGE_NAME, NINGBO_TELECOM))),
        address[first],
        'after control is back the edit is not live',
      )
      t.diagnostic(`control is back ${backMs.toFixed(0)} ms after kill -9`)
      ttlSeconds++
    }
    const results = await load.stop(2000)
    const wrong = results.filter(({ answer }) => answer === undefined || !Object.values(address).includes(answer))
    assert.equal(wrong.length, 0, `${wrong.length} of ${results.length} queries were lost or answered wrongly: ${tally(results)}`)
    t.diagnostic(`4 kills of control: ${results.length} queries, ${tally(results)}`)
  })

  /** Kills node, waits for the next answer, goes on for a second; returns when it was killed and when the first later query was answered. */
  async function killNode(): Promise<{ killedAt: number; backAt: number }> {
    const { results } = load!
    const pid = product.pidOf('node')!
    const killedAt = performance.now()
    process.kill(pid, 'SIGKILL')
    await newPid('node', pid)
    const backAt = await until(
      'answers after the kill of node',
      20_000,
      () => results.find(({ answer, repliedAt }) => answer !== undefined && repliedAt > killedAt + 50)?.repliedAt,
    )
    await until(
      'a second of answers',
      20_000,
      () => results.filter(({ sentAt, answer }) => sentAt > backAt && answer !== undefined).length > QUERIES_PER_SECOND,
    )
    return { killedAt, backAt }
  }

  function checkKills(results: readonly LoadResult[], kills: readonly { killedAt: number; backAt: number }[], allowed: string): string {
    const lost = results.filter(({ answer }) => answer === undefined)
    for (const { killedAt, backAt } of kills) {
      const mine = lost.filter(({ sentAt }) => sentAt > killedAt - 1000 && sentAt < backAt + 1000)
      assert.ok(mine.length <= HANDFUL, `${mine.length} queries were lost by one kill -9 of node`)
    }
    const afterBack = lost.filter(({ sentAt }) => kills.every(({ killedAt, backAt }) => sentAt < killedAt - 100 || sentAt > backAt))
    assert.equal(afterBack.length, 0, `${afterBack.length} queries were lost while node ran`)
    const wrong = results.filter(({ answer }) => answer !== undefined && answer !== allowed)
    assert.equal(wrong.length, 0, `${wrong.length} answers were wrong: ${tally(results)}`)
    const gaps = kills.map(({ killedAt, backAt }) => `${(backAt - killedAt).toFixed(0)} ms`)
    return `${kills.length} kills of node: answers after ${gaps.join(', ')}; ${lost.length} of ${results.length} queries lost; ${tally(results)}`
  }

  test('node: back by itself, at most a handful lost, none after it is back', async (t) => {
    const ningbo = example.address('ningbo-telecom-1')
    assert.equal(answerOf(await ask(product.dnsPort, encodeQuery(9, EDGE_NAME, NINGBO_TELECOM))), ningbo)
    load = startLoad(product.dnsPort, EDGE_NAME, [NINGBO_TELECOM], QUERIES_PER_SECOND)
    await until('load runs', 5000, () => load!.results.length > 500)
    const kills = [await killNode(), await killNode(), await killNode()]
    t.diagnostic(checkKills(await load.stop(3000), kills, ningbo))
  })

  test('node, with an endpoint down and control stopped: the first answer is already right', async (t) => {
    const ningbo = example.address('ningbo-telecom-1')
    const shanghai = example.address('shanghai-telecom-1')
    await example.set('ningbo-telecom-1', { down: true })
    await until(
      'failover',
      12_000,
      async () => answerOf(await ask(product.dnsPort, encodeQuery(9, EDGE_NAME, NINGBO_TELECOM))) === shanghai,
    )
    await until('the new standing is kept on disk', 3000, () => {
      const kept = loadHealth(statePaths(product.stateFolder).nodeHealth)
      if (!kept.ok) return false
      const address = kept.file.health.addresses.find(({ key }) => key.includes(ningbo))
      return address?.tracks.some(({ place }) => place.inPlace === false)
    })
    const control = product.pidOf('control')!
    process.kill(control, 'SIGSTOP')
    try {
      load = startLoad(product.dnsPort, EDGE_NAME, [NINGBO_TELECOM], QUERIES_PER_SECOND)
      await until('load runs', 5000, () => load!.results.length > 500)
      const kills = [await killNode()]
      // An answer of Ningbo would show that the node began without the standings it kept.
      t.diagnostic(checkKills(await load.stop(3000), kills, shanghai))
    } finally {
      process.kill(control, 'SIGCONT')
    }
    await example.set('ningbo-telecom-1', { down: false })
    await until(
      'it returns',
      15_000,
      async () => answerOf(await ask(product.dnsPort, encodeQuery(9, EDGE_NAME, NINGBO_TELECOM))) === ningbo,
    )
  })
})
