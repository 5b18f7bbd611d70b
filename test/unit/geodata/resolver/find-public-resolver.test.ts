import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../../geodata/address/address.ts'
import { findCovering } from '../../../../geodata/address/covered-prefixes.ts'
import { parsePrefix } from '../../../../geodata/address/prefix.ts'
import { PUBLIC_RESOLVERS } from '../../../../geodata/resolver/data/public-resolvers.ts'
import { findPublicResolver, publicResolverNote } from '../../../../geodata/resolver/find-public-resolver.ts'

const ROWS: readonly (readonly [address: string, id: string | undefined])[] = [
  ['8.8.8.8', 'google'],
  ['8.8.4.4', 'google'],
  ['8.8.9.8', undefined],
  ['2001:4860:4860::8888', 'google'],
  ['::ffff:8.8.8.8', 'google'],
  ['1.1.1.1', 'cloudflare'],
  ['2606:4700:4700::1111', 'cloudflare'],
  ['9.9.9.9', 'quad9'],
  ['208.67.222.222', 'opendns'],
  ['77.88.8.8', 'yandex'],
  ['2a02:6b8::feed:ff', 'yandex'],
  ['94.140.14.14', 'adguard'],
  ['223.5.5.5', 'alidns'],
  ['223.6.6.6', 'alidns'],
  ['2400:3200::1', 'alidns'],
  ['119.29.29.29', 'dnspod'],
  ['119.29.29.30', undefined],
  ['114.114.114.114', '114dns'],
  ['180.76.76.76', 'baidu'],
  ['1.2.4.8', 'cnnic'],
  ['101.101.101.101', 'quad101'],
  ['202.96.104.15', undefined],
  ['2001:db8::1', undefined],
]
for (const [address, id] of ROWS) test(`${address}: ${id ?? 'none'}`, () => assert.equal(findPublicResolver(parseAddress(address))?.id, id))

test('rows are whole, disjoint, and one service has one name', () => {
  const rows = PUBLIC_RESOLVERS.trimEnd()
    .split('\n')
    .map((line) => line.split('|'))
  const names = new Map<string, string>()
  for (const row of rows) {
    assert.equal(row.length, 4, row.join('|'))
    assert.ok(row.every((part) => part.trim() !== ''))
    const name = `${row[2]} ${row[3]}`
    assert.equal(names.get(row[1]!) ?? name, name)
    names.set(row[1]!, name)
  }
  assert.ok(findCovering(rows.map((row) => parsePrefix(row[0]!))).every((by) => by === -1))
})

test('the note says what such an address is worth', () => {
  assert.equal(
    publicResolverNote(findPublicResolver(parseAddress('8.8.8.8'))!),
    'public resolver (Google Public DNS): anycast, its place says nothing of the clients behind it',
  )
})
