/** Probes that could never pass are errors with place and remedy; their neighbours that can pass are not. Weights that score nothing too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../policy/config/parse-config.ts'

const documentOf = (probe: string, score = '{}'): string => `apiVersion: nearcast/v1
probes:
  - {id: h, ${probe}}
endpoints:
  - {id: a, ipv4: 192.0.2.1, probes: [h]}
pools:
  - {id: p, members: [{endpoint: a}]}
policies:
  - {id: e, ttlSeconds: 60, rules: [{line: "*", pools: [p]}], fallback: [p], score: ${score}}
`

/** Code, path, message and remedy of the errors. */
function errorsOf(text: string): readonly string[] {
  return parseConfig(text)
    .issues.filter(({ severity }) => severity === 'error')
    .map(({ code, path, where, message, suggestion }) => `${code} ${where.line} ${path.join('.')} ${message} → ${suggestion}`)
}

const REFUSED: readonly (readonly [string, RegExp])[] = [
  [
    'kind: http, method: HEAD, match: ok',
    /^CONFIG_PROBE_NEVER 3 probes\.0\.match .*HEAD has no body.* → write method: GET, or remove match$/,
  ],
  ['kind: https, method: HEAD, matchPattern: "o+k"', /^CONFIG_PROBE_NEVER 3 probes\.0\.matchPattern .*HEAD/],
  ['kind: http, expectStatus: [100]', /^CONFIG_RANGE 3 probes\.0\.expectStatus\.0 .*100 → write a number of at least 200$/],
  ['kind: http, expectStatus: [200, 101]', /^CONFIG_RANGE 3 probes\.0\.expectStatus\.1 /],
  [
    'kind: http, redirects: true, expectStatus: [301, 308]',
    /^CONFIG_PROBE_NEVER 3 probes\.0\.expectStatus .*followed.* → remove redirects/,
  ],
  ['kind: http, expectStatus: [204], match: ok', /^CONFIG_PROBE_NEVER 3 probes\.0\.match .*204 has no body/],
  ['kind: http, expectStatus: [204, 304], matchPattern: ok', /^CONFIG_PROBE_NEVER 3 probes\.0\.matchPattern .*204, 304/],
  ['kind: http, redirects: true, expectStatus: [204, 302], match: ok', /^CONFIG_PROBE_NEVER 3 probes\.0\.match /],
  ['kind: http, headers: {Host: a.example}', /^CONFIG_PROBE_HEADER 3 probes\.0\.headers\.Host .* → write it as host: … of the probe$/],
  ...['Transfer-Encoding', 'content-length', 'Expect', 'Upgrade', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'HTTP2-Settings'].map(
    (name) =>
      [`kind: http, headers: {${name}: "1"}`, new RegExp(`^CONFIG_PROBE_HEADER 3 probes\\.0\\.headers\\.${name} .* → remove it$`)] as const,
  ),
  ['kind: https, httpVersion: "2", headers: {TE: gzip}', /^CONFIG_PROBE_HEADER 3 probes\.0\.headers\.TE /],
  ['kind: https, httpVersion: "2", headers: {X-Key: "a "}', /^CONFIG_PROBE_HEADER 3 probes\.0\.headers\.X-Key .*blank/],
  [
    'kind: https, httpVersion: "2", headers: {":authority": a}',
    /^CONFIG_FORM 3 probes\.0\.headers\.:authority .* → write the name of a header/,
  ],
  ['kind: http, headers: {"X Key": a}', /^CONFIG_FORM 3 probes\.0\.headers\.X Key .* → write the name of a header/],
  ['kind: http, headers: {X-Key: "a\\nb"}', /^CONFIG_FORM 3 probes\.0\.headers\.X-Key /],
  ['kind: http, headers: {X-Key: "é"}', /^CONFIG_FORM 3 probes\.0\.headers\.X-Key /],
  ...['NXDOMAIN', 'REFUSED', 'SERVFAIL', 'FORMERR', 'NOTIMP'].map(
    (rcode) =>
      [
        `kind: dns, queryName: a.example., expectRcode: ${rcode}, expectAnswer: [192.0.2.1]`,
        new RegExp(`^CONFIG_PROBE_NEVER 3 probes\\.0\\.expectAnswer .*${rcode}.* → remove expectAnswer, or expectRcode$`),
      ] as const,
  ),
]

for (const [probe, expected] of REFUSED) {
  test(`refused: ${probe}`, () => {
    const errors = errorsOf(documentOf(probe))
    assert.equal(errors.length, 1, JSON.stringify(errors))
    assert.match(errors[0]!, expected)
  })
}

const ACCEPTED: readonly string[] = [
  'kind: http, method: HEAD',
  'kind: http, method: HEAD, match: "", matchPattern: ""',
  'kind: http, expectStatus: [301]',
  'kind: http, redirects: true, expectStatus: [200, 301], match: ok',
  'kind: http, expectStatus: [204]',
  'kind: http, expectStatus: [200, 204], match: ok',
  'kind: http, headers: {TE: trailers, X-Key: "a ", Authorization: Bearer x, Accept: "*/*"}',
  'kind: dns, queryName: a.example., expectRcode: NXDOMAIN',
  'kind: dns, queryName: a.example., expectRcode: NOERROR, expectAnswer: [192.0.2.1]',
]

for (const probe of ACCEPTED) test(`accepted: ${probe}`, () => assert.deepEqual(errorsOf(documentOf(probe)), []))

test('weights that make every score 0 are refused, as far as the profile reads them', () => {
  const [error, ...others] = errorsOf(documentOf('kind: http', '{latencyWeight: 0, successWeight: 0}'))
  assert.deepEqual(others, [])
  assert.match(error!, /^CONFIG_SCORE_ZERO 9 policies\.0\.score .*"e".* → give one of them a weight/)
  for (const score of ['{latencyWeight: 0}', '{successWeight: 0}', '{profile: expected-time, latencyWeight: 0, successWeight: 0}'])
    assert.deepEqual(errorsOf(documentOf('kind: http', score)), [], score)
})
