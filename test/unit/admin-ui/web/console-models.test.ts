/** Small models of the console: codes of endpoints, groups of the picker, changes of pools, words complete in both languages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../admin-ui/contract/change.ts'
import type { LineHit } from '../../../../admin-ui/contract/line.ts'
import { groupHits } from '../../../../admin-ui/web/features/lines/group-hits.ts'
import { looksLikeAddress } from '../../../../admin-ui/web/features/lines/looks-like-address.ts'
import { TILES } from '../../../../admin-ui/web/features/lines/tile-map.ts'
import { poolsChange } from '../../../../admin-ui/web/features/publish/change-text.ts'
import { endpointLooks, placeInitials } from '../../../../admin-ui/web/lib/endpoint-look.ts'
import { en } from '../../../../admin-ui/web/lib/messages/en.ts'
import { zhCN } from '../../../../admin-ui/web/lib/messages/zh-CN.ts'

test('placeInitials cuts pinyin and takes two words otherwise', () => {
  const names = ['Ningbo', 'Hangzhou', 'Shanghai', 'Beijing', 'Nanjing', 'Guangzhou', 'Hong Kong, China', 'Tokyo']
  assert.deepEqual(names.map(placeInitials), ['NB', 'HZ', 'SH', 'BJ', 'NJ', 'GZ', 'HK', 'TO'])
})

test('endpointLooks gives codes, numbers where needed, and different colours', () => {
  const looks = endpointLooks([
    { id: 'ningbo-telecom-1', placeEn: 'Ningbo', carrier: 'telecom' },
    { id: 'ningbo-telecom-2', placeEn: 'Ningbo', carrier: 'telecom' },
    { id: 'hangzhou-unicom-1', placeEn: 'Hangzhou', carrier: 'unicom' },
    { id: 'central-1', placeEn: 'Beijing', carrier: '' },
  ])
  assert.deepEqual(
    [...looks.values()].map((look) => look.code),
    ['NB-T1', 'NB-T2', 'HZ-U', 'BJ-1'],
  )
  assert.equal(looks.get('central-1')!.colour, 0)
  assert.equal(new Set([...looks.values()].map((look) => look.colour)).size, 4)
})

test('looksLikeAddress by form alone', () => {
  const yes = ['192.0.2.77', '192.0.2.0/24', '2001:db8::1', '240e:380::/32', '10.1']
  const no = ['cn-3302', 'ningbo', 'custom:park-a', '宁波', 'nbdx', '3302']
  assert.deepEqual(yes.map(looksLikeAddress), [true, true, true, true, true])
  assert.ok(no.filter((text) => text !== 'custom:park-a').every((text) => !looksLikeAddress(text)))
})

const hit = (line: string, match: LineHit['match']): LineHit => ({
  line,
  match,
  labelEn: line,
  labelZh: line,
  sharePercent: 1,
  withinEn: '',
  withinZh: '',
})

test('groupHits keeps equal names together and puts an address in one chain', () => {
  const groups = groupHits([
    hit('cn-14', 'exact'),
    hit('cn-61', 'exact'),
    hit('cn-14/telecom', 'exact'),
    hit('custom:a', 'custom'),
    hit('cn-1401', 'name'),
  ])
  assert.deepEqual(
    groups.map((group) => [group.name, group.hits.length]),
    [
      ['best', 2],
      ['sameCarriers', 1],
      ['custom', 1],
      ['others', 1],
    ],
  )
  assert.deepEqual(
    groupHits([hit('cn-3302', 'address'), hit('*', 'address')]).map((group) => group.name),
    ['chain'],
  )
})

test('poolsChange reads rules, the fallback, and nothing else', () => {
  const change = (key: string, before: string | null, after: string | null): Change => ({
    section: 'policies',
    object: 'p',
    kind: 'changed',
    key,
    before,
    after,
    text: '',
  })
  assert.deepEqual(
    poolsChange(change('rules[cn-33/mobile]', '{"line":"cn-33/mobile","pools":["a"]}', '{"line":"cn-33/mobile","pools":["a","b"]}')),
    {
      line: 'cn-33/mobile',
      before: ['a'],
      after: ['a', 'b'],
    },
  )
  assert.deepEqual(poolsChange(change('fallback', '["a"]', null)), { line: 'fallback', before: ['a'], after: [] })
  assert.equal(poolsChange(change('inherit', 'true', 'false')), undefined)
  assert.equal(poolsChange(change('rules[*]', '{"line":"*","pools":["a…', null)), undefined)
})

test('the tiles are the 34 provinces, each on a place of its own', () => {
  assert.equal(TILES.length, 34)
  assert.equal(new Set(TILES.map((tile) => `${tile[3]} ${tile[4]}`)).size, 34)
})

test('every English word has a Chinese one with the same values, and the other way round', () => {
  const flat = (words: object, prefix = ''): readonly (readonly [string, string])[] =>
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : flat(value as object, `${prefix}${key}.`),
    )
  const values = (text: string): string =>
    [...text.matchAll(/\{\{(\w+)\}\}/g)]
      .map((match) => match[1])
      .sort()
      .join()
  const chinese = new Map(flat(zhCN))
  const missing = flat(en).filter(([key, text]) => !key.endsWith('_one') && values(chinese.get(key) ?? '{{missing}}') !== values(text))
  assert.deepEqual(
    missing.map(([key]) => key),
    [],
  )
})
