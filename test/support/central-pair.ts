/** The design's example with two endpoints in the pool `central`, so that one can be kept although the other scores higher. */
import assert from 'node:assert/strict'
import type { HealthScore } from '../../admin-ui/contract/health-scores.ts'
import { parseConfig } from '../../policy/config/parse-config.ts'
import { compileSnapshot } from '../../resolver/snapshot/compile-snapshot.ts'
import type { Snapshot } from '../../resolver/snapshot/snapshot.ts'
import { EXAMPLE_DOCUMENT, FIXTURE_GEODATA } from './control-fixture.ts'

/** The document: central-1 (192.0.2.1) and central-2 (192.0.2.2). */
export const PAIR_DOCUMENT: string = EXAMPLE_DOCUMENT.replace(
  'pools:\n',
  '  - {id: central-2, ipv4: 192.0.2.2, place: cn-11, probes: [edge-http]}\npools:\n',
).replace('members: [{endpoint: central-1}]}', 'members: [{endpoint: central-1}, {endpoint: central-2}]}')

/** Key of the incumbent of `central`. */
export const CENTRAL_KEY = 'edge-api/central/0'

/** Compiles a document with the networks of the fixture. */
export function compileText(text: string): Snapshot {
  const parsed = parseConfig(text)
  assert.ok(parsed.ok, JSON.stringify(parsed.issues))
  const { snapshot } = compileSnapshot({
    config: parsed.config,
    documentDigest: parsed.digest,
    geodata: FIXTURE_GEODATA,
    serials: new Map(),
    moreZones: [],
    generation: 1,
  })
  return snapshot!
}

/** A well measured IPv4 address: 10 ms scores 100, 11 ms 94.5, inside the band of 10 %. */
export function measured(endpoint: string, address: string, latencyMs: number, standing: HealthScore['standing'] = 'up'): HealthScore {
  const inPlace = standing === 'up' || standing === 'degraded'
  return {
    endpoint,
    address,
    family: 4,
    vantage: 'node-1',
    standing,
    since: null,
    latencyMs,
    errorRatePercent: 0,
    sampleCount: 50,
    inPlace,
  }
}
