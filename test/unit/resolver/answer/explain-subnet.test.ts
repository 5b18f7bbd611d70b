/** Explanations say whose address decided, what became of the client subnet, and what a public resolver's place is worth. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankNow } from '../../../../admin-ui/api/publish/ranking-of-now.ts'
import { type ExplainAnswer, explainAnswerSchema } from '../../../../admin-ui/contract/explain.ts'
import { formatExplanation } from '../../../../cli/explain.ts'
import { explainAnswer } from '../../../../resolver/answer/explain-answer.ts'
import { CENTRAL_KEY, compileText, measured, PAIR_DOCUMENT } from '../../../support/central-pair.ts'
import { FIXTURE_GEODATA } from '../../../support/control-fixture.ts'

const TRUST = `${PAIR_DOCUMENT}\noptions: {ecsTrust: [192.0.2.53, "2001:db8:53::/48"]}\n`
const IGNORE = PAIR_DOCUMENT.replace('name: yourcompany.com', 'ecs: ignore\n    name: yourcompany.com')

function explain(document: string, client: string, resolver: string | undefined, name: string): ExplainAnswer {
  const snapshot = compileText(document)
  const scores = [measured('central-1', '192.0.2.1', 10), measured('central-2', '192.0.2.2', 11)]
  return explainAnswer({
    request: { name, type: 'A', client, ...(resolver === undefined ? {} : { resolver }) },
    snapshot,
    ranking: rankNow(snapshot.meta.rankPlan, scores, new Map([[CENTRAL_KEY, 'central-1']])),
    geodata: FIXTURE_GEODATA,
    nodeId: 'node-1',
    nowMs: 0,
  })
}

type Expected = readonly [
  used: string,
  source: ExplainAnswer['addressSource'],
  subnet: ExplainAnswer['clientSubnet'],
  publicId: string | undefined,
]
const ROWS: readonly (readonly [what: string, document: string, client: string, resolver: string | undefined, expected: Expected])[] = [
  ['a client alone', PAIR_DOCUMENT, '202.96.104.15', undefined, ['202.96.104.15', 'client-subnet', 'used', undefined]],
  ['a client with its resolver', PAIR_DOCUMENT, '202.96.104.0/24', '8.8.8.8', ['202.96.104.0/24', 'client-subnet', 'used', undefined]],
  ['a public resolver as the client', PAIR_DOCUMENT, '8.8.8.8', undefined, ['8.8.8.8', 'client-subnet', 'used', 'google']],
  ['a public resolver without ECS', PAIR_DOCUMENT, '', '223.5.5.5', ['223.5.5.5', 'resolver', 'none', 'alidns']],
  ['source /0', PAIR_DOCUMENT, '0.0.0.0/0', '9.9.9.9', ['9.9.9.9', 'resolver', 'not-wanted', 'quad9']],
  ['a resolver that is not listed', TRUST, '202.96.104.15', '1.1.1.1', ['1.1.1.1', 'resolver', 'untrusted-resolver', 'cloudflare']],
  ['a listed one', TRUST, '202.96.104.15', '192.0.2.53', ['202.96.104.15', 'client-subnet', 'used', undefined]],
  ['a listed one, IPv6', TRUST, '202.96.104.15', '2001:db8:53::1', ['202.96.104.15', 'client-subnet', 'used', undefined]],
  ['with a list, no resolver named', TRUST, '202.96.104.15', undefined, ['202.96.104.15', 'client-subnet', 'used', undefined]],
  ['ecs: ignore', IGNORE, '202.96.104.15', '180.76.76.76', ['180.76.76.76', 'resolver', 'ignored-by-zone', 'baidu']],
  [
    'ecs: ignore, the client asks by itself',
    IGNORE,
    '202.96.104.15',
    undefined,
    ['202.96.104.15', 'resolver', 'ignored-by-zone', undefined],
  ],
]
for (const [what, document, client, resolver, [used, source, subnet, publicId]] of ROWS) {
  test(what, () => {
    const answer = explain(document, client, resolver, 'edge-api.yourcompany.com.')
    assert.deepEqual(
      [answer.addressUsed, answer.addressSource, answer.clientSubnet, answer.publicResolver?.id],
      [used, source, subnet, publicId],
    )
    if (client !== '' && subnet !== 'used') assert.equal(answer.scopePrefixLength, 0)
    assert.deepEqual(explainAnswerSchema.parse(answer), answer)
    const text = formatExplanation(answer)
    assert.equal(text.includes('anycast, its place says nothing of the clients behind it'), publicId !== undefined, text)
    assert.equal(/client subnet not used|asks not to be located/.test(text), subnet !== 'used' && subnet !== 'none', text)
  })
}

test('a name that is not steered: nothing of the subnet was asked for', () => {
  const answer = explain(TRUST, '202.96.104.15', '1.1.1.1', 'nothing.yourcompany.com.')
  assert.equal(answer.clientSubnet, undefined)
})
