/** The example document of DESIGN.md section 10 on the geodata that ships: the reference scenario, and the scope of its answers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from '../../cli/package-root.ts'
import { loadGeodata } from '../../geodata/geodata-file.ts'
import { makeSyntheticConfig } from '../support/synthetic-config.ts'
import { makeSubject } from '../support/synthetic-decision.ts'

const geodata = loadGeodata(join(packageRoot(), 'geodata/default/default.geodata'))
const config = makeSyntheticConfig({
  endpoints: [
    { id: 'ningbo-telecom-1', ipv4: '192.0.2.11', place: 'cn-3302', carrier: 'telecom' },
    { id: 'ningbo-mobile-1', ipv4: '192.0.2.13', place: 'cn-3302', carrier: 'mobile' },
    { id: 'hangzhou-unicom-1', ipv4: '192.0.2.14', place: 'cn-3301', carrier: 'unicom' },
    { id: 'shanghai-telecom-1', ipv4: '192.0.2.15', place: 'cn-31', carrier: 'telecom' },
    { id: 'central-1', ipv4: '192.0.2.1', place: 'cn-11' },
  ],
  pools: [
    { id: 'ningbo-telecom', members: ['ningbo-telecom-1'] },
    { id: 'zhejiang-telecom', members: ['ningbo-telecom-1', 'shanghai-telecom-1'] },
    { id: 'edges', choose: 'auto', members: ['ningbo-telecom-1', 'ningbo-mobile-1', 'hangzhou-unicom-1', 'shanghai-telecom-1'] },
    {
      id: 'shares',
      choose: 'weighted',
      members: [
        { endpoint: 'ningbo-telecom-1', weight: 70 },
        { endpoint: 'central-1', weight: 30 },
      ],
    },
    { id: 'central', members: ['central-1'] },
  ],
  lines: { 'park-a': ['202.96.104.128/26', '2001:db8:5::/48'] },
  policies: [
    {
      id: 'a-edge-api',
      rules: [
        { line: 'custom:park-a', pools: ['ningbo-telecom'] },
        { line: 'cn-3302/telecom', pools: ['ningbo-telecom', 'zhejiang-telecom'] },
        { line: 'cn-33/telecom', pools: ['zhejiang-telecom'] },
        { line: '*', pools: ['central'] },
      ],
      fallback: ['central'],
    },
    { id: 'b-auto', rules: [{ line: '*', pools: ['edges'] }], fallback: ['central'] },
    {
      id: 'c-shares',
      rules: [
        { line: 'cn', pools: ['shares'] },
        { line: '*', pools: ['central'] },
      ],
      fallback: ['central'],
    },
  ],
})
const subject = makeSubject(config, geodata)

test('the reference scenario: Ningbo Telecom has its edge, moves along the order when it fails, and returns', () => {
  const cases: [client: string, down: string[], endpoint: string, step: number][] = [
    ['202.96.104.15', [], 'ningbo-telecom-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1'], 'shanghai-telecom-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1', 'shanghai-telecom-1'], 'central-1', 1],
    ['202.96.104.15', ['ningbo-telecom-1', 'shanghai-telecom-1', 'central-1'], 'central-1', 4],
    ['211.140.13.1', [], 'central-1', 1],
    ['221.12.1.1', [], 'central-1', 1],
    ['219.141.136.1', [], 'central-1', 1],
    ['8.8.8.8', [], 'central-1', 1],
  ]
  for (const [client, down, endpoint, step] of cases) {
    const decision = subject.ask(
      client,
      { standings: Object.fromEntries(down.map((id) => [id, 'down' as const])) },
      { policy: 'a-edge-api' },
    )
    assert.deepEqual([decision.endpoints, decision.step], [[endpoint], step], `${client} without ${down}`)
  }
  const auto: [string, string][] = [
    ['202.96.104.15', 'ningbo-telecom-1'],
    ['211.140.13.188', 'ningbo-mobile-1'],
    ['221.12.1.227', 'hangzhou-unicom-1'],
    ['101.226.4.6', 'shanghai-telecom-1'],
  ]
  for (const [client, endpoint] of auto) assert.deepEqual(subject.ask(client, {}, { policy: 'b-auto' }).endpoints, [endpoint], client)
})

test('on the real ranges every address at the edges of a scope has the answer of the scope', () => {
  const plain = subject.plainOf({})
  const scopes = new Set<number>()
  for (const policy of config.policies.map(({ id }) => id)) {
    for (const [family, starts, width] of [
      [4, geodata.v4.starts, 1],
      [6, geodata.v6.starts, 4],
    ] as const) {
      const ranges = starts.length / width
      for (let n = 0; n < 400; n++) {
        const range = (n * 7919) % ranges
        let start = 0n
        for (let word = 0; word < width; word++) start = (start << 32n) | BigInt(starts[range * width + word]!)
        for (const address of start === 0n ? [start] : [start - 1n, start]) {
          const decision = subject.askNumber(family, address, plain, { policy })
          scopes.add(decision.scope)
          const size = 1n << BigInt((family === 4 ? 32 : 128) - decision.scope)
          const first = (address / size) * size
          for (const other of [first, first + size / 2n, first + size - 1n]) {
            assert.deepEqual(subject.askNumber(family, other, plain, { policy }), decision, `${policy}: ${other} against ${address}`)
          }
        }
      }
    }
  }
  assert.ok(scopes.size > 10)
})
