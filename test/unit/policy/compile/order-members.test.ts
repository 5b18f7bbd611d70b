/** Orders by place: the steps of `auto`, distance inside a step, and what is unknown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORDER_LIST_CAP, orderMembers } from '../../../../policy/compile/order-members.ts'
import { type Spot, spotOfEndpoint, spotOfLocation } from '../../../../policy/compile/spot.ts'
import { makeSyntheticConfig } from '../../../support/synthetic-config.ts'
import { locationOf } from '../../../support/synthetic-geodata.ts'

/** Members by "id place/carrier" in declared order. */
function membersOf(drafts: readonly string[]) {
  const endpoints = drafts.map((draft) => {
    const [id, spot] = draft.split(' ')
    const [place, carrier] = spot!.split('/')
    return { id: id!, ipv4: '192.0.2.1', place: place!, carrier: carrier ?? '' }
  })
  return makeSyntheticConfig({ endpoints, pools: [], policies: [] }).endpoints.map((endpoint) => ({
    endpointId: endpoint.id,
    spot: spotOfEndpoint(endpoint),
  }))
}

const EDGES = [
  'tokyo jp',
  'beijing cn-11/unicom',
  'ningbo-mobile cn-3302/mobile',
  'hangzhou-telecom cn-3301/telecom',
  'guangzhou-telecom cn-4401/telecom',
  'shanghai-telecom cn-31/telecom',
  'ningbo-telecom cn-3302/telecom',
  'nowhere ',
  'hongkong cn-81',
]

test('orderMembers: auto goes by carrier and place in steps, by distance inside a step', () => {
  const cases: [client: string, expected: string][] = [
    [
      'cn/33/3302/telecom',
      'ningbo-telecom hangzhou-telecom shanghai-telecom guangzhou-telecom ningbo-mobile beijing hongkong tokyo nowhere',
    ],
    [
      'cn/33/3302/unicom',
      'beijing ningbo-mobile ningbo-telecom hangzhou-telecom shanghai-telecom guangzhou-telecom hongkong tokyo nowhere',
    ],
    // Hong Kong is nearer to Ningbo and Hangzhou than Beijing, but behind the border. Tietong is part of Mobile.
    [
      'cn/33/3301/tietong',
      'ningbo-mobile hangzhou-telecom ningbo-telecom shanghai-telecom guangzhou-telecom beijing hongkong tokyo nowhere',
    ],
    // The carrier is known, the place is not: steps, and declared order inside them. The mainland comes before Hong Kong.
    ['cn///telecom', 'hangzhou-telecom guangzhou-telecom shanghai-telecom ningbo-telecom beijing ningbo-mobile tokyo nowhere hongkong'],
    ['jp', 'tokyo shanghai-telecom ningbo-mobile ningbo-telecom hangzhou-telecom beijing hongkong guangzhou-telecom nowhere'],
    ['cn/81//', 'hongkong guangzhou-telecom hangzhou-telecom ningbo-mobile ningbo-telecom shanghai-telecom beijing tokyo nowhere'],
    // Nothing is known: declared order, as an empty list.
    ['', ''],
  ]
  const members = membersOf(EDGES)
  for (const [client, expected] of cases) {
    const order = orderMembers(true, spotOfLocation(locationOf(client)), members)
    assert.equal(order.map((position) => members[position]!.endpointId).join(' '), expected, client)
  }
})

test('orderMembers: nearest goes by distance alone', () => {
  const members = membersOf(EDGES)
  const order = orderMembers(false, spotOfLocation(locationOf('cn/33/3302/telecom')), members)
  assert.deepEqual(
    order.map((position) => members[position]!.endpointId),
    'ningbo-mobile ningbo-telecom hangzhou-telecom shanghai-telecom guangzhou-telecom hongkong beijing tokyo nowhere'.split(' '),
  )
})

test('orderMembers: a province too wide for its capital to stand for it has no coordinates', () => {
  const members = membersOf(['beijing cn-11', 'hohhot cn-1501/unicom', 'baotou cn-1502'])
  assert.deepEqual(orderMembers(false, spotOfLocation(locationOf('cn/15//')), members), [])
  assert.deepEqual(orderMembers(true, spotOfLocation(locationOf('cn/15//unicom')), members), [1, 2, 0])
})

test('orderMembers keeps the best of a large pool', () => {
  const members = membersOf(Array.from({ length: 50 }, (_, n) => `e${String(n).padStart(2, '0')} ${n === 49 ? 'cn-3302' : 'jp'}`))
  const order = orderMembers(false, spotOfLocation(locationOf('cn/33/3302/telecom')), members)
  assert.equal(order.length, ORDER_LIST_CAP)
  assert.equal(order[0], 49)
})

test('spotOfEndpoint: own coordinates win over the place, a region without any has those of its country', () => {
  const [own, region, city] = makeSyntheticConfig({
    endpoints: [
      { id: 'own', ipv4: '192.0.2.1', place: 'cn-3302', coordinates: [1, 2] },
      { id: 'region', ipv4: '192.0.2.1', place: 'us-ca' },
      { id: 'city', ipv4: '192.0.2.1', place: 'cn-3302', carrier: 'tietong' },
    ],
    pools: [],
    policies: [],
  }).endpoints.map(spotOfEndpoint)
  assert.deepEqual(own!.coordinates, [1, 2])
  assert.deepEqual([region!.region, region!.country, region!.coordinates === null], ['us-ca', 'us', false])
  assert.deepEqual(
    [city!.city, city!.region, city!.bigRegion, city!.country, city!.parentCarrier],
    ['cn-3302', 'cn-33', 'cn-east', 'cn', 'mobile'],
  )
})

test('orderMembers: nearest is the great-circle distance, up north and over the date line; declared order with the place unknown', () => {
  const at = (coordinates: readonly [number, number] | null): Spot => ({ ...spotOfLocation(locationOf('')), coordinates })
  const cases: {
    name: string
    client: readonly [number, number] | null
    members: [string, readonly [number, number]][]
    order: number[]
  }[] = [
    // 10° of longitude at 60° north are 556 km, 6.7° of latitude 741 km.
    {
      name: 'up north',
      client: [60.17, 24.94],
      members: [
        ['south', [53.5, 24.94]],
        ['east', [60.17, 35]],
      ],
      order: [1, 0],
    },
    {
      name: 'at the equator',
      client: [0, 24.94],
      members: [
        ['east', [0, 35]],
        ['south', [-6.7, 24.94]],
      ],
      order: [1, 0],
    },
    {
      name: 'over the date line',
      client: [-17, 178],
      members: [
        ['west', [-17, 170]],
        ['east', [-17, -179]],
      ],
      order: [1, 0],
    },
    {
      name: 'over the pole',
      client: [80, 0],
      members: [
        ['south', [60, 0]],
        ['beyond', [85, 180]],
      ],
      order: [1, 0],
    },
    {
      name: 'equal distances go by id',
      client: [0, 0],
      members: [
        ['b', [0, 1]],
        ['a', [0, -1]],
      ],
      order: [1, 0],
    },
    {
      name: 'place unknown',
      client: null,
      members: [
        ['b', [0, 1]],
        ['a', [0, -1]],
      ],
      order: [],
    },
  ]
  for (const { name, client, members, order } of cases) {
    const list = members.map(([endpointId, coordinates]) => ({ endpointId, spot: at(coordinates) }))
    assert.deepEqual(orderMembers(false, at(client), list), order, name)
  }
})
