/** The random worlds of synthetic-arbitraries.ts behind zones: steered names, wildcards, chains of CNAMEs into them, targets that are steered. */
import type { RecordSet, SteeredName } from '../../policy/config/config-schema.ts'
import type { ZoneInput } from '../../resolver/zone/zone-record.ts'
import { inlineZone, makePacketSubject, type PacketSubject } from './packet-subject.ts'
import type { World } from './synthetic-arbitraries.ts'
import type { RankingDraft } from './synthetic-ranking.ts'

const A = 1
const CNAME = 5
const MX = 15
const TXT = 16
const AAAA = 28
const ANY = 255

/** Questions that a world answers with a steered part, each with what is special about it. */
export const STEERED_QUESTIONS: readonly (readonly [name: string, type: number])[] = [
  ['s0.z.test', A],
  ['s0.z.test', AAAA],
  ['s0.z.test', TXT],
  // Not steered: NODATA, or the CNAME of a target.
  ['s0.z.test', MX],
  ['s0.z.test', ANY],
  ['S1.Z.test', A],
  ['s1.z.test', CNAME],
  // The chain of two CNAMEs, the second by a wildcard.
  ['c2.z.test', A],
  ['c2.z.test', AAAA],
  ['deep.er.w.z.test', A],
  ['w.z.test', A],
  ['ignored.i.test', A],
  // Endpoints' targets t0 … t6 of the random worlds are host names below example.
  ['t0.example', AAAA],
]

/** The world with zones around it. Pools are made sticky: others draw anew for each query on purpose. */
export function packetSubjectOf({ config, geodata }: World, ranking: RankingDraft, moreZones: readonly ZoneInput[] = []): PacketSubject {
  const first = config.policies[0]!.id
  const last = config.policies.at(-1)!.id
  const steeredName = (name: string, policy: string, types: readonly string[], records = {}): SteeredName => ({
    name,
    policy,
    types,
    records,
  })
  const cname = (name: string, target: string): RecordSet => ({ name, type: 'CNAME', ttlSeconds: 600, data: [target] })
  return makePacketSubject({
    config: {
      ...config,
      pools: config.pools.map((pool) => ({ ...pool, sticky: true })),
      zones: [
        inlineZone('z.test.', [
          cname('c1.z.test.', 's0.z.test.'),
          cname('c2.z.test.', 'x.l.z.test.'),
          cname('*.l.z.test.', 'C1.z.test.'),
          { name: 'static.z.test.', type: 'A', ttlSeconds: 60, data: ['192.0.2.250', '192.0.2.251'] },
        ]),
        inlineZone('i.test.', [], 'ignore'),
        inlineZone('example.', [cname('t1.example.', 'c1.z.test.')]),
      ],
      names: [
        steeredName('s0.z.test.', first, ['A', 'AAAA'], { TXT: 'at {ipv4} six={ipv6}' }),
        steeredName('s1.z.test.', last, ['A', 'AAAA']),
        steeredName('*.w.z.test.', last, ['A', 'AAAA']),
        steeredName('ignored.i.test.', first, ['A']),
        steeredName('t0.example.', last, ['A', 'AAAA']),
        steeredName('t2.example.', first, ['AAAA']),
      ],
    },
    geodata,
    moreZones,
    ranking,
    identity: 'node-1',
  })
}
