/** A small snapshot with one zone and no policy, for tests of the machinery around answering; and a health that ranks nothing. */

import type { HealthSource } from '../../cli/data-plane/data-plane.ts'
import { rankingShapeOf, viewSharedRanking } from '../../health/model/ranking.ts'
import { packColumns } from '../../resolver/snapshot/arena.ts'
import { attachSnapshot } from '../../resolver/snapshot/attach-snapshot.ts'
import type { Snapshot } from '../../resolver/snapshot/snapshot.ts'
import { digestOfBlock } from '../../resolver/snapshot/snapshot-file.ts'
import { parseName } from '../../resolver/wire/name.ts'
import { parseRdata, splitRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'

const POLICY_COLUMNS = [
  'tableFirst4',
  'tableCount4',
  'tableIndexFirst4',
  'tableStarts4',
  'tableClass4',
  'tableIndex4',
  'policyRuleFirst',
  'endpointIpv4',
]
const TYPES = { A: 1, NS: 2, SOA: 6, TXT: 16 } as const

/** The zone example.test. with an A record at www; `paddingBytes` makes the block larger. */
export function staticSnapshot(generation: number, address: string, paddingBytes: number = 0): Snapshot {
  const origin = parseName('example.test.')
  const record = (owner: string, type: keyof typeof TYPES, text: string) => ({
    owner: parseName(owner, origin),
    type: TYPES[type],
    ttlSeconds: 300,
    rdata: parseRdata(TYPES[type], splitRdata(text), origin),
    line: 0,
  })
  const records = [
    record('example.test.', 'SOA', 'ns1 hostmaster 1 3600 600 86400 60'),
    record('example.test.', 'NS', 'ns1'),
    record('ns1', 'A', '192.0.2.53'),
    record('www', 'A', address),
  ]
  const { columns } = compileZones([{ origin, records, useClientSubnet: true, file: 'example.test.' }], [])
  const meta = {
    format: 1,
    documentDigest: '',
    geodataDigest: '',
    names: { policies: [], ruleLines: [], pools: [], endpoints: [] },
    rankPlan: { endpoints: [], poolUses: [], references: [] },
    lineLabels: {},
  }
  const block = packColumns({
    ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [`zone.${name}`, column])),
    ...Object.fromEntries(POLICY_COLUMNS.map((name) => [`policy.${name}`, new Uint32Array(0)])),
    padding: new Uint8Array(paddingBytes),
    meta: new TextEncoder().encode(JSON.stringify(meta)),
  })
  return attachSnapshot(block, generation, digestOfBlock(block))
}

/** A health that gives every plan an empty ranking at once, unless `refuse` says why not. */
export function emptyHealth(refuse: () => string | undefined = () => undefined): HealthSource & { readonly plans: number[] } {
  const plans: number[] = []
  return {
    plans,
    replacePlan: async (plan, sharedRanking) => {
      plans.push(plan.generation)
      const reason = refuse()
      if (reason !== undefined) throw new Error(reason)
      const { live, slots } = viewSharedRanking(sharedRanking, rankingShapeOf(plan))
      slots[0].header[0] = plan.generation
      slots[0].header[1] = 1
      slots[0].header[2] = Date.now()
      Atomics.store(live, 0, 0)
    },
    stop: async () => undefined,
  }
}
