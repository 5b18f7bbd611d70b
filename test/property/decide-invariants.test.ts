/** Invariants of STYLE.md section 5 on random documents: more specific prefixes, down endpoints, byte-equal columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePrefix, prefixContains } from '../../geodata/address/prefix.ts'
import { prefixTexts } from '../../geodata/address/prefix-list.ts'
import { compilePolicies } from '../../policy/compile/compile-policies.ts'
import type { Config } from '../../policy/config/config-schema.ts'
import { makeLine } from '../../policy/config/fill-lines.ts'
import { naiveChain, plainKey } from '../../policy/reference/naive-decide.ts'
import { client, edgesOf, health, PROPERTY_SEED, prefix, world } from '../support/synthetic-arbitraries.ts'
import { makeSyntheticConfig } from '../support/synthetic-config.ts'
import { makeSubject } from '../support/synthetic-decision.ts'
import { makeSyntheticGeodata, wordsOfBig } from '../support/synthetic-geodata.ts'
import { makePlainRanking } from '../support/synthetic-ranking.ts'

test('adding a custom line changes nothing for clients outside its networks', (t) => {
  t.diagnostic(`seed ${PROPERTY_SEED}`)
  let outside = 0
  fc.assert(
    fc.property(world, health, prefix, fc.array(client, { minLength: 6, maxLength: 6 }), (given, drawn, added, clients) => {
      const { geodata } = given
      // A block of scopeGranularity has the answer of most of its addresses: a line inside it may be what tips the balance.
      const config = { ...given.config, options: {} }
      // A member that keeps a share of its clients lays out all of them: with other clients it is another layout.
      const { keeps: _, ...draft } = drawn
      if (config.lines.some((line) => [...prefixTexts(line.prefixes)].includes(added))) return
      const [policy, ...others] = config.policies
      const wider: Config = {
        ...config,
        lines: [...config.lines, makeLine('added', { en: '', 'zh-CN': '' }, [added])],
        policies: [{ ...policy!, rules: [...policy!.rules, { line: 'custom:added', pools: policy!.fallback }] }, ...others],
      }
      const before = makeSubject(config, geodata)
      const after = makeSubject(wider, geodata)
      const plainBefore = makePlainRanking(config, draft)
      const plainAfter = makePlainRanking(wider, draft)
      for (const { family, address } of [...clients, ...edgesOf({ config: wider, geodata })]) {
        const words = family === 4 ? ([0, 0, 0xffff, Number(address)] as const) : wordsOfBig(address)
        if (prefixContains(parsePrefix(added), { family, words })) continue
        outside++
        const one = before.askNumber(family, address, plainBefore)
        const other = after.askNumber(family, address, plainAfter)
        assert.deepEqual({ ...other, scope: 0, endpoints: [] }, { ...one, scope: 0, endpoints: [] })
        assert.ok(other.scope >= one.scope)
        // A finer scope is another hashed block: its weighted clients are drawn anew.
        const weighted = config.pools.some(({ id, choose }) => id === one.poolId && choose === 'weighted')
        if (!weighted || other.scope === one.scope) assert.deepEqual(other.endpoints, one.endpoints)
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 250 },
  )
  assert.ok(outside > 1000)
})

test('an endpoint that is down is never answered while a better one exists in the chain', () => {
  let checked = 0
  fc.assert(
    fc.property(world, health, fc.array(client, { minLength: 8, maxLength: 8 }), (given, draft, clients) => {
      const { geodata } = given
      // With scopeGranularity the chain is that of most addresses of a block.
      const config = { ...given.config, options: {} }
      const subject = makeSubject(config, geodata)
      const plain = makePlainRanking(config, draft)
      for (const policy of config.policies) {
        for (const { family, address } of clients) {
          const chain = naiveChain(config, geodata, policy, family, address)
          const fromRules = chain.flatMap((line) => policy.rules.find((rule) => rule.line === line)!.pools)
          const members = (id: string) => plain.pools.get(plainKey(policy.id, id, 0))!.members
          const alive =
            fromRules.some((id) => members(id).some((member) => member.notDown)) ||
            policy.fallback.some((id) => members(id).some((member) => member.inPlace))
          if (!alive) continue
          checked++
          const decision = subject.askNumber(family, address, plain, { policy: policy.id })
          assert.equal(decision.outcome, 'answer')
          for (const id of decision.endpoints) assert.notEqual(draft.standings![id], 'down')
        }
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 250 },
  )
  assert.ok(checked > 500)
})

test('a weighted pool moves only the clients of the member that left', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 }), fc.nat(5), (weights, gone) => {
      const members = weights.map((weight, n) => ({ endpoint: `m${n}`, weight }))
      const left = `m${gone % weights.length}`
      const config = makeSyntheticConfig({
        pools: [{ id: 'w', choose: 'weighted', members }],
        policies: [{ id: 'p', rules: [{ line: '*', pools: ['w'] }], fallback: ['w'] }],
      })
      const subject = makeSubject(config, makeSyntheticGeodata([]))
      const before = makePlainRanking(config)
      const after = makePlainRanking(config, { standings: { [left]: 'down' } })
      for (let block = 0n; block < 64n; block++) {
        const one = subject.askNumber(4, block << 8n, before).endpoints
        const other = subject.askNumber(4, block << 8n, after).endpoints
        if (one[0] !== left) assert.deepEqual(other, one)
        else assert.notDeepEqual(other, one)
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 60 },
  )
})

test('equal documents give byte-equal columns, whatever the order of their lists', () => {
  fc.assert(
    fc.property(world, fc.infiniteStream(fc.nat(0xffff)), ({ config, geodata }, stream) => {
      const shuffle = <T>(list: readonly T[]): T[] =>
        list
          .map((item) => ({ item, key: stream.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ item }) => item)
      const shuffled: Config = {
        ...config,
        endpoints: shuffle(config.endpoints),
        pools: shuffle(config.pools),
        lines: shuffle(config.lines).map(({ id, label, prefixes }) => makeLine(id, label, shuffle([...prefixTexts(prefixes)]))),
        policies: shuffle(config.policies).map((policy) => ({ ...policy, rules: shuffle(policy.rules) })),
      }
      const one = compilePolicies(config, geodata)
      const other = compilePolicies(shuffled, geodata)
      assert.deepEqual(Object.keys(other.columns), Object.keys(one.columns))
      assert.deepEqual(other.columns, one.columns)
      assert.deepEqual(other.names, one.names)
    }),
    { seed: PROPERTY_SEED, numRuns: 200 },
  )
})
