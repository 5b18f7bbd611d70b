/**
 * Addresses of endpoints that nobody can be sent to, and probes that would ask this machine's own doors. Pure. The ports are the ones that
 * nearcast has by default: what a node really listens on it refuses itself (health/probe/allowed-target.ts).
 */
import { findAddress } from '../../geodata/address/address.ts'
import { isForbiddenTarget } from '../../geodata/address/forbidden-targets.ts'
import { type Prefix, parsePrefix, prefixContains } from '../../geodata/address/prefix.ts'
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import type { Endpoint, Probe } from './config-schema.ts'
import type { FilledConfig } from './fill-config.ts'

/** Never the address of one host: an error. */
const NO_HOST: readonly (readonly [kind: string, prefixes: readonly Prefix[]])[] = [
  ['an unspecified address', ['0.0.0.0/8', '::'].map(parsePrefix)],
  ['a multicast address', ['224.0.0.0/4', 'ff00::/8'].map(parsePrefix)],
  ['the broadcast address', ['255.255.255.255'].map(parsePrefix)],
]
const LINK_LOCAL: readonly Prefix[] = ['169.254.0.0/16', 'fe80::/10'].map(parsePrefix)
const RESERVED: Prefix = parsePrefix('240.0.0.0/4')
const LOOPBACK: Prefix = parsePrefix('127.0.0.1')

/** Ports of nearcast on 127.0.0.1 unless process settings say otherwise. */
const OWN_PORTS: ReadonlyMap<number, string> = new Map([
  [8080, 'the API'],
  [9153, 'the metrics'],
])

const FAMILY_WORDS = { ipv4: 'IPv4', ipv6: 'IPv6' } as const

/** A probe of one family needs such an address; an address that no probe measures is told. The address of a target is found when probing. */
function checkFamilies(
  { id, probes, target, ...addresses }: Endpoint,
  path: ConfigPath,
  familiesOf: ReadonlyMap<string, Probe['families']>,
  issues: IssueDraft[],
): void {
  if (target !== '' || probes.length === 0 || !probes.every((probe) => familiesOf.has(probe))) return
  for (const [position, probe] of probes.entries()) {
    const key = familiesOf.get(probe)
    if (key === undefined || addresses[key] !== '') continue
    issues.push({ code: 'CONFIG_PROBE_ADDRESS', path: [...path, 'probes', position], params: { id, probe, family: FAMILY_WORDS[key] } })
  }
  for (const key of ['ipv4', 'ipv6'] as const) {
    const isMeasured = probes.some((probe) => (familiesOf.get(probe) ?? key) === key)
    if (addresses[key] !== '' && !isMeasured)
      issues.push({ code: 'CONFIG_ADDRESS_UNPROBED', path: [...path, key], params: { id, family: FAMILY_WORDS[key] } })
  }
}

/** Adds the issues of all endpoints. */
export function checkEndpointAddresses(config: FilledConfig, issues: IssueDraft[]): void {
  const ports = new Map(config.probes.map(({ value }) => [value.id, value.port]))
  const families = new Map(config.probes.map(({ value }) => [value.id, value.families]))
  for (const { value, path } of config.endpoints) {
    checkFamilies(value, path, families, issues)
    for (const key of ['ipv4', 'ipv6'] as const) {
      const address = findAddress(value[key])
      if (address === undefined) continue
      const isIn = (prefix: Prefix): boolean => prefixContains(prefix, address)
      const at = [...path, key]
      const params = { id: value.id, value: value[key] }
      const noHost = NO_HOST.find(([, prefixes]) => prefixes.some(isIn))
      if (noHost !== undefined) {
        issues.push({ code: 'CONFIG_ENDPOINT_NO_HOST', path: at, params: { ...params, kind: noHost[0] } })
        continue
      }
      if (isForbiddenTarget(address)) {
        const kind = LINK_LOCAL.some(isIn) ? 'a link-local address' : isIn(RESERVED) ? 'a reserved address' : "a cloud's metadata address"
        issues.push({ code: 'CONFIG_ENDPOINT_UNREACHABLE', path: at, params: { ...params, kind } })
        continue
      }
      if (!isIn(LOOPBACK)) continue
      for (const [position, probe] of value.probes.entries()) {
        const own = OWN_PORTS.get(ports.get(probe) ?? 0)
        if (own === undefined) continue
        const details = { id: value.id, probe, target: `${value[key]} port ${ports.get(probe)}`, own }
        issues.push({ code: 'CONFIG_PROBE_OWN_PORT', path: [...path, 'probes', position], params: details })
      }
    }
  }
}
