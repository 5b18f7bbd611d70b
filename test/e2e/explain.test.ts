/** Explain of the running product: it names everything an operator asks about, and 1,000 served answers are what it says. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import { ask, encodeQuery, scopeOf } from '../support/dns-load.ts'
import { EDGE_NAME, type Example, explain, readScores, startExample, startProductOn } from '../support/example-product.ts'
import type { Product } from '../support/product.ts'

const ANSWERS = 1000

describe('explain', () => {
  let example: Example
  let product: Product
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
  })
  after(async () => {
    await product?.stop()
    await example?.stop()
  })

  test('it names location and source, line chain, rule, candidates, pick, TTL, scope, generation', async () => {
    const words = ['explain', EDGE_NAME, '--client', '202.96.104.15']
    const answer = JSON.parse(await product.cli(...words, '--json')) as ExplainAnswer
    const { location } = answer
    assert.deepEqual([location?.country, location?.province, location?.city, location?.carrier], ['CN', '33', '3302', 'telecom'])
    assert.match(`${location?.placeSource} ${location?.carrierSource}`, /ip2region.*ip2region/, 'sources of place and carrier')
    assert.deepEqual(location?.fields?.city, { source: 'ip2region', date: '2024-02-28', inferred: false })
    assert.match(`${location?.fields?.asn?.source}`, /asn/)
    const chain = answer.chain.map(({ line, rule }) => (rule ? `[${line}]` : line))
    assert.deepEqual(
      chain.filter((line) => line.startsWith('[')),
      ['[cn-3302/telecom]', '[cn-33/telecom]', '[cn-east/telecom]', '[*]'],
      chain.join(),
    )
    const [rule] = answer.rules
    assert.deepEqual(
      [rule?.line, rule?.verdict, rule?.pools[0]?.pool, rule?.pools[0]?.verdict],
      ['cn-3302/telecom', 'answered', 'ningbo-telecom', 'answered'],
    )
    const candidates = [...answer.rules.flatMap(({ pools }) => pools), ...answer.fallback].flatMap((pool) => pool.candidates)
    assert.ok(candidates.length >= 5, `${candidates.length} candidates`)
    for (const { endpoint, latencyMs, errorRatePercent, score, ageSeconds, verdict } of candidates) {
      for (const [what, value] of Object.entries({ latencyMs, errorRatePercent, score, ageSeconds }))
        assert.ok(typeof value === 'number' && value >= 0, `${endpoint}: ${what} is ${value}`)
      assert.ok(verdict.length > 0, `${endpoint} has no verdict`)
    }
    assert.deepEqual(answer.picked, ['ningbo-telecom-1'])
    assert.equal(candidates.find(({ verdict }) => verdict === 'picked')?.endpoint, 'ningbo-telecom-1')
    assert.ok(answer.ttlSeconds! >= 5 && answer.ttlSeconds! <= 30, `TTL ${answer.ttlSeconds}`)
    assert.match(answer.scope!, /^202\.96\.10\d\.0\/\d+$/)
    assert.equal(answer.generation, 1)
    assert.ok(answer.rankingId > 0)

    const text = await product.cli(...words)
    for (const part of [
      'Zhejiang Ningbo',
      '浙江宁波',
      'ip2region',
      '[cn-3302/telecom]',
      'rule 1',
      'latency',
      'errors',
      'score',
      'age',
      'picked',
      'ttl',
      'scope',
      'generation',
    ])
      assert.ok(text.includes(part), `"${part}" is not in:\n${text}`)
  })

  test(`${ANSWERS} served answers are what explain says`, async () => {
    // A fixed sequence of clients all over the address space, with the example's networks among them.
    let state = 0x2545f491
    const random = (): number => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state >>> 0
    }
    const heads = [202 * 256 + 96, 211 * 256 + 140, 221 * 256 + 12, 219 * 256 + 141, 60 * 256 + 177, 115 * 256 + 238, 198 * 256 + 51]
    const names = [EDGE_NAME, 'canary.yourcompany.com', 'nearest.yourcompany.com', 'www.yourcompany.com']
    let compared = 0
    let retried = 0
    while (compared < ANSWERS) {
      const [head, tail] = [
        random() % 2 === 0 ? heads[random() % heads.length]! : (1 + (random() % 223)) * 256 + (random() % 256),
        random() % 65536,
      ]
      const address = `${head >> 8}.${head & 255}.${tail >> 8}.${tail & 255}`
      const name = names[random() % names.length]!
      const before = (await readScores(product)).rankingId
      const explained = await explain(product, name, address)
      const reply = await ask(product.dnsPort, encodeQuery(compared & 0xffff, name, `${address}/32`))
      // An answer may come from a newer ranking than its explanation: then this client is asked for again.
      if ((await readScores(product)).rankingId !== before) {
        retried++
        assert.ok(retried < ANSWERS, 'the ranking changes with every question')
        continue
      }
      const served = ((dnsPacket.decode(reply).answers ?? []) as { name: string; ttl: number; type: string; data: unknown }[]).map(
        (record) => `${record.name}. ${record.ttl} IN ${record.type} ${record.data}${record.type === 'CNAME' ? '.' : ''}`,
      )
      assert.deepEqual(served, explained.records, `${name} for ${address}: served and explained answers differ`)
      assert.equal(scopeOf(reply), explained.scopePrefixLength ?? 0, `${name} for ${address}: scopes differ`)
      compared++
    }
  })
})
