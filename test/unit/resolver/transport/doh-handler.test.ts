import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { cacheControlOf, judgeDohBody, judgeDohRequest } from '../../../../resolver/transport/doh-handler.ts'

const QUERY = Buffer.from('00000100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex')
const TYPE = 'application/dns-message'

describe('judgeDohRequest', () => {
  const large = Buffer.alloc(65_536).toString('base64url')
  const cases: readonly [
    name: string,
    method: string,
    url: string,
    expected: number | 'body' | 'message',
    type?: string,
    length?: string,
  ][] = [
    ['the example of RFC 8484 §4.1.1', 'GET', `/dns-query?dns=${QUERY.toString('base64url')}`, 'message'],
    ['other parameters beside it', 'GET', `/dns-query?ct&dns=${QUERY.toString('base64url')}&x=1`, 'message'],
    ['no parameter', 'GET', '/dns-query', 400],
    ['an empty parameter', 'GET', '/dns-query?dns=', 400],
    ['the parameter twice', 'GET', '/dns-query?dns=AAAA&dns=AAAA', 400],
    ['base64 that is not base64url', 'GET', '/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxl+/==', 400],
    ['padding', 'GET', `/dns-query?dns=${QUERY.subarray(0, 32).toString('base64url')}=`, 400],
    ['a length that no octets have', 'GET', '/dns-query?dns=AAAAAAAAAAAAAAAAA', 400],
    ['less than a header', 'GET', '/dns-query?dns=AAAA', 400],
    ['more than a message', 'GET', `/dns-query?dns=${large}`, 414],
    ['another path', 'GET', `/?dns=${QUERY.toString('base64url')}`, 404],
    ['a path that begins alike', 'GET', '/dns-query/x', 404],
    ['HEAD is GET without its body', 'HEAD', `/dns-query?dns=${QUERY.toString('base64url')}`, 'message'],
    ['PUT', 'PUT', '/dns-query', 405],
    ['POST', 'POST', '/dns-query', 'body', TYPE, '33'],
    ['POST without a length', 'POST', '/dns-query', 'body', `${TYPE.toUpperCase()}; charset=x`],
    ['POST of a form', 'POST', '/dns-query', 415, 'application/x-www-form-urlencoded'],
    ['POST of nobody knows what', 'POST', '/dns-query', 415],
    ['POST of too much', 'POST', '/dns-query', 413, TYPE, '65536'],
  ]
  for (const [name, method, url, expected, contentType, contentLength] of cases) {
    test(`${name}: ${expected}`, () => {
      const verdict = judgeDohRequest({ method, url, contentType, contentLength }, '/dns-query')
      const got = verdict === 'body' ? 'body' : 'message' in verdict ? 'message' : verdict.status
      assert.equal(got, expected)
      if (typeof verdict === 'object' && 'message' in verdict) assert.deepEqual(Buffer.from(verdict.message), QUERY)
    })
  }

  test('bodies', () => {
    const status = (length: number): unknown => (judgeDohBody(new Uint8Array(length)) as { status?: number }).status
    assert.deepEqual([0, 11, 12, 65_535, 65_536].map(status), [400, 400, undefined, undefined, 413])
  })
})

describe('cacheControlOf', () => {
  const a = (ttl: number, name = 'www.example.com') => ({ type: 'A' as const, name, ttl, data: '192.0.2.1' })
  const soa = (ttl: number, minimum: number) => ({
    ...{ type: 'SOA' as const, name: 'example.com', ttl },
    data: { mname: 'ns.example.com', rname: 'h.example.com', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  })
  const reply = (flags: number, answers: dnsPacket.Answer[], authorities: dnsPacket.Answer[]): Uint8Array =>
    dnsPacket.encode({
      type: 'response',
      flags,
      questions: [{ type: 'A', name: 'www.example.com' }],
      answers,
      authorities,
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
      ],
    } as dnsPacket.Packet)
  const cases: readonly [name: string, reply: Uint8Array, isPersonal: boolean, expected: string][] = [
    ['the least TTL of the answers', reply(0, [a(300), a(60), a(900)], [soa(5, 5)]), false, 'max-age=60'],
    ['an answer by policy', reply(0, [a(30)], []), true, 'private, max-age=30'],
    ['a negative one: the TTL of its SOA', reply(3, [], [soa(60, 300)]), false, 'max-age=60'],
    ['a negative one: the minimum of its SOA', reply(0, [], [soa(600, 30)]), false, 'max-age=30'],
    ['a referral', reply(0, [], [{ type: 'NS', name: 'sub.example.com', ttl: 120, data: 'ns.sub.example.com' }]), false, 'max-age=120'],
    ['TTL 0', reply(0, [a(0)], []), false, 'no-store'],
    ['SERVFAIL', reply(2, [], []), false, 'no-store'],
    ['REFUSED', reply(5, [], []), false, 'no-store'],
    ['nothing at all', reply(0, [], []), false, 'no-store'],
    ['a header alone', new Uint8Array(12), false, 'no-store'],
  ]
  for (const [name, bytes, isPersonal, expected] of cases) test(name, () => assert.equal(cacheControlOf(bytes, isPersonal), expected))
  test('a reply that is broken, by whatever fault of ours: no throw, no endless loop', () => {
    const whole = reply(0, [a(300)], [])
    for (let length = 12; length < whole.length; length++) cacheControlOf(whole.subarray(0, length), false)
    for (let at = 4; at < whole.length; at++)
      for (const octet of [0, 1, 0x20, 0x7f, 0xc0, 0xff])
        cacheControlOf(Uint8Array.from([...whole.subarray(0, at), octet, ...whole.subarray(at + 1)]), false)
  })
})
