/** The text of `nearcast explain`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExplainAnswer, ExplainCandidate } from '../../../admin-ui/contract/explain.ts'
import { formatExplanation } from '../../../cli/explain.ts'

const candidate = (endpoint: string, change: Partial<ExplainCandidate>): ExplainCandidate => ({
  endpoint,
  address: '192.0.2.11',
  standing: 'up',
  latencyMs: 12.34,
  errorRatePercent: 0,
  score: 88.6,
  sampleCount: 60,
  ageSeconds: 1.2,
  weight: 1,
  verdict: 'picked',
  ...change,
})

const answer: ExplainAnswer = {
  name: 'edge-api.yourcompany.com.',
  type: 'A',
  node: 'node-1',
  rcode: 'NOERROR',
  records: ['edge-api.yourcompany.com. 30 IN A 192.0.2.12'],
  addressUsed: '202.96.104.15',
  addressSource: 'client-subnet',
  location: {
    country: 'CN',
    province: '33',
    city: '3302',
    carrier: 'telecom',
    labelEn: 'Zhejiang Ningbo Telecom',
    labelZh: '浙江宁波电信',
    placeSource: 'ip2region 2024-02-28',
    carrierSource: null,
    range: ['202.96.104.0', '202.96.105.255'],
  },
  policy: 'edge-api',
  chain: [
    { line: 'cn-3302/telecom', rule: true },
    { line: 'cn-33', rule: false },
    { line: '*', rule: true },
  ],
  rules: [
    {
      line: 'cn-3302/telecom',
      labelEn: 'Zhejiang Ningbo Telecom',
      labelZh: '浙江宁波电信',
      verdict: 'answered',
      pools: [
        {
          pool: 'ningbo',
          choose: 'best',
          minimumUp: 1,
          eligible: 0,
          verdict: 'none-eligible',
          candidates: [
            candidate('ningbo-1', {
              standing: 'down',
              latencyMs: null,
              errorRatePercent: 100,
              score: null,
              ageSeconds: null,
              verdict: 'down',
            }),
          ],
        },
        {
          pool: 'zhejiang',
          choose: 'best',
          minimumUp: 1,
          eligible: 2,
          verdict: 'answered',
          candidates: [
            candidate('hangzhou-1', { address: '192.0.2.12' }),
            candidate('hangzhou-2', { address: '192.0.2.13', score: 89.1, verdict: 'behind-incumbent' }),
          ],
        },
      ],
    },
  ],
  fallback: [],
  step: 1,
  picked: ['hangzhou-1'],
  ttlSeconds: 30,
  scope: '202.96.104.0/23',
  scopePrefixLength: 23,
  generation: 7,
  rankingId: 99,
  rankingAgeSeconds: 0.44,
  sentence: 'the sentence.',
}

test('formatExplanation reads from the question to the generation', () => {
  assert.equal(
    formatExplanation(answer),
    `the sentence.

question   edge-api.yourcompany.com. A
address    202.96.104.15 (client subnet)
location   Zhejiang Ningbo Telecom 浙江宁波电信 (CN / 33 / 3302 / telecom)
           place from ip2region 2024-02-28, carrier from no source
           202.96.104.0 – 202.96.105.255 are in one piece
policy     edge-api
chain      [cn-3302/telecom] → cn-33 → [*]
           in brackets: the policy has a rule for it

rule 1  cn-3302/telecom  Zhejiang Ningbo Telecom 浙江宁波电信: answered
  pool ningbo (best, 0 eligible, at least 1 needed): none eligible
    endpoint  address     standing  latency  errors   score  samples  age  verdict
    ningbo-1  192.0.2.11  down      –        100.0 %  –      60       –    down
  pool zhejiang (best, 2 eligible, at least 1 needed): answered
    endpoint    address     standing  latency  errors  score  samples  age  verdict
    hangzhou-1  192.0.2.12  up        12.3 ms  0.0 %   88.6   60       1 s  picked
    hangzhou-2  192.0.2.13  up        12.3 ms  0.0 %   89.1   60       1 s  scores higher, the incumbent stays

answer     edge-api.yourcompany.com. 30 IN A 192.0.2.12
picked     hangzhou-1
step       1 (rules)
ttl        30 s
scope      202.96.104.0/23 (every client in it gets this answer)
generation 7 on node node-1, ranking 99 of 0.4 s ago
`,
  )
})

test('formatExplanation says what is not known', () => {
  const text = formatExplanation({
    ...answer,
    rcode: 'REFUSED',
    records: [],
    location: null,
    policy: null,
    chain: [],
    rules: [],
    step: null,
    picked: [],
    ttlSeconds: null,
    scope: null,
    rankingAgeSeconds: null,
  })
  assert.match(text, /^location {3}unknown: only custom lines and "\*" can match$/m)
  assert.match(text, /^policy {5}none: the name is not steered for this type$/m)
  assert.match(text, /^answer {5}REFUSED$/m)
  assert.match(text, /^generation 7 on node node-1$/m)
})

test('formatExplanation names inferred fields, and corrections with reason and author', () => {
  const fields = {
    city: { source: 'corrections', date: '', inferred: false, correction: { prefix: '202.96.104.0/24', reason: 'own site', author: 'li' } },
    carrier: { source: 'asn', date: '2026-06-17', inferred: true },
  }
  const text = formatExplanation({ ...answer, location: { ...answer.location!, fields } })
  assert.match(text, /^ +city is corrected for 202\.96\.104\.0\/24: own site \(li\)$/m)
  assert.match(text, /^ +carrier is inferred \(asn\)$/m)
})

test('formatExplanation shows kept shares and the block they go by', () => {
  const [rule] = answer.rules
  const [first, second] = rule!.pools
  const shedding = candidate('hangzhou-1', { verdict: 'shed', keepPercent: 40, keepPosition: 0.634 })
  const weighed = candidate('hangzhou-2', { keepPercent: 30 })
  const text = formatExplanation({
    ...answer,
    hashBlock: '202.96.104.0/24',
    rules: [
      {
        ...rule!,
        pools: [
          { ...first!, verdict: 'passed-on', candidates: [shedding] },
          { ...second!, candidates: [weighed] },
        ],
      },
    ],
  })
  assert.match(text, /pool ningbo .*: passed on\n/)
  assert.match(text, / {2}shed: kept share 40 %, this client's position 0\.63\n/)
  assert.match(text, / {2}picked: kept share 30 %\n/)
  assert.match(text, /\nhash block 202\.96\.104\.0\/24 \(shares of clients go by its hash\)\n/)
})
