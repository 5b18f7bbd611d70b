/** Addresses of endpoints that nobody can be sent to, with their places. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatIssue } from '../../../../policy/config/config-issue.ts'
import { parseConfig } from '../../../../policy/config/parse-config.ts'

const HEAD =
  'apiVersion: nearcast/v1\nprobes: [{id: api, kind: http, port: 8080}, {id: metrics, kind: tcp, port: 9153}, {id: web, kind: http}]\nendpoints:\n'

function issuesOf(endpoint: string): string[] {
  return parseConfig(`${HEAD}  - {id: a, ${endpoint}}\n`, new Map(), 'd').issues.map(
    ({ severity, code, where }) => `${severity} ${code} ${where.column}`,
  )
}

const ROWS: readonly [endpoint: string, issues: readonly string[]][] = [
  ['ipv4: 192.0.2.1, ipv6: "2001:db8::1"', []],
  ['ipv4: 10.0.0.1, ipv6: "fd00::1"', []],
  ['ipv4: 127.0.0.1, ipv6: "::1", probes: [web]', []],
  ['ipv4: 0.0.0.0', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv4: 0.1.2.3', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv4: 224.0.0.1', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv4: 239.255.255.255', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv4: 255.255.255.255', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv6: "::"', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv6: "ff02::1"', ['error CONFIG_ENDPOINT_NO_HOST 19']],
  ['ipv4: 192.0.2.1, ipv6: "ff02::1"', ['error CONFIG_ENDPOINT_NO_HOST 36']],
  ['ipv4: 169.254.0.1', ['warning CONFIG_ENDPOINT_UNREACHABLE 19']],
  ['ipv6: "fe80::1"', ['warning CONFIG_ENDPOINT_UNREACHABLE 19']],
  ['ipv6: "febf::1"', ['warning CONFIG_ENDPOINT_UNREACHABLE 19']],
  ['ipv4: 240.0.0.1', ['warning CONFIG_ENDPOINT_UNREACHABLE 19']],
  ['ipv4: 100.100.100.200', ['warning CONFIG_ENDPOINT_UNREACHABLE 19']],
  ['ipv4: 127.0.0.1, probes: [web, api]', ['warning CONFIG_PROBE_OWN_PORT 44']],
  ['ipv4: 127.0.0.1, probes: [metrics]', ['warning CONFIG_PROBE_OWN_PORT 39']],
  ['ipv4: 192.0.2.1, probes: [api, metrics]', []],
]

describe('addresses of endpoints', () => {
  for (const [endpoint, issues] of ROWS) test(endpoint, () => assert.deepEqual(issuesOf(endpoint), issues))

  test('the words name endpoint, address and remedy', () => {
    const [issue] = parseConfig(`${HEAD}  - {id: a, ipv4: 169.254.1.1}\n`, new Map(), 'd').issues
    assert.equal(
      formatIssue(issue!),
      'd:4:19 warning CONFIG_ENDPOINT_UNREACHABLE endpoint "a" has a link-local address, 169.254.1.1: clients elsewhere cannot reach it, and nodes do not probe it',
    )
    assert.equal(issue!.suggestion, 'write an address that clients can reach')
  })
})
