/** RFC 1035 §5.1, RFC 2181 §11: octets of a master file come through its text as they are. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseName } from '../../../../resolver/wire/name.ts'
import { decodeMasterFile } from '../../../../resolver/zone/master-file-text.ts'
import { parseZoneFile } from '../../../../resolver/zone/zone-file-parser.ts'

const ORIGIN = parseName('x.')
const recordsOf = (octets: Buffer) =>
  parseZoneFile(decodeMasterFile(octets), ORIGIN, 'z', () => ({ ok: false, reason: 'none' })).records.map(
    ({ owner, rdata }) => [Buffer.from(owner).toString('latin1'), Buffer.from(rdata).toString('latin1')] as const,
  )

describe('octets of a master file', () => {
  const rows: readonly [title: string, latin1: string, owner: string, rdata: string][] = [
    ['Latin-1 in a text', 'l 5 TXT "caf\xe9"\n', '\x01l\x01x\0', '\x04caf\xe9'],
    ['Latin-1 behind a backslash', 'l 5 TXT "caf\\\xe9" \\\\\xe9\n', '\x01l\x01x\0', '\x04caf\xe9\x02\\\xe9'],
    ['UTF-8 in a text', 'l 5 TXT caf\xc3\xa9\n', '\x01l\x01x\0', '\x05caf\xc3\xa9'],
    ['UTF-8 in a text of a file with Latin-1', '; \xe9\nl 5 TXT caf\xc3\xa9\\\xc3\xa9\n', '\x01l\x01x\0', '\x07caf\xc3\xa9\xc3\xa9'],
    ['UTF-8 as owner and in rdata', '\xc3\xa9 5 CNAME \xe4\xb8\x96.\n', '\x02\xc3\xa9\x01x\0', '\x03\xe4\xb8\x96\0'],
    ['Latin-1 as owner and in rdata', '\xe9 5 CNAME \xff.\n', '\x01\xe9\x01x\0', '\x01\xff\0'],
    [
      'a surrogate, too long a form, a replacement character',
      'l 5 TXT \xed\xa0\x80\xc0\xaf\xef\xbf\xbd\n',
      '\x01l\x01x\0',
      '\x08\xed\xa0\x80\xc0\xaf\xef\xbf\xbd',
    ],
    ['octets that stop inside a character', 'l 5 TXT \xf0\x9f\x98', '\x01l\x01x\0', '\x03\xf0\x9f\x98'],
  ]
  for (const [title, text, owner, rdata] of rows)
    test(title, () => assert.deepEqual(recordsOf(Buffer.from(text, 'latin1')), [[owner, rdata]]))

  test('any octets beyond ASCII, in quotes and in a label', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60, min: 0x80 }), (octets) => {
        const text = Buffer.from(octets).toString('latin1')
        const file = Buffer.from(`${text} 5 TXT "a${text}"\n`, 'latin1')
        const length = String.fromCharCode(octets.length)
        assert.deepEqual(recordsOf(file), [[`${length}${text}\x01x\0`, `${String.fromCharCode(octets.length + 1)}a${text}`]])
      }),
      { numRuns: 500 },
    )
  })
})
