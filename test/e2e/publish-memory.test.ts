/** 200 publishes of the running product under load: resident memory of node stays, no query is lost, snapshots do not pile up. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { PublishAnswer } from '../../admin-ui/contract/publish.ts'
import { statePaths } from '../../cli/state-paths.ts'
import { type Load, replyTimeMs, startLoad, tally } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, startExample, startProductOn } from '../support/example-product.ts'
import type { Product } from '../support/product.ts'

const PUBLISHES = 200
/** "Within 10 % of that after 3." */
const BOUND = 1.1

describe('memory over publishes', () => {
  let example: Example
  let product: Product
  let load: Load | undefined
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
  })
  afterEach(() => load?.stop(0))
  after(async () => {
    await product?.stop()
    await example?.stop()
  })

  function residentMegabytes(): number {
    const status = readFileSync(`/proc/${product.pidOf('node')}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024
  }

  // A busy machine needs more than a second for each.
  test(`${PUBLISHES} publishes`, { timeout: 900_000 }, async (t) => {
    const text = readFileSync(example.documentPath, 'utf8')
    const files = Object.fromEntries(
      readdirSync(example.folder)
        .filter((name) => name !== 'nearcast.yaml')
        .map((name) => [name, readFileSync(join(example.folder, name), 'utf8')]),
    )
    const node = product.pidOf('node')
    load = startLoad(product.dnsPort, EDGE_NAME, ['202.96.104.0/24', '8.8.8.0/24', '221.12.1.0/24'], 500)
    const resident: number[] = []
    const startedAt = performance.now()
    for (let number = 1; number <= PUBLISHES; number++) {
      // The content differs each time, in the size of the zone too.
      const records = Array.from(
        { length: number % 40 },
        (_, at) => `      - { name: extra-${number}-${at}, type: A, data: ["192.0.2.${at}"] }\n`,
      )
      const changed = text
        .replace('      - { name: ns1, type: A', `${records.join('')}      - { name: ns1, type: A`)
        .replace('ttlSeconds: 30 # upper', `ttlSeconds: ${21 + (number % 9)} # upper`)
      const { status, json } = await callApi(product, 'PUT', '/document', {
        text: changed,
        files,
        basedOn: null,
        force: true,
        comment: `${number}`,
        accept: [],
      })
      assert.equal(status, 200, `publish ${number}: ${JSON.stringify(json)}`)
      const { generation, nodes, changed: isNew } = json as PublishAnswer
      assert.ok(isNew && nodes.length === 1 && nodes[0]!.ok, `publish ${number} (generation ${generation}): ${JSON.stringify(nodes)}`)
      resident.push(residentMegabytes())
    }
    const publishMs = (performance.now() - startedAt) / PUBLISHES
    const results = await load.stop(2000)
    assert.equal(product.pidOf('node'), node, 'node was restarted meanwhile')

    const addresses = ['ningbo-telecom-1', 'central-1', 'central-2', 'hangzhou-unicom-1'].map((id) => example.address(id))
    const wrong = results.filter(({ answer }) => answer === undefined || !addresses.includes(answer))
    assert.equal(wrong.length, 0, `${wrong.length} of ${results.length} queries were lost or answered wrongly: ${tally(results)}`)
    const afterThree = resident[2]!
    const atEnd = resident.at(-1)!
    const figures =
      `RSS after 1, 3, 50, 100, 150, ${PUBLISHES}: ${[0, 2, 49, 99, 149, PUBLISHES - 1].map((at) => resident[at]!.toFixed(0)).join(', ')} MB ` +
      `(× ${(atEnd / afterThree).toFixed(3)} of that after 3, most ${Math.max(...resident).toFixed(0)} MB); ${publishMs.toFixed(0)} ms a publish; ` +
      `${results.length} queries, p50 ${replyTimeMs(results, 50).toFixed(1)} ms, p99 ${replyTimeMs(results, 99).toFixed(1)} ms`
    t.diagnostic(figures)
    assert.ok(atEnd <= BOUND * afterThree, `the resident memory of node grew: ${figures}`)
    const snapshots = readdirSync(statePaths(product.stateFolder).snapshots)
    assert.ok(snapshots.length < 30, `${snapshots.length} snapshot files are kept: ${snapshots.slice(0, 5).join()} …`)
  })
})
