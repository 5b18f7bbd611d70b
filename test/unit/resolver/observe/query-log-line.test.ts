import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { LogBytes } from '../../../../resolver/observe/log-bytes.ts'
import { type QueryLogNames, writeQueryLine } from '../../../../resolver/observe/query-log-line.ts'
import { buildQuery, wireName } from '../../../support/dns-packets.ts'
import { queryRecord, type RecordDraft } from '../../../support/query-records.ts'

const NAMES: QueryLogNames = { generation: 3, policies: ['edge'], ruleLines: ['cn-33/telecom', '*'], zones: [] }
const QUERY = buildQuery({
  ...{ name: 'www.Example.test', type: 1 },
  opts: [{ udpSize: 1232, dnssecOk: true, subnet: { family: 1, source: 24, octets: [203, 0, 113] } }],
})
const REPLY = dnsPacket.encode({
  ...{ type: 'response', id: 0x1234, flags: dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_DESIRED },
  questions: [{ name: 'www.Example.test', type: 'A' }],
  answers: [
    { name: 'www.Example.test', type: 'CNAME', ttl: 60, data: 'edge.example.test' },
    { name: 'edge.example.test', type: 'A', ttl: 30, data: '192.0.2.11' },
  ],
  additionals: [
    {
      ...{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: dnsPacket.DNSSEC_OK, extendedRcode: 0, ednsVersion: 0, flag_do: true },
      options: [{ code: 'CLIENT_SUBNET', family: 1, sourcePrefixLength: 24, scopePrefixLength: 20, ip: '203.0.113.0' }],
    } as never,
  ],
})

function line(draft: RecordDraft, withRecords = false, isKnown = true): Record<string, unknown> {
  const out = new LogBytes()
  writeQueryLine(out, queryRecord(draft), 24, { node: 'n1', withRecords }, isKnown ? NAMES : undefined)
  const text = out.take().toString('utf8')
  assert.match(text, /^[^\n]+\n$/)
  return JSON.parse(text) as Record<string, unknown>
}

describe('a JSON line of the query log', () => {
  test('has all keys of a steered answer', () => {
    assert.deepEqual(line({ query: QUERY, response: REPLY, policy: 0, rule: 0, outcome: 1 }, true), {
      ...{ time: '2023-11-14T22:13:20.123Z', node: 'n1', transport: 'udp', client: '203.0.113.0/24', server: '192.0.2.53:5300' },
      ...{ name: 'www.Example.test.', type: 'A', class: 'IN', queryFlags: 'rd do', ednsSize: 1232, ecs: '203.0.113.0/24' },
      ...{ queryBytes: QUERY.length, rcode: 'NOERROR', flags: 'qr aa rd do', scope: 20, answers: 2, responseBytes: REPLY.length },
      ...{ latencyMs: 0.25, generation: 3, policy: 'edge', rule: 'cn-33/telecom', outcome: 'displaced' },
      records: ['www.Example.test. 60 IN CNAME edge.example.test.', 'edge.example.test. 30 IN A 192.0.2.11'],
    })
  })

  test('leaves out what is not known: no reply, no names of that generation, no OPT', () => {
    assert.deepEqual(Object.keys(line({ query: buildQuery({ name: 'a.test' }), policy: 0, rule: 0, outcome: 0 }, true, false)), [
      ...['time', 'node', 'transport', 'client', 'server', 'name', 'type', 'class', 'queryFlags', 'queryBytes', 'generation'],
    ])
  })

  test('a question with a pointer, an odd label or too many of them has no name', () => {
    for (const name of ['c00c', '40', 'bf', `${'3f'.padEnd(128, '61').repeat(4)}00`]) {
      const query = Buffer.concat([
        Buffer.from('000100000001000000000000', 'hex'),
        Buffer.from(name, 'hex'),
        Buffer.from('00010001', 'hex'),
      ])
      const said = line({ query })
      assert.deepEqual([said.name, said.type, said.queryBytes], [undefined, undefined, query.length], name)
    }
  })

  test('of the response alone, where queries are not copied', () => {
    const { name, ecs, scope, rcode, queryBytes, queryFlags } = line({ response: REPLY, queryBytes: 77 })
    assert.deepEqual(
      [name, ecs, scope, rcode, queryBytes, queryFlags],
      ['www.Example.test.', '203.0.113.0/24', 20, 'NOERROR', 77, undefined],
    )
  })

  const badVersion = Uint8Array.from(REPLY)
  badVersion[badVersion.length - 17] = 1
  const ROWS: readonly (readonly [what: string, draft: RecordDraft, expected: Record<string, unknown>])[] = [
    ['IPv6', { query: QUERY, source: '2001:db8:1::', local: '::1' }, { client: '2001:db8:1::/24', server: '[::1]:5300' }],
    ['transports', { query: QUERY, transport: 3 }, { transport: 'doh' }],
    ['a policy without a rule', { query: QUERY, policy: 0, outcome: 2 }, { policy: 'edge', rule: undefined, outcome: 'fallback' }],
    ['a name of any octets', { query: buildQuery({ name: Uint8Array.of(4, 0x22, 0x5c, 0x0a, 0xe9, 0) }) }, { name: '\\"\\\\\\010\\233.' }],
    ['the root', { query: buildQuery({ name: '', type: 2 }) }, { name: '.', type: 'NS' }],
    [
      'unknown type and class',
      { query: buildQuery({ name: wireName('a'), type: 65400, class: 7 }) },
      { type: 'TYPE65400', class: 'CLASS7' },
    ],
    ['an opcode', { query: buildQuery({ name: 'a', flags: 0x2800 }) }, { opcode: 'UPDATE', queryFlags: '' }],
    [
      'an IPv6 subnet',
      { query: buildQuery({ name: 'a', opts: [{ subnet: { family: 2, source: 56, octets: [32, 1, 13, 184, 0, 1, 2] } }] }) },
      { ecs: '2001:db8:1:200::/56' },
    ],
    ['an rcode', { query: QUERY, response: Uint8Array.from(REPLY, (octet, at) => (at === 3 ? 9 : octet)) }, { rcode: 'NOTAUTH' }],
    ['no more than a header', { query: QUERY.slice(0, 12) }, { name: undefined, queryBytes: 12 }],
    ['less than a header', { query: QUERY.slice(0, 5) }, { name: undefined, queryBytes: 5, queryFlags: undefined }],
  ]
  for (const [what, draft, expected] of ROWS)
    test(what, () => {
      const found = line(draft)
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(found[key], value, key)
    })

  test('malformed messages never throw and give one line', () => {
    let state = 3
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    for (let n = 0; n < 3000; n++) {
      const mangle = (bytes: Uint8Array): Uint8Array => {
        const copy = bytes.slice(0, random(bytes.length + 1))
        for (let changes = random(5); changes > 0 && copy.length > 0; changes--) copy[random(copy.length)] = random(256)
        return copy
      }
      line({ query: mangle(QUERY), response: mangle(REPLY) }, true)
    }
  })
})
