import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { prefixTexts } from '../../../../geodata/address/prefix-list.ts'
import { formatPath } from '../../../../policy/config/config-issue.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'
import { DOCUMENT_LIMIT_BYTES } from '../../../../policy/config/read-yaml.ts'
import { writeConfig } from '../../../../policy/config/write-config.ts'
import { RDATA_ROWS } from '../../../support/rdata-rows.ts'

/** A document that passes without any issue; the cases below replace parts of it. */
const BASE = `apiVersion: nearcast/v1
zones:
  - name: example.com.
    soa: {mname: ns1.example.com., rname: hostmaster.example.com.}
    nameservers: [ns1.example.com.]
    records:
      - {name: ns1, type: A, data: ["192.0.2.53"]}
probes:
  - {id: health, kind: http}
endpoints:
  - {id: edge-1, ipv4: 192.0.2.11, place: cn-3302, carrier: telecom, probes: [health]}
  - {id: central-1, ipv4: 192.0.2.1, place: cn-11, probes: [health]}
pools:
  - {id: edge, members: [{endpoint: edge-1}]}
  - {id: central, members: [{endpoint: central-1}]}
lines:
  - {id: park, prefixes: [198.51.100.0/24]}
policies:
  - id: api
    ttlSeconds: 30
    rules:
      - {line: cn-33/telecom, pools: [edge]}
      - {line: "*", pools: [central]}
    fallback: [central]
names:
  - {name: api.example.com., types: [A], policy: api}
`

/** Replaces a text that stands exactly once in BASE. */
function edit(...replacements: readonly (readonly [string, string])[]): string {
  let text = BASE
  for (const [old, replacement] of replacements) {
    assert.equal(text.split(old).length, 2, `"${old}" stands once in the base document`)
    text = text.replace(old, () => replacement)
  }
  return text
}

/** code at line:column, path. */
function summary(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const result = parseConfig(text, new Map(Object.entries(files)), 'n.yaml')
  return result.issues.map((issue) => {
    const file = issue.where.file === 'n.yaml' ? '' : `${issue.where.file}:`
    return `${issue.code} ${file}${issue.where.line}:${issue.where.column} ${formatPath(issue.path)}`
  })
}

test('parseConfig accepts the base document and fills in every default', () => {
  const result = parseConfig(BASE)
  assert.deepEqual(result.issues, [])
  assert.ok(result.ok)
  assert.deepEqual(result.config.probes[0], {
    id: 'health',
    kind: 'http',
    port: 80,
    path: '/',
    expectStatus: [200],
    intervalMs: 5000,
    timeoutMs: 1000,
    retryIntervalMs: 2500,
    fall: 3,
    rise: 2,
    windowSeconds: 300,
    required: true,
    host: '',
    sni: '',
    method: 'GET',
    headers: {},
    match: '',
    redirects: false,
    certificate: 'verify',
  })
  assert.deepEqual(result.config.policies[0], {
    id: 'api',
    precedence: 'place-first',
    inherit: true,
    ttlSeconds: 30,
    ttlFloorSeconds: 5,
    gates: { maxErrorRatePercent: 5, maxLatencyMs: 500 },
    score: { profile: 'weighted', latencyWeight: 0.6, successWeight: 0.4, floorMs: 10, retryPenaltyMs: 1000 },
    rules: [
      { line: 'cn-33/telecom', pools: ['edge'] },
      { line: '*', pools: ['central'] },
    ],
    fallback: ['central'],
    allDown: 'fallback',
    families: 'same-endpoint',
    hashPrefix: { ipv4: 0, ipv6: 0 },
    guards: { maxMovedPercent: 30 },
  })
  assert.deepEqual(result.config.pools[0], {
    id: 'edge',
    members: [{ endpoint: 'edge-1', weight: 1 }],
    minimumUp: 1,
    choose: 'best',
    sticky: true,
    maxAnswers: 8,
    slowStartSeconds: 0,
    tolerancePercent: 10,
    dwellSeconds: 60,
  })
  assert.deepEqual(result.config.zones[0]?.records, [
    { name: 'ns1.example.com.', type: 'A', ttlSeconds: 300, data: ['192.0.2.53'], position: 0 },
  ])
})

const cases: readonly { readonly name: string; readonly given: string; readonly expected: readonly string[] }[] = [
  // The text
  { name: 'broken YAML', given: 'apiVersion: [', expected: ['CONFIG_SYNTAX 1:14 '] },
  { name: 'an empty text', given: '', expected: ['CONFIG_TYPE 1:1 '] },
  { name: 'a second document', given: 'apiVersion: nearcast/v1\n---\na: 1\n', expected: ['CONFIG_SYNTAX 2:1 '] },
  { name: 'a list instead of a mapping', given: '- a', expected: ['CONFIG_TYPE 1:1 '] },
  {
    name: 'a duplicate key',
    given: edit(['    ttlSeconds: 30\n', '    ttlSeconds: 30\n    ttlSeconds: 31\n']),
    expected: ['CONFIG_DUPLICATE_KEY 21:5 policies[0].ttlSeconds'],
  },
  { name: 'a tag', given: edit(['ttlSeconds: 30', 'ttlSeconds: !!binary aGk=']), expected: ['CONFIG_SYNTAX 20:17 '] },
  { name: 'an unknown version', given: edit(['nearcast/v1', 'nearcast/v2']), expected: ['CONFIG_VERSION 1:13 apiVersion'] },
  { name: 'no version', given: edit(['apiVersion: nearcast/v1\n', '']), expected: ['CONFIG_KEY_MISSING 1:1 '] },
  // Keys and values
  { name: 'an unknown key at the top', given: edit(['probes:\n', 'probse: []\nprobes:\n']), expected: ['CONFIG_UNKNOWN_KEY 8:1 probse'] },
  {
    name: 'an unknown key below',
    given: edit(['kind: http}', 'kind: http, interval: 3}']),
    expected: ['CONFIG_UNKNOWN_KEY 9:30 probes[0].interval'],
  },
  {
    name: 'a key of a later version',
    given: edit(['    records:\n', '    dnssec: {}\n    records:\n']),
    expected: ['CONFIG_NOT_SUPPORTED 6:5 zones[0].dnssec'],
  },
  {
    name: 'a geodata source without its file',
    given: `${BASE}geodata: {sources: [{kind: mmdb}, default]}\n`,
    expected: ['CONFIG_GEODATA_SOURCE 27:21 geodata.sources[0]'],
  },
  {
    name: 'a history of no size',
    given: `${BASE}options: {retention: {megabytes: 1}}\n`,
    expected: ['CONFIG_RANGE 27:34 options.retention.megabytes'],
  },
  { name: 'a wrong type', given: edit(['ttlSeconds: 30', 'ttlSeconds: soon']), expected: ['CONFIG_TYPE 20:17 policies[0].ttlSeconds'] },
  { name: 'a fraction', given: edit(['ttlSeconds: 30', 'ttlSeconds: 1.5']), expected: ['CONFIG_TYPE 20:17 policies[0].ttlSeconds'] },
  {
    name: 'a number out of range',
    given: edit(['kind: http}', 'kind: http, port: 70000}']),
    expected: ['CONFIG_RANGE 9:36 probes[0].port'],
  },
  ...(
    [
      ['far too large', '1e30'],
      ['far too small', '-1e30'],
      ['no number to count with', '.inf'],
    ] as const
  ).map(([name, value]) => ({
    name: `a number that is ${name} is one mistake`,
    given: edit(['[{endpoint: edge-1}]', `[{endpoint: edge-1, weight: ${value}}]`]),
    expected: [`${value === '.inf' ? 'CONFIG_TYPE' : 'CONFIG_RANGE'} 14:53 pools[0].members[0].weight`],
  })),
  {
    name: 'an unknown word',
    given: edit(['ttlSeconds: 30', 'ttlSeconds: 30\n    allDown: servfial']),
    expected: ['CONFIG_VALUE 21:14 policies[0].allDown'],
  },
  {
    name: 'a list that must not be empty',
    given: edit(['pools: [edge]', 'pools: []']),
    expected: ['CONFIG_COUNT 22:38 policies[0].rules[0].pools'],
  },
  {
    name: 'a text instead of a list',
    given: edit(['fallback: [central]', 'fallback: central']),
    expected: ['CONFIG_TYPE 24:15 policies[0].fallback'],
  },
  { name: 'a missing key', given: edit(['{id: health, kind: http}', '{id: health}']), expected: ['CONFIG_KEY_MISSING 9:5 probes[0]'] },
  { name: 'an id with a space', given: edit(['- {id: park,', '- {id: "a park",']), expected: ['CONFIG_ID_INVALID 17:10 lines[0].id'] },
  {
    name: 'a path without slash',
    given: edit(['kind: http}', 'kind: http, path: health}']),
    expected: ['CONFIG_FORM 9:36 probes[0].path'],
  },
  {
    name: 'a section that is no list',
    given: edit(['lines:\n  - {id: park, prefixes: [198.51.100.0/24]}', 'lines: {}']),
    expected: ['CONFIG_TYPE 16:8 lines'],
  },
  // Ids and references
  {
    name: 'a duplicate id',
    given: edit([
      '- {id: central, members: [{endpoint: central-1}]}',
      '- {id: central, members: [{endpoint: central-1}]}\n  - {id: edge, members: [{endpoint: edge-1}]}',
    ]),
    expected: ['CONFIG_ID_DUPLICATE 16:10 pools[2].id'],
  },
  {
    name: 'an unknown pool',
    given: edit(['pools: [edge]', 'pools: [egde]']),
    expected: ['CONFIG_REFERENCE_UNKNOWN 22:39 policies[0].rules[0].pools[0]'],
  },
  {
    name: 'an unknown pool in the fallback',
    given: edit(['fallback: [central]', 'fallback: [centre]']),
    expected: ['CONFIG_REFERENCE_UNKNOWN 24:16 policies[0].fallback[0]'],
  },
  {
    name: 'an unknown endpoint',
    given: edit(['{endpoint: edge-1}', '{endpoint: edge-2}']),
    expected: ['CONFIG_REFERENCE_UNKNOWN 14:37 pools[0].members[0].endpoint'],
  },
  {
    name: 'an unknown probe',
    given: edit(['cn-11, probes: [health]', 'cn-11, probes: [helth]']),
    expected: ['CONFIG_REFERENCE_UNKNOWN 12:61 endpoints[1].probes[0]'],
  },
  {
    name: 'an unknown policy',
    given: edit(['policy: api}', 'policy: apy}']),
    expected: ['POLICY_UNUSED 19:5 policies[0]', 'CONFIG_REFERENCE_UNKNOWN 26:50 names[0].policy'],
  },
  {
    name: 'an unknown custom line',
    given: edit(['line: cn-33/telecom', 'line: custom:parc']),
    expected: ['CONFIG_REFERENCE_UNKNOWN 22:16 policies[0].rules[0].line'],
  },
  {
    name: 'a member twice',
    given: edit(['[{endpoint: edge-1}]', '[{endpoint: edge-1}, {endpoint: edge-1}]']),
    expected: ['CONFIG_REFERENCE_TWICE 14:57 pools[0].members[1].endpoint'],
  },
  // Files
  {
    name: 'a file that did not come',
    given: edit(['prefixes: [198.51.100.0/24]', 'file: park.cidr']),
    expected: ['CONFIG_FILE_MISSING 17:22 lines[0].file'],
  },
  {
    name: 'a file outside',
    given: edit(['prefixes: [198.51.100.0/24]', 'file: ../park.cidr']),
    expected: ['CONFIG_FILE_NAME 17:22 lines[0].file'],
  },
  { name: 'an inline file that nobody names', given: `${BASE}files: {a.txt: x}\n`, expected: ['CONFIG_FILE_UNUSED 27:16 files["a.txt"]'] },
  // Zones and records
  {
    name: 'a name with an empty label',
    given: edit(['name: ns1,', 'name: ns1..a,']),
    expected: ['CONFIG_GLUE_MISSING 5:18 zones[0].nameservers', 'CONFIG_NAME_INVALID 7:16 zones[0].records[0].name'],
  },
  {
    name: 'a zone with file and records',
    given: edit(['    soa: {', '    file: x.zone\n    soa: {']),
    expected: [
      'CONFIG_FILE_MISSING 4:11 zones[0].file',
      'CONFIG_ZONE_FORM 5:5 zones[0].soa',
      'CONFIG_ZONE_FORM 6:5 zones[0].nameservers',
      'CONFIG_ZONE_FORM 7:5 zones[0].records',
    ],
  },
  {
    name: 'a zone without soa',
    given: edit(['    soa: {mname: ns1.example.com., rname: hostmaster.example.com.}\n', '']),
    expected: ['CONFIG_KEY_MISSING 3:5 zones[0]'],
  },
  {
    name: 'a zone twice',
    given: edit(['probes:\n', '  - {name: EXAMPLE.com, soa: {mname: a., rname: b.}, nameservers: [a.]}\nprobes:\n']),
    expected: ['CONFIG_ZONE_DUPLICATE 8:12 zones[1].name'],
  },
  {
    name: 'a kept serial that is not there',
    given: edit(['    records:\n', '    serial: keep\n    records:\n']),
    expected: ['CONFIG_SERIAL_MISSING 4:10 zones[0].soa'],
  },
  {
    name: 'a record outside its zone',
    given: edit(['probes:\n', '      - {name: a.example.org., type: A, data: ["192.0.2.1"]}\nprobes:\n']),
    expected: ['CONFIG_RECORD_OUTSIDE 8:16 zones[0].records[1].name'],
  },
  {
    name: 'a record twice',
    given: edit(['probes:\n', '      - {name: NS1, type: a, data: ["192.0.2.1"]}\nprobes:\n']),
    expected: ['CONFIG_RECORD_DUPLICATE 8:9 zones[0].records[1]'],
  },
  {
    name: 'an unknown record type',
    given: edit(['probes:\n', '      - {name: a, type: AAA, data: ["192.0.2.1"]}\nprobes:\n']),
    expected: ['CONFIG_RECORD_TYPE 8:25 zones[0].records[1].type'],
  },
  {
    name: 'an SOA record',
    given: edit(['probes:\n', '      - {name: "@", type: SOA, data: ["x"]}\nprobes:\n']),
    expected: ['CONFIG_RECORD_TYPE 8:27 zones[0].records[1].type'],
  },
  {
    name: 'a wrong IPv4 address in a record',
    given: edit(['["192.0.2.53"]', '["192.0.2.530"]']),
    expected: ['CONFIG_ADDRESS_INVALID 7:37 zones[0].records[0].data[0]'],
  },
  {
    name: 'a CNAME beside others',
    given: edit(['probes:\n', '      - {name: ns1, type: CNAME, data: ["x"]}\nprobes:\n']),
    expected: ['CONFIG_CNAME_CONFLICT 8:9 zones[0].records[1]'],
  },
  {
    name: 'two CNAMEs',
    given: edit(['probes:\n', '      - {name: a, type: CNAME, data: ["x", "y"]}\nprobes:\n']),
    expected: ['CONFIG_RECORD_COUNT 8:38 zones[0].records[1].data'],
  },
  {
    name: 'a CNAME at the apex',
    given: edit(['probes:\n', '      - {name: "@", type: CNAME, data: ["x"]}\nprobes:\n']),
    expected: ['CONFIG_CNAME_CONFLICT 8:9 zones[0].records[1]'],
  },
  {
    name: 'a CNAME loop',
    given: edit(['probes:\n', '      - {name: b, type: CNAME, data: ["a"]}\n      - {name: a, type: CNAME, data: ["b"]}\nprobes:\n']),
    expected: ['CONFIG_CNAME_LOOP 9:9 zones[0].records[2]'],
  },
  {
    name: 'a record below a delegation',
    given: edit([
      'probes:\n',
      '      - {name: sub, type: NS, data: ["ns.sub"]}\n      - {name: ns.sub, type: A, data: ["192.0.2.2"]}\n      - {name: a.sub, type: TXT, data: ["x"]}\nprobes:\n',
    ]),
    expected: ['CONFIG_BELOW_CUT 10:9 zones[0].records[3]'],
  },
  {
    name: 'a name server without address',
    given: edit(['nameservers: [ns1.example.com.]', 'nameservers: [ns1.example.com., ns2]']),
    expected: ['CONFIG_GLUE_MISSING 5:18 zones[0].nameservers'],
  },
  { name: 'no TTL', given: edit(['    ttlSeconds: 30\n', '']), expected: ['CONFIG_TTL_MISSING 19:5 policies[0]'] },
  {
    name: 'a floor above the TTL',
    given: edit(['ttlSeconds: 30', 'ttlSeconds: 30\n    ttlFloorSeconds: 60']),
    expected: ['CONFIG_TTL_FLOOR 21:22 policies[0].ttlFloorSeconds'],
  },
  // Steered names
  {
    name: 'a steered name outside every zone',
    given: edit(['api.example.com.', 'api.exmaple.com.']),
    expected: ['CONFIG_STEERED_OUTSIDE 26:12 names[0].name'],
  },
  {
    name: 'a steered name below a delegation',
    given: edit(['probes:\n', '      - {name: sub, type: NS, data: ["ns1"]}\nprobes:\n'], ['api.example.com.', 'api.sub.example.com.']),
    expected: ['CONFIG_STEERED_BELOW_CUT 27:12 names[0].name'],
  },
  {
    name: 'a steered name twice',
    given: `${BASE}  - {name: API.example.com, types: [a], policy: api}\n`,
    expected: ['CONFIG_STEERED_TWICE 27:5 names[1]'],
  },
  {
    name: 'a steered name with a CNAME',
    given: edit(['probes:\n', '      - {name: api, type: CNAME, data: ["x"]}\nprobes:\n']),
    expected: ['CONFIG_CNAME_CONFLICT 27:12 names[0].name'],
  },
  {
    name: 'a static record that is hidden',
    given: edit(['probes:\n', '      - {name: api, type: A, data: ["192.0.2.1"]}\nprobes:\n']),
    expected: ['CONFIG_STEERED_STATIC 27:12 names[0].name'],
  },
  {
    name: 'a steered type without rdata',
    given: edit(['types: [A]', 'types: [A, HTTPS]']),
    expected: ['CONFIG_STEERED_TYPE 26:37 names[0].types'],
  },
  {
    name: 'rdata of a type that is not steered',
    given: edit(['types: [A]', 'types: [A], records: {MX: "10 {target}"}']),
    expected: ['CONFIG_STEERED_RECORD_UNUSED 26:56 names[0].records.MX'],
  },
  {
    name: 'an unknown placeholder',
    given: edit(['types: [A]', 'types: [A, MX], records: {MX: "10 {host}"}']),
    expected: ['CONFIG_FORM 26:60 names[0].records.MX'],
  },
  {
    name: 'a type that is always empty',
    given: edit(['types: [A]', 'types: [A, AAAA]']),
    expected: ['CONFIG_STEERED_NO_ADDRESS 26:37 names[0].types'],
  },
  {
    name: 'a target at the apex',
    given: edit(['ipv4: 192.0.2.11, place', 'target: cdn.example.net., place'], ['api.example.com.', 'example.com.']),
    expected: ['CONFIG_TARGET_CONFLICT 26:46 names[0].policy'],
  },
  // Probes, endpoints, pools
  {
    name: 'an interval under the timeout',
    given: edit(['kind: http}', 'kind: http, intervalMs: 500, timeoutMs: 1000}']),
    expected: ['CONFIG_PROBE_TIMEOUT 9:42 probes[0].intervalMs'],
  },
  { name: 'a tcp probe without port', given: edit(['kind: http}', 'kind: tcp}']), expected: ['CONFIG_KEY_MISSING 9:5 probes[0]'] },
  {
    name: 'a key that the kind does not use',
    given: edit(['kind: http}', 'kind: tcp, port: 1, path: /x}']),
    expected: ['CONFIG_KEY_UNUSED 9:38 probes[0].path'],
  },
  {
    name: 'keys of other kinds, and one that only TLS has',
    given: edit(['kind: http}', 'kind: grpc, port: 50051, sni: a, httpVersion: "2", queryName: a.}']),
    expected: [
      'CONFIG_KEY_UNUSED 9:43 probes[0].sni',
      'CONFIG_KEY_UNUSED 9:51 probes[0].httpVersion',
      'CONFIG_KEY_UNUSED 9:69 probes[0].queryName',
    ],
  },
  { name: 'a grpc probe without port', given: edit(['kind: http}', 'kind: grpc}']), expected: ['CONFIG_KEY_MISSING 9:5 probes[0]'] },
  { name: 'a dns probe without a name', given: edit(['kind: http}', 'kind: dns}']), expected: ['CONFIG_KEY_MISSING 9:5 probes[0]'] },
  {
    name: 'a script probe without script',
    given: edit(['kind: http}', 'kind: script}']),
    expected: ['CONFIG_KEY_MISSING 9:5 probes[0]'],
  },
  {
    name: 'a script that is a path',
    given: edit(['kind: http}', 'kind: script, script: ../x}']),
    expected: ['CONFIG_FORM 9:40 probes[0].script'],
  },
  {
    name: 'a push probe with a time limit, looked at less often than it expires',
    given: edit(['kind: http}', 'kind: push, timeoutMs: 10, intervalMs: 20000, expireSeconds: 10}']),
    expected: ['CONFIG_KEY_UNUSED 9:30 probes[0].timeoutMs', 'CONFIG_PROBE_EXPIRE 9:57 probes[0].intervalMs'],
  },
  {
    name: 'a pattern that does not compile',
    given: edit(['kind: http}', 'kind: http, matchPattern: "ok("}']),
    expected: ['CONFIG_PATTERN_INVALID 9:44 probes[0].matchPattern'],
  },
  {
    name: 'a pattern that takes too long',
    given: edit(['kind: http}', 'kind: http, matchPattern: "[a-z]{300}"}']),
    expected: ['CONFIG_PATTERN_LONG 9:44 probes[0].matchPattern'],
  },
  {
    name: 'answers that cannot be those of the type',
    given: edit(['kind: http}', 'kind: dns, queryName: a., queryType: MX, expectAnswer: [mail.example., "10 mail.example"]}']),
    expected: ['CONFIG_FORM 9:74 probes[0].expectAnswer[0]'],
  },
  {
    name: 'an address of the other family in the answer',
    given: edit(['kind: http}', 'kind: dns, queryName: a., queryType: AAAA, expectAnswer: [192.0.2.1]}']),
    expected: ['CONFIG_ADDRESS_INVALID 9:76 probes[0].expectAnswer[0]'],
  },
  {
    name: 'an endpoint without the address that its probe needs',
    given: edit(['kind: http}', 'kind: http, families: ipv6}'], ['ipv4: 192.0.2.11,', 'ipv6: "2001:db8::1",']),
    expected: ['CONFIG_ADDRESS_UNPROBED 12:27 endpoints[1].ipv4', 'CONFIG_PROBE_ADDRESS 12:61 endpoints[1].probes[0]'],
  },
  { name: 'an endpoint without address', given: edit(['ipv4: 192.0.2.11, ', '']), expected: ['CONFIG_ENDPOINT_EMPTY 11:5 endpoints[0]'] },
  {
    name: 'an endpoint with target and address',
    given: edit(['ipv4: 192.0.2.11, ', 'ipv4: 192.0.2.11, target: a.example.net., ']),
    expected: ['CONFIG_ENDPOINT_MIX 11:36 endpoints[0].target'],
  },
  {
    name: 'an address with a port',
    given: edit(['192.0.2.11,', '"192.0.2.11:80",']),
    expected: ['CONFIG_ADDRESS_INVALID 11:24 endpoints[0].ipv4'],
  },
  {
    name: 'an unknown place',
    given: edit(['place: cn-3302', 'place: cn-3399']),
    expected: ['CONFIG_PLACE_UNKNOWN 11:43 endpoints[0].place'],
  },
  {
    name: 'an unknown carrier',
    given: edit(['carrier: telecom', 'carrier: telekom']),
    expected: ['CONFIG_CARRIER_UNKNOWN 11:61 endpoints[0].carrier'],
  },
  { name: 'an empty pool', given: edit(['members: [{endpoint: edge-1}]', 'members: []']), expected: ['CONFIG_POOL_EMPTY 14:5 pools[0]'] },
  {
    name: 'more minimumUp than members',
    given: edit(['[{endpoint: edge-1}]', '[{endpoint: edge-1}], minimumUp: 2']),
    expected: ['CONFIG_POOL_MINIMUM 14:58 pools[0].minimumUp'],
  },
  {
    name: 'weights that sum up to 0',
    given: edit(['[{endpoint: edge-1}]', '[{endpoint: edge-1, weight: 0}], choose: weighted']),
    expected: ['CONFIG_POOL_WEIGHTS 14:25 pools[0].members'],
  },
  {
    name: 'a pool of disabled endpoints',
    given: edit(['carrier: telecom,', 'carrier: telecom, enabled: false,']),
    expected: ['CONFIG_POOL_DISABLED 14:5 pools[0]'],
  },
  // Lines and policies
  {
    name: 'a prefix with host bits',
    given: edit(['198.51.100.0/24', '198.51.100.1/24']),
    expected: ['CONFIG_PREFIX_INVALID 17:27 lines[0].prefixes[0]'],
  },
  {
    name: 'a prefix twice',
    given: edit(['[198.51.100.0/24]', '[198.51.100.0/24, 198.51.100.0/24]']),
    expected: ['CONFIG_PREFIX_TWICE 17:44 lines[0].prefixes[1]'],
  },
  { name: 'a line without networks', given: edit(['[198.51.100.0/24]', '[]']), expected: ['CONFIG_LINE_EMPTY 17:5 lines[0]'] },
  {
    name: 'an unknown line',
    given: edit(['line: cn-33/telecom', 'line: cn-33/telekom']),
    expected: ['POLICY_LINE_UNKNOWN 22:16 policies[0].rules[0].line'],
  },
  {
    name: 'a line twice in other spellings',
    given: edit(['{line: "*", pools: [central]}', '{line: "*", pools: [central]}\n      - {line: 浙江电信, pools: [central]}']),
    expected: ['POLICY_RULE_DUPLICATE 24:16 policies[0].rules[2].line'],
  },
  {
    name: 'no rule for everybody',
    given: edit(['      - {line: "*", pools: [central]}\n', '']),
    expected: ['POLICY_DEFAULT_MISSING 22:7 policies[0].rules'],
  },
  { name: 'no fallback', given: edit(['    fallback: [central]\n', '']), expected: ['POLICY_FALLBACK_MISSING 19:5 policies[0]'] },
  {
    name: 'an empty fallback',
    given: edit(['fallback: [central]', 'fallback: []']),
    expected: ['POLICY_FALLBACK_MISSING 24:15 policies[0].fallback'],
  },
  {
    name: 'equal networks in two lines of a policy',
    given: edit(
      ['policies:\n', '  - {id: other, prefixes: [198.51.100.0/24]}\npolicies:\n'],
      ['      - {line: "*"', '      - {line: custom:park, pools: [edge]}\n      - {line: custom:other, pools: [edge]}\n      - {line: "*"'],
    ),
    expected: ['POLICY_PREFIX_CONFLICT 25:16 policies[0].rules[2].line'],
  },
  {
    name: 'endpoints that differ in families',
    given: edit(['ipv4: 192.0.2.11,', 'ipv4: 192.0.2.11, ipv6: "2001:db8::11",'], ['types: [A]', 'types: [A, AAAA]']),
    expected: ['POLICY_FAMILIES_DIFFER 19:5 policies[0]'],
  },
  {
    name: 'families decided by the operator',
    given: edit(
      ['ipv4: 192.0.2.11,', 'ipv4: 192.0.2.11, ipv6: "2001:db8::11",'],
      ['types: [A]', 'types: [A, AAAA]'],
      ['ttlSeconds: 30', 'ttlSeconds: 30\n    families: each'],
    ),
    expected: [],
  },
  {
    name: 'an endpoint without probes',
    given: edit(['place: cn-11, probes: [health]', 'place: cn-11']),
    expected: ['POLICY_UNPROBED 19:5 policies[0]'],
  },
]

for (const { name, given, expected } of cases) {
  test(`parseConfig reports ${name}`, () => assert.deepEqual(summary(given), expected))
}

test('parseConfig reports mistakes of all sections at once, and none that only follow from another', () => {
  const text = edit(
    ['kind: http}', 'kind: htp}'],
    ['ipv4: 192.0.2.11', 'ipv4: 192.0.2.311'],
    ['pools: [edge]', 'pools: [egde]'],
    ['    fallback: [central]', '    fallbak: [central]\n    fallback: [central]'],
  )
  assert.deepEqual(summary(text), [
    'CONFIG_VALUE 9:24 probes[0].kind',
    'CONFIG_ADDRESS_INVALID 11:24 endpoints[0].ipv4',
    'CONFIG_REFERENCE_UNKNOWN 22:39 policies[0].rules[0].pools[0]',
    'CONFIG_UNKNOWN_KEY 24:5 policies[0].fallbak',
  ])
})

test('parseConfig fills each kind of probe in, leaves new defaults out and brings names and addresses into canonical form', () => {
  const kinds: readonly (readonly [written: string, expected: Record<string, unknown>])[] = [
    ['kind: https, httpVersion: "2", matchPattern: "ok|up"', { kind: 'https', port: 443, httpVersion: '2', matchPattern: 'ok|up' }],
    ['kind: http, httpVersion: "1.1", families: both', { kind: 'http', port: 80 }],
    ['kind: tls, sni: a.example', { kind: 'tls', port: 443, sni: 'a.example' }],
    [
      'kind: dns, queryName: WWW.Example, queryType: MX, expectAnswer: ["010 Mail.Example", "5 b.example."]',
      { kind: 'dns', port: 53, queryName: 'www.example.', queryType: 'MX', expectAnswer: ['10 mail.example.', '5 b.example.'] },
    ],
    ['kind: dns, queryName: ., queryType: A, expectRcode: NOERROR, expectAnswer: []', { kind: 'dns', port: 53, queryName: '.' }],
    [
      'kind: dns, queryName: a., queryType: AAAA, expectAnswer: ["2001:DB8:0::1", "::ffff:192.0.2.1"]',
      { kind: 'dns', port: 53, queryName: 'a.', queryType: 'AAAA', expectAnswer: ['2001:db8::1', '::ffff:192.0.2.1'] },
    ],
    ['kind: icmp, families: ipv4', { kind: 'icmp', port: 0, families: 'ipv4' }],
    ['kind: grpc, port: 1, tls: true, sni: a, service: s.Api', { kind: 'grpc', port: 1, tls: true, sni: 'a', service: 's.Api' }],
    ['kind: grpc, port: 1, tls: false', { kind: 'grpc', port: 1 }],
    ['kind: push, intervalMs: 500', { kind: 'push', port: 0, intervalMs: 500, retryIntervalMs: 500 }],
    ['kind: push, expireSeconds: 30', { kind: 'push', port: 0, expireSeconds: 30 }],
    ['kind: script, script: check-edge', { kind: 'script', port: 0, script: 'check-edge' }],
  ]
  const plain = parseConfig(BASE)
  assert.ok(plain.ok)
  for (const [written, expected] of kinds) {
    const result = parseConfig(edit(['kind: http}', `${written}}`]))
    assert.deepEqual(result.issues, [], written)
    assert.ok(result.ok)
    assert.deepEqual(result.config.probes[0], { ...plain.config.probes[0], ...expected }, written)
    const again = parseConfig(writeConfig(result.config).document)
    assert.ok(again.ok, JSON.stringify(again.issues))
    assert.equal(again.digest, result.digest, written)
  }
})

test('parseConfig explains a pattern that does not compile, with its place in it and a remedy', () => {
  const cases = [
    { pattern: 'ok(', message: /missing closing \) at "ok\(" \(character 1\)/, suggestion: /RE2/ },
    { pattern: 'a(?!b)', message: /unsupported Perl syntax at "\(\?!" \(character 2\)/, suggestion: /neither ahead nor behind/ },
    { pattern: '(a)\\1', message: /invalid escape sequence at "\\1" \(character 4\)/, suggestion: /no back-references/ },
    { pattern: 'a**', message: /at "\*\*" \(character 2\)/, suggestion: /write \\ before it/ },
    { pattern: '((a{1000}){1000}){1000}', message: /invalid repeat count/, suggestion: /./ },
  ]
  for (const { pattern, message, suggestion } of cases) {
    const [issue, ...others] = parseConfig(edit(['kind: http}', `kind: http, matchPattern: ${JSON.stringify(pattern)}}`])).issues
    assert.deepEqual([issue?.code, others], ['CONFIG_PATTERN_INVALID', []], pattern)
    assert.match(issue!.message, message)
    assert.match(issue!.suggestion!, suggestion)
  }
})

test('parseConfig names the kind that was meant', () => {
  const [issue] = parseConfig(edit(['kind: http}', 'kind: gprc}'])).issues
  assert.equal(issue!.code, 'CONFIG_VALUE')
  assert.match(`${issue!.message} ${issue!.suggestion}`, /"grpc"/)
})

test('parseConfig keeps places right behind a list entry that could not be read', () => {
  const text = edit([
    '      - {line: cn-33/telecom, pools: [edge]}',
    '      - {line: 5, pools: [edge]}\n      - {line: cn-33/telecom, pools: [none]}',
  ])
  assert.deepEqual(summary(text), [
    'CONFIG_TYPE 22:16 policies[0].rules[0].line',
    'CONFIG_REFERENCE_UNKNOWN 23:39 policies[0].rules[1].pools[0]',
  ])
})

test('parseConfig names what was probably meant', () => {
  const suggestion = (text: string): string => parseConfig(text).issues[0]!.suggestion
  assert.match(suggestion(edit(['ttlSeconds: 30', 'ttlSeconds: 30\n    ttl: 30'])), /"ttlSeconds"/)
  assert.match(suggestion(edit(['pools: [edge]', 'pools: [egde]'])), /"edge"/)
  assert.match(suggestion(edit(['line: cn-33/telecom', 'line: cn-33/telekom'])), /"cn-33\/telecom"/)
  assert.match(suggestion(edit(['place: cn-3302', 'place: cn-3399'])), /did you mean/)
  assert.match(suggestion(edit(['192.0.2.53', '192.0.2.53 ']).replace('data: ["192.0.2.53 "]', 'data: [192]')), /"192"/)
})

test('parseConfig reads JSON, also with tabs and a byte order mark', () => {
  const result = parseConfig(BASE)
  assert.ok(result.ok)
  const json = `\ufeff${JSON.stringify({ apiVersion: 'nearcast/v1', endpoints: [{ id: 'a', ipv4: '192.0.2.1' }] }, null, '\t')}`
  assert.deepEqual(parseConfig(json).issues, [])
  assert.deepEqual(
    parseConfig('{"apiVersion": "nearcast/v1", "apiVersion": "nearcast/v1"}').issues.map((issue) => issue.code),
    ['CONFIG_DUPLICATE_KEY'],
  )
})

test('parseConfig brings names, addresses, types and lines into one form', () => {
  const text = edit(
    ['name: example.com.', 'name: Example.COM'],
    ['name: ns1,', 'name: NS1.example.com.,'],
    ['place: cn-3302, carrier: telecom', 'place: 宁波, carrier: 电信'],
    ['line: cn-33/telecom', 'line: cn_telecom_zhejiang'],
    ['api.example.com.', 'API.Example.com'],
    ['types: [A]', 'types: [a, A]'],
  )
  const [one, other] = [parseConfig(text), parseConfig(BASE)]
  assert.deepEqual(one.issues, [])
  assert.ok(one.ok && other.ok)
  assert.equal(one.digest, other.digest)
})

test('parseConfig makes the rule of a policy without rules, and the pool edges when there is none', () => {
  const rules = '    rules:\n      - {line: cn-33/telecom, pools: [edge]}\n      - {line: "*", pools: [central]}\n'
  const result = parseConfig(edit([rules, '']))
  assert.deepEqual(result.issues, [])
  assert.ok(result.ok)
  assert.deepEqual(result.config.policies[0]?.rules, [{ line: '*', pools: ['edges', 'central'] }])
  const edges = result.config.pools.find((pool) => pool.id === 'edges')
  assert.equal(edges?.choose, 'auto')
  assert.deepEqual(edges?.members, [{ endpoint: 'edge-1', weight: 1 }])
})

test('parseConfig gives blocks of fractional choices to policies whose clients are shared out', () => {
  const shared = [
    ['[{endpoint: edge-1}]', '[{endpoint: edge-1}], choose: weighted'],
    ['[{endpoint: edge-1}]', '[{endpoint: edge-1}], slowStartSeconds: 60'],
    ['{id: edge-1, ', '{id: edge-1, capacity: {requestsPerSecond: 100}, '],
  ] as const
  for (const change of shared) {
    const result = parseConfig(edit(change))
    assert.deepEqual(result.issues, [], change[1])
    assert.ok(result.ok)
    const [policy] = result.config.policies
    assert.deepEqual([policy?.hashPrefix, policy?.automaticHashPrefix], [{ ipv4: 24, ipv6: 56 }, ['ipv4', 'ipv6']], change[1])
  }
  const plain = parseConfig(BASE)
  assert.ok(plain.ok)
  assert.deepEqual(plain.config.policies[0]?.hashPrefix, { ipv4: 0, ipv6: 0 })
  assert.equal(plain.config.policies[0]?.automaticHashPrefix, undefined)
})

test('a hashPrefix that is written stays written, also when it is what the default would be', () => {
  const weighted = ['[{endpoint: edge-1}]', '[{endpoint: edge-1}], choose: weighted'] as const
  const rules = '    rules:\n      - {line: cn-33/telecom, pools: [edge]}\n'
  const cases: [written: string, automatic: readonly string[] | undefined][] = [
    ['', ['ipv4', 'ipv6']],
    ['{ipv4: 24, ipv6: 56}', undefined],
    ['{ipv4: 0, ipv6: 0}', undefined],
    ['{ipv6: 56}', ['ipv4']],
    ['{ipv4: 20}', ['ipv6']],
  ]
  for (const [written, automatic] of cases) {
    const text = edit(weighted, [rules, `${written === '' ? '' : `    hashPrefix: ${written}\n`}${rules}`])
    const first = parseConfig(text)
    assert.deepEqual(first.issues, [], written)
    assert.ok(first.ok)
    assert.deepEqual(first.config.policies[0]?.automaticHashPrefix, automatic, written)
    const second = parseConfig(writeConfig(first.config).document)
    assert.ok(second.ok)
    assert.equal(second.digest, first.digest, written)
  }
})

test('parseConfig reads prefix lists and master files from attachments, with the places of their mistakes', () => {
  const text = edit(['prefixes: [198.51.100.0/24]', 'file: lists/park.cidr'])
  const result = parseConfig(text, new Map([['lists/park.cidr', '# park\n2001:db8::/32 # six\n198.51.100.0/24\n']]))
  assert.ok(result.ok)
  assert.deepEqual([...prefixTexts(result.config.lines[0]!.prefixes)], ['198.51.100.0/24', '2001:db8::/32'])
  assert.deepEqual(summary(text, { 'lists/park.cidr': '# park\n  198.51.100.1/24\n10.0.0.0/8\n' }), [
    'CONFIG_PREFIX_INVALID lists/park.cidr:2:3 lines[0].file',
  ])
  const zone = `${BASE.replace('probes:\n', '  - {name: example.org., file: org.zone}\nprobes:\n')}`
  assert.deepEqual(summary(zone, { 'org.zone': '$INCLUDE more.inc\n' }), ['CONFIG_FILE_MISSING org.zone:1:10 zones[1].file'])
  const whole = parseConfig(
    zone,
    new Map([
      ['org.zone', '$INCLUDE more.inc\n'],
      ['more.inc', 'x'],
    ]),
  )
  assert.ok(whole.ok)
  assert.deepEqual(whole.config.files, { 'more.inc': 'x', 'org.zone': '$INCLUDE more.inc\n' })
})

test('parseConfig bounds hostile texts', () => {
  const bomb = `a: &a [${'x,'.repeat(9)}x]\n${'bcdefgh'
    .split('')
    .map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at]},`.repeat(9)}1]`)
    .join('\n')}\n`
  assert.deepEqual(
    parseConfig(bomb).issues.map((issue) => issue.code),
    ['CONFIG_ALIASES'],
  )
  assert.deepEqual(
    parseConfig('['.repeat(20_000))
      .issues.map((issue) => issue.code)
      .slice(0, 1),
    ['CONFIG_SYNTAX'],
  )
  assert.deepEqual(
    parseConfig(`${'[['.repeat(50)}${']]'.repeat(50)}`).issues.map((issue) => issue.code),
    ['CONFIG_SYNTAX'],
  )
  assert.deepEqual(
    parseConfig('x'.repeat(DOCUMENT_LIMIT_BYTES + 1)).issues.map((issue) => issue.code),
    ['CONFIG_TOO_LARGE'],
  )
  const controls = parseConfig(`${BASE}"\\e[31m": 1\n`).issues[0]!
  assert.ok(!controls.message.includes('\u001b'))
  const proto = parseConfig(`${BASE}__proto__: {polluted: 1}\n`).issues.map((issue) => issue.code)
  assert.deepEqual(proto, ['CONFIG_UNKNOWN_KEY'])
})

test('parseConfig names the rule without pools and the limit that was passed', () => {
  const cases = [
    {
      given: edit(['{line: cn-33/telecom, pools: [edge]}', '{line: cn-33/telecom, pools: []}']),
      message: 'rule "cn-33/telecom" has no pools',
      suggestion: 'give it at least 1',
    },
    {
      given: edit(['ttlSeconds: 30', 'ttlSeconds: 0']),
      message: '"ttlSeconds" is out of range: 0',
      suggestion: 'write a number of at least 1',
    },
    {
      given: edit(['kind: http}', 'kind: http, port: 70000}']),
      message: '"port" is out of range: 70000',
      suggestion: 'write a number of at most 65535',
    },
  ]
  for (const { given, message, suggestion } of cases) {
    const [issue] = parseConfig(given).issues
    assert.deepEqual([issue?.message, issue?.suggestion], [message, suggestion])
    if (message.startsWith('rule')) assert.equal(issue?.params.line, 'cn-33/telecom')
  }
})

test('parseConfig accepts the examples without an issue', () => {
  const design = parseConfig(readFileSync(new URL('../../../support/design-example.yaml', import.meta.url), 'utf8'))
  assert.deepEqual(design.issues, [])
})

test('parseConfig takes every type that master files may have, but those that the server makes', () => {
  const made = new Set(['SOA', 'RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM'])
  const types = [...new Set(RDATA_ROWS.map(([, type]) => type))].filter((type) => !made.has(type))
  const records = types.map((type, i) => `      - {name: n${i}, type: ${type}, data: ["x"]}\n`).join('')
  const codes = summary(edit(['probes:\n', `${records}probes:\n`])).filter((line) => line.startsWith('CONFIG_RECORD_TYPE '))
  assert.deepEqual(codes, [])
})
