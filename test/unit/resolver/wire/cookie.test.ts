/** Server cookies: the test vectors of RFC 9018 appendix A, and what must not pass. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import {
  COOKIE_BYTES,
  COOKIE_CLIENT_ONLY,
  COOKIE_GOOD,
  COOKIE_OLD,
  COOKIE_WRONG,
  checkCookie,
  cookieSecretWords,
  isCookieLength,
  makeCookie,
} from '../../../../resolver/wire/cookie.ts'
import { sipHash24, sipResult } from '../../../../resolver/wire/siphash.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const words = (address: string): Uint32Array => Uint32Array.from(parseAddress(address).words)
const SECRET = cookieSecretWords(bytes('e5e973e5a6b2a43f48e7dc849e37bfcf'))
const OLD_SECRET = cookieSecretWords(bytes('dd3bdf9344b678b185a6f5cb60fca715'))
const NEW_SECRET = cookieSecretWords(bytes('445536bcd2513298075a5d379663c962'))

test('SipHash-2-4 gives the vectors of its authors', () => {
  const key = cookieSecretWords(Uint8Array.from({ length: 16 }, (_, i) => i))
  // Of the input 00 01 02 … of each length: the result as octets.
  const vectors: readonly (readonly [number, string])[] = [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ]
  for (const [length, expected] of vectors) {
    sipHash24(
      key,
      0,
      Uint8Array.from({ length: 64 }, (_, i) => i),
      length,
    )
    assert.equal(hex(new Uint8Array(sipResult.slice().buffer)), expected, `length ${length}`)
  }
})

describe('RFC 9018 appendix A', () => {
  const CASES = [
    {
      name: 'A.1',
      client: '198.51.100.100',
      cookie: '2464c4abcf10c957',
      at: 1559731985,
      secret: SECRET,
      made: '010000005cf79f111f8130c3eee29480',
    },
    {
      name: 'A.2',
      client: '198.51.100.100',
      cookie: '2464c4abcf10c957',
      at: 1559734385,
      secret: SECRET,
      made: '010000005cf7a871d4a564a1442aca77',
    },
    {
      name: 'A.3',
      client: '203.0.113.203',
      cookie: 'fc93fc62807ddb86',
      at: 1559734700,
      secret: SECRET,
      made: '010000005cf7a9acf73a7810aca2381e',
    },
    {
      name: 'A.4',
      client: '2001:db8:220:1:59de:d0f4:8769:82b8',
      cookie: '22681ab97d52c298',
      at: 1559741961,
      secret: NEW_SECRET,
      made: '010000005cf7c609a6bb79d16625507a',
    },
  ]
  for (const { name, client, cookie, at, secret, made } of CASES) {
    test(`${name}: the server cookie for ${client}`, () => {
      const option = new Uint8Array(COOKIE_BYTES)
      option.set(bytes(cookie))
      makeCookie(option, words(client), 0, at, secret, 0)
      assert.equal(hex(option), cookie + made)
    })
  }
  test('A.3: reserved octets set by another implementation are part of the hash, and the cookie is due for renewal', () => {
    const option = bytes('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5')
    assert.equal(checkCookie(option, 24, words('203.0.113.203'), 0, 1559734700, SECRET, 0, 1), COOKIE_WRONG, 'over an hour old')
    assert.equal(checkCookie(option, 24, words('203.0.113.203'), 0, 1559730000, SECRET, 0, 1), COOKIE_OLD)
  })
  test('A.4: a cookie of the secret before is accepted and renewed', () => {
    const option = bytes('22681ab97d52c298010000005cf7c57926556bd0934c72f8')
    const both = Uint32Array.from([...NEW_SECRET, ...OLD_SECRET])
    const client = words('2001:db8:220:1:59de:d0f4:8769:82b8')
    assert.equal(checkCookie(option, 24, client, 0, 1559741961, both, 0, 2), COOKIE_OLD)
    assert.equal(checkCookie(option, 24, client, 0, 1559741961, both, 0, 1), COOKIE_WRONG)
  })
})

describe('checkCookie', () => {
  const client = words('192.0.2.1')
  const now = 1_800_000_000
  const made = new Uint8Array(40)
  made.set(bytes('0011223344556677'))
  makeCookie(made, client, 0, now, SECRET, 0)
  const changed = (at: number): Uint8Array => made.map((octet, i) => (i === at ? octet ^ 1 : octet))
  const ROWS: readonly { name: string; cookie?: Uint8Array; length?: number; from?: string; at?: number; verdict: number }[] = [
    { name: 'fresh', verdict: COOKIE_GOOD },
    { name: 'half an hour old', at: now + 1800, verdict: COOKIE_GOOD },
    { name: 'more than half an hour old', at: now + 1801, verdict: COOKIE_OLD },
    { name: 'an hour old', at: now + 3600, verdict: COOKIE_OLD },
    { name: 'more than an hour old', at: now + 3601, verdict: COOKIE_WRONG },
    { name: 'from a clock five minutes ahead', at: now - 300, verdict: COOKIE_GOOD },
    { name: 'from a clock further ahead', at: now - 301, verdict: COOKIE_WRONG },
    { name: 'the client cookie alone', length: 8, verdict: COOKIE_CLIENT_ONLY },
    { name: 'of another client', from: '192.0.2.2', verdict: COOKIE_WRONG },
    { name: 'of another length', length: 25, verdict: COOKIE_WRONG },
    { name: 'of another client cookie', cookie: changed(0), verdict: COOKIE_WRONG },
    { name: 'of another version', cookie: changed(8), verdict: COOKIE_WRONG },
    { name: 'with another timestamp', cookie: changed(15), verdict: COOKIE_WRONG },
    { name: 'with another hash', cookie: changed(23), verdict: COOKIE_WRONG },
  ]
  for (const { name, cookie = made, length = 24, from, at = now, verdict } of ROWS) {
    test(name, () => {
      assert.equal(checkCookie(cookie, length, from === undefined ? client : words(from), 0, at, SECRET, 0, 1), verdict)
    })
  }
  test('lengths that are malformed', () => {
    assert.deepEqual(Array.from({ length: 50 }, (_, length) => length).filter(isCookieLength), [
      8,
      ...Array.from({ length: 25 }, (_, i) => 16 + i),
    ])
  })
})
