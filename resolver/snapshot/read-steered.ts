/**
 * The steered names of a document → input of the zone compiler: policy numbers, and rdata prepared for each endpoint of types with
 * placeholders (DESIGN.md section 4). Pure.
 */
import type { IssueDraft } from '../../policy/config/config-issue.ts'
import type { Config, Endpoint, Policy, Pool, SteeredName } from '../../policy/config/config-schema.ts'
import type { PolicyNames } from '../../policy/model/policy-columns.ts'
import { canonicalName, NameError, parseName } from '../wire/name.ts'
import { parseRdata, RdataError, splitRdata } from '../wire/rdata/rdata-text.ts'
import { findType } from '../wire/registry.ts'
import type { SteeredInput, SteeredType } from '../zone/compile-zones.ts'

/** Steered names ready to compile, and what is wrong with their records. */
export type SteeredRead = { readonly steered: readonly SteeredInput[]; readonly issues: readonly IssueDraft[] }

/** Reads all steered names. One entry a name, even when several policies steer its types. */
export function readSteered(config: Config, names: PolicyNames): SteeredRead {
  const issues: IssueDraft[] = []
  const policyNumber = new Map(names.policies.map((id, number) => [id, number]))
  const endpointNumber = new Map(names.endpoints.map((id, number) => [id, number]))
  const endpointsOf = endpointsByPolicy(config)
  const byName = new Map<string, { types: SteeredType[]; targets: boolean }>()
  config.names.forEach((steered, index) => {
    const endpoints = endpointsOf(steered.policy)
    const entry = byName.get(steered.name) ?? { types: [], targets: false }
    byName.set(steered.name, entry)
    if (endpoints.some((endpoint) => endpoint.target !== '')) entry.targets = true
    const words = new Set([...steered.types, ...Object.keys(steered.records)])
    for (const word of words) {
      const type = findType(word)
      if (type === undefined) continue
      const rows = prepareRows(steered, word, type, endpoints, endpointNumber, ['names', index, 'records', word], issues)
      entry.types.push({ type, policy: policyNumber.get(steered.policy)!, rows })
    }
  })
  const steered = [...byName].map(([name, { types, targets }]) => ({ name: canonicalName(parseName(name)), types, targets }))
  return { steered, issues }
}

/** Endpoints of each policy in the document's order. */
function endpointsByPolicy(config: Config): (policy: string) => readonly Endpoint[] {
  const policies = new Map(config.policies.map((policy) => [policy.id, policy]))
  const pools = new Map(config.pools.map((pool) => [pool.id, pool]))
  const positions = new Map(config.endpoints.map((endpoint, position) => [endpoint.id, position]))
  const known = new Map<string, readonly Endpoint[]>()
  return (id) => {
    const policy = policies.get(id)
    const found = known.get(id) ?? (policy === undefined ? [] : endpointsOfPolicy(config, policy, pools, positions))
    known.set(id, found)
    return found
  }
}

function endpointsOfPolicy(
  config: Config,
  policy: Policy,
  pools: ReadonlyMap<string, Pool>,
  positions: ReadonlyMap<string, number>,
): readonly Endpoint[] {
  const used = new Set([...policy.rules.flatMap((rule) => rule.pools), ...policy.fallback])
  const ids = new Set([...used].flatMap((pool) => pools.get(pool)?.members.map((member) => member.endpoint) ?? []))
  const found = [...ids].flatMap((id) => positions.get(id) ?? [])
  return found.sort((a, b) => a - b).map((position) => config.endpoints[position]!)
}

function prepareRows(
  steered: SteeredName,
  word: string,
  type: number,
  endpoints: readonly Endpoint[],
  endpointNumber: ReadonlyMap<string, number>,
  path: IssueDraft['path'],
  issues: IssueDraft[],
): SteeredType['rows'] {
  const template = steered.records[word]
  if (template === undefined) return []
  const rows: { endpoint: number; rdata: Uint8Array }[] = []
  for (const endpoint of endpoints) {
    const text = fillTemplate(template, endpoint)
    if (text === undefined) continue
    try {
      rows.push({
        endpoint: endpointNumber.get(endpoint.id)!,
        rdata: parseRdata(type, splitRdata(text), parseName(steered.name.replace(/^\*\./, ''))),
      })
    } catch (error) {
      if (!(error instanceof RdataError) && !(error instanceof NameError)) throw error
      const message = `${word} of "${steered.name}" for endpoint "${endpoint.id}" is "${text}": ${error.message}`
      issues.push({
        code: 'CONFIG_BAD_TEMPLATE',
        path,
        params: {},
        wording: { severity: 'error', message: () => message, remedy: () => 'correct the record or its placeholders' },
      })
      return []
    }
  }
  return rows
}

/**
 * Puts an endpoint's values into a template. A "key={placeholder}" whose value is missing is dropped; any other word with a missing
 * value makes the record impossible for this endpoint (undefined).
 */
export function fillTemplate(template: string, endpoint: Pick<Endpoint, 'ipv4' | 'ipv6' | 'target'>): string | undefined {
  const values: Readonly<Record<string, string>> = { ipv4: endpoint.ipv4, ipv6: endpoint.ipv6, target: endpoint.target }
  const words: string[] = []
  for (const word of template.split(/\s+/)) {
    let missing = false
    const filled = word.replace(/\{(ipv4|ipv6|target)\}/g, (_, key: string) => {
      if (values[key] === '') missing = true
      return values[key]!
    })
    if (!missing) words.push(filled)
    else if (!/^[a-z0-9-]+=/i.test(word)) return undefined
  }
  return words.join(' ')
}
