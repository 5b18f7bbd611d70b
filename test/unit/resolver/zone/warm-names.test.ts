/** Reading ahead: it finds what the lookup finds, whatever the case, and passes over what is no question. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileZones } from '../../../../resolver/zone/compile-zones.ts'
import { createNameWarmer } from '../../../../resolver/zone/warm-names.ts'
import { APEX, zoneInputs } from '../../../support/answer-subject.ts'
import { buildQuery } from '../../../support/dns-packets.ts'

const hosts = Array.from({ length: 40_000 }, (_, i) => `h${i} A 192.0.2.1`).join('\n')
const { columns } = compileZones(zoneInputs({ 'z.': `${APEX}${hosts}\n` }), [])
const small = compileZones(zoneInputs({ 'z.': `${APEX}h7 A 192.0.2.1\n` }), []).columns
const STRIDE = 512

/** What is read for these messages: 0 = nothing. */
function warm(messages: readonly Uint8Array[], zones: typeof columns = columns): number {
  const mem = new Uint8Array(STRIDE * messages.length)
  for (const [i, message] of messages.entries()) mem.set(message, STRIDE * i)
  const off = messages.map((_, i) => STRIDE * i)
  return createNameWarmer(64)(
    zones,
    mem,
    off,
    messages.map(({ length }) => length),
    messages.length,
  )
}
const ask = (...names: string[]): Uint8Array[] => names.map((name) => buildQuery({ name }))

describe('createNameWarmer', () => {
  test('reads what names lead to, in any case', () => {
    const read = warm(ask('h1.z', 'h2.z', 'h3.z', 'h39999.z'))
    assert.notEqual(read, 0)
    assert.equal(warm(ask('H1.z', 'h2.Z', 'H3.Z', 'h39999.z')), read)
  })

  test('names that are not there are passed over', () => {
    assert.equal(warm(ask('h1.z', 'h2.z', 'h3.z', 'h4.z', 'x.z', 'x.else', 'h40000.z')), warm(ask('h1.z', 'h2.z', 'h3.z', 'h4.z')))
  })

  const broken: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['a header', new Uint8Array(12)],
    ['a name without an end', Uint8Array.from([...new Uint8Array(12), 1, 0x61])],
    ['a label that reaches over the end', Uint8Array.from([...new Uint8Array(12), 40, 0x61])],
    ['a pointer', Uint8Array.from([...new Uint8Array(12), 0xc0, 12, 0, 1, 0, 1])],
    [
      'more than 255 octets',
      Uint8Array.from([...new Uint8Array(12), ...Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : 0x61)), 0]),
    ],
  ]
  for (const [name, message] of broken) {
    test(`${name} is passed over`, () => {
      const good = ask('h1.z', 'h2.z', 'h3.z', 'h4.z')
      assert.equal(warm([...good, message]), warm(good))
    })
  }

  test('small zones and single queries are left to the cache', () => {
    assert.equal(warm(ask('h7.z', 'h7.z', 'h7.z', 'h7.z'), small), 0)
    assert.equal(warm(ask('h1.z')), 0)
  })
})
